"""Grids, products and stacks of several tensors, and their inverses, the splits along a named direction."""

from __future__ import annotations

import itertools
from math import comb
from collections.abc import Callable, Sequence

from corelib.as_torch.warned import warn
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.graph.views import owning
from corelib.ops.construction.creation import tabulated
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.shape.joining import atleast_3d, joined, listed, stack
from corelib.ops.shape.shapes import broadcast_tensors, tensor_split
from corelib.ops.shape.views import spread
from corelib.tensor import dtype as D, size as sizes
from corelib.tensor.size import Size, wrap_dim
from corelib.tensor.tensor import Tensor


@public("torch")
def broadcast_shapes(*shapes: int | Sequence[int]) -> Size:
    """The shape that tensors of these shapes broadcast to; RuntimeError where they do not fit.

    >>> import corelib as torch
    >>> torch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    found = sizes.broadcast_shapes(*given) if given else ()
    if found is None:
        raise RuntimeError(f"broadcast_shapes(): Shape mismatch: objects cannot be broadcast to a single shape: {[list(s) for s in given]}")
    return Size(found)


@public("torch")
def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors behind each other: along the third dimension."""
    return joined([atleast_3d(t) for t in listed("dstack", tensors)], 2, out)


@public("torch")
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, vectors as columns.

    >>> import corelib as torch
    >>> torch.column_stack([torch.tensor([1, 2]), torch.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    made = [t.reshape((t._numel, 1)) if len(t._shape) < 2 else t for t in listed("column_stack", tensors)]
    return joined(made, 1, out)


def _split_along(name: str, least: int, dim: Callable[[int], int]) -> Callable[..., tuple[Tensor, ...]]:
    def split(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        ndim = len(input._shape)
        if ndim < least:
            raise RuntimeError(
                f"{name}(): torch.{name} requires a tensor with at least {least} dimension{'s' if least > 1 else ''}, but got a tensor with {ndim} dimensions!"
            )
        at = dim(ndim)
        if isinstance(indices_or_sections, int) and (indices_or_sections <= 0 or input._shape[at] % indices_or_sections):
            raise RuntimeError(
                f"{name}(): torch.{name} attempted to split along dimension {at}, but the size of the dimension {input._shape[at]} is not "
                f"divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, at)

    split.__name__ = split.__qualname__ = name
    split.__doc__ = f"Views of pieces along the dimension that `{name[0]}stack` joins: equal ones, or cut at the listed indices."
    return public("torch", "Tensor")(split)


hsplit = _split_along("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1)
vsplit, dsplit = _split_along("vsplit", 2, lambda ndim: 0), _split_along("dsplit", 3, lambda ndim: 2)


@op()
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by 90 degrees `k` times in the plane of two dimensions, from the first to the second.

    >>> import corelib as torch
    >>> torch.rot90(torch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    ndim = len(input._shape)
    if len(dims) != 2:
        raise RuntimeError(f"rot90(): expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"rot90(): expected total dims >= 2, but got total dims = {ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
        raise RuntimeError(f"rot90(): expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    a, b = (wrap_dim("rot90", d, ndim, "dims") for d in dims)
    turns = k % 4
    if turns == 1:
        return input.flip((b,)).transpose(a, b)
    if turns == 2:
        return input.flip((a, b))
    if turns == 3:
        return input.flip((a,)).transpose(a, b)
    return input.clone()


@public("torch")
def meshgrid(*tensors: Tensor, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Views of vectors (or 0-d tensors) as a grid's coordinates: the nth result varies along dimension n, or with indexing="xy"
    the first two change places. Without `indexing`, "ij", and a warning as PyTorch gives.

    >>> import corelib as torch
    >>> torch.meshgrid(torch.tensor([1, 2]), torch.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
    given = list(listed("meshgrid", spread(tensors)))
    for t in given:
        if len(t._shape) > 1:
            raise RuntimeError(f"meshgrid(): Expected 0D or 1D tensor in the tensor list but got: shape {list(t._shape)}")
        if t._dtype is not given[0]._dtype:
            raise RuntimeError("meshgrid(): torch.meshgrid expects all tensors to have the same dtype")
        if t._device is not given[0]._device:
            raise RuntimeError("meshgrid(): torch.meshgrid expects all tensors to have the same device")
    if indexing is None:
        warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", UserWarning
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid(): torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    n = len(given)
    made = list(broadcast_tensors(*[t.reshape((1,) * i + (t._numel,) + (1,) * (n - 1 - i)) for i, t in enumerate(given)]))
    if swap:
        made[0], made[1] = made[1], made[0]
    return tuple(made)


@public("torch")
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element of each vector, a row each; a single vector as it is.

    >>> import corelib as torch
    >>> torch.cartesian_prod(torch.tensor([1, 2]), torch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    for t in tensors:
        if len(t._shape) != 1:
            raise RuntimeError(f"cartesian_prod(): Expect a 1D vector, but got shape {list(t._shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([t.flatten() for t in meshgrid(*tensors, indexing="ij")], 1)


@public("torch")
@owning
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All combinations of `r` elements of a vector, a row each, in the order of `itertools.combinations`.

    >>> import corelib as torch
    >>> torch.combinations(torch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if len(input._shape) != 1:
        raise RuntimeError(f"combinations(): Expect a 1D vector, but got shape {list(input._shape)}")
    if r < 0:
        raise RuntimeError(f"combinations(): Expect a non-negative number, but got {r}")
    if r == 0:
        return input.new_empty((0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    n = input._numel
    count = comb(n + r - 1, r) if with_replacement and n else comb(n, r)
    chosen = tabulated(input, (count * r,), lambda: [i for row in choose(range(n), r) for i in row], D.int64)
    with KNOWN:
        return input.index_select(0, chosen).reshape((count, r))
