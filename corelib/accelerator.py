"""`torch.accelerator`: the device type beside the cpu that a program computes on, whichever backend provides it.

It is the default device's type where that is not the cpu; else the first that can be used here of cuda, opencl and the others in the order of
their names; else the first that is installed. What the functions say of devices and memory is what `torch.cuda` and its like say. Without an
accelerator `is_available()` is False, `current_accelerator()` None, `device_count()` 0, and everything else a RuntimeError.
"""

from __future__ import annotations

from typing import Any

from corelib import devices
from corelib.as_torch.warned import warn
from corelib.devices import Accelerator
from corelib.dispatcher.runtime import at_work
from corelib.dispatcher.streams import Stream
from corelib.tensor.device import DEVICE_TYPES, DeviceLike, device as Device, get_default_device
from corelib.tensor.dtype import ALL, dtype as DType

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "current_stream", "device_count", "device_index", "empty_cache",
    "get_device_capability", "get_memory_info", "is_available", "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved",
    "memory_stats", "reset_peak_memory_stats", "set_device_idx", "set_device_index", "set_stream", "synchronize",
]

_FIRST = ("cuda", "opencl")


def _functions_of(device_type: str) -> Accelerator:
    found: Accelerator = getattr(devices, device_type) if device_type in _FIRST else Accelerator(device_type)
    return found


def _chosen() -> Accelerator | None:
    """The accelerator's functions: of the default device, or of what is there, what works before what does not."""
    default = get_default_device().type
    if default not in ("cpu", "meta"):
        return _functions_of(default)
    types = sorted({*DEVICE_TYPES.value()} - {"cpu", "meta"}, key=lambda t: (_FIRST.index(t) if t in _FIRST else len(_FIRST), t))
    found = [_functions_of(t) for t in types]
    return next((a for a in found if a.is_available()), found[0] if found else None)


def _needed() -> Accelerator:
    found = _chosen()
    if found is None:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    return found


def is_available() -> bool:
    """Whether there is an accelerator and at least one device of it can be used.

    >>> import corelib as torch
    >>> device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else "cpu"
    >>> torch.ones(2, device=device).sum().item()
    2.0
    """
    found = _chosen()
    return found is not None and found.is_available()


def current_accelerator(check_available: bool = False) -> Device | None:
    """The accelerator's device type as a device without an index, or None. check_available: None also where none of its devices can be used.

    >>> import corelib as torch
    >>> device = torch.accelerator.current_accelerator(check_available=True)
    >>> device is None or (device.index is None and device.type != "cpu")
    True
    """
    found = _chosen()
    if found is None or (check_available and not found.is_available()):
        return None
    return Device(found.device_type)


def device_count() -> int:
    """How many devices the accelerator has; 0 without one.

    >>> import corelib as torch
    >>> torch.accelerator.device_count() > 0 or not torch.accelerator.is_available()
    True
    """
    found = _chosen()
    return 0 if found is None else found.device_count()


def current_device_index() -> int:
    """The index of the device that the accelerator's bare name stands for. RuntimeError without an accelerator.

    >>> import corelib as torch
    >>> torch.accelerator.current_device_index() if torch.accelerator.is_available() else 0
    0
    """
    return _needed().current_device()


def current_device_idx() -> int:
    """`current_device_index` by its deprecated name, with a FutureWarning.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     torch.accelerator.current_device_idx() if torch.accelerator.is_available() else 0
    0
    """
    warn("Use `current_device_index` instead.", FutureWarning)
    return current_device_index()


def set_device_index(device: DeviceLike, /) -> None:
    """Make the accelerator's bare name stand for another of its devices: an index, a str or a device; a negative index changes nothing.

    RuntimeError for a device of another type, or without an accelerator.

    >>> import corelib as torch
    >>> torch.accelerator.set_device_index(-1)
    """
    if isinstance(device, int) and device < 0:
        return
    _needed().set_device(_index(device))


def set_device_idx(device: DeviceLike, /) -> None:
    """`set_device_index` by its deprecated name, with a FutureWarning.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     torch.accelerator.set_device_idx(-1)
    """
    warn("Use `set_device_index` instead.", FutureWarning)
    set_device_index(device)


class device_index:
    """A context in which the accelerator's bare name stands for the device of an index; None changes nothing.

    >>> import corelib as torch
    >>> with torch.accelerator.device_index(None):
    ...     torch.ones(2).sum().item()
    2.0
    """

    def __init__(self, device: int | None, /) -> None:
        self.idx = device
        self.prev_idx = -1

    def __enter__(self) -> None:
        if self.idx is not None:
            self.prev_idx = current_device_index()
            set_device_index(self.idx)

    def __exit__(self, *exc_info: object) -> None:
        if self.idx is not None:
            set_device_index(self.prev_idx)


def current_stream(device: DeviceLike = None, /) -> Stream:
    """The stream that this thread's work on a device of the accelerator goes to; of the current device by default.

    >>> import corelib as torch
    >>> if torch.accelerator.is_available():
    ...     assert torch.accelerator.current_stream().device.type == torch.accelerator.current_accelerator().type
    """
    return _needed().current_stream(_index(device))


def set_stream(stream: Stream) -> None:
    """Let this thread's work go to another stream of the accelerator from now on, and make the stream's device the current one.

    >>> import corelib as torch
    >>> if torch.accelerator.is_available():
    ...     torch.accelerator.set_stream(torch.accelerator.current_stream())
    """
    set_device_index(stream.device)
    _needed().set_stream(stream)


def synchronize(device: DeviceLike = None, /) -> None:
    """Wait until a device of the accelerator has done all that was asked of it, in every stream; the current device by default.

    >>> import corelib as torch
    >>> if torch.accelerator.is_available():
    ...     torch.accelerator.synchronize()
    """
    _needed().synchronize(_index(device))


def get_device_capability(device: DeviceLike = None, /) -> dict[str, Any]:
    """{"supported_dtypes": a set}: the dtypes of which tensors can be made on a device of the accelerator.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or torch.float32 in torch.accelerator.get_device_capability()["supported_dtypes"]
    True
    """
    backend = at_work(_place(device)).backend
    supported: set[DType] = {d for d in ALL if backend.dtypes.get(d.name, "absent") != "absent"}
    return {"supported_dtypes": supported}


def memory_allocated(device_index: DeviceLike = None, /) -> int:
    """The bytes that tensors hold now on a device of the accelerator.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or torch.accelerator.memory_allocated() >= 0
    True
    """
    return _needed().memory_allocated(_index(device_index))


def max_memory_allocated(device_index: DeviceLike = None, /) -> int:
    """The most bytes that tensors have held, since the beginning or `reset_peak_memory_stats`.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or torch.accelerator.max_memory_allocated() >= torch.accelerator.memory_allocated()
    True
    """
    return _needed().max_memory_allocated(_index(device_index))


def memory_reserved(device_index: DeviceLike = None, /) -> int:
    """The bytes that tensors hold, and those that are kept for others.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or torch.accelerator.memory_reserved() >= torch.accelerator.memory_allocated()
    True
    """
    return _needed().memory_reserved(_index(device_index))


def max_memory_reserved(device_index: DeviceLike = None, /) -> int:
    """The most bytes that have been reserved.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or torch.accelerator.max_memory_reserved() >= torch.accelerator.memory_reserved()
    True
    """
    return _needed().max_memory_reserved(_index(device_index))


def memory_stats(device_index: DeviceLike = None, /) -> dict[str, int]:
    """The allocator's figures, by PyTorch's names.

    >>> import corelib as torch
    >>> not torch.accelerator.is_available() or "allocated_bytes.all.current" in torch.accelerator.memory_stats()
    True
    """
    return _needed().memory_stats(_index(device_index))


def reset_peak_memory_stats(device_index: DeviceLike = None, /) -> None:
    """Begin the most that was held anew.

    >>> import corelib as torch
    >>> if torch.accelerator.is_available():
    ...     torch.accelerator.reset_peak_memory_stats()
    """
    _needed().reset_peak_memory_stats(_index(device_index))


def get_memory_info(device_index: DeviceLike = None, /) -> tuple[int, int]:
    """(free, total) bytes of a device; UnsupportedError where its driver does not tell.

    >>> import corelib as torch
    >>> torch.accelerator.get_memory_info("cpu")  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    RuntimeError: ...
    """
    return _needed().mem_get_info(_index(device_index))


def empty_cache() -> None:
    """Give the kept memory of the current device back to the driver.

    >>> import corelib as torch
    >>> if torch.accelerator.is_available():
    ...     torch.accelerator.empty_cache()
    """
    _needed().empty_cache()


def _place(device: DeviceLike) -> Device:
    """A device of the accelerator; RuntimeError for another."""
    name = _needed().device_type
    if device is None:
        return Device(name)
    found = Device(name, device) if isinstance(device, int) else Device(device)
    if found.type != name:
        raise RuntimeError(f"{name} expected as the accelerator's device, but got: {found}")
    return found


def _index(device: DeviceLike) -> DeviceLike:
    return None if device is None else _place(device)
