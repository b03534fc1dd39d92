"""The public rooms above this one, by name: for files, which name classes of nn and optim that no lower room may import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _nowhere(room: str, name: str) -> Any:
    raise RuntimeError(f"no room {room!r} is known in which to look for {name!r}: the package's face has not been imported")


find: Callable[[str, str], Any] = _nowhere
"""Slot, filled by the package's face: what a public room ("nn") has under a name ("Parameter"). The room is loaded for it;
AttributeError where it has no such name."""
