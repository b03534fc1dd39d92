"""Which ops get a generated kernel, for which dtypes."""

from __future__ import annotations

from collections.abc import Callable

from corelib.backend.codegen.cells import Cells
from corelib.backend.codegen.contraction import Contraction
from corelib.backend.codegen.elementwise import Elementwise, Operand
from corelib.backend.codegen.kernels import complex_numbers, random, reductions
from corelib.backend.codegen.kernels.attention import Attention
from corelib.backend.codegen.kernels.fused import Fused
from corelib.backend.codegen.kernels.indexing import Indexing
from corelib.backend.codegen.kernels.losses import Losses
from corelib.backend.codegen.kernels.matmul import Matmul
from corelib.backend.codegen.kernels.ordering import Ordering
from corelib.backend.codegen.kernels.steps import Steps
from corelib.backend.codegen.kernels.windows import Windows
from corelib.backend.codegen.launch import Launcher
from corelib.backend.codegen.programs import Program, Reduce, Store
from corelib.backend.codegen.rows import Rows
from corelib.backend.codegen.trace import Code, Statement, trace, Untraceable, Value
from corelib.backend.signatures import Ints, Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import Kernel, KernelTable
from corelib.dispatcher.op import Op, TABLE
from corelib.tensor import dtype as D
from corelib.tensor.device import device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor


def register(table: KernelTable, launcher: Launcher, every: tuple[DType, ...]) -> None:
    """Every kernel of this package."""
    dtypes = tuple([d for d in every if not d.is_complex])
    elementwise = Elementwise(launcher)
    _register_elementwise(table, elementwise, dtypes)
    _register_movement(table, elementwise, every)
    rows = Rows(launcher)
    _register_division(table, launcher, rows, dtypes)
    reductions.register(table, launcher, rows, every)
    contraction = Contraction(launcher, rows)
    matmul = Matmul(contraction, rows)
    matmul.register(table, dtypes)
    Attention(launcher, rows).register(table, dtypes)
    Fused(launcher, rows, matmul).register(table, dtypes)
    Losses(launcher, rows).register(table, dtypes)
    Steps(launcher, elementwise).register(table, dtypes)
    Indexing(launcher, elementwise, rows, table["copy"][D.float32]).register(table, every)
    complex_numbers.register(table, launcher, elementwise, rows, tuple([d for d in every if d.is_complex]))
    cells = Cells(launcher)
    random.register(table, launcher, cells, dtypes)
    Ordering(launcher, rows, cells).register(table, dtypes)
    Windows(launcher, contraction, cells, table).register(table, dtypes)


def _register_elementwise(table: KernelTable, elementwise: Elementwise, dtypes: tuple[DType, ...]) -> None:
    """Whatever may turn out to be elementwise when it is traced; what does not, runs its body from then on."""
    for op in TABLE.values():
        fits = op.kind in ("unary", "binary", "elementwise") or (op.kind == "composite" and op.facts.infer is not None)
        if fits and op.operands and not op.lists and not op.facts.several:
            accepted = [d for d in dtypes if _accepts(op, d)]
            if accepted and (op.kind != "composite" or op.primitive or _may_be_elementwise(op)):
                table.register(op.name, accepted, elementwise.kernel(op))


def _may_be_elementwise(op: Op) -> bool:
    """Whether a composite's body can be followed, as far as its defaults tell: what moves or reduces cannot."""
    given = tuple(op.defaults or (None,) * len(op.params))
    given += (None,) * (len(op.params) - len(given))
    masks = ("condition", "mask")
    try:
        trace(op, given, {i: D.bool if op.params[i] in masks else D.float32 for i in op.operands})
    except Untraceable:
        return False
    except (RuntimeError, TypeError, IndexError, ValueError, AttributeError, NotImplementedError):
        return op.name in _NEED_ARGUMENTS
    return True


# Elementwise composites whose bodies do not run without their arguments.
_NEED_ARGUMENTS = ("threshold_of", "hardtanh_of", "lerp", "smooth_error", "huber_error", "nan_to_num", "polygamma")


def _accepts(op: Op, dtype: DType) -> bool:
    """Whether an op computes in a dtype: where it does not, core must see that there is no kernel."""
    if op.facts.promote == "float" and not dtype.is_floating_point:
        return False
    if op.facts.promote == "number" and dtype is D.bool:
        return False
    if op.facts.check is not None:
        one = Tensor._empty(device("meta").runtime.device, dtype, ())
        try:
            op.facts.check(dtype, *[one] * len(op.operands))
        except (RuntimeError, TypeError, NotImplementedError):
            return False
    return True


def _register_division(table: KernelTable, launcher: Launcher, rows: Rows, dtypes: tuple[DType, ...]) -> None:
    """Rounded division of integers refuses a zero divisor; the generated kernels give 0 there."""
    zeros = Program("any_zero", 1, (Reduce("truth", "i32", "0", "(v1 == 0)", "{a} | {b}"), Store(0, "truth")))

    def any_zero(divisor: Operand) -> bool:
        if not isinstance(divisor, StridedArray):
            return not divisor
        if 0 in divisor.shape:
            return False
        index, every = divisor.device_index, tuple(range(len(divisor.shape)))
        scratch = launcher.scratch(index, 4)
        flag = StridedArray(scratch._raw, D.int32, (1,) * len(divisor.shape), (0,) * len(divisor.shape), 0, index)
        rows.run(zeros, [flag, divisor], divisor.shape, every)
        return bool(launcher.read(index, flag.buffer, 4).any())

    for name in ("floor_divide", "remainder"):
        for dtype in dtypes:
            if dtype in D.INTEGERS:
                table.register(name, dtype, _refusing_zero(name, table[name][dtype], any_zero))


def _refusing_zero(name: str, divide: Kernel, any_zero: Callable[[Operand], bool]) -> Kernel:
    def kernel(out: StridedArray, input: Operand, other: Operand) -> Outcome:
        if any_zero(other):
            raise RuntimeError(f"{name}(): ZeroDivisionError: an integer was divided by zero")
        return divide(out, input, other)

    return kernel


def _register_movement(table: KernelTable, elementwise: Elementwise, dtypes: tuple[DType, ...]) -> None:
    """fill, copy and arange are elementwise too: an expression of a number, of one operand, of the index."""

    def fill(out: StridedArray, value: float) -> Outcome:
        return elementwise.run(("fill", (out.dtype,)), Code((), Value("v0", out.dtype)), out, [value])

    def copy(out: StridedArray, input: StridedArray) -> Outcome:
        return elementwise.run(("copy", (out.dtype, input.dtype)), Code((), Value("v0", input.dtype)), out, [input])

    def arange_(out: StridedArray, start: float, step: float) -> Outcome:
        # in the widest type there is: float32 cannot count beyond 2^24
        kind = out.dtype
        if kind.is_floating_point:
            kind = D.float64 if D.float64 in dtypes else D.float32
        values = (Value("v0", kind), Value("v1", kind))
        code = Code((Statement("t0", "arange_", kind, kind, values),), Value("t0", kind))
        return elementwise.run(("arange_", (out.dtype,)), code, out, [start, step], kind)

    def flip(out: StridedArray, input: StridedArray, dims: Ints) -> Outcome:
        if 0 in input.shape:
            return None
        offset = input.offset + sum((input.shape[d] - 1) * input.strides[d] for d in dims)
        return copy(out, input._replace(strides=tuple([-s if d in dims else s for d, s in enumerate(input.strides)]), offset=offset))

    table.register("flip", dtypes, flip)
    table.register("fill", dtypes, fill)
    table.register("copy", dtypes, copy)
    table.register("arange_", [d for d in dtypes if d is not D.bool and not d.is_complex], arange_)
