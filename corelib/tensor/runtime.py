"""What a tensor needs of the device it lies on. The dispatcher makes such an object when a device is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from corelib.tensor.device import device
    from corelib.tensor.keys import DispatchKey


class Runtime(Protocol):
    """One device at work, with the parts that the hot path reads as plain attributes."""

    backend: Any
    """The plugin's `corelib.contract.backend.Backend`."""
    device: device
    index: int
    key: DispatchKey
    allocator: Any
    """The `corelib.contract.allocator.CachingAllocator` of its memory."""
    native: Callable[..., Any]
    small_empty: Callable[..., Any]
    small_buffer: Callable[..., Any]
    small_limit: int
    scalars: bool
    strided_any: bool
    plain: bool
