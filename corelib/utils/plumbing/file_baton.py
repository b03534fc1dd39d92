"""A lock between processes: a file that only one of them can make."""

from __future__ import annotations

import os
import time

from corelib.as_torch.warned import warn

__all__ = ["FileBaton"]


class FileBaton:
    """A lock that whoever makes the file holds.

    wait_seconds: how long `wait` sleeps between looks. warn_after_seconds: when it warns that it still waits; never for None.
    """

    def __init__(self, lock_file_path: str, wait_seconds: float = 0.1, warn_after_seconds: float | None = None) -> None:
        self.lock_file_path = lock_file_path
        self.wait_seconds = wait_seconds
        self.warn_after_seconds = warn_after_seconds
        self.fd: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock; False where somebody holds it."""
        try:
            self.fd = os.open(self.lock_file_path, os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        return True

    def wait(self) -> None:
        """Sleep until nobody holds the lock."""
        begun, warned = time.monotonic(), self.warn_after_seconds is None
        while os.path.exists(self.lock_file_path):
            time.sleep(self.wait_seconds)
            if not warned and self.warn_after_seconds is not None and time.monotonic() - begun > self.warn_after_seconds:
                warn(f'Waited on lock file "{self.lock_file_path}" for {self.warn_after_seconds} seconds.')
                warned = True

    def release(self) -> None:
        """Give the lock back."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
        os.remove(self.lock_file_path)
