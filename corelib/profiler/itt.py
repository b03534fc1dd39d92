"""Marks for Intel VTune, as torch.profiler.itt. There are none: `is_available()` says so, and the rest refuses as PyTorch does without ITT."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

__all__ = ["is_available", "mark", "range", "range_pop", "range_push"]


def is_available() -> bool:
    """False."""
    return False


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise RuntimeError(
        "ITT functions not installed: corelib sends no marks to Intel VTune. Name stretches of a program with corelib.profiler.record_function, and look "
        "at the trace of a profile"
    )


def range_push(msg: str) -> int:
    """RuntimeError: there is no ITT."""
    _refuse()


def range_pop() -> int:
    """RuntimeError: there is no ITT."""
    _refuse()


def mark(msg: str) -> None:
    """RuntimeError: there is no ITT."""
    _refuse()


@contextmanager
def range(msg: str, *args: Any, **kwargs: Any) -> Iterator[None]:
    """RuntimeError when it is entered: there is no ITT."""
    range_push(msg.format(*args, **kwargs))
    yield
