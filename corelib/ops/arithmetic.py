"""Arithmetic of two operands. Where an operand is a Python number it stays one down to the kernel."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import op
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


def _no_bool_subtraction(dtype: Any, *operands: Any) -> None:
    if dtype is D.bool and all(isinstance(x, Tensor) for x in operands):
        raise RuntimeError(
            "sub(): Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if any(isinstance(x, Tensor) and x._dtype is D.bool for x in operands) and dtype is D.bool:
        raise RuntimeError(
            "sub(): Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


@op(
    kind="binary", ref="add", inplace=True, out=True,
    vjp={"input": lambda g: g, "other": lambda g: g},
)
def add(input: Tensor, other: Tensor, *, alpha: Any = 1) -> Tensor:
    """`input + alpha * other`, elementwise with broadcasting and promotion.

    >>> import corelib as torch
    >>> torch.add(torch.tensor([1, 2]), 10)
    tensor([11, 12])
    """
    ...


@op(
    kind="binary", ref="subtract", inplace=True, out=True, check=_no_bool_subtraction, aliases=("subtract",),
    vjp={"input": lambda g: g, "other": lambda g: -g},
)
def sub(input: Tensor, other: Tensor, *, alpha: Any = 1) -> Tensor:
    """`input - alpha * other`, elementwise with broadcasting and promotion.

    >>> import corelib as torch
    >>> torch.tensor([5, 7]) - 2
    tensor([3, 5])
    """
    ...


@op(
    kind="binary", ref="multiply", inplace=True, out=True, aliases=("multiply",),
    vjp={"input": lambda g, other: g * other, "other": lambda g, input: g * input},
)
def mul(input: Tensor, other: Tensor) -> Tensor:
    """`input * other`, elementwise with broadcasting and promotion.

    >>> import corelib as torch
    >>> torch.tensor([1., 2.]) * 3
    tensor([3., 6.])
    """
    ...
