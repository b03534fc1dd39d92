"""The words of kernels' signatures that all kits share, whatever a backend's arrays are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Buffer: TypeAlias = Any
"""A piece of a device's memory, as its driver has it."""
Ints: TypeAlias = tuple[int, ...]
"""A number for each dimension (steps, paddings), or the dimensions that something is done along."""
Pads: TypeAlias = Sequence[tuple[int, int]]
"""For each dimension how much is added before and behind; a negative number takes away."""
Outcome: TypeAlias = object
"""What a kernel returns: None, or NotImplemented (before it has written anything) to pass to the next."""
Argument: TypeAlias = Any
"""An op's argument: a tensor, a number, a size, a name, or whatever else its signature says."""
