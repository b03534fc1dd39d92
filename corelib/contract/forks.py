"""What a forked process may use: locks, and devices whose drivers stay behind.

A child has one thread, the one that forked. A lock that another thread held at the fork would be held for ever in the child, so the locks
of the library are made known here and are free there. Most drivers have threads of their own, and calls of them never return in the child:
their devices raise an error there, as PyTorch's do.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, NoReturn, TypeVar
from weakref import ref

from corelib.contract.backend import OPTIONAL, Backend

Lock = TypeVar("Lock")

_locks: list[ref[Any]] = []
_full = 64  # how many known locks there may be before those that are gone are forgotten

_USES = ("allocate", "host_to_device", "device_to_host", "device_to_device", "synchronize", "default_queue", *OPTIONAL)


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


def stays_behind(backend: Backend, *others: tuple[object, str]) -> None:
    """Say that a backend's driver does not survive a fork: in a child of this process its methods raise RuntimeError, and so do `others`,
    (object, name of a method) each. `free` does nothing there.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_leave, backend, others))


def forked(device_type: str) -> RuntimeError:
    """The error of a device whose driver was started in the parent."""
    return RuntimeError(
        f"Cannot re-initialize {device_type} in forked subprocess: its driver was started in the parent process. To use {device_type} "
        "with multiprocessing, you must use the 'spawn' start method, or use it first in the child"
    )


def _leave(backend: Backend, others: tuple[tuple[object, str], ...]) -> None:
    def refuse(*args: object, **kwargs: object) -> NoReturn:
        raise forked(backend.device_type)

    for name in _USES:
        setattr(backend, name, refuse)
    for owner, name in others:
        setattr(owner, name, refuse)
    setattr(backend, "free", _nothing)  # noqa: B010  (mypy: a method)


def _nothing(buffer: object, index: int) -> None:
    return None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_all)
