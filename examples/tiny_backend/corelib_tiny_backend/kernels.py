"""The primitives, one short function each; corelib computes every other op, and every gradient, from them.

A kernel is `kernel(out, *inputs, **attributes)`: core has allocated `out`, given the inputs one dtype and checked indices.
Arrays are `corelib.backend.StridedArray`s: a buffer (here a bytearray), shape, strides and an offset counted in elements. An
input may have any strides, 0 where it is repeated, and fewer dimensions than out; or it may be a Python number.
"""

import math
import operator

from corelib.backend import KernelTable

# How Python's memoryview reads an element of each dtype. It rounds to float32 when it writes one.
FORMATS = dict(bool="?", uint8="B", int8="b", int16="h", int32="i", int64="q", float32="f", float64="d")
FLOATS = ("float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
NUMBERS = INTEGERS + FLOATS
EVERY = ("bool", *NUMBERS)
BITS = ("bool", *INTEGERS)

table = KernelTable()


# Elements of arrays.


def cells(array):
    """The elements of an array's buffer, as a sequence that can be read and written."""
    return memoryview(array.buffer).cast(FORMATS[array.dtype.name])


def places(shape, strides, offset=0):
    """Where the elements of a shape lie, in row-major order."""
    found = [offset]
    for n, step in zip(shape, strides):
        found = [start + i * step for start in found for i in range(n)]
    return found


def spread(array, shape):
    """An array's strides when it is repeated to fill `shape`, by NumPy's rules."""
    own = [0 if n == 1 else step for n, step in zip(array.shape, array.strides)]
    return [0] * (len(shape) - len(own)) + own


def read(x, shape):
    """The elements of an operand in the order of out's; a number is repeated."""
    if not hasattr(x, "buffer"):
        return [x] * math.prod(shape)
    memory = cells(x)
    return [memory[p] for p in places(shape, spread(x, shape), x.offset)]


def write(out, values):
    """Store values as elements of out: integers wrap."""
    memory, where, bits = cells(out), places(out.shape, out.strides, out.offset), 8 * out.dtype.itemsize
    if out.dtype.name in INTEGERS:
        low, mask = -(1 << (bits - 1)) if out.dtype.is_signed else 0, (1 << bits) - 1
        for p, value in zip(where, values):
            memory[p] = ((value - low) & mask) + low
    else:
        for p, value in zip(where, values):
            memory[p] = value


# Elementwise: one function of Python numbers makes a kernel.


def elementwise(name, dtypes, function):
    def kernel(out, *inputs):
        try:
            write(out, list(map(function, *[read(x, out.shape) for x in inputs])))
        except ZeroDivisionError:
            raise RuntimeError(f"{name}(): ZeroDivisionError: an integer was divided by zero") from None

    table.register(name, dtypes, kernel)


def safely(function, *, otherwise):
    """A function of floats that gives `otherwise(x)` where Python's raises."""

    def safe(x):
        try:
            return function(x)
        except (ValueError, OverflowError):
            return otherwise(x)

    return safe


def nan(x):
    return math.nan


elementwise("neg", NUMBERS, operator.neg)
elementwise("bitwise_not", INTEGERS, operator.invert)
elementwise("bitwise_not", "bool", operator.not_)
elementwise("sqrt", FLOATS, safely(math.sqrt, otherwise=nan))
elementwise("exp", FLOATS, safely(math.exp, otherwise=lambda x: math.inf))
elementwise("log", FLOATS, safely(math.log, otherwise=lambda x: math.nan if x else -math.inf))
elementwise("sin", FLOATS, safely(math.sin, otherwise=nan))
elementwise("cos", FLOATS, safely(math.cos, otherwise=nan))
elementwise("floor", FLOATS, safely(lambda x: math.floor(x) or x * 0.0, otherwise=lambda x: x))  # infinities and NaN stay
elementwise("floor", INTEGERS, int)


def divided(a, b):
    """a / b as IEEE has it, where Python raises."""
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)
    return a / b


def fmod(a, b):
    return math.nan if b == 0 or math.isinf(a) or a != a or b != b else math.fmod(a, b)


def float_remainder(a, b):
    """C's fmod, moved to the divisor's sign."""
    left = fmod(a, b)
    return left + b if left and (left < 0) != (b < 0) else left


def float_floor_divide(a, b):
    if b == 0:
        return divided(a, b)
    left = fmod(a, b)
    quotient = (a - left) / b - (left != 0 and (left < 0) != (b < 0))
    if quotient != quotient or math.isinf(quotient):
        return quotient
    return float(round(quotient)) if quotient else math.copysign(0.0, divided(a, b))


def larger(a, b):
    return a if a > b or a != a else b  # NaN wins


elementwise("add", NUMBERS, operator.add)
elementwise("add", "bool", operator.or_)
elementwise("sub", NUMBERS, operator.sub)
elementwise("mul", NUMBERS, operator.mul)
elementwise("mul", "bool", operator.and_)
elementwise("true_div", FLOATS, divided)
elementwise("floor_divide", FLOATS, float_floor_divide)
elementwise("remainder", FLOATS, float_remainder)
elementwise("floor_divide", INTEGERS, operator.floordiv)
elementwise("remainder", INTEGERS, operator.mod)
elementwise("maximum", EVERY, larger)
elementwise("lt", EVERY, operator.lt)
elementwise("eq", EVERY, operator.eq)
elementwise("bitwise_and", BITS, operator.and_)
elementwise("bitwise_or", BITS, operator.or_)
elementwise("bitwise_xor", BITS, operator.xor)
elementwise("select_where", EVERY, lambda condition, a, b: a if condition else b)


def shift(name, dtype, bits, function, past):
    """A shift by less than nothing or by more than the width gives `past(a)`, not what the processor makes of it."""
    elementwise(name, dtype, lambda a, b: function(a, b) if 0 <= b < bits else past(a))


for dtype, bits in {"uint8": 8, "int8": 8, "int16": 16, "int32": 32, "int64": 64}.items():
    shift("bitwise_left_shift", dtype, bits, operator.lshift, lambda a: 0)
    shift("bitwise_right_shift", dtype, bits, operator.rshift, lambda a: -1 if a < 0 else 0)


# Movement.


@table("fill", EVERY)
def fill(out, value):
    write(out, [value] * math.prod(out.shape))


@table("copy", EVERY)
def copy(out, x):
    values = read(x, out.shape)
    if out.dtype.name in INTEGERS and x.dtype.name in FLOATS:
        values = [int(v) if math.isfinite(v) else 0 for v in values]
    write(out, values)


@table("arange_", NUMBERS)
def arange_(out, start, step):
    write(out, [start + i * step for i in range(out.shape[0])])


# Reductions: for each element that is kept, a function of those that are reduced.


def reduction(name, dtypes, function):
    def kernel(out, x, dims, keepdim):
        memory = cells(x)
        kept = [(n, s) for d, (n, s) in enumerate(zip(x.shape, x.strides)) if d not in dims]
        gone = [(n, s) for d, (n, s) in enumerate(zip(x.shape, x.strides)) if d in dims]
        inner = places(*zip(*gone)) if gone else [0]
        starts = places(*zip(*kept), x.offset) if kept else [x.offset]
        write(out, [function([memory[start + i] for i in inner]) for start in starts])

    table.register(name, dtypes, kernel)


def extreme(pick):
    return lambda values: math.nan if any(v != v for v in values) else pick(values)


reduction("sum", FLOATS, lambda values: math.fsum(values) if math.isfinite(sum(values)) else sum(values, 0.0))
reduction("sum", INTEGERS, sum)
reduction("sum", "bool", any)
reduction("prod", NUMBERS, math.prod)
reduction("prod", "bool", all)
reduction("amax", EVERY, extreme(max))
reduction("amin", EVERY, extreme(min))


# Products, and rows by index.


@table("batched_matmul", NUMBERS)
def batched_matmul(out, a, b):
    (n, k), m = a.shape[-2:], b.shape[-1]
    left, right, values = cells(a), cells(b), []
    batch = out.shape[:-2]
    firsts, seconds = [places(batch, spread(x._replace(shape=x.shape[:-2], strides=x.strides[:-2]), batch), x.offset) for x in (a, b)]
    for p, q in zip(firsts, seconds):
        rows = [[left[p + i * a.strides[-2] + c * a.strides[-1]] for c in range(k)] for i in range(n)]
        columns = [[right[q + c * b.strides[-2] + j * b.strides[-1]] for c in range(k)] for j in range(m)]
        values += [sum(map(operator.mul, row, column)) for row in rows for column in columns]
    write(out, values)


@table("take_rows", EVERY)
def take_rows(out, x, index):
    memory, row = cells(x), places(x.shape[1:], x.strides[1:])
    write(out, [memory[x.offset + i * x.strides[0] + p] for i in read(index, index.shape) for p in row])


@table("put_rows", EVERY)
def put_rows(out, x, index, values, accumulate):
    copy(out, x)
    memory, row = cells(out), places(out.shape[1:], out.strides[1:])
    targets = [out.offset + i * out.strides[0] + p for i in read(index, index.shape) for p in row]
    totals = {}
    for p, value in zip(targets, read(values, (*index.shape, *out.shape[1:]))):
        if accumulate:  # in Python's numbers, so that a sum is rounded once
            old = totals.get(p, memory[p])
            totals[p] = old | value if out.dtype.name == "bool" else old + value
        else:
            totals[p] = value
    for p, value in totals.items():
        write(out._replace(shape=(1,), strides=(1,), offset=p), [value])
