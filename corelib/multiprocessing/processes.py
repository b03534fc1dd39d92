"""What a process can be told about itself: that it ends with its parent, and a name for its threads."""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_GET_NAME = 1, 15, 16


def _prctl(what: int, value: object) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(what, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"prctl: {os.strerror(number)}")


def set_pdeathsig(signal: int) -> None:
    """Let the kernel send this process a signal when its parent ends; on Linux, nothing elsewhere."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(int(signal)))


def set_thread_name(name: str) -> None:
    """Name the current thread for whoever looks at the process: at most 15 bytes are kept; on Linux, nothing elsewhere."""
    if sys.platform == "linux":
        _prctl(_PR_SET_NAME, ctypes.create_string_buffer(name.encode()[:15]))


def get_thread_name() -> str:
    """The name of the current thread as the kernel has it; empty off Linux."""
    if sys.platform != "linux":
        return ""
    found = ctypes.create_string_buffer(16)
    _prctl(_PR_GET_NAME, found)
    return found.value.decode()
