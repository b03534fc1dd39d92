"""Places found by value: in sorted sequences, and among given elements."""

from __future__ import annotations

from corelib.dispatcher.calls.outs import write
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.warned import warn
from corelib.ops.construction.construct import tensor
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.gathering import gather
from corelib.ops.indexing.rows import take_rows
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.promotion import result_type
from corelib.tensor.tensor import Tensor


def _infer_searchsorted(sequence: Tensor, values: Tensor, right: bool, int32: bool) -> Inferred:
    return (values._shape, D.int32 if int32 else D.int64), (sequence, values, right, int32)


@op(on=(), infer=_infer_searchsorted, overlap="itself")
def places_in_order(sequence: Tensor, values: Tensor, right: bool, int32: bool) -> Tensor:
    """Where values belong in sorted rows (or one row for all of them): by bisection, one step a bit of the row's length."""
    n = sequence._shape[-1]
    low = values.new_zeros(values._shape, dtype=D.int64)
    high = low + n
    one_row = len(sequence._shape) == 1
    for _ in range(n.bit_length()):
        middle = (low + high) >> 1
        inside = middle.clamp(max=n - 1)
        there = take_rows(sequence, inside) if one_row else gather(sequence, -1, inside)
        above = there > values if right else there >= values
        going = low < high
        low, high = select_where(going & ~above, middle + 1, low), select_where(going & above, middle, high)
    return low.to(D.int32) if int32 else low


@public("torch")
def searchsorted(
    sorted_sequence: Tensor, input: Tensor | Number, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None, out: Tensor | None = None,
) -> Tensor:
    """For each value of `input` the place in the last dimension of `sorted_sequence` before which it would be put to keep the order:
    the first such place, or with right=True (side="right") the last. `sorter`: an argsort of a sequence that is not sorted.

    The sequence is one-dimensional, or has the leading dimensions of `input`; dtypes are promoted.

    >>> import corelib as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])
    """
    name = "torch.searchsorted()"
    if not isinstance(input, Tensor):
        input = tensor(input, device=sorted_sequence._device)
        if len(sorted_sequence._shape) != 1:
            raise RuntimeError(f"{name}: input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim({len(sorted_sequence._shape)})")
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"{name}: side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(f"{name}: side and right can't be set to opposites, got side of left while right was True")
    if not sorted_sequence._shape:
        raise RuntimeError(f"{name}: boundaries tensor should have positive dimension, but got 0 dimension")
    given = sorted_sequence
    if sorted_sequence._dtype is not input._dtype:
        kind = result_type(sorted_sequence, input)
        sorted_sequence, input = sorted_sequence.detach().to(kind), input.detach().to(kind)
    if len(sorted_sequence._shape) != 1 and sorted_sequence._shape[:-1] != input._shape[:-1]:
        raise RuntimeError(
            f"{name}: boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, "
            f"but we got boundaries tensor {list(sorted_sequence._shape)} and input value tensor {list(input._shape)}"
        )
    if sorter is not None:
        if sorter._shape != sorted_sequence._shape:
            raise RuntimeError(f"{name}: boundary and sorter must have the same size, but got boundary tensor {list(sorted_sequence._shape)}and got sorter tensor {list(sorter._shape)}")
        if sorter._dtype is not D.int64:
            raise RuntimeError(f"{name}: sorter must be a tensor of long dtype but got dtype {sorter._dtype}")
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    for what, t in (("input value", input), ("boundary", given), ("sorter", sorter)):
        if t is not None and t._strides is not None and not t.is_contiguous():
            warn(
                f"{name}: {what} tensor is non-contiguous, this will lower the performance due to extra data copy when converting non-contiguous tensor "
                f"to contiguous, please use contiguous {what} tensor if possible. This message will only appear once per program."
            )
    made = places_in_order(sorted_sequence.detach(), input.detach(), right or side == "right", out_int32)
    if out is None:
        return made
    if out._dtype is not made._dtype:
        raise RuntimeError(f"{name}: output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on whether out_int32 flag is True, but we got output tensor's dtype {out._dtype} and out_int32 flag is {out_int32}")
    written: Tensor = write(name, made, out, (sorted_sequence, input), "exact", "itself")
    return written


@public("torch")
def bucketize(
    input: Tensor | Number, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """For each value the bucket it falls in: the place in sorted, one-dimensional `boundaries`, as `searchsorted` finds it.

    >>> import corelib as torch
    >>> torch.bucketize(torch.tensor([0, 3, 9]), torch.tensor([1, 5]))
    tensor([0, 1, 2])
    """
    if len(boundaries._shape) != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({len(boundaries._shape)})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@public("torch", out="exact", overlap="itself")
def isin(elements: Tensor | Number, test_elements: Tensor | Number, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is among `test_elements` (with `invert`, is not); one of both may be a number.

    >>> import corelib as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    given = elements, test_elements
    if isinstance(elements, Tensor):
        if not isinstance(test_elements, Tensor):
            test_elements = tensor([test_elements], device=elements._device)
    elif isinstance(test_elements, Tensor):
        elements = tensor(elements, device=test_elements._device)
    else:
        raise TypeError("isin(): elements or test_elements must be a Tensor, got two numbers")
    # A number is cast as PyTorch casts, which wraps one that does not fit.
    kind = result_type(*[n if isinstance(n, (int, float, complex)) else t for n, t in zip(given, (elements, test_elements), strict=True)])
    if kind is D.bool:
        raise RuntimeError("isin(): Unsupported input type encountered for isin(): Bool")
    x, among = elements.detach().to(kind), test_elements.detach().to(kind).reshape((-1,))
    if not among._numel or not x._numel:
        return x.new_full(x._shape, invert and bool(x._numel), dtype=D.bool)
    among = among.sort().values
    at = places_in_order(among, x, False, False).clamp(max=among._numel - 1)
    found = take_rows(among, at) == x
    return ~found if invert else found
