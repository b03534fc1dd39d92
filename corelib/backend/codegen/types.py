"""What the dtypes are called in generated C: how an element is stored, and in which type it is computed.

The prelude of a target defines these names (`i8` ... `f64`), and `load_TAG` and `store_TAG` for every dtype.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType


class CType(NamedTuple):
    """One dtype in C."""

    tag: str
    """What the dtype's load and store functions end with."""

    memory: str
    """The type of an element in memory."""

    compute: str
    """The type of a value: half types are computed in f32, bool in i32."""

    unsigned: str
    """The unsigned integer of the same width, in which integers wrap without undefined behaviour."""

    family: str
    """Which of an op's expressions is meant: "float", "int", "bool" or "complex"."""


C: dict[DType, CType] = {
    D.bool: CType("b8", "u8", "i32", "u32", "bool"),
    D.uint8: CType("u8", "u8", "u8", "u8", "int"),
    D.int8: CType("i8", "i8", "i8", "u8", "int"),
    D.int16: CType("i16", "i16", "i16", "u16", "int"),
    D.int32: CType("i32", "i32", "i32", "u32", "int"),
    D.int64: CType("i64", "i64", "i64", "u64", "int"),
    D.float16: CType("f16", "half", "f32", "", "float"),
    D.bfloat16: CType("bf16", "u16", "f32", "", "float"),
    D.float32: CType("f32", "f32", "f32", "", "float"),
    D.float64: CType("f64", "f64", "f64", "", "float"),
    D.complex64: CType("c64", "c64", "c64", "", "complex"),
    D.complex128: CType("c128", "c128", "c128", "", "complex"),
}


def number(value: complex, dtype: DType) -> str:
    """A Python number as a C constant of a dtype's compute type.

    >>> import corelib
    >>> number(0.5, corelib.float32), number(float("-inf"), corelib.float64), number(3, corelib.int64)
    ('0.5f', '(-(f64)INFINITY)', '((i64)3L)')
    """
    c = C[dtype]
    if c.family == "complex":
        value, real = complex(value), dtype.to_real()
        return f"make_{c.compute}({number(value.real, real)}, {number(value.imag, real)})"
    assert not isinstance(value, complex)
    if c.family != "float":
        whole = int(value) if c.family == "int" else int(bool(value))
        if whole == -(1 << 63):
            return "((i64)(-9223372036854775807L - 1L))"
        return f"(({c.compute}){whole}L)"
    value = float(value)
    if value != value:
        return f"(({c.compute})NAN)"
    if value in (float("inf"), float("-inf")):
        return f"({'-' if value < 0 else ''}({c.compute})INFINITY)"
    if c.compute == "f64":
        return f"({value!r})" if value < 0 or str(value)[0] == "-" else repr(value)
    try:
        value = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return f"({'-' if value < 0 else ''}(f32)INFINITY)"
    text = f"{value!r}f"
    return f"({text})" if text[0] == "-" else text
