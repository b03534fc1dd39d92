# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, float as _float, int as _int, str as _str
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from corelib.ops.linalg.results import CholeskyEx as _CholeskyEx, Eig as _Eig, Eigh as _Eigh, InvEx as _InvEx, LDLFactor as _LDLFactor, LDLFactorEx as _LDLFactorEx, LU as _LU, LUFactor as _LUFactor, LUFactorEx as _LUFactorEx, Lstsq as _Lstsq, QR as _QR, SVD as _SVD, Slogdet as _Slogdet, SolveEx as _SolveEx
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.tensor import Tensor as _Tensor

class LinAlgError(RuntimeError): ...
def cholesky(input: _Tensor, *, upper: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The lower factor l of a Hermitian positive-definite matrix, input = l @ l.mH; or its adjoint. LinAlgError if it is none."""
def cholesky_ex(input: _Tensor, *, upper: _bool = ..., check_errors: _bool = ..., out: _Any = ...) -> _CholeskyEx:
    """(L, info): `cholesky` that says in info which leading minor is not positive, and raises only with `check_errors`."""
def cond(A: _Tensor, p: _float | _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The condition number of matrices in a norm, by default the ratio of the largest and the smallest singular value."""
def cross(input: _Tensor, other: _Tensor, *, dim: _int = ..., out: _Tensor | None = ...) -> _Tensor:
    """The cross products of vectors of three along `dim`, broadcast."""
def det(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The determinant of a square matrix."""
def diagonal(A: _Tensor, *, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
    """A view of the diagonals of matrices; `torch.diagonal` of the last two dimensions."""
def eig(A: _Tensor, *, out: _Any = ...) -> _Eig:
    """(eigenvalues, eigenvectors) of a square matrix, complex and in no order; vectors of norm 1."""
def eigh(A: _Tensor, UPLO: _str = ..., *, out: _Any = ...) -> _Eigh:
    """(eigenvalues, eigenvectors) of a symmetric, or Hermitian, matrix, ascending; the lower or upper triangle is read."""
def eigvals(A: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The eigenvalues of a square matrix, complex and in no order."""
def eigvalsh(A: _Tensor, UPLO: _str = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The eigenvalues of a symmetric matrix, ascending."""
def householder_product(input: _Tensor, tau: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The first n columns of the product of reflectors I - tau v v.mH, whose v are the columns of input below its diagonal: (*, m, n)."""
def inv(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of a square matrix. LinAlgError if it is singular."""
def inv_ex(A: _Tensor, *, check_errors: _bool = ..., out: _Any = ...) -> _InvEx:
    """(inverse, info): `inv` that says in info where a pivot is 0, and raises only with `check_errors`."""
def ldl_factor(A: _Tensor, *, hermitian: _bool = ..., out: _Any = ...) -> _LDLFactor:
    """(LD, pivots): the factors of a symmetric matrix (*, n, n) that need not be positive-definite, A = L @ D @ L.mT, for `ldl_solve`."""
def ldl_factor_ex(A: _Tensor, *, hermitian: _bool = ..., check_errors: _bool = ..., out: _Any = ...) -> _LDLFactorEx:
    """(LD, pivots, info): `ldl_factor` that says in info which pivot is 0, from 1, and raises only with `check_errors`."""
def ldl_solve(LD: _Tensor, pivots: _Tensor, B: _Tensor, *, hermitian: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """X of A @ X = B, from what `ldl_factor` gave for A with the same `hermitian`; B is (*, n, k). Without derivative, as in PyTorch."""
def lstsq(A: _Tensor, B: _Tensor, rcond: _float | None = ..., *, driver: _str | None = ..., out: _Any = ...) -> _Lstsq:
    """(solution, residuals, rank, singular_values) of the least-squares problem min |A @ X - B|, the smallest X where there are several."""
def lu(A: _Tensor, *, pivot: _bool = ..., out: _Any = ...) -> _LU:
    """(P, L, U): a permutation, a lower factor with ones on its diagonal and an upper one, A = P @ L @ U."""
def lu_factor(A: _Tensor, *, pivot: _bool = ..., out: _Any = ...) -> _LUFactor:
    """(LU, pivots): the factors of A = P @ L @ U in one matrix, and the rows exchanged, from 1; for `lu_solve`."""
def lu_factor_ex(A: _Tensor, *, pivot: _bool = ..., check_errors: _bool = ..., out: _Any = ...) -> _LUFactorEx:
    """(LU, pivots, info): `lu_factor` that says in info where a pivot is 0, and raises only with `check_errors`."""
def lu_solve(LU: _Tensor, pivots: _Tensor, B: _Tensor, *, left: _bool = ..., adjoint: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """X of A @ X = B, or X @ A = B, from what `lu_factor` gave for A; with `adjoint` for A.mH."""
def matmul(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`torch.matmul`."""
def matrix_exp(input: _Tensor) -> _Tensor:
    """The exponential of a square matrix: the sum of its powers over their factorials."""
def matrix_norm(A: _Tensor, ord: _float | _str = ..., dim: _Sequence[_int] = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """A norm of matrices: "fro", "nuc" (the sum of the singular values), 1, -1, inf, -inf (sums of columns or rows), 2, -2 (singular values)."""
def matrix_power(input: _Tensor, n: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """Square matrices (..., m, m) multiplied `n` times; the identity for 0, powers of the inverse for negative ones."""
def matrix_rank(A: _Tensor, tol: _Any = ..., *, atol: _Any = ..., rtol: _Any = ..., hermitian: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """How many singular values (eigenvalues, for a symmetric matrix) exceed max(atol, rtol * the largest)."""
def multi_dot(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications; the first and the last may be vectors."""
def norm(A: _Tensor, ord: _float | _str | None = ..., dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """`vector_norm` of vectors (or of all elements, with neither `ord` nor `dim`), `matrix_norm` of matrices."""
def pinv(A: _Tensor, rcond: _Any = ..., *, atol: _Any = ..., rtol: _Any = ..., hermitian: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The pseudoinverse (Moore and Penrose): singular values up to max(atol, rtol * the largest) count as 0."""
def qr(A: _Tensor, mode: _str = ..., *, out: _Any = ...) -> _QR:
    """(Q, R): orthonormal columns and an upper triangle, A = Q @ R. mode: "reduced", "complete" (a square Q) or "r" (no Q)."""
def slogdet(A: _Tensor, *, out: _Any = ...) -> _Slogdet:
    """(sign, logabsdet): the determinant as its sign, of complex numbers of magnitude 1, and the logarithm of its magnitude."""
def solve(A: _Tensor, B: _Tensor, *, left: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """X of A @ X = B, or X @ A = B unless `left`; B is (*, n, k), or a vector (*, n). LinAlgError if A is singular."""
def solve_ex(A: _Tensor, B: _Tensor, *, left: _bool = ..., check_errors: _bool = ..., out: _Any = ...) -> _SolveEx:
    """(result, info): `solve` that says in info where a pivot is 0, and raises only with `check_errors`."""
def solve_triangular(A: _Tensor, B: _Tensor, *, upper: _bool, left: _bool = ..., unitriangular: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """X of A @ X = B, or X @ A = B, for a triangular A, of which only that triangle is read; its diagonal is taken for ones if `unitriangular`."""
def svd(A: _Tensor, full_matrices: _bool = ..., *, driver: _str | None = ..., out: _Any = ...) -> _SVD:
    """(U, S, Vh): A = U @ diag(S) @ Vh, singular values descending. full_matrices: square U and Vh."""
def svdvals(A: _Tensor, *, driver: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The singular values, descending."""
def tensorinv(A: _Tensor, ind: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of a tensor taken for a matrix, whose rows are its first `ind` dimensions."""
def tensorsolve(A: _Tensor, B: _Tensor, dims: _Sequence[_int] | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """X of tensordot(A, X, X's dimensions) = B. dims: dimensions of A that are moved to its end first."""
def vander(x: _Tensor, *, N: _int | None = ...) -> _Tensor:
    """The Vandermonde matrices of vectors (*, n): their powers from 0 up to N - 1 (n - 1), (*, n, N). RuntimeError for N < 2."""
def vecdot(x: _Tensor, y: _Tensor, *, dim: _int = ..., out: _Tensor | None = ...) -> _Tensor:
    """The inner products of vectors along `dim`, broadcast."""
def vector_norm(x: _Tensor, ord: _float = ..., dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The `ord`-norm of all elements, or along `dim`."""
