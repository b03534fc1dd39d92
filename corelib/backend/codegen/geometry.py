"""How several strided arrays are walked together: broadcast, in the best order of dimensions, with as few as will do."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from corelib.backend.signatures import Ints


class Walk(NamedTuple):
    """Dimensions from the outermost to the innermost, and each array's strides in them (0 where it is broadcast)."""

    sizes: Ints
    strides: tuple[Ints, ...]
    total: int
    """How many elements."""


def broadcast_strides(shape: Ints, strides: Ints, to: Ints) -> Ints:
    """An array's strides when it is seen in the shape `to`: 0 where it has one element or no dimension.

    >>> broadcast_strides((3, 1), (1, 1), (2, 3, 4))
    (0, 1, 0)
    """
    missing = len(to) - len(shape)
    return (0,) * missing + tuple([0 if n == 1 else s for n, s in zip(shape, strides, strict=True)])


def walk(shape: Ints, strides: tuple[Ints, ...]) -> Walk:
    """Sort the dimensions by the first array's strides, drop those of one element, merge those that follow each other.

    >>> walk((2, 3, 4), ((12, 4, 1), (12, 4, 1)))
    Walk(sizes=(24,), strides=((1,), (1,)), total=24)
    >>> walk((2, 3), ((3, 1), (1, 2)))
    Walk(sizes=(2, 3), strides=((3, 1), (1, 2)), total=6)
    """
    total = prod(shape)
    if total == 0:
        return Walk((0,), tuple([(0,)] * len(strides)), 0)
    first = strides[0]
    order = sorted([d for d, n in enumerate(shape) if n > 1], key=lambda d: (-first[d], d))
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for d in order:
        n = shape[d]
        if sizes and all(kept[-1] == own[d] * n for kept, own in zip(steps, strides, strict=True)):
            sizes[-1] *= n
            for kept, own in zip(steps, strides, strict=True):
                kept[-1] = own[d]
        else:
            sizes.append(n)
            for kept, own in zip(steps, strides, strict=True):
                kept.append(own[d])
    if not sizes:
        return Walk((1,), tuple([(1,)] * len(strides)), 1)
    return Walk(tuple(sizes), tuple([tuple(s) for s in steps]), total)


def padded(steps: Walk) -> Walk:
    """The same walk in 1, 2, 4, 8, ... dimensions, the added ones of size 1: fewer kernels serve more shapes.

    >>> padded(walk((2, 3, 4), ((12, 4, 1), (1, 2, 6)))).sizes
    (1, 2, 3, 4)
    """
    wanted = 1 << (len(steps.sizes) - 1).bit_length()
    more = wanted - len(steps.sizes)
    if not more:
        return steps
    return Walk((1,) * more + steps.sizes, tuple([(0,) * more + s for s in steps.strides]), steps.total)
