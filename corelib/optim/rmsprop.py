"""RMSprop: steps divided by the running root mean square of the gradient."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.ops.neural.optim_steps import _rmsprop_step_, rmsprop_update
from corelib.optim.optimizer import Group, Params, State, StateDict, as_number, step_count
from corelib.optim.per_parameter import PerParameter, check_rates
from corelib.tensor.tensor import Tensor

__all__ = ["RMSprop"]


class RMSprop(PerParameter):
    """RMSprop. v = alpha * v + (1 - alpha) * g * g; p -= lr * g / (sqrt(v) + eps). centered: the variance in place of the mean square;
    momentum: the steps are gathered in a buffer first.

    ValueError for options below zero.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.RMSprop([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 0.9000], requires_grad=True)

    Source: Tieleman and Hinton, Lecture 6.5, rmsprop, 2012; Graves, Generating sequences with recurrent neural networks, 2013 (centered).
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:
        check_rates("RMSprop", lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered, "weight_decay": weight_decay,
            "capturable": capturable, "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
        })

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(momentum=0, centered=False)

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["square_avg"] = step_count(), zeros_like(p)
        if group["momentum"] > 0:
            state["momentum_buffer"] = zeros_like(p)
        if group["centered"]:
            state["grad_avg"] = zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        mean = state["grad_avg"] if group["centered"] else None
        buffer = state["momentum_buffer"] if group["momentum"] > 0 else None
        update = rmsprop_update if group["differentiable"] or grad.is_sparse else _rmsprop_step_
        update(
            p, grad, state["square_avg"], mean, buffer, as_number(group["lr"]), group["alpha"], group["eps"], as_number(group["weight_decay"]),
            group["momentum"],
        )
