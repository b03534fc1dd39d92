"""Reductions: many elements to one along dimensions. sum, prod, amax and amin are primitives; they take every form of
`dim` PyTorch takes and reach the kernel as (out, input, dims, keepdim)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod as product

from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.modes import active
from corelib.dispatcher.op import Infer, Inferred
from corelib.dispatcher.warned import warn
from corelib.ops.elementwise.unary import in_float32
from corelib.ops.elementwise.where import select_where
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.size import Dims, Shape, wrap_dims
from corelib.tensor.tensor import Tensor


def reduced(name: str, input: Tensor, dim: Dims, keepdim: bool) -> tuple[Shape, Shape]:
    """The dimensions to reduce, counted from the front, and the shape that is left."""
    shape = input._shape
    if dim is None:
        return tuple(range(len(shape))), (1,) * len(shape) if keepdim else ()
    dims = wrap_dims(name, dim, len(shape))
    if len(dims) == 1:
        at = dims[0]
        return dims, shape[:at] + ((1,) if keepdim else ()) + shape[at + 1 :]
    if keepdim:
        return dims, tuple([1 if i in dims else n for i, n in enumerate(shape)])
    return dims, tuple([n for i, n in enumerate(shape) if i not in dims])


def _infer_total(name: str) -> Infer:
    def infer(input: Tensor, dim: Dims, keepdim: bool, dtype: DType | None) -> Inferred:
        if dtype is None:
            dtype = input._dtype
            if dtype.order < 6:
                dtype = D.int64
        if dtype is not input._dtype:
            input = input.to(dtype)
        dims, shape = reduced(name, input, dim, keepdim)
        return (shape, dtype), (input, dims, keepdim)

    return infer


def expand_reduced(g: Tensor, shape: Shape, dim: Shape, keepdim: bool) -> Tensor:
    """A reduction's gradient seen in the shape of its input."""
    if not g._shape and not g._requires_grad and not active.count:  # that of a total: the view without its op
        return g._as_view(shape, (0,) * len(shape), g._offset, product(shape))
    return kept(g, shape, dim, keepdim).expand(shape)


def kept(x: Tensor, shape: Shape, dim: Shape, keepdim: bool) -> Tensor:
    """A reduction's result with its dimensions kept as 1."""
    if not keepdim and len(dim) < len(shape):
        at = iter(x._shape)
        x = x.reshape(tuple([1 if i in dim else next(at) for i in range(len(shape))]))
    return x


@op(
    kind="reduction", ref="sum", infer=_infer_total("sum"), out="own",
    vjp=lambda g, input_shape, dim, keepdim: expand_reduced(g, input_shape, dim, keepdim),
)
def sum(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The sum of all elements, or along `dim` (an int or several).

    Integers and bool are summed in int64; half precisions accumulate in float32. `dtype` casts the input first.

    >>> import corelib as torch
    >>> torch.tensor([[1, 2], [3, 4]]).sum(0)
    tensor([4, 6])
    """
    raise KernelOnly


def _infer_mean(input: Tensor, dim: Dims, keepdim: bool, dtype: DType | None) -> Inferred:
    dtype = dtype or input._dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(
            f"mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{kind_name(dtype)}"
        )
    if dtype is not input._dtype:
        input = input.to(dtype)
    dims, shape = reduced("mean", input, dim, keepdim)
    return (shape, dtype), (input, dims, keepdim)


def _count(shape: Shape, dims: Shape) -> int:
    n = 1
    for d in dims:
        n *= shape[d]
    return n


def _mean_vjp(g: Tensor, input_shape: Shape, dim: Shape, keepdim: bool) -> Tensor:
    return expand_reduced(g / _count(input_shape, dim), input_shape, dim, keepdim)


@op(kind="reduction", ref="mean", infer=_infer_mean, overlap="itself", out=True, vjp=_mean_vjp)
def mean(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The mean of all elements, or along `dim` (an int or several); RuntimeError for integers without `dtype`.

    >>> import corelib as torch
    >>> torch.tensor([1., 2.]).mean()
    tensor(1.5000)
    """
    total = sum(input, dim or None, keepdim)
    n = input._numel // (total._numel or 1)
    return total / n if n else total / 0.0


def _infer_prod(input: Tensor, dim: Dims, keepdim: bool, dtype: DType | None) -> Inferred:
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"prod(): argument 'dim' must be int, not {type(dim).__name__} (={dim})")
    return _infer_total("prod")(input, dim, keepdim, dtype)


def _prod_vjp(g: Tensor, input: Tensor, dim: Shape, keepdim: bool, out: Tensor) -> Tensor:
    """Each element's factor is the product of all others: exclusive products from both sides, so zeros do no harm."""
    if not input._shape:
        return g * 1
    if len(dim) > 1 or len(input._shape) == 1:
        flat = input.reshape((-1,))
        return (g.reshape((1,)) * _others(flat, 0)).reshape(input._shape)
    return kept(g, input._shape, dim, keepdim) * _others(input, dim[0])


def _others(x: Tensor, dim: int) -> Tensor:
    n = x._shape[dim]
    one = x.new_ones((*x._shape[:dim], 1, *x._shape[dim + 1 :])) if n else x
    if n < 2:
        return one
    before = cat([one, x.narrow(dim, 0, n - 1).cumprod(dim)], dim)
    after = cat([one, x.flip(dim).narrow(dim, 0, n - 1).cumprod(dim)], dim).flip(dim)
    return before * after


@op(kind="reduction", ref="prod", infer=_infer_prod, out="own", vjp=_prod_vjp)
def prod(input: Tensor, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The product of all elements, or along `dim`; integers multiply in int64.

    >>> import corelib as torch
    >>> torch.tensor([2, 3]).prod()
    tensor(6)
    """
    raise KernelOnly


def _infer_extreme(name: str) -> Infer:
    def infer(input: Tensor, dim: Dims, keepdim: bool) -> Inferred:
        dims, shape = reduced(name, input, dim, keepdim)
        if input._shape:
            for d in dims:
                if input._shape[d] == 0:
                    raise IndexError(
                        f"{name}(): Expected reduction dim {d} to have non-zero size, got shape {list(input._shape)}"
                    ) if dim is not None and dim != () else RuntimeError(
                        f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction "
                        f"dim with the 'dim' argument (got shape {list(input._shape)})."
                    )
        return (shape, input._dtype), (input, dims, keepdim)

    return infer


def _extreme_vjp(g: Tensor, input: Tensor, dim: Shape, keepdim: bool, out: Tensor) -> Tensor:
    """Elements that tie share the gradient equally."""
    best = (input == kept(out, input._shape, dim, keepdim)).to(g._dtype)
    return best / best.sum(dim, True) * kept(g, input._shape, dim, keepdim)


@op(ref="amax", infer=_infer_extreme("amax"), overlap="unchecked", out="exact", vjp=_extreme_vjp)
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The largest element of all, or along `dim`; NaN where there is one.

    >>> import corelib as torch
    >>> torch.tensor([[1, 5], [3, 2]]).amax(1)
    tensor([5, 3])
    """
    raise KernelOnly


@op(ref="amin", infer=_infer_extreme("amin"), overlap="unchecked", out="exact", vjp=_extreme_vjp)
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """The smallest element of all, or along `dim`; NaN where there is one.

    >>> import corelib as torch
    >>> torch.tensor([[1, 5], [3, 2]]).amin(1)
    tensor([1, 2])
    """
    raise KernelOnly


def _infer_any(name: str) -> Infer:
    def infer(input: Tensor, dim: Dims, keepdim: bool) -> Inferred:
        none = isinstance(dim, (tuple, list)) and not dim  # no dimension here, not all
        dims, shape = ((), input._shape) if none else reduced(name, input, dim, keepdim)
        return (shape, D.uint8 if input._dtype is D.uint8 else D.bool), (input, dims, keepdim)

    return infer


@op(ref="any", infer=_infer_any("any"), overlap="unchecked", out="bool")
def any(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether any element, of all or along `dim`, is not zero.

    >>> import corelib as torch
    >>> torch.tensor([[0, 1], [0, 0]]).any(1)
    tensor([ True, False])
    """
    kind = D.uint8 if input._dtype is D.uint8 else D.bool
    hit = input != 0
    return ((sum(hit.to(D.int64), dim, keepdim) != 0) if dim else hit.contiguous()).to(kind)


@op(ref="all", infer=_infer_any("all"), overlap="unchecked", out="bool")
def all(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """Whether every element, of all or along `dim`, is not zero.

    >>> import corelib as torch
    >>> torch.tensor([[1, 1], [0, 1]]).all(1)
    tensor([ True, False])
    """
    kind = D.uint8 if input._dtype is D.uint8 else D.bool
    miss = input == 0
    return ((sum(miss.to(D.int64), dim, keepdim) == 0) if dim else (~miss).contiguous()).to(kind)


def _variance_arguments(
    name: str, input: Tensor, dim: Dims | bool, unbiased: bool | None, correction: float | None
) -> tuple[Dims, float]:
    if unbiased is not None and not isinstance(unbiased, bool):
        raise TypeError(f"{name}(): argument 'unbiased' must be bool, not {type(unbiased).__name__}")
    if isinstance(dim, bool):  # var(unbiased)
        if unbiased is not None:
            raise TypeError(f"{name}(): argument 'dim' must be int or tuple of ints, not bool")
        unbiased, dim = dim, None
    if unbiased is not None and correction is not None:
        raise TypeError(f"{name}(): arguments 'unbiased' and 'correction' say the same: give one")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    if not (input._dtype.is_floating_point or input._dtype.is_complex):
        raise RuntimeError(f"{name}(): std and var only support floating point and complex dtypes, got {input._dtype}")
    if _count(input._shape, reduced(name, input, dim, True)[0]) <= correction:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel divided by "
            "output numel)."
        )
    return dim, correction


def _variance(input: Tensor, dim: Dims, correction: float, keepdim: bool) -> Tensor:
    dims, _ = reduced("var", input, dim, True)
    n = _count(input._shape, dims)
    off = input - mean(input, dims or None, True)
    total = sum(off * off, dims or None, keepdim)
    left = max_number(n - correction, 0)
    return total / left if left else total / 0.0


def max_number(a: float, b: float) -> float:
    """The larger of two Python numbers (this file's `max` is the op)."""
    return a if a > b else b


def _infer_var(input: Tensor, dim: Dims, correction: float, keepdim: bool) -> Inferred:
    dims, shape = reduced("var", input, dim, keepdim)
    return (shape, input._dtype), (input, dims, correction, keepdim)


def _var_vjp(g: Tensor, input: Tensor, dim: Shape, correction: float, keepdim: bool) -> Tensor:
    left = _count(input._shape, dim) - correction
    off = input - mean(input, dim or None, True)
    scale = 2.0 / left if left > 0 else float("nan" if left == 0 else "inf")
    return kept(g, input._shape, dim, keepdim) * (off * scale)


@op(on=(), grad_name="VarBackward0", infer=_infer_var, vjp=_var_vjp)
def variance(input: Tensor, dim: Dims, correction: float, keepdim: bool) -> Tensor:
    """The sum of squared distances from the mean over n - correction."""
    return _variance(input, dim, correction, keepdim)


@op(out=True, overlap="unchecked", ref="var")
def var(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The variance of all elements, or along `dim`: squared distances from the mean over n - `correction` (default 1).

    >>> import corelib as torch
    >>> torch.tensor([1., 3.]).var()
    tensor(2.)
    """
    dim, correction = _variance_arguments("var", input, dim, unbiased, correction)
    if input._dtype.is_complex:  # of both parts together
        return variance(input.real, dim, correction, keepdim) + variance(input.imag, dim, correction, keepdim)
    return variance(input, dim, correction, keepdim)


def _std_vjp(g: Tensor, input: Tensor, dim: Shape, correction: float, keepdim: bool, out: Tensor) -> Tensor:
    slope = select_where(out == 0, 0.0, g / (2 * out))
    return _var_vjp(slope, input, dim, correction, keepdim)


@op(on=(), grad_name="StdBackward0", infer=_infer_var, vjp=_std_vjp)
def deviation(input: Tensor, dim: Dims, correction: float, keepdim: bool) -> Tensor:
    """The square root of the variance."""
    return _variance(input, dim, correction, keepdim).sqrt()


@op(out=True, overlap="unchecked", ref="std")
def std(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """The standard deviation of all elements, or along `dim`: the root of the variance.

    >>> import corelib as torch
    >>> torch.tensor([1., 3.]).std()
    tensor(1.4142)
    """
    dim, correction = _variance_arguments("std", input, dim, unbiased, correction)
    if input._dtype.is_complex:
        return (variance(input.real, dim, correction, keepdim) + variance(input.imag, dim, correction, keepdim)).sqrt()
    return deviation(input, dim, correction, keepdim)


def _infer_logsumexp(input: Tensor, dim: Dims, keepdim: bool) -> Inferred:
    if not (input._dtype.is_floating_point or input._dtype.is_complex):
        input = input.to(get_default_dtype())
    dims, shape = reduced("logsumexp", input, dim, keepdim)
    return (shape, input._dtype), (input, dims, keepdim)


@op(
    ref="logsumexp", infer=_infer_logsumexp, overlap="itself", out=True, aliases=("special.logsumexp",),
    vjp=lambda g, input, dim, keepdim, out: kept(g, input._shape, dim, keepdim)
    * (input - kept(out, input._shape, dim, keepdim)).exp(),
)
def logsumexp(input: Tensor, dim: int | Sequence[int], keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) along `dim`, without overflow.

    >>> import corelib as torch
    >>> torch.logsumexp(torch.tensor([1000., 1000.]), 0)
    tensor(1000.6932)
    """
    if not input._numel:
        return sum(input.exp(), dim, keepdim).log()
    top = amax(input.real, dim, True)  # of real numbers themselves
    top = select_where(top.isfinite(), top, 0.0)
    total = sum((input - top).exp(), dim, True).log() + top
    return total if keepdim else total.reshape(reduced("logsumexp", input, dim, False)[1])


def _norm_vjp(g: Tensor, input: Tensor, p: float, dim: Shape, keepdim: bool, out: Tensor) -> Tensor:
    g, out = kept(g, input._shape, dim, keepdim), kept(out, input._shape, dim, keepdim)
    if p == 0:
        return g.new_zeros(input._shape)
    if p == 1:
        return input.sign() * g
    if p == 2:
        return g * select_where(out == 0, 0.0, input / out)
    size = input.abs()
    if p in (float("inf"), float("-inf")):
        best = (size == out) | (size != size)
        return select_where(best, input.sign(), 0.0) * (g / best.sum(dim, True))
    if p < 1:
        return select_where(size == 0, 0.0, input.sign() * size ** (p - 1)) * g * out ** (1 - p)
    scale = select_where(out == 0, 0.0, g / out ** (p - 1))
    if p < 2:
        return input.sign() * size ** (p - 1) * scale
    return input * size ** (p - 2) * scale


@op(
    on=(), grad_name="LinalgVectorNormBackward0", vjp=_norm_vjp,
    infer=lambda input, p, dim, keepdim: ((reduced("norm", input, dim, keepdim)[1], input._dtype), (input, p, dim, keepdim)),
)
def vector_norm(input: Tensor, p: float, dim: Dims, keepdim: bool) -> Tensor:
    """The p-norm along checked dimensions."""
    if input._dtype.itemsize == 2:
        return in_float32(lambda x: vector_norm(x, p, dim, keepdim), input)
    if p == 2:
        return sum(input * input, dim or None, keepdim).sqrt()
    size = input.abs()
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == float("-inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return sum((size != 0).to(input._dtype), dim or None, keepdim)
    if p == 1:
        return sum(size, dim or None, keepdim)
    return sum(size**p, dim or None, keepdim) ** (1 / p)
