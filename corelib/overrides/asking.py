"""Who answers a call: the modes of this thread, then the arguments whose types have a `__torch_function__`."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec, Self, TypeVar

from corelib.dispatcher.namespaces import NAMESPACES
from corelib.tensor.overrides import no_torch_function
from corelib.tensor.tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

EVERYTHING, SUBCLASSES, NOTHING = range(3)
"""What is asked: modes and arguments; modes alone; neither."""
PLAIN, SEVERAL, ANSWERS = range(3)
"""What a type is here: nothing to ask; a list or a tuple, which may hold something; one with a `__torch_function__`."""


class _State(threading.local):
    def __init__(self) -> None:
        self.modes: list[Any] = []
        self.off = EVERYTHING
        self.passing = False  # whether the next function is to run without asking


class _Kinds(dict[type, int]):
    """What each type is; found when it is first seen."""

    def __missing__(self, kind: type) -> int:
        answer = getattr(kind, "__torch_function__", None)
        if kind is Tensor or answer is None or answer is no_torch_function:
            found = SEVERAL if issubclass(kind, (list, tuple)) else PLAIN
        else:
            found = ANSWERS
        self[kind] = found
        return found


class _Count:
    __slots__ = ("modes",)

    def __init__(self) -> None:
        self.modes = 0


state = _State()
KINDS = _Kinds()
count = _Count()
"""How many modes are entered, in all threads together."""


def call(plain: Callable[..., Any], public: Any, args: tuple[Any, ...], kwargs: dict[str, Any], named: bool = False) -> Any:
    """Run a function, or let who is to be asked answer. `plain` computes, `public` is what users know it by; `named`: whether `kwargs` is given
    even where it is empty, as PyTorch's functions in Python do."""
    if not count.modes:
        for a in args:
            kind = KINDS[type(a)]
            if kind and (kind == ANSWERS or any(KINDS[type(each)] == ANSWERS for each in a)):
                return _asked(plain, public, args, kwargs, named)
        if not kwargs:
            return plain(*args)
        if not _any_answers(kwargs.values()):
            return plain(*args, **kwargs)
    return _asked(plain, public, args, kwargs, named)


def call_below_classes(plain: Callable[..., Any], public: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The same of a function that only modes answer, such as `torch.tensor`."""
    if state.modes and state.off != NOTHING and not state.passing:
        return answered(public, (), args, kwargs)
    with DisableTorchFunctionSubclass():
        return plain(*args, **kwargs)


def _any_answers(values: Iterable[Any]) -> bool:
    for a in values:
        kind = KINDS[type(a)]
        if kind and (kind == ANSWERS or any(KINDS[type(each)] == ANSWERS for each in a)):
            return True
    return False


def _asked(plain: Callable[..., Any], public: Any, args: tuple[Any, ...], kwargs: dict[str, Any], named: bool) -> Any:
    here = state
    if here.off == NOTHING:
        return plain(*args, **kwargs)
    relevant = [] if here.off else overloaded(_flat(args, kwargs), named)
    if not here.modes and not relevant:
        return plain(*args, **kwargs)
    if here.passing:
        here.passing = False
        return plain(*args, **kwargs)
    return answered(public, relevant, args, kwargs, named)


def _flat(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Any]:
    for a in (*args, *kwargs.values()):
        if KINDS[type(a)] == SEVERAL:
            yield from a
        else:
            yield a


def overloaded(values: Iterable[Any], plain_too: bool = False) -> list[Any]:
    """Those that answer, one of a type, a subclass before what it is derived from; plain tensors too, beside them, where PyTorch's function is
    in Python."""
    found: list[Any] = []
    types: set[type] = set()
    for each in values:
        kind = type(each)
        if KINDS[kind] == ANSWERS and kind not in types:
            types.add(kind)
            at = next((i for i, other in enumerate(found) if issubclass(kind, type(other))), len(found))
            found.insert(at, each)
        elif plain_too and kind is Tensor and kind not in types:
            types.add(kind)
            found.append(each)
    return found if types != {Tensor} else []


def answered(public: Any, relevant: Iterable[Any], args: tuple[Any, ...], kwargs: dict[str, Any], named: bool = False) -> Any:
    """What the innermost mode, which sees none of its own calls, or else the first argument gives that is not NotImplemented. TypeError where none does."""
    relevant = list(relevant)
    types = tuple(map(type, relevant))
    given = (public, types, args, kwargs) if kwargs or named else (public, types, args)
    modes = state.modes
    if modes:
        mode = modes.pop()
        try:
            result = mode.__torch_function__(*given)
        finally:
            modes.append(mode)
        if result is not NotImplemented:
            return result
    for each in relevant:
        result = each.__torch_function__(*given)
        if result is not NotImplemented:
            return result
    name = _name_of(public)
    if named:
        raise TypeError(f"no implementation found for '{name}' on types that implement __torch_function__: {list(types)}" + (f" nor in mode {modes[-1]}" if modes else ""))
    asked = [f"  - mode object {each}" for each in modes[-1:]] + [f"  - tensor subclass {each}" for each in types]
    raise TypeError("\n".join([f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n", *asked]))


def _name_of(public: Any) -> str:
    """The name by which an error speaks of a function."""
    name = getattr(public, "__name__", str(public))
    if getattr(Tensor, name, None) is public:
        return f"torch.Tensor.{name}"
    place = next((place for place, functions in NAMESPACES.items() if functions.get(name) is public), None)
    return f"torch.{name}" if place == "torch" else f"torch.{place}.{name}" if place else f"{getattr(public, '__module__', '')}.{name}"


# What the names of torch.overrides do.


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether `handle_torch_function` would have somebody to ask: a mode is entered, or the type of one of these has a `__torch_function__`.

    >>> import corelib as torch
    >>> torch.overrides.has_torch_function((torch.ones(1), 2))
    False
    """
    here = state
    found = here.off != NOTHING and (bool(here.modes) or (not here.off and any(KINDS[type(each)] == ANSWERS for each in relevant_args)))
    if found and here.passing:
        here.passing = False
        return False
    return found


def has_torch_function_unary(obj: Any) -> bool:
    """`has_torch_function` of one argument."""
    return has_torch_function((obj,))


def has_torch_function_variadic(*args: Any) -> bool:
    """`has_torch_function` of several arguments."""
    return has_torch_function(args)


def handle_torch_function(public_api: Callable[..., Any], relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """What the innermost mode, or the first `__torch_function__(public_api, types, args, kwargs)` of these, gives that is not NotImplemented.

    A subclass is asked before the class that it is derived from. TypeError where none answers.

    >>> import corelib as torch
    >>> class Two:
    ...     @classmethod
    ...     def __torch_function__(cls, func, types, args=(), kwargs=None):
    ...         return 2
    >>> torch.overrides.handle_torch_function(len, (Two(),), Two())
    2
    """
    return answered(public_api, overloaded(relevant_args, True) if state.off == EVERYTHING else (), args, kwargs, True)


def wrap_torch_function(dispatcher: Callable[P, Iterable[Any]]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator: the arguments that `dispatcher` picks from a call may answer it by their `__torch_function__`."""

    def wrap(func: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(func)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
            relevant = tuple(dispatcher(*args, **kwargs))
            if has_torch_function(relevant):
                answer: R = handle_torch_function(wrapped, relevant, *args, **kwargs)
                return answer
            return func(*args, **kwargs)

        return wrapped

    return wrap


def redispatch_function(func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
    """Run a function without asking anybody of this one call; what it calls in turn is asked as ever. For use in a `__torch_function__`."""
    here = state
    here.passing = True
    try:
        return func(*args, **kwargs or {})
    finally:
        here.passing = False


@contextmanager
def enable_reentrant_dispatch() -> Iterator[None]:
    """For the inside of a `__torch_dispatch__`, which corelib does not have: RuntimeError, as PyTorch's anywhere else."""
    raise RuntimeError("Accessing torch dispatch state outside of '__torch_dispatch__' is not allowed; corelib has no __torch_dispatch__: define __torch_function__")
    yield


class DisableTorchFunctionSubclass:
    """A context manager: no argument is asked for its `__torch_function__`; modes still are."""

    __slots__ = ("_before",)
    _off = SUBCLASSES

    def __init__(self) -> None:
        self._before: list[int] = []

    def __enter__(self) -> Self:
        self._before.append(state.off)
        state.off = max(state.off, self._off)
        return self

    def __exit__(self, *exc: object) -> None:
        state.off = self._before.pop()


class DisableTorchFunction(DisableTorchFunctionSubclass):
    """A context manager: neither arguments nor modes are asked."""

    __slots__ = ()
    _off = NOTHING


def unasked(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function inside which nobody is asked, as inside PyTorch's compiled code."""

    @functools.wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        before, state.off = state.off, NOTHING
        try:
            return function(*args, **kwargs)
        finally:
            state.off = before

    return quiet


def get_default_nowrap_functions() -> set[Any]:
    """The functions whose results a subclass of Tensor gets as they are, and not as its own class."""
    return {vars(kind)[name].__get__ for name in ("grad", "_grad", "_base") for kind in Tensor.__mro__ if name in vars(kind) and hasattr(vars(kind)[name], "__get__")}


_KEPT = ("_creation", "_inference", "_borrows_grad", "_view_version", "_retains_grad")
"""What a tensor may know of itself beside its slots."""


def of_class(result: Any, cls: type[Any]) -> Any:
    """A result as one of a subclass of Tensor, and the same of each tensor in a list or a tuple."""
    if isinstance(result, Tensor):
        if isinstance(result, cls):
            return result
        made = result.as_subclass(cls)
        known = result.__dict__
        for name in _KEPT:
            if name in known:
                setattr(made, name, known[name])
        return made
    if isinstance(result, (tuple, list)) and any(isinstance(each, (Tensor, tuple, list)) for each in result):
        parts = [of_class(each, cls) for each in result]
        kind: Any = type(result)
        return kind._make(parts) if hasattr(kind, "_make") and isinstance(result, tuple) and hasattr(kind, "_fields") else kind(parts)
    return result


def by_default(cls: type[Any], func: Any, types: Iterable[type], args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """`Tensor.__torch_function__`: the function itself, whose results become of the subclass."""
    if not all(issubclass(cls, each) for each in types):
        return NotImplemented
    here = state
    before, here.off = here.off, max(here.off, SUBCLASSES)
    try:
        result = func(*args, **kwargs or {})
    finally:
        here.off = before
    return result if cls is Tensor or func in get_default_nowrap_functions() else of_class(result, cls)
