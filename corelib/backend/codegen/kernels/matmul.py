"""Products of strided matrices: contractions, or where there is one row or one column row programs."""

from __future__ import annotations

from corelib.backend.codegen.contraction import Contraction
from corelib.backend.codegen.programs import Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape


class Matmul:
    """The products of one backend."""

    def __init__(self, contraction: Contraction, rows: Rows) -> None:
        self._contraction = contraction
        self._rows = rows
        self._dots: dict[tuple[DType, bool], Program] = {}

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """batched_matmul and mm; what is made of them has a body."""
        numbers = tuple([d for d in dtypes if d is not D.bool])
        table.register("batched_matmul", numbers, self.product)
        table.register("mm", numbers, self.product)

    def product(self, out: StridedArray, input: StridedArray, other: StridedArray, bias: StridedArray | None = None) -> Outcome:
        """out = input @ other, over batches that broadcast; `bias`, one row, is added to each."""
        m, k = input.shape[-2:]
        n = other.shape[-1]
        if 0 in out.shape:
            return None
        if m == 1 or n == 1:
            self._vector(out, input, other, bias, out.shape[:-2], m, n, k)
            return None
        batch = len(out.shape) - 2
        return self._contraction.run(out, _batched(input, batch), _batched(other, batch), 1, bias)

    def _vector(
        self, out: StridedArray, input: StridedArray, other: StridedArray, bias: StridedArray | None, batch: Shape, m: int, n: int, k: int
    ) -> None:
        """A product with one row or one column: a sum of products for each element of out."""
        program = self._dots.get((out.dtype, bias is None))
        if program is None:
            kind, unsigned = C[out.dtype].compute, C[out.dtype].unsigned
            product, total = ("v1 * v2", "{a} + {b}") if not unsigned else (
                f"({kind})(({unsigned})v1 * ({unsigned})v2)", f"({kind})(({unsigned}){{a}} + ({unsigned}){{b}})"
            )
            program = Program("dot", 1, (Reduce("total", kind, f"({kind})0", product, total), Store(0, "total" if bias is None else "total + v3")))
            self._dots[out.dtype, bias is None] = program
        shape = (*batch, m, n, k)
        z = out._replace(shape=(*out.shape, 1), strides=(*out.strides, 0))
        a = input._replace(
            shape=(*input.shape[:-2], m, 1, k), strides=(*input.strides[:-2], input.strides[-2], 0, input.strides[-1])
        )
        b = other._replace(
            shape=(*other.shape[:-2], 1, n, k), strides=(*other.strides[:-2], 0, other.strides[-1], other.strides[-2])
        )
        arrays = [z, a, b]
        if bias is not None:
            arrays.append(bias._replace(shape=(n, 1), strides=(bias.strides[0], 0)))
        self._rows.run(program, arrays, shape, (len(shape) - 1,))


def _batched(x: StridedArray, batch: int) -> StridedArray:
    """A matrix with as many batch dimensions as `batch`."""
    missing = batch + 2 - len(x.shape)
    return x._replace(shape=(1,) * missing + x.shape, strides=(0,) * missing + x.strides) if missing else x
