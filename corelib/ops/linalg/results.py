"""The results of several tensors that linear algebra gives."""

from __future__ import annotations

from corelib.ops.return_types import shown_as
from corelib.tensor.named import NamedTuple
from corelib.tensor.tensor import Tensor


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


@shown_as("linalg_ldl_factor")
class LDLFactor(NamedTuple):
    LD: Tensor
    pivots: Tensor


@shown_as("linalg_ldl_factor_ex")
class LDLFactorEx(NamedTuple):
    LD: Tensor
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
