"""Functions of one number, elementwise. The primitives come first; the others have bodies in terms of them."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


def _no_bool_neg(dtype: Any, x: Any) -> None:
    if dtype is D.bool:
        raise RuntimeError(
            "neg(): Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


@op(kind="unary", ref="negative", inplace=True, out=True, check=_no_bool_neg, aliases=("negative",), vjp=lambda g: -g)
def neg(input: Tensor) -> Tensor:
    """`-input`, elementwise; RuntimeError for bool.

    >>> import corelib as torch
    >>> -torch.tensor([1, -2])
    tensor([-1,  2])
    """
    ...


@op(kind="unary", ref="exp", promote="float", inplace=True, out=True, vjp=lambda g, out: g * out)
def exp(input: Tensor) -> Tensor:
    """e to the power of `input`, elementwise; integers become the default float.

    >>> import corelib as torch
    >>> torch.exp(torch.tensor([0., 1.]))
    tensor([1.0000, 2.7183])
    """
    ...
