"""Whether tensors are the same, or nearly."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.tensor.base import attach
from corelib.tensor.tensor import Tensor


def _same_kind(name: str, input: object, other: object) -> None:
    for i, (what, t) in enumerate((("input", input), ("other", other))):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' (position {i + 1}) must be Tensor, not {type(t).__name__}")


@op()
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Whether |input - other| <= atol + rtol * |other|, elementwise; equal infinities are close, NaN only with `equal_nan`.

    RuntimeError for different dtypes and negative tolerances.

    >>> import corelib as torch
    >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1., 2.1]))
    tensor([ True, False])
    """
    _same_kind("isclose", input, other)
    if input._dtype is not other._dtype:
        raise RuntimeError(f"isclose(): {input._dtype} did not match {other._dtype}")
    for what, x in (("rtol", rtol), ("atol", atol)):
        if x < 0:
            raise RuntimeError(f"isclose(): {what} must be greater than or equal to zero, but got {x}")
    a, b = input.detach(), other.detach()
    close = a == b
    if a._dtype.is_floating_point or a._dtype.is_complex:
        if equal_nan:
            close = close | (a.isnan() & b.isnan())
        near = (a - b).abs() <= atol + (rtol * b).abs()
        close = close | (near & a.isfinite() & b.isfinite())
    elif rtol or atol:
        wide_a, wide_b = a.double(), b.double()
        close = close | ((wide_a - wide_b).abs() <= atol + (rtol * wide_b).abs())
    return close


@public("torch")
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds for every element.

    >>> import corelib as torch
    >>> torch.allclose(torch.tensor([1.]), torch.tensor([1. + 1e-7]))
    True
    """
    _same_kind("allclose", input, other)
    return bool(isclose(input, other, rtol, atol, equal_nan).all())


@public("torch")
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have one shape and the same elements, of whatever dtypes; NaN equals nothing.

    >>> import corelib as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    _same_kind("equal", input, other)
    return input._shape == other._shape and bool((input.detach() == other.detach()).all())


attach("allclose", allclose)
attach("equal", equal)
