"""Adafactor: adaptive steps whose squares are kept by rows and columns, not by element."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros, zeros_like
from corelib.optim.optimizer import Group, Params, State, as_number, check_one_element, step_count
from corelib.optim.per_parameter import PerParameter
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor

__all__ = ["Adafactor"]


class Adafactor(PerParameter):
    """Adafactor. The running average of squared gradients of a matrix is kept as that of its rows and that of its columns; steps are
    relative to the size of the parameter, and clipped to a root mean square of `d`.

    eps: (added where squares are divided, by default the dtype's; the least size of a parameter). ValueError for options out of range.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adafactor([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9900, 0.9900], requires_grad=True)

    Source: Shazeer and Stern, Adafactor: adaptive learning rates with sublinear memory cost, 2018.
    """

    _complex = False

    _without = frozenset(("differentiable",))

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-2, beta2_decay: float = -0.8, eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0, weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False,
    ) -> None:
        check_one_element("lr", lr)
        for fits, what, value in (
            (lr >= 0, "Learning rate should be >= 0", lr), (beta2_decay <= 0, "beta2_decay should be <= 0", beta2_decay),
            (eps[0] is None or eps[0] >= 0, "epsilon1 should be >= 0", eps[0]), (eps[1] >= 0, "epsilon2 should be >= 0", eps[1]),
            (d >= 1, "Clipping threshold d should be >= 1", d), (weight_decay >= 0, "weight_decay should be >= 0", weight_decay),
        ):
            if not fits:
                raise ValueError(f"{what} but is: {value}")
        super().__init__(params, {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize,
        })

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"] = step_count()
        shape = tuple(p.shape)
        if len(shape) > 1:
            state["row_var"] = zeros((*shape[:-1], 1), dtype=p.dtype, device=p.device)
            state["col_var"] = zeros((*shape[:-2], 1, shape[-1]), dtype=p.dtype, device=p.device)
        else:
            state["variance"] = zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        lr, (eps1, eps2) = as_number(group["lr"]), group["eps"]
        if eps1 is None:
            eps1 = finfo(p.dtype).eps
        t = state["step"].item()
        share = t ** group["beta2_decay"]
        rate = max(eps2, p.norm(2).item() / p.numel() ** 0.5) * min(lr, 1 / t**0.5)
        if group["weight_decay"] != 0:
            p.mul_(1 - lr * group["weight_decay"])
        if grad.dim() > 1:
            rows, columns = state["row_var"], state["col_var"]
            rows.lerp_(grad.norm(dim=-1, keepdim=True).square().div(grad.size(-1)), share)
            columns.lerp_(grad.norm(dim=-2, keepdim=True).square().div(grad.size(-2)), share)
            variance = (rows @ columns).div(rows.mean(dim=-2, keepdim=True).clamp(min=eps1))
        else:
            variance = state["variance"]
            variance.lerp_(grad * grad, share)
        step = variance.clamp(min=eps1 * eps1).rsqrt() * grad
        clipped = max(1.0, step.norm(2).item() / (step.numel() ** 0.5 * group["d"]))
        p.add_(step, alpha=-rate / clipped)
