"""Which ops have a kernel in C, for which dtypes.

Each stands in the table as a `Later`: its unit's text is written, compiled and loaded when the first of the unit's kernels is called.
A kernel that cannot be compiled passes to NumPy's, with one warning.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from corelib.backend import Kernel, KernelTable, Later
from corelib.dispatcher.op import TABLE, Op
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib_cpu_native import api, compilers

REALS = (D.bool, D.uint8, D.int8, D.int16, D.int32, D.int64, D.float16, D.bfloat16, D.float32, D.float64)
FLOATS = (D.float16, D.bfloat16, D.float32, D.float64)
SINGLE = (D.float16, D.bfloat16, D.float32)
"""What is computed in float32: functions have their own code there, while NumPy's are as quick in float64."""
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
)
"""Elementwise ops without attributes."""
WITH_ATTRIBUTES: tuple[tuple[str, tuple[DType, ...]], ...] = (
    ("gelu gelu_backward elu_of softplus selu_of celu_of mish_of hardshrink softshrink", SINGLE),
    ("addcmul addcdiv lerp threshold_of", FLOATS),
    ("clamp", NUMBERS),
)
"""Elementwise ops with attributes: a kernel for each set of them."""
UNITS: tuple[tuple[str, str, tuple[DType, ...]], ...] = (
    ("conv.h conv.c conv_weight.c", "convolution conv_input conv_weight", FLOATS),
    ("windows.c", "max_windows window_sum window_spread", FLOATS),
    ("pad.c", "constant_pad", REALS),
)
"""Texts of this package (a unit may be of several), the ops whose kernels are in each, and the dtypes for which each is compiled."""
_SETS = 32  # of attributes, for which an op gets kernels


class NativeWarning(UserWarning):
    """A kernel could not be compiled; NumPy computes in its place."""


def register(table: KernelTable) -> None:
    """Put every kernel into the pack's table; none, with the reason, where they cannot be compiled or used."""
    if os.environ.get("CORELIB_NATIVE") == "0":
        table.unavailable = "it is switched off by CORELIB_NATIVE=0"
        return
    try:
        api.layout()
        compilers.compiler()
    except api.Unavailable as error:
        table.unavailable = str(error)
        return
    for names, dtypes in ELEMENTWISE:
        for name in names.split():
            for dtype in dtypes:
                table.register(name, dtype, Later(partial(_elementwise, TABLE[name], dtype)))
    for names, dtypes in WITH_ATTRIBUTES:
        for name in names.split():
            for dtype in dtypes:
                table.register(name, dtype, Attributed(TABLE[name], dtype))
    for file, names, dtypes in UNITS:
        for dtype in dtypes:
            for name in names.split():
                table.register(name, dtype, Later(partial(_of_unit, file, tuple(names.split()), dtype, name)))


def passes(*args: object) -> Any:
    """The kernel of what cannot be compiled."""
    return NotImplemented


def compiled(names: Sequence[str], text: Callable[[], str]) -> dict[str, Kernel]:
    """The kernels of a text; such as pass where it cannot be compiled or loaded, with a warning."""
    from corelib_cpu_native import units

    try:
        return units.functions(text(), tuple(names))
    except (RuntimeError, OSError) as error:
        warnings.warn(f"NumPy computes in place of the kernels in C of {', '.join(names)}, which cannot be made: {error}", NativeWarning, stacklevel=2)
        return dict.fromkeys(names, passes)


@cache
def _unit(file: str, names: tuple[str, ...], dtype: DType) -> dict[str, Kernel]:
    from corelib_cpu_native import units

    return compiled(names, lambda: units.of_dtype(dtype) + "".join(map(units.text_of, file.split())))


def _of_unit(file: str, names: tuple[str, ...], dtype: DType, name: str) -> Kernel:
    return _unit(file, names, dtype)[name]


def _elementwise(op: Op, dtype: DType) -> Kernel:
    return elementwise(op, (None,) * len(op.operands), dict.fromkeys(op.operands, dtype), op.facts.result or dtype)


def elementwise(op: Op, args: tuple[Any, ...], operands: dict[int, DType], out: DType) -> Kernel:
    """The kernel of an elementwise op for operands of these dtypes, by place; `args` has the attributes in their places."""
    from corelib_cpu_native import units
    from corelib_cpu_native.elementwise import kernel_text

    return compiled([op.name], lambda: units.text_of("math.h") + kernel_text(op, args, operands, out))[op.name]


class Attributed:
    """An elementwise op with attributes: a kernel for each set of them, chosen call by call."""

    def __init__(self, op: Op, dtype: DType) -> None:
        self._op = op
        self._dtype = dtype
        self._made: dict[tuple[object, ...], Kernel] = {}
        self._places = op.operands

    def __call__(self, out: Any, *args: Any) -> Any:
        places = self._places
        key = tuple([x is None if i in places else x for i, x in enumerate(args)])
        kernel = self._made.get(key)
        if kernel is None:
            kernel = self._make(key, args)
        return kernel(out, *[x for i, x in enumerate(args) if i in places and x is not None])

    def _make(self, key: tuple[object, ...], args: tuple[Any, ...]) -> Kernel:
        if len(self._made) >= _SETS:
            return passes
        given = tuple([None if i in self._places else x for i, x in enumerate(args)])
        there = {i: self._dtype for i in self._places if i < len(args) and args[i] is not None}
        made = elementwise(self._op, given, there, self._op.facts.result or self._dtype)
        self._made[key] = made
        return made
