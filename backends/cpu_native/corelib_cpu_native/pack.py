"""Which ops have a kernel in C, for which dtypes.

Each stands in the table as a `Later`: its unit's text is written, compiled and loaded when the first of the unit's kernels is called.
A kernel that cannot be compiled passes to NumPy's, with one warning.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from corelib.backend import Kernel, KernelTable, Later
from corelib.dispatcher.determinism import get_deterministic_debug_mode
from corelib.dispatcher.op import TABLE, Op
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib_cpu_native import api, compilers, threads

REALS = (D.bool, D.uint8, D.int8, D.int16, D.int32, D.int64, D.float16, D.bfloat16, D.float32, D.float64)
FLOATS = (D.float16, D.bfloat16, D.float32, D.float64)
HALVES = (D.float16, D.bfloat16)
WIDE = (D.float32, D.float64)
SINGLE = (D.float16, D.bfloat16, D.float32)
"""What is computed in float32: functions have their own code there, while NumPy's are as quick in float64."""
HALVES = (D.float16, D.bfloat16)
"""What NumPy converts to and fro for functions that are as quick there in float32 as they could be here."""
INTEGERS = (D.uint8, D.int8, D.int16, D.int32, D.int64)
NUMBERS = (*INTEGERS, *FLOATS)

ELEMENTWISE: tuple[tuple[str, tuple[DType, ...]], ...] = (
    ("lt le gt ge eq ne logical_and logical_or logical_xor logical_not maximum minimum add mul", REALS),
    ("sub neg abs square", NUMBERS),
    ("bitwise_and bitwise_or bitwise_xor bitwise_not", (D.bool, *INTEGERS)),
    ("bitwise_left_shift bitwise_right_shift", INTEGERS),
    ("true_div reciprocal sqrt rsqrt floor ceil trunc _round copysign relu_backward isnan isinf isfinite", FLOATS),
    ("rectify", NUMBERS),
    ("exp expm1 log log1p tanh sigmoid erf swish", SINGLE),
    ("asin acos acosh atanh log10 erfc hypot", SINGLE),
    ("sin cos tan atan atan2 sinh cosh asinh log2 exp2 pow", HALVES),
)
"""Elementwise ops without attributes."""
WITH_ATTRIBUTES: tuple[tuple[str, tuple[DType, ...]], ...] = (
    ("elu_of softplus selu_of celu_of mish_of hardshrink softshrink", SINGLE),
    ("threshold_of", FLOATS),
    ("addcmul addcdiv lerp clamp", HALVES),
)
"""Elementwise ops with attributes: a kernel for each set of them."""
VARYING: tuple[tuple[str, tuple[DType, ...]], ...] = (("addcmul addcdiv lerp", WIDE), ("clamp", (*INTEGERS, *WIDE)))
"""Those whose numbers change from call to call in a program: they are operands of the kernel."""
UNITS: tuple[tuple[str, str, tuple[DType, ...]], ...] = (
    ("memory.h gemm.h products.h matmul.c products.c", "mm batched_matmul affine linear_backward addmm mv", WIDE),
    ("memory.h pairs.h gemm.h products.h halves.h matmul.c", "mm batched_matmul", HALVES),
    ("memory.h gemm.h products.h recurrent.c", "lstm_steps lstm_steps_backward gru_steps gru_steps_backward", (D.float32,)),
    ("memory.h gemm.h vectors.h lines.h softmax.h attention.c", "attention", (D.float32,)),
    ("steps.c", "_sgd_step_ _adam_step_ _rmsprop_step_ _adagrad_step_", WIDE),
    ("vectors.h reduce.h sums.c", "sum mean prod vector_norm", FLOATS),
    ("vectors.h reduce.h sums.c", "sum prod", (D.int64,)),
    ("vectors.h reduce.h extremes.c", "amax amin max_all min_all any all", REALS),
    ("vectors.h reduce.h moments.c", "variance deviation", FLOATS),
    ("vectors.h lines.h places.c", "argmax argmin max_along min_along", NUMBERS),
    ("vectors.h lines.h scans.c", "cumsum cumprod", (D.int64, *FLOATS)),
    ("vectors.h lines.h softmax.h softmax.c", "softmax_along safe_softmax_along log_softmax_along softmax_backward log_softmax_backward", FLOATS),
    ("vectors.h lines.h layer_norm.c", "layer_norm layer_norm_backward", FLOATS),
    ("vectors.h lines.h softmax.h losses.c", "softmax_nll softmax_nll_backward nll squared_error cross_entropy_of_logits", FLOATS),
    ("vectors.h lines.h batch_norm.c", "batch_norm_training batch_norm_backward", FLOATS),
    ("memory.h gemm.h conv.h slide.h conv_panels.h conv.c conv_weight.c", "convolution conv_input conv_weight", FLOATS),
    ("windows.c", "max_windows window_sum window_spread", FLOATS),
    ("pad.c", "constant_pad", REALS),
    ("memory.h fft_steps.h fft.c", "fft_complex fft_half fft_whole", (D.complex64, D.complex128)),
    ("resample.c", "resample resample_backward", FLOATS),
    ("grid.c", "grid_sample", WIDE),
    ("moves.h resample_bytes.c", "resample_along", (D.uint8,)),
    ("moves.h copy.c", "copy fill cat stack_along flip", REALS),
    ("moves.h copy.c", "arange_", NUMBERS),
    ("moves.h index.c", "take_rows put_rows index_select index_add index index_put", REALS),
    ("moves.h index.c", "embedding_rows", FLOATS),
    ("moves.h gather.c", "gather scatter_set scatter_add", REALS),
    ("moves.h sort.c", "sort_along", REALS),
    ("moves.h sort.c", "topk_along kthvalue_along median_along nanmedian_along", NUMBERS),
    ("words.c", "mt19937", (D.int64, D.float32, D.float64)),
    ("gelu.c", "gelu gelu_backward", SINGLE),
    ("divide.c", "floor_divide remainder", INTEGERS),
    ("divide.c", "floor_divide remainder fmod", SINGLE),
)
"""Texts of this package, several of which make one, the ops whose kernels are in each, and the dtypes for which each is compiled."""
TOGETHER = ("add", "sub", "mul", "true_div", "neg", "square", "sqrt", "rectify", "relu_backward", "exp")
"""What nearly every training step needs in float32, and is compiled at once: that takes a quarter of the time of one after the other."""
_SETS = 32  # of attributes, for which an op gets kernels


def _passes(*args: object) -> Any:
    return NotImplemented


class NativeWarning(UserWarning):
    """A kernel could not be compiled; NumPy computes in its place."""


def unavailable() -> str:
    """Why there can be no kernels here, or ""."""
    if os.environ.get("CORELIB_NATIVE") == "0":
        return "it is switched off by CORELIB_NATIVE=0"
    try:
        api.layout()
        compilers.compiler()
    except api.Unavailable as error:
        return str(error)
    return ""


def register(table: KernelTable) -> None:
    """Put every kernel into the pack's table; none, with the reason, where they cannot be compiled or used."""
    table.unavailable = unavailable()
    if table.unavailable:
        return
    table.set_num_threads = threads.set_num_threads
    for name, dtype, kernel in kernels():
        table.register(name, dtype, kernel)
    for families, vary in ((WITH_ATTRIBUTES, False), (VARYING, True)):
        for names, dtypes in families:
            for name in names.split():
                for dtype in dtypes:
                    table.register(name, dtype, Attributed(TABLE[name], dtype, vary))


def kernels() -> Iterator[tuple[str, DType, Later]]:
    """Every kernel that needs to know no attributes to be compiled: its op, its dtype, and itself."""
    for names, dtypes in ELEMENTWISE:
        for name in names.split():
            for dtype in dtypes:
                yield name, dtype, Later(partial(_elementwise, TABLE[name], dtype))
    for dtype in REALS:
        yield "select_where", dtype, Later(partial(_choice, TABLE["select_where"], dtype))
    for file, names, dtypes in UNITS:
        every = tuple(names.split())
        for dtype in dtypes:
            for name in every:
                yield name, dtype, Later(partial(_of_unit, file, every, dtype, name))


class NotMade:
    """The kernel of an op for which none could be compiled: NumPy computes, with other bits perhaps than where it could."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *args: object) -> Any:
        if get_deterministic_debug_mode() == 2:
            raise RuntimeError(f"{self._name}(): its kernel in C could not be made, as was warned; that of NumPy may give other bits, and use_deterministic_algorithms(True) refuses it")
        return NotImplemented


def compiled(names: Sequence[str], text: Callable[[], str]) -> dict[str, Kernel]:
    """The kernels of a text; such as pass where it cannot be compiled or loaded, with a warning."""
    from corelib_cpu_native import units

    if not _given_up:
        try:
            return units.functions(text(), tuple(names))
        except (RuntimeError, OSError) as error:
            what = f"the kernels in C of {', '.join(names)}, which"
            if isinstance(error, compilers.TooLong) or not units.any_can_be_made():
                _given_up.append(True)
                what = "all kernels in C that are not made yet, for they"
            warnings.warn(f"NumPy computes in place of {what} cannot be made: {error}", NativeWarning, stacklevel=2)
    return {name: NotMade(name) for name in names}


_given_up: list[bool] = []
"""Not empty once the compiler was found not to work: the others are not tried."""


@cache
def _unit(file: str, names: tuple[str, ...], dtype: DType) -> dict[str, Kernel]:
    from corelib_cpu_native import units

    return compiled(names, lambda: units.of_dtype(dtype) + "".join([units.text_of(name) for name in file.split()]))


def _of_unit(file: str, names: tuple[str, ...], dtype: DType, name: str) -> Kernel:
    return _unit(file, names, dtype)[name]


def _elementwise(op: Op, dtype: DType) -> Kernel:
    if dtype is D.float32 and op.name in TOGETHER:
        return _together()[op.name]
    return elementwise(op, (None,) * len(op.operands), dict.fromkeys(op.operands, dtype), op.facts.result or dtype)


def _choice(op: Op, dtype: DType) -> Kernel:
    return elementwise(op, (None,) * 3, {0: D.bool, 1: dtype, 2: dtype}, dtype)


@cache
def _together() -> dict[str, Kernel]:
    from corelib_cpu_native import units
    from corelib_cpu_native.elementwise import kernel_text

    ops = [TABLE[name] for name in TOGETHER]
    return compiled(TOGETHER, lambda: units.text_of("math.h") + "".join(
        kernel_text(op, (None,) * len(op.operands), dict.fromkeys(op.operands, D.float32), D.float32) for op in ops
    ))  # fmt: skip


def elementwise(op: Op, args: tuple[Any, ...], operands: dict[int, DType], out: DType, numbers: Sequence[int] | None = None) -> Kernel:
    """The kernel of an elementwise op for operands of these dtypes, by place; `args` has the attributes in their places."""
    from corelib_cpu_native import units
    from corelib_cpu_native.elementwise import headers, kernel_text

    def text() -> str:
        made = kernel_text(op, args, operands, out, numbers)
        return "".join([*map(units.text_of, headers(made)), made])

    return compiled([op.name], text)[op.name]


class Attributed:
    """An elementwise op with attributes: a kernel for each set of them, chosen call by call, or, where they `vary`, for each set of those that are
    no numbers."""

    def __init__(self, op: Op, dtype: DType, vary: bool) -> None:
        self._op = op
        self._dtype = dtype
        self._made: dict[tuple[object, ...], Kernel] = {}
        self._places = op.operands
        self._numbers: tuple[type, ...] = () if not vary else (int, float) if dtype.is_floating_point else (int,)

    def __call__(self, out: Any, *args: Any) -> Any:
        places, numbers = self._places, self._numbers
        key = tuple([int if type(x) in numbers else x is None if i in places else x for i, x in enumerate(args)])
        kernel = self._made.get(key)
        if kernel is None:
            kernel = self._make(key, args)
        return kernel(out, *[x for i, x in enumerate(args) if x is not None and (i in places or type(x) in numbers)])

    def _make(self, key: tuple[object, ...], args: tuple[Any, ...]) -> Kernel:
        if len(self._made) >= _SETS:
            return _passes
        numbers = [i for i, x in enumerate(args) if type(x) in self._numbers] if self._numbers else None
        given = tuple([None if i in self._places else x for i, x in enumerate(args)])
        there = {i: self._dtype for i, x in enumerate(args) if x is not None and (i in self._places or type(x) in self._numbers)}
        made = elementwise(self._op, given, there, self._op.facts.result or self._dtype, numbers)
        self._made[key] = made
        return made
