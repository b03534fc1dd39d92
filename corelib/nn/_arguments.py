"""What layers take: the types of their arguments, and one int in place of one for each dimension."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from corelib.tensor.device import device as Device

__all__ = ["DeviceLike", "Sizes", "per_dimension"]

DeviceLike = Device | str | int | None
Sizes = int | tuple[int, ...]

_T = TypeVar("_T")


def per_dimension(value: _T | Iterable[_T], dimensions: int) -> tuple[_T, ...]:
    """``value`` as a tuple: itself if it is iterable, else repeated for each dimension."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * dimensions
