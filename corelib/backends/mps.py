"""torch.backends.mps: corelib has no backend for Metal; it answers as a PyTorch that is built without."""

from __future__ import annotations

from typing import NoReturn

__all__ = ["get_core_count", "get_name", "is_available", "is_built", "is_macos13_or_newer", "is_macos_or_newer"]


def is_built() -> bool:
    """False."""
    return False


def is_available() -> bool:
    """False.

    >>> import corelib as torch
    >>> "mps" if torch.backends.mps.is_available() else "cpu"
    'cpu'
    """
    return False


def _lacks(name: str) -> NoReturn:
    raise RuntimeError(f"torch.backends.mps.{name}(): corelib has no backend for MPS; ask torch.backends.mps.is_available() first")


def is_macos_or_newer(major: int, minor: int) -> bool:
    """RuntimeError, as without MPS: `platform.mac_ver()` tells the version."""
    _lacks("is_macos_or_newer")


def is_macos13_or_newer(minor: int = 0) -> bool:
    """RuntimeError, as without MPS: `platform.mac_ver()` tells the version."""
    _lacks("is_macos13_or_newer")


def get_name() -> str:
    """RuntimeError: there is no device."""
    _lacks("get_name")


def get_core_count() -> int:
    """RuntimeError: there is no device."""
    _lacks("get_core_count")
