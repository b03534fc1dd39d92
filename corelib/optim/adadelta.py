"""Adadelta: steps in units of the parameter itself, from running averages of squared gradients and squared steps."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.optim.optimizer import Group, Params, State, as_number, step_count
from corelib.optim.per_parameter import PerParameter, check_rates, decayed
from corelib.tensor.tensor import Tensor

__all__ = ["Adadelta"]


class Adadelta(PerParameter):
    """Adadelta. v = rho * v + (1 - rho) * g * g; d = sqrt(u + eps) / sqrt(v + eps) * g; u = rho * u + (1 - rho) * d * d; p -= lr * d.

    ValueError for options below zero, and for `rho` above 1.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968, 0.9968], requires_grad=True)

    Source: Zeiler, ADADELTA: an adaptive learning rate method, 2012.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:
        check_rates("Adadelta", lr, eps=eps, weight_decay=weight_decay)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho} (Adadelta: 'rho' must be in [0, 1])")
        super().__init__(params, {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "capturable": capturable,
            "foreach": foreach, "differentiable": differentiable,
        })

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["square_avg"], state["acc_delta"] = step_count(), zeros_like(p), zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        rho, eps, square, deltas = group["rho"], group["eps"], state["square_avg"], state["acc_delta"]
        grad = decayed(group, p, grad)
        square.mul_(rho).addcmul_(grad, grad, value=1 - rho)
        delta = deltas.add(eps).sqrt() / square.add(eps).sqrt() * grad
        deltas.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.add_(delta, alpha=-as_number(group["lr"]))
