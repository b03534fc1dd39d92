"""finfo and iinfo: the limits of dtypes, as numbers."""

from __future__ import annotations

from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.promotion import as_dtype, get_default_dtype

# dtype: bits, digits of the significand after the point, largest exponent
_FORMATS = {D.float16: (16, 10, 15), D.bfloat16: (16, 7, 127), D.float32: (32, 23, 127), D.float64: (64, 52, 1023)}


class finfo:
    """The limits of a floating dtype: bits, eps, max, min, tiny (smallest normal), smallest_normal, resolution.

    >>> import corelib as torch
    >>> torch.finfo(torch.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: DType | None = None) -> None:
        if type is None:
            type = get_default_dtype()
        elif not isinstance(type, DType):
            type = as_dtype("finfo", "type", 1, type)
        type = type.to_real() if getattr(type, "is_complex", False) else type
        if type not in _FORMATS:
            raise TypeError(f"finfo(): torch.finfo() requires a floating point input type, got {type}. Use torch.iinfo to handle integers")
        self.bits, digits, top = _FORMATS[type]
        self.dtype = type.name
        self.eps = 2.0**-digits
        self.max = (2.0 - self.eps) * 2.0**top
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (1 - top)
        self.resolution = 10.0 ** -int(digits * 0.30103)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.tiny:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype: bits, max, min.

    >>> import corelib as torch
    >>> torch.iinfo(torch.int8).max
    127
    """

    def __init__(self, type: DType) -> None:
        if not isinstance(type, DType):
            type = as_dtype("iinfo", "type", 1, type)
        if type not in D.INTEGERS:
            raise TypeError(f"iinfo(): torch.iinfo() requires an integer input type, got {type}. Use torch.finfo to handle floats")
        self.bits = type.itemsize * 8
        self.dtype = type.name
        self.max = 2 ** (self.bits - type.is_signed) - 1
        self.min = -(2 ** (self.bits - 1)) if type.is_signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
