"""What is distinct among elements or slices."""

from __future__ import annotations

from math import prod
from typing import Any

from corelib.dispatcher.namespaces import public
from corelib.graph.views import owning
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import need_values
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.ordering.sorting import kept_in_graph, sort_along
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.size import Shape, wrap_dim
from corelib.tensor.tensor import Tensor


@public("torch")
@owning
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements in order; with the flags also each element's place among them, and how many there are.

    With `dim`: the distinct slices along it.

    >>> import corelib as torch
    >>> torch.unique(torch.tensor([3, 1, 3]))
    tensor([1, 3])
    """
    need_values("unique", input)
    if dim is not None:
        return _unique_slices(input, dim, return_inverse, return_counts)
    source, input = input, input.detach()
    flat = input.reshape((-1,))
    values, order = sort_along(flat, 0, False, True)
    first, group = _groups(values)
    return _answer(kept_in_graph(source, values[first], "_unique2"), order, group, input._shape, return_inverse, return_counts)


def _groups(values: Tensor) -> tuple[Tensor, Tensor]:
    """For a sorted vector, or sorted rows: where a new one begins, and the number of each one's group."""
    n = values._shape[0]
    if n == 0:
        return values.new_zeros((0,), dtype=D.bool), values.new_zeros((0,), dtype=D.int64)
    changed = values.narrow(0, 1, n - 1) != values.narrow(0, 0, n - 1)
    if len(changed._shape) > 1:
        changed = changed.any(1)
    first = cat([changed.new_ones((1,)), changed], 0)
    return first, first.to(D.int64).cumsum(0) - 1


@within_bounds
def _answer(
    kept: Tensor, order: Tensor, group: Tensor, shape: Shape, return_inverse: bool, return_counts: bool, dim: int = 0
) -> Tensor | tuple[Tensor, ...]:
    """What `unique` returns: what was kept, now along `dim`, and what else was asked for."""
    answer = [kept.movedim(0, dim) if dim else kept]
    if return_inverse:
        answer.append(group.new_zeros(group._shape).scatter(0, order, group).reshape(shape))
    if return_counts:
        answer.append(group.new_zeros((kept._shape[0],)).scatter_add(0, group, group.new_ones(group._shape)))
    return answer[0] if len(answer) == 1 else tuple(answer)


def _nothing_to_compare(name: str, input: Tensor, dim: int) -> None:
    if 0 in input._shape[:dim] + input._shape[dim + 1 :]:
        raise RuntimeError(
            f"{name}(): There are 0 sized dimensions, and they aren't selected, so unique cannot be applied: got shape {list(input._shape)}, dim {dim}"
        )


@within_bounds
def _unique_slices(input: Tensor, dim: int, return_inverse: bool, return_counts: bool) -> Tensor | tuple[Tensor, ...]:
    dim = wrap_dim("unique", dim, len(input._shape))
    _nothing_to_compare("unique", input, dim)
    source, input = input, input.detach()
    rows = input.movedim(dim, 0)
    n = rows._shape[0]
    flat = rows.reshape((n, prod(rows._shape[1:])))
    order = arange(n, device=input._device)
    for column in range(flat._shape[1] - 1, -1, -1):  # from the least significant column, each sort stable
        order = order[sort_along(flat[order, column], 0, False, True)[1]]
    first, group = _groups(flat[order])
    return _answer(kept_in_graph(source, rows[order[first]], "unique_dim"), order, group, (n,), return_inverse, return_counts, dim)


@public("torch")
@owning
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements without those that equal the one before; with `dim`, the slices along it without those.

    >>> import corelib as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    need_values("unique_consecutive", input)
    if dim is not None:
        dim = wrap_dim("unique_consecutive", dim, len(input._shape))
        rows = input.detach().movedim(dim, 0)
        n = rows._shape[0]
        _nothing_to_compare("unique_consecutive", input, dim)
        first, group = _groups(rows.reshape((n, prod(rows._shape[1:]))))
        kept = kept_in_graph(input, rows[first], "unique_dim_consecutive")
        return _answer(kept, arange(n, device=input._device), group, (n,), return_inverse, return_counts, dim)
    flat = input.detach().reshape((-1,))
    first, group = _groups(flat)
    kept = kept_in_graph(input, flat[first], "unique_consecutive")
    return _answer(kept, arange(flat._shape[0], device=flat._device), group, input._shape, return_inverse, return_counts)


attach("unique", unique)
attach("unique_consecutive", unique_consecutive)
