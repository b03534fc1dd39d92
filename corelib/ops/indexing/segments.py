"""Reductions of stretches that lie one after the other along a dimension, of different lengths."""

from __future__ import annotations

from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.reads import first_true
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.indexing.scatter_reduction import scatter_reduce
from corelib.ops.ordering.searching import searchsorted
from corelib.tensor.dtype import int64
from corelib.tensor.tensor import Tensor

_INFINITY = float("inf")
# What a reduction starts at, and scatter_reduce's word for it.
_REDUCTIONS = {"sum": (0.0, "sum"), "mean": (0.0, "sum"), "prod": (1.0, "prod"), "max": (-_INFINITY, "amax"), "min": (_INFINITY, "amin")}


@public("torch", names=("segment_reduce", "_segment_reduce"))
def segment_reduce(
    data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None, offsets: Tensor | None = None, axis: int = 0,
    unsafe: bool = False, initial: float | None = None,
) -> Tensor:  # fmt: skip
    """The "sum", "mean", "prod", "max" or "min" of each segment along `axis`: (..., segments, ...).

    data: (..., n, ...), floating. lengths: how long each segment is, (segments,) or, for an axis that is not the first, (..., segments); or
    offsets: where each begins, and where the last ends. initial: what each segment starts with. Of an empty one comes `initial`, or 0, nan, 1,
    -inf, inf. `unsafe` leaves out the checks of lengths. RuntimeError for lengths that are negative or do not add up to n.

    >>> import corelib as torch
    >>> torch.segment_reduce(torch.tensor([1., 2., 4.]), "max", lengths=torch.tensor([2, 1]))
    tensor([2., 4.])
    """
    if reduce not in _REDUCTIONS:
        raise RuntimeError(f"segment_reduce(): unsupported reduction {reduce!r}; {', '.join(_REDUCTIONS)} are accepted")
    if not data.dtype.is_floating_point:
        raise NotImplementedError(f'segment_reduce(): "_segment_reduce_cpu" not implemented for {data.dtype}; floats are accepted')
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet; give lengths or offsets")
    if lengths is None and offsets is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    axis = axis % data.dim() if data.dim() else 0
    n = data.shape[axis]
    if offsets is not None:
        borders = offsets
        ends, counts = borders[..., 1:], borders[..., 1:] - borders[..., :-1]
    else:
        assert lengths is not None
        counts = lengths
        ends = lengths.cumsum(-1)
    if counts.dim() != axis + 1:
        raise RuntimeError(f"segment_reduce(): expected lengths of {axis + 1} dimensions for axis {axis}, got {counts.dim()}")
    if not unsafe and lengths is not None and lengths.numel():
        wrong = first_true(lambda: lengths < 0, lambda: lengths.sum(-1) != n)
        if wrong == 0:
            raise RuntimeError("segment_reduce(): lengths contains negative value!")
        if wrong == 1:
            raise RuntimeError(f"segment_reduce(): Expected all rows of lengths along axis to sum to data.size(axis), which is {n}")
    segments = counts.shape[-1]
    places = arange(n, dtype=int64, device=data.device).expand((*data.shape[:axis], n)).contiguous()
    owner = searchsorted(ends.to(int64).contiguous(), places, right=True)
    after = (1,) * (data.dim() - axis - 1)
    owner = owner.reshape((*owner.shape, *after)).expand(data.shape)
    start, word = _REDUCTIONS[reduce]
    begun = data.new_full((*data.shape[:axis], segments + 1, *data.shape[axis + 1 :]), start if initial is None else initial)
    with KNOWN:
        found = scatter_reduce(begun, axis, owner, data, word, include_self=True).narrow(axis, 0, segments)
    if reduce != "mean":
        return found.contiguous()
    shaped = counts.reshape((*counts.shape, *after)).expand(found.shape)
    empty = float("nan") if initial is None else initial
    return select_where(shaped > 0, found / shaped.clamp(min=1).to(found.dtype), empty)
