"""Adamax: Adam with the largest gradient so far, slowly forgotten, in place of the average square."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.ops.elementwise.arithmetic import maximum
from corelib.optim.optimizer import Group, Params, State, as_number, step_count
from corelib.optim.per_parameter import PerParameter, check_with_betas, decayed
from corelib.tensor.tensor import Tensor

__all__ = ["Adamax"]


class Adamax(PerParameter):
    """Adamax. m = beta1 * m + (1 - beta1) * g; u = max(beta2 * u, abs(g) + eps); p -= lr / (1 - beta1**t) * m / u.

    ValueError for options below zero, and for a beta outside [0, 1).

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adamax([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9980, 0.9980], requires_grad=True)

    Source: Kingma and Ba, Adam: a method for stochastic optimization, 2014.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_with_betas("Adamax", lr, betas, eps, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["exp_avg"], state["exp_inf"] = step_count(), zeros_like(p), zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        beta1, beta2 = group["betas"]
        mean, largest = state["exp_avg"], state["exp_inf"]
        grad = decayed(group, p, grad)
        mean.lerp_(grad, 1 - beta1)
        largest.copy_(maximum(largest * beta2, grad.abs().add(group["eps"])))
        rate = as_number(group["lr"]) / (1 - beta1 ** state["step"].item())
        p.addcdiv_(mean, largest.clone() if group["differentiable"] else largest, value=-rate)
