"""Choosing between two arrays by a mask, without a branch: NumPy's own ways are many times slower where the mask has no pattern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corelib.backend.xp.guard import Guard, Module, Operand, pieces
from corelib.contract.kernels import Native
from corelib.tensor.host import np

_FROM = 512  # elements
_SIZES = (1, 2, 4, 8)


def choose(xp: Module, out: Native, condition: Native, input: Operand, other: Operand) -> None:
    """`out` is `input` where `condition` is true, and `other` elsewhere; it may be the memory of `other`."""
    kind = out.dtype
    if out.size < _FROM or not isinstance(out, np.ndarray) or kind.itemsize not in _SIZES:
        if out is not other:
            xp.copyto(out, other)
        xp.copyto(out, input, where=condition)
        return
    word = np.dtype(f"i{kind.itemsize}")
    mask = np.empty(out.shape, word)
    mask[...] = condition
    np.negative(mask, mask)  # all bits, or none
    first, second = (np.asarray(x, kind).view(word) for x in (input, other))
    if second.ndim == 0 and not second:
        np.bitwise_and(first, mask, out.view(word))
        return
    apart = np.bitwise_xor(first, second)
    np.bitwise_and(apart, mask, mask)
    np.bitwise_xor(mask, second, out.view(word))


def choose_in_pieces(xp: Module, guard: Guard, out: Native, condition: Native, input: Operand, other: Operand) -> None:
    """The same for arrays of any size, whose temporaries stay in cache."""
    if out.size < _FROM:
        choose(xp, out, condition, input, other)
        return
    for part, *some in each_piece(xp, guard, out, (condition, input, other)):
        choose(xp, part, *some)


def each_piece(xp: Module, guard: Guard, out: Native, operands: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """As `pieces`, of an array and operands that broadcast to it, among them numbers, which stay what they are."""
    arrays = [x if x.shape == out.shape else xp.broadcast_to(x, out.shape) for x in operands if hasattr(x, "dtype")]
    for part, *some in pieces(guard, out, *arrays):
        left = iter(some)
        yield part, *[next(left) if hasattr(x, "dtype") else x for x in operands]
