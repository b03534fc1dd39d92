"""Elementwise kernels over `xp`'s universal functions."""

from __future__ import annotations

from corelib.backend.xp.choice import choose_in_pieces
from corelib.backend.xp.guard import Function, Guard, Module, Operand
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import bool, float32, float64, FLOATS, INTEGERS, NUMBERS, REALS

_BITS = (bool, *INTEGERS)
_CLIPPED_FROM = 1 << 13  # elements from which one pass of clip, which is slow to call, gains on two


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """One kernel for each op that is one universal function, and those that need a word more."""

    def log10(input: Native, out: Native) -> None:
        # NumPy's float32 loop misses the powers of ten: log10(1000) is 3.0000002
        xp.copyto(out, xp.log10(input.astype(xp.float64)) if out.dtype.itemsize < 8 else xp.log10(input), casting="unsafe")

    def dense_flags(function: Function) -> Function:
        """NumPy's signbit and isfinite write wrong flags into memory with gaps (2.4, from 16 elements up)."""

        def flags(input: Native, out: Native) -> None:
            if out.flags.c_contiguous or out.flags.f_contiguous:
                function(input, out)
            else:
                out[...] = function(input)

        return flags

    def neg(input: Native, out: Native) -> None:
        # In place over memory with gaps, NumPy's loop takes some elements from between them (2.4, four bytes in every sixteen)
        xp.negative(input if out.flags.c_contiguous or out.flags.f_contiguous else input.copy(), out)

    for name, function, dtypes in (
        ("neg", neg, NUMBERS), ("bitwise_not", xp.invert, _BITS), ("sqrt", xp.sqrt, FLOATS), ("exp", xp.exp, FLOATS),
        ("log", xp.log, FLOATS), ("sin", xp.sin, FLOATS), ("cos", xp.cos, FLOATS), ("floor", xp.floor, NUMBERS),
        ("ceil", xp.ceil, NUMBERS), ("trunc", xp.trunc, NUMBERS), ("_round", xp.rint, FLOATS), ("abs", xp.absolute, NUMBERS),
        ("log1p", xp.log1p, FLOATS), ("expm1", xp.expm1, FLOATS), ("log2", xp.log2, FLOATS), ("log10", log10, FLOATS),
        ("reciprocal", xp.reciprocal, FLOATS), ("square", xp.square, NUMBERS), ("tan", xp.tan, FLOATS),
        ("asin", xp.arcsin, FLOATS), ("acos", xp.arccos, FLOATS), ("atan", xp.arctan, FLOATS), ("sinh", xp.sinh, FLOATS),
        ("cosh", xp.cosh, FLOATS), ("tanh", xp.tanh, FLOATS), ("isnan", xp.isnan, FLOATS), ("isinf", xp.isinf, FLOATS),
        ("isfinite", dense_flags(xp.isfinite), FLOATS), ("exp2", xp.exp2, FLOATS), ("asinh", xp.arcsinh, FLOATS),
        ("acosh", xp.arccosh, FLOATS), ("atanh", xp.arctanh, FLOATS),
        ("signbit", dense_flags(xp.signbit), FLOATS), ("logical_not", xp.logical_not, REALS),
    ):
        table.register(name, dtypes, guard.unary(function))
    for name, function, dtypes in (
        ("add", xp.add, REALS), ("sub", xp.subtract, NUMBERS), ("mul", xp.multiply, REALS),
        ("true_div", xp.true_divide, FLOATS), ("maximum", xp.maximum, REALS), ("minimum", xp.minimum, REALS),
        ("lt", xp.less, REALS), ("le", xp.less_equal, REALS), ("gt", xp.greater, REALS), ("ge", xp.greater_equal, REALS),
        ("eq", xp.equal, REALS), ("ne", xp.not_equal, REALS), ("bitwise_and", xp.bitwise_and, _BITS),
        ("bitwise_or", xp.bitwise_or, _BITS), ("bitwise_xor", xp.bitwise_xor, _BITS), ("logical_and", xp.logical_and, REALS),
        ("logical_or", xp.logical_or, REALS), ("logical_xor", xp.logical_xor, REALS), ("copysign", xp.copysign, FLOATS),
        ("atan2", xp.arctan2, FLOATS), ("hypot", xp.hypot, FLOATS), ("fmod", xp.fmod, FLOATS), ("fmax", xp.fmax, REALS),
        ("fmin", xp.fmin, REALS), ("logaddexp", xp.logaddexp, FLOATS), ("logaddexp2", xp.logaddexp2, FLOATS),
    ):
        table.register(name, dtypes, guard.binary(function))
    table.register("gcd", INTEGERS, guard.binary(xp.gcd))
    table.register("nextafter", (float32, float64), guard.binary(xp.nextafter))
    _register_division(table, xp, guard)
    _register_shifts(table, xp)
    _register_choice(table, xp, guard)


def _register_division(table: KernelTable, xp: Module, guard: Guard) -> None:
    """Rounded division. Integers refuse a zero divisor, floats follow PyTorch's signs, as Python's `//` and `%` do."""

    def integer(name: str, function: Function) -> None:
        def kernel(out: Native, input: Native, other: Native) -> None:
            if not xp.all(other):
                raise RuntimeError(f"{name}(): ZeroDivisionError: an integer was divided by zero")
            guard.run(function, input, other, out)

        table.register(name, INTEGERS, kernel)

    integer("floor_divide", xp.floor_divide)
    integer("remainder", xp.remainder)

    def float_remainder(input: Native, other: Native, out: Native) -> None:
        # C's fmod, moved to the divisor's sign; NumPy's own loses the sign of zero and turns x % inf into NaN at times
        left = xp.fmod(input, other)
        off = (left != 0) & ((left < 0) != (xp.asarray(other) < 0))
        xp.copyto(out, left, casting="unsafe")
        xp.add(out, other, out, where=off)

    @table("remainder", FLOATS)
    def remainder(out: Native, input: Native, other: Native) -> None:
        if out is input or out is other:  # the sum at its end still needs the divisor
            made = xp.empty_like(out)
            guard.run(float_remainder, input, other, made)
            out[...] = made
        else:
            guard.run(float_remainder, input, other, out)

    def float_floor_divide(input: Native, other: Native, out: Native) -> None:
        left = xp.fmod(input, other)
        quotient = (input - left) / other
        down = (left != 0) & ((xp.asarray(other) < 0) != (left < 0))
        quotient = xp.where(down, quotient - quotient.dtype.type(1), quotient)
        whole = xp.floor(quotient)
        whole = xp.where(quotient - whole > 0.5, whole + whole.dtype.type(1), whole)
        whole = xp.where(quotient == 0, xp.copysign(xp.zeros_like(quotient), xp.true_divide(input, other)), whole)
        whole = xp.where(xp.asarray(other) == 0, xp.true_divide(input, other), whole)
        xp.copyto(out, whole, casting="unsafe")

    @table("floor_divide", FLOATS)
    def floor_divide(out: Native, input: Native, other: Native) -> None:
        if out.dtype.itemsize == 2:  # the quotient is rounded down before it is rounded to half the digits
            input, other = xp.asarray(input, xp.float32), xp.asarray(other, xp.float32)
        guard.run(float_floor_divide, input, other, out)


def _register_shifts(table: KernelTable, xp: Module) -> None:
    """Shifts past the width give what PyTorch gives: 0, or -1 for a negative number shifted right."""

    def left(out: Native, input: Native, other: Native) -> None:
        bits = out.dtype.itemsize * 8
        other = xp.asarray(other, out.dtype)
        past = (other < 0) | (other >= bits)
        made = xp.left_shift(input, xp.where(past, other.dtype.type(0), other))
        xp.copyto(out, xp.where(past, other.dtype.type(0), made), casting="unsafe")

    def right(out: Native, input: Native, other: Native) -> None:
        bits = out.dtype.itemsize * 8
        other = xp.asarray(other, out.dtype)
        past = (other < 0) | (other >= bits)
        signed = xp.where(past, other.dtype.type(bits - 1), other)
        made = xp.right_shift(input, signed)
        if out.dtype.kind == "u":
            made = xp.where(past, other.dtype.type(0), made)
        xp.copyto(out, made, casting="unsafe")

    table.register("bitwise_left_shift", INTEGERS, left)
    table.register("bitwise_right_shift", INTEGERS, right)


def _register_choice(table: KernelTable, xp: Module, guard: Guard) -> None:
    """where, sign, sigmoid, rsqrt, pow, clamp."""

    @table("select_where", REALS)
    def select_where(out: Native, condition: Native, input: Native, other: Native) -> None:
        choose_in_pieces(xp, guard, out, condition, input, other)

    def sign_of(input: Native, out: Native) -> None:
        xp.sign(input, out)
        if out.dtype.kind == "f" or out.dtype.kind == "V":
            xp.copyto(out, 0, where=xp.isnan(out))

    @table("sign", NUMBERS)
    def sign(out: Native, input: Native) -> None:
        guard.run(sign_of, input, out)

    def sigmoid_of(input: Native, out: Native) -> None:
        # 0.5 * tanh(x / 2) + 0.5 loses no digits that float32 has, but the plain form is closer for large negatives
        xp.negative(input, out)
        xp.exp(out, out)
        xp.add(out, out.dtype.type(1), out)
        xp.reciprocal(out, out)

    @table("sigmoid", FLOATS)
    def sigmoid(out: Native, input: Native) -> None:
        if out.dtype.itemsize == 2:  # rounded once, not at each of four steps
            wide = xp.empty(out.shape, xp.float32)
            guard.run(sigmoid_of, input.astype(xp.float32), wide)
            xp.copyto(out, wide, casting="unsafe")
        else:
            guard.run(sigmoid_of, input, out)

    def rsqrt_of(input: Native, out: Native) -> None:
        xp.sqrt(input, out)
        xp.reciprocal(out, out)

    @table("rsqrt", FLOATS)
    def rsqrt(out: Native, input: Native) -> None:
        guard.run(rsqrt_of, input, out)

    def power(input: Native, other: Native, out: Native) -> None:
        if other == 2 if isinstance(other, float | int) else False:
            xp.multiply(input, input, out)
        elif other == 0.5 if isinstance(other, float | int) else False:
            xp.sqrt(input, out)
        elif other == -0.5 if isinstance(other, float | int) else False:
            rsqrt_of(input, out)
        else:
            xp.power(input, other, out)

    @table("pow", FLOATS)
    def pow(out: Native, input: Native, exponent: Operand) -> None:
        guard.run(power, input, exponent, out)

    @table("pow", INTEGERS)
    def integer_pow(out: Native, input: Native, exponent: Operand) -> None:
        powers = xp.asarray(exponent)
        negative = powers < 0
        if not xp.any(negative):
            xp.power(input, exponent, out)
            return
        # what is left of 1 / input**n: nothing, except for 1 and -1
        unit = xp.where(xp.asarray(input) == -1, 1 - 2 * (powers & 1), xp.asarray(input) == 1)
        made = xp.power(input, xp.where(negative, 0, powers))
        xp.copyto(out, xp.where(negative, unit, made), casting="unsafe")

    def clamp_of(out: Native, input: Native, low: Operand | None, high: Operand | None) -> None:
        if low is not None and high is not None and out.size >= _CLIPPED_FROM and out.dtype.kind in "fiu":  # ml_dtypes has no clip
            xp.clip(input, low, high, out)
            return
        if low is not None:
            xp.maximum(input, low, out=out)
            input = out
        if high is not None:
            xp.minimum(input, high, out=out)

    @table("clamp", NUMBERS)
    def clamp(out: Native, input: Native, min: Operand | None, max: Operand | None) -> None:
        guard.run(clamp_of, out, input, min, max)
