"""The names PyTorch gave to dtypes before it had any ("Float", "Long"), and the types that are called after them."""

from __future__ import annotations

from typing import TypeVar

from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

_KINDS = {
    "Float": D.float32, "Double": D.float64, "Half": D.float16, "BFloat16": D.bfloat16, "Byte": D.uint8, "Char": D.int8, "Short": D.int16,
    "Int": D.int32, "Long": D.int64, "Bool": D.bool, "ComplexFloat": D.complex64, "ComplexDouble": D.complex128,
}  # fmt: skip


class KindType(type):
    """The type of a class that stands for all of one dtype on the host."""

    dtype: DType


K = TypeVar("K", bound=KindType)


def types_of(metaclass: type[K], what: str, made_by: str, complex_too: bool = False) -> dict[str, K]:
    """By its name (`FloatTensor` for "Tensor") the class of each dtype. made_by: how one says the same today."""
    found = {}
    for kind, dtype in _KINDS.items():
        if complex_too or not dtype.is_complex:
            doc = f"{what}s of {dtype} on the host; `{made_by.format(dtype)}` makes one."
            found[kind + what] = metaclass(kind + what, (), {"dtype": dtype, "__module__": "torch", "__doc__": doc})
    return found
