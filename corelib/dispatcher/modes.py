"""Modes: what may stand between a call and its kernel, such as autocast, a profiler or a tracer.

One counter, `active.count`, says whether any thread has a mode; the entry functions test only that. The stack itself
belongs to the thread, so a mode never sees another thread's calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

from corelib.contract.forks import free_in_child
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.rule import Args


class _Active:
    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class _Stack(threading.local):
    def __init__(self) -> None:
        self.modes: list[Mode] = []
        self.hidden: list[Mode] = []  # those that see nothing now, for their own dispatch runs; an entered mode is in one of the two
        self.passed: int | None = None  # how many modes, from the outermost, the call that begins now still has to meet; None for all


active = _Active()
_stack = _Stack()
_lock = free_in_child(threading.Lock())


class Mode:
    """A context manager that sees every op called in its thread. Override `dispatch`.

    >>> import corelib as torch
    >>> from corelib.dispatcher import Mode
    >>> class Names(Mode):
    ...     def __init__(self):
    ...         self.seen = []
    ...     def dispatch(self, op, call, args, kwargs):
    ...         self.seen.append(op.name)
    ...         return call(*args, **kwargs)
    >>> with Names() as names:
    ...     _ = torch.ones(2) + 1
    >>> names.seen
    ['add']
    """

    inside = False
    """Whether it also sees what the op calls in turn, in `call`; what it computes itself it never sees."""

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Called in place of `op(*args, **kwargs)`; `call` runs the op itself, below this mode."""
        return call(*args, **kwargs)

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Called, where it is overridden, in place of a public function that is made of ops. Of the ops this mode then sees none, unless
        it calls the function inside `below`."""
        return call(*args, **kwargs)

    def __enter__(self) -> Self:
        _stack.modes.append(self)
        with _lock:
            active.count += 1
        return self

    def __exit__(self, *exc: object) -> None:
        (_stack.modes if self in _stack.modes else _stack.hidden).remove(self)
        with _lock:
            active.count -= 1


def enter_outermost(mode: Mode) -> None:
    """Enter a mode below all others, so that it sees what they make of a call; it is left as any other."""
    _stack.modes.insert(0, mode)
    with _lock:
        active.count += 1


def entered() -> list[Mode]:
    """The modes of this thread, those first that see what is called now.

    >>> entered()
    []
    """
    return [*_stack.modes, *_stack.hidden]


def top() -> Mode | None:
    """The mode that a call beginning in this thread meets: the innermost one. Whoever asks this and gets one goes on to `run`."""
    stack = _stack
    passed = stack.passed
    if passed is None:
        return stack.modes[-1] if stack.modes else None
    if passed:
        return stack.modes[passed - 1]
    stack.passed = None
    return None


def run(op: Op, args: Args, kwargs: Kwargs) -> Any:
    """Give a call to the innermost mode, which sees neither itself nor what lies above it while it runs; but see `Mode.inside`."""
    if len(args) > op.positional:  # the entries pass everything by position
        kwargs = {**dict(zip(op.params[op.positional :], args[op.positional :], strict=False)), **kwargs}
        args = args[: op.positional]
    stack = _stack
    modes = stack.modes
    place = (len(modes) if stack.passed is None else stack.passed) - 1
    stack.passed = None
    mode = modes[place]
    hidden = modes[place:]
    _hide(hidden)
    try:
        return mode.dispatch(op, _onward(op.entry, place, hidden) if mode.inside else op.entry, args, kwargs)
    finally:
        _show(hidden)


def _hide(modes: list[Mode]) -> None:
    """Take modes from the stack; one that was left meanwhile stays away."""
    for mode in modes:
        if mode in _stack.modes:
            _stack.modes.remove(mode)
            _stack.hidden.append(mode)


def _show(modes: list[Mode]) -> None:
    """Put hidden modes on top of the stack; one that was left meanwhile stays away."""
    for mode in modes:
        if mode in _stack.hidden:
            _stack.hidden.remove(mode)
            _stack.modes.append(mode)


def _onward(entry: Callable[..., Any], place: int, hidden: list[Mode]) -> Callable[..., Any]:
    """A call that meets only the modes below a place, while those above it see what it does inside."""

    def call(*args: Any, **kwargs: Any) -> Any:
        stack = _stack
        _show(hidden)
        stack.passed = place
        try:
            return entry(*args, **kwargs)
        finally:
            stack.passed = None
            _hide(hidden)

    return call


def run_function(name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs, place: int | None = None) -> Any:
    """Give a call of a public function that is made of ops to the modes that want such, the innermost first; all other modes see its ops."""
    modes = _stack.modes
    for i in range(len(modes) - 1 if place is None else place, -1, -1):
        mode = modes[i]
        if type(mode).dispatch_function is not Mode.dispatch_function:
            above = modes[i + 1 :]
            _hide([mode])
            try:
                return mode.dispatch_function(name, partial(_run_function_below, name, call, i - 1), args, kwargs)
            finally:
                _show([mode])
                modes.sort(key=above.__contains__)  # at its place again; the sort is stable
    return call(*args, **kwargs)


def _run_function_below(name: str, call: Callable[..., Any], place: int, /, *args: Any, **kwargs: Any) -> Any:
    return run_function(name, call, args, kwargs, min(place, len(_stack.modes) - 1))


@contextmanager
def below(mode: Mode) -> Iterator[None]:
    """Inside a mode's own dispatch: let it see what is called from here."""
    _show([mode])
    try:
        yield
    finally:
        _hide([mode])
