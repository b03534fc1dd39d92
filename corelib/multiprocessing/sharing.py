"""Storages in memory that other processes can have: how they get there, and how often one is held.

A strategy says how many storages share a file: with "file_descriptor" each has its own, which is freed at once, with "file_system"
many small ones have one, which needs few descriptors. Neither leaves a name in a file system, as PyTorch's second one does.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

from corelib.multiprocessing.memory import SHARES, Arena, Segment, alone, write
from corelib.tensor.device import resolve
from corelib.tensor.storage import FIXED, SHARED, Storage, holders
from corelib.tensor.tensor import Tensor

_STRATEGIES = ("file_descriptor", "file_system")
_lock = threading.RLock()
_arena = Arena()


class _Setting:
    strategy = _STRATEGIES[0]


def _in_child() -> None:
    _arena.forget()
    _lock.release()


if SHARES:
    # No child begins while a thread of its parent moves a storage.
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_in_child)

cache: WeakValueDictionary[tuple[int, int, int], Storage] = WeakValueDictionary()
"""The shared storages of this process by file and place, so that memory which comes twice is one Storage."""


def set_sharing_strategy(new_strategy: str) -> None:
    """How storages are shared from now on: "file_descriptor" or "file_system"; AssertionError for others."""
    if new_strategy not in _STRATEGIES:
        raise AssertionError(f"invalid sharing strategy {new_strategy!r}, expected one of {set(_STRATEGIES)}")
    _Setting.strategy = new_strategy


def get_sharing_strategy() -> str:
    """How storages are shared: "file_descriptor" unless set otherwise.

    >>> import corelib as torch
    >>> torch.multiprocessing.get_sharing_strategy()
    'file_descriptor'
    """
    return _Setting.strategy


def get_all_sharing_strategies() -> set[str]:
    """The strategies there are.

    >>> import corelib as torch
    >>> sorted(torch.multiprocessing.get_all_sharing_strategies())
    ['file_descriptor', 'file_system']
    """
    return set(_STRATEGIES)


def segment_of(storage: Storage) -> Segment:
    """Where a shared Storage lies."""
    found = storage._itself()._lease
    assert isinstance(found, Segment)
    return found


def note(storage: Storage) -> None:
    """Remember a shared Storage for when its memory comes again."""
    segment = segment_of(storage)
    cache[(*segment.file.key, segment.start)] = storage


def share(which: Sequence[Tensor | Storage]) -> None:
    """Move the memory of tensors and storages to where other processes can have it; what is there already stays.

    All that lies over it moves along, only NumPy arrays keep the old. RuntimeError for what is not on the cpu.
    """
    with _lock:
        alone_here: dict[int, Tensor] = {}
        todo: dict[int, Storage] = {}
        for one in which:
            if one.device.type != "cpu":
                raise RuntimeError(f"share_memory_(): only available on CPU, got {_named(one)}; share one that has been moved with .cpu()")
            held_alone = isinstance(one, Tensor) and _references(_with_storage(one)) == _ALONE
            of = (one._own_storage() if isinstance(one, Tensor) else one)._itself()
            if of._state & SHARED:
                continue
            if held_alone and id(of) not in todo and isinstance(one, Tensor) and one._storage is of:
                alone_here[id(of)] = one
            else:
                alone_here.pop(id(of), None)
            todo[id(of)] = of
        if not todo:
            return
        if not SHARES:
            raise RuntimeError(f"share_memory_(): corelib shares no memory between processes on {sys.platform}; send the tensors as copies")
        made = {key: _copied(of) for key, of in todo.items()}
        several = [of for key, of in todo.items() if key not in alone_here]
        twins, tensors = holders(several) if several else ([], [])
        for storage in (*todo.values(), *twins):
            of = storage._itself()
            segment, raw = made[id(of)]
            storage._state = FIXED | SHARED
            if segment is not None:
                storage._raw, storage._lease = raw, segment
            if storage.read_only:
                storage.become_writable()
        for t in (*alone_here.values(), *tensors):
            t._native = None
        for of in todo.values():
            if of._nbytes:
                note(of)


def shared_storage(segment: Segment) -> Storage:
    """The Storage of this process over a segment: the one that is there, or a new one."""
    with _lock:
        known = cache.get((*segment.file.key, segment.start))
        if known is not None:
            return known
        where = resolve("cpu")
        storage: Storage = object.__new__(Storage)
        storage._over(where, where.runtime.small_buffer(segment.array()), segment.size)
        storage._state = FIXED | SHARED
        storage._lease = segment
        note(storage)
        return storage


def _segment(size: int) -> Segment:
    with _lock:
        return alone(size) if _Setting.strategy == "file_descriptor" else _arena.segment(size)


def _copied(of: Storage) -> tuple[Segment | None, Any]:
    """The bytes in a segment of their own, and the buffer over it; nothing for no bytes."""
    if not of._nbytes:
        return None, None
    segment = _segment(of._nbytes)
    write(segment.file.descriptor, segment.start, of.to_host_bytes())
    return segment, of.device.runtime.small_buffer(segment.array())


def _named(one: Tensor | Storage) -> str:
    return f"a {'tensor' if isinstance(one, Tensor) else 'storage'} on {one.device}"


def _with_storage(t: Tensor) -> Tensor:
    t._own_storage()
    return t


def _references(holder: Any) -> int:
    found = holder._storage
    return sys.getrefcount(found)


_ALONE = _references(SimpleNamespace(_storage=object()))
"""What `_references` says where nobody else holds the Storage: then nobody has to be looked for."""
