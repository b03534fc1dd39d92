"""einsum: sums of products in Einstein's notation, as permutes, elementwise products and batched matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.namespaces import public
from corelib.tensor.promotion import promote_types
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
    inputs, output = _parse(equation, tensors)
    sizes = _sizes(inputs, tensors)
    terms = [_diagonals(t, labels) for t, labels in zip(tensors, inputs, strict=True)]
    made, labels = terms[0]
    for n, (other, more) in enumerate(terms[1:], 1):
        later = set(output).union(*(ls for _, ls in terms[n + 1 :]))
        made, labels = _join(made, labels, other, more, later, sizes)
    drop = [i for i, c in enumerate(labels) if c not in output]
    if drop:
        made = made.sum(tuple(drop))
        labels = [c for c in labels if c in output]
    return made.permute(tuple(labels.index(c) for c in output)) if labels else made


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


def _parse(equation: str, operands: list[Tensor]) -> tuple[list[list[str]], list[str]]:
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
    inputs = []
    for p, t in zip(parts, operands, strict=True):
        if "..." in p:
            before, _, after = p.partition("...")
            n = t.dim() - len(before) - len(after)
            inputs.append([*before, *dots[extra - n :], *after])
        else:
            inputs.append(list(p))
    if arrow:
        named = right.replace("...", "", 1)
        known = {c for ls in inputs for c in ls}
        for c in named:
            if c not in known:
                raise RuntimeError(f"einsum(): output subscript {c} of {equation!r} does not appear in the equation for any input operand")
            if named.count(c) > 1:
                raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output of {equation!r}")
        before, found, after = right.partition("...")
        output = [*before, *(dots if found else []), *after]
    else:
        flat = [c for ls in inputs for c in ls if len(c) == 1]
        output = dots + sorted(c for c in set(flat) if flat.count(c) == 1)
    return inputs, output


def _sizes(inputs: list[list[str]], operands: list[Tensor]) -> dict[str, int]:
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


def _diagonals(t: Tensor, labels: list[str]) -> tuple[Tensor, list[str]]:
    """A letter that stands twice in one operand means its diagonal."""
    made = t
    labels = list(labels)
    for c in list(labels):
        while labels.count(c) > 1:
            i = labels.index(c)
            j = labels.index(c, i + 1)
            made = made.diagonal(0, i, j)
            labels = [x for k, x in enumerate(labels) if k not in (i, j)] + [c]
    return made, labels


def _join(a: Tensor, la: list[str], b: Tensor, lb: list[str], later: set[str], sizes: dict[str, int]) -> tuple[Tensor, list[str]]:
    """One batched matrix product: shared letters that stay are the batch, shared ones that go are summed."""
    for t_name in ("a", "b"):
        t, labels, others = (a, la, lb) if t_name == "a" else (b, lb, la)
        alone = [i for i, c in enumerate(labels) if c not in others and c not in later]
        if alone:
            t = t.sum(tuple(alone))
            labels = [c for i, c in enumerate(labels) if i not in alone]
        if t_name == "a":
            a, la = t, labels
        else:
            b, lb = t, labels
    batch = [c for c in la if c in lb and c in later]
    summed = [c for c in la if c in lb and c not in later]
    if a._dtype is not b._dtype and not (summed and (a.is_floating_point() or b.is_floating_point())):  # an outer product, or sums of integers
        both = promote_types(a._dtype, b._dtype)
        a, b = a.to(both), b.to(both)
    ra, rb = [c for c in la if c not in lb], [c for c in lb if c not in la]
    a = a.permute(tuple(la.index(c) for c in batch + ra + summed)) if la else a
    b = b.permute(tuple(lb.index(c) for c in batch + summed + rb)) if lb else b
    a = a.expand(tuple(sizes[c] for c in batch + ra + summed)) if la else a
    b = b.expand(tuple(sizes[c] for c in batch + summed + rb)) if lb else b
    nb, na, nk, nm = (tuple(sizes[c] for c in group) for group in (batch, ra, summed, rb))
    made = a.reshape((prod(nb), prod(na), prod(nk))).bmm(b.reshape((prod(nb), prod(nk), prod(nm))))
    return made.reshape((*nb, *na, *nm)), batch + ra + rb
