"""Where users find a function: the package, `Tensor`, `nn.functional`, `linalg` and the other namespaces, filled by the op table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.op import positional, with_parameters
from corelib.tensor.base import attach

F = TypeVar("F", bound=Callable[..., Any])

ENTRIES: dict[str, Any] = {}
"""Every op's entry function, by each of its names."""
NAMESPACES: dict[str, dict[str, Any]] = {}
"""What each public namespace shows: "torch" (the package itself), "nn.functional", "linalg", "fft", "special"."""


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
    *places: str, names: tuple[str, ...] = (), outs: bool = False, out: bool | str = False, overlap: str = "partial"
) -> Callable[[F], F]:
    """A decorator for functions that are no op, having no kernel of their own, and yet stand among them. With `outs` they take
    `out=`, tensors for their several results, too; with `out`, `out=` for their one. `out` and `overlap` are as an op's."""

    def place(function: Any) -> Any:
        if outs or out:
            function = _with_out(function, (*names, function.__name__)[0], bool(outs or out == "exact"), overlap)
        show(function, names or (function.__name__,), places)
        return function

    return place


# A template, as those of the entry functions.
_OUT = """
def make(function, write, name, exact, overlap):
    def wrapped({args}, out):
        results = function({args})
        return results if out is None else write(name, results, out, ({args},), exact, overlap)
    return wrapped
"""


def _with_out(function: FunctionType, name: str, exact: bool, overlap: str) -> FunctionType:
    """A function that also writes its result, or each of several, into a tensor."""
    code = function.__code__
    scope: dict[str, Any] = {}
    exec(_OUT.format(args=", ".join(f"a{i}" for i in range(code.co_argcount + code.co_kwonlyargcount))), scope)  # our own text: nothing of a user's reaches it
    made: FunctionType = scope["make"](positional(function), write, name, exact, overlap)
    wrapped = with_parameters(made, function, out=True)
    update_wrapper(wrapped, function)
    del vars(wrapped)["__wrapped__"]  # whose signature would be shown
    wrapped.__annotations__ = {**function.__annotations__, "out": "Any"}
    return wrapped
