"""Compiled objects on disk, by the content they were made of: the text, the compiler, its flags, and the versions of all that the text relies on.

The folder is the user's alone. An object is read by a descriptor that is opened without following links, compared with the length and the
SHA-256 that were written beside it, and loaded through that descriptor, so that what was checked is what runs.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from corelib_cpu_native.compilers import compile_text, compiler, flags

_MOST = 512 << 20  # bytes
_opened: Counter[int] = Counter()


class Refused(OSError):
    """A folder that others may write to, or that is not the user's."""


def folder() -> Path:
    """Where objects are kept: CORELIB_NATIVE_CACHE, or the user's cache folder."""
    chosen = os.environ.get("CORELIB_NATIVE_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path  # only the pack needs it

    return user_cache_path("corelib") / "native"


def load(text: str) -> ctypes.CDLL:
    """The object of a text: kept, or compiled now. RuntimeError where it cannot be compiled; OSError where it cannot be kept or loaded at all."""
    key = hashlib.sha256("\0".join([text, compiler().identity, *flags(), np.__version__, sys.version]).encode()).hexdigest()
    try:
        place = _private(folder())
    except OSError:
        return _load_unkept(compile_text(text))
    descriptor = _checked(place, key)
    if descriptor is None:
        made = compile_text(text, place / "zig")
        try:
            _keep(place, key, made)
            descriptor = _checked(place, key)
        except OSError:
            descriptor = None
        if descriptor is None:  # a full disk, a folder that is read-only
            return _load_unkept(made)
    try:
        return _load(descriptor, str(place / f"{key}.so"))
    except OSError:
        (place / f"{key}.sum").unlink(missing_ok=True)  # whole, and no object that can be loaded: not to be found again
        raise


def _private(place: Path) -> Path:
    """The folder, made where it is not there; Refused where somebody else might write into it."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    here = os.stat(place, follow_symlinks=False)
    if not stat.S_ISDIR(here.st_mode) or here.st_uid != os.getuid() or here.st_mode & 0o077:
        raise Refused(f"{place} is not a folder that only this user may use")
    for parent in place.resolve().parents:
        above = os.stat(parent)
        writable = above.st_mode & 0o022 and not above.st_mode & stat.S_ISVTX
        if above.st_uid not in (0, os.getuid()) or writable:
            raise Refused(f"{parent} is not this user's, or others may write to it")
    return place


def _checked(place: Path, key: str) -> int | None:
    """A descriptor of a kept object that is whole; None where there is none."""
    try:
        expected = (place / f"{key}.sum").read_text().split()
        descriptor = os.open(place / f"{key}.so", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb", closefd=False) as file:
        data = file.read()
    mine = os.fstat(descriptor).st_uid == os.getuid()
    if mine and expected == [str(len(data)), hashlib.sha256(data).hexdigest()]:
        return descriptor
    os.close(descriptor)
    return None


def _keep(place: Path, key: str, made: bytes) -> None:
    """Write an object and what it is checked by, each as a whole."""
    for name, data in ((f"{key}.so", made), (f"{key}.sum", f"{len(made)} {hashlib.sha256(made).hexdigest()}".encode())):
        descriptor, path = tempfile.mkstemp(dir=place)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(path, place / name)
        except BaseException:
            os.unlink(path)
            raise
    _bound(place)


def _bound(place: Path) -> None:
    """Let the oldest objects go where there are too many bytes."""
    found = sorted([(file.stat().st_mtime, file.stat().st_size, file) for file in place.glob("*.so")], reverse=True)
    total = zigs()
    for _, size, file in found:
        total += size
        if total > _MOST:
            file.unlink(missing_ok=True)
            file.with_suffix(".sum").unlink(missing_ok=True)


def kept() -> list[tuple[Path, int]]:
    """The objects in the folder, and the bytes of each with what is beside it."""
    files = list(folder().glob("*.so")) if folder().is_dir() else []
    return [(file, sum(f.stat().st_size for f in (file, file.with_suffix(".sum")) if f.exists())) for file in sorted(files)]


def zigs() -> int:
    """The bytes that zig keeps there of its own libraries."""
    return sum(file.stat().st_size for file in (folder() / "zig").rglob("*") if file.is_file())


def clear() -> int:
    """Remove all objects; how many there were. Programs that have loaded one keep it."""
    found = kept()
    for file, _ in found:
        file.with_suffix(".sum").unlink(missing_ok=True)
        file.unlink(missing_ok=True)
    shutil.rmtree(folder() / "zig", ignore_errors=True)
    return len(found)


def _load_unkept(made: bytes) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory(prefix="corelib-") as place:
        path = Path(place, "kernels.so")
        path.write_bytes(made)
        return ctypes.CDLL(str(path))


def _load(descriptor: int, path: str) -> ctypes.CDLL:
    """Load through a descriptor. The loader knows objects by name, so that a number which is used again needs another name."""
    try:
        if not os.path.isdir("/proc/self/fd"):
            return ctypes.CDLL(path)
        _opened[descriptor] += 1
        return ctypes.CDLL("/proc/self" + "/." * _opened[descriptor] + f"/fd/{descriptor}")
    finally:
        os.close(descriptor)
