"""PerParameter: the loop that optimizers share whose step of one parameter looks at no other.

A subclass gives `_start`, which makes a parameter's state, and `_update`, which changes the parameter and the state in place. With
`differentiable` both are recorded, so an update keeps no tensor for its gradient that it changes later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.autograd.grad_mode import enable_grad, set_grad_enabled
from corelib.optim.optimizer import Optimizer, check_not_negative, check_one_element
from corelib.tensor.construct import tensor
from corelib.tensor.dtype import float32, float64
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

_SWITCHES = {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}


def check_rates(name: str, lr: Any, **others: Any) -> None:
    """ValueError for a learning rate or another option below zero, and for a tensor of several elements."""
    check_one_element("lr", lr)
    check_not_negative(name, "learning rate", "lr", lr)
    for option, value in others.items():
        check_not_negative(name, f"{'epsilon' if option == 'eps' else option} value", option, value)


def check_betas(name: str, betas: Any) -> None:
    """ValueError for a beta outside [0, 1)."""
    for i in (0, 1):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]} ({name}: 'betas' must be in [0, 1))")


def step_count(value: float = 0.0, device: Any = "cpu") -> Tensor:
    """A count of steps as PyTorch keeps it: a float tensor, on the host unless said otherwise."""
    wide = get_default_dtype() == float64
    made: Tensor = tensor(value, dtype=float64 if wide else float32, device=device)
    return made


def decayed(grad: Any, p: Tensor, weight_decay: Any) -> Any:
    """The gradient with that of weight decay's penalty added."""
    return grad.add(p, alpha=weight_decay) if weight_decay != 0 else grad


class PerParameter(Optimizer):
    """The steps of an optimizer, one parameter after the other."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for switch, value in _SWITCHES.items():
                if switch in self.defaults:
                    group.setdefault(switch, value)
            for p in group["params"]:
                p_state = self.state.get(p)
                if p_state and "step" in p_state and not isinstance(p_state["step"], Tensor):
                    p_state["step"] = step_count(float(p_state["step"]))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. `closure` recomputes the loss and its gradients, and its result is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            if group.get("capturable"):
                # PyTorch's type, for what it too refuses off its accelerators
                raise AssertionError(
                    "If capturable=True, params and state_steps must be on supported devices: none so far; make the "
                    "optimizer with capturable=False"
                )
            with set_grad_enabled(bool(group.get("differentiable"))):
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    state = self.state[p]
                    if not state:
                        self._start(group, p, state)
                    self._update(group, p, -p.grad if group.get("maximize") else p.grad, state)
        return loss

    def _start(self, group: dict[str, Any], p: Tensor, state: dict[str, Any]) -> None:
        raise NotImplementedError

    def _update(self, group: dict[str, Any], p: Any, grad: Any, state: dict[str, Any]) -> None:
        raise NotImplementedError
