"""How many threads compute on the cpu: what `torch.get_num_threads` and its like say, asked of the cpu's backend."""

from __future__ import annotations

import os

from corelib.dispatcher.runtime import at_work
from corelib.dispatcher.warned import warn
from corelib.tensor.device import resolve

_between: int | None = None


def get_num_threads() -> int:
    """How many threads one operation on the cpu may use, as its backend tells: for the NumPy backend those of its BLAS.

    >>> import corelib as torch
    >>> torch.get_num_threads() >= 1
    True
    """
    return at_work(resolve("cpu")).backend.get_num_threads()


def set_num_threads(n: int) -> None:
    """Set how many threads one operation on the cpu may use. RuntimeError for what is no int, or below 1; a warning where the backend cannot be told.

    >>> import corelib as torch
    >>> torch.set_num_threads(torch.get_num_threads())
    """
    if not at_work(resolve("cpu")).backend.set_num_threads(_count("set_num_threads", n)):
        warn("set_num_threads(): the cpu's backend cannot be told how many threads to use; set OMP_NUM_THREADS before the program starts")


def get_num_interop_threads() -> int:
    """How many operations may run beside each other: what `set_num_interop_threads` has set, at first the number of processors.

    corelib runs the operations of a thread one after the other; those of several threads of a program run beside each other.
    """
    return os.cpu_count() or 1 if _between is None else _between


def set_num_interop_threads(n: int) -> None:
    """Set what `get_num_interop_threads` gives, once. RuntimeError for what is no int, below 1, or a second time."""
    global _between
    _count("set_num_interop_threads", n)
    if _between is not None:
        raise RuntimeError("set_num_interop_threads(): Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called")
    _between = n


def init_num_threads() -> None:
    """Nothing: the threads are there."""


def set_flush_denormal(mode: bool) -> bool:
    """Whether numbers too small for a normal one could be made 0 on the cpu: False, as NumPy cannot be told to. RuntimeError for what is no bool.

    >>> import corelib as torch
    >>> torch.set_flush_denormal(True)
    False
    """
    if not isinstance(mode, bool):
        raise RuntimeError(f"set_flush_denormal(): flush_denormal expects a bool, but got {type(mode).__name__}")
    return False


def _count(name: str, n: object) -> int:
    if type(n) is not int:
        raise RuntimeError(f"{name} expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"{name} expects a positive integer, got {n}")
    return n
