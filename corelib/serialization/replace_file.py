"""Writing a file so that a reader sees the old contents or the new, never a part, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import IO

__all__ = ["replacing"]


@contextlib.contextmanager
def replacing(path: str | bytes | os.PathLike[str], op: str = "save") -> Iterator[IO[bytes]]:
    """A file to write; it takes the place of `path` when the block ends, and is removed when the block raises.

    It is written beside `path` and flushed to the disk first. A symbolic link stays, and its target is replaced; a
    device or a pipe is written directly. An existing file keeps its permission bits.

    RuntimeError where the folder does not exist or `path` is a folder, OSError where it cannot be written.
    """
    target = os.path.realpath(os.fsdecode(path))
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise RuntimeError(f"{op}(): Parent directory {folder} does not exist.")
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        mode = None
    if mode is not None:
        if stat.S_ISDIR(mode):
            raise RuntimeError(f"{op}(): {target} is a directory; expected the path of a file to write")
        if not stat.S_ISREG(mode):
            with open(target, "wb") as direct:
                yield direct
            return
        if not os.access(target, os.W_OK):
            raise PermissionError(f"{op}(): {target} is not writable")
    temporary = os.path.join(folder, f".corelib-{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, stat.S_IMODE(mode))
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _flush_folder(folder)


def _flush_folder(folder: str) -> None:
    """Make the new name itself survive a power cut, on systems where folders can be flushed."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems cannot; the file's data is on the disk by now.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
