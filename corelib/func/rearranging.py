"""rearrange: dimensions by name, in the notation of einops."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor

Group: TypeAlias = list[str]
"""The names that make one dimension; none for a dimension of size 1."""
_REST = "..."


def rearrange(tensor: Tensor | Sequence[Tensor], pattern: str, **axes_lengths: int) -> Tensor:
    """A tensor with its dimensions in another order, split and joined, as a pattern says: names on both sides of `->`, those in brackets being one
    dimension together, `...` for all others, 1 or () for one of size 1.

    axes_lengths: sizes of names that the shape does not tell. Several tensors, in a list or tuple, are stacked along a new first dimension.
    ValueError for a pattern that says nothing, and for sizes that do not fit.

    >>> import corelib as torch
    >>> torch.func.rearrange(torch.zeros(2, 12, 5), "b (h d) n -> b n h d", h=3).shape
    torch.Size([2, 5, 3, 4])
    """
    if not isinstance(tensor, Tensor):
        tensor = stack(list(tensor))
    left, right = _sides(pattern)
    rest = tensor.dim() - sum(group != [_REST] for group in left)
    if rest < 0 or (rest and [_REST] not in left):
        raise ValueError(f"rearrange(): the pattern {pattern!r} has {len(left)} dimensions, the tensor {tensor.dim()}, of shape {tuple(tensor.shape)}")
    extra = [f"... {i}" for i in range(rest)]
    before = [group for each in left for group in ([[name] for name in extra] if each == [_REST] else [each])]
    sizes: dict[str, int] = dict(axes_lengths)
    for group, size in zip(before, tensor.shape, strict=True):
        _solve(group, size, sizes, pattern)
    names = [name for group in before for name in group]
    after = [
        [name for each in group for name in (extra if each == _REST else [each])] if group != [_REST] else group for group in right
    ]  # fmt: skip
    after = [group for each in after for group in ([[name] for name in extra] if each == [_REST] else [each])]
    wanted = [name for group in after for name in group]
    if sorted(names) != sorted(wanted):
        raise ValueError(f"rearrange(): identifiers must be the same on both sides of {pattern!r}, got {sorted(set(names) ^ set(wanted))} on one only")
    unused = set(axes_lengths) - set(names)
    if unused:
        raise ValueError(f"rearrange(): {sorted(unused)} are not in the pattern {pattern!r}")
    split = tensor.reshape([sizes[name] for name in names]).permute([names.index(name) for name in wanted])
    return split.reshape([prod(sizes[name] for name in group) for group in after])


def _solve(group: Group, size: int, sizes: dict[str, int], pattern: str) -> None:
    """Find out the size of the one name of a dimension that is not known."""
    known = prod(sizes[name] for name in group if name in sizes)
    unknown = [name for name in group if name not in sizes]
    if len(unknown) > 1:
        raise ValueError(f"rearrange(): the sizes of {unknown} in {pattern!r} cannot be told; give all but one by name")
    if unknown and known and size % known == 0:
        sizes[unknown[0]] = size // known
    elif unknown or known != size:
        raise ValueError(f"rearrange(): a dimension of size {size} does not fit ({' '.join(group) or '1'}) in {pattern!r}, of size {known}")


def _sides(pattern: str) -> tuple[list[Group], list[Group]]:
    left, arrow, right = pattern.partition("->")
    if not arrow or "->" in right:
        raise ValueError(f"rearrange(): the pattern {pattern!r} needs one '->'")
    found = _side(left, pattern), _side(right, pattern)
    for side in found:
        names = [name for group in side for name in group]
        if len(set(names)) != len(names):
            raise ValueError(f"rearrange(): a name stands twice on one side of {pattern!r}")
    return found


def _side(text: str, pattern: str) -> list[Group]:
    groups: list[Group] = []
    inside = False
    for token in re.findall(r"\.\.\.|\w+|\S", text):
        if token == "(" and not inside:
            groups.append([])
            inside = True
        elif token == ")" and inside:
            inside = False
        elif token == _REST or token.isidentifier() or token == "1":
            name = [] if token == "1" else [token]
            if inside:
                groups[-1] += name
            else:
                groups.append(name)
        else:
            raise ValueError(f"rearrange(): {token!r} in {pattern!r} is neither a name, nor '...', 1 or brackets that are closed")
    if inside:
        raise ValueError(f"rearrange(): a bracket in {pattern!r} is not closed")
    return groups
