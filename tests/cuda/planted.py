"""Faults that are planted into texts which corelib generates and into their launches; test_executor_faults.py shows that each is caught.

An edit must change the text of the kernel that it is about; without it the same work passes and gives NumPy's value in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import corelib as torch
import numpy as np


class Work(NamedTuple):
    """Something that the device does, and what NumPy says of it."""

    kernel: str
    """The kernel that faults are planted into."""
    run: Callable
    """A tensor, from tensors of the device."""
    want: Callable
    """The same in NumPy, from arrays of float64."""
    shapes: tuple
    dtype: str = "float32"
    rtol: float = 1e-5
    atol: float = 1e-5


def _index():
    return np.arange(300) * 7 % 5


WORK = {
    "difference of two vectors": Work("k_sub", lambda x, y: x - y, lambda x, y: x - y, ((1003,), (1003,))),
    "sum of a matrix and a row, transposed": Work(
        "k_add", lambda x, y: x.t()[3:, 1:] + y[1:], lambda x, y: x.T[3:, 1:] + y[1:], ((40, 50), (40,))
    ),
    "softmax of rows": Work("k_softmax", lambda x: x.softmax(1), lambda x: (e := np.exp(x - x.max(1, keepdims=True))) / e.sum(1, keepdims=True), ((3, 700),)),
    "sum of rows": Work("k_sum", lambda x: x.sum(1), lambda x: x.sum(1), ((3, 3000),), atol=1e-4),
    "sum of rows in float64": Work("k_sum", lambda x: x.sum(1), lambda x: x.sum(1), ((3, 3000),), "float64", 1e-12, 1e-12),
    "product of matrices": Work("k_contraction", lambda x, y: x @ y, lambda x, y: x @ y, ((70, 90), (90, 50)), atol=1e-4),
    "index_add": Work(
        "k_put_add", lambda x, y: x.index_add(0, torch.from_numpy(_index()).to(x.device), y),
        lambda x, y: (made := x.copy(), np.add.at(made, _index(), y))[0], ((5, 200), (300, 200)), atol=1e-4,
    ),
    "sort": Work("k_sort", lambda x: x.sort(1).values, lambda x: np.sort(x, 1), ((3, 50),)),
    "max_pool2d": Work(
        "k_max_windows", lambda x: torch.nn.functional.max_pool2d(x, 2), lambda x: x.reshape(2, 3, 4, 2, 4, 2).max((3, 5)), ((2, 3, 8, 8),)
    ),
}  # fmt: skip


class Edit(NamedTuple):
    """Text in place of text, wherever it stands."""

    old: str
    new: str


class Launched(NamedTuple):
    """A launch, as it may be changed: see ArenaLauncher.launched."""

    grid: tuple
    block: tuple
    arguments: list


class Planted(NamedTuple):
    """A fault, and how it must be caught: by the executor, as a kind of Fault, or "value", by the comparison with NumPy."""

    work: str
    how: Edit | Callable
    caught: str


def _freed(launched, arena):
    start, nbytes = arena.array_at(int.from_bytes(launched.arguments[1], "little"))
    copy = arena.allocate(nbytes)
    arena.copy(copy, start, nbytes)
    arena.free(copy)
    return launched._replace(arguments=[launched.arguments[0], copy.to_bytes(8, "little"), *launched.arguments[2:]])


def _swapped(launched, arena, a=1, b=2):
    arguments = list(launched.arguments)
    arguments[a], arguments[b] = arguments[b], arguments[a]
    return launched._replace(arguments=arguments)


PLANTED = {
    "missing barrier before a tree of sums is read": Planted("sum of rows", Edit("= total; __syncthreads();", "= total;"), "unwritten or race"),
    "missing barrier within a tree of sums": Planted("sum of rows", Edit("__syncthreads(); }", "}"), "race"),
    "missing barrier between two uses of shared memory": Planted("softmax of rows", Edit("__syncthreads(); tree_f32[threadIdx.x] = total", "tree_f32[threadIdx.x] = total"), "race"),
    "missing barrier after the tiles are loaded": Planted("product of matrices", Edit("    __syncthreads();\n    for", "    for"), "unwritten or race"),
    "missing barrier before the next tiles are loaded": Planted("product of matrices", Edit("    __syncthreads();\n  }", "  }"), "race"),
    "divergent barrier: inside of a branch": Planted("sum of rows", Edit("if (threadIdx.x < half_) tree", "if (threadIdx.x < half_) for (i32 once = 0; once < 1; ++once, __syncthreads()) tree"), "divergent barrier"),
    "divergent barrier: threads that have returned": Planted("sum of rows", Edit("__shared__", "if (threadIdx.x >= 200) return;\n__shared__"), "divergent barrier"),
    "shared memory too small": Planted("sum of rows", Edit("tree_f32[256]", "tree_f32[128]"), "outside"),
    "shared tiles too small": Planted("product of matrices", Edit("sb[1024]", "sb[960]"), "outside"),
    "more shared memory than an sm_80 has": Planted("sum of rows", Edit("tree_f32[256]", "tree_f32[12544]"), "limits"),
    "shared memory that not all threads write": Planted("sum of rows", Edit("tree_f32[threadIdx.x] = total;", "if (threadIdx.x < 200) tree_f32[threadIdx.x] = total;"), "unwritten"),
    "off by one at the last block's edge": Planted("sum of a matrix and a row, transposed", Edit("if (i >= p.count)", "if (i > p.count)"), "outside or unwritten"),
    "no guard at the last block's edge": Planted("sum of a matrix and a row, transposed", Edit("  if (i >= p.count) return;\n", ""), "outside"),
    "off by one in the last, partial vector": Planted("difference of two vectors", Edit("j < end", "j <= end"), "outside"),
    "a whole vector where a part is left": Planted("difference of two vectors", Edit("if ((i + 1) * 4 <= p.count)", "if (i * 4 < p.count)"), "outside"),
    "no guard at a tile's edge": Planted("product of matrices", Edit("if (i < p.m) store", "store"), "outside or race"),
    "a loop over a row that is one too long": Planted("softmax of rows", Edit("e < p.length", "e <= p.length"), "race"),
    "a loop over a tile that is one too long": Planted("product of matrices", Edit("l < 16; ++l", "l <= 16; ++l"), "outside"),
    "a loop that leaves the last element out": Planted("sum of rows", Edit("e < p.length", "e < p.length - 1"), "value"),
    "wrong stride: 1 where an array is broadcast": Planted("sum of a matrix and a row, transposed", Edit("load_f32(a2, b2)", "load_f32(a2, b2 + i)"), "outside or value"),
    "wrong stride: another dimension's": Planted("sum of a matrix and a row, transposed", Edit("at0 * p.s1_0", "at0 * p.s1_1"), "outside or value"),
    "wrong offset": Planted("sum of a matrix and a row, transposed", Edit("i64 b1 = p.o1", "i64 b1 = p.o1 + 40"), "outside or value"),
    "offset left out": Planted("sum of a matrix and a row, transposed", Edit("i64 b2 = p.o2", "i64 b2 = 0"), "value"),
    "write past the end": Planted("difference of two vectors", Edit("store_f32(a0, b0 + j", "store_f32(a0, b0 + j + 1"), "outside or race"),
    "lost atomic: threads add to one place": Planted("index_add", Edit("const i64 to = c0 + v2 * x0;", "const i64 to = p.o0 + v2 * x0;"), "race"),
    "every thread of a block writes the row's result": Planted("sum of rows", Edit("if (threadIdx.x == 0) {", "{"), "race"),
    "race between blocks: tiles that overlap": Planted("product of matrices", Edit("top = turn / tiles * 64", "top = turn / tiles * 32"), "race between blocks"),
    "race between blocks: all do the first row": Planted("sum of rows", Edit("const i64 row = ((i64)blockIdx.x);", "const i64 row = 0;"), "race between blocks"),
    "wrong accumulate type: float32 in place of float64": Planted("sum of rows in float64", Edit("f64 total", "f32 total"), "value"),
    "wrong accumulate type: each sum rounded to bfloat16": Planted("sum of rows", Edit("total = total + value;", "total = bits_f32((u32)round_bf16(total + value) << 16);"), "value"),
    "wrong accumulate type: a product's sums as integers": Planted("product of matrices", Edit("f32 sums[16], some[16]", "i32 sums[16], some[16]"), "value"),
    "unaligned vector load": Planted("difference of two vectors", Edit("load_f32(a1, b1 + j)", "((const float2*)(a1 + b1 + j))->x"), "misaligned"),
    "a wider load than the array has": Planted("difference of two vectors", Edit("load_f32(a1, b1 + j)", "(f32)*(const f64*)(a1 + (b1 + j) / 2 * 2)"), "outside or value"),
    "wrong field order in the struct": Planted("sum of a matrix and a row, transposed", Edit("i64 count; i64 chunk; i64 parts; i64 n0; i64 n1;", "i64 count; i64 chunk; i64 parts; i64 n1; i64 n0;"), "outside or value or unwritten or race"),
    "a field too few in the struct": Planted("difference of two vectors", Edit("i64 count; i64 chunk; i64 parts;", "i64 count; i64 parts;"), "arguments"),
    "comparison the wrong way": Planted("sort", Edit("(first & x2) == 0", "(first & x2) != 0"), "value"),
    "partners that overlap in a sorting network": Planted("sort", Edit("i1 / x3 * 2 * x3 + i1 % x3", "i1 * 2 + i1 % x3"), "race or outside"),
    "rows of scratch memory on top of each other": Planted("sort", Edit("place = (i0) * p.n1 + l", "place = (i0) * (p.n1 / 2) + l"), "race or unwritten"),
    "windows too far apart": Planted("max_pool2d", Edit("i2 * x16 - x18", "i2 * (x16 + 1) - x18"), "value"),
    "a bound of the input left out": Planted("max_pool2d", Edit("i3 * x17 - x19 + k1 * x21; if (y1 < 0 || y1 >= x13) continue;", "(i3 + 1) * x17 - x19 + k1 * x21;"), "outside or value"),
    "read of freed memory": Planted("difference of two vectors", _freed, "freed"),
    "too many threads in a block": Planted("difference of two vectors", lambda launched, arena: launched._replace(block=(2048, 1, 1)), "limits"),
    "a grid of no blocks": Planted("difference of two vectors", lambda launched, arena: launched._replace(grid=(0, 1, 1)), "limits"),
    "too few blocks": Planted("difference of two vectors", lambda launched, arena: launched._replace(grid=(launched.grid[0] - 1, 1, 1)), "value"),
    "blocks in the wrong dimension": Planted("sum of rows", lambda launched, arena: launched._replace(grid=launched.grid[::-1]), "race between blocks"),
    "fewer threads than the kernel was written for": Planted("sum of rows", lambda launched, arena: launched._replace(block=(128, 1, 1)), "unwritten"),
    "more threads than the kernel was written for": Planted("product of matrices", lambda launched, arena: launched._replace(block=(512, 1, 1)), "race or outside or value"),
    "operands in another order": Planted("difference of two vectors", _swapped, "value"),
    "result and operand in another order": Planted("difference of two vectors", lambda launched, arena: _swapped(launched, arena, 0, 1), "unwritten"),
    "an argument left out": Planted("difference of two vectors", lambda launched, arena: launched._replace(arguments=launched.arguments[1:]), "arguments"),
    "a struct cut short": Planted("difference of two vectors", lambda launched, arena: launched._replace(arguments=[*launched.arguments[:-1], launched.arguments[-1][:-8]]), "arguments"),
    "an address of another device": Planted("difference of two vectors", lambda launched, arena: launched._replace(arguments=[launched.arguments[0], (0x7300 << 48).to_bytes(8, "little"), *launched.arguments[2:]]), "outside"),
}  # fmt: skip
"""By name: what is planted where, and by which of the kinds it may be caught."""
