"""Elements joined where an index says: scatter_reduce and index_reduce, by sum, mean, product, largest or smallest."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.warned import warn
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.gathering import _flat_places
from corelib.ops.indexing.rows import KNOWN, _integer_index, check_index, put_rows, take_rows, within_bounds
from corelib.ops.indexing.scattering import _cut, _infer_scatter, _uncut
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor

_MODES = ("sum", "mean", "prod", "amax", "amin")
Join = Callable[[Tensor, Tensor], Tensor]
_JOIN: dict[str, Join] = {"prod": lambda a, b: a * b, "amax": lambda a, b: a.maximum(b), "amin": lambda a, b: a.minimum(b)}


def _infer_scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool) -> Inferred:
    if reduce not in _MODES:
        raise RuntimeError(f"scatter_reduce(): reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    spec, checked = _infer_scatter("scatter_reduce")(input, dim, index, src)
    return spec, (*checked, reduce, include_self)


def _segments(places: Tensor, values: Tensor, join: Join) -> tuple[Tensor, Tensor, Tensor]:
    """Values of equal places joined: (places in order, running joins, whether one is the last of its place).

    A log-step scan over the values in the order of their places, which adds no two that belong apart.
    """
    n = places._numel
    order = places.argsort(stable=True)
    places, made = take_rows(places, order), take_rows(values, order)
    by = 1
    while by < n:
        same = places.narrow(0, by, n - by) == places.narrow(0, 0, n - by)
        above, below = made.narrow(0, by, n - by), made.narrow(0, 0, n - by)
        made = cat([made.narrow(0, 0, by), select_where(same, join(above, below), above)])
        by *= 2
    last = (places.narrow(0, 1, n - 1) != places.narrow(0, 0, n - 1)).new_ones((n,), dtype=D.bool)
    if n > 1:
        last.narrow(0, 0, n - 1).copy_(places.narrow(0, 1, n - 1) != places.narrow(0, 0, n - 1))
    return places, made, last


def _touched(input: Tensor, places: Tensor) -> Tensor:
    """How many values come to each flat place."""
    zeros = input.new_zeros((input._numel,), dtype=D.int64)
    return put_rows(zeros, places, places.new_ones(places._shape), True)


@within_bounds
def _scatter_vjp(
    g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool, out: Tensor
) -> tuple[Tensor, Tensor]:
    src_shape = src._shape
    cut = _cut(src, index._shape)
    if reduce == "sum":
        mine, theirs = g, g.gather(dim, index)
    elif reduce == "mean":
        own = g.new_ones(g._shape) if include_self else g.new_zeros(g._shape)
        count = own.scatter_add(dim, index, g.new_ones(index._shape))
        share = g / select_where(count == 0, 1.0, count)
        mine, theirs = share, share.gather(dim, index)
    elif reduce == "prod":
        # the product of all others: where one factor is 0 it is left out, elsewhere the product is divided by it
        whole = select_where(input == 0, 1.0, input)
        mine = g * scatter_reduce(whole, dim, index, src, "prod", include_self=include_self) / whole
        zero = cut == 0
        zeros = input.new_zeros(input._shape).scatter_add(dim, index, zero.to(g._dtype)).gather(dim, index)
        single = zero & (zeros == 1)
        others = scatter_reduce(input, dim, index, select_where(single, 1.0, cut), "prod", include_self=include_self)
        divided = (g * out).gather(dim, index) / select_where(zero, 1.0, cut)
        theirs = select_where(single, (g * others).gather(dim, index), divided)
    else:
        best, won = (input == out).to(g._dtype), (cut == out.gather(dim, index)).to(g._dtype)
        share = g / best.scatter_add(dim, index, won)
        mine, theirs = best * share, won * share.gather(dim, index)
    if not include_self:
        mine = mine.scatter(dim, index, 0)
    return mine, _uncut(theirs, src_shape)


@op(infer=_infer_scatter_reduce, overlap="apart", out="exact", inplace=True, vjp={("input", "src"): _scatter_vjp})
def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """`input` with the elements of `src` joined where `index` says along `dim`, by `reduce`: "sum", "mean", "prod", "amax" or
    "amin". include_self: whether the element that is there counts too.

    >>> import corelib as torch
    >>> torch.zeros(3).scatter_reduce(0, torch.tensor([0, 0, 2]), torch.tensor([1., 2., 3.]), "amax")
    tensor([2., 0., 3.])
    """
    if not index._numel:
        return input.clone()
    flat = input.contiguous().reshape((-1,))
    places = (_flat_places(input._shape, dim, index) if input._shape and index._shape else index).reshape((-1,))
    values = _cut(src, index._shape).reshape((-1,))
    if reduce in ("sum", "mean"):
        start = flat if include_self else put_rows(flat, places, values * 0, False)
        made = put_rows(start, places, values, True)
        if reduce == "mean":
            count = _touched(input, places) + int(include_self)
            count = select_where(count == 0, 1, count).to(input._dtype)
            made = made / count if input._dtype.is_floating_point or input._dtype.is_complex else made.div(count, rounding_mode="floor")
        return made.reshape(input._shape)
    join = _JOIN[reduce]
    ordered, joined, last = _segments(places, values, join)
    if include_self:
        joined = join(take_rows(flat, ordered), joined)
    # one more row takes what is not the last of its place
    longer = cat([flat, flat.narrow(0, 0, 1)])
    made = put_rows(longer, select_where(last, ordered, input._numel), joined, False)
    return made.narrow(0, 0, input._numel).reshape(input._shape).contiguous()


def _infer_index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, include_self: bool) -> Inferred:
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    if input._dtype is D.bool and not include_self:
        raise NotImplementedError("index_reduce(): \"index_reduce_func_exclude_input_init\" not implemented for 'Bool'")
    index = _integer_index("index_reduce", index, int32=True)
    at = wrap_dim("index_reduce", dim, len(input._shape))
    if len(index._shape) > 1:
        raise IndexError(f"index_reduce(): Index is supposed to be a vector, but got dim: {len(index._shape)}")
    if source._dtype is not input._dtype:
        raise RuntimeError(f"index_reduce(): self and source expected to have the same dtype, but got self.dtype = {input._dtype} and source.dtype = {source._dtype}")
    expected = (*input._shape[:at], index._numel, *input._shape[at + 1 :]) if input._shape else source._shape
    if source._shape != expected:
        raise RuntimeError(f"index_reduce(): Source/destination tensor must have same slice shapes; source has shape {list(source._shape)}, accepted is {list(expected)}")
    warn("index_reduce() is in beta and the API may change at any time.")
    check_index("index_reduce", index, input._shape[at] if input._shape else 1, at)
    return (input._shape, input._dtype), (input, at, index.reshape((-1,)), source, reduce, include_self)


@op(infer=_infer_index_reduce, overlap="apart", out="exact", inplace=True)
def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True) -> Tensor:
    """`input` with each slice of `source` joined at its index along `dim`, by `reduce`: "prod", "mean", "amax" or "amin".

    It is in beta, as in PyTorch, and says so in a UserWarning.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     torch.zeros(2).index_reduce(0, torch.tensor([1, 1]), torch.tensor([3., 5.]), "amax")
    tensor([0., 5.])
    """
    if not input._shape:
        with KNOWN:
            return scatter_reduce(input, dim, index.reshape(source._shape), source, reduce, include_self=include_self)
    shape = (-1,) + (1,) * (len(input._shape) - 1 - dim)
    wide = index.reshape(shape).expand(source._shape)
    with KNOWN:
        return scatter_reduce(input, dim, wide, source, reduce, include_self=include_self)
