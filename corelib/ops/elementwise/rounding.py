"""Numbers rounded to integers, elementwise: down is the primitive, the other directions follow from it."""

from __future__ import annotations

from corelib.dispatcher.declare import KernelOnly, op
from corelib.ops.elementwise.unary import _zero, in_float32, refuse, refuse_integers
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


@op(kind="unary", ref="floor", inplace=True, out="exact", check=refuse("floor", D.bool), vjp=_zero)
def floor(input: Tensor) -> Tensor:
    """The largest integer not above, elementwise; integers as they are.

    >>> import corelib as torch
    >>> torch.floor(torch.tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    raise KernelOnly


@op(kind="unary", ref="ceil", inplace=True, out="exact", check=refuse("ceil", D.bool), vjp=_zero)
def ceil(input: Tensor) -> Tensor:
    """The smallest integer not below, elementwise.

    >>> import corelib as torch
    >>> torch.ceil(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return -floor(-input)


@op(kind="unary", ref="trunc", inplace=True, out="exact", check=refuse("trunc", D.bool), aliases=("fix",), vjp=_zero)
def trunc(input: Tensor) -> Tensor:
    """The integer part, elementwise.

    >>> import corelib as torch
    >>> torch.trunc(torch.tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    if not input._dtype.is_floating_point:
        return input.clone()
    return select_where(input < 0, ceil(input), floor(input))


@op(vjp=lambda g: _zero(g), inplace=True, out="exact", aliases=("special.round",), grad_name="RoundBackward0")
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest integer, halves to even, elementwise; `decimals` digits after (or, if negative, before) the point.

    NotImplementedError for `decimals` with integers.

    >>> import corelib as torch
    >>> torch.round(torch.tensor([0.5, 1.5]))
    tensor([0., 2.])
    """
    if decimals is not None and not input._dtype.is_floating_point:
        raise NotImplementedError(f"round(): argument 'decimals' (={decimals}) needs a floating dtype, got {input._dtype}")
    if decimals:
        if input._dtype.itemsize == 2:
            return in_float32(lambda x: round(x, decimals=decimals), input)
        scale = 10.0 ** (decimals if decimals > 0 else -decimals)
        if decimals > 0:
            return _round(input * scale) / scale
        return _round(input / scale) * scale
    return _round(input)


@op(kind="unary", ref="rint", on=(), check=refuse("round", D.bool), vjp=_zero)
def _round(input: Tensor) -> Tensor:
    """The nearest integer, halves to even."""
    if not input._dtype.is_floating_point:
        return input.clone()
    low = floor(input)
    part = input - low
    odd = (low * 0.5) != floor(low * 0.5)
    up = (part > 0.5).logical_or((part == 0.5).logical_and(odd))
    return (low + up.to(input._dtype)).copysign(input)


@op(kind="unary", inplace=True, out="exact", check=refuse_integers("frac"), vjp=lambda g: g)
def frac(input: Tensor) -> Tensor:
    """The part behind the point, with the sign of `input`, elementwise. NotImplementedError for integers.

    >>> import corelib as torch
    >>> torch.frac(torch.tensor([1.5, -1.25]))
    tensor([ 0.5000, -0.2500])
    """
    return input - trunc(input)
