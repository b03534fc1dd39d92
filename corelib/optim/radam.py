"""RAdam: Adam whose first steps, where the variance is not known yet, do not adapt."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.optim.optimizer import Group, Params, State, StateDict, as_number, step_count
from corelib.optim.per_parameter import PerParameter, averages, check_with_betas, decayed
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
        check_with_betas("RAdam", lr, betas, eps, weight_decay=weight_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        })

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(decoupled_weight_decay=False)

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["exp_avg"], state["exp_avg_sq"] = step_count(), zeros_like(p), zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        beta1, beta2 = group["betas"]
        lr, t = as_number(group["lr"]), state["step"].item()
        mean, square = averages(group, decayed(group, p, grad), state)
        corrected, bias = mean / (1 - beta1**t), 1 - beta2**t
        # how long a moving average would know as much of the variance: in the limit, and now
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * t * beta2**t / bias
        step = corrected * lr
        if length > 5:
            rectified = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
            step = step * (bias**0.5 / square.sqrt().add(group["eps"])) * rectified
        p.add_(step, alpha=-1.0)
