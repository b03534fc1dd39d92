"""Type promotion, PyTorch's: the dtype that two dtypes, or operands of any kind, are computed in.

Operands fall into three groups, tensors with dimensions, 0-d tensors, and Python numbers; a group decides only where no
group before it has a dtype of as high a category (bool, then integers, floats, complex numbers).
"""

from __future__ import annotations

from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, dtype
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

__all__ = ["can_cast", "get_default_dtype", "promote_types", "result_type", "set_default_dtype"]

_default = D.float32


def get_default_dtype() -> dtype:
    """The floating-point dtype of `tensor([1.0])` and of factory functions that are given none; float32 at first.

    >>> import corelib as torch
    >>> torch.get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Set the dtype that `get_default_dtype` returns. TypeError for anything but a floating-point dtype.

    >>> import corelib as torch
    >>> torch.set_default_dtype(torch.float64)
    >>> torch.tensor(1.5).dtype
    torch.float64
    >>> torch.set_default_dtype(torch.float32)
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        what = "" if isinstance(d, dtype) else "invalid dtype object: "
        raise TypeError(
            f"set_default_dtype(): {what}only floating-point types are supported as the default type, got {d!r}; "
            f"accepted are {', '.join(map(repr, D.FLOATS))}"
        )
    _default = d


# bool, integers, floats, complex numbers
_CATEGORY = {d: 3 if d.is_complex else 2 if d.is_floating_point else 1 if d is not D.bool else 0 for d in (*D.ALL, *D.HELD)}
_RANK = {d: i for i, d in enumerate(D.ALL)}


def _promoted(a: dtype, b: dtype) -> dtype:
    low, high = (a, b) if _RANK[a] <= _RANK[b] else (b, a)
    if low is D.uint8 and high is D.int8:
        return D.int16
    if low is D.float16 and high is D.bfloat16:
        return D.float32
    if low is D.float64 and high is D.complex64:
        return D.complex128
    return high


class _Row(dict[dtype, dtype]):
    """What a dtype is promoted to beside each other; RuntimeError for one that promotes to nothing."""

    def __init__(self, a: dtype) -> None:
        super().__init__({b: _promoted(a, b) for b in D.ALL} if a in _RANK else {a: a})
        self.of = a

    def __missing__(self, b: dtype) -> dtype:
        raise RuntimeError(f"promote_types(): Promotion from {D.kind_name(self.of)} and {D.kind_name(b)} is unsupported.")


_PROMOTED = {a: _Row(a) for a in (*D.ALL, *D.HELD)}
# PyTorch's own table has a half-precision complex dtype for float16; the smallest complex dtype here is complex64.
_COMPLEX = {d: D.complex128 if d is D.float64 else D.complex64 for d in D.FLOATS}
_PYTHON: dict[type, dtype] = {bool: D.bool, int: D.int64, float: D.float64, complex: D.complex128}


def as_dtype(op: str, name: str, position: int, given: object) -> dtype:
    """A dtype, or what a Python type stands for in its place. TypeError for anything else."""
    if isinstance(given, dtype):
        return given
    if isinstance(given, type) and given in _PYTHON:
        return _PYTHON[given]
    raise TypeError(f"{op}(): argument '{name}' (position {position}) must be torch.dtype, not {type(given).__name__}")


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds the values of both, of the higher category of the two.

    Python's bool, int, float and complex stand for bool, int64, float64 and complex128. TypeError for anything else.

    >>> import corelib as torch
    >>> torch.promote_types(torch.int32, torch.float16), torch.promote_types(torch.uint8, torch.int8)
    (torch.float16, torch.int16)
    """
    return _PROMOTED[as_dtype("promote_types", "type1", 1, type1)][as_dtype("promote_types", "type2", 2, type2)]


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of dtype `from_` may be stored as `to`: never down a category (complex, float, integer, bool).

    >>> import corelib as torch
    >>> torch.can_cast(torch.float64, torch.float16), torch.can_cast(torch.float16, torch.int64)
    (True, False)
    """
    source, target = as_dtype("can_cast", "from_", 1, from_), as_dtype("can_cast", "to", 2, to)
    return _CATEGORY[source] <= _CATEGORY[target]


def result_type(*operands: Tensor | Number) -> dtype:
    """The dtype in which an op computes on these tensors and Python numbers, of which there may be any mixture.

    TypeError for no operand, or for one that is neither a Tensor nor a number.

    >>> import corelib as torch
    >>> torch.result_type(torch.ones(2, dtype=torch.int8), 300), torch.result_type(torch.ones(2, dtype=torch.int8), 0.5)
    (torch.int8, torch.float32)
    >>> torch.result_type(torch.ones(2, dtype=torch.float16), torch.tensor(1.0))
    torch.float16
    """
    dimensioned: dtype | None = None
    zero_dim: dtype | None = None
    number: dtype | None = None
    for position, x in enumerate(operands, 1):
        if isinstance(x, Tensor):
            found = x._dtype
            if x._shape:
                dimensioned = found if dimensioned is None else _PROMOTED[dimensioned][found]
            else:
                zero_dim = found if zero_dim is None else _PROMOTED[zero_dim][found]
        else:
            found = _number_dtype(position, x)
            number = found if number is None else _PROMOTED[number][found]
    result = _combined(dimensioned, _combined(zero_dim, number))
    if result is None:
        raise TypeError("result_type(): missing operands: at least one Tensor or Number is needed")
    return result


def _number_dtype(position: int, x: object) -> dtype:
    if isinstance(x, float):
        return _default
    if isinstance(x, bool):
        return D.bool
    if isinstance(x, int):
        return D.int64
    if isinstance(x, complex):
        return _COMPLEX[_default]
    if isinstance(x, np.generic) and x.dtype.kind in "biufc":
        return _number_dtype(position, x.item())
    raise TypeError(
        f"result_type(): argument in position {position} must be Tensor or Number, not {type(x).__name__}"
    )


def _combined(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """What two groups give: the first one's dtype, unless the second is of a higher category."""
    if higher is None:
        return lower
    if lower is None or _CATEGORY[higher] >= _CATEGORY[lower]:
        return higher
    if lower.is_complex and higher.is_floating_point:
        return _COMPLEX[higher]
    return _PROMOTED[higher][lower]
