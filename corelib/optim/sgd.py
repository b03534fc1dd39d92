"""SGD: stochastic gradient descent, with momentum, Nesterov momentum and weight decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.graph.grad_mode import enable_grad
from corelib.ops.construction.creation import empty_like
from corelib.ops.neural.optim_steps import Together, update
from corelib.optim.optimizer import (
    Group, Optimizer, Params, State, StateDict, as_number, check_fused, check_not_negative, check_one_element,
    check_switches, loss_of,
)
from corelib.tensor.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent.

    Each step: g = grad + weight_decay * p; with momentum, buf = momentum * buf + (1 - dampening) * g (the first buf is
    g itself) and g = buf, or g + momentum * buf with `nesterov`; then p -= lr * g, or p += lr * g with `maximize`.

    `foreach` and `fused` choose between PyTorch's implementations; here there is one, and they change nothing.
    ValueError for a negative lr, momentum or weight_decay, and for `nesterov` without momentum or with dampening.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0., 0.], requires_grad=True)

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, 2013, in PyTorch's
    variant, where lr multiplies the buffer when it is used and not when it is made.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_one_element("lr", lr)
        check_not_negative("SGD", "learning rate", "lr", lr)
        check_not_negative("SGD", "momentum value", "momentum", momentum)
        check_not_negative("SGD", "weight_decay value", "weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                "Nesterov momentum requires a momentum and zero dampening, got "
                f"momentum={momentum}, dampening={dampening}"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_switches("SGD", foreach, fused, differentiable)
        if fused:
            for group in self.param_groups:
                for p in group["params"]:
                    check_fused(p)

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._complete_groups(nesterov=False, maximize=False, foreach=None, differentiable=False, fused=False)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. `closure` recomputes the loss and its gradients, and its result is returned."""
        loss = loss_of(closure)
        advance = update("_sgd_step_")
        for group in self.param_groups:
            if group["differentiable"]:
                with enable_grad():
                    _differentiable_step(group, self.state)
                continue
            lr, momentum, dampening = as_number(group["lr"]), group["momentum"], group["dampening"]
            decay, nesterov, maximize = as_number(group["weight_decay"]), group["nesterov"], group["maximize"]
            together = Together.of("_sgd_steps_", advance, 3, group["params"])
            each = advance if together is None else together.add
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                if momentum == 0:
                    each(p, grad, None, lr, 0, dampening, decay, False, maximize, False)
                    continue
                state = self.state[p]
                buffer = state.get("momentum_buffer")
                first = buffer is None
                if first:
                    buffer = state["momentum_buffer"] = empty_like(grad)
                each(p, grad, buffer, lr, momentum, dampening, decay, nesterov, maximize, first)
            if together is not None:
                together.run()
        return loss


def _differentiable_step(group: Group, states: dict[Any, State]) -> None:
    """The same update out of recorded ops, so that gradients flow through it to lr, weight_decay and the gradients."""
    momentum, decay, lr = group["momentum"], group["weight_decay"], group["lr"]
    if isinstance(lr, Tensor) and lr.dim():
        lr = lr.squeeze()
    for p in group["params"]:
        grad = p.grad
        if grad is None:
            continue
        if group["maximize"]:
            grad = -grad
        if isinstance(decay, Tensor) or decay != 0:
            grad = grad + p.clone() * decay
        if momentum != 0:
            buffer = states[p].get("momentum_buffer")
            if buffer is None:
                buffer = grad.detach().clone()
            else:
                buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
            states[p]["momentum_buffer"] = buffer
            grad = grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer
        p.add_(grad * -lr)
