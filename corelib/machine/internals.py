"""torch._utils: what programs and libraries read of it, though PyTorch keeps it to itself."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, NoReturn

from corelib import devices
from corelib.ops.shape.joining import cat
from corelib.serialization.rebuild import (
    _rebuild_meta_tensor_no_storage as _rebuild_meta_tensor_no_storage, _rebuild_parameter as _rebuild_parameter,
    _rebuild_parameter_with_state as _rebuild_parameter_with_state, _rebuild_tensor as _rebuild_tensor, _rebuild_tensor_v2 as _rebuild_tensor_v2,
    _rebuild_tensor_v3 as _rebuild_tensor_v3,
)
from corelib.tensor.device import DeviceLike, device as Device
from corelib.tensor.tensor import Tensor


def _flatten_dense_tensors(tensors: Iterable[Tensor]) -> Tensor:
    """The elements of all tensors in one dimension."""
    return cat([t.contiguous().view(-1) for t in tensors])


def _unflatten_dense_tensors(flat: Tensor, tensors: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Views of a flat tensor, one after the other, of the shapes of these tensors."""
    made, start = [], 0
    for t in tensors:
        made.append(flat.narrow(0, start, t.numel()).view(t.shape))
        start += t.numel()
    return tuple(made)


def _take_tensors(tensors: Iterable[Tensor], size_limit: int) -> Iterator[list[Tensor]]:
    """Groups of tensors of one type, of at most size_limit bytes each unless one alone has more; in order within a type."""
    groups: dict[str, list[Tensor]] = {}
    for t in tensors:
        kind = str(t.type())
        group = groups.setdefault(kind, [])
        if group and sum(g.nbytes for g in group) + t.nbytes > size_limit:
            yield group
            group = groups[kind] = []
        group.append(t)
    for group in groups.values():
        if group:
            yield group


def _reorder_tensors_as(tensors: Sequence[Tensor], ordered_tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Tensors that are in order within each type, in the order of types of others."""
    by_type: dict[str, list[Tensor]] = {}
    for t in tensors:
        by_type.setdefault(str(t.type()), []).append(t)
    following = {kind: iter(found) for kind, found in by_type.items()}
    return tuple(next(following[str(t.type())]) for t in ordered_tensors)


class KeyErrorMessage(str):
    """A str whose repr is itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return self


class ExceptionWrapper:
    """An error with the text of its traceback, to be raised again in another thread or process."""

    def __init__(
        self, exc_info: tuple[type[BaseException] | None, BaseException | None, TracebackType | None] | None = None, where: str = "in background"
    ) -> None:
        kind, error, trace = sys.exc_info() if exc_info is None else exc_info
        self.exc_type = kind or RuntimeError
        self.exc_msg = "".join(traceback.format_exception(kind, error, trace))
        self.where = where

    def reraise(self) -> NoReturn:
        """Raise the error again, with the text of where it came from; RuntimeError where its type takes more than a text."""
        text = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            text = KeyErrorMessage(text)
        kind: Any = self.exc_type
        if getattr(kind, "message", None):
            raise kind(message=text)
        try:
            error: BaseException = kind(text)
        except Exception:
            raise RuntimeError(text) from None
        raise error


def cpu_count() -> int | None:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _get_available_device_type() -> str | None:
    """The first that can be used of cuda, mps, xpu, mtia and opencl; None where there is none."""
    found = (devices.cuda, devices.mps, devices.xpu, devices.mtia, devices.opencl)
    return next((each.device_type for each in found if each.is_available()), None)


def _get_all_device_indices() -> list[int] | None:
    """The indices of the devices of `_get_available_device_type`; None without one."""
    found = _get_available_device_type()
    return None if found is None else list(range(getattr(devices, found).device_count()))


def _get_current_device_index() -> int | None:
    """The index of the current device of `_get_available_device_type`; None without one."""
    found = _get_available_device_type()
    return None if found is None else getattr(devices, found).current_device()


def get_current_device_index() -> int:
    """The index of the current cuda device; -1 without one."""
    return devices.cuda.current_device() if devices.cuda.device_count() else -1


def _get_device_index(device: DeviceLike, optional: bool = False, allow_cpu: bool = False) -> int:
    """The index of a device, of its str or an index; optional: the current one where none is named; allow_cpu: -1 for the cpu. ValueError else."""
    if isinstance(device, str):
        device = Device(device)
    index: int | None = None
    if isinstance(device, Device):
        if not allow_cpu and device.type == "cpu":
            raise ValueError(f"Expected a non cpu device, but got: {device}")
        index = -1 if device.type == "cpu" else device.index
    if isinstance(device, int):
        index = device
    if index is None:
        current = _get_current_device_index() if optional else None
        if current is None:
            raise ValueError(f"Expected a torch.device with a specified index or an integer, but got: {device}")
        return current
    return index
