"""Functions of one number, elementwise: sign, magnitude, roots and bits; and what the elementwise families share, checks and operands."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.calls.elementwise import scalar_tensor
from corelib.dispatcher.declare import KernelOnly, op
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.tensor import Tensor


def _no_bool_neg(dtype: DType, x: object) -> None:
    if dtype is D.bool:
        raise RuntimeError(
            "neg(): Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


def refuse(name: str, *refused: DType) -> Callable[..., None]:
    """A check that raises PyTorch's error for dtypes that it has no kernel for."""

    def check(dtype: DType, *operands: object) -> None:
        if dtype in refused:
            raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(dtype)}'")

    return check


def refuse_integers(name: str) -> Callable[..., None]:
    """A check that raises PyTorch's error for dtypes without a point."""
    return refuse(name, *D.INTEGERS, D.bool)


def dtype_of(*operands: Tensor | Number) -> DType:
    """The dtype of operands that were promoted: numbers among them have none."""
    return next(x._dtype for x in operands if isinstance(x, Tensor))


def tensor_beside(x: Tensor | Number, other: Tensor | Number) -> Tensor:
    """An operand as a tensor: a number becomes one without dimensions, like the other operand, which is a tensor then."""
    if isinstance(x, Tensor):
        return x
    if isinstance(other, Tensor):
        return scalar_tensor(x, other._dtype, other._device)  # a number that does not fit wraps, as an operand does
    raise TypeError(f"one of two operands must be a Tensor, got {type(x).__name__} and {type(other).__name__}")


def is_half(x: Tensor) -> bool:
    """Whether a tensor's dtype is a half type."""
    return x._dtype.itemsize == 2 and x._dtype.is_floating_point


def in_float32(function: Callable[..., Tensor], *operands: Tensor | Number) -> Tensor:
    """A function of half-precision operands computed in float32: its steps lose more digits than a half type has."""
    wide = [x.to(D.float32) if isinstance(x, Tensor) else x for x in operands]
    return function(*wide).to(dtype_of(*operands))


@op(kind="unary", ref="negative", inplace=True, out="exact", check=_no_bool_neg, aliases=("negative",), vjp=lambda g: -g)
def neg(input: Tensor) -> Tensor:
    """`-input`, elementwise; RuntimeError for bool.

    >>> import corelib as torch
    >>> -torch.tensor([1, -2])
    tensor([-1,  2])
    """
    raise KernelOnly


def no_float_bits(name: str) -> Callable[..., None]:
    """A check that refuses floats, which have no bits to work on."""

    def check(dtype: DType, *operands: object) -> None:
        if dtype.is_floating_point:
            raise NotImplementedError(
                f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(dtype)}'; integer and bool dtypes are accepted"
            )

    return check


@op(kind="unary", ref="invert", inplace=True, out="exact", check=no_float_bits("bitwise_not"))
def bitwise_not(input: Tensor) -> Tensor:
    """Each bit flipped; logical not for bool. NotImplementedError for floating dtypes.

    >>> import corelib as torch
    >>> ~torch.tensor([0, 5])
    tensor([-1, -6])
    """
    raise KernelOnly


@op(kind="unary", ref="sqrt", promote="float", inplace=True, out=True, vjp=lambda g, out: g / (2 * out))
def sqrt(input: Tensor) -> Tensor:
    """The square root, elementwise; NaN for negative numbers. Integers become the default float.

    >>> import corelib as torch
    >>> torch.sqrt(torch.tensor([4., 9.]))
    tensor([2., 3.])
    """
    raise KernelOnly


def _zero(g: Tensor) -> Tensor:
    """The gradient of what is constant almost everywhere."""
    return g.new_zeros(g._shape)


def _abs_vjp(g: Tensor, input: Tensor) -> Tensor:
    return g * input.sign()


@op(kind="unary", ref="absolute", inplace=True, out="exact", aliases=("absolute",), check=refuse("abs", D.bool), vjp=_abs_vjp)
def abs(input: Tensor) -> Tensor:
    """The absolute value, elementwise.

    >>> import corelib as torch
    >>> torch.abs(torch.tensor([-1, 2]))
    tensor([1, 2])
    """
    if not input._dtype.is_signed:
        return input.clone()
    # maximum of both signs keeps NaN, and gives +0 for -0 once 0 is added
    return input.maximum(-input) + 0


@op(kind="unary", ref="sign", inplace=True, out="exact", vjp=_zero)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, elementwise; 0 for NaN.

    >>> import corelib as torch
    >>> torch.sign(torch.tensor([-2., 0., 3.]))
    tensor([-1.,  0.,  1.])
    """
    if input._dtype is D.bool:
        return input.clone()
    up = (input > 0).to(input._dtype)
    return up - (input < 0).to(input._dtype) if input._dtype.is_signed else up


@op(kind="unary", complex_body=True, promote="float", inplace=True, out=True, vjp=lambda g, out: -0.5 * g * out * out * out)
def rsqrt(input: Tensor) -> Tensor:
    """One over the square root, elementwise.

    >>> import corelib as torch
    >>> torch.rsqrt(torch.tensor([4.]))
    tensor([0.5000])
    """
    return 1 / sqrt(input)


@op(
    kind="unary", complex_body=True, ref="square", promote="number", inplace=True, out=True, grad_name="PowBackward0",
    vjp=lambda g, input: g * (2 * input),
)
def square(input: Tensor) -> Tensor:
    """`input * input`, elementwise.

    >>> import corelib as torch
    >>> torch.square(torch.tensor([3.]))
    tensor([9.])
    """
    return input * input


@op()
def positive(input: Tensor) -> Tensor:
    """`input` itself; RuntimeError for bool.

    >>> import corelib as torch
    >>> torch.positive(torch.tensor([1, -2]))
    tensor([ 1, -2])
    """
    if input._dtype is D.bool:
        raise RuntimeError("positive(): The `+` operator, on a bool tensor is not supported.")
    return input
