"""New tensors by their strides, whose elements are not set: `empty_strided`, `empty_permuted`."""

from __future__ import annotations

from collections.abc import Sequence

from corelib.dispatcher.determinism import UNSET
from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import _blank, _finish, check_dtype, fill_unset, new_like, parse_size
from corelib.tensor.base import attach
from corelib.tensor.device import DeviceLike, resolve
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import layout as Layout
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.size import MOST, contiguous_strides, integers
from corelib.tensor.storage import Storage
from corelib.tensor.tensor import Tensor


@public("torch")
def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """A tensor with the given strides, in elements; its elements are not set."""
    shape, strides = parse_size("empty_strided", (size,)), integers("empty_strided", "stride", stride, 2)
    if len(shape) != len(strides):
        raise RuntimeError(
            f"empty_strided(): dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    if strides == contiguous_strides(shape):
        made = _blank("empty_strided", shape, dtype, layout, device)
        if UNSET.filled:
            fill_unset(made)
        return _finish(made, requires_grad, None, "empty_strided", pin_memory)
    place = resolve(device)
    if dtype is None:
        dtype = get_default_dtype()
    check_dtype("empty_strided", dtype, place)
    span = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if 0 not in shape else 0
    if span * dtype.itemsize > MOST or any(s < 0 for s in strides):
        raise RuntimeError(f"empty_strided(): Storage size calculation overflowed with sizes={list(shape)} and strides={list(strides)}")
    t = Tensor._make(Storage.allocate(place, span * dtype.itemsize), dtype, shape, strides, 0)
    if UNSET.filled:
        fill_unset(Tensor._make(t._own_storage(), dtype, (span,), None, 0))
    return t.requires_grad_() if requires_grad else t


@public("torch")
def empty_permuted(
    size: int | Sequence[int], physical_layout: Sequence[int], *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:
    """A dense tensor whose dimensions lie in memory in the order `physical_layout`, from the slowest; its elements are not set.

    >>> import corelib as torch
    >>> torch.empty_permuted((2, 3), (1, 0)).stride()
    (1, 2)
    """
    shape, order = parse_size("empty_permuted", (size,)), integers("empty_permuted", "physical_layout", physical_layout, 2)
    if sorted(order) != list(range(len(shape))):
        raise RuntimeError(f"empty_permuted(): expected physical_layout to hold each dimension of size {list(shape)} once, got {list(order)}")
    strides, step = [0] * len(shape), 1
    for d in reversed(order):
        strides[d] = step
        step *= max(shape[d], 1)
    return empty_strided(shape, strides, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad, pin_memory=pin_memory)


attach("new_empty_strided", new_like("empty_strided", empty_strided))
