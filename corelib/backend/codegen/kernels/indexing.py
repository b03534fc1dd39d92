"""Kernels that choose elements by index and put them back. Indices are within bounds, for core has checked them; or where the launcher tells
of wrong ones `later`, the kernels leave those elements out.

Choosing is elementwise, with the place read from an index. Putting goes over rows: elements that may meet in one place are done
in order by one item, so that sums have the same bits each time and the last of several values stays.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

from corelib.backend.codegen.elementwise import Elementwise
from corelib.backend.codegen.kernels.reductions import combine
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Program, Put
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import Kernel, KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import contiguous_strides

_MANY = 128


class Indexing:
    """take_rows, put_rows, index_select, gather, scatter_add and scatter_set of one backend."""

    def __init__(self, launcher: Launcher, elementwise: Elementwise, rows: Rows, copy: Kernel) -> None:
        self._launcher = launcher
        self._elementwise = elementwise
        self._rows = rows
        self._copy = copy
        self._widest = D.float32

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        self._widest = D.float64 if D.float64 in dtypes else D.float32
        table.register("take_rows", dtypes, self.take_rows)
        table.register("put_rows", dtypes, self.put_rows)
        table.register("index_select", dtypes, self.index_select)
        table.register("gather", dtypes, self.gather)
        table.register("scatter_add", dtypes, partial(self.scatter, add=True))
        table.register("scatter_set", dtypes, partial(self.scatter, add=False))

    def _pick(self, out: StridedArray, input: StridedArray, index: StridedArray, step: int, size: int) -> Outcome:
        """out = the element of `input` that lies `index` times `step` from this place; all of one shape. Indices are from 0 to size - 1."""
        tag = C[out.dtype].tag
        if self._launcher.later:
            mark, wrong = self._launcher.mark(out.device_index, _outside(size), len(out.shape))
            text = f"{{{{ const i64 at = a2[{{2}}]; if ((u64)at < (u64)v4) store_{tag}(a0, {{0}}, load_{tag}(a3, {{3}} + at * v3)); else mark_max(a1 + {{1}}, (i32)v5); }}}}"
            checked = ("pick_checked", (out.dtype, D.int32, D.int64, out.dtype, D.int64))
            return self._elementwise.run(checked, text, out, [mark, index, input, step, size, wrong], D.int64, 2)
        text = f"store_{tag}(a0, {{0}}, load_{tag}(a2, {{2}} + a1[{{1}}] * v2));"
        key = ("pick", (out.dtype, D.int64, out.dtype, D.int64))
        return self._elementwise.run(key, text, out, [index, input, step], D.int64)

    def take_rows(self, out: StridedArray, input: StridedArray, index: StridedArray) -> Outcome:
        lead, rest = len(index.shape), input.shape[1:]
        source = input._replace(shape=(*index.shape, *rest), strides=(*[0] * lead, *input.strides[1:]))
        places = index._replace(shape=(*index.shape, *rest), strides=(*index.strides, *[0] * len(rest)))
        return self._pick(out, source, places, input.strides[0], input.shape[0])

    def index_select(self, out: StridedArray, input: StridedArray, dim: int, index: StridedArray) -> Outcome:
        if not input.shape:
            return self._copy(out, input._replace(shape=out.shape, strides=(0,) * len(out.shape)))
        shape = out.shape
        strides = tuple([0 if d == dim else s for d, s in enumerate(input.strides)])
        step = index.strides[-1] if index.shape else 0
        places = index._replace(shape=shape, strides=tuple([step if d == dim else 0 for d in range(len(shape))]))
        return self._pick(out, input._replace(shape=shape, strides=strides), places, input.strides[dim], input.shape[dim])

    def gather(self, out: StridedArray, input: StridedArray, dim: int, index: StridedArray) -> Outcome:
        if len(input.shape) != len(index.shape) or not index.shape:
            return NotImplemented
        strides = tuple([0 if d == dim else s for d, s in enumerate(input.strides)])
        return self._pick(out, input._replace(shape=index.shape, strides=strides), index, input.strides[dim], input.shape[dim])

    def _put(self, out: StridedArray, index: StridedArray, values: StridedArray, dims: Ints, step: int, add: bool, size: int) -> None:
        """Set or add `values` at `index` times `step` from out's place; what meets lies along `dims`. Indices are from 0 to size - 1."""
        how = combine("sum", out.dtype) if add else ""
        if self._launcher.later:
            mark, wrong = self._launcher.mark(out.device_index, _outside(size), len(values.shape))
            checked = Program("put_add" if add else "put_set", 2, (Put(0, 2, "v3", how, 1),), ("i64", "i64", "i64"))
            self._rows.run(checked, [out, mark, index, values], values.shape, dims, (step, size, wrong))
            return
        stages = (Put(0, 1, "v2", how),)
        program = Program("put_add" if add else "put_set", 1, stages, ("i64",))
        self._rows.run(program, [out, index, values], values.shape, dims, (step,))

    def _wide(self, dtype: DType, count: int) -> DType:
        """In what `count` values that may all go to one place are added up: half types in float32, many in float64 where there is one."""
        if not dtype.is_floating_point:
            return dtype
        if count > _MANY:
            return D.float64 if dtype is D.float64 else self._widest
        return D.float32 if dtype.itemsize == 2 else dtype

    def _widely(self, wide: DType, out: StridedArray, put: Callable[[StridedArray], object]) -> None:
        """Run `put` on a copy of `out` in a wider dtype, and copy it back."""
        nbytes = max(prod(out.shape), 1) * wide.itemsize
        scratch = self._launcher.scratch(out.device_index, nbytes)
        apart = out._replace(buffer=scratch._raw, dtype=wide, strides=contiguous_strides(out.shape), offset=0)
        self._copy(apart, out)
        put(apart)
        self._copy(out, apart)

    def put_rows(self, out: StridedArray, input: StridedArray, index: StridedArray, values: StridedArray, accumulate: bool) -> None:
        if out is not input:
            self._copy(out, input)
        wide = self._wide(out.dtype, prod(index.shape))
        if accumulate and wide is not out.dtype:
            self._widely(wide, out, lambda apart: self.put_rows(apart, apart, index, values, True))
            return
        lead = len(index.shape)
        shape = (*index.shape, *out.shape[1:])
        target = out._replace(shape=shape, strides=(*[0] * lead, *out.strides[1:]))
        places = index._replace(shape=shape, strides=(*index.strides, *[0] * (len(shape) - lead)))
        missing = len(shape) - len(values.shape)
        pairs = list(zip(values.shape, values.strides, strict=True))
        given = values._replace(shape=shape, strides=(*[0] * missing, *[0 if n == 1 else s for n, s in pairs]))
        self._put(target, places, given, tuple(range(lead)), out.strides[0], accumulate, out.shape[0])

    def scatter(self, out: StridedArray, input: StridedArray, dim: int, index: StridedArray, src: StridedArray, add: bool) -> Outcome:
        if len(input.shape) != len(index.shape) or not index.shape:
            return NotImplemented
        if out is not input:
            self._copy(out, input)
        wide = self._wide(out.dtype, index.shape[dim])
        if add and wide is not out.dtype:
            self._widely(wide, out, lambda apart: self.scatter(apart, apart, dim, index, src, True))
            return None
        strides = tuple([0 if d == dim else s for d, s in enumerate(out.strides)])
        target = out._replace(shape=index.shape, strides=strides)
        self._put(target, index, src._replace(shape=index.shape), (dim,), out.strides[dim], add, out.shape[dim])
        return None


def _outside(size: int) -> str:
    return f"an index is out of bounds for a dimension of size {size} (index out of range in self; accepted are 0 to {size - 1})"
