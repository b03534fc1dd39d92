"""Adagrad: steps that shrink with the sum of all squared gradients so far."""

from __future__ import annotations

from corelib.ops.neural.optim_steps import _adagrad_step_, adagrad_update
from corelib.optim.optimizer import (
    Group, Params, State, StateDict, as_number, check_fused, check_switches, filled_like, step_count_for,
)
from corelib.optim.per_parameter import PerParameter, check_rates
from corelib.tensor.tensor import Tensor

__all__ = ["Adagrad"]


class Adagrad(PerParameter):
    """Adagrad. s += g * g; p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps).

    `fused` keeps the step count beside its parameter, as PyTorch's does, and changes nothing else. ValueError for options
    below zero.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adagrad([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9900, 0.9900], requires_grad=True)

    Source: Duchi et al., Adaptive subgradient methods for online learning and stochastic optimization, 2011.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *, maximize: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:
        check_rates(
            "Adagrad", lr, lr_decay=lr_decay, weight_decay=weight_decay, initial_accumulator_value=initial_accumulator_value, eps=eps
        )
        super().__init__(params, {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        })
        check_switches("Adagrad", foreach, fused, differentiable)
        for group in self.param_groups:
            for p in group["params"]:
                self._start(group, p, self.state[p])

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(fused=None)

    def share_memory(self) -> None:
        """Move the sums of squares to memory that other processes can have: for one model that several of them train."""
        for state in self.state.values():
            state["sum"].share_memory_()

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        if group["fused"]:
            check_fused(p)
        state["step"] = step_count_for(group, p)
        state["sum"] = filled_like(p, self.defaults["initial_accumulator_value"])

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        rate = as_number(group["lr"]) / (1 + (state["step"].item() - 1) * group["lr_decay"])
        update = adagrad_update if group["differentiable"] or grad.is_sparse else _adagrad_step_
        update(p, grad, state["sum"], rate, group["eps"], as_number(group["weight_decay"]))
