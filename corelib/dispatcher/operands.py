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

from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from corelib.tensor.tensor import Tensor

T = TypeVar("T")
_NO_OPERAND = "no operand"
Aside = Annotated[T, _NO_OPERAND]
"""The type of a parameter that may be a tensor and yet is no operand: `out: Aside[Tensor | None]`."""

_ROLES: dict[tuple[str, int], str] = {}


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
    scope = function.__globals__
    found = []
    for name in params:
        text = function.__annotations__.get(name, "")
        known = _ROLES.get((text, id(scope)))
        if known is None:
            try:
                known = role(eval(text, scope) if isinstance(text, str) and text else text)  # our own annotation
            except NameError as error:
                raise TypeError(
                    f"op {function.__name__}: the type of parameter {name!r} (={text!r}) cannot be found: {error}; "
                    f"import it at the top of {function.__module__}"
                ) from None
            _ROLES[text, id(scope)] = known
        found.append(known)
    return tuple(found)
