"""softmax and its logarithm, with their derivatives as ops, so that backends may fuse both and second derivatives follow."""

from __future__ import annotations

from collections.abc import Callable

from corelib.as_torch.warned import warn
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Infer, Inferred
from corelib.ops.reduction.reductions import amax, sum as sum_op
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.size import wrap_dim
from corelib.tensor.tensor import Tensor


def _implicit_dim(name: str, input: Tensor) -> int:
    """The dimension that PyTorch takes where none is given, with its warning."""
    warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.")
    return 0 if len(input._shape) in (0, 1, 3) else 1


def _infer_softmax(name: str) -> Infer:
    def infer(input: Tensor, dim: int | None, _stacklevel: int, dtype: DType | None) -> Inferred:
        if dtype is not None and dtype is not input._dtype:
            input = input.to(dtype)
        if dim is None:
            raise TypeError(f"{name}(): argument 'dim' (position 2) must be int, not NoneType")
        if not input._dtype.is_floating_point:
            raise NotImplementedError(f"{name}(): \"{name}_lastdim_kernel_impl\" not implemented for '{kind_name(input._dtype)}'")
        dim = wrap_dim(name, dim, len(input._shape))
        return (input._shape, input._dtype), (input, dim)

    return infer


def _infer_like_second(g: Tensor, out: Tensor, dim: int) -> Inferred:
    return (out._shape, out._dtype), (g, out, dim)


@op(on=(), infer=_infer_like_second)
def softmax_backward(g: Tensor, y: Tensor, dim: int) -> Tensor:
    """The gradient of softmax from its result: y * (g - sum(g * y))."""
    if not y._shape:
        return g * 0
    return y * (g - sum_op(g * y, dim, True))


@op(
    on=(), infer=_infer_softmax("softmax"), grad_name="SoftmaxBackward0",
    vjp=lambda g, out, dim: softmax_backward(g, out, dim),
)
def softmax_along(input: Tensor, dim: int | None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """exp(x) over its sum along `dim`, shifted by the largest so that nothing overflows."""
    if not input._shape:
        return input * 0 + 1
    if input._dtype.itemsize == 2:
        return softmax_along(input.float(), dim).to(input._dtype)
    if not input._numel:
        return input.clone()
    e = (input - amax(input, dim, True)).exp()
    return e / sum_op(e, dim, True)


def _infer_safe_softmax(input: Tensor, dim: int) -> Inferred:
    return (input._shape, input._dtype), (input, wrap_dim("safe_softmax", dim, len(input._shape)))


@op(
    on=(), infer=_infer_safe_softmax, grad_name="SafeSoftmaxBackward0",
    vjp=lambda g, out, dim: softmax_backward(g, out, dim),
)
def safe_softmax_along(input: Tensor, dim: int) -> Tensor:
    """softmax, and zeros where all along `dim` are -inf: there is nothing to choose from."""
    if input._dtype.itemsize == 2:
        return safe_softmax_along(input.float(), dim).to(input._dtype)
    if not input._numel:
        return input.clone()
    top = amax(input, dim, True)
    e = (input - top.masked_fill(top == float("-inf"), 0.0)).exp()
    total = sum_op(e, dim, True)
    return e / total.masked_fill(total == 0, 1.0)


@op(on=(), infer=_infer_like_second)
def log_softmax_backward(g: Tensor, y: Tensor, dim: int) -> Tensor:
    """The gradient of log_softmax from its result: g - exp(y) * sum(g)."""
    if not y._shape:
        return g * 0
    return g - y.exp() * sum_op(g, dim, True)


@op(
    on=(), infer=_infer_softmax("log_softmax"), grad_name="LogSoftmaxBackward0",
    vjp=lambda g, out, dim: log_softmax_backward(g, out, dim),
)
def log_softmax_along(input: Tensor, dim: int | None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """x - log(sum(exp(x))) along `dim`, shifted by the largest."""
    if not input._shape:
        return input * 0
    if input._dtype.itemsize == 2:
        return log_softmax_along(input.float(), dim).to(input._dtype)
    if not input._numel:
        return input.clone()
    off = input - amax(input, dim, True)
    return off - sum_op(off.exp(), dim, True).log()


@op(on=("nn.functional",))
def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """Numbers along `dim` made positive with sum 1: exp(x) / sum(exp(x)). `dtype` casts the input first.

    >>> import corelib as torch
    >>> torch.softmax(torch.tensor([0., 0.]), 0)
    tensor([0.5000, 0.5000])
    """
    if dim is None:
        dim = _implicit_dim("softmax", input)
    return softmax_along(input, dim, 3, dtype)


@op(on=("nn.functional",))
def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """The logarithm of softmax, without its loss of digits.

    >>> import corelib as torch
    >>> torch.log_softmax(torch.tensor([0., 0.]), 0)
    tensor([-0.6931, -0.6931])
    """
    if dim is None:
        dim = _implicit_dim("log_softmax", input)
    return log_softmax_along(input, dim, 3, dtype)


def _soft_method(entry: Callable[..., Tensor], name: str) -> None:
    def method(input: Tensor, dim: int, dtype: DType | None = None) -> Tensor:
        return entry(input, dim, 3, dtype)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = entry.__doc__
    public("Tensor", names=(name,))(method)


_soft_method(softmax_along, "softmax")
_soft_method(log_softmax_along, "log_softmax")


@op(on=("nn.functional",))
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """softmax of the negated input."""
    if dim is None:
        dim = _implicit_dim("softmin", input)
    return softmax_along(-input, dim, 3, dtype)
