"""The dtypes: what one element of a tensor is."""

from __future__ import annotations

import builtins
from typing import TypeAlias

from corelib.tensor.host import HostDType, np

Number: TypeAlias = builtins.int | builtins.float | builtins.complex
"""A Python number, bool included."""


class dtype:
    """One element type. The instances below are the only ones; they compare by identity.

    Attributes: `name`, `itemsize` (bytes), `is_floating_point`, `is_complex`, `is_signed`, and `np`, NumPy's dtype
    (`bfloat16` needs the package ml_dtypes).

    >>> import corelib as torch
    >>> torch.float32, torch.float32.itemsize, torch.int8.is_signed
    (torch.float32, 4, True)
    """

    __slots__ = ("_np", "_signed", "is_complex", "is_floating_point", "itemsize", "name", "order")

    def __init__(self, name: str, itemsize: builtins.int, kind: str, order: builtins.int) -> None:
        self.name = name
        self.itemsize = itemsize
        self.is_floating_point = kind == "f"
        self.is_complex = kind == "c"
        self._signed = kind != "u" and kind != "b" if kind else None
        self.order = order
        self._np: HostDType | None = None

    @property
    def is_signed(self) -> builtins.bool:
        """Whether there are negative elements; RuntimeError for bits, which are no numbers."""
        if self._signed is None:
            raise RuntimeError(f"is_signed: Bits types are undefined, got torch.{self.name}")
        return self._signed

    @property
    def np(self) -> HostDType:
        """NumPy's dtype for this one."""
        if self._np is None:
            if self.name == "bfloat16":
                try:
                    import ml_dtypes
                except ImportError:
                    raise RuntimeError(
                        "bfloat16 on the host needs the package ml_dtypes: pip install ml_dtypes"
                    ) from None
                self._np = np.dtype(ml_dtypes.bfloat16)
            elif self in HELD:
                self._np = np.dtype(f"uint{8 * self.itemsize}")
            else:
                self._np = np.dtype(self.name)
        return self._np

    def to_complex(self) -> dtype:
        """The dtype whose parts are of this one."""
        if self in HELD:
            raise RuntimeError(f"to_complex(): Unknown Complex ScalarType for {kind_name(self)}")
        return next((c for c, r in _TO_REAL.items() if r is self), self)

    def to_real(self) -> dtype:
        """The dtype of the real part."""
        return _TO_REAL.get(self, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return dtype_named, (self.name,)


bool = dtype("bool", 1, "b", 0)
uint8 = dtype("uint8", 1, "u", 1)
int8 = dtype("int8", 1, "i", 2)
int16 = dtype("int16", 2, "i", 3)
int32 = dtype("int32", 4, "i", 4)
int64 = dtype("int64", 8, "i", 5)
float16 = dtype("float16", 2, "f", 6)
bfloat16 = dtype("bfloat16", 2, "f", 7)
float32 = dtype("float32", 4, "f", 8)
float64 = dtype("float64", 8, "f", 9)
complex64 = dtype("complex64", 8, "c", 10)
complex128 = dtype("complex128", 16, "c", 11)

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128

_PARTS = tuple(range(1, 8))
HELD = dict.fromkeys((
    *[dtype(f"int{n}", 1, "i", 12) for n in _PARTS], *[dtype(f"uint{n}", 1, "u", 12) for n in _PARTS],
    *[dtype(f"bits{name}", size, "", 12) for name, size in (("1x8", 1), ("2x4", 1), ("4x2", 1), ("8", 1), ("16", 2))],
))  # fmt: skip
"""Dtypes that tensors are made of and nothing is computed in, as in PyTorch: an element is a byte, or two, that libraries read their own way."""
ALL = (bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, complex64, complex128)
INTEGERS = (uint8, int8, int16, int32, int64)
FLOATS = (float16, bfloat16, float32, float64)
NUMBERS = INTEGERS + FLOATS
REALS = (bool, *NUMBERS)
COMPLEX = (complex64, complex128)
_BY_NAME = {d.name: d for d in (*ALL, *HELD)}
_TO_REAL = {complex64: float32, complex128: float64}
_BY_NUMPY: dict[HostDType, dtype] = {}


def held(d: dtype, dtypes: dict[str, str]) -> str:
    """What a device can do with a dtype, of those that its backend names: a dtype that is only held is held wherever bytes are."""
    return dtypes.get(d.name) or ("storage" if d in HELD and dtypes.get("uint8", "absent") != "absent" else "absent")


def dtype_named(name: str) -> dtype:
    """The dtype called `name`, such as "float32"."""
    return _BY_NAME[name]


def from_numpy_dtype(numpy_dtype: HostDType) -> dtype:
    """The dtype that holds what NumPy's `numpy_dtype` holds; TypeError where there is none, ValueError for swapped bytes."""
    found = _BY_NUMPY.get(numpy_dtype)
    if found is None:
        found = _BY_NAME.get(numpy_dtype.name)
        if found is not None and not numpy_dtype.isnative:
            raise ValueError(
                f"given numpy array has byte order different from the native byte order ({numpy_dtype}). Conversion between "
                "byte orders is currently not supported; array.astype(array.dtype.newbyteorder('=')) makes a native copy."
            )
        if found is None:
            raise TypeError(
                f"can't convert np.ndarray of type {numpy_dtype}. The only supported types are: float64, float32, "
                "float16, bfloat16, int64, int32, int16, int8, uint8, and bool."
            )
        _BY_NUMPY[numpy_dtype] = found
    return found


_KINDS = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}


def kind_name(d: dtype) -> str:
    """The name by which PyTorch's messages call a dtype, such as "Long" for int64."""
    return _KINDS.get(d.name) or d.name.capitalize().replace("Uint", "UInt")
