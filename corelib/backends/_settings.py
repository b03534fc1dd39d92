"""Modules whose settings are checked when they are set: `torch.backends.cudnn.benchmark = True`, and an error for a name that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from corelib.dispatcher import precision as _precision_of


class Settings(ModuleType):
    """A module some of whose names are settings. AttributeError for setting a name that it does not have."""

    def __setattr__(self, name: str, value: object) -> None:
        known = hasattr(type(self), name) or name in self.__dict__
        if not known and not name.startswith("_") and not isinstance(value, ModuleType):
            raise AttributeError(f"{self.__name__.replace('corelib.', 'torch.', 1)} has no setting {name!r}; it has {', '.join(self._names())}")
        super().__setattr__(name, value)

    def _names(self) -> list[str]:
        return sorted({name for kind in type(self).__mro__ for name, value in vars(kind).items() if isinstance(value, property)})


def flag(where: str, name: str, default: bool, told: Callable[[bool], None] | None = None) -> Any:
    """A setting that is a bool. RuntimeError for anything else, as PyTorch's. told: what is called with a new value."""
    held = [default]

    def get(self: object) -> bool:
        return held[0]

    def put(self: object, value: bool) -> None:
        checked(f"{where}.{name}", value)
        held[0] = value
        if told is not None:
            told(value)

    get.__doc__ = f"`{where}.{name}`, {default} at first."
    return property(get, put)


def checked(name: str, value: object) -> bool:
    """A bool; RuntimeError for anything else."""
    if not isinstance(value, bool):
        raise RuntimeError(f"{name} expects a bool, but got {type(value).__name__}")
    return value


def precision(backend: str, op: str, written: tuple[str, str] | None = None) -> Any:
    """The setting `fp32_precision` of a library's op ("all" for all its ops); written: what is set, where it is not what is read."""

    def get(self: object) -> str:
        return _precision_of.get_fp32(backend, op)

    def put(self: object, value: str) -> None:
        _precision_of.set_fp32(*(written or (backend, op)), value)

    get.__doc__ = f'How exact float32 arithmetic of {backend} is: "none", "ieee", "tf32" or "bf16".'
    return property(get, put)


class FP32Precision:
    """One op of a library, as `torch.backends.mkldnn.conv`, with its setting `fp32_precision`. AttributeError for setting another name."""

    __slots__ = ("backend", "op")

    def __init__(self, backend: str, op: str) -> None:
        self.backend = backend
        self.op = op

    @property
    def fp32_precision(self) -> str:
        """How exact float32 arithmetic of this op is: "none", "ieee", "tf32" or "bf16"."""
        return _precision_of.get_fp32(self.backend, self.op)

    @fp32_precision.setter
    def fp32_precision(self, value: str) -> None:
        _precision_of.set_fp32(self.backend, self.op, value)


@contextmanager
def for_a_while(set_flags: Callable[..., tuple[Any, ...]], *values: Any) -> Iterator[None]:
    """A context in which flags have these values, and those before after it."""
    before = set_flags(*values)
    try:
        yield
    finally:
        set_flags(*before)


class Verbose:
    """What a library would print of its calls: corelib calls none, so the context does nothing for "off".

    AssertionError on entering with any other level, as from a PyTorch that is built without the library.
    """

    _library = ""

    def __init__(self, level: int) -> None:
        self.level = level

    def __enter__(self) -> None:
        if self.level:
            raise AssertionError(f"Failed to set {self._library} into verbose mode: corelib computes without it. Please consider to disable this verbose scope.")

    def __exit__(self, *exception: object) -> None:
        """Nothing was begun."""
