"""The results of several tensors that linear algebra gives: named tuples, which show themselves as PyTorch's `torch.return_types` do."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from corelib.tensor.tensor import Tensor

T = TypeVar("T", bound=type)


def _text(self: NamedTuple) -> str:
    parts = [f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True)]
    return f"torch.return_types.{type(self).__name__}(\n" + ",\n".join(parts) + ")"


def shown_as(kind: str) -> Callable[[T], T]:
    """A decorator for named tuples that gives them the name that PyTorch's have."""

    def named(made: T) -> T:
        for name, value in (("__name__", kind), ("__qualname__", kind), ("__module__", "torch.return_types"), ("__repr__", _text)):
            setattr(made, name, value)
        return made

    return named


@shown_as("linalg_cholesky_ex")
class CholeskyEx(NamedTuple):
    L: Tensor
    info: Tensor


@shown_as("linalg_lu")
class LU(NamedTuple):
    P: Tensor
    L: Tensor
    U: Tensor


@shown_as("lu_unpack")
class UnpackedLU(NamedTuple):
    P: Tensor
    L: Tensor
    U: Tensor


@shown_as("linalg_lu_factor")
class LUFactor(NamedTuple):
    LU: Tensor
    pivots: Tensor


@shown_as("linalg_lu_factor_ex")
class LUFactorEx(NamedTuple):
    LU: Tensor
    pivots: Tensor
    info: Tensor


@shown_as("linalg_qr")
class QR(NamedTuple):
    Q: Tensor
    R: Tensor


@shown_as("qr")
class OldQR(NamedTuple):
    Q: Tensor
    R: Tensor


@shown_as("geqrf")
class Geqrf(NamedTuple):
    a: Tensor
    tau: Tensor


@shown_as("linalg_eigh")
class Eigh(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


@shown_as("linalg_eig")
class Eig(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


@shown_as("linalg_svd")
class SVD(NamedTuple):
    U: Tensor
    S: Tensor
    Vh: Tensor


@shown_as("svd")
class OldSVD(NamedTuple):
    U: Tensor
    S: Tensor
    V: Tensor


@shown_as("linalg_solve_ex")
class SolveEx(NamedTuple):
    result: Tensor
    info: Tensor


@shown_as("linalg_inv_ex")
class InvEx(NamedTuple):
    inverse: Tensor
    info: Tensor


@shown_as("linalg_slogdet")
class Slogdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor


@shown_as("slogdet")
class OldSlogdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor


@shown_as("linalg_lstsq")
class Lstsq(NamedTuple):
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@shown_as("triangular_solve")
class TriangularSolve(NamedTuple):
    solution: Tensor
    cloned_coefficient: Tensor
