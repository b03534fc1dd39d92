"""What each parameter of an op is, found from the type that its annotation stands for, never from the annotation's text.

| type | role |
|---|---|
| `Tensor` | "tensor" |
| `Tensor | None` | "optional" |
| `Tensor | Number`, and any other union with Tensor | "mixed", and with None "anything" |
| `list`, `tuple` or `Sequence` of tensors, alone or in a union | "list" |
| `Aside[...]`, and whatever has no Tensor in it | "", no operand |

All but the last are operands: they are promoted, checked for their device, saved for backward and differentiated.

The type also says where numbers, words, bools and dtypes are expected, so that what is none can be refused, and NumPy's made Python's,
before the op runs (`argument_kind`, `fit`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Protocol, TypeVar, Union, get_args, get_origin

from corelib.tensor.dtype import dtype as DType
from corelib.tensor.host import np
from corelib.tensor.layout import layout as Layout, memory_format as MemoryFormat
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


def argument_kind(annotation: Any) -> str:
    """What a parameter of this type takes, a letter each: "i" an integer, "s" several, "h" several of which some may be None, "f" a real
    number, "v" several of them, "c" any number, "w" a word, "b" a bool, "d" a dtype, for which Python's types may stand, "l" a layout, "m" a memory format; and
    what else: "n" None, "t" a Tensor.
    "" where the type says nothing of these, or other things as well.

    >>> argument_kind(int), argument_kind(int | Sequence[int] | None), argument_kind(float | None), argument_kind(str | int), argument_kind(bool)
    ('i', 'isn', 'fn', 'wi', 'b')
    """
    kind = _kind(annotation)
    return kind if set(kind) - {"n", "t"} else ""


_LETTERS = {int: "i", NoneType: "n", str: "w", DType: "d", bool: "b", float: "f", complex: "c", Layout: "l", MemoryFormat: "m"}


def _kind(annotation: Any) -> str:
    """The letters of `argument_kind`, of a type that may stand in a union."""
    if isinstance(annotation, type):
        if annotation in _LETTERS:
            return _LETTERS[annotation]
        if issubclass(annotation, Tensor):
            return "t"
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(annotation.__origin__)
    if origin in (Union, UnionType):
        found = [_kind(each) for each in inner]
        return "".join(found) if all(found) else ""
    if isinstance(origin, type) and issubclass(origin, Sequence):
        items = {each for each in inner if each is not Ellipsis}
        return "s" if items == {int} else "sh" if items == {int | None} else "v" if items == {float} else ""
    return ""


class _Missing:
    """The default of an argument that was not given."""

    def __repr__(self) -> str:
        return "<not given>"


MISSING: Any = _Missing()


class Fits(Protocol):
    """Whatever has parameters that are looked at: an op, or a function that stands among them."""

    name: str
    params: tuple[str, ...]
    checked: dict[int, str]


def fit(of: Fits, i: int, value: Any) -> Any:
    """An argument that is not plainly what is expected in its place, as such. TypeError for what is none."""
    kind = of.checked[i]
    if value is MISSING:
        raise TypeError(f"{of.name}() missing 1 required positional argument: '{of.params[i]}'")
    if (
        (value is None and "n" in kind) or ("w" in kind and isinstance(value, str)) or ("b" in kind and isinstance(value, bool))
        or (("t" in kind or "T" in kind) and isinstance(value, Tensor)) or ("l" in kind and isinstance(value, Layout)) or ("m" in kind and isinstance(value, MemoryFormat))
        or (value is None and of.params[i] == "requires_grad")
    ):  # fmt: skip
        return value
    if "d" in kind:
        return as_dtype(of.name, of.params[i], i + 1, value)
    if "v" in kind and isinstance(value, (tuple, list)):
        return tuple([_number(of, i, each) for each in value])
    if not {*kind}.isdisjoint("fcv"):
        return _number(of, i, value)
    if "i" not in kind and "s" not in kind:
        if "b" in kind and isinstance(value, np.bool_):
            return bool(value)
        if hasattr(type(value), "__torch_function__") and not isinstance(value, Tensor):  # it stands for a tensor, and is asked when the call fails
            return value
        raise _unfit(of, i, value, next(name for letter, name in _NAMED.items() if letter in kind))
    if "t" in kind and isinstance(value, (tuple, list)) and any(isinstance(each, Tensor) for each in value):
        return value
    if "s" not in kind or ("i" in kind and plain(value) is not None):
        return integer(of.name, of.params[i], value, i + 1)
    return integers(of.name, of.params[i], value, i + 1, single=False, holes="h" in kind)


_NAMED = {"b": "bool", "w": "str", "T": "Tensor", "l": "torch.layout", "m": "torch.memory_format"}


def _unfit(of: Fits, i: int, value: object, wanted: str) -> TypeError:
    return TypeError(f"{of.name}(): argument '{of.params[i]}' (position {i + 1}) must be {wanted}, not {type(value).__name__}")


def _number(of: Fits, i: int, value: Any) -> Any:
    kind = of.checked[i]
    return number(of.name, of.params[i], value, i + 1, "Number" if "c" in kind else "float" if "f" in kind else "tuple of floats")


def number(op: str, argument: str, value: Any, position: int, wanted: str = "float") -> Any:
    """An argument as a Python number: NumPy's, and a tensor without dimensions that is not differentiated, stand for one, as in PyTorch.

    wanted: "Number" for complex ones too. TypeError for what is none.
    """
    given = value
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and not value._shape and not value._requires_grad):
        value = value.item()
    if isinstance(value, bool) and wanted != "Number":
        return float(value)
    if isinstance(value, (int, float)) or (wanted == "Number" and isinstance(value, complex)):
        return value
    raise TypeError(f"{op}(): argument '{argument}' (position {position}) must be {wanted}, not {type(given).__name__}")


def checked_kinds(known: Sequence[tuple[str, str]], params: Sequence[str], places: Sequence[str], composite: bool = False) -> dict[int, str]:
    """The kinds of the parameters whose values are looked at, where users call a function in these places: "T", a tensor, for the
    further operands of a composite op, whose body may take numbers as well. Of an op behind a function those that are numbers.

    PyTorch has most of nn.functional in Python, where anything may stand for a bool, and words are looked up; what it passes on is checked.
    """
    strict = "nn.functional" not in places
    found = {}
    for i, (role, kind) in enumerate(known):
        if not kind or (role and not {*kind} & {*"is"}) or not (places or {*kind} & {*"fcv"}):
            continue
        if strict or not {*kind} <= {*"bnw"} or params[i] in _PASSED_ON:
            found[i] = kind
    if composite and places and known and known[0][0] == "tensor":
        found |= {i: "T" if role == "tensor" else "Tn" for i, (role, _) in enumerate(known) if role in ("tensor", "optional") and (i or "Tensor" not in places)}
    return dict(sorted(found.items()))


_PASSED_ON = {
    "training", "ceil_mode", "count_include_pad", "scale_grad_by_freq", "sparse", "align_corners", "use_input_stats", "log_target", "full", "log_input", "is_causal",
    "swap", "approximate", "zero_infinity",
}  # fmt: skip
"""Bools and words that PyTorch's nn.functional hands to functions which look at their types."""
_USUAL = {"b": "{a} is not False and {a} is not True", "w": "type({a}) is not str", "d": "type({a}) is not dtype", "T": "type({a}) is not Tensor and not isinstance({a}, Tensor)", "l": "True", "m": "type({a}) is not memory_format"}
_REAL = "type({a}) is not float and type({a}) is not int"


def fitting_lines(kinds: Mapping[int, str], indent: str) -> str:
    """Source that puts parameters a0, a1, ... of these kinds right; what is plainly as expected, such as an int, or a tuple of ints, costs
    it a look at the type."""
    lines = []
    for i, kind in kinds.items():
        plainly = _REAL if not {*kind}.isdisjoint("fcv") else _USUAL.get(kind.replace("n", ""))
        if plainly is not None:
            unset = f"a{i} is not None and " if "n" in kind else ""
            lines.append(f"if {unset}{plainly.format(a=f'a{i}')}: a{i} = fit(op, {i}, a{i})")
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
        return role(annotation), argument_kind(annotation)
    # Evaluated once for each meaning: few texts stand on many parameters, and their names mean the same in nearly every module.
    names = _NAMES.get(annotation)
    if names is None:
        names = _NAMES[annotation] = tuple(re.findall(r"[A-Za-z_]\w*", annotation))
    meaning = (annotation, *[scope.get(name) for name in names])
    known = _ROLES.get(meaning)
    if known is None:
        meant = eval(annotation, scope)  # our own text
        known = _ROLES[meaning] = (role(meant), argument_kind(meant))
    return known
