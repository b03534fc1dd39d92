"""How a worker's batch reaches its parent: the pickle through a pipe, large arrays through one memory-mapped file.

Protocol 5 of pickle hands out the buffers of arrays and tensors, wherever they are in the batch. Those above a threshold
are written to a file in shared memory, which the parent maps and unlinks at once. What a killed worker may leave behind
begins with the loader's own prefix and is removed by `sweep`.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
from typing import Any

FOLDER = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()
THRESHOLD = 1 << 16
_ALIGN = 64


def pack(batch: Any, prefix: str, number: int) -> tuple[bytes, list[Any], str | None]:
    """A batch as (pickle, buffers, file): a buffer is bytes, or (offset, length) in the file."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(batch, 5, buffer_callback=buffers.append)
    raw = [b.raw() for b in buffers]
    if sum(r.nbytes for r in raw) < THRESHOLD:
        return head, [bytes(r) for r in raw], None
    parts: list[Any] = []
    size = 0
    for r in raw:
        parts.append((size, r.nbytes))
        size += (r.nbytes + _ALIGN - 1) // _ALIGN * _ALIGN
    path = os.path.join(FOLDER, f"{prefix}{os.getpid()}_{number}")
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        os.ftruncate(descriptor, max(size, 1))
        with mmap.mmap(descriptor, max(size, 1)) as memory:
            for r, (start, length) in zip(raw, parts, strict=True):
                memory[start : start + length] = r
    finally:
        os.close(descriptor)
    return head, parts, path


def unpack(packed: tuple[bytes, list[Any], str | None]) -> Any:
    """The batch; its large arrays live in memory that is freed with the last of them."""
    head, parts, path = packed
    if path is None:
        return pickle.loads(head, buffers=[bytearray(p) for p in parts])
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.unlink(path)
        memory = mmap.mmap(descriptor, 0)
    finally:
        os.close(descriptor)
    view = memoryview(memory)
    return pickle.loads(head, buffers=[view[start : start + length] for start, length in parts])


def discard(packed: tuple[bytes, list[Any], str | None]) -> None:
    """Remove the file of a batch that nobody wants."""
    if packed[2] is not None:
        try:
            os.unlink(packed[2])
        except FileNotFoundError:
            return


def sweep(prefix: str) -> None:
    """Remove what workers with this prefix have left."""
    for name in os.listdir(FOLDER):
        if name.startswith(prefix):
            try:
                os.unlink(os.path.join(FOLDER, name))
            except FileNotFoundError:
                continue
