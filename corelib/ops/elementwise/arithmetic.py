"""Arithmetic of two and three operands. Where an operand is a Python number it stays one down to the kernel."""

from __future__ import annotations

import cmath
from collections.abc import Callable
from math import log
from typing import Any

from corelib.dispatcher.calls.elementwise import fitting_number, scalar_tensor
from corelib.dispatcher.calls.inplace import inplace, inplace_binary
from corelib.dispatcher.calls.outs import store
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.rule import Vjp, without_derivative
from corelib.ops.elementwise.unary import in_float32, refuse, refuse_integers, tensor_beside
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.promotion import get_default_dtype, result_type
from corelib.tensor.tensor import Tensor


def _no_bool_subtraction(dtype: DType, *operands: object) -> None:
    # A Python bool counts, and so does a bool tensor beside one of another dtype.
    kinds = [x._dtype is D.bool if isinstance(x, Tensor) else isinstance(x, bool) for x in operands]
    if any(kinds):
        both = all(kinds) and all(isinstance(x, Tensor) for x in operands)
        raise RuntimeError(
            f"sub(): Subtraction, the `-` operator, with {'two bool tensors' if both else 'a bool tensor'} is not supported. "
            "Use the `^` or `logical_xor()` operator instead, or the `~` operator to invert a mask."
        )


@op(kind="binary", ref="add", inplace=True, out=True, vjp={"input": lambda g: g, "other": lambda g: g})
def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """`input + alpha * other`, elementwise with broadcasting and promotion.

    >>> import corelib as torch
    >>> torch.add(torch.tensor([1, 2]), 10)
    tensor([11, 12])
    """
    raise KernelOnly


@op(
    kind="binary", ref="subtract", inplace=True, out=True, check=_no_bool_subtraction, aliases=("subtract",),
    vjp={"input": lambda g: g, "other": lambda g: -g},
    grad_name=lambda input, other, alpha: ("SubBackward0", (0, 1)) if isinstance(input, Tensor) else ("RsubBackward1", (1,)),
)
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """`input - alpha * other`, elementwise with broadcasting and promotion. RuntimeError for bool.

    >>> import corelib as torch
    >>> torch.tensor([5, 7]) - 2
    tensor([3, 5])
    """
    raise KernelOnly


@op(
    kind="binary", ref="multiply", inplace=True, out=True, aliases=("multiply",),
    vjp={"input": lambda g, other: g * other, "other": lambda g, input: g * input},
)
def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * other`, elementwise with broadcasting and promotion.

    >>> import corelib as torch
    >>> torch.tensor([1., 2.]) * 3
    tensor([3., 6.])
    """
    raise KernelOnly


@op(
    kind="binary", ref="true_divide", promote="float", on=(), out=True, grad_name="DivBackward0",
    vjp={"input": lambda g, other: g / other, "other": lambda g, input, other: -g * ((input / other) / other)},
)
def true_div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Primitive: the quotient as a floating-point number."""
    raise KernelOnly


@op(
    kind="binary", ref="floor_divide", inplace=True, out=True, on=("torch", "Tensor"), check=refuse("floor_divide", D.bool),
    vjp=dict.fromkeys(("input", "other"), without_derivative("floor_divide")), grad_name="NotImplemented",
)
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The quotient rounded down, elementwise. RuntimeError where an integer is divided by zero.

    >>> import corelib as torch
    >>> torch.tensor([-7, 7]) // 2
    tensor([-4,  3])
    """
    raise KernelOnly


@op(kind="binary", on=(), check=refuse("div", D.bool))
def _trunc_divide(input: Tensor, other: Tensor | Number) -> Tensor:
    """The quotient rounded towards zero."""
    if not input._dtype.is_floating_point:
        down = floor_divide(input, other)
        off = (down < 0) & (down * other != input)
        return down + off.to(down._dtype)
    return true_div(input, other).trunc()


def _by_mode(rounding_mode: str) -> Op:
    name = {"floor": "floor_divide", "trunc": "_trunc_divide"}.get(rounding_mode)
    if name is None:
        raise RuntimeError(f"div(): argument 'rounding_mode' must be one of None, 'trunc', or 'floor', but found '{rounding_mode}'")
    return TABLE[name]


def _rounded(input: Tensor, other: Tensor | Number, rounding_mode: str) -> Tensor:
    made: Tensor = _by_mode(rounding_mode).entry(input, other)
    return made


@op(
    on=(), grad_name="DivBackward2",
    vjp={"input": lambda g, input: _like(g, input), "other": lambda g, other: _like(g, other)},
)
def _div_rounded(input: Tensor, other: Tensor | float, rounding_mode: str) -> Tensor:
    """Division with a rounding mode, which has no slope."""
    return _rounded(input, other, rounding_mode)


def _like(g: Tensor, x: Tensor) -> Tensor:
    return g.new_zeros(x._shape)


@public("torch", names=("div", "divide", "true_divide"))
def div(input: Tensor, other: Tensor | Number, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers.

    Without a mode integers become the default float. RuntimeError for another mode, and where an integer is divided by
    zero with one.

    >>> import corelib as torch
    >>> torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
    if rounding_mode is None:
        made: Tensor = TABLE["true_div"].entry(input, other, out=out)
        return made
    if not isinstance(input, Tensor) and isinstance(other, Tensor) and isinstance(input, (int, float)):
        input = scalar_tensor(input, result_type(input, other), other._device)
    if out is None and isinstance(input, Tensor) and isinstance(other, (Tensor, int, float)):
        needs = input._requires_grad or getattr(other, "_requires_grad", False)
        if needs:
            return _div_rounded(input, other, rounding_mode)
    if out is not None:
        return store(TABLE["true_div"], _rounded(input, other, rounding_mode), out, input, other)
    return _rounded(input, other, rounding_mode)


def _div_(self: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """The in-place form of `div`."""
    if rounding_mode is None:
        if not (self._dtype.is_floating_point or self._dtype.is_complex):
            raise RuntimeError(
                f"div_(): result type {kind_name(get_default_dtype())} can't be cast to the desired output type "
                f"{kind_name(self._dtype)}"
            )
        return inplace_binary(TABLE["true_div"], self, other)
    if grad_mode.enabled and (self._requires_grad or getattr(other, "_requires_grad", False)):
        return inplace(TABLE["_div_rounded"], (self, other, rounding_mode))
    return inplace(_by_mode(rounding_mode), (self, other))


TABLE["true_div"].inplace_entry = _div_
for _name in ("div", "divide", "true_divide"):
    attach(_name, div)
    attach(_name + "_", _div_)


def _remainder_slope(g: Tensor, input: Tensor | Number, other: Tensor) -> Tensor:
    if not isinstance(input, Tensor):
        refused: Tensor = without_derivative("remainder")(g)
        return refused
    return -g * div(input, other, rounding_mode="floor")


def _remainder_form(input: object, other: object) -> tuple[str, tuple[int, ...]]:
    if not isinstance(input, Tensor):
        return "NotImplemented", (1,)
    return ("RemainderBackward1", (0, 1)) if isinstance(other, Tensor) else ("RemainderBackward0", (0,))


@op(
    kind="binary", ref="remainder", inplace=True, out=True, check=refuse("remainder", D.bool),
    vjp={"input": lambda g: g, "other": _remainder_slope}, grad_name=_remainder_form,
)
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """What is left of `input / other`, with the sign of `other`, as Python's `%`. RuntimeError for an integer and zero.

    >>> import corelib as torch
    >>> torch.tensor([-7, 7]) % 3
    tensor([2, 1])
    """
    raise KernelOnly


@op(
    kind="binary", ref="fmod", inplace=True, out=True, check=refuse("fmod", D.bool),
    vjp={"input": lambda g: g, "other": lambda g, input, other: -g * _trunc_divide(input, other)},
)
def fmod(input: Tensor, other: Tensor | float) -> Tensor:
    """What is left of `input / other`, with the sign of `input`, as C's fmod. RuntimeError for an integer and zero.

    >>> import corelib as torch
    >>> torch.fmod(torch.tensor([-7, 7]), 3)
    tensor([-1,  1])
    """
    if not input._dtype.is_floating_point:
        left = remainder(input, other)
        return select_where((left != 0) & ((input < 0) != (other < 0)), left - other, left)
    # the remainder of the sizes, which is exact, with the sign of the input; all of it where the divisor is infinite
    size = other.abs() if isinstance(other, Tensor) else tensor_beside(abs(other), input)
    left = remainder(input.abs(), size)
    return select_where((size == float("inf")) & input.isfinite(), input, left.copysign(input))


def _extreme_vjp(loses: Callable[[Tensor, Tensor], Tensor]) -> dict[str, Vjp]:
    # As PyTorch's maximum and minimum: ties share the gradient in halves, and where either is NaN both have all of it.
    return {
        "input": lambda g, input, other: _share(g, input, other, loses),
        "other": lambda g, input, other: _share(g, other, input, loses),
    }


def _share(g: Tensor, mine: Tensor, theirs: Tensor, loses: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    return select_where(loses(mine, theirs), 0.0, select_where(mine == theirs, g * 0.5, g))


@op(kind="binary", ref="maximum", numbers=False, out=True, vjp=_extreme_vjp(lambda a, b: a < b))
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two, elementwise; NaN where either is.

    >>> import corelib as torch
    >>> torch.maximum(torch.tensor([1, 5]), torch.tensor([3, 2]))
    tensor([3, 5])
    """
    raise KernelOnly


@op(kind="binary", ref="minimum", numbers=False, out=True, vjp=_extreme_vjp(lambda a, b: a > b))
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two, elementwise; NaN where either is.

    >>> import corelib as torch
    >>> torch.minimum(torch.tensor([1, 5]), torch.tensor([3, 2]))
    tensor([1, 2])
    """
    if input._dtype.is_floating_point:
        return -maximum(-input, -other)
    smaller = input < other
    return select_where(smaller, input, other)


def _pow_form(input: object, exponent: object) -> tuple[str, tuple[int, ...]]:
    if not isinstance(input, Tensor):
        return "PowBackward2", (1,)
    return ("PowBackward1", (0, 1)) if isinstance(exponent, Tensor) else ("PowBackward0", (0,))


def _pow_base(g: Tensor, input: Tensor, exponent: Tensor | Number) -> Tensor:
    if not isinstance(exponent, Tensor):
        if exponent == 0:
            return g.new_zeros(g._shape)
        return g * (exponent * input ** (exponent - 1))
    flat = exponent == 0
    return select_where(flat, 0.0, g * (exponent * input ** (exponent - 1)))


def _pow_exponent(g: Tensor, input: Tensor | Number, exponent: Tensor, out: Tensor) -> Tensor:
    if not isinstance(input, Tensor):
        if input == 0:
            return select_where(exponent.real >= 0, 0.0, g * (out * float("-inf")))
        if isinstance(input, complex) or out._dtype.is_complex:
            return g * (out * cmath.log(input))
        return g * (out * (log(input) if input > 0 else float("nan")))
    flat = (input == 0) & (exponent.real >= 0)
    return select_where(flat, 0.0, g * (out * input.log()))


def _no_negative_power(dtype: DType, base: object, exponent: object) -> None:
    if dtype is D.bool and not isinstance(exponent, bool):
        refuse("pow", D.bool)(dtype)
    if not (dtype.is_floating_point or dtype.is_complex) and type(exponent) is int and exponent < 0:
        raise RuntimeError(f"pow(): Integers to negative integer powers are not allowed (exponent {exponent}, dtype {dtype}).")
    if isinstance(base, Tensor) and type(exponent) in (int, float):
        fitting_number("pow", exponent, dtype)


@op(
    kind="binary", ref="power", inplace=True, out=True, check=_no_negative_power,
    vjp={"input": _pow_base, "exponent": _pow_exponent}, grad_name=_pow_form,
)
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """`input` to the power of `exponent`, elementwise. RuntimeError for integers to negative powers.

    >>> import corelib as torch
    >>> torch.tensor([2., 3.]) ** 2
    tensor([4., 9.])
    """
    input = tensor_beside(input, exponent)
    if isinstance(exponent, (int, float)):
        if not input._dtype.is_floating_point:
            return _natural_power(input, int(exponent))
        if exponent == int(exponent) and abs(exponent) <= 8:
            made = input.new_ones(input._shape)
            for _ in range(abs(int(exponent))):
                made = made * input
            return made if exponent >= 0 else 1 / made
        if exponent == 0.5:
            return input.sqrt()
        if exponent == -0.5:
            return 1 / input.sqrt()
    exponent = tensor_beside(exponent, input)
    if not input._dtype.is_floating_point:
        return _integer_power(input, exponent)
    if input._dtype.itemsize == 2:
        return in_float32(pow, input, exponent)
    # exp(y log|x|), with the sign of an odd integer power, and the exact answers that the logarithm would miss
    whole = exponent.floor() == exponent
    odd = whole & ((exponent * 0.5).floor() != exponent * 0.5)
    size = (exponent * input.abs().log()).exp()
    infinity = float("inf")
    signed = select_where(whole, select_where(odd, -size, size), select_where(input == -infinity, size, float("nan")))
    size = select_where(input < 0, signed, size)
    size = select_where((input == 0) & (1 / input < 0) & odd, -size, size)
    one = (exponent == 0) | (input == 1) | ((input == -1) & (exponent.abs() == infinity))
    return select_where(one, 1.0, size)


def _integer_power(input: Tensor, exponent: Tensor) -> Tensor:
    if exponent._dtype.is_signed:
        # what is left of 1 / input**n: nothing, except for 1 and -1
        unit = select_where(input == -1, 1 - 2 * (exponent & 1), (input == 1).to(input._dtype))
        return select_where(exponent < 0, unit, _natural_power(input, exponent))
    return _natural_power(input, exponent)


def _natural_power(input: Tensor, exponent: Tensor | int) -> Tensor:
    """By squaring: one multiplication for each bit of the largest exponent that matters."""
    made, square = input.new_ones(input._shape), input
    if isinstance(exponent, Tensor):
        bits = exponent._dtype.itemsize * 8 - exponent._dtype.is_signed
    else:
        bits = max(exponent.bit_length(), 1)
    for bit in range(bits):
        if isinstance(exponent, Tensor):
            made = select_where(((exponent >> bit) & 1) == 1, made * square, made)
        elif (exponent >> bit) & 1:
            made = made * square
        square = square * square
    return made


@op(
    kind="binary", ref="copysign", promote="float", inplace=True, out=True,
    vjp={
        "input": lambda g, input, out: select_where(input == 0, 0.0, g * (out / input)),
        "other": lambda g: g.new_zeros(g.shape),
    },
)
def copysign(input: Tensor, other: Tensor | float) -> Tensor:
    """The size of `input` with the sign of `other`, elementwise.

    >>> import corelib as torch
    >>> torch.copysign(torch.tensor([1., 2.]), -1.)
    tensor([-1., -2.])
    """
    size = input.maximum(-input) + 0
    if not isinstance(other, Tensor):
        return -size if other < 0 or str(other).startswith("-") else size
    return select_where(other.signbit(), -size, size)


def _around(input: Tensor, other: Tensor) -> Tensor:
    """1 / r² of a point; 0 where r² is 0, so that the slopes of its angle are 0 there, as PyTorch's."""
    square = input * input + other * other
    return select_where(square == 0, 0.0, 1 / square)


@op(
    kind="binary", ref="arctan2", promote="float", numbers=False, inplace=True, out=True, aliases=("arctan2",),
    vjp={
        "input": lambda g, input, other: g * (other * _around(input, other)),
        "other": lambda g, input, other: g * (-input * _around(input, other)),
    },
)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input) in radians, elementwise, from -pi to pi.

    >>> import corelib as torch
    >>> torch.atan2(torch.tensor([1.]), torch.tensor([1.]))
    tensor([0.7854])
    """
    if input._dtype.itemsize == 2:
        return in_float32(atan2, input, other)
    x, y = other.abs(), input.abs()
    both = (x == y) & (x == float("inf"))
    angle = select_where(both, 0.7853981633974483, select_where((x == 0) & (y == 0), 0.0, (y / x).atan()))
    angle = select_where(other.signbit(), 3.141592653589793 - angle, angle)
    return select_where(x.isnan() | y.isnan(), x + y, angle.copysign(input))


@op(
    kind="binary", ref="hypot", numbers=False, inplace=True, out=True, check=refuse_integers("hypot"),
    vjp={"input": lambda g, input, out: g * (input / out), "other": lambda g, other, out: g * (other / out)},
)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """The square root of `input² + other²` without overflow, elementwise; NotImplementedError for integers and bools.

    >>> import corelib as torch
    >>> torch.hypot(torch.tensor([3.]), torch.tensor([4.]))
    tensor([5.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(hypot, input, other)
    x, y = input.abs(), other.abs()
    large, small = x.maximum(y), minimum(x, y)
    ratio = select_where(large == 0, 0.0, small / large)
    value = large * (1 + ratio * ratio).sqrt()
    return select_where((x == float("inf")) | (y == float("inf")), float("inf"), value)


@public("torch", "Tensor")
def float_power(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input` to the power of `exponent` in float64, elementwise; either may be a number.

    >>> import corelib as torch
    >>> torch.float_power(torch.tensor([2]), 3)
    tensor([8.], dtype=torch.float64)
    """
    wide = D.complex128 if any(_is_complex(x) for x in (input, exponent)) else D.float64
    if out is not None and out._dtype is not wide:
        raise RuntimeError(f"float_power(): the output given to float_power has dtype {out._dtype} but the operation's result requires dtype {wide}")
    made: Tensor = TABLE["pow"].entry(_wide(input, wide), _wide(exponent, wide), out=out)
    return made


def _is_complex(x: Tensor | Number) -> bool:
    return x._dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex)


def _wide(x: Tensor | Number, dtype: DType) -> Tensor | Number:
    if isinstance(x, Tensor):
        return x.to(dtype)
    return x if isinstance(x, complex) else float(x)


def _float_power_(self: Tensor, exponent: Tensor | Number) -> Tensor:
    """The in-place form of `float_power`, for float64 tensors. RuntimeError for others."""
    if self._dtype not in (D.float64, D.complex128):
        raise RuntimeError(f"float_power_(): the base given to float_power_ has dtype {self._dtype} but the operation's result requires dtype torch.float64")
    return self.pow_(_wide(exponent, self._dtype))


attach("float_power_", _float_power_)


@op(kind="unary", complex_body=True, ref="reciprocal", promote="float", inplace=True, out=True, vjp=lambda g, out: -g * out * out)
def reciprocal(input: Tensor) -> Tensor:
    """One over `input`, elementwise.

    >>> import corelib as torch
    >>> torch.reciprocal(torch.tensor([4.]))
    tensor([0.2500])
    """
    return true_div(1.0, input)  # `1 / input` comes back here
