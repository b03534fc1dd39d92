"""RAdam: Adam whose first steps, where the variance is not known yet, do not adapt."""

from __future__ import annotations

from typing import Any

from corelib.ops.creation import zeros_like
from corelib.optim.optimizer import Params, as_number
from corelib.optim.per_parameter import PerParameter, check_betas, check_rates, decayed, step_count
from corelib.tensor.tensor import Tensor

__all__ = ["RAdam"]


class RAdam(PerParameter):
    """Adam with the variance of its adaptive rate rectified: while too few squares were seen (rho_t <= 5) the step is the bias-corrected
    average alone.

    ValueError for options below zero, and for a beta outside [0, 1).

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.RAdam([w], lr=1e-3)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9980, 0.9980], requires_grad=True)

    Source: Liu et al., On the variance of the adaptive learning rate and beyond, 2019.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False,
    ) -> None:
        check_rates("RAdam", lr, eps=eps)
        check_betas("RAdam", betas)
        check_rates("RAdam", lr, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        })

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("decoupled_weight_decay", False)

    def _start(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        state["step"], state["exp_avg"], state["exp_avg_sq"] = step_count(), zeros_like(p), zeros_like(p)

    def _update(self, group: dict[str, Any], p: Any, grad: Any, state: dict[str, Any]) -> None:
        beta1, beta2 = group["betas"]
        lr, decay, mean, square = as_number(group["lr"]), group["weight_decay"], state["exp_avg"], state["exp_avg_sq"]
        state["step"].add_(1)
        t = state["step"].item()
        if group["decoupled_weight_decay"]:
            if decay != 0:
                p.mul_(1 - lr * decay)
        else:
            grad = decayed(grad, p, decay)
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        corrected, bias = mean / (1 - beta1**t), 1 - beta2**t
        # how long a moving average would know as much of the variance: in the limit, and now
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / bias
        step = corrected * lr
        if length > 5:
            rectified = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
            step = step * (bias**0.5 / square.sqrt().add(group["eps"])) * rectified
        p.add_(step, alpha=-1.0)
