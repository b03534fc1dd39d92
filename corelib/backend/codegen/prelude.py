"""What generated code begins with: the names of types.py, loads and stores, and functions whose rules C does not have.

`Target` says how a kernel is written for one compiler. `style` says how work is cut: "grid", one work item an element, for
devices that run thousands of items in step; "loop", one work item a chunk of many, for processors with cores and caches.
"""

from __future__ import annotations

from typing import NamedTuple


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

    def text(self, double: bool, half: bool) -> str:
        """The prelude for a device with or without float64."""
        text = self.prelude + _INTEGERS
        for kind in ("i8", "i16", "i32", "i64"):
            text += _signed(kind)
        text += _unsigned("u8") + _floating("f32", "f")
        if double:
            text += _DOUBLE_OPENCL if self.name == "opencl" else ""
            text += _floating("f64", "")
        return text


_DOUBLE_OPENCL = """
typedef double f64;
inline f64 load_f64(__global const f64* p, i64 i) { return p[i]; }
inline void store_f64(__global f64* p, i64 i, f64 v) { p[i] = v; }
"""

_OPENCL = """
#pragma OPENCL FP_CONTRACT OFF
typedef char i8; typedef uchar u8; typedef short i16; typedef ushort u16; typedef int i32; typedef uint u32;
typedef long i64; typedef ulong u64; typedef float f32;
inline f32 load_f16(__global const half* p, i64 i) { return vload_half(i, p); }
inline void store_f16(__global half* p, i64 i, f32 v) { vstore_half_rte(v, i, p); }
inline f32 load_bf16(__global const u16* p, i64 i) { return as_float((u32)p[i] << 16); }
inline u16 round_bf16(f32 v) {
  const u32 bits = as_uint(v);
  return v != v ? (u16)0x7fc0 : (u16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
#define ROUND_BF16(N) \\
  inline ushort##N round_bf16_##N(float##N v) { \\
    const uint##N bits = as_uint##N(v); \\
    const uint##N made = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16; \\
    return convert_ushort##N(v != v ? (uint##N)(0x7fc0) : made); \\
  }
ROUND_BF16(8)
inline void store_bf16(__global u16* p, i64 i, f32 v) { p[i] = round_bf16(v); }
inline f32 load_f32(__global const f32* p, i64 i) { return p[i]; }
inline void store_f32(__global f32* p, i64 i, f32 v) { p[i] = v; }
inline i32 load_b8(__global const u8* p, i64 i) { return p[i] != 0; }
inline void store_b8(__global u8* p, i64 i, i32 v) { p[i] = v != 0; }
#define PLAIN(T) \\
  inline T load_##T(__global const T* p, i64 i) { return p[i]; } \\
  inline void store_##T(__global T* p, i64 i, T v) { p[i] = v; }
PLAIN(u8) PLAIN(i8) PLAIN(i16) PLAIN(i32) PLAIN(i64)
"""

_INTEGERS = ""


def _signed(kind: str) -> str:
    bits, wide = int(kind[1:]), "u" + kind[1:]
    return f"""
inline {kind} floor_divide_{kind}({kind} a, {kind} b) {{
  if (b == 0) return 0;
  if (b == -1) return ({kind})(({wide})0 - ({wide})a);
  const {kind} q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}}
inline {kind} remainder_{kind}({kind} a, {kind} b) {{
  if (b == 0 || b == -1) return 0;
  const {kind} r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}}
inline {kind} shift_left_{kind}({kind} a, {kind} b) {{ return b < 0 || b >= {bits} ? 0 : ({kind})(({wide})a << b); }}
inline {kind} shift_right_{kind}({kind} a, {kind} b) {{ return a >> (b < 0 || b >= {bits} ? {bits - 1} : b); }}
"""


def _unsigned(kind: str) -> str:
    bits = int(kind[1:])
    return f"""
inline {kind} floor_divide_{kind}({kind} a, {kind} b) {{ return b == 0 ? 0 : a / b; }}
inline {kind} remainder_{kind}({kind} a, {kind} b) {{ return b == 0 ? 0 : a % b; }}
inline {kind} shift_left_{kind}({kind} a, {kind} b) {{ return b >= {bits} ? 0 : ({kind})(a << b); }}
inline {kind} shift_right_{kind}({kind} a, {kind} b) {{ return b >= {bits} ? 0 : a >> b; }}
"""


def _floating(kind: str, suffix: str) -> str:
    """Division with Python's signs, as PyTorch has it: fmod, moved to the divisor's sign."""
    return f"""
inline {kind} remainder_{kind}({kind} a, {kind} b) {{
  const {kind} r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}}
inline {kind} floor_divide_{kind}({kind} a, {kind} b) {{
  if (b == 0) return a / b;
  const {kind} r = fmod(a, b);
  {kind} q = (a - r) / b;
  if (r != 0 && (b < 0) != (r < 0)) q -= 1;
  if (q == 0) return copysign(({kind})0, a / b);
  const {kind} whole = floor(q);
  return q - whole > 0.5{suffix} ? whole + 1 : whole;
}}
"""


OPENCL = Target(
    name="opencl",
    kernel="__kernel void",
    pointer="__global",
    item="get_global_id(0)",
    local="get_local_id(0)",
    group="get_group_id(0)",
    barrier="barrier(CLK_LOCAL_MEM_FENCE)",
    shared="__local",
    vectors=True,
    prelude=_OPENCL,
)
