"""What is no op of the table, factories and methods, made visible while a profile is taken.

The dispatcher does not see such functions. While somebody watches, their code is another one, which tells the watcher of each call; at all
other times they are as they are, so that they cost nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import Lock
from types import CodeType, FunctionType
from typing import Any

from corelib.contract.forks import free_in_child
from corelib.dispatcher.namespaces import NAMESPACES, compile_now
from corelib.dispatcher.op import plain_of
from corelib.ops.construction.construct import as_tensor, from_numpy, tensor
from corelib.tensor.tensor import Tensor

Hook = Callable[[str, FunctionType, tuple[Any, ...], dict[str, Any]], Any]
"""Called in place of a function, with its name, the function itself and the arguments."""

_ASKED = """
    broadcast_shapes get_device is_conj is_inference is_neg is_same_size is_signed is_nonzero lobpcg lu pca_lowrank svd_lowrank typename unravel_index
"""
"""Functions beside the ops that compute nothing, or whose ops are what PyTorch shows."""
_METHODS = """
    __and__ __bool__ __float__ __getitem__ __iand__ __index__ __int__ __ior__ __ixor__ __or__ __setitem__ __xor__ backward bernoulli_ bfloat16 bool broadcast_to byte
    cauchy_ cdouble cfloat char contiguous copy_ cpu cuda detach_ div_ double expand expand_as exponential_ fill_ fill_diagonal_ flip float geometric_ half
    index_put_ int item log_normal_ long new_empty new_empty_strided new_full new_ones new_zeros normal_ numpy permute random_ repeat reshape reshape_as resize_
    resize_as_ short squeeze_ sum_to_size swapaxes_ t_ tile to tolist transpose_ type type_as uniform_ unsqueeze_ view view_as zero_
"""
_PROPERTIES = ("T", "mT", "real", "imag")

_MARK = "the hook"
_TEMPLATE = """
def make({cells}):
    def watched(*args, **kwargs):
        if 0: {cells} None
        hook = "the hook"
        return hook(*args, **kwargs)
    return watched
"""


def _watched(methods: tuple[str, ...]) -> dict[FunctionType, str]:
    """Every function that is watched, and what it is called."""
    found: dict[FunctionType, str] = {tensor: "tensor", as_tensor: "as_tensor", from_numpy: "from_numpy"}  # type: ignore[dict-item]  # functions, as all others
    for name in (*_METHODS.split(), *methods):
        made = next((vars(cls)[name] for cls in Tensor.__mro__ if name in vars(cls)), None)
        if isinstance(made, FunctionType) and not hasattr(made, "op"):
            found.setdefault(made, name)
    asked = _ASKED.split()
    for name, made in NAMESPACES["torch"].items():
        if isinstance(made, FunctionType) and not hasattr(made, "op") and name not in asked and name[0] != "_" and name[-1] != "_" and made.__code__.co_name != "whole":
            found.setdefault(made, name)
    return found


class Watch:
    """Tells a hook of every call of the functions that are watched, from `begin` to `end`; `methods` and `properties`: and of these of Tensor. One at a time."""

    _lock = free_in_child(Lock())

    def __init__(self, hook: Hook, methods: tuple[str, ...] = (), properties: tuple[str, ...] = ()) -> None:
        self._hook = hook
        self._methods, self._names = methods, (*_PROPERTIES, *properties)
        self._changed: list[_Told] = []
        self._replaced: list[tuple[type, str, property]] = []

    def begin(self) -> None:
        """Put the other code in place."""
        with self._lock:
            for function, name in _watched(self._methods).items():
                told = _Told(self._hook, name, function)
                self._changed.append(told)
                function.__code__ = told.code
            for name in self._names:
                owner = next(cls for cls in Tensor.__mro__ if name in vars(cls))
                before: property = vars(owner)[name]
                self._replaced.append((owner, name, before))
                setattr(owner, name, _told_property(self._hook, name, before))

    def end(self) -> None:
        """Put everything back."""
        with self._lock:
            for told in self._changed:
                # where the function has begun to ask for `__torch_function__` meanwhile, what it asks before is another one
                holder = told.function if told.function.__code__ is told.code else plain_of(told.function)
                holder.__code__ = told.plain.__code__
            for owner, name, before in self._replaced:
                setattr(owner, name, before)
            self._changed.clear()
            self._replaced.clear()


class _Told:
    """What runs in place of a function: the hook, with the function as it was."""

    def __init__(self, hook: Hook, name: str, function: FunctionType) -> None:
        self.hook, self.name, self.function = hook, name, function
        self.plain = _as_it_is(function)
        self.compiled = False
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        self.inplace = names.index("inplace") if "inplace" in names else 0  # its place is never the first
        code = _told_code(len(function.__code__.co_freevars))
        self.code = code.replace(co_consts=tuple([self.run if each == _MARK else each for each in code.co_consts]), co_name=name)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        if not self.compiled:
            self.compiled = True
            self.function.__code__ = self.plain.__code__
            compile_now(self.function)
            self.plain = _as_it_is(self.function)
            self.function.__code__ = self.code
        if self.inplace and (kwargs.get("inplace") or args[self.inplace : self.inplace + 1] == (True,)):
            return self.plain(*args, **kwargs)  # which is the in-place op that it calls
        return self.hook(self.name, self.plain, args, kwargs)


@cache
def _told_code(cells: int) -> CodeType:
    """The code that calls the hook, for a function that closes over so many cells."""
    scope: dict[str, Any] = {}
    exec(_TEMPLATE.format(cells="".join(f"c{i}, " for i in range(cells))), scope)  # our own text
    made: CodeType = scope["make"](*[None] * cells).__code__
    return made


def _as_it_is(function: FunctionType) -> FunctionType:
    made = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _told_property(hook: Hook, name: str, before: property) -> property:
    read: Any = before.fget
    return property(lambda self: hook(name, read, (self,), {}), before.fset, before.fdel, before.__doc__)
