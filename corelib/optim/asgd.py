"""ASGD: stochastic gradient descent that also keeps the average of the parameters from step t0 on."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.optim.optimizer import Group, Params, State, as_number, step_count
from corelib.optim.per_parameter import PerParameter, check_rates, decayed
from corelib.tensor.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(PerParameter):
    """Averaged stochastic gradient descent. p = (1 - lambd * eta) * p - eta * g, with eta = lr / (1 + lambd * lr * t)**alpha; the
    state's "ax" is the average of p from step `t0` on.

    ValueError for a negative lr or weight_decay.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.ASGD([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9800, 0.9800], requires_grad=True)

    Source: Polyak and Juditsky, Acceleration of stochastic approximation by averaging, 1992.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_rates("ASGD", lr, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        })

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"] = step_count(0.0, p.device)
        state["eta"] = step_count(as_number(group["lr"]), p.device)
        state["mu"] = step_count(1.0, p.device)
        state["ax"] = zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        lr, lambd, average = as_number(group["lr"]), group["lambd"], state["ax"]
        eta, mu = state["eta"].item(), state["mu"].item()
        t = state["step"].item()
        grad = decayed(group, p, grad)
        p.mul_(1 - lambd * eta)
        p.add_(grad, alpha=-eta)
        if mu == 1:
            average.copy_(p)
        else:
            average.add_(p.sub(average).mul(mu))
        state["eta"].fill_(lr / (1 + lambd * lr * t) ** group["alpha"])
        state["mu"].fill_(1 / max(1, t - group["t0"]))
