"""PerParameter: the loop that optimizers share whose step of one parameter looks at no other.

A subclass gives `_start`, which makes a parameter's state, and `_update`, which changes the parameter and the state in place; a "step" in
the state counts the updates, this one included. A complex parameter is updated as the pairs of real numbers that it is stored as, so `_update`
never sees a complex tensor, or it is refused where `_complex` is False. With `differentiable` both are recorded, so an update keeps no tensor for its gradient that it changes later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.graph.grad_mode import set_grad_enabled
from corelib.optim.optimizer import (
    Group, Number, Optimizer, State, StateDict, as_number, as_real, check_capturable, check_not_negative, check_one_element,
    loss_of,
)
from corelib.tensor.tensor import Tensor

_SWITCHES = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}


def check_rates(name: str, lr: Number, **others: Number) -> None:
    """ValueError for a learning rate or another option below zero, and for a tensor of several elements."""
    check_one_element("lr", lr)
    check_not_negative(name, "learning rate", "lr", lr)
    for option, value in others.items():
        check_not_negative(name, f"{'epsilon' if option == 'eps' else option} value", option, value)


def check_with_betas(name: str, lr: Number, betas: tuple[float, float], eps: float, **others: Number) -> None:
    """`check_rates` for what Adam's relatives take, in their order, and ValueError for a beta outside [0, 1)."""
    check_rates(name, lr, eps=eps)
    for i in (0, 1):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]} ({name}: 'betas' must be in [0, 1))")
    check_rates(name, lr, **others)


def decayed(group: Group, p: Tensor, grad: Tensor) -> Tensor:
    """The gradient with that of weight decay's penalty added; where the decay is decoupled, the parameter shrinks instead."""
    weight_decay = group["weight_decay"]
    if weight_decay == 0:
        return grad
    if group.get("decoupled_weight_decay"):
        p.mul_(1 - as_number(group["lr"]) * weight_decay)
        return grad
    return grad.add(p, alpha=weight_decay)


def averages(group: Group, grad: Tensor, state: State) -> tuple[Tensor, Tensor]:
    """The running averages of the gradient and of its square, as Adam has them, with this gradient in them."""
    (beta1, beta2), mean, square = group["betas"], state["exp_avg"], state["exp_avg_sq"]
    return mean.lerp_(grad, 1 - beta1), square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)


class PerParameter(Optimizer):
    """The steps of an optimizer, one parameter after the other."""

    _complex = True
    """Whether it takes complex parameters."""
    _without: frozenset[str] = frozenset()
    """Of the switches that older checkpoints lack, those that this optimizer does not have."""

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(**{switch: value for switch, value in _SWITCHES.items() if switch in self.defaults and switch not in self._without})
        self._counts_as_tensors()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. `closure` recomputes the loss and its gradients, and its result is returned."""
        loss = loss_of(closure)
        for group in self.param_groups:
            check_capturable(group)
            with set_grad_enabled(bool(group.get("differentiable"))):
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    of_pairs = p.is_complex()
                    if of_pairs and not self._complex:
                        raise RuntimeError(f"{type(self).__name__} does not support complex parameters, got one of {p.dtype}")
                    state = self.state[p]
                    if not state:
                        self._start(group, p, state)
                    if "step" in state:
                        state["step"].add_(1)
                    grad = -p.grad if group.get("maximize") else p.grad
                    if of_pairs:
                        self._update(group, as_real(p), as_real(grad), {k: as_real(v) for k, v in state.items()})
                    else:
                        self._update(group, p, grad, state)
        return loss

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        raise NotImplementedError

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        raise NotImplementedError
