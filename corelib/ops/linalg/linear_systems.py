"""Linear systems: solve and its relatives, inverses, determinants, least squares."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.warned import warn
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import ends, within_bounds
from corelib.ops.linalg.decompositions import Complaint, linalg_qr, matrices, refuse
from corelib.ops.linalg.factorizations import LinAlgError, eye_like, ldl_system, lu_of, permutation_of, square_system, svd_of, triangular_system
from corelib.ops.linalg.matrix_norms import pinv_of
from corelib.ops.linalg.results import InvEx, Lstsq, OldSlogdet, Slogdet, SolveEx, TriangularSolve
from corelib.tensor import dtype as D
from corelib.tensor.limits import finfo
from corelib.tensor.size import broadcast_shapes
from corelib.tensor.tensor import Tensor


def _together(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the batch that they broadcast to."""
    batch = broadcast_shapes(a._shape[:-2], b._shape[:-2])
    if batch is None:
        raise RuntimeError(f"The batches of matrices, of shapes {list(a._shape)} and {list(b._shape)}, do not broadcast")
    return a.expand((*batch, *a._shape[-2:])), b.expand((*batch, *b._shape[-2:]))


def _same_kind(name: str, a: Tensor, b: object) -> None:
    if not isinstance(b, Tensor):
        raise TypeError(f"{name}(): argument 'B' (position 2) must be Tensor, not {type(b).__name__}")
    if a._dtype is not b._dtype:
        raise RuntimeError(f"{name}: Expected A and B to have the same dtype, but found A of type {a._dtype} and B of type {b._dtype} instead")


def _solved(name: str, a: Tensor, b: Tensor, left: bool) -> tuple[Tensor, Tensor]:
    matrices(name, a, square=True)
    _same_kind(name, a, b)
    n = a._shape[-1]
    vector = len(b._shape) == 1 or (len(a._shape) - 1 == len(b._shape) and b._shape == a._shape[:-1])
    if vector and not left:
        raise RuntimeError(f"{name}: Vector broadcasting of the left hand side is not supported for left=False")
    x = b.unsqueeze(-1) if vector else b
    if len(x._shape) < 2 or x._shape[-2 if left else -1] != n:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} ({a._shape[-2]}x{n} and {'x'.join(map(str, x._shape[-2:]))})"
        )
    a, x = _together(a if left else a.mT, x if left else x.mT)
    made, info = square_system(a, x)
    made = made if left else made.mT
    return (made.squeeze(-1) if vector else made), info


@public("linalg", outs=True)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """(result, info): `solve` that says in info where a pivot is 0, and raises only with `check_errors`."""
    made = SolveEx(*_solved("linalg.solve_ex", A, B, left))
    if check_errors:
        refuse(made.info, lambda k: ("torch.linalg.solve_ex", "The solver failed because the input matrix is singular."))
    return made


@op(on=("linalg",), out="exact")
def linalg_solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X of A @ X = B, or X @ A = B unless `left`; B is (*, n, k), or a vector (*, n). LinAlgError if A is singular.

    >>> import corelib as torch
    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([2., 2.]))
    tensor([1.0000, 0.5000])
    """
    made, info = _solved("linalg.solve", A, B, left)
    refuse(info, lambda k: ("torch.linalg.solve", "The solver failed because the input matrix is singular."))
    return made


def _triangular(name: str, a: Tensor, b: Tensor, upper: bool, left: bool, unit: bool) -> Tensor:
    matrices(name, a, square=True)
    _same_kind(name, a, b)
    if len(b._shape) < 2 or a._shape[-1] != b._shape[-2 if left else -1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} ({a._shape[-2]}x{a._shape[-1]} and {'x'.join(map(str, b._shape[-2:]))})"
        )
    a, b = _together(a, b)
    return triangular_system(a, b, upper, unit) if left else triangular_system(a.mT, b.mT, not upper, unit).mT


@op(on=("linalg",), out="exact")
def linalg_solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """X of A @ X = B, or X @ A = B, for a triangular A, of which only that triangle is read; its diagonal is taken for ones if `unitriangular`.

    >>> import corelib as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[1., 1.], [9., 2.]]), torch.tensor([[3.], [2.]]), upper=True)
    tensor([[2.],
            [1.]])
    """
    return _triangular("linalg.solve_triangular", A, B, upper, left, unitriangular)


@public("torch", "Tensor", outs=True, whole=True)
def triangular_solve(input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> TriangularSolve:
    """(solution, a copy of A) of A @ X = input, or with `transpose` of A.mT @ X = input; the older form of `linalg.solve_triangular`."""
    warn(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future PyTorch release.\n"
        "torch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of the inputs.\n"
        "X = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = torch.linalg.solve_triangular(A, B)."
    )
    if transpose:
        return TriangularSolve(_triangular("triangular_solve", A.mT, input, not upper, True, unitriangular), A.clone())
    return TriangularSolve(_triangular("triangular_solve", A, input, upper, True, unitriangular), A.clone())


def _singular(name: str) -> Complaint:
    return lambda k: (name, f"The diagonal element {k} is zero, the inversion could not be completed because the input matrix is singular.")


def _inverse(name: str, a: Tensor) -> tuple[Tensor, Tensor]:
    matrices(name, a, square=True)
    made, info = square_system(a, eye_like(a).expand(a._shape))
    return made, info


@public("linalg", outs=True, whole=True)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> InvEx:
    """(inverse, info): `inv` that says in info where a pivot is 0, and raises only with `check_errors`."""
    made = InvEx(*_inverse("linalg.inv_ex", A))
    if check_errors:
        refuse(made.info, _singular("linalg.inv_ex"))
    return made


@op(out="exact", on=("torch", "Tensor"), aliases=("linalg.inv",))
def inverse(input: Tensor) -> Tensor:
    """The inverse of a square matrix. LinAlgError if it is singular.

    >>> import corelib as torch
    >>> torch.linalg.inv(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    made, info = _inverse("linalg.inv", input)
    refuse(info, _singular("linalg.inv"))
    return made


def _lu_solved(name: str, lu: Tensor, pivots: Tensor, b: Tensor, left: bool, adjoint: bool) -> Tensor:
    matrices(name, lu, square=True)
    _same_kind(name, lu, b)
    if pivots._dtype is not D.int32:
        raise RuntimeError(f"{name}: LU_pivots should be a Tensor of scalar type torch.int32, got {pivots._dtype}")
    if len(b._shape) < 2 or lu._shape[-1] != b._shape[-2 if left else -1]:
        raise RuntimeError(f"{name}: Incompatible shapes of LU and B, {list(lu._shape)} and {list(b._shape)}")
    if pivots._numel and pivots._device.type != "meta":
        low, high = ends([pivots])[0]
        if low < 1 or high > lu._shape[-2]:
            raise RuntimeError(f"{name}: Pivots given to lu_solve must all be smaller or equal to LU.size(-2). Did you properly pass the result of lu_factor? Got {low} to {high} for {lu._shape[-2]}")
    turned = adjoint and b._dtype.is_complex  # a system in the conjugate of A is one of conjugates
    lu, x = _together(lu, b if left else b.mT)
    made = _lu_system(lu, pivots, x.conj() if turned else x, adjoint is left)
    if turned:
        made = made.conj_physical()
    return made if left else made.mT


@within_bounds
def _lu_system(lu: Tensor, pivots: Tensor, x: Tensor, transposed: bool) -> Tensor:
    """x of A @ x = b, or A.mT @ x = b."""
    rows = permutation_of(pivots, lu._shape[-1]).expand((*lu._shape[:-2], lu._shape[-1])).unsqueeze(-1).expand(x._shape)
    if transposed:
        made = triangular_system(lu.mT, triangular_system(lu.mT, x, False, False), True, True)
        return made.new_zeros(made._shape).scatter(-2, rows, made)
    return triangular_system(lu, triangular_system(lu, x.gather(-2, rows), False, True), True, False)


@op(on=("linalg",), out="exact")
def linalg_lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X of A @ X = B, or X @ A = B, from what `lu_factor` gave for A; with `adjoint` for A.mH.

    >>> import corelib as torch
    >>> a = torch.tensor([[0., 2.], [4., 0.]])
    >>> torch.linalg.lu_solve(*torch.linalg.lu_factor(a), torch.tensor([[2.], [4.]]))
    tensor([[1.],
            [1.]])
    """
    return _lu_solved("linalg.lu_solve", LU, pivots, B, left, adjoint)


@op(out="exact")
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve` by its older name, the right-hand side first."""
    return _lu_solved("lu_solve", LU_data, LU_pivots, input, True, False)


@op(on=("linalg",), out="exact")
def linalg_ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X of A @ X = B, from what `ldl_factor` gave for A with the same `hermitian`; B is (*, n, k). Without derivative, as in PyTorch.

    >>> import corelib as torch
    >>> a = torch.tensor([[0., 2.], [2., 0.]])
    >>> torch.linalg.ldl_solve(*torch.linalg.ldl_factor(a), torch.tensor([[2.], [4.]]))
    tensor([[2.],
            [1.]])
    """
    matrices("linalg.ldl_solve", LD, square=True)
    _same_kind("linalg.ldl_solve", LD, B)
    if len(B._shape) < 2 or LD._shape[-1] != B._shape[-2]:
        raise RuntimeError(
            f"linalg.ldl_solve: Incompatible matrix sizes for torch.linalg.ldl_solve: each A matrix is {LD._shape[-1]} by {LD._shape[-1]} but each b matrix is {' by '.join(map(str, B._shape[-2:]))}"
        )
    if pivots._dtype.is_floating_point or pivots._dtype.is_complex or pivots._dtype is D.bool:
        raise RuntimeError(f"linalg.ldl_solve: Expected pivots to be integers. Got {pivots._dtype}")
    if pivots._shape != LD._shape[:-1]:
        raise RuntimeError(f"linalg.ldl_solve: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape {list(pivots._shape)} instead")
    ld, b = _together(LD, B)
    return ldl_system(ld, pivots.to(D.int32).expand(ld._shape[:-1]), b, hermitian)


@op(out="exact")
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """X of A @ X = input, where L is the Cholesky factor of A.

    >>> import corelib as torch
    >>> torch.cholesky_solve(torch.tensor([[4.]]), torch.tensor([[2.]]))
    tensor([[1.]])
    """
    matrices("cholesky_solve", L, square=True)
    _same_kind("cholesky_solve", L, input)
    if len(input._shape) < 2 or input._shape[-2] != L._shape[-1]:
        raise RuntimeError(f"cholesky_solve: Incompatible matrix sizes for cholesky_solve: each A matrix is {L._shape[-1]} by {L._shape[-1]} but each b matrix is {list(input._shape[-2:])}")
    factor, b = _together(L, input)
    if upper:
        return triangular_system(factor, triangular_system(factor.mH, b, False, False), True, False)
    return triangular_system(factor.mH, triangular_system(factor, b, False, False), True, False)


@op(out="exact")
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor this is.

    >>> import corelib as torch
    >>> torch.cholesky_inverse(torch.tensor([[2.]]))
    tensor([[0.2500]])
    """
    matrices("cholesky_inverse", input, square=True)
    zero = input.diagonal(dim1=-2, dim2=-1) == 0
    if any_true(zero):
        which = int(zero.reshape((-1, zero._shape[-1])).any(-1).to(D.int64).argmax())
        row = int(zero.reshape((-1, zero._shape[-1]))[which].to(D.int64).argmax()) + 1
        where = f"(Batch element {which}): " if len(input._shape) > 2 else ""
        raise LinAlgError(
            f"cholesky_inverse: {where}The diagonal element {row} is zero, the inversion could not be completed because the input matrix is singular."
        )
    return cholesky_solve(eye_like(input).expand(input._shape), input, upper)


# Determinants.


def _sign_of(pivots: Tensor) -> Tensor:
    """1 or -1: how many exchanges there were."""
    swapped = pivots != arange(1, pivots._shape[-1] + 1, device=pivots._device)
    sign: Tensor = 1 - 2 * (swapped.sum(-1) % 2)
    return sign


def _det_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    """g * det * inverse.mT. A pivot that is 0 is taken for next to nothing, as PyTorch does."""
    lu, pivots, _ = lu_of(input)
    one = eye_like(lu)
    tiny = finfo(input._dtype).eps ** 2
    lu = lu + one * select_where(lu == 0, tiny, 0.0)
    right = one.expand(input._shape) * (g * out).unsqueeze(-1).unsqueeze(-1)
    return _lu_system(lu, pivots, right, True)


@op(on=(), infer=lambda input: ((input._shape[:-2], input._dtype), (input,)), grad_name="LinalgDetBackward0", vjp=_det_slope)
def det_of(input: Tensor) -> Tensor:
    """The determinant of checked matrices."""
    lu, pivots, _ = lu_of(input)
    return lu.diagonal(0, -2, -1).prod(-1) * _sign_of(pivots).to(lu._dtype)


@op(out="exact", aliases=("linalg.det",))
def det(input: Tensor) -> Tensor:
    """The determinant of a square matrix.

    >>> import corelib as torch
    >>> torch.det(torch.tensor([[0., 2.], [3., 4.]]))
    tensor(-6.)
    """
    matrices("linalg.det", input, square=True)
    return det_of(input)


def _slogdet_of(name: str, input: Tensor) -> tuple[Tensor, Tensor]:
    matrices(name, input, square=True)
    lu, pivots, _ = lu_of(input)
    diagonal = lu.diagonal(0, -2, -1)
    return diagonal.sgn().prod(-1) * _sign_of(pivots).to(lu._dtype), diagonal.abs().log().sum(-1)


@public("linalg", names=("slogdet",), outs=True)
def linalg_slogdet(A: Tensor) -> Slogdet:
    """(sign, logabsdet): the determinant as its sign, of complex numbers of magnitude 1, and the logarithm of its magnitude.

    >>> import corelib as torch
    >>> torch.linalg.slogdet(torch.tensor([[1., 0.], [0., -1.]])).sign
    tensor(-1.)
    """
    return Slogdet(*_slogdet_of("linalg.slogdet", A))


@public("torch", "Tensor", names=("slogdet",), outs=True)
def old_slogdet(input: Tensor) -> OldSlogdet:
    """`linalg.slogdet` by its older name."""
    return OldSlogdet(*_slogdet_of("slogdet", input))


@op()
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: NaN where it is negative, -inf where it is 0.

    >>> import corelib as torch
    >>> torch.logdet(torch.eye(3))
    tensor(0.)
    """
    sign, size = _slogdet_of("logdet", input)
    if sign._dtype.is_complex:
        return sign.log() + size
    return select_where(sign == -1, float("nan"), size)


# Least squares.


@public("linalg", outs=True, whole=True)
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Lstsq:
    """(solution, residuals, rank, singular_values) of the least-squares problem min |A @ X - B|, the smallest X where there are several.

    B is (*, m, k), or a vector (*, m). driver: "gelsy" (the default), "gelsd" and "gelss" say the rank, the latter two the singular values;
    "gels" takes A to have full rank, and is a LinAlgError where it is seen not to. residuals are there for A of full rank with more rows
    than columns, but not from "gelsy".

    >>> import corelib as torch
    >>> torch.linalg.lstsq(torch.tensor([[1.], [0.]]), torch.tensor([[2.], [3.]])).solution
    tensor([[2.]])
    """
    matrices("torch.linalg.lstsq", A)
    _same_kind("torch.linalg.lstsq", A, B)
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got {driver!r}")
    driver = driver or "gelsy"
    vector = len(B._shape) == 1 or (len(A._shape) - 1 == len(B._shape) and B._shape == A._shape[:-1])
    b = B.unsqueeze(-1) if vector else B
    m, n = A._shape[-2:]
    if len(b._shape) < 2 or b._shape[-2] != m:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size(-2), got {m} and {list(B._shape)}")
    a, b = _together(A, b)
    if driver == "gels":
        made, full = _of_full_rank(a, b), m > n
    else:
        tolerance = finfo(a._dtype).eps * max(m, n) if rcond is None else rcond
        s = svd_of(a.detach(), False)[1]
        largest = s[..., :1] if s._shape[-1] else s
        counted = (s > largest * tolerance).sum(-1)
        made, full = pinv_of(a, tolerance) @ b, m > n and driver != "gelsy" and bool((counted == n).all())
    # Where there are none, they are of the graph all the same, as in PyTorch.
    residuals = ((a @ made - b).abs() ** 2).sum(-2) if full else made.reshape((-1,))[:0].abs()
    if vector:
        made, residuals = made.squeeze(-1), residuals.squeeze(-1) if full else residuals
    nothing = residuals.new_empty((0,))
    rank = nothing.long() if driver == "gels" else counted
    return Lstsq(made, residuals, rank, s if driver in ("gelsd", "gelss") else nothing)


def _of_full_rank(a: Tensor, b: Tensor) -> Tensor:
    """The X of least |a @ X - b|, the smallest one of a wide a, by its triangular factor, as LAPACK's gels finds it. LinAlgError where that is singular."""
    wide = a._shape[-2] < a._shape[-1]
    q, r = linalg_qr(a.mH if wide else a)
    zeros = (r.detach().diagonal(dim1=-2, dim2=-1) == 0).any(-1)
    if any_true(zeros):
        raise LinAlgError("torch.linalg.lstsq: The least squares solution could not be computed because the input matrix does not have full rank")
    return q @ linalg_solve_triangular(r.mH, b, upper=False) if wide else linalg_solve_triangular(r, q.mH @ b, upper=True)


@op(on=("linalg",), out="exact")
def linalg_tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor taken for a matrix, whose rows are its first `ind` dimensions.

    >>> import corelib as torch
    >>> torch.linalg.tensorinv(torch.eye(6).reshape(2, 3, 6), ind=2).shape
    torch.Size([6, 2, 3])
    """
    if ind <= 0:
        raise RuntimeError(f"tensorinv(): Expected a strictly positive integer for 'ind', got {ind}")
    rows, columns = A._shape[:ind], A._shape[ind:]
    if prod(rows) != prod(columns):
        raise RuntimeError(f"tensorinv(): Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got {prod(columns)} != {prod(rows)}")
    flat = A.reshape((prod(rows), prod(columns)))
    return inverse(flat).reshape((*columns, *rows))


@op(on=("linalg",), out="exact")
def linalg_tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X of tensordot(A, X, X's dimensions) = B. dims: dimensions of A that are moved to its end first.

    >>> import corelib as torch
    >>> torch.linalg.tensorsolve(torch.eye(6).reshape(2, 3, 6), torch.ones(2, 3)).shape
    torch.Size([6])
    """
    a = A
    if dims is not None:
        moved = [d % len(a._shape) for d in dims]
        a = a.permute([d for d in range(len(a._shape)) if d not in moved] + moved)
    shape = a._shape[len(B._shape) :]
    if prod(shape) != B._numel or a._numel != B._numel**2:
        raise RuntimeError(f"tensorsolve(): Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got {prod(shape)} != {B._numel}")
    return linalg_solve(a.reshape((B._numel, B._numel)), B.reshape((-1,))).reshape(shape)
