"""Faults in what is computed."""

from __future__ import annotations

from typing import Any

import corelib
import numpy as np
from corelib.tensor.dtype import FLOATS, INTEGERS, REALS

from .mutants import after, instead, mutant, mutant_core, scaled


@mutant("scale by 1 + 1e-4", "1/sizes/mul/float32/forward")
def scale(table: Any, m: Any) -> None:
    after(table, "mul", FLOATS, lambda out, a, b: scaled(out, 1.0001), m)


@mutant("sum in half precision", "1/sizes/sum/float32/forward")
def low_precision(table: Any, m: Any) -> None:
    instead(table, "sum", [corelib.float32], lambda out, x, dims, keep: np.add.reduce(x.astype(np.float16), dims, np.float16, out, keep), m)


@mutant("sums added one by one along columns", "1/long_sums/sum/float32/forward")
def one_by_one(table: Any, m: Any) -> None:
    instead(table, "sum", [corelib.float32], lambda out, x, dims, keep: np.add.reduce(x, dims, None, out, keep), m)


@mutant("running totals added one by one", "2/long_totals/cumsum/float32/forward")
def one_by_one_totals(table: Any, m: Any) -> None:
    instead(table, "cumsum", [corelib.float32], lambda out, x, dim: np.add.accumulate(x, dim, None, out), m)


@mutant("sum of long integers by way of floats", "1/values/sum/int64/forward")
def float_sum(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dims: Any, keep: Any) -> None:
        out[...] = np.add.reduce(x.astype(np.float64), dims, None, None, keep).astype(np.int64)

    instead(table, "sum", [corelib.int64], wrong, m)


@mutant("tanh by exp alone, which loses the digits of small numbers", "3/exponents/tanh/float32/forward")
def tanh_by_exp(table: Any, m: Any) -> None:
    instead(table, "tanh", [corelib.float32], lambda out, x: np.copyto(out, 1 - 2 / (np.exp(np.float32(2) * x) + 1)), m)


@mutant("drop the last K", "1/sizes/batched_matmul/float32/forward")
def drop_last(table: Any, m: Any) -> None:
    for name in ("batched_matmul", "mm"):
        instead(table, name, FLOATS, lambda out, a, b: np.copyto(out, (a[..., :-1] @ b[..., :-1, :]) if a.shape[-1] > 1 else a @ b), m)


@mutant("ignore the batch in products", "1/sizes/batched_matmul/float32/forward")
def first_batch(table: Any, m: Any) -> None:
    instead(table, "batched_matmul", FLOATS, lambda out, a, b: np.copyto(out, a @ b if a.ndim < 3 else np.broadcast_to((a[:1] @ b[:1]), out.shape)), m)


@mutant("wrong past element 256", "1/sizes/add/float32/forward")
def past_256(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        if out.ndim == 1:
            out[256:] = 0

    after(table, "add", FLOATS, spoil, m)


@mutant("zero values under 1e-5", "1/values/add/float32/forward")
def zero_small(table: Any, m: Any) -> None:
    def spoil(out: Any, a: Any, b: Any) -> None:
        out[np.abs(out) < 1e-5] = 0

    after(table, "add", [corelib.float32], spoil, m)


@mutant("lose the sign of zero", "1/values/neg/float32/forward")
def lose_sign(table: Any, m: Any) -> None:
    after(table, "neg", FLOATS, lambda out, x: np.add(out, 0, out), m)


@mutant("swallow NaN in maximum", "1/values/maximum/float32/forward")
def swallow_nan(table: Any, m: Any) -> None:
    instead(table, "maximum", FLOATS, lambda out, a, b: np.fmax(a, b, out), m)


@mutant("swallow NaN in amax", "1/values/amax/float32/forward")
def swallow_nan_reduced(table: Any, m: Any) -> None:
    instead(table, "amax", FLOATS, lambda out, x, dims, keep: np.fmax.reduce(x, dims, None, out, keep), m)


@mutant("wrong tie in argmax", "2/forward/argmax/int64/forward")
def wrong_tie(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dim: Any, keepdim: Any) -> None:
        if dim is None:
            out[...] = x.size - 1 - np.argmax(x.reshape(-1)[::-1])
        else:
            found = x.shape[dim] - 1 - np.argmax(np.flip(x, dim), dim) if x.ndim else 0
            out[...] = np.expand_dims(found, dim) if keepdim and x.ndim else found

    instead(table, "argmax", REALS, wrong, m)


@mutant("the last of equal values", "4/ties")
def last_of_equal(table: Any, m: Any) -> None:
    for name in ("argmax", "argmin"):
        pick = np.argmax if name == "argmax" else np.argmin
        instead(table, name, FLOATS, lambda out, x, dim, keepdim, pick=pick: np.copyto(out, last(pick, x, dim, keepdim)), m)


def last(pick: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The last index that a function of NumPy's could pick."""
    flat = x.reshape(-1) if dim is None else x
    at = 0 if dim is None else dim
    found = flat.shape[at] - 1 - pick(np.flip(flat, at), at, keepdims=keepdim and dim is not None)
    return found.reshape((1,) * x.ndim) if dim is None and keepdim else found


@mutant("compute long integers in 32 bits", "1/values/add/int64/forward")
def narrow(table: Any, m: Any) -> None:
    instead(table, "add", [corelib.int64], lambda out, a, b: np.copyto(out, (np.asarray(a).astype(np.int32) + np.asarray(b).astype(np.int32))), m)


@mutant("saturate small integers", "1/values/add/int8/forward")
def saturate(table: Any, m: Any) -> None:
    instead(table, "add", [corelib.int8], lambda out, a, b: np.copyto(out, np.clip(np.asarray(a, np.int32) + b, -128, 127), casting="unsafe"), m)


@mutant("overflow early in exp", "1/values/exp/float32/forward")
def early_overflow(table: Any, m: Any) -> None:
    def spoil(out: Any, x: Any) -> None:
        out[out > 1e30] = np.inf

    after(table, "exp", [corelib.float32], spoil, m)


@mutant("sine of large arguments in few digits", "1/values/sin/float32/forward")
def bad_reduction(table: Any, m: Any) -> None:
    instead(table, "sin", [corelib.float32], lambda out, x: np.copyto(out, np.sin(x - np.float32(6.2831855) * np.round(x / np.float32(6.2831855)))), m)


@mutant("round in place of cutting off", "1/sizes/copy/int32/forward")
def rounding_cast(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        np.copyto(out, np.round(x.astype(np.float64)) if x.dtype.kind == "f" else x, casting="unsafe")

    instead(table, "copy", INTEGERS, wrong, m)


@mutant("truncate in floor division", "1/sizes/floor_divide/int32/forward")
def truncated(table: Any, m: Any) -> None:
    instead(table, "floor_divide", INTEGERS, lambda out, a, b: np.copyto(out, np.trunc(np.asarray(a) / np.asarray(b)), casting="unsafe"), m)


@mutant("remainder with C's sign", "1/sizes/remainder/float32/forward")
def c_remainder(table: Any, m: Any) -> None:
    instead(table, "remainder", FLOATS, lambda out, a, b: np.copyto(out, np.fmod(a, b)), m)


@mutant("shift past the width", "1/values/bitwise_left_shift/int32/forward")
def wrapped_shift(table: Any, m: Any) -> None:
    instead(table, "bitwise_left_shift", [corelib.int32], lambda out, a, b: np.copyto(out, np.left_shift(a, np.asarray(b, np.int32) % 32)), m)


@mutant("true division by a product with the reciprocal in half precision", "1/sizes/true_div/float32/forward")
def reciprocal_half(table: Any, m: Any) -> None:
    instead(table, "true_div", [corelib.float32], lambda out, a, b: np.copyto(out, a * (1 / np.asarray(b).astype(np.float16)).astype(np.float32)), m)


@mutant("condition of where turned round at ends", "1/sizes/select_where/float32/forward")
def turned_condition(table: Any, m: Any) -> None:
    def spoil(out: Any, c: Any, a: Any, b: Any) -> None:
        if out.size and out.ndim == 1:
            out[-1] = (b if not isinstance(b, np.ndarray) else b[-1]) if c[-1] else (a if not isinstance(a, np.ndarray) else a[-1])

    after(table, "select_where", FLOATS, spoil, m)


@mutant("softmax without its largest taken off", "2/forward/softmax/float32/forward")
def naive_softmax(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any, dim: Any, *rest: Any) -> None:
        e = np.exp(x)
        out[...] = 1 if not x.ndim else e / e.sum(dim, keepdims=True)

    instead(table, "softmax_along", [corelib.float32], wrong, m)


@mutant("variance without its correction", "2/forward/var/float32/forward")
def biased(table: Any, m: Any) -> None:
    instead(table, "variance", FLOATS, lambda out, x, dims, correction, keep: np.copyto(out, np.var(x, axis=dims, keepdims=keep)), m)


@mutant("a derivative without its sum", "4/gradient/softmax/float32/backward")
def no_sum(table: Any, m: Any) -> None:
    instead(table, "softmax_backward", FLOATS, lambda out, g, y, dim: np.multiply(g, y, out), m)


@mutant("relu's derivative at zero", "4/gradient/relu/float32/backward")
def slope_at_zero(table: Any, m: Any) -> None:
    instead(table, "relu_backward", FLOATS, lambda out, g, y: np.multiply(g, y >= 0, out), m)


@mutant("a special function by its expansion alone", "3/whole_table/special_bessel_j0/float32/forward")
def expansion_alone(table: Any, m: Any) -> None:
    def wrong(out: Any, x: Any) -> None:
        m.hit()
        size = np.abs(x)
        out[...] = np.sqrt(2 / (np.pi * size)) * (np.cos(size - np.pi / 4) + np.sin(size - np.pi / 4) / (8 * size))

    table.register("special_bessel_j0", [corelib.float32], wrong)


@mutant_core("a native form that is not its public op", "3/whole_table/_softmax_backward_data/float32/forward")
def another_form(m: Any) -> Any:
    def wrong(grad_output: Any, output: Any, dim: int, input_dtype: Any) -> Any:
        m.hit()
        return (grad_output * output).to(input_dtype)

    before, corelib._softmax_backward_data = corelib._softmax_backward_data, wrong
    try:
        yield
    finally:
        corelib._softmax_backward_data = before
