"""NAdam: Adam with Nesterov momentum on a schedule."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.optim.optimizer import Group, Params, State, StateDict, as_number, step_count
from corelib.optim.per_parameter import PerParameter, averages, check_with_betas, decayed
from corelib.tensor.tensor import Tensor

__all__ = ["NAdam"]


class NAdam(PerParameter):
    """Adam with Nesterov momentum: the step takes the gradient itself and the running average one step ahead, with momentum
    mu_t = beta1 * (1 - 0.96**(t * momentum_decay) / 2).

    ValueError for options below zero, and for a beta outside [0, 1).

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.NAdam([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9979, 0.9979], requires_grad=True)

    Source: Dozat, Incorporating Nesterov momentum into Adam, 2016.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:
        check_with_betas("NAdam", lr, betas, eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        })

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(decoupled_weight_decay=False)
        for group in self.param_groups:
            for p in group["params"]:
                p_state = self.state.get(p)
                if p_state and not isinstance(p_state["mu_product"], Tensor):
                    p_state["mu_product"] = step_count(p_state["mu_product"])

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["mu_product"] = step_count(), step_count(1.0)
        state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        beta1, beta2 = group["betas"]
        lr, t = as_number(group["lr"]), state["step"].item()
        grad = decayed(group, p, grad)
        mean, square = averages(group, grad, state)
        mu, ahead = (beta1 * (1.0 - 0.5 * 0.96 ** (step * group["momentum_decay"])) for step in (t, t + 1))
        state["mu_product"].mul_(mu)
        product = state["mu_product"].item()
        denominator = square.div(1 - beta2**t).sqrt().add(group["eps"])
        p.addcdiv_(grad, denominator, value=-lr * (1.0 - mu) / (1.0 - product))
        p.addcdiv_(mean.clone() if group["differentiable"] else mean, denominator, value=-lr * ahead / (1.0 - product * ahead))
