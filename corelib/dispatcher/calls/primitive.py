"""Writing into a tensor that already exists: running a primitive there, and the one decision about memory that is written and read, or
written twice, in one call.

The decision is made from ranges and strides, as PyTorch's, for in-place forms, `out=` and `copy_` alike, before anything is written.
What is certain is refused. What is too hard to tell from two strided tensors is allowed, and computed as if the operand were a copy:
see `apart`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from corelib.as_torch.warned import warn
from corelib.dispatcher.calls.fallback import missing
from corelib.dispatcher.calls.outcome import computed
from corelib.dispatcher.op import TABLE
from corelib.tensor.dtype import HELD, int16, uint8
from corelib.tensor.size import is_dense
from corelib.tensor.slot import Slot
from corelib.tensor.tensor import Tensor

COPY: Slot[Callable[[Tensor, Tensor], None]] = Slot(
    "copy",
    "`copy_elements(out, input)`: across dtypes, devices and strides; nothing is checked or recorded. "
    "Filled by ops/conversion/copying.py.",
)


def as_bytes(t: Tensor) -> Tensor:
    """A tensor of a dtype that is only held, as unsigned integers of its size, or what can be copied in their place."""
    return Tensor._make(t._own_storage(), uint8 if t._dtype.itemsize == 1 else int16, t._shape, t._strides, t._offset)


def run_primitive(name: str, out: Tensor, *args: object) -> None:
    """Run a primitive that writes into a tensor which already exists."""
    primitive = TABLE[name]
    kernels = primitive.kernels.get(out._key.plain)
    kernel = None if kernels is None else kernels.get(out._dtype)
    if kernel is None:
        if name == "fill" and out._dtype in HELD and args[0] == 0:
            run_primitive(name, as_bytes(out), *args)
            return
        kernel = missing(primitive, out._device, out._dtype, (out, *args))  # raises: a primitive has no body
    if out._key.lazy or (out._strides is not None and not out._device.runtime.strided_any and not out.is_contiguous()):
        made = Tensor._empty(out._device, out._dtype, out._shape)
        run_primitive(name, made, *args)
        COPY.value(out, made)
        return
    if not computed(primitive, kernel, out._device, out._dtype, out._native if out._native is not None else out._array(), *args):
        missing(primitive, out._device, out._dtype, args)  # raises: a primitive has no body


APART, SAME, PARTLY, PERHAPS = range(4)
"""How two tensors lie: no element of one is one of the other; element for element the same; some elements shared; strided so that
only a search could tell."""


def repeats(t: Tensor) -> bool:
    """Whether an element stands for several places, as in an expanded tensor. What other strides do is too hard to tell."""
    strides = t._strides
    return strides is not None and 0 in strides and t._numel != 0 and any(s == 0 and n > 1 for n, s in zip(t._shape, strides, strict=True))


def between(a: Tensor, b: Tensor) -> int:
    """How two tensors lie in memory: one of the four above."""
    if a is b:
        return SAME
    if not a._shares(b) or not a._numel or not b._numel:
        return APART
    a0, b0 = a._offset * a._dtype.itemsize, b._offset * b._dtype.itemsize
    dense = _dense(a) and _dense(b)
    a1, b1 = a0 + _span(a), b0 + _span(b)
    if a0 >= b1 or b0 >= a1:
        return APART
    if dense:
        return SAME if a0 == b0 and a1 == b1 and a.stride() == b.stride() else PARTLY
    return SAME if a0 == b0 and a._dtype is b._dtype and a._shape == b._shape and a.stride() == b.stride() else PERHAPS


def _dense(t: Tensor) -> bool:
    return t._strides is None or is_dense(t._shape, t._strides)


def _span(t: Tensor) -> int:
    """The bytes from the first element to the end of the last."""
    if t._strides is None:
        return t._numel * t._dtype.itemsize
    return (1 + sum((n - 1) * s for n, s in zip(t._shape, t._strides, strict=True))) * t._dtype.itemsize


def refuse_read_only(name: str, t: Tensor) -> None:
    """RuntimeError for a tensor to be written whose memory is that of a NumPy array that may not be."""
    if t._storage is not None and t._storage.read_only:
        raise RuntimeError(
            f"{name}(): the tensor shows the memory of a NumPy array or buffer that is not writable. Please clone() the tensor before "
            "performing the operation, or give from_numpy() an array that can be written."
        )


def refuse_repeats(name: str, t: Tensor, allowed: str = "") -> None:
    """RuntimeError for a tensor to be written whose elements share memory with each other, unless such are "accepted"; what is
    "deprecated" gets PyTorch's warning."""
    if t._strides is None or allowed == "accepted" or not repeats(t):
        return
    if not allowed:
        raise RuntimeError(
            f"{name}(): unsupported operation: more than one element of the written-to tensor refers to a single memory location (shape "
            f"{list(t._shape)}, strides {list(t._strides)}). Please clone() the tensor before performing the operation."
        )
    warn(
        f"Use of {name} on expanded tensors is deprecated. Please clone() the tensor before performing this operation. This also "
        "applies to advanced indexing e.g. tensor[mask] = scalar",
        UserWarning,
    )


def refuse_shared(name: str, written: Tensor, operands: Iterable[object], rule: object = "partial", marked: bool = False) -> None:
    """RuntimeError for an operand that shares memory with what is written.

    rule: "partial" refuses some shared elements, "apart" any, "others" any but of the first, "first" some of the first; "itself" and
    "unchecked" none, which is for ops that read everything before they write. marked: lazy conjugates and negatives count too;
    elsewhere what is computed with is a copy of them, as in PyTorch.
    """
    if rule == "unchecked" or rule == "itself" or (written._key.lazy and not marked):
        return
    for i, x in enumerate(operands):
        if isinstance(x, Tensor) and x._shares(written) and (marked or not x._key.lazy):
            how = between(written, x)
            if (how == PARTLY and (rule != "first" or not i)) or (how == SAME and (rule == "apart" or (rule == "others" and i))):
                raise RuntimeError(
                    f"{name}(): unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                    "memory location. Please clone() the tensor before performing the operation."
                )


def apart(written: Tensor, x: Tensor) -> Tensor:
    """An operand, or a copy of it where writing might change what is still to be read."""
    if not x._shares(written) or between(written, x) in (APART, SAME):
        return x
    made = Tensor._empty(x._device, x._dtype, x._shape)
    COPY.value(made, x)
    return made


def write_repeated(t: Tensor, value: Tensor) -> None:
    """Write a value into a tensor whose elements stand for several places: what differs from the element is what is written."""
    dims = [d for d, (n, s) in enumerate(zip(t._shape, t.stride(), strict=True)) if s == 0 and n > 1]
    core = t
    for d in dims:
        core = core.narrow(d, 0, 1)
    parts = [value]
    for d in dims:
        parts = [p.narrow(d, i, 1) for p in parts for i in range(t._shape[d])]
    found = before = core.clone()
    for p in parts:
        found = p.where(p.ne(before), found)
    COPY.value(core, found)
