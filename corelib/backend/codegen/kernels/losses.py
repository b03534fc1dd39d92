"""Cross entropy of logits against classes, forward and backward, with the check of the classes on the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod

from corelib.backend.codegen.kernels.reductions import few
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Let, Map, Pick, Program, Put, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape, contiguous_strides

_SUM = "{a} + {b}"
# x1 is ignore_index, x2 the number of classes. A row's `used` is 1, 0 where its class does not count, -1 where it is none.
_USED = "v{} == x1 ? 0 : (v{} < 0 || v{} >= x2 ? -1 : 1)"


@cache
def _forward(kind: str) -> Program:
    """logp (v0), each row's loss (v1) and whether it counts (v2), from logits (v3) and classes (v4)."""
    used = _USED.format(4, 4, 4)
    stages = (
        Reduce("top", kind, f"-({kind})INFINITY", "v3", "({a} > {b} || {a} != {a} ? {a} : {b})"),
        Reduce("total", kind, f"({kind})0", "exp(v3 - top)", _SUM), Let("less", kind, "log(total)"),
        Map(0, "v3 - top - less"),
        Pick("logit", kind, 3, f"({used}) == 1 ? v4 : 0"),
        Store(1, f"({used}) == 1 ? less + top - logit : ({kind})0"), Store(2, used),
    )
    return Program("softmax_nll", 3, stages, ("i64", "i64", "i64"))


@cache
def _total(kind: str, mean: bool, later: bool) -> Program:
    """The loss (v0), how many rows count (v1) and the least mark (v2), from each row's loss (v3) and mark (v4). With `later` v2 is the
    device's mark, read as v5, that is raised to x0."""
    least = "least < 0 && v5 < x0 ? x0 : v5" if later else "least"
    stages = (
        Reduce("total", kind, f"({kind})0", "v3", _SUM), Reduce("count", "i64", "0", "(v4 == 1)", _SUM),
        Reduce("least", "i64", "1", "v4", "({a} < {b} ? {a} : {b})"),
        Store(0, f"total / ({kind})count" if mean else "total"), Store(1, "count"), Store(2, least),
    )
    return Program("nll_total", 3, stages, ("i64",) if later else ())


@cache
def _count() -> Program:
    stages = (Reduce("count", "i64", "0", "(v1 != x0)", _SUM), Store(0, "count"))
    return Program("nll_count", 1, stages, ("i64",))


@cache
def _backward(kind: str, mean: bool) -> Program:
    """The logits' gradient (v0): (softmax - one hot) times the row's share of g, from logp, classes, g and the count."""
    share = f"(v2 == x1 ? ({kind})0 : v3{f' / ({kind})v4' if mean else ''})"
    return Program("softmax_nll_backward", 1, (Map(0, f"exp(v1) * {share}"),), ("i64", "i64"))


@cache
def _backward_at(kind: str, mean: bool) -> Program:
    share = f"(v2 == x1 ? ({kind})0 : v3{f' / ({kind})v4' if mean else ''})"
    return Program("nll_backward_at", 1, (Put(0, 1, f"-{share}", "{a} + {b}"),), ("i64", "i64"))


@cache
def _squared_error(kind: str, mean: bool) -> Program:
    """The sum of the squared differences of v1 and v2, or their mean; x0 is how many there are."""
    square = "(v1 - v2) * (v1 - v2)"
    made = f"total / ({kind})x0" if mean else "total"
    return Program("squared_error", 1, (Reduce("total", kind, f"({kind})0", square, _SUM), Store(0, made)), ("i64",))


def _kept(rows: Shape) -> Shape:
    return (rows[0], 1, *rows[1:])


def _one(x: StridedArray) -> StridedArray:
    """An array (n, *) of one element a row, as (n, 1, *)."""
    return x._replace(shape=_kept(x.shape), strides=(x.strides[0], 0, *x.strides[1:]))


def _single(x: StridedArray, ndim: int) -> StridedArray:
    """An array of one element in `ndim` dimensions."""
    return x._replace(shape=(1,) * ndim, strides=(0,) * ndim)


class Losses:
    """The losses of one backend."""

    def __init__(self, launcher: Launcher, rows: Rows) -> None:
        self._launcher = launcher
        self._rows = rows

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        floats = tuple([d for d in dtypes if d.is_floating_point])
        table.register("softmax_nll", floats, self.softmax_nll)
        table.register("softmax_nll_backward", floats, self.softmax_nll_backward)
        table.register("squared_error", floats, self.squared_error)

    def squared_error(self, out: StridedArray, input: StridedArray, target: StridedArray, reduction: str) -> Outcome:
        shape = input.shape
        dims = tuple(range(len(shape)))
        if reduction == "none" or target.shape != shape or few(self._launcher, input, dims):
            return NotImplemented
        total = out._replace(shape=(1,) * len(shape), strides=(0,) * len(shape))
        self._rows.run(_squared_error(C[out.dtype].compute, reduction == "mean"), [total, input, target], shape, dims, (prod(shape),))
        return None

    def softmax_nll(
        self, outs: Sequence[StridedArray], input: StridedArray, target: StridedArray, ignore_index: int, reduction: str
    ) -> None:
        """IndexError for a class that there is not; the device is asked for that, and waited for, unless it tells `later`."""
        out, logp = outs
        classes, rows = input.shape[1], target.shape
        n, every = prod(rows), tuple(range(len(rows)))
        index = input.device_index
        wide = D.float64 if C[input.dtype].compute == "f64" else D.float32
        nbytes = 16 * n + 32
        scratch = self._launcher.scratch(index, nbytes)
        buffer = scratch._raw
        marks = StridedArray(buffer, D.int64, _kept(rows), contiguous_strides(_kept(rows)), 3, index)
        each = StridedArray(buffer, wide, _kept(rows), contiguous_strides(_kept(rows)), (24 + 8 * n) // wide.itemsize, index)
        losses = each if reduction != "none" else _one(out)
        places = _one(target)
        kind = C[input.dtype].compute
        self._rows.run(
            _forward(kind), [logp, losses, marks, input, places], input.shape, (1,), (input.strides[1], ignore_index, classes)
        )
        one = StridedArray(buffer, wide, (1,), (0,), 0, index)
        total = one if reduction == "none" else out._replace(shape=(1,), strides=(0,))
        count = StridedArray(buffer, D.int64, (1,), (0,), 1, index)
        least = count._replace(offset=2)
        line = [*[_single(x, len(rows)) for x in (total, count, least)], *[x._replace(shape=rows, strides=(x.strides[0], *x.strides[2:])) for x in (losses, marks)]]
        wrong = f"cross_entropy(): a target is out of bounds (classes are 0 to {classes - 1}, ignore_index is {ignore_index})"
        if self._launcher.later:
            mark, number = self._launcher.mark(index, wrong, len(rows))
            line[2] = mark
            self._rows.run(_total(kind, reduction == "mean", True), [*line, mark], rows, every, (number,))
            return
        self._rows.run(_total(kind, reduction == "mean", False), line, rows, every)
        if self._launcher.read(index, buffer, 24).view("int64")[2] < 0:
            raise IndexError(wrong)

    def softmax_nll_backward(
        self, out: StridedArray, g: StridedArray, logp: StridedArray, target: StridedArray, ignore_index: int, reduction: str
    ) -> None:
        logp.shape[1]
        index, mean = logp.device_index, reduction == "mean"
        scratch = self._launcher.scratch(index, 8)
        count = StridedArray(scratch._raw, D.int64, (1,), (0,), 0, index)
        if mean:
            self._rows.run(_count(), [_single(count, len(target.shape)), target], target.shape, tuple(range(len(target.shape))), (ignore_index,))
        kind = C[logp.dtype].compute
        places = _one(target)
        shares = _one(g) if reduction == "none" else _single(g, len(logp.shape))
        more = [_single(count, len(logp.shape))] if mean else []
        self._rows.run(_backward(kind, mean), [out, logp, places, shares, *more], logp.shape, (1,), (0, ignore_index))
        first = out._replace(shape=places.shape, strides=(out.strides[0], 0, *out.strides[2:]))
        at = [first, places, places, shares, *more]
        self._rows.run(_backward_at(kind, mean), at, places.shape, (1,), (out.strides[1], ignore_index))
