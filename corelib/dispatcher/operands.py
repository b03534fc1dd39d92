"""What each parameter of an op is, found from the type that its annotation stands for, never from the annotation's text.

| type | role |
|---|---|
| `Tensor` | "tensor" |
| `Tensor | None` | "optional" |
| `Tensor | Number`, and any other union with Tensor | "mixed", and with None "anything" |
| `list`, `tuple` or `Sequence` of tensors, alone or in a union | "list" |
| `Aside[...]`, and whatever has no Tensor in it | "", no operand |

All but the last are operands: they are promoted, checked for their device, saved for backward and differentiated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from corelib.tensor.tensor import Tensor

T = TypeVar("T")
_NO_OPERAND = "no operand"
Aside = Annotated[T, _NO_OPERAND]
"""The type of a parameter that may be a tensor and yet is no operand: `out: Aside[Tensor | None]`."""

_ROLES: dict[tuple[Any, ...], str] = {}
_NAMES: dict[str, tuple[str, ...]] = {}


def role(annotation: Any) -> str:
    """The role of a parameter of this type.

    >>> role(Tensor), role(Tensor | None), role(Tensor | float), role(list[Tensor]), role(int), role(Aside[Tensor])
    ('tensor', 'optional', 'mixed', 'list', '', '')
    """
    if isinstance(annotation, type) and issubclass(annotation, Tensor):
        return "tensor"
    origin = get_origin(annotation)
    if origin is Annotated:
        return "" if _NO_OPERAND in annotation.__metadata__ else role(annotation.__origin__)
    inner = [role(argument) for argument in get_args(annotation)]
    if not any(inner):
        return ""
    if origin in (Union, UnionType):
        if "list" in inner:
            return "list"
        others = [r for r, a in zip(inner, get_args(annotation), strict=True) if a is not NoneType]
        if len(others) == len(inner):
            return "mixed"
        return "optional" if set(others) == {"tensor"} else "anything"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return "list"
    return ""


def roles(function: Callable[..., Any], params: tuple[str, ...]) -> tuple[str, ...]:
    """The role of each parameter of a function. TypeError for an annotation whose names its module does not have."""
    scope, notes = function.__globals__, function.__annotations__
    try:
        return tuple([_role_of(notes[name], scope) if name in notes else "" for name in params])
    except NameError as error:
        raise TypeError(
            f"op {function.__name__}: the type of a parameter cannot be found: {error}; import it at the top of {function.__module__} "
            f"(annotations: {', '.join(f'{name}: {notes[name]}' for name in params if name in notes)})"
        ) from None


def _role_of(annotation: Any, scope: dict[str, Any]) -> str:
    """The role that an annotation stands for where these names are known."""
    if not isinstance(annotation, str):
        return role(annotation)
    # Evaluated once for each meaning: few texts stand on many parameters, and their names mean the same in nearly every module.
    names = _NAMES.get(annotation)
    if names is None:
        names = _NAMES[annotation] = tuple(re.findall(r"[A-Za-z_]\w*", annotation))
    meaning = (annotation, *[scope.get(name) for name in names])
    known = _ROLES.get(meaning)
    if known is None:
        known = _ROLES[meaning] = role(eval(annotation, scope))  # our own text
    return known
