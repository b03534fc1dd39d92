# Written by `python -m corelib.ops.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, int as _int
from collections.abc import Sequence as _Sequence
from corelib.tensor.tensor import Tensor as _Tensor

def cross(input: _Tensor, other: _Tensor, *, dim: _int = ..., out: _Tensor | None = ...) -> _Tensor:
    """The cross products of vectors of three along `dim`, broadcast."""
def matrix_power(input: _Tensor, n: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """Square matrices (..., m, m) multiplied `n` times; the identity for 0. Negative powers need `linalg.inv`."""
def multi_dot(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications; the first and the last may be vectors."""
def vander(x: _Tensor, N: _int | None = ..., increasing: _bool = ...) -> _Tensor:
    """The Vandermonde matrix of a vector: its powers from N - 1 down to 0, or up with `increasing` (always in `linalg.vander`)."""
def vecdot(x: _Tensor, y: _Tensor, *, dim: _int = ..., out: _Tensor | None = ...) -> _Tensor:
    """The inner products of vectors along `dim`, broadcast."""
