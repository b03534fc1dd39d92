"""What each parameter of an op is, found from the type that its annotation stands for, never from the annotation's text.

| type | role |
|---|---|
| `Tensor` | "tensor" |
| `Tensor | None` | "optional" |
| `Tensor | Number`, and any other union with Tensor | "mixed", and with None "anything" |
| `list`, `tuple` or `Sequence` of tensors, alone or in a union | "list" |
| `Aside[...]`, and whatever has no Tensor in it | "", no operand |

All but the last are operands: they are promoted, checked for their device, saved for backward and differentiated.

The type also says where integers are expected, so that what is none can be refused, and NumPy's made Python's, before the op runs
(`integer_kind`, `fit`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.promotion import as_dtype
from corelib.tensor.size import SMALL, integer, integers, plain
from corelib.tensor.tensor import Tensor

T = TypeVar("T")
_NO_OPERAND = "no operand"
Aside = Annotated[T, _NO_OPERAND]
"""The type of a parameter that may be a tensor and yet is no operand: `out: Aside[Tensor | None]`."""

_ROLES: dict[tuple[Any, ...], tuple[str, str]] = {}
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


def integer_kind(annotation: Any) -> str:
    """What integers a parameter of this type takes, a letter each: "i" one, "s" several, "h" several of which some may be None;
    and what else: "n" None, "t" a Tensor, "w" a word, "b" a bool; or "d", a dtype, for which Python's types may stand; or "b" alone, a bool and nothing else. "" where the type asks for no integers, or for other numbers too.

    >>> integer_kind(int), integer_kind(int | Sequence[int] | None), integer_kind(float), integer_kind(str | int), integer_kind(bool)
    ('i', 'isn', '', 'wi', 'b')
    """
    kind = _kind(annotation)
    return kind if "i" in kind or "s" in kind or kind in ("d", "dn", "b") else ""


def _kind(annotation: Any) -> str:
    """The letters of `integer_kind`, of a type that may stand in a union with one of integers."""
    if annotation is int:
        return "i"
    if annotation is NoneType:
        return "n"
    if annotation is str:
        return "w"
    if annotation is DType:
        return "d"
    if annotation is bool:
        return "b"
    if isinstance(annotation, type) and issubclass(annotation, Tensor):
        return "t"
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(annotation.__origin__)
    if origin in (Union, UnionType):
        found = [_kind(each) for each in inner]
        return "".join(found) if all(found) else ""
    if isinstance(origin, type) and issubclass(origin, Sequence):
        items = {each for each in inner if each is not Ellipsis}
        return "s" if items == {int} else "sh" if items == {int | None} else ""
    return ""


class _Missing:
    """The default of an argument that was not given."""

    def __repr__(self) -> str:
        return "<not given>"


MISSING: Any = _Missing()


class Fits(Protocol):
    """Whatever has integer parameters: an op, or a function that stands among them."""

    name: str
    params: tuple[str, ...]
    integers: dict[int, str]


def fit(of: Fits, i: int, value: Any) -> Any:
    """An argument that stands where integers are expected, and is no small int or tuple of them, as such. TypeError for what is none."""
    kind, argument = of.integers[i], of.params[i]
    if value is MISSING:
        raise TypeError(f"{of.name}() missing 1 required positional argument: '{argument}'")
    if "d" in kind:
        return as_dtype(of.name, argument, i + 1, value) if isinstance(value, type) else value
    if kind == "T":
        if not isinstance(value, Tensor):
            raise TypeError(f"{of.name}(): argument '{argument}' (position {i + 1}) must be Tensor, not {type(value).__name__}")
        return value
    if kind == "b":
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        raise TypeError(f"{of.name}(): argument '{argument}' (position {i + 1}) must be bool, not {type(value).__name__}")
    if (
        (value is None and "n" in kind) or ("w" in kind and isinstance(value, str)) or ("b" in kind and isinstance(value, bool)) or ("t" in kind and isinstance(value, Tensor))
        or ("t" in kind and isinstance(value, (tuple, list)) and any(isinstance(each, Tensor) for each in value))
    ):  # fmt: skip
        return value
    if "s" not in kind or ("i" in kind and plain(value) is not None):
        return integer(of.name, argument, value, i + 1)
    return integers(of.name, argument, value, i + 1, single=False, holes="h" in kind)


def checked_kinds(known: Sequence[tuple[str, str]], params: Sequence[str], places: Sequence[str], composite: bool = False) -> dict[int, str]:
    """The kinds of the parameters whose values are looked at, where users call a function in these places: "T", a tensor, for the
    further operands of a composite op, whose body may take numbers as well.

    PyTorch has most of nn.functional in Python, where anything may stand for a bool.
    """
    strict = "nn.functional" not in places
    found = {i: kind for i, (_, kind) in enumerate(known) if kind and places and (kind != "b" or strict or params[i] == "training")}
    if composite and (strict or "torch" in places):
        found |= {i: "T" for i, (role, _) in enumerate(known) if role == "tensor" and i and known[0][0] == "tensor"}
    return dict(sorted(found.items()))


def fitting_lines(kinds: Mapping[int, str], indent: str) -> str:
    """Source that puts parameters a0, a1, ... of these kinds right; what is an int, or a tuple of ints, costs it a look at the type."""
    lines = []
    for i, kind in kinds.items():
        if "d" in kind:
            lines.append(f"if a{i} is not None and type(a{i}) is type: a{i} = fit(op, {i}, a{i})")
            continue
        if kind == "T":
            lines.append(f"if type(a{i}) is not Tensor: fit(op, {i}, a{i})")
            continue
        if kind == "b":
            lines.append(f"if a{i} is not False and a{i} is not True: a{i} = fit(op, {i}, a{i})")
            continue
        off = f"(type(a{i}) is not int or not -{SMALL} < a{i} < {SMALL})"
        if "n" in kind:
            off = f"a{i} is not None and {off}"
        fit = f"a{i} = fit(op, {i}, a{i})"
        if "s" in kind:
            several = [
                f"if type(a{i}) is tuple:",
                f"    for each_ in a{i}:",
                f"        if type(each_) is not int or not -{SMALL} < each_ < {SMALL}: {fit}; break",
            ]
            if "n" in kind:  # dimensions: mostly it is one, or None; sizes are mostly several
                lines += [f"if {off}:", *[f"    {line}" for line in several], f"    else: {fit}"]
            else:
                lines += [*several, f"elif {off}: {fit}"]
        else:
            lines.append(f"if {off}: {fit}")
    return "".join(f"{indent}{line}\n" for line in lines)


def roles(function: Callable[..., Any], params: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The role and the integer kind of each parameter of a function. TypeError for an annotation whose names its module does not have."""
    scope, notes = function.__globals__, function.__annotations__
    try:
        return tuple([_role_of(notes[name], scope) if name in notes else ("", "") for name in params])
    except NameError as error:
        raise TypeError(
            f"op {function.__name__}: the type of a parameter cannot be found: {error}; import it at the top of {function.__module__} "
            f"(annotations: {', '.join(f'{name}: {notes[name]}' for name in params if name in notes)})"
        ) from None


def _role_of(annotation: Any, scope: dict[str, Any]) -> tuple[str, str]:
    """The role and the integer kind that an annotation stands for where these names are known."""
    if not isinstance(annotation, str):
        return role(annotation), integer_kind(annotation)
    # Evaluated once for each meaning: few texts stand on many parameters, and their names mean the same in nearly every module.
    names = _NAMES.get(annotation)
    if names is None:
        names = _NAMES[annotation] = tuple(re.findall(r"[A-Za-z_]\w*", annotation))
    meaning = (annotation, *[scope.get(name) for name in names])
    known = _ROLES.get(meaning)
    if known is None:
        meant = eval(annotation, scope)  # our own text
        known = _ROLES[meaning] = (role(meant), integer_kind(meant))
    return known
