"""Memory that several processes have: files without a name, and pieces of them that are mapped.

No name is left behind, and the kernel frees a file with its last descriptor and mapping, however the processes end. A mapping
holds no descriptor; what holds one is a `File`, for as long as somebody here may hand it on.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from corelib.tensor.host import HostArray, np

SHARES = sys.platform != "win32"
"""Whether this platform passes descriptors between processes."""
PAGE = mmap.ALLOCATIONGRANULARITY
Key = tuple[int, int]
"""A file's device and number: the same in all processes."""

_map: Any = None
_unmap: Callable[[int, int], int] | None = None
_FAILED = ctypes.c_void_p(-1).value
if SHARES:
    _libc = ctypes.CDLL(None, use_errno=True)
    _map, _unmap = _libc.mmap, _libc.munmap
    _map.restype = ctypes.c_void_p
    _map.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64)
    _libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


class _Mapping:
    """A mapped piece of a file, as NumPy sees it; the array over it keeps it alive."""

    __slots__ = ("__array_interface__", "_address", "_size", "_unmap")

    def __init__(self, address: int, size: int) -> None:
        self._address, self._size, self._unmap = address, size, _unmap
        self.__array_interface__ = {"data": (address, False), "shape": (size,), "typestr": "|u1", "version": 3}

    def __del__(self) -> None:
        if self._unmap is not None:
            self._unmap(self._address, self._size)


def mapped(descriptor: int, start: int, size: int, private: bool = False) -> HostArray:
    """Bytes of a file as an array of uint8, which holds no descriptor; OSError where the kernel refuses. `start` lies on a page.

    private: what is written is seen here alone.
    """
    # Not the mmap module: until Python 3.13 a mapping of its keeps a descriptor for its life.
    if not size:
        return np.empty(0, np.uint8)
    kind = mmap.MAP_PRIVATE if private else mmap.MAP_SHARED
    address = _map(None, size, mmap.PROT_READ | mmap.PROT_WRITE, kind, descriptor, start)
    if address == _FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return np.asarray(_Mapping(address, size))


def anonymous_file(name: str) -> int:
    """The descriptor of a new file in memory; `name` is only for whoever looks at the process."""
    if sys.platform == "linux":
        return os.memfd_create(name)
    descriptor, path = tempfile.mkstemp(prefix=name)
    os.unlink(path)
    return descriptor


def write(descriptor: int, start: int, blob: Any) -> None:
    """Write all bytes of a buffer at a place of a file."""
    rest = memoryview(blob).cast("B")
    while len(rest):
        done = os.pwrite(descriptor, rest, start)
        rest, start = rest[done:], start + done


class File:
    """An open file without a name. The descriptor closes with the last reference."""

    __slots__ = ("__weakref__", "_close", "descriptor", "key")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._close = os.close
        self.key = key_of(descriptor)
        open_files[self.key] = self

    def __del__(self) -> None:
        self._close(self.descriptor)


open_files: WeakValueDictionary[Key, File] = WeakValueDictionary()
"""The files that this process holds open, so that a file which comes twice is held once."""


def key_of(descriptor: int) -> Key:
    """What names an open file in all processes."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def received(descriptor: int) -> File:
    """The file of a descriptor that came from elsewhere and is now ours."""
    known = open_files.get(key_of(descriptor))
    if known is None:
        return File(descriptor)
    os.close(descriptor)
    return known


class Segment:
    """A piece of a file: what a shared Storage holds, so that it can be handed on."""

    __slots__ = ("__weakref__", "file", "size", "start")

    def __init__(self, file: File, start: int, size: int) -> None:
        self.file, self.start, self.size = file, start, size

    def array(self) -> HostArray:
        """Its bytes."""
        return mapped(self.file.descriptor, self.start, self.size)


class Arena:
    """Gives segments of one file after the other, so that many small ones need few descriptors.

    What is large has a file of its own. The memory of a file is free when the last of its segments is.
    """

    SIZE = 1 << 24
    LARGE = SIZE // 4

    def __init__(self) -> None:
        self._file: File | None = None
        self._end = 0

    def segment(self, size: int) -> Segment:
        """A new one, whose bytes are 0."""
        if size > self.LARGE:
            return alone(size)
        room = -(-size // PAGE) * PAGE
        if self._file is None or self._end + room > self.SIZE:
            self._file, self._end = _file(self.SIZE), 0
        start, self._end = self._end, self._end + room
        return Segment(self._file, start, size)

    def forget(self) -> None:
        """Begin anew: the file is the parent's."""
        self._file = None


def alone(size: int) -> Segment:
    """A new segment in a file of its own, whose bytes are 0."""
    return Segment(_file(size), 0, size)


def _file(size: int) -> File:
    try:
        file = File(anonymous_file("corelib_shared"))
        os.ftruncate(file.descriptor, size)
    except OSError as error:
        advice = ""
        if error.errno in (errno.EMFILE, errno.ENFILE):
            advice = (
                "; every shared storage holds a descriptor: raise the limit with `ulimit -n`, or share many storages in one file "
                "with torch.multiprocessing.set_sharing_strategy('file_system')"
            )
        raise RuntimeError(f"share_memory_(): unable to make {size} bytes of shared memory: {error}{advice}") from error
    return file
