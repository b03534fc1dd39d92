"""NumPy's names for arguments, as PyTorch takes them: `axis` for dim, `keepdims` for keepdim, `x1`, `x` and `a` for input, `x2` for other;
and the names that PyTorch's signatures of one function have for the same argument (`sections`, `indices`).

An entry has them as parameters behind all its own, which become positional, after one that only a positional argument too many
reaches. A call that uses none of them pays a comparison each, which is less than the look-up of a keyword-only parameter's default.
What users see is the signature without them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import FunctionType
from typing import Any

from corelib.dispatcher.calls.old_orders import in_todays_order
from corelib.dispatcher.operands import MISSING
from corelib.tensor.tensor import Tensor

MEANT = {"axis": "dim", "keepdims": "keepdim", "x1": "input", "x": "input", "a": "input", "x2": "other"}
"""What each name stands for."""
_SPLIT: dict[str, tuple[type, ...]] = {"indices": (tuple, list), "sections": (int,), "tensor_indices_or_sections": (Tensor,)}
MEANT.update(dict.fromkeys(_SPLIT, "indices_or_sections"))
_IN_PYTHON = ("split", "norm", "unique", "unique_consecutive", "split_with_sizes")
"""Functions that PyTorch has in Python, which take its own names only."""


def names_for(name: str, params: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    """The further names that a function of these parameters takes in these namespaces."""
    if not places or ("nn.functional" in places and "torch" not in places) or name.rpartition(".")[2] in _IN_PYTHON:
        return ()
    split = tuple(_SPLIT)[: 3 if name == "tensor_split" else 2] if "indices_or_sections" in params else ()
    axis = ("axis",) if "dim" in params and "axis" not in params else ()
    return (*split, *axis, *(("keepdims",) if axis and "keepdim" in params else ()))


class Layout:
    """How the parameters of a function and further names lie in its entry."""

    __slots__ = ("checks", "defaults", "names", "order")

    def __init__(self, of: FunctionType, out: bool, others: tuple[str, ...], fitted: Collection[int] = ()) -> None:
        """fitted: the parameters that go through `fit`, which refuses what is missing, where they are no int."""
        code = of.__code__
        p, n = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
        own = (*code.co_varnames[:n], *(("out",) if out else ()))
        given = of.__defaults__ or ()
        known: dict[str, Any] = {**dict(zip(own[p - len(given) : p], given, strict=True)), **(of.__kwdefaults__ or {}), **({"out": None} if out else {})}
        first = min([p - len(given), *[own.index(MEANT[other]) for other in others if own.index(MEANT[other]) < p]])
        sources = [f"a{i}" for i in range(n)] + ["out"] * out
        required = [source for i, (source, name) in enumerate(zip(sources, own, strict=True)) if i >= first and name not in known and i not in fitted]
        self.order = ", ".join([*sources[:p], "too_many", *sources[p:], *others])
        self.checks = " or ".join([f"{name} is not MISSING" for name in ("too_many", *others)] + [f"{source} is MISSING" for source in required])
        self.names = (*own[:p], "too_many", *own[p:], *others)
        self.defaults = tuple([known.get(name, MISSING) for name in self.names[first:]])

    def line(self, indent: str, args: str, others: tuple[str, ...]) -> str:
        """Source that leaves for `by_other_names` where one of them is given, or an argument is missing."""
        return f"{indent}if {self.checks}: return by_other_names(op, ({args}), too_many, {{{', '.join(f'{o!r}: {o}' for o in others)}}})\n"

    def put(self, made: FunctionType, of: FunctionType) -> FunctionType:
        """A function made of a template whose parameters lie so, with their names and defaults, and the signature of `face`."""
        code, total = made.__code__, len(self.names)
        code = code.replace(co_argcount=total, co_posonlyargcount=of.__code__.co_posonlyargcount, co_kwonlyargcount=0, co_varnames=(*self.names, *code.co_varnames[total:]))
        return FunctionType(code, made.__globals__, of.__name__, self.defaults, made.__closure__)


def _blank() -> None: ...


def face(of: FunctionType, out: bool) -> FunctionType:
    """A function that does nothing, with the signature that users see; `inspect.signature` finds it as `__wrapped__`."""
    code = of.__code__
    names = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *(("out",) if out else ()))
    shown = _blank.__code__.replace(
        co_argcount=code.co_argcount, co_posonlyargcount=code.co_posonlyargcount, co_kwonlyargcount=code.co_kwonlyargcount + out,
        co_nlocals=len(names), co_varnames=names,
    )  # fmt: skip
    made = FunctionType(shown, of.__globals__, of.__name__, of.__defaults__)
    made.__kwdefaults__ = {**(of.__kwdefaults__ or {}), **({"out": None} if out else {})}
    made.__annotations__, made.__doc__, made.__module__ = of.__annotations__, of.__doc__, of.__module__
    return made


def by_other_names(op: Any, args: tuple[Any, ...], too_many: Any, others: dict[str, Any]) -> Any:
    """The call with what NumPy's names stand for. TypeError for too many arguments, one that is missing, and one given twice.

    args: those of the function, in the order of its parameters, MISSING where there was none.
    """
    entry = op.entry
    code = entry.__wrapped__.__code__
    p = code.co_argcount
    names = code.co_varnames[: p + code.co_kwonlyargcount]
    if too_many is not MISSING:
        return _by_old_order(op, entry, names, p, args, too_many)
    given = dict(zip(names, args, strict=True))
    defaults = entry.__wrapped__.__defaults__ or ()
    known = {**dict(zip(names[p - len(defaults) : p], defaults, strict=True)), **entry.__wrapped__.__kwdefaults__}
    for other, value in others.items():
        if value is not MISSING:
            name = MEANT[other] if MEANT[other] in names else names[other == "x2"]
            if given[name] is not known.get(name, MISSING) and given[name] is not MISSING:
                raise TypeError(f"{op.name}() got the argument '{name}' twice: as '{name}' and as '{other}'")
            if other in _SPLIT and not isinstance(value, _SPLIT[other]):
                raise TypeError(f"{op.name}(): argument '{other}' must be {_SPLIT[other][0].__name__}, not {type(value).__name__}")
            given[name] = value
    missing = [name for name in names if given[name] is MISSING]
    if missing:
        raise TypeError(f"{op.name}() missing {len(missing)} required positional argument{'s' * (len(missing) > 1)}: {', '.join(repr(name) for name in missing)}")
    return entry(*[given[name] for name in names[:p]], **{name: given[name] for name in names[p:]})


def _by_old_order(op: Any, entry: Any, names: tuple[str, ...], p: int, args: tuple[Any, ...], too_many: Any) -> Any:
    """A call with more arguments by position than there are parameters: it may be in an order that was PyTorch's once."""
    given = [*args[:p], too_many]
    known = {**dict.fromkeys(names[p:], MISSING), **(entry.__wrapped__.__kwdefaults__ or {})}
    out = args[names.index("out")] if "out" in names else None
    given += [x for name, x in zip(names[p:], args[p:], strict=True) if name != "out" and x is not known[name]]  # those behind too_many, by position
    found = in_todays_order(op.name, [name for name in names if name != "out"], given)
    if found is None:
        raise TypeError(f"{op.name}() takes {p} positional arguments but more were given")
    return entry(*found[0], **found[1], **({} if out is None else {"out": out}))
