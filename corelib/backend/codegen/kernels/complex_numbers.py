"""Complex numbers as two floats: their arithmetic and functions in C, and the kernels that need more than an expression.

A product of matrices is four products of their parts, which are strided arrays of real numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from corelib.backend.codegen.elementwise import Elementwise
from corelib.backend.codegen.expressions import COMPLEX as EXPRESSIONS
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.trace import Code, Statement, Value
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import Kernel, KernelTable
from corelib.dispatcher.op import TABLE
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides

_C = """
typedef R2 C;
FN C make_C(R x, R y) { return (C)(x, y); }
PLAIN(C)
FN C mul_C(C a, C b) { return make_C(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
FN C div_C(C a, C b) { // Smith's way, which squares nothing
  const R w = fabs(b.x), h = fabs(b.y);
  if (w >= h) {
    if (w == 0 && h == 0) return make_C(a.x / w, a.y / w);
    const R r = b.y / b.x, s = (R)1 / (b.x + b.y * r);
    return make_C((a.x + a.y * r) * s, (a.y - a.x * r) * s);
  }
  const R r = b.x / b.y, s = (R)1 / (b.x * r + b.y);
  return make_C((a.x * r + a.y) * s, (a.y * r - a.x) * s);
}
FN C exp_C(C a) {
  const R e = exp(a.x);
  if (e == 0) return make_C(0, 0);
  return a.y == 0 ? make_C(e, a.y) : make_C(e * cos(a.y), e * sin(a.y));
}
FN C log_C(C a) { // near magnitude 1 by log1p, where log loses digits
  const R w = fabs(a.x), h = fabs(a.y), big = fmax(w, h), small = fmin(w, h), size = hypot(w, h);
  const R re = size > (R)0.5 && size < (R)2 ? (R)0.5 * log1p((big - 1) * (big + 1) + small * small) : log(size);
  return make_C(re, atan2(a.y, a.x));
}
FN C sqrt_C(C a) {
  if (a.x == 0 && a.y == 0) return make_C(0, a.y);
  const R t = sqrt((fabs(a.x) + hypot(a.x, a.y)) * (R)0.5);
  return a.x >= 0 ? make_C(t, a.y / (2 * t)) : make_C(fabs(a.y) / (2 * t), copysign(t, a.y));
}
FN C sinh_C(C a) { return a.y == 0 ? make_C(sinh(a.x), a.y) : make_C(sinh(a.x) * cos(a.y), cosh(a.x) * sin(a.y)); }
FN C cosh_C(C a) { return a.y == 0 ? make_C(cosh(a.x), a.x * a.y) : make_C(cosh(a.x) * cos(a.y), sinh(a.x) * sin(a.y)); }
FN C tanh_C(C a) { // Kahan, "Branch cuts for complex elementary functions", as are the inverses below
  if (fabs(a.x) > (R)LARGE) return make_C(copysign((R)1, a.x), 4 * sin(a.y) * cos(a.y) * exp(-2 * fabs(a.x)));
  const R t = tan(a.y), b = 1 + t * t, s = sinh(a.x), d = 1 + b * s * s;
  return make_C(b * sqrt(1 + s * s) * s / d, t / d);
}
FN C asin_C(C a) {
  const C l = sqrt_C(make_C(1 - a.x, -a.y)), r = sqrt_C(make_C(1 + a.x, a.y));
  return make_C(atan2(a.x, l.x * r.x - l.y * r.y), asinh(l.x * r.y - l.y * r.x));
}
FN C acos_C(C a) {
  const C l = sqrt_C(make_C(1 - a.x, -a.y)), r = sqrt_C(make_C(1 + a.x, a.y));
  return make_C(2 * atan2(l.x, r.x), asinh(r.x * l.y - r.y * l.x));
}
FN C acosh_C(C a) {
  const C l = sqrt_C(make_C(a.x - 1, a.y)), r = sqrt_C(make_C(a.x + 1, a.y));
  return make_C(asinh(l.x * r.x + l.y * r.y), 2 * atan2(l.y, r.x));
}
FN C atanh_C(C a) {
  const R w = 1 - a.x, y2 = a.y * a.y;
  return make_C((R)0.25 * log1p(4 * a.x / (w * w + y2)), (R)0.5 * atan2(2 * a.y, w * (1 + a.x) - y2));
}
FN C sin_C(C a) { const C s = sinh_C(make_C(-a.y, a.x)); return make_C(s.y, -s.x); }
FN C cos_C(C a) { return cosh_C(make_C(-a.y, a.x)); }
FN C tan_C(C a) { const C t = tanh_C(make_C(-a.y, a.x)); return make_C(t.y, -t.x); }
FN C asinh_C(C a) { const C t = asin_C(make_C(a.y, -a.x)); return make_C(-t.y, t.x); }
FN C atan_C(C a) { const C t = atanh_C(make_C(-a.y, a.x)); return make_C(t.y, -t.x); }
FN C log2_C(C a) { return log_C(a) * (R)1.4426950408889634; }
FN C log10_C(C a) { return log_C(a) * (R)0.4342944819032518; }
FN C exp2_C(C a) { return exp_C(a * (R)0.6931471805599453); }
FN C log1p_C(C a) {
  if (fabs(a.x) + fabs(a.y) > (R)0.5) return log_C(make_C(1 + a.x, a.y));
  return make_C((R)0.5 * log1p(a.x * (a.x + 2) + a.y * a.y), atan2(a.y, 1 + a.x));
}
FN C expm1_C(C a) {
  const R s = sin((R)0.5 * a.y);
  return make_C(expm1(a.x) * cos(a.y) - 2 * s * s, exp(a.x) * sin(a.y));
}
FN C pow_C(C a, C b) {
  if (b.x == 0 && b.y == 0) return make_C(1, 0);
  if (a.x == 0 && a.y == 0) return b.x > 0 && b.y == 0 ? make_C(0, 0) : make_C(NAN, NAN);
  if (b.y == 0 && fabs(b.x) < 100 && floor(b.x) == b.x) { // by products, which keep more digits
    C made = make_C(1, 0), p = a;
    for (i32 n = (i32)fabs(b.x); n; n >>= 1) { if (n & 1) made = mul_C(made, p); p = mul_C(p, p); }
    return b.x < 0 ? div_C(make_C(1, 0), made) : made;
  }
  return exp_C(mul_C(b, log_C(a)));
}
"""


def prelude(source: str) -> str:
    """The types and functions that a source with complex numbers begins with; nothing for others."""
    text = ""
    for kind, real, vector, large in (("c64", "f32", "float2", "9"), ("c128", "f64", "double2", "20")):
        if kind in source:
            for name, meaning in (("R2", vector), ("LARGE", large), ("R", real)):
                text += f"#undef {name}\n#define {name} {meaning}\n"
            text += re.sub(r"\bC\b", kind, re.sub(r"_C\b", f"_{kind}", _C)) + "#undef R\n"
    return text


def register(table: KernelTable, launcher: Launcher, elementwise: Elementwise, rows: Rows, dtypes: tuple[DType, ...]) -> None:
    """What is an expression, sums, products and means, any and all, and products of matrices; movement and indexing take every dtype."""
    for name in EXPRESSIONS:
        found = TABLE.get(name)
        if found is not None and name != "copy":
            table.register(name, dtypes, elementwise.kernel(found))
    for dtype in dtypes:
        table.register("mean", dtype, _mean(rows, dtype))
        for name in ("any", "all"):
            table.register(name, dtype, _truth(rows, name))
        for name in ("mm", "batched_matmul"):
            table.register(name, dtype, _product(launcher, elementwise, table[name][dtype.to_real()], dtype.to_real()))


def _mean(rows: Rows, dtype: DType) -> Kernel:
    kind, real = C[dtype].compute, C[dtype.to_real()].compute
    program = Program("mean", 1, (Reduce("total", kind, f"make_{kind}(0, 0)", "v1", "{a} + {b}"), Store(0, f"total / ({real})x0")), ("i64",))

    def mean(out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
        length = 1
        for d in dims:
            length *= input.shape[d]
        rows.run(program, [_kept(out, input, dims, keepdim), input], input.shape, tuple(dims), (length,))

    return mean


def _truth(rows: Rows, name: str) -> Kernel:
    sign, first = ("|", "0") if name == "any" else ("&", "1")
    program = Program(name, 1, (Reduce("truth", "i32", first, "(v1.x != 0 || v1.y != 0)", "{a} " + sign + " {b}"), Store(0, "truth")))

    def truth(out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> None:
        rows.run(program, [_kept(out, input, dims, keepdim), input], input.shape, tuple(dims))

    return truth


def _kept(out: StridedArray, input: StridedArray, dims: Ints, keepdim: bool) -> StridedArray:
    """The output with the reduced dimensions as 1."""
    if keepdim or len(out.shape) == len(input.shape):
        return out
    at = iter(zip(out.shape, out.strides, strict=True))
    pairs = [(1, 0) if d in dims else next(at) for d in range(len(input.shape))]
    return out._replace(shape=tuple([n for n, _ in pairs]), strides=tuple([s for _, s in pairs]))


def _parts(x: StridedArray, real: DType) -> tuple[StridedArray, StridedArray]:
    """The real and the imaginary parts, over the same memory."""
    found = x._replace(dtype=real, strides=tuple([2 * s for s in x.strides]), offset=2 * x.offset)
    return found, found._replace(offset=found.offset + 1)


def _product(launcher: Launcher, elementwise: Elementwise, multiply: Kernel, real: DType) -> Kernel:
    def joined(name: str) -> Callable[[StridedArray, StridedArray], Outcome]:
        code = Code((Statement("t0", name, real, real, (Value("v0", real), Value("v1", real))),), Value("t0", real))
        return lambda out, other: elementwise.run((f"complex_{name}", (real, real)), code, out, [out, other])

    less, more = joined("sub"), joined("add")

    def product(out: StridedArray, input: StridedArray, other: StridedArray) -> Outcome:
        if 0 in out.shape:
            return None
        (x, y), (u, v), (re, im) = _parts(input, real), _parts(other, real), _parts(out, real)
        count = 1
        for n in out.shape:
            count *= n
        scratch = launcher.scratch(out.device_index, max(count, 1) * real.itemsize)
        some = out._replace(buffer=scratch._raw, dtype=real, strides=contiguous_strides(out.shape), offset=0)
        for target, first, second, join in ((re, (x, u), (y, v), less), (im, (x, v), (y, u), more)):
            multiply(target, *first)
            multiply(some, *second)
            join(target, some)
        return None

    return product
