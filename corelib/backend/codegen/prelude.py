"""What generated code begins with: the names of types.py, loads and stores, and functions whose rules C does not have.

`Target` says how a kernel is written for one compiler. `style` says how work is cut: "grid", one work item an element, for
devices that run thousands of items in step; "loop", one work item a chunk of many, for processors with cores and caches.
"""

from __future__ import annotations

from typing import NamedTuple

from corelib.ops.elementwise.error_functions import ERFINV_LOG, GILES_TAIL, QUANTILE_CENTRAL, QUANTILE_FAR_TAIL, QUANTILE_TAIL


class Target(NamedTuple):
    """A compiler's dialect of C."""

    name: str
    kernel: str
    pointer: str
    """Before the type of a pointer into device memory."""
    item: str
    """The number of this work item, as an expression."""
    local: str
    """The number of this work item in its group."""
    group: str
    barrier: str
    shared: str
    vectors: bool
    """Whether arithmetic and functions work on vectors, as in OpenCL C."""
    prelude: str

    def text(self, double: bool) -> str:
        """The prelude for a device with or without float64."""
        text = self.prelude + _COMMON
        for kind in ("i8", "i16", "i32", "i64"):
            text += _signed(kind)
        text += _unsigned("u8") + _floating("f32", "f") + _erfinv()
        return text + "typedef double f64;\nPLAIN(f64)\n" + _floating("f64", "") + _wide_erfinv() if double else text


_OPENCL = """
#pragma OPENCL FP_CONTRACT OFF
#define FN inline
#define GLOBAL __global
typedef char i8; typedef uchar u8; typedef short i16; typedef ushort u16; typedef int i32; typedef uint u32;
typedef long i64; typedef ulong u64; typedef float f32;
#define mul_high(a, b) mul_hi((u64)(a), (u64)(b))
#define bits_f64(v) as_double(v)
FN f32 bits_f32(u32 v) { return as_float(v); }
FN u32 f32_bits(f32 v) { return as_uint(v); }
FN void mark_max(GLOBAL i32* p, i32 v) { atomic_max(p, v); }
FN f32 load_f16(GLOBAL const half* p, i64 i) { return vload_half(i, p); }
FN void store_f16(GLOBAL half* p, i64 i, f32 v) { vstore_half_rte(v, i, p); }
#define ROUND_BF16(N) \\
  FN ushort##N round_bf16_##N(float##N v) { \\
    const uint##N bits = as_uint##N(v); \\
    const uint##N made = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16; \\
    return convert_ushort##N(v != v ? (uint##N)(0x7fc0) : made); \\
  }
// PoCL's functions of vectors reduce large values in a way that small ones beside them do not survive.
#define LANES(F) \\
  FN float8 F##_lanes(float8 x) { \\
    if (!any(fabs(x) > 1e6f)) return F(x); \\
    return (float8)(F(x.s0), F(x.s1), F(x.s2), F(x.s3), F(x.s4), F(x.s5), F(x.s6), F(x.s7)); \\
  }
#ifdef VECTORS
// By way of memory that is aligned to their size: some versions of PoCL read and write eight halves as if all were.
FN float8 load_f16_8(GLOBAL const half* p) { const ushort8 bits = vload8(0, (GLOBAL const ushort*)p); return vload_half8(0, (const half*)&bits); }
FN void store_f16_8(GLOBAL half* p, float8 v) { ushort8 bits; vstore_half8_rte(v, 0, (half*)&bits); vstore8(bits, 0, (GLOBAL ushort*)p); }
ROUND_BF16(8)
LANES(sin) LANES(cos) LANES(tan)
#endif
// A polynomial near 0, exp elsewhere (Cephes): within 2 ulp and 1 where it should be, and quicker than a call.
#define TANH(T) \\
  FN T tanh_##T(T a) { \\
    const T z = a * a, size = fabs(a); \\
    const T near = ((((-5.70498872745E-3f * z + 2.06390887954E-2f) * z - 5.37397155531E-2f) * z + 1.33314422036E-1f) * z \\
      - 3.33332819422E-1f) * z * size + size; \\
    return copysign(size < 0.625f ? near : 1.0f - 2.0f / (exp(2.0f * size) + 1.0f), a); \\
  }
TANH(f32)
#ifdef VECTORS
TANH(float8)
#endif
#ifdef cl_khr_fp64
#define tanh_f64 tanh
#define tanh_double4 tanh
#endif
"""

_CUDA = """
#define FN __device__ __forceinline__
#define tanh_f32 tanhf
#define tanh_f64 tanh
#define GLOBAL
typedef signed char i8; typedef unsigned char u8; typedef short i16; typedef unsigned short u16; typedef int i32; typedef unsigned int u32;
typedef long long i64; typedef unsigned long long u64; typedef float f32; typedef unsigned short half;
#ifndef INFINITY
#define INFINITY __int_as_float(0x7f800000)
#endif
#ifndef NAN
#define NAN __int_as_float(0x7fc00000)
#endif
#define mul_high(a, b) __umul64hi(a, b)
#define bits_f64(v) __longlong_as_double((i64)(v))
FN f32 bits_f32(u32 v) { return __uint_as_float(v); }
FN u32 f32_bits(f32 v) { return __float_as_uint(v); }
FN void mark_max(GLOBAL i32* p, i32 v) { atomicMax(p, v); }
"""

# What the dialects of CUDA and of HIP, the same text's compiler on AMD's devices, say differently; HIP has no PTX. No kernel depends on how
# many threads run in step (32 on NVIDIA's devices, 64 on most of AMD's): none uses what threads of a warp tell each other.
_PTX = """
FN f32 load_f16(GLOBAL const half* p, i64 i) { f32 v; asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(p[i])); return v; }
FN void store_f16(GLOBAL half* p, i64 i, f32 v) { half h; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(v)); p[i] = h; }
"""
_HIP = """
FN f32 load_f16(GLOBAL const half* p, i64 i) { return (f32)((GLOBAL const _Float16*)p)[i]; }
FN void store_f16(GLOBAL half* p, i64 i, f32 v) { ((GLOBAL _Float16*)p)[i] = (_Float16)v; }
"""

_COMMON = """
FN f32 load_bf16(GLOBAL const u16* p, i64 i) { return bits_f32((u32)p[i] << 16); }
FN u16 round_bf16(f32 v) {
  const u32 bits = f32_bits(v);
  return v != v ? (u16)0x7fc0 : (u16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
FN void store_bf16(GLOBAL u16* p, i64 i, f32 v) { p[i] = round_bf16(v); }
FN i32 load_b8(GLOBAL const u8* p, i64 i) { return p[i] != 0; }
FN void store_b8(GLOBAL u8* p, i64 i, i32 v) { p[i] = v != 0; }
#define PLAIN(T) \\
  FN T load_##T(GLOBAL const T* p, i64 i) { return p[i]; } \\
  FN void store_##T(GLOBAL T* p, i64 i, T v) { p[i] = v; }
PLAIN(u8) PLAIN(i8) PLAIN(i16) PLAIN(i32) PLAIN(i64) PLAIN(f32)
"""


def _signed(kind: str) -> str:
    bits, wide = int(kind[1:]), "u" + kind[1:]
    return f"""
FN {kind} floor_divide_{kind}({kind} a, {kind} b) {{
  if (b == 0) return 0;
  if (b == -1) return ({kind})(({wide})0 - ({wide})a);
  const {kind} q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}}
FN {kind} remainder_{kind}({kind} a, {kind} b) {{
  if (b == 0 || b == -1) return 0;
  const {kind} r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}}
FN {kind} shift_left_{kind}({kind} a, {kind} b) {{ return b < 0 || b >= {bits} ? 0 : ({kind})(({wide})a << b); }}
FN {kind} shift_right_{kind}({kind} a, {kind} b) {{ return a >> (b < 0 || b >= {bits} ? {bits - 1} : b); }}
"""


def _unsigned(kind: str) -> str:
    bits = int(kind[1:])
    return f"""
FN {kind} floor_divide_{kind}({kind} a, {kind} b) {{ return b == 0 ? 0 : a / b; }}
FN {kind} remainder_{kind}({kind} a, {kind} b) {{ return b == 0 ? 0 : a % b; }}
FN {kind} shift_left_{kind}({kind} a, {kind} b) {{ return b >= {bits} ? 0 : ({kind})(a << b); }}
FN {kind} shift_right_{kind}({kind} a, {kind} b) {{ return b >= {bits} ? 0 : a >> b; }}
"""


def _floating(kind: str, suffix: str) -> str:
    """Division with Python's signs, as PyTorch has it: fmod, moved to the divisor's sign."""
    return f"""
FN {kind} remainder_{kind}({kind} a, {kind} b) {{
  const {kind} r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}}
FN {kind} floor_divide_{kind}({kind} a, {kind} b) {{
  if (b == 0) return a / b;
  const {kind} r = fmod(a, b);
  {kind} q = (a - r) / b;
  if (r != 0 && (b < 0) != (r < 0)) q -= 1;
  if (q == 0) return copysign(({kind})0, a / b);
  const {kind} whole = floor(q);
  return q - whole > 0.5{suffix} ? whole + 1 : whole;
}}
"""


def _erfinv() -> str:
    """In float32 by polynomials in log(1 - x²), as the kernels of NumPy-like modules have it."""
    return f"""
FN f32 erfinv_f32(f32 x) {{
  const f32 v = log((1.0f - x) * (1.0f + x));
  const f32 root = sqrt(-v) - 3.0f;
  const f32 made = v > -5.0f ? {_horner("v", ERFINV_LOG, "f")} : {_horner("root", GILES_TAIL, "f")};
  return fabs(x) == 1.0f ? x * INFINITY : made * x;
}}
"""


def _wide_erfinv() -> str:
    """In float64 as the normal quantile at (1 + x) / 2, over the root of 2."""

    def fraction(x: str, parts: tuple[tuple[float, ...], tuple[float, ...]]) -> str:
        return f"{_horner(x, parts[0], '')} / {_horner(x, parts[1], '')}"

    return f"""
FN f64 erfinv_f64(f64 x) {{
  const f64 q = 0.5 * x, r = 0.180625 - q * q;
  if (fabs(q) <= 0.425) return 0.7071067811865476 * q * {fraction("r", QUANTILE_CENTRAL)};
  const f64 root = sqrt(-log(0.5 - fabs(q))), near = root - 1.6, far = root - 5.0;
  const f64 made = root <= 5.0 ? {fraction("near", QUANTILE_TAIL)} : {fraction("far", QUANTILE_FAR_TAIL)};
  return copysign(fabs(q) == 0.5 ? (f64)INFINITY : 0.7071067811865476 * made, x);
}}
"""


def _horner(x: str, coefficients: tuple[float, ...], suffix: str) -> str:
    text = f"{coefficients[0]!r}{suffix}"
    for c in coefficients[1:]:
        text = f"({text} * {x} + {c!r}{suffix})"
    return text


OPENCL = Target(
    name="opencl",
    kernel="__kernel void",
    pointer="GLOBAL",
    item="get_global_id(0)",
    local="get_local_id(0)",
    group="get_group_id(0)",
    barrier="barrier(CLK_LOCAL_MEM_FENCE)",
    shared="__local",
    vectors=True,
    prelude=_OPENCL,
)

CUDA = Target(
    name="cuda",
    kernel='extern "C" __global__ void',
    pointer="GLOBAL",
    item="((i64)blockIdx.x * blockDim.x + threadIdx.x)",
    local="threadIdx.x",
    group="((i64)blockIdx.x)",
    barrier="__syncthreads()",
    shared="__shared__",
    vectors=False,
    prelude=_CUDA + _PTX,
)

HIP = CUDA._replace(name="hip", prelude=_CUDA + _HIP)
