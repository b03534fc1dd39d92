"""Questions about elements: comparisons, logic, bits, and what kind of number one is. The answers are bool."""

from __future__ import annotations

from typing import overload

from corelib.dispatcher.declare import KernelOnly, op
from corelib.ops.elementwise.unary import bitwise_not, no_float_bits
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor


@op(kind="binary", ref="less", result=D.bool, inplace=True, out=True, aliases=("less",))
def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input < other`, elementwise; False where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) < 2
    tensor([ True, False])
    """
    raise KernelOnly


@op(kind="binary", ref="equal", result=D.bool, inplace=True, out=True)
def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input == other`, elementwise; False where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) == 2
    tensor([False,  True])
    """
    raise KernelOnly


@op(kind="binary", ref="not_equal", result=D.bool, inplace=True, out=True, aliases=("not_equal",))
def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input != other`, elementwise; True where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) != 2
    tensor([ True, False])
    """
    return bitwise_not(eq(input, other))


@op(kind="binary", ref="greater", result=D.bool, inplace=True, out=True, aliases=("greater",))
def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input > other`, elementwise; False where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) > 1
    tensor([False,  True])
    """
    if isinstance(other, Tensor):
        return lt(other, input)
    return bitwise_not(le(input, other)) & eq(input, input) if other == other else lt(input, other)  # beside NaN nowhere


@op(kind="binary", ref="less_equal", result=D.bool, inplace=True, out=True, aliases=("less_equal",))
def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input <= other`, elementwise; False where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) <= 1
    tensor([ True, False])
    """
    return lt(input, other) | eq(input, other)


@op(kind="binary", ref="greater_equal", result=D.bool, inplace=True, out=True, aliases=("greater_equal",))
def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """`input >= other`, elementwise; False where either is NaN.

    >>> import corelib as torch
    >>> torch.tensor([1, 2]) >= 2
    tensor([False,  True])
    """
    return gt(input, other) | eq(input, other)


@op(kind="binary", ref="bitwise_and", inplace=True, out=True, check=no_float_bits("bitwise_and"))
def bitwise_and(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The bits that both have; logical and for bool.

    >>> import corelib as torch
    >>> torch.tensor([6]) & 3
    tensor([2])
    """
    raise KernelOnly


@op(kind="binary", ref="bitwise_or", inplace=True, out=True, check=no_float_bits("bitwise_or"))
def bitwise_or(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The bits that either has; logical or for bool.

    >>> import corelib as torch
    >>> torch.tensor([6]) | 3
    tensor([7])
    """
    raise KernelOnly


@op(kind="binary", ref="bitwise_xor", inplace=True, out=True, check=no_float_bits("bitwise_xor"))
def bitwise_xor(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The bits that just one has.

    >>> import corelib as torch
    >>> torch.tensor([6]) ^ 3
    tensor([5])
    """
    raise KernelOnly


@op(kind="binary", ref="left_shift", inplace=True, out=True, check=no_float_bits("bitwise_left_shift"))
def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bits moved up by `other` places; 0 for shifts past the width.

    >>> import corelib as torch
    >>> torch.tensor([1]) << 3
    tensor([8])
    """
    raise KernelOnly


@op(kind="binary", ref="right_shift", inplace=True, out=True, check=no_float_bits("bitwise_right_shift"))
def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bits moved down by `other` places; the sign is kept.

    >>> import corelib as torch
    >>> torch.tensor([8]) >> 3
    tensor([1])
    """
    raise KernelOnly


@overload
def truth(x: Tensor) -> Tensor: ...
@overload
def truth(x: Number) -> bool: ...
def truth(x: Tensor | Number) -> Tensor | bool:
    """Whether elements are not zero."""
    if isinstance(x, Tensor):
        return x if x._dtype is D.bool else ne(x, 0)
    return bool(x)


@op(kind="unary", complex_body=True, ref="logical_not", result=D.bool, inplace=True, out=True)
def logical_not(input: Tensor) -> Tensor:
    """Whether elements are zero.

    >>> import corelib as torch
    >>> torch.logical_not(torch.tensor([0, 2]))
    tensor([ True, False])
    """
    return bitwise_not(truth(input))


@op(kind="binary", complex_body=True, ref="logical_and", numbers=False, result=D.bool, inplace=True, out=True)
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both are not zero.

    >>> import corelib as torch
    >>> torch.logical_and(torch.tensor([0, 2]), torch.tensor([1, 1]))
    tensor([False,  True])
    """
    return bitwise_and(truth(input), truth(other))


@op(kind="binary", complex_body=True, ref="logical_or", numbers=False, result=D.bool, inplace=True, out=True)
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether either is not zero.

    >>> import corelib as torch
    >>> torch.logical_or(torch.tensor([0, 2]), torch.tensor([0, 1]))
    tensor([False,  True])
    """
    return bitwise_or(truth(input), truth(other))


@op(kind="binary", complex_body=True, ref="logical_xor", numbers=False, result=D.bool, inplace=True, out=True)
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether just one is not zero.

    >>> import corelib as torch
    >>> torch.logical_xor(torch.tensor([0, 2]), torch.tensor([1, 1]))
    tensor([ True, False])
    """
    return bitwise_xor(truth(input), truth(other))


def need_values(name: str, t: Tensor) -> None:
    """NotImplementedError on meta, for an op whose result's shape is in the values of its operand."""
    if t._device.type == "meta":
        raise NotImplementedError(f"{name}(): the number of elements depends on data, which a meta tensor does not have")


def any_true(condition: Tensor) -> bool:
    """Whether a condition holds for any element: what a check of values asks. On meta, which has no values, none is known to."""
    return condition._numel > 0 and condition._device.type != "meta" and bool(condition.any())


@op(kind="unary", complex_body=True, ref="isnan", result=D.bool)
def isnan(input: Tensor) -> Tensor:
    """Whether elements are NaN.

    >>> import corelib as torch
    >>> torch.isnan(torch.tensor([1., float("nan")]))
    tensor([False,  True])
    """
    return ne(input, input)


@op(kind="unary", ref="isinf", result=D.bool)
def isinf(input: Tensor) -> Tensor:
    """Whether elements are infinite.

    >>> import corelib as torch
    >>> torch.isinf(torch.tensor([1., float("-inf")]))
    tensor([False,  True])
    """
    if not input._dtype.is_floating_point:
        return ne(input, input)
    return eq(input, float("inf")) | eq(input, float("-inf"))


@op(kind="unary", ref="isfinite", result=D.bool)
def isfinite(input: Tensor) -> Tensor:
    """Whether elements are neither infinite nor NaN.

    >>> import corelib as torch
    >>> torch.isfinite(torch.tensor([1., float("inf")]))
    tensor([ True, False])
    """
    if not input._dtype.is_floating_point:
        return eq(input, input)
    return eq(input - input, 0)


@op(kind="unary", ref="signbit", result=D.bool, out="exact")
def signbit(input: Tensor) -> Tensor:
    """Whether the sign is set, which it is for -0.

    >>> import corelib as torch
    >>> torch.signbit(torch.tensor([-0., 1.]))
    tensor([ True, False])
    """
    if not input._dtype.is_floating_point:
        return lt(input, 0)
    # 1 / -0 is -inf; a NaN's sign cannot be seen by arithmetic and counts as positive here
    return lt(input, 0) | (eq(input, 0) & lt(1 / input, 0))


@op(kind="unary", ref="isposinf", result=D.bool, out="exact")
def isposinf(input: Tensor) -> Tensor:
    """Whether elements are inf.

    >>> import corelib as torch
    >>> torch.isposinf(torch.tensor([1., float("inf")]))
    tensor([False,  True])
    """
    return eq(input, float("inf")) if input._dtype.is_floating_point else ne(input, input)


@op(kind="unary", ref="isneginf", result=D.bool, out="exact")
def isneginf(input: Tensor) -> Tensor:
    """Whether elements are -inf.

    >>> import corelib as torch
    >>> torch.isneginf(torch.tensor([1., float("-inf")]))
    tensor([False,  True])
    """
    return eq(input, float("-inf")) if input._dtype.is_floating_point else ne(input, input)
