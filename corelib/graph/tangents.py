"""Tangents of forward mode: a tensor may carry one, which lives as long as the level that it belongs to.

What changes a tensor in place tells `FORWARD.mode`, where there is one, so that its tangent changes with it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from corelib.graph.edges import Region
from corelib.tensor.tensor import Tensor


class Level:
    """One `dual_level`; its tangents are gone when it is no longer open."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = True


class Changes(Protocol):
    """Who keeps tangents in step with tensors that are changed in place."""

    level: Level

    def overwrite(self, t: Tensor, tangent: Tensor | None) -> None:
        """A tensor has got new contents, with this tangent; None where they do not depend on anything that has one."""

    def plain(self) -> AbstractContextManager[None]:
        """A context in which nothing is given a tangent."""


class _Forward:
    __slots__ = ("mode",)

    def __init__(self) -> None:
        self.mode: Changes | None = None


FORWARD = _Forward()


def tangent_of(t: Any) -> Tensor | None:
    """A tensor's tangent, or None; that of a view is the part of its base's, where only that has one."""
    if not isinstance(t, Tensor):
        return None
    level, tangent = t.__dict__.get("_forward", (None, None))
    if level is not None and level.open:
        found: Tensor = tangent
        return found
    base = t._base
    if base is not None:
        level, tangent = base.__dict__.get("_forward", (None, None))
        if level is not None and level.open:
            made = part_of(tangent, t)
            t.__dict__["_forward"] = (level, made)
            return made
    return None


def set_tangent(t: Tensor, level: Level, tangent: Tensor) -> None:
    """Give a tensor a tangent."""
    t.__dict__["_forward"] = (level, tangent)


def keep_tangent(before: Tensor, made: Tensor) -> None:
    """Let a second tensor of the same contents have the first one's tangent."""
    kept = before.__dict__.get("_forward")
    if kept is not None:
        made.__dict__["_forward"] = kept


def part_of(laid: Tensor, view: Tensor) -> Tensor:
    """The region of a view in a tensor that is laid out as the view's base is."""
    region = Region(view)
    return region.turned(region.of(laid))
