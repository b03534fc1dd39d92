"""The public rooms above this one, by name: for files, which name classes of nn and optim that no lower room may import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corelib.tensor.slot import Slot

NAMED: Slot[Callable[[str, str], Any]] = Slot(
    "named",
    "What a public room (nn) has under a name (Parameter); the room is loaded for it. AttributeError where it has none. "
    "Filled by the face.",
)
