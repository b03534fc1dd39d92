"""Locks in forked processes. A child has one thread, the one that forked: what another thread held would be held for ever there."""

from __future__ import annotations

import os
from typing import Any, TypeVar
from weakref import ref

Lock = TypeVar("Lock")

_locks: list[ref[Any]] = []
_full = 64  # how many known locks there may be before those that are gone are forgotten


def free_in_child(lock: Lock) -> Lock:
    """Make a lock of `threading` or `_thread` known, so that it is free in a forked child; the lock is returned."""
    global _full
    if len(_locks) >= _full:
        _locks[:] = [known for known in _locks if known() is not None]
        _full = max(64, 2 * len(_locks))
    _locks.append(ref(lock))
    return lock


def _free_all() -> None:
    for known in _locks:
        lock = known()
        if lock is not None:
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all)
