"""torch.masked: reductions and normalizations of the elements that a mask lets through.

`mask` is a bool tensor, True where an element counts, of the input's shape or of one that is broadcast to it; None counts all. What is masked
out is put to the number that a reduction does not notice: 0 in a sum, 1 in a product, -inf in a maximum. Where nothing of a row counts, the
result is that number (nan of means and medians). `dim` is None or () for all dimensions; ints and tuples of them as in the op without a mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops.construction.creation import ones
from corelib.ops.elementwise.exponential import logaddexp as plain_logaddexp
from corelib.ops.elementwise.where import where
from corelib.ops.linalg.matrix_norms import linalg_vector_norm
from corelib.ops.neural.softmax import softmin as plain_softmin
from corelib.ops.ordering.order_statistics import nanmedian
from corelib.tensor.dtype import bool as bool_dtype, dtype as DType, float32, int64
from corelib.tensor.limits import iinfo
from corelib.tensor.size import wrap_dims
from corelib.tensor.tensor import Tensor

__all__ = [
    "amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp", "logsumexp", "mean", "median", "norm", "normalize",
    "prod", "softmax", "softmin", "std", "sum", "var",
]  # fmt: skip

Dim: TypeAlias = int | Sequence[int] | None
_INFINITY = float("inf")


def _dims(dim: Dim, ndim: int) -> tuple[int, ...]:
    """The dimensions named, in order; of a number the one that it is taken to have."""
    found = wrap_dims("masked", dim, ndim)
    return found if found or dim is None or dim == () else (0,)


def _counting(name: str, input: Tensor, mask: Tensor) -> Tensor:
    """The mask in bool and in the input's shape."""
    if mask.ndim > input.ndim:
        raise IndexError(f"masked.{name}(): the mask has {mask.ndim} dimensions, the input {input.ndim}: a mask is broadcast to the input's shape")
    return mask.to(bool_dtype).broadcast_to(input.shape)


def _least(name: str, input: Tensor) -> float | int:
    if input.dtype.is_floating_point or (name == "logsumexp" and input.dtype.is_complex):
        return -_INFINITY
    if input.dtype.is_complex or input.dtype is bool_dtype:
        raise NotImplementedError(f"masked.{name}(): identity of {name} on {input.dtype} input")
    least: int = iinfo(input.dtype).min
    return least


def _greatest(name: str, input: Tensor) -> float | int:
    if input.dtype.is_floating_point:
        return _INFINITY
    if input.dtype.is_complex or input.dtype is bool_dtype:
        raise NotImplementedError(f"masked.{name}(): identity of {name} on {input.dtype} input")
    greatest: int = iinfo(input.dtype).max
    return greatest


def _filled(name: str, input: Tensor, mask: Tensor | None, value: float | int) -> Tensor:
    """The input with `value` where the mask is False."""
    if mask is None:
        return input
    kept: Tensor = where(_counting(name, input, mask), input, input.new_full((), value))
    return kept


def _widened(input: Tensor, dtype: DType | None) -> DType:
    """What sums and products of an input are: int64 of all integers."""
    if dtype is not None:
        return dtype
    return input.dtype if input.dtype.is_floating_point or input.dtype.is_complex else int64


def sum(input: Tensor, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The sum of the elements that count, 0 of none; int64 of integers unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.sum(torch.tensor([1., 2., 4.]), mask=torch.tensor([True, False, True]))
    tensor(5.)
    """
    dtype = _widened(input, dtype)
    return _filled("sum", input, mask, 0).sum(_dims(dim, input.ndim), bool(keepdim), dtype=dtype)


def prod(input: Tensor, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The product of the elements that count, 1 of none; int64 of integers unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.prod(torch.tensor([3., 2., 4.]), mask=torch.tensor([True, False, True]))
    tensor(12.)
    """
    made = _filled("prod", input, mask, 1).to(dtype=_widened(input, dtype))
    for d in reversed(_dims(dim, input.ndim)):
        made = made.prod(d, keepdim=bool(keepdim))
    return made


def cumsum(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The running sum along `dim` of the elements that count, in the input's dtype unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.cumsum(torch.tensor([1., 2., 4.]), 0, mask=torch.tensor([True, False, True]))
    tensor([1., 1., 5.])
    """
    dtype = dtype or input.dtype
    return _filled("cumsum", input, mask, 0).cumsum(_dims(dim, input.ndim)[0], dtype=dtype).to(dtype=dtype)


def cumprod(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The running product along `dim` of the elements that count, in the input's dtype unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.cumprod(torch.tensor([3., 2., 4.]), 0, mask=torch.tensor([True, False, True]))
    tensor([ 3.,  3., 12.])
    """
    dtype = dtype or input.dtype
    return _filled("cumprod", input, mask, 1).cumprod(_dims(dim, input.ndim)[0], dtype=dtype).to(dtype=dtype)


def amax(input: Tensor, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The largest of the elements that count; of none, the dtype's smallest number. NotImplementedError for bool with a mask.

    >>> import corelib as torch
    >>> torch.masked.amax(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(4.)
    """
    value = 0 if mask is None else _least("amax", input)
    return _filled("amax", input, mask, value).amax(_dims(dim, input.ndim), bool(keepdim)).to(dtype=input.dtype if dtype is None else dtype)


def amin(input: Tensor, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The smallest of the elements that count; of none, the dtype's largest number. NotImplementedError for bool with a mask.

    >>> import corelib as torch
    >>> torch.masked.amin(torch.tensor([3., 1., 4.]), mask=torch.tensor([True, False, True]))
    tensor(3.)
    """
    value = 0 if mask is None else _greatest("amin", input)
    return _filled("amin", input, mask, value).amin(_dims(dim, input.ndim), bool(keepdim)).to(dtype=input.dtype if dtype is None else dtype)


def argmax(input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """Where the largest of the elements that count is, in the input's dtype unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.argmax(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]), dtype=torch.int64)
    tensor(2)
    """
    value = 0 if mask is None else _least("argmax", input)
    return _filled("argmax", input, mask, value).argmax(dim, bool(keepdim)).to(dtype=input.dtype if dtype is None else dtype)


def argmin(input: Tensor, dim: int | None = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """Where the smallest of the elements that count is, in the input's dtype unless `dtype` says another.

    >>> import corelib as torch
    >>> torch.masked.argmin(torch.tensor([3., 1., 4.]), mask=torch.tensor([True, False, True]), dtype=torch.int64)
    tensor(0)
    """
    value = 0 if mask is None else _greatest("argmin", input)
    return _filled("argmin", input, mask, value).argmin(dim, bool(keepdim)).to(dtype=input.dtype if dtype is None else dtype)


def mean(input: Tensor, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The mean of the elements that count, nan of none. ValueError where neither the input nor `dtype` is floating or complex.

    >>> import corelib as torch
    >>> torch.masked.mean(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(3.5000)
    """
    source, dtype = ("Input", input.dtype) if dtype is None else ("Optional", dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex dtype. Got: {dtype}"
        )
    return sum(input, dim, keepdim=keepdim, dtype=dtype, mask=mask) / _count("mean", input, dim, bool(keepdim), mask)


def _count(name: str, input: Tensor, dim: Dim, keepdim: bool, mask: Tensor | None) -> Tensor:
    """How many elements count."""
    counting = ones(input.shape, dtype=bool_dtype, device=input.device) if mask is None else _counting(name, input, mask)
    return counting.sum(_dims(dim, input.ndim), keepdim)


def median(input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The lower median along `dim` of the elements that count; of none, nan, or ValueError where the input is not floating.

    >>> import corelib as torch
    >>> torch.masked.median(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(3.)
    """
    floating = input.dtype.is_floating_point
    numbers = _filled("median", input if floating else input.to(float32), mask, float("nan"))
    found: Tensor = nanmedian(numbers, _dims(dim, input.ndim)[0], keepdim)[0]
    if floating:
        return found
    if found.isnan().any():
        raise ValueError("masked median expects no fully masked out rows if dtype is not floating point")
    return found.to(dtype=input.dtype if dtype is None else dtype)


def logsumexp(input: Tensor, dim: Dim = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of the sum of the exponentials of the elements that count.

    >>> import corelib as torch
    >>> torch.masked.logsumexp(torch.tensor([0., 9., 0.]), mask=torch.tensor([True, False, True]))
    tensor(0.6931)
    """
    value = 0 if mask is None else _least("logsumexp", input)
    return _filled("logsumexp", input, mask, value).logsumexp(_dims(dim, input.ndim), keepdim=keepdim).to(dtype=input.dtype if dtype is None else dtype)


def logaddexp(
    input: Tensor, other: Tensor, *, dtype: DType | None = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None
) -> Tensor:
    """log(exp(input) + exp(other)) of the elements that count in each.

    >>> import corelib as torch
    >>> torch.masked.logaddexp(torch.zeros(2), torch.zeros(2), other_mask=torch.tensor([True, False]))
    tensor([0.6931, 0.0000])
    """
    first, second = (
        _filled("logaddexp", t, m, 0 if m is None else _least("logaddexp", t)) for t, m in ((input, input_mask), (other, other_mask))
    )
    return plain_logaddexp(first, second).to(dtype=input.dtype if dtype is None else dtype)


def norm(
    input: Tensor, ord: float | None = 2.0, dim: Dim = None, *, keepdim: bool | None = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The vector norm of the elements that count, as linalg.vector_norm.

    >>> import corelib as torch
    >>> torch.masked.norm(torch.tensor([3., 9., 4.]), mask=torch.tensor([True, False, True]))
    tensor(5.)
    """
    value = _INFINITY if ord == -_INFINITY else 0
    order = 2.0 if ord is None else ord
    return linalg_vector_norm(_filled("norm", input, mask, value), order, _dims(dim, input.ndim), bool(keepdim), dtype=dtype or input.dtype)


def var(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, *, correction: int | float | None = None, keepdim: bool | None = False,
    dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance of the elements that count, over their number less `correction` (1 by default); nan of none.

    >>> import corelib as torch
    >>> torch.masked.var(torch.tensor([3., 9., 5.]), mask=torch.tensor([True, False, True]))
    tensor(2.)
    """
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = 1.0 if correction is None and unbiased is None else float(unbiased if correction is None else correction)  # type: ignore[arg-type]  # one of the two is given
    fractions = dtype or input.dtype
    if not (fractions.is_floating_point or fractions.is_complex):
        fractions = float32
    dtype = dtype or fractions
    count = _count("var", input, dim, True, mask)
    away = input - sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / count
    total = sum(away * away.conj(), dim, keepdim=keepdim, dtype=fractions, mask=mask)
    if not keepdim:
        count = count.reshape(total.shape)
    if less:
        count = (count.to(fractions.to_real() if fractions.is_complex else fractions) - less).clamp(min=0)
    return (total / count).to(dtype)


def std(
    input: Tensor, dim: Dim = None, unbiased: bool | None = None, *, correction: int | None = None, keepdim: bool | None = False,
    dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The square root of `var`.

    >>> import corelib as torch
    >>> torch.masked.std(torch.tensor([3., 9., 5.]), mask=torch.tensor([True, False, True]))
    tensor(1.4142)
    """
    return var(input, dim, unbiased, correction=correction, keepdim=keepdim, dtype=dtype, mask=mask).sqrt()


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmax along `dim` of the elements that count, 0 for the others; nan where none do.

    >>> import corelib as torch
    >>> torch.masked.softmax(torch.tensor([1., 9., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    value = 0 if mask is None else _least("softmax", input)
    return _filled("softmax", input, mask, value).softmax(_dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`, -inf for what does not count.

    >>> import corelib as torch
    >>> torch.masked.log_softmax(torch.tensor([1., 9., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([-0.6931,    -inf, -0.6931])
    """
    value = 0 if mask is None else _least("log_softmax", input)
    return _filled("log_softmax", input, mask, value).log_softmax(_dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def softmin(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmax of the negative, along `dim`, of the elements that count.

    >>> import corelib as torch
    >>> torch.masked.softmin(torch.tensor([1., 0., 1.]), 0, mask=torch.tensor([True, False, True]))
    tensor([0.5000, 0.0000, 0.5000])
    """
    value = 0 if mask is None else _greatest("softmin", input)
    return plain_softmin(_filled("softmin", input, mask, value), _dims(dim, input.ndim)[0], dtype=dtype or input.dtype)


def normalize(
    input: Tensor, ord: float, dim: int, *, eps: float = 1e-12, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """Divided by the norm of the elements that count along `dim`, or by `eps` where that is larger; 0 for what does not count.

    >>> import corelib as torch
    >>> torch.masked.normalize(torch.tensor([3., 9., 4.]), 2.0, 0, mask=torch.tensor([True, False, True]))
    tensor([0.6000, 0.0000, 0.8000])
    """
    length = norm(input, ord, dim, keepdim=True, dtype=dtype or input.dtype, mask=mask)
    return _filled("normalize", input, mask, 0) / length.maximum(length.new_full((), eps))

_paths_below(__name__)
