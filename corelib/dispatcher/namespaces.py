"""Where users find a function: the package, `Tensor`, `nn.functional`, `linalg` and the other namespaces, filled by the op table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from corelib.dispatcher.calls.foreign import answer, answer_by_position, foreign
from corelib.dispatcher.calls.numpy_names import Layout, by_other_names, face, names_for
from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.modes import active, run_function
from corelib.dispatcher.op import plain_of, positional, with_parameters
from corelib.dispatcher.operands import MISSING, checked_kinds, fit, fitting_lines, roles
from corelib.tensor.base import attach
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.tensor import Tensor

F = TypeVar("F", bound=Callable[..., Any])

ENTRIES: dict[str, Any] = {}
"""Every op's entry function, by each of its names."""
NAMESPACES: dict[str, dict[str, Any]] = {}
"""What each public namespace shows: "torch" (the package itself), "nn.functional", "linalg", "fft", "special"."""


OUTSIDE: dict[str, Any] = {}
"""Functions of the package that are in no table; it fills this itself."""


def show(function: object, names: Iterable[str], places: Iterable[str]) -> None:
    """Put a function into public namespaces, or on Tensor. In a namespace a name goes without its prefix (linalg_inv is
    linalg.inv); a name with a dot in it says where it belongs, and stands nowhere else."""
    for name in names:
        where, _, last = name.rpartition(".")
        for place in (where,) if where else places:
            if place == "Tensor":
                attach(last, function)
            else:
                NAMESPACES.setdefault(place, {})[last.removeprefix(f"{place}_")] = function


def public(
    *places: str, names: tuple[str, ...] = (), outs: bool = False, out: bool | str = False, overlap: str = "partial", fits: bool = False,
    whole: bool = False,
) -> Callable[[F], F]:
    """A decorator for functions that are no op, having no kernel of their own, and yet stand among them. With `outs` they take
    `out=`, tensors for their several results, too; with `out`, `out=` for their one. `out` and `overlap` are as an op's. Their
    arguments are looked at as an op's are, but where a function says that it `fits` them itself, which spares it a call. What is
    `whole` is seen by modes as one function, before the ops that it is made of, under its name with that of its namespace: linalg_svd."""

    def place(function: Any) -> Any:
        checked = None if fits else _Checked.of(function, (*names, function.__name__)[0], places)
        if outs or out:
            function = _with_out(function, (*names, function.__name__)[0], "exact" if outs or out == "exact" else "safe", overlap)
        if checked is None and function.__code__.co_flags & 0x04:
            function = naming_operands(function)
        shown = function if checked is None else checked.wrap(function)
        if whole:
            same, name = shown is function, _full_name((*names, function.__name__)[0], places[0])
            shown = _seen(shown, name)
            function = shown if same else _seen(function, name)
        called = names or (function.__name__,)
        if checked is not None and not checked.checked:  # it is looked at when it fails: core calls it as it is, and so does a method of one tensor
            if [*checked.tensors] == [0] and "Tensor" in places:
                show(function, called, ("Tensor",))
                show(shown, called, [where for where in places if where != "Tensor"])
            else:
                show(shown, called, places)
            return function
        show(shown, called, places)
        return shown

    return place


def naming_operands(function: F, first: int = 0) -> F:
    """The same function, which says of an argument in the place of a tensor that it is none. Positions count from `first`."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + bool(code.co_flags & 0x04)]
    tensors = [str(function.__annotations__.get(name)).startswith("Tensor") for name in names]
    several = bool(code.co_flags & 0x04)

    def named(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if foreign(args) or foreign(kwargs.values()):
                return answer(shown, args, kwargs)
            if not isinstance(error, AttributeError):
                raise
            given = args[0] if several and len(args) == 1 and isinstance(args[0], (tuple, list)) else args
            for i, x in enumerate(given):
                if tensors[min(i, len(tensors) - 1)] and not isinstance(x, Tensor):
                    what = f"expected Tensor as element {i}, but got" if several else f"argument {names[i]!r} (position {i + 1 - first}) must be Tensor, not"
                    raise TypeError(f"{function.__name__}(): {what} {type(x).__name__}") from None
            raise

    shown: Any = update_wrapper(named, function)  # with its signature
    return shown  # type: ignore[no-any-return]


# A template, as those of the entry functions.
_OUT = """
def make(function, write, name, rule, overlap):
    def wrapped({args}, out):
        results = function({args})
        return results if out is None else write(name, results, out, ({args},), rule, overlap)
    return wrapped
"""


@cache
def _writer(n: int) -> Callable[..., FunctionType]:
    """The function that makes such functions of `n` parameters."""
    scope: dict[str, Any] = {}
    exec(_OUT.format(args=", ".join(f"a{i}" for i in range(n))), scope)  # our own text: nothing of a user's reaches it
    made: Callable[..., FunctionType] = scope["make"]
    return made


def _with_out(function: FunctionType, name: str, rule: str, overlap: str) -> FunctionType:
    """A function that also writes its result, or each of several, into a tensor."""
    code = function.__code__
    made: FunctionType = _writer(code.co_argcount + code.co_kwonlyargcount)(positional(function), write, name, rule, overlap)
    wrapped = with_parameters(made, function, out=True)
    update_wrapper(wrapped, function)
    del vars(wrapped)["__wrapped__"]  # whose signature would be shown
    wrapped.__annotations__ = {**function.__annotations__, "out": "Any"}
    return wrapped


def _full_name(name: str, place: str) -> str:
    return name if place in ("torch", "Tensor", "nn.functional") or name.startswith(f"{place}_") else f"{place}_{name}"


def _seen(function: Any, name: str) -> Any:
    """A function that modes see."""

    def whole(*args: Any, **kwargs: Any) -> Any:
        try:
            return run_function(name, function, args, kwargs) if active.count else function(*args, **kwargs)
        except Exception:
            if foreign(args) or foreign(kwargs.values()):
                return answer(whole, args, kwargs)
            raise

    return update_wrapper(whole, function)


class _Checked:
    """What is known of a function whose arguments are looked at in front of it, as an op knows it of itself."""

    __slots__ = ("arity", "checked", "entry", "function", "name", "others", "params", "tensors")

    def __init__(self, name: str, params: tuple[str, ...], kinds: dict[int, str], others: tuple[str, ...], tensors: dict[int, bool]) -> None:
        self.name = name
        self.tensors = tensors
        self.others = others
        self.params = params
        self.checked = kinds
        self.arity = 0
        self.function: Any = None
        self.entry: Any = None

    @staticmethod
    def of(function: FunctionType, name: str, places: tuple[str, ...]) -> _Checked | None:
        """What is known of a function that users call by this name; None where none of its arguments is looked at, or it takes arguments beyond its parameters."""
        inner = getattr(function, "__wrapped__", function)
        code = inner.__code__
        if code.co_flags & 0x0C:
            return None
        params = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        known = roles(inner, params)
        found = checked_kinds(known, params, places)
        tensors = {i: role == "optional" for i, (role, _) in enumerate(known) if role in ("tensor", "optional")}
        return _Checked(name, params, found, names_for(name, params, places), tensors) if tensors or found else None

    def wrap(self, function: FunctionType) -> FunctionType:
        """The function that checks; what it does is compiled when it is first called."""
        inner = getattr(function, "__wrapped__", None)
        if inner is None:
            self.function = positional(function)
        else:  # a decorator's, which takes what its function takes
            n = inner.__code__.co_argcount
            self.function = lambda *args: function(*args[:n], **dict(zip(self.params[n:], args[n:], strict=True)))
        like = inner or function
        self.arity = like.__code__.co_argcount + like.__code__.co_kwonlyargcount  # `out` is one, if there is any
        layout = Layout(like, False, self.others) if self.others else None
        made = self._made("", layout, bool(self.checked))
        self.entry = entry = with_parameters(made, like, out=False) if layout is None else layout.put(made, like)
        update_wrapper(entry, function)
        del vars(entry)["__wrapped__"]  # whose signature would be shown
        if layout is not None:
            vars(entry)["__wrapped__"] = face(like, False)
        return entry

    def compile(self) -> Callable[..., Any]:
        """Give the function its code, and return it as a function that takes all arguments by position."""
        lines = fitting_lines(self.checked, "            ")
        made = self._made(lines, None, False)
        if self.others:
            shown = self.entry.__wrapped__
            layout = Layout(shown, False, self.others)
            plain_of(self.entry).__code__ = layout.put(self._made(lines, layout, False), shown).__code__
        else:
            entry = plain_of(self.entry)
            entry.__code__ = with_parameters(made, entry, out=False).__code__
        return made

    def _made(self, lines: str, layout: Layout | None, later: bool) -> FunctionType:
        args = "".join([f"a{i}, " for i in range(self.arity)])
        others = "" if layout is None else layout.line("            ", args, self.others)
        key = (args if layout is None else layout.order, others + lines, later)
        maker = _CHECKERS.get(key)
        if maker is None:
            scope: dict[str, Any] = {"fit": fit, "dtype": DType, "memory_format": MemoryFormat, "MISSING": MISSING, "by_other_names": by_other_names, "must_be_tensors": _must_be_tensors, "Tensor": Tensor, "foreign": foreign, "answer": answer_by_position}
            exec((_LATER if later else _CHECK).format(args=args, order=key[0], others=others, fit=lines), scope)  # our own text
            maker = _CHECKERS[key] = scope["make"]
        made: FunctionType = maker(self, self.function)
        return made


def compile_now(function: FunctionType) -> None:
    """Give a function that looks at its arguments the code that it would get at its first call."""
    if "compile" in function.__code__.co_names:
        for cell in function.__closure__ or ():
            if isinstance(cell.cell_contents, _Checked) and cell.cell_contents.entry is function:
                cell.cell_contents.compile()


def _must_be_tensors(of: _Checked, args: tuple[Any, ...]) -> None:
    """TypeError for an argument in the place of a tensor that is none."""
    for i, optional in of.tensors.items():
        if not isinstance(args[i], Tensor) and not (optional and args[i] is None):
            raise TypeError(f"{of.name}(): argument '{of.params[i]}' (position {i + 1}) must be Tensor, not {type(args[i]).__name__}") from None


_CHECK = """
def make(op, function):
    def checked({order}):
        if 0: op, function
        try:
{others}{fit}
            try: return function({args})
            except AttributeError:
                must_be_tensors(op, ({args}))
                raise
        except Exception:
            if foreign(({args})): return answer(op.entry, op.params, ({args}))
            raise
    return checked
"""
# Until the first call: importing corelib is to be quick, and most functions are never called.
_LATER = """
def make(op, function):
    def checked({order}):
        if 1:
{others}            return op.compile()({args})
        op, function
    return checked
"""
_CHECKERS: dict[tuple[str, str, bool], Callable[..., FunctionType]] = {}
