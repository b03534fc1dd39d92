"""Writing a file so that a reader sees the old contents or the new, never a part, whatever happens in between.

The new contents are written beside the old and take their name. Where that would miss what the path names (a file of several names, one
that is open under /proc/self/fd, one of another owner, a mounted file, a folder that cannot be written), they are written in full
elsewhere first and then copied over the old, so that only a power cut or a full disk within the copying leaves a part.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from typing import IO

from corelib.serialization.archive import write_all

__all__ = ["replacing"]


@contextlib.contextmanager
def replacing(path: str | bytes | os.PathLike[str], op: str = "save") -> Iterator[IO[bytes]]:
    """A file to write; it takes the place of `path` when the block ends, and is removed when the block raises.

    It is flushed to the disk first. A symbolic link stays, and its target is replaced; a device or a pipe is written directly. An
    existing file keeps its permission bits, its owner and its other names.

    RuntimeError where the folder does not exist or `path` is a folder, OSError where it cannot be written.
    """
    name = os.fsdecode(path)
    target = os.path.realpath(name)
    folder = os.path.dirname(target)
    old = _stat(name)
    if old is not None and stat.S_ISDIR(old.st_mode):
        raise RuntimeError(f"{op}(): {name} is a directory; expected the path of a file to write")
    if os.path.basename(name) in ("", ".", ".."):
        raise RuntimeError(f"{op}(): Parent directory {os.path.dirname(name)} does not exist.")
    if old is None:
        for parent in (os.path.dirname(name) or ".", folder):
            if not os.path.isdir(parent):
                raise RuntimeError(f"{op}(): Parent directory {parent} does not exist.")
        with _beside(folder, name) as (temporary, file):
            yield file
            _flush(file)
            os.replace(temporary, target)
    elif not stat.S_ISREG(old.st_mode):
        with open(name, "wb") as direct:
            yield direct
        return
    elif not os.access(name, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(f"{op}(): {name} is not writable")
    elif not _can_be_renamed(name, target, old):
        with tempfile.TemporaryFile() as file:
            yield file
            _copy_over(name, file)
        return
    else:
        with contextlib.ExitStack() as stack:
            try:
                temporary, file = stack.enter_context(_beside(folder, name))
            except OSError:  # no right to make files in this folder
                temporary, file = "", stack.enter_context(tempfile.TemporaryFile())
            yield file
            _flush(file)
            if not (temporary and _take_place(temporary, target, old)):
                _copy_over(name, file)
    _flush_folder(folder)


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _can_be_renamed(name: str, target: str, old: os.stat_result) -> bool:
    """Whether the file that `name` leads to is the one called `target`, and has no other name."""
    link = name
    for _ in range(40):  # as many links as the system follows
        if os.path.realpath(os.path.dirname(link) or ".").startswith("/proc/"):
            return False  # the name of an open file, which is to go on being that file
        if not os.path.islink(link):
            break
        link = os.path.join(os.path.dirname(link), os.readlink(link))
    found = _stat(target)
    return found is not None and os.path.samestat(found, old) and old.st_nlink == 1


@contextlib.contextmanager
def _beside(folder: str, name: str) -> Iterator[tuple[str, IO[bytes]]]:
    """A new file in a folder, with its path; it is gone at the end, unless it has got another name. `name` is what errors name."""
    temporary = os.path.join(folder, f".corelib-{secrets.token_hex(8)}.tmp")
    try:
        try:
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            error.filename = name
            raise
        with open(descriptor, "w+b") as file:
            yield temporary, file
    finally:
        with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
            os.unlink(temporary)


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _take_place(temporary: str, target: str, old: os.stat_result) -> bool:
    """Give a file the owner, the rights and the name of an old one; False where that is not possible."""
    try:
        mine = os.stat(temporary)
        if hasattr(os, "chown") and (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
            os.chown(temporary, old.st_uid, old.st_gid)
        os.chmod(temporary, stat.S_IMODE(old.st_mode))
        if hasattr(os, "listxattr"):  # access control lists among them
            for attribute in os.listxattr(target):
                os.setxattr(temporary, attribute, os.getxattr(target, attribute))
        os.replace(temporary, target)
    except OSError:  # not ours to give away, a sticky folder, a mounted file
        return False
    return True


def _copy_over(name: str, file: IO[bytes]) -> None:
    """Copy what has been written to `file` over the contents of another."""
    file.flush()
    size = file.seek(0, os.SEEK_END)
    with open(os.open(name, os.O_WRONLY | getattr(os, "O_BINARY", 0)), "wb", buffering=0) as over:
        _reserve(over, size)
        try:
            _copy(file, over, size)
        except KeyboardInterrupt:  # half of it would be worth nothing
            _copy(file, over, size)
            raise
        with contextlib.suppress(OSError):  # a file in memory has no disk
            os.fsync(over.fileno())


def _reserve(over: IO[bytes], size: int) -> None:
    """Let a full disk show before the old contents are gone."""
    if not size or not hasattr(os, "posix_fallocate"):
        return
    before = os.fstat(over.fileno()).st_size
    try:
        os.posix_fallocate(over.fileno(), 0, size)
    except OSError as error:  # not every file system can
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            over.truncate(before)
            raise


def _copy(file: IO[bytes], over: IO[bytes], size: int) -> None:
    file.seek(0)
    over.seek(0)
    while part := file.read(1 << 20):
        write_all(over, part)
    over.truncate(size)


def _flush_folder(folder: str) -> None:
    """Make the new name itself survive a power cut, on systems where folders can be flushed."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    # Some network file systems cannot, and some folders cannot be read; the file's data is on the disk by now.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
