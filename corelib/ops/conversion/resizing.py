"""Other memory for a tensor that is there: `resize_`, `set_`, `is_set_to`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from sys import getrefcount

from corelib.dispatcher.determinism import UNSET
from corelib.ops.construction.creation import _format_strides, fill_unset, parse_size
from corelib.tensor.base import attach
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.size import MOST, contiguous_strides
from corelib.tensor.storage import Storage, TypedStorage
from corelib.tensor.tensor import Tensor


def resize_(
    self: Tensor, *sizes: int | Sequence[int], size: Sequence[int] | None = None, memory_format: MemoryFormat | None = None
) -> Tensor:
    """Change the shape in place, with more memory where it needs some; new elements are not set.

    A tensor that has the shape stays as it is, unless `memory_format` (contiguous_format, or one with the channels innermost) gives it
    strides. Tensors over the same memory see it grow. RuntimeError for a tensor that requires grad, and for memory that a NumPy array or
    another library holds, which cannot grow.
    """
    shape = parse_size("resize_", sizes if size is None else (size,))
    if self._requires_grad:
        raise RuntimeError("resize_(): cannot resize variables that require grad")
    strides = None
    if memory_format is not None:
        strides = _format_strides("resize_", shape, memory_format)
    elif shape == self._shape:
        return self
    numel = prod(shape)
    if numel * self._dtype.itemsize > MOST:
        raise RuntimeError(f"resize_(): Storage size calculation overflowed with sizes={list(shape)}")
    storage = self._own_storage()
    needed = (numel + self._offset) * self._dtype.itemsize
    held = storage._nbytes
    if numel and held < needed:
        if self._base is None and getrefcount(storage) <= 3:  # this tensor alone: nobody has to be looked for
            storage.check_resizable()
            grown = Storage.allocate(self._device, needed)
            if storage._nbytes and self._device.type != "meta":
                runtime = self._device.runtime
                runtime.backend.device_to_device(grown._raw, 0, storage._raw, 0, storage._nbytes, runtime.index)
            self._storage = grown
        else:
            storage.resize_(needed)
        if UNSET.filled:
            _fill_unset_from(self, held)
    self._native = None
    self._shape = shape
    self._strides = strides
    self._numel = numel
    return self


def _fill_unset_from(t: Tensor, held: int) -> None:
    """Put deterministic mode's value into what a storage has grown by."""
    storage, size = t._own_storage(), t._dtype.itemsize
    first = -(-held // size)
    fill_unset(Tensor._make(storage, t._dtype, (storage._nbytes // size - first,), None, first))


attach("resize_", resize_)


def set_(
    self: Tensor, source: Tensor | Storage | TypedStorage | None = None, storage_offset: int = 0, size: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
) -> Tensor:
    """Make this tensor one over another's memory, in place.

    source: a tensor, whose memory and strides it takes; a storage, with offset, size and strides in elements (default: all
    of it, in one dimension); or nothing, for an empty tensor. RuntimeError for another dtype or device, and for what lies
    outside the storage.

    >>> import corelib as torch
    >>> torch.empty(0).set_(torch.arange(6.).untyped_storage(), 1, (2,), (2,))
    tensor([1., 3.])
    """
    if self._requires_grad:
        raise RuntimeError("set_(): a tensor that requires grad cannot take another's memory; use .data or no_grad and detach()")
    if source is None:
        source = Tensor._empty(self._device, self._dtype, (0,))
    if isinstance(source, Tensor):
        if size is None:
            storage_offset, size, stride = source._offset, source._shape, source.stride()
        found, dtype = source.untyped_storage(), source._dtype
    elif isinstance(source, (Storage, TypedStorage)):
        found = source.untyped() if isinstance(source, TypedStorage) else source
        dtype = source.dtype if isinstance(source, TypedStorage) else self._dtype
    else:
        raise TypeError(f"set_(): argument 'source' must be a Tensor or a storage, got {type(source).__name__}")
    if dtype is not self._dtype:
        raise RuntimeError(f"set_(): Could not set tensor of type {dtype} to a tensor of type {self._dtype}")
    if found.device is not self._device:
        raise RuntimeError(f"set_(): the source is on {found.device} and the tensor on {self._device}; they must be the same")
    held = found.nbytes() // dtype.itemsize
    shape = (held - storage_offset,) if size is None else tuple(int(n) for n in size)
    strides = contiguous_strides(shape) if stride is None else tuple(int(n) for n in stride)
    if len(shape) != len(strides) or storage_offset < 0 or min((0, *shape, *strides)) < 0:
        raise RuntimeError(f"set_(): got size {shape}, stride {strides}, storage_offset {storage_offset}; none may be negative, one stride a dimension")
    last = storage_offset + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    if 0 not in shape and last >= held:
        raise RuntimeError(
            f"set_(): size {shape}, stride {strides}, storage_offset {storage_offset} need {last + 1} elements, and the storage has {held}"
        )
    made = Tensor._make(found, dtype, shape, strides, storage_offset)
    for slot in ("_native", "_storage", "_shape", "_strides", "_offset", "_numel"):
        setattr(self, slot, getattr(made, slot))
    self._base = None
    self._bump()
    return self


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same view of the same memory."""
    return (
        self.untyped_storage() is tensor.untyped_storage() and self._offset == tensor._offset and self._shape == tensor._shape
        and self.stride() == tensor.stride()
    )


attach("set_", set_)
attach("is_set_to", is_set_to)
