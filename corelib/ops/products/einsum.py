"""einsum: sums of products in Einstein's notation, as permutes, elementwise products and batched matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import TypeAlias

from corelib.dispatcher.namespaces import public
from corelib.tensor.named import NamedTuple
from corelib.tensor.promotion import promote_types
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


@public("torch", whole=True)
def einsum(equation: str | Tensor, *operands: Tensor | Sequence[Tensor] | Sequence[object]) -> Tensor:
    """The sum of products that `equation` says: letters name dimensions, `->` the output's, `...` any more of them.

    Two operands at a time are joined, from left to right, each by one batched matrix product. RuntimeError for an equation
    that does not fit its operands. Instead of an equation, each operand may be followed by a list of numbers below 52 (and `...`) that
    name its dimensions, with a last list for the output's.

    >>> import corelib as torch
    >>> torch.einsum("ij,jk->ik", torch.eye(2), torch.ones(2, 2))
    tensor([[1., 1.],
            [1., 1.]])
    """
    if isinstance(equation, Tensor) and operands:
        equation, operands = _from_lists((equation, *operands))
    if not isinstance(equation, str):
        raise TypeError(f"einsum(): argument 'equation' must be str, not {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    tensors: list[Tensor] = []
    for i, t in enumerate(operands):
        if not isinstance(t, Tensor):
            raise TypeError(f"einsum(): operand {i} must be Tensor, not {type(t).__name__}")
        tensors.append(t)
    key = (equation, tuple([len(t._shape) for t in tensors]))
    try:
        inputs, output = _PARSED[key]
    except KeyError:
        inputs, output = _parse(equation, tensors)
        if len(_PARSED) > 4096:
            _PARSED.clear()
        _PARSED[key] = inputs, output
    sizes = _sizes(inputs, tensors)
    terms = [_diagonals(t, labels) for t, labels in zip(tensors, inputs, strict=True)]
    made, labels = terms[0]
    for n, (other, more) in enumerate(terms[1:], 1):
        later = frozenset(output).union(*[ls for _, ls in terms[n + 1 :]])
        made, labels = _join(made, labels, other, more, later, sizes)
    drop = [i for i, c in enumerate(labels) if c not in output]
    if drop:
        made = made.sum(tuple(drop))
        labels = tuple([c for c in labels if c in output])
    if not labels or (labels == output and len(terms) > 1 and not made._requires_grad):
        return made
    return made.permute(tuple([labels.index(c) for c in output]))


Labels: TypeAlias = tuple[str, ...]
"""The names of a tensor's dimensions: a letter, or for those of an ellipsis "*0", "*1", ..."""
_PARSED: dict[tuple[str, tuple[int, ...]], tuple[list[Labels], Labels]] = {}
"""What `_parse` found, by equation and numbers of dimensions."""


def _from_lists(given: Sequence[object]) -> tuple[str, tuple[Tensor, ...]]:
    """The equation and the operands of `einsum(x, [0, 1], y, [1, 2], [0, 2])`."""
    output = "->" + _letters(given[-1]) if len(given) % 2 else ""
    tensors: list[Tensor] = []
    for i, t in enumerate(given[: len(given) // 2 * 2 : 2]):
        if not isinstance(t, Tensor):
            raise TypeError(f"einsum(): operand {i} must be Tensor, not {type(t).__name__}")
        tensors.append(t)
    return ",".join([_letters(names) for names in given[1::2]]) + output, tuple(tensors)


def _letters(names: object) -> str:
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"einsum(): expected a list of subscripts behind an operand, but got {type(names).__name__}")
    found = []
    for n in names:
        if n is not ... and not (isinstance(n, int) and 0 <= n < 52):
            raise ValueError(f"einsum(): subscript in subscript list is not within the valid range [0, 52), got {n!r}")
        found.append("..." if n is ... else chr(ord("A") + n if n < 26 else ord("a") + n - 26))
    return "".join(found)


def _parse(equation: str, operands: list[Tensor]) -> tuple[list[Labels], Labels]:
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(operands):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(parts)} in {equation!r}) does not match the number of "
            f"operands ({len(operands)})"
        )
    extra = 0
    for i, (p, t) in enumerate(zip(parts, operands, strict=True)):
        named = p.replace("...", "", 1)
        for c in named:
            if not c.isalpha() or not c.isascii():
                raise RuntimeError(f"einsum(): invalid subscript given at operand {i} of {equation!r}: {c!r}, subscripts must be in [a-zA-Z]")
        if "..." in p:
            if len(named) > t.dim():
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({len(named)}) is more than the number of dimensions "
                    f"({t.dim()}) for operand {i}"
                )
            extra = max(extra, t.dim() - len(named))
        elif len(named) != t.dim():
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(named)}) does not match the number of dimensions "
                f"({t.dim()}) for operand {i} and no ellipsis was given"
            )
    dots = [f"*{k}" for k in range(extra)]
    inputs: list[Labels] = []
    for p, t in zip(parts, operands, strict=True):
        if "..." in p:
            before, _, after = p.partition("...")
            n = t.dim() - len(before) - len(after)
            inputs.append((*before, *dots[extra - n :], *after))
        else:
            inputs.append(tuple(p))
    if arrow:
        named = right.replace("...", "", 1)
        known = {c for ls in inputs for c in ls}
        for c in named:
            if c not in known:
                raise RuntimeError(f"einsum(): output subscript {c} of {equation!r} does not appear in the equation for any input operand")
            if named.count(c) > 1:
                raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output of {equation!r}")
        before, found, after = right.partition("...")
        output = (*before, *(dots if found else ()), *after)
    else:
        flat = [c for ls in inputs for c in ls if len(c) == 1]
        output = (*dots, *sorted(c for c in set(flat) if flat.count(c) == 1))
    return inputs, output


def _sizes(inputs: list[Labels], operands: list[Tensor]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for i, (labels, t) in enumerate(zip(inputs, operands, strict=True)):
        for c, n in zip(labels, t._shape, strict=True):
            have = sizes.setdefault(c, n)
            if have != n:
                if 1 not in (have, n):
                    raise RuntimeError(
                        f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast with previously seen size {have}"
                    )
                sizes[c] = max(have, n)
    return sizes


def _diagonals(t: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """A letter that stands twice in one operand means its diagonal."""
    if len(set(labels)) == len(labels):
        return t, labels
    made = t
    for c in labels:
        while labels.count(c) > 1:
            i = labels.index(c)
            j = labels.index(c, i + 1)
            made = made.diagonal(0, i, j)
            labels = (*[x for k, x in enumerate(labels) if k not in (i, j)], c)
    return made, labels


class _Plan(NamedTuple):
    """How two tensors are joined: the dimensions of each that are summed at once, the letters of batch, rows, summed and columns, and where
    those lie in each, if in another order."""

    alone_a: tuple[int, ...]
    alone_b: tuple[int, ...]
    batch: Labels
    rows: Labels
    summed: Labels
    columns: Labels
    place_a: tuple[int, ...]
    place_b: tuple[int, ...]


def _places(labels: Labels, wanted: Labels) -> tuple[int, ...]:
    """Where the wanted letters lie; nothing where they lie in their order."""
    return () if labels == wanted else tuple([labels.index(c) for c in wanted])


@lru_cache(4096)
def _plan(la: Labels, lb: Labels, later: frozenset[str]) -> _Plan:
    alone_a = tuple([i for i, c in enumerate(la) if c not in lb and c not in later])
    la = tuple([c for i, c in enumerate(la) if i not in alone_a])
    alone_b = tuple([i for i, c in enumerate(lb) if c not in la and c not in later])
    lb = tuple([c for i, c in enumerate(lb) if i not in alone_b])
    batch = tuple([c for c in la if c in lb and c in later])
    summed = tuple([c for c in la if c in lb and c not in later])
    rows, columns = tuple([c for c in la if c not in lb]), tuple([c for c in lb if c not in la])
    place_a, place_b = _places(la, batch + rows + summed), _places(lb, batch + summed + columns)
    return _Plan(alone_a, alone_b, batch, rows, summed, columns, place_a, place_b)


def _join(a: Tensor, la: Labels, b: Tensor, lb: Labels, later: frozenset[str], sizes: dict[str, int]) -> tuple[Tensor, Labels]:
    """One batched matrix product: shared letters that stay are the batch, shared ones that go are summed."""
    alone_a, alone_b, batch, rows, summed, columns, place_a, place_b = _plan(la, lb, later)
    if alone_a:
        a = a.sum(alone_a)
    if alone_b:
        b = b.sum(alone_b)
    if a._dtype is not b._dtype and not (summed and (a.is_floating_point() or b.is_floating_point())):  # an outer product, or sums of integers
        both = promote_types(a._dtype, b._dtype)
        a, b = a.to(both), b.to(both)
    nb, na, nk, nm = [tuple([sizes[c] for c in group]) for group in (batch, rows, summed, columns)]
    count, k = prod(nb), prod(nk)
    a = _seen_as(a, place_a, nb + na + nk, (count, prod(na), k))
    b = _seen_as(b, place_b, nb + nk + nm, (count, k, prod(nm)))
    return a.bmm(b).reshape((*nb, *na, *nm)), batch + rows + columns


def _seen_as(t: Tensor, places: tuple[int, ...], shape: Shape, flat: Shape) -> Tensor:
    """A tensor with its dimensions in this order, repeated to a shape, as a batch of matrices."""
    if places:
        t = t.permute(places)
    if t._shape != shape:
        t = t.expand(shape)
    return t if t._shape == flat else t.reshape(flat)
