"""What authors of optimizers take from `torch.optim.optimizer` beside Optimizer itself: how a step runs, over which devices, with which numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from corelib.graph.grad_mode import set_grad_enabled
from corelib.ops.complex.complex_numbers import view_as_real
from corelib.tensor.device import DEVICE_TYPES
from corelib.tensor.tensor import Tensor

T = TypeVar("T")


def _use_grad_for_differentiable(func: Callable[..., T]) -> Callable[..., T]:
    """A step that records a graph only if the optimizer's option `differentiable` says so."""

    @wraps(func)
    def step(*args: Any, **kwargs: Any) -> T:
        with set_grad_enabled(args[0].defaults["differentiable"]):
            return func(*args, **kwargs)

    return step


def _default_to_fused_or_foreach(params: list[Any], differentiable: bool, use_fused: bool = False) -> tuple[bool, bool]:
    """Whether to step by fused ops, and whether by lists of tensors: on all devices but the host's, where a loop is as quick."""
    if differentiable:
        return False, False
    given = [p for p in params if p is not None]
    fused = use_fused and all(type(p).__name__ in ("Tensor", "Parameter") and p.device.type != "meta" and p.is_floating_point() for p in given)
    return fused, not fused and all(type(p).__name__ in ("Tensor", "Parameter") and p.device.type not in ("cpu", "meta") for p in given)


def _get_capturable_supported_devices(supports_xla: bool = True) -> list[str]:
    """The device types on which a step may keep its count in a tensor: all but the host's."""
    return [name for name in DEVICE_TYPES.value() if name not in ("cpu", "meta")]


def _get_value(x: Any) -> Any:
    """The number in a tensor of one element; anything else as it is."""
    return x.item() if isinstance(x, Tensor) else x


def _to_scalar(x: Any) -> Any:
    """A tensor of one element without dimensions; anything else as it is."""
    return x.squeeze() if isinstance(x, Tensor) and x.dim() else x


def _stack_if_compiling(x: T) -> T:
    """The list as it is, for nothing is compiled."""
    return x


def _view_as_real(params: list[Tensor], *state_and_grads: list[Tensor]) -> None:
    """Put real views in the places of complex tensors, in all lists."""
    for i, param in enumerate(params):
        if param.is_complex():
            for each in (params, *state_and_grads):
                each[i] = view_as_real(each[i])
