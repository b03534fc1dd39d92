"""Devices: where a tensor's elements live. A device loads its backend plugin when it is first used, never before."""

from __future__ import annotations

from threading import local
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from corelib.tensor.size import SMALL, integer
from corelib.tensor.slot import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from corelib.tensor.keys import DispatchKey

LOAD: Slot[Callable[[device], Runtime]] = Slot("load", "The runtime of a device: loads the plugin of its type. Filled by the dispatcher.")
DEVICE_TYPES: Slot[Callable[[], list[str]]] = Slot(
    "device_types", "The device types that installed plugins claim; imports none of them. Filled by the dispatcher."
)

# Types that need no look-up among the installed plugins to be named, as PyTorch names types it was not built for.
_KNOWN = ("cpu", "cuda", "opencl", "meta", "mps", "xpu")

Buffer: TypeAlias = Any
"""A block of a device's memory, as its backend's `allocate` returns it."""
Native: TypeAlias = Any
"""A backend's array of a tensor's elements: NumPy's, CuPy's, or what `Backend.native` makes."""


class Runtime(Protocol):
    """What a tensor needs of the device it lies on, as plain attributes for the hot path; `corelib.dispatcher.runtime` makes it."""

    backend: Any
    """The plugin's `corelib.contract.backend.Backend`."""
    device: device
    index: int
    key: DispatchKey
    allocator: Any
    """The `corelib.contract.allocator.CachingAllocator` of its memory."""
    native: Callable[..., Native]
    small_empty: Callable[..., Native]
    small_buffer: Callable[[Native], Buffer]
    small_limit: int
    whole_arrays: bool
    """Whether the allocator lends arrays, for results from `small_limit` elements on."""
    scalars: bool
    strided_any: bool
    plain: bool

    def bring(self, target: Buffer, to: int, source: Any, buffer: Buffer, start: int, nbytes: int) -> None:
        """Copy bytes from another device's buffer to one of this device."""


class device:
    """A device: a type such as "cpu", "cuda" or "opencl", and an index where there are several.

    One object stands for one device, so devices compare by identity. RuntimeError for a malformed string or a type
    that neither corelib nor an installed plugin knows; naming a device does not load its plugin.

    >>> import corelib as torch
    >>> torch.device("cuda:1").index, torch.device("cpu") == torch.device("cpu")
    (1, True)

    As a context, it is the device of the thread's factory functions that are not given one.

    >>> with torch.device("meta"):
    ...     torch.ones(2).device
    device(type='meta')
    """

    __slots__ = ("__weakref__", "_runtime", "index", "type")
    _runtime: Runtime | None
    type: str
    index: int | None

    def __new__(cls, type: DeviceLike, index: int | None = None) -> device:
        try:
            if index is None or index.__class__ is int:  # True and 1.0 would find the device of 1
                return _DEVICES[type, index]
        except (KeyError, TypeError):
            pass
        return _intern(type, index)

    def __repr__(self) -> str:
        if self.index is None:
            return f"device(type='{self.type}')"
        return f"device(type='{self.type}', index={self.index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __reduce__(self) -> tuple[object, tuple[str, int | None]]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        _default.stack.append(self)
        _Default.used = True
        return self

    def __exit__(self, *exception: object) -> None:
        _default.stack.pop()

    @property
    def runtime(self) -> Runtime:
        """What executes on this device; loads the plugin, RuntimeError where there is none."""
        found = self._runtime
        if found is None:
            found = self._runtime = LOAD.value(self)
        return found


DeviceLike: TypeAlias = device | str | int | None
"""What names a device where one is asked for; None for the default."""

_DEVICES: dict[tuple[DeviceLike, int | None], device] = {}


def _intern(type_: DeviceLike, index: int | None) -> device:
    if isinstance(type_, device):
        if index is not None:
            raise TypeError(f"device(): an index (={index}) cannot be given beside a device object ({type_!r})")
        return type_
    if isinstance(type_, int) and not isinstance(type_, bool):
        return device("cuda", type_)
    if not isinstance(type_, str):
        raise TypeError(f"device(): argument 'type' must be str, int or torch.device, not {type(type_).__name__}")
    name = type_
    if ":" in name:
        name, _, digits = name.partition(":")
        if index is not None:
            raise RuntimeError(f"device(): type (={type_!r}) must not hold an index, because index={index} was given")
        if not (digits.isascii() and digits.isdecimal()) or (len(digits) > 1 and digits[0] == "0") or len(digits) > 18:
            raise RuntimeError(f"device(): Invalid device string: {type_[:80]!r}; accepted are 'TYPE' and 'TYPE:INDEX'")
        index = int(digits)
    if index is not None and (type(index) is not int or not -1 < index < SMALL):
        index = integer("device", "index", index, 2)
    if index is not None and index < 0:
        raise RuntimeError(f"device(): Device index must not be negative, got {index} for type {name!r}")
    if name not in _KNOWN:
        installed = sorted(set(DEVICE_TYPES.value()))
        if name not in installed:
            known = tuple(dict.fromkeys((*_KNOWN, *installed)))
            raise RuntimeError(f"device(): Expected one of {', '.join(known)} device type at start of device string: {type_}{_meant(name, known)}")
    found = _DEVICES.get((name, index))
    if found is None:
        found = object.__new__(device)
        found.type, found.index, found._runtime = name, index, None
        found = _DEVICES.setdefault((name, index), found)
    _DEVICES[type_, index if type_ == name else None] = found
    return found


def _meant(name: str, known: tuple[str, ...]) -> str:
    """The end of a message: which of the known device types a wrong name may stand for."""
    from difflib import get_close_matches  # where a program ends

    near = ["cuda"] if name.lower() == "gpu" else get_close_matches(name.lower(), known, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


cpu = device("cpu")
meta = device("meta")


class _Default(local):
    """The device of a thread's factory functions: what `set_default_device` set, and the contexts that are open, the last of which counts."""

    used = False  # start-up: most programs never ask for another than the cpu

    def __init__(self) -> None:
        self.stack: list[device] = [cpu]


_default = _Default()


def get_default_device() -> device:
    """The device of factory functions that are not given one, in this thread.

    >>> import corelib as torch
    >>> torch.get_default_device()
    device(type='cpu')
    """
    return _default.stack[-1]


def set_default_device(device_: DeviceLike) -> None:
    """Set the device of this thread's factory functions that are not given one; None means cpu. Inside of `with device:` it counts after it.

    >>> import corelib as torch
    >>> torch.set_default_device("meta")
    >>> torch.ones(2).device
    device(type='meta')
    >>> torch.set_default_device(None)
    """
    _default.stack[0] = cpu if device_ is None else device(device_)
    _Default.used = True


def resolve(wanted: Any) -> device:
    """The device a new tensor lives on: the default for None, and index 0 where a type has indices and none is given."""
    found = (_default.stack[-1] if _Default.used else cpu) if wanted is None else device(wanted)
    if found._runtime is None:
        return found.runtime.device
    return found._runtime.device
