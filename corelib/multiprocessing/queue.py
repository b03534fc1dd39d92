"""Queues under PyTorch's path. multiprocessing's own pass tensors as shared memory already, so these are theirs.

As with multiprocessing's classes a context is given; that of the program is taken where there is none.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.queues
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # where they run they are not generic
    _Queue = multiprocessing.queues.Queue[Any]
    _SimpleQueue = multiprocessing.queues.SimpleQueue[Any]
else:
    _Queue, _SimpleQueue = multiprocessing.queues.Queue, multiprocessing.queues.SimpleQueue

__all__ = ["Queue", "SimpleQueue"]


class Queue(_Queue):
    """A queue of at most `maxsize` objects, of any number where it is 0."""

    def __init__(self, maxsize: int = 0, *, ctx: Any = None) -> None:
        super().__init__(maxsize, ctx=ctx or multiprocessing.get_context())


class SimpleQueue(_SimpleQueue):
    """A queue without a thread: `put` waits while the pipe is full."""

    def __init__(self, *, ctx: Any = None) -> None:
        super().__init__(ctx=ctx or multiprocessing.get_context())
