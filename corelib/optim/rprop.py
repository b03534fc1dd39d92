"""Rprop: steps whose size depends on the sign of the gradient alone."""

from __future__ import annotations

from corelib.ops.construction.creation import ones_like, zeros_like
from corelib.optim.optimizer import Group, Params, State, as_number, filled_like, step_count
from corelib.optim.per_parameter import PerParameter, check_rates
from corelib.tensor.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(PerParameter):
    """Resilient backpropagation: each element has a step size of its own, which grows by etas[1] while the gradient keeps its sign and
    shrinks by etas[0] where it changes, within `step_sizes`; an element whose sign changed stays for this step.

    ValueError for a negative lr, and unless 0 < etas[0] < 1 < etas[1].

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Rprop([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9900, 0.9900], requires_grad=True)

    Source: Riedmiller and Braun, A direct adaptive method for faster backpropagation learning, 1993.
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:
        check_rates("Rprop", lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]} (Rprop: 0 < etas[0] < 1 < etas[1] is needed)")
        super().__init__(params, {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        })

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["step"], state["prev"] = step_count(), zeros_like(p)
        state["step_size"] = filled_like(p, as_number(group["lr"]))

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        size, before = state["step_size"], state["prev"]
        sign = grad.mul(before.clone() if group["differentiable"] else before).sign()
        turned = sign < 0
        size.mul_(ones_like(sign).masked_fill(turned, shrink).masked_fill(sign > 0, grow)).clamp_(least, most)
        grad = grad.masked_fill(turned, 0)
        p.addcmul_(grad.sign(), size.clone() if group["differentiable"] else size, value=-1)
        before.copy_(grad)
