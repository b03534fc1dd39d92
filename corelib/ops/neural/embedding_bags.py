"""Sums, means and maxima of bags of embeddings."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.graph.grad_mode import is_grad_enabled
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import KNOWN, ends, refuse_outside
from corelib.ops.neural.embedding import embedding_rows, row_number, shrink_rows
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


@op(on=("nn.functional",))
def embedding_bag(
    input: Tensor, weight: Tensor, offsets: Tensor | None = None, max_norm: float | None = None, norm_type: float = 2,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of `weight` (n, d) in each bag: (bags, d). Zeros for an empty bag.

    input: (bags, length), or (total,) with `offsets` (bags,) saying where each bag begins, and with `include_last_offset` where the last
    ends. per_sample_weights: factors of the rows, for "sum". padding_idx: a row that counts for nothing.

    >>> import corelib as torch
    >>> table = torch.tensor([[1., 2.], [3., 4.]])
    >>> torch.nn.functional.embedding_bag(torch.tensor([0, 1, 1]), table, torch.tensor([0, 2]), mode="sum")
    tensor([[4., 6.],
            [3., 4.]])
    """
    if sparse and weight.requires_grad and is_grad_enabled():
        raise NotImplementedError("embedding_bag(): sparse=True needs sparse gradients, which corelib does not have yet")
    factors = per_sample_weights
    if factors is not None and input._shape != factors._shape:
        raise ValueError(f"embedding_bag: If per_sample_weights ({factors.shape}) is not None, then it must have the same shape as the input ({input.shape})")
    if len(weight._shape) != 2:
        raise ValueError(f"embedding_bag(): weight has to be a 2D Tensor, but got Tensor of dimension {len(weight._shape)}")
    index, checked = input, False
    if input._dtype not in (D.int64, D.int32):
        raise RuntimeError(f"embedding_bag(): Expected tensor for argument 'indices' to have one of the following scalar types: Long, Int; but got {input._dtype} instead")
    if len(input._shape) == 2:
        if offsets is not None:
            raise ValueError(
                "embedding_bag(): if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
                f"However, found offsets of type {type(offsets)}"
            )
        bags, length = input._shape
        starts = arange(bags, device=input._device) * length
        index, include_last_offset = index.reshape((-1,)), False
        factors = None if factors is None else factors.reshape((-1,))
    elif len(input._shape) == 1:
        if offsets is None:
            raise ValueError("embedding_bag(): offsets has to be a 1D Tensor but got None")
        if len(offsets._shape) != 1:
            raise ValueError("embedding_bag(): offsets has to be a 1D Tensor")
        starts = offsets.long()
        if include_last_offset and not offsets._numel:
            raise RuntimeError("embedding_bag(): include_last_offset: number of offsets should be at least 1")
        bags = offsets._numel - include_last_offset
        if offsets._numel and offsets._device.type != "meta":
            if starts._device.runtime.backend.host_memory or starts._device is not index._device:
                first, last = int(starts[0]), int(starts[-1])
            else:  # one read, for each is a wait
                (first, _), (last, _), *of_index = ends([starts[:1], starts[-1:], *([index] if index._numel else [])])
                for found in of_index:
                    refuse_outside("embedding", found, weight._shape[0], 0)
                checked = True
            if first != 0:
                raise RuntimeError(f"embedding_bag(): offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got {first}")
            if last > index._numel:
                raise RuntimeError(f"embedding_bag(): offsets[-1] can not be greater than input's length {index._numel}, but got offsets[-1] of {last}")
    else:
        raise ValueError(f"embedding_bag(): input has to be 1D or 2D Tensor, but got Tensor of dimension {len(input._shape)}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag(): mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("embedding_bag(): max mode does not support scaling the gradient by the frequency")
    if factors is not None and mode != "sum":
        raise NotImplementedError(f"embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='{mode}').")
    if factors is not None and factors._dtype is not weight._dtype:
        raise RuntimeError(f"embedding_bag(): expected per_sample_weights of weight's dtype, {weight._dtype}, but got {factors._dtype}")
    padding = row_number("embedding_bag", padding_idx, weight._shape[0])
    if max_norm is not None:
        shrink_rows(weight, index, max_norm, norm_type)
    if checked:
        with KNOWN:
            rows = embedding_rows(weight, index, padding, scale_grad_by_freq)
    else:
        rows = embedding_rows(weight, index, padding, scale_grad_by_freq)
    with KNOWN:
        return _pooled(rows, index != padding, starts, bags, mode, factors, include_last_offset)


def _pooled(
    rows: Tensor, counted: Tensor, starts: Tensor, bags: int, mode: str, factors: Tensor | None, include_last_offset: bool
) -> Tensor:
    """Bags of rows, of which those that are not `counted` are left out, joined by `mode`."""
    total, width = rows._shape
    if not bags or not total:
        return rows.sum() * 0 + rows.new_zeros((bags, width))
    place = arange(total, device=rows._device)
    bag = (place.unsqueeze(1) >= starts[:bags]).sum(1) - 1
    if include_last_offset:
        counted = counted & (place < starts[-1])
    if mode == "max":
        at = bag.unsqueeze(1).expand((total, width))
        seen = select_where(counted.unsqueeze(1), rows.detach(), float("-inf"))
        most = rows.new_full((bags, width), float("-inf")).scatter_reduce(0, at, seen, "amax")
        wins = (seen == most.gather(0, at)) & counted.unsqueeze(1)
        leading = place.new_full((bags, width), total).scatter_reduce(0, at, select_where(wins, place.unsqueeze(1), total), "amin")
        return select_where(leading < total, rows.gather(0, leading.clamp(max=total - 1)), 0.0)
    if factors is not None:
        rows = rows * factors.unsqueeze(1)
    rows = select_where(counted.unsqueeze(1), rows, 0.0)
    wide = rows.float() if rows._dtype.itemsize == 2 else rows
    made = wide.new_zeros((bags, width)).index_add(0, bag, wide)
    if mode == "mean":
        sizes = bag.new_zeros((bags,)).index_add(0, bag, counted.long())
        made = made / sizes.clamp(1).to(made._dtype).unsqueeze(1)
    return made.to(rows._dtype)
