"""What compiled kernels know of Python: a table of addresses, and where the fields of NumPy's arrays lie.

The texts include no header of Python's. The places of an array's fields are looked for in arrays whose address, shape and strides are known,
and checked in others; where they are not where they are expected, kernels cannot be used.
"""

from __future__ import annotations

import ctypes
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

import numpy as np
from corelib.tensor import dtype as D

DTYPES = (
    D.bool, D.uint8, D.int8, D.int16, D.int32, D.int64, D.float16, D.bfloat16, D.float32, D.float64, D.complex64, D.complex128,
)
"""In the order of the enumeration in core.h."""
KIND = {dtype: i for i, dtype in enumerate(DTYPES)}

_POINTER = ctypes.sizeof(ctypes.c_void_p)
_FUNCTIONS = {
    "incref": "Py_IncRef", "float_value": "PyFloat_AsDouble", "int_value": "PyLong_AsLongLongAndOverflow", "tuple_size": "PyTuple_Size",
    "list_size": "PyList_Size", "tuple_item": "PyTuple_GetItem", "list_item": "PyList_GetItem", "text": "PyUnicode_AsUTF8",
    "raise": "PyErr_SetString",
}  # fmt: skip
_OBJECTS: dict[str, object] = {
    "none": None, "not_implemented": NotImplemented, "true_": True, "false_": False, "ndarray": np.ndarray, "float_": float, "int_": int, "tuple": tuple,
    "list": list, "str": str, "runtime_error": RuntimeError, "index_error": IndexError, "memory_error": MemoryError,
}  # fmt: skip


class Unavailable(Exception):
    """Compiled kernels cannot be used here; the message says why."""


class Api(ctypes.Structure):
    """The same fields in the same order as in core.h."""

    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("none", "not_implemented", "true_", "false_", "ndarray", "float_", "int_", "tuple", "list", "str")],
        ("descr", ctypes.c_void_p * len(DTYPES)),
        *[(name, ctypes.c_void_p) for name in (*_FUNCTIONS, "runtime_error", "index_error", "memory_error", "release", "acquire", "parallel", "interrupted", "threads", "begin_product", "end_product", "sgemm", "dgemm")],
    ]


def api(extra: dict[str, int]) -> Api:
    """The table; `extra` has the addresses that are no Python function's."""
    made = Api()
    for name, value in _OBJECTS.items():
        setattr(made, name, id(value))
    for name, function in _FUNCTIONS.items():
        setattr(made, name, address(getattr(ctypes.pythonapi, function)))
    for i, dtype in enumerate(DTYPES):
        made.descr[i] = id(dtype.np)
    for name, where in extra.items():
        setattr(made, name, where)
    return made


def address(function: Any) -> int:
    """Where a function that ctypes found lies."""
    found = ctypes.cast(function, ctypes.c_void_p).value
    assert found is not None
    return found


def layout() -> dict[str, int]:
    """Where an object's type and an array's fields lie, in bytes from the object's start. Unavailable where they cannot be found."""
    if sys.implementation.name != "cpython":
        raise Unavailable(f"it needs CPython, and this is {sys.implementation.name}")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise Unavailable("it cannot be used with a free-threaded Python")
    if hasattr(sys, "gettotalrefcount"):
        raise Unavailable("it cannot be used with a debug build of Python")
    if _POINTER != 8:
        raise Unavailable("it needs 64-bit pointers")
    at = {"OBJECT_TYPE": _POINTER, "ARRAY_DATA": 2 * _POINTER, "ARRAY_NDIM": 3 * _POINTER, "ARRAY_SHAPE": 4 * _POINTER, "ARRAY_STRIDES": 5 * _POINTER,
          "ARRAY_DESCR": 7 * _POINTER, "ARRAY_FLAGS": 8 * _POINTER}  # fmt: skip
    base = np.arange(120, dtype=np.float32)
    still = base[7:]
    still.flags.writeable = False
    arrays = [base, still, base.reshape(2, 3, 20)[:, ::2, 5:9], np.zeros((4, 5, 6, 1), np.int64).T, np.array(3, np.uint8), np.zeros((0, 3), np.complex64)]
    for array in arrays:
        _check(array, at)
    return at


def _check(array: Any, at: dict[str, int]) -> None:
    """Unavailable unless an array's fields are where they are expected. What is a pointer is followed last, when its neighbours are right."""

    def field(kind: Any, name: str) -> Any:
        return kind.from_address(id(array) + at[name]).value

    def items(name: str) -> tuple[int, ...]:
        return tuple((ctypes.c_ssize_t * array.ndim).from_address(field(ctypes.c_void_p, name))) if array.ndim else ()

    expected: list[tuple[Callable[[], object], object]] = [
        (lambda: field(ctypes.c_void_p, "OBJECT_TYPE"), id(np.ndarray)), (lambda: field(ctypes.c_void_p, "ARRAY_DATA"), array.ctypes.data),
        (lambda: field(ctypes.c_int, "ARRAY_NDIM"), array.ndim), (lambda: field(ctypes.c_void_p, "ARRAY_DESCR"), id(array.dtype)),
        (lambda: field(ctypes.c_int, "ARRAY_FLAGS") & 0x401, 0x400 * array.flags.writeable + array.flags.c_contiguous), (lambda: items("ARRAY_SHAPE"), array.shape),
        (lambda: items("ARRAY_STRIDES"), array.strides),
    ]  # fmt: skip
    for found, wanted in expected:
        if found() != wanted:
            raise Unavailable(f"the fields of NumPy {np.__version__}'s arrays are not where they are expected")
