"""Arguments that are one int for all spatial dimensions, or one for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def per_dimension(value: Any, dimensions: int) -> tuple[Any, ...]:
    """``value`` as a tuple: itself if it is iterable, else repeated for each dimension."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * dimensions
