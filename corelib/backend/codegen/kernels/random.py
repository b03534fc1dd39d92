"""Philox4x64-10 on the device: one cell makes the four words of a counter; corelib.ops.random.philox is the definition."""

from __future__ import annotations

import struct
from functools import partial
from math import ceil, prod

import numpy as np
from corelib.backend.codegen.cells import Cells
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.ops.random.philox import MULTIPLIERS, ROUNDS, WEYL
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

_WORDS = f"""
    u64 c0 = (u64)i0, c1 = (u64)FIRST, c2 = 0, c3 = 0, k0 = (u64)SEED, k1 = 0;
    for (i32 round = 0; round < {ROUNDS}; ++round) {{
      const u64 high0 = mul_high(c0, {MULTIPLIERS[0]}UL), low0 = c0 * {MULTIPLIERS[0]}UL;
      const u64 high1 = mul_high(c2, {MULTIPLIERS[1]}UL), low1 = c2 * {MULTIPLIERS[1]}UL;
      c0 = high1 ^ c1 ^ k0; c1 = low1; c2 = high0 ^ c3 ^ k1; c3 = low0;
      k0 += {WEYL[0]}UL; k1 += {WEYL[1]}UL;
    }}
    const u64 words[4] = {{c0, c1, c2, c3}};
    for (i32 j = 0; j < 4 && i0 * 4 + j < x2; ++j) {{
      const u64 word = words[j]; const i64 at = o0 + i0 * 4 + j;
"""


def _text(distribution: str, dtype: DType, graph: bool) -> str:
    """What is made of each word; x3 and x4 are the distribution's numbers, floating ones as their bits. A graph's seed and first draw are in a1."""
    c = C[dtype]
    if distribution == "bernoulli":
        made = f"store_{c.tag}(a0, at, ({c.compute})((word >> 11) < (u64)x3));"
    elif distribution == "integers":
        made = f"store_{c.tag}(a0, at, ({c.compute})(x4 == 0 ? word + (u64)x3 : word % (u64)x4 + (u64)x3));"
    else:
        unit = "(f64)(word >> 11) * 1.1102230246251565e-16" if c.compute == "f64" else "(f32)(word >> 40) * 5.9604644775390625e-08f"
        bits = ["bits_f64((u64)x{})" if c.compute == "f64" else "bits_f32((u32)x{})"][0]
        low, width, high = (bits.format(n) for n in (3, 4, 5))
        made = f"""const {c.compute} unit = {unit}, low = {low}, width = {width};
      store_{c.tag}(a0, at, low == 0 ? unit * width : fma(unit, width, low));
      if (load_{c.tag}(a0, at) == {high}) store_{c.tag}(a0, at, low);"""
    words = _WORDS.replace("SEED", "a1[o1]" if graph else "x0").replace("FIRST", "(a1[o1 + 1] + x1)" if graph else "x1")
    return f"{words}      {made}\n    }}"


def _bits(value: float, wide: bool) -> int:
    found: int = struct.unpack("q" if wide else "i", struct.pack("d" if wide else "f", value))[0]
    return found


def register(table: KernelTable, launcher: Launcher, cells: Cells, dtypes: tuple[DType, ...]) -> None:
    """The kernel of the op philox."""

    def philox(out: StridedArray, seed: int, offset: int, distribution: str, low: float, high: float) -> None:
        n = prod(out.shape)
        if distribution == "bernoulli":
            numbers: Ints = (ceil(low * 2.0**53),)
        elif distribution == "integers":
            numbers = (_signed(int(low)), _signed(int(high - low)))
        else:
            wide = out.dtype is D.float64
            kind = np.float64 if wide else np.float32
            top = np.asarray(high).astype(out.dtype.np).astype(kind)  # rounding can reach it, and it is not in the range
            numbers = tuple([_bits(float(x), wide) for x in (kind(low), kind(high) - kind(low), top)])
        graph = launcher.drawing(out.device_index, seed, offset)
        arrays, offset = ([out], offset) if graph is None else ([out, graph[0]], graph[1])
        key = ("philox", distribution, graph is not None)
        text = partial(_text, distribution, out.dtype, graph is not None)
        cells.run(key, text, (-(-n // 4),), arrays, (_signed(seed), _signed(offset), n, *numbers), 4)

    table.register("philox", dtypes, philox)


def _signed(value: int) -> int:
    """The 64 bits of a whole number as a signed one."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
