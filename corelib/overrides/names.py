"""Which functions can be overridden, and by which name users know each."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType
from typing import Any

from corelib.dispatcher.namespaces import NAMESPACES, OUTSIDE
from corelib.overrides.installing import IN_PYTHON, MODES_ONLY, NEVER, install
from corelib.tensor.base import TensorBase
from corelib.tensor.tensor import Tensor

_PLACES = ("torch", "nn.functional", "linalg", "fft", "special")
_MAKE = frozenset((*MODES_ONLY, *["arange", "bartlett_window", "blackman_window", "empty", "empty_permuted", "empty_strided", "eye", "fftfreq", "from_file", "full", "hamming_window", "hann_window", "kaiser_window", "linspace", "logspace", "normal", "ones", "rand", "randint", "randn", "randperm", "range", "rfftfreq", "scalar_tensor", "tril_indices", "triu_indices", "zeros", "broadcast_shapes", "can_cast", "promote_types", "result_type"]))  # fmt: skip
"""Functions without a tensor among their arguments, or that take one for its numbers."""


def is_tensor_like(inp: Any) -> bool:
    """Whether an object is a tensor, or its type says with `__torch_function__` that it stands for one.

    >>> import corelib as torch
    >>> torch.overrides.is_tensor_like(torch.ones(1)), torch.overrides.is_tensor_like([1])
    (True, False)
    """
    return isinstance(inp, Tensor) or hasattr(inp, "__torch_function__")


def _members() -> dict[str, Any]:
    """The methods and properties of Tensor that users have, by name."""
    install()
    found: dict[str, Any] = {}
    for kind in (Tensor, TensorBase):
        for name, value in vars(kind).items():
            if name not in NEVER and isinstance(value, (FunctionType, property)) and (not name.startswith("_") or name.startswith("__")):
                found.setdefault(name, value)
    return found


def is_tensor_method_or_property(func: Callable[..., Any]) -> bool:
    """Whether a function is a method of Tensor, or the getter of one of its properties.

    >>> import corelib as torch
    >>> is_method = torch.overrides.is_tensor_method_or_property
    >>> is_method(torch.Tensor.add), is_method(torch.add), is_method(torch.Tensor.shape.__get__)
    (True, False, True)
    """
    return getattr(func, "__name__", "") == "__get__" or any(func is value for value in _members().values())


def get_overridable_functions() -> dict[Any, list[Callable[..., Any]]]:
    """The functions that a `__torch_function__` is asked of, by the name of their namespace, and those of Tensor by the class."""
    found: dict[Any, list[Callable[..., Any]]] = {f"torch.{place}".removesuffix(".torch"): [] for place in _PLACES}
    for name, function in (*NAMESPACES["torch"].items(), *OUTSIDE.items()):
        if not name.startswith("_") and not name.endswith("_") and name not in _MAKE:
            found["torch"].append(function)
    for place in _PLACES[1:]:
        found[f"torch.{place}"] = [f for name, f in NAMESPACES.get(place, {}).items() if not name.startswith("_") and not name.endswith("_") and name not in _MAKE]
    found[Tensor] = []
    for value in _members().values():
        if isinstance(value, property):
            found[value] = [value.__get__]
        else:
            found[Tensor].append(value)
    return found


def get_ignored_functions() -> set[Callable[..., Any]]:
    """Functions that no argument is asked of."""
    install()
    functions = {function for place in _PLACES for name, function in NAMESPACES.get(place, {}).items() if name in _MAKE}
    return {*functions, *(getattr(Tensor, name) for name in NEVER if callable(getattr(Tensor, name, None))), *(f for name, f in OUTSIDE.items() if name in _MAKE)}


def get_testing_overrides() -> dict[Callable[..., Any], Callable[..., int]]:
    """For every function that can be overridden one with the same signature that gives -1."""
    found: dict[Callable[..., Any], Callable[..., int]] = {}
    for functions in get_overridable_functions().values():
        for function in functions:
            found[function] = _stand_in(function)
    return found


def _stand_in(function: Callable[..., Any]) -> Callable[..., int]:
    def minus_one(*args: Any, **kwargs: Any) -> int:
        return -1

    with suppress(TypeError, ValueError):
        minus_one.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # what inspect looks for
    return minus_one


@functools.cache
def _index() -> dict[Any, str]:
    index: dict[Any, str] = {}
    for name, value in _members().items():
        if isinstance(value, property):
            index[value.__get__] = f"torch.Tensor.{name}.__get__"
            index[value.__set__] = f"torch.Tensor.{name}.__set__"
        else:
            index.setdefault(value, f"torch.Tensor.{name}")
    for place in _PLACES:
        for name, function in NAMESPACES.get(place, {}).items():
            where = "torch" if place == "torch" else f"torch.{place}"
            index.setdefault(function, f"torch.functional.{name}" if place == "torch" and name in IN_PYTHON else f"{where}.{name}")
    for name, function in OUTSIDE.items():
        index.setdefault(function, f"torch.{name}")
    return index


def resolve_name(f: Callable[..., Any]) -> str | None:
    """The name by which users know a function that a `__torch_function__` got; None for what is none of corelib's.

    >>> import corelib as torch
    >>> torch.overrides.resolve_name(torch.add), torch.overrides.resolve_name(torch.Tensor.add)
    ('torch.add', 'torch.Tensor.add')
    """
    try:
        return _index().get(f)
    except TypeError:  # unhashable
        return None
