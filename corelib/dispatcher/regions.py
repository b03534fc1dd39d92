"""Named stretches of a program, and who records them: `record_function`, and the one recorder that a profiler sets while it runs.

What can be recorded asks `watched.recorder`, one attribute, and does no more while that is None.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any, TypeVar, cast

from corelib.graph.node import Gradient, Grads, Node

F = TypeVar("F", bound=Callable[..., Any])


def kineto_available() -> bool:
    """Whether profiles can be taken; corelib's need no other library."""
    return True


class Recorder:
    """What a profiler gives to those it watches. This one records nothing."""

    def begin(self, name: str, args: str | None = None) -> Any:
        """A stretch that the program has named begins; what is returned goes to `end`. None where nothing is recorded."""

    def end(self, begun: Any) -> None:
        """It ends, and with it what began inside it."""

    def run_node(self, node: Node, g: Gradient) -> Grads:
        """`node.apply(g)` in a backward; the node before it has been left."""
        return node.apply(g)

    def reach(self, node: Node) -> None:
        """The gradient of a leaf is about to be accumulated."""

    def leave_nodes(self) -> None:
        """The backward is over."""

    def wants_inplace(self, op: Any) -> bool:
        """Whether the in-place form of an op, which begins now, is to run inside `inplace`; it asks again there, and the answer is no."""
        return False

    def inplace(self, op: Any, args: Any) -> AbstractContextManager[object]:
        """A context for the in-place form of an op, inside which its plain form is nothing of its own."""
        return nullcontext()


class Watched:
    """Who records, or None; set by the profiler that starts."""

    __slots__ = ("recorder",)

    def __init__(self) -> None:
        self.recorder: Recorder | None = None


watched = Watched()


class record_function:
    """A context, or a decorator, that names a stretch of a program for the profiler; it costs next to nothing while none runs.

    name: what the profile shows. args: a string that goes into the trace beside it.

    >>> import corelib as torch
    >>> with torch.profiler.profile() as prof:
    ...     with torch.profiler.record_function("double"):
    ...         y = torch.ones(3) * 2
    >>> [event.key for event in prof.key_averages() if event.key == "double"]
    ['double']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name
        self.args = args
        self._begun: list[tuple[Recorder, Any]] = []

    def __enter__(self) -> record_function:
        recorder = watched.recorder
        if recorder is not None:
            self._begun.append((recorder, recorder.begin(self.name, self.args)))
        return self

    def __exit__(self, *exception: object) -> None:
        if self._begun:
            recorder, begun = self._begun.pop()
            recorder.end(begun)

    def __call__(self, function: F) -> F:
        @wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        made: Any = recorded
        return cast("F", made)
