"""Decompositions as users call them: cholesky, lu, qr, eigh, svd, with the names and results of torch.linalg and the older ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.warned import warn
from corelib.ops.conversion.copying import unmoved_by
from corelib.ops.construction.creation import eye
from corelib.ops.indexing.rows import ends
from corelib.ops.linalg.factorizations import (
    LinAlgError, adjoint_of, cholesky_of, eig_of, eigh_of, ldl_of, lu_of, permutation_matrix, qr_of, reflectors_of, svd_of, unit_lower, upper_as_lower,
)
from corelib.ops.linalg.results import (
    LU, QR, SVD, CholeskyEx, Eig, Eigh, Geqrf, LDLFactor, LDLFactorEx, LUFactor, LUFactorEx, OldQR, OldSVD, UnpackedLU,
)
from corelib.tensor import dtype as D
from corelib.tensor.dtype import kind_name
from corelib.tensor.tensor import Tensor

Complaint: TypeAlias = Callable[[int], tuple[str, str]]
"""From what `info` says of a matrix to the name of the function and what it complains of."""


def matrices(name: str, *tensors: object, square: bool = False) -> None:
    """The checks of PyTorch: tensors of at least two dimensions, float32 or float64, and square where they must be."""
    for a in tensors:
        if not isinstance(a, Tensor):
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(a).__name__}")
        if len(a._shape) < 2:
            raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
        if not (a._dtype.is_floating_point or a._dtype.is_complex):
            raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {kind_name(a._dtype)}")
        if a._dtype.itemsize == 2:
            raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {kind_name(a._dtype)}")
        if square and a._shape[-1] != a._shape[-2]:
            raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {a._shape[-2]} by {a._shape[-1]} matrices")


def refuse(info: Tensor, text: Complaint) -> None:
    """LinAlgError with `text(order)` for the first matrix of a batch whose info is not 0."""
    first = _first(info)
    if first is not None:
        name, rest = text(first[1])
        raise LinAlgError(f"{name}: {first[0]}{rest}")


def _first(info: Tensor) -> tuple[str, int] | None:
    """Which matrix of a batch is the first whose info is not 0, in words, and that info."""
    if not info._numel or info._device.type == "meta":
        return None
    flat = info.reshape((-1,)).tolist()
    at = next((i for i, v in enumerate(flat) if v), None)
    if at is None:
        return None
    return (f"(Batch element {at}): " if info._shape else ""), flat[at]


def _cholesky(name: str, input: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    matrices(name, input, square=True)
    factor, info = cholesky_of(upper_as_lower(input) if upper else input)
    return (adjoint_of(factor) if upper else factor), info


def _not_positive(name: str) -> Complaint:
    return lambda order: (
        name,
        "The factorization could not be completed because the input is not positive-definite (the leading minor of order "
        f"{order} is not positive-definite).",
    )


@public("linalg", outs=True, whole=True)
def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """(L, info): `cholesky` that says in info which leading minor is not positive, and raises only with `check_errors`."""
    made = CholeskyEx(*_cholesky("linalg.cholesky_ex", input, upper))
    if check_errors:
        refuse(made.info, _not_positive("linalg.cholesky_ex"))
    return made


@op(on=("linalg",), out="exact")
def linalg_cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """The lower factor l of a Hermitian positive-definite matrix, input = l @ l.mH; or its adjoint. LinAlgError if it is none.

    >>> import corelib as torch
    >>> torch.linalg.cholesky(torch.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    made, info = _cholesky("linalg.cholesky", input, upper)
    refuse(info, _not_positive("linalg.cholesky"))
    return made


@op(out="exact")
def cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """`linalg.cholesky` by its older name."""
    warn(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\n"
        "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\nU = torch.cholesky(A, upper=True)\n"
        "should be replaced with\nU = torch.linalg.cholesky(A).mH"
    )
    made, info = _cholesky("cholesky", input, upper)
    refuse(info, _not_positive("cholesky"))
    return made


@public("linalg", outs=True)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """(LU, pivots, info): `lu_factor` that says in info where a pivot is 0, and raises only with `check_errors`."""
    matrices("linalg.lu_factor_ex", A)
    if not pivot:
        raise RuntimeError("linalg.lu_factor_ex: LU without pivoting is not implemented on the CPU")
    made = LUFactorEx(*lu_of(A))
    if check_errors:
        refuse(made.info, lambda k: ("torch.linalg.lu_factor_ex", f"U[{k},{k}] is zero and using it on lu_solve would result in a division by zero."))
    return made


@public("linalg", outs=True)
def lu_factor(A: Tensor, *, pivot: bool = True) -> LUFactor:
    """(LU, pivots): the factors of A = P @ L @ U in one matrix, and the rows exchanged, from 1; for `lu_solve`.

    >>> import corelib as torch
    >>> torch.linalg.lu_factor(torch.tensor([[1., 2.], [2., 2.]])).pivots
    tensor([2, 2], dtype=torch.int32)
    """
    made = lu_factor_ex(A, pivot=pivot)
    zero = _first(made.info)
    if zero is not None:
        raise RuntimeError(
            f"torch.linalg.lu_factor: {zero[0]}U[{zero[1]},{zero[1]}] is zero and using it on lu_solve would result in a division by zero. If you "
            "still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
        )
    return LUFactor(made.LU, made.pivots)


@public("torch", "Tensor", outs=True, whole=True)
def lu(self: Tensor, pivot: bool = True, get_infos: bool | int = False) -> tuple[Tensor, ...]:
    """`linalg.lu_factor` by its older name; with `get_infos` the infos too."""
    warn(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future PyTorch release.\n"
        "LU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\nLU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
        "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
        "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)"
    )
    made = lu_factor_ex(self, pivot=pivot)
    return tuple(made) if get_infos else (made.LU, made.pivots)


def _unpacked(lu: Tensor, pivots: Tensor) -> LU:
    m, n = lu._shape[-2:]
    k = min(m, n)
    return LU(permutation_matrix(pivots, m, lu._dtype), unit_lower(lu, k), lu[..., :k, :].triu())


@public("linalg", names=("lu",), outs=True)
def linalg_lu(A: Tensor, *, pivot: bool = True) -> LU:
    """(P, L, U): a permutation, a lower factor with ones on its diagonal and an upper one, A = P @ L @ U.

    >>> import corelib as torch
    >>> torch.linalg.lu(torch.tensor([[1., 2.], [2., 2.]])).U
    tensor([[2., 2.],
            [0., 1.]])
    """
    made = lu_factor_ex(A, pivot=pivot)
    return _unpacked(made.LU, made.pivots)


@public("torch", outs=True)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> UnpackedLU:
    """(P, L, U) of what `lu_factor` gave; what is not asked for is empty."""
    if LU_pivots._dtype is not D.int32:
        raise RuntimeError(
            "lu_unpack(): torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype. Note: this function is intended "
            f"to be used with the output produced by torch.linalg.lu_factor, got {LU_pivots._dtype}"
        )
    m, n = LU_data._shape[-2:]
    k = min(m, n)
    empty = LU_data.new_empty((0,))
    if unpack_pivots and LU_pivots._numel and LU_pivots._device.type != "meta":
        low, high = ends([LU_pivots])[0]
        if low < 1 or high > m:
            raise RuntimeError(
                "lu_unpack(): pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did you properly pass the result of "
                f"lu_factor? Got {low} to {high} for {m}"
            )
    p = permutation_matrix(LU_pivots, m, LU_data._dtype) if unpack_pivots else empty
    return UnpackedLU(p, *((unit_lower(LU_data, k), LU_data[..., :k, :].triu()) if unpack_data else (empty, empty)))


def _not_factored(name: str) -> Complaint:
    return lambda k: (name, f"The pivot {k} is zero, and using the factors in ldl_solve would result in a division by zero.")


@public("linalg", outs=True)
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> LDLFactorEx:
    """(LD, pivots, info): `ldl_factor` that says in info which pivot is 0, from 1, and raises only with `check_errors`.

    >>> import corelib as torch
    >>> torch.linalg.ldl_factor_ex(torch.zeros(2, 2)).info
    tensor(1, dtype=torch.int32)
    """
    matrices("linalg.ldl_factor_ex", A, square=True)
    made = LDLFactorEx(*ldl_of(A, hermitian))
    if check_errors:
        refuse(made.info, _not_factored("torch.linalg.ldl_factor_ex"))
    return made


@public("linalg", outs=True)
def ldl_factor(A: Tensor, *, hermitian: bool = False) -> LDLFactor:
    """(LD, pivots): the factors of a symmetric matrix (*, n, n) that need not be positive-definite, A = L @ D @ L.mT, for `ldl_solve`.

    D has blocks of 1 and 2 on its diagonal; it and L are in the lower triangle of LD, in the form of LAPACK's sytrf, and only the lower
    triangle of A is read. pivots, int32 (*, n): the rows exchanged, from 1, negative for both rows of a block of 2. hermitian: whether a
    complex A is Hermitian, A = L @ D @ L.mH. float32, float64, complex64 or complex128; without derivative, as in PyTorch. LinAlgError if
    a pivot is 0.

    >>> import corelib as torch
    >>> torch.linalg.ldl_factor(torch.tensor([[0., 1.], [1., 0.]])).pivots
    tensor([-2, -2], dtype=torch.int32)
    """
    made = ldl_factor_ex(A, hermitian=hermitian)
    refuse(made.info, _not_factored("torch.linalg.ldl_factor"))
    return LDLFactor(made.LD, made.pivots)


@public("linalg", names=("qr",), outs=True, whole=True)
def linalg_qr(A: Tensor, mode: str = "reduced") -> QR:
    """(Q, R): orthonormal columns and an upper triangle, A = Q @ R. mode: "reduced", "complete" (a square Q) or "r" (no Q).

    >>> import corelib as torch
    >>> torch.linalg.qr(torch.ones(3, 2)).R.shape
    torch.Size([2, 2])
    """
    matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    return QR(*qr_of(A, mode))


@public("torch", "Tensor", names=("qr",), outs=True, whole=True)
def old_qr(input: Tensor, some: bool = True) -> OldQR:
    """`linalg.qr` by its older name; `some` is mode "reduced"."""
    warn(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\nThe boolean parameter 'some' has been "
        "replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\nshould be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some "
        "else 'complete')"
    )
    matrices("qr", input)
    return OldQR(*qr_of(input, "reduced" if some else "complete"))


@public("torch", "Tensor", outs=True, whole=True)
def geqrf(input: Tensor) -> Geqrf:
    """(a, tau): LAPACK's form of a QR decomposition, for `householder_product`."""
    matrices("geqrf", input)
    return Geqrf(*reflectors_of(input))


def _triangle(name: str, UPLO: str) -> bool:
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO} ({name})")
    return UPLO.upper() == "U"


@public("linalg", outs=True, whole=True)
def eigh(A: Tensor, UPLO: str = "L") -> Eigh:
    """(eigenvalues, eigenvectors) of a symmetric, or Hermitian, matrix, ascending; the lower or upper triangle is read.

    >>> import corelib as torch
    >>> torch.linalg.eigh(torch.tensor([[2., 0.], [0., 1.]])).eigenvalues
    tensor([1., 2.])
    """
    matrices("linalg.eigh", A, square=True)
    return Eigh(*eigh_of(A, _triangle("linalg.eigh", UPLO)))


@public("linalg", outs=True, whole=True)
def eig(A: Tensor) -> Eig:
    """(eigenvalues, eigenvectors) of a square matrix, complex and in no order; vectors of norm 1.

    >>> import corelib as torch
    >>> torch.linalg.eig(torch.tensor([[0., 1.], [-1., 0.]])).eigenvalues.abs()
    tensor([1., 1.])
    """
    matrices("linalg.eig", A, square=True)
    return Eig(*eig_of(A))


@op(on=("linalg",), out="exact")
def linalg_eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of a square matrix, complex and in no order.

    >>> import corelib as torch
    >>> torch.linalg.eigvals(torch.eye(2))
    tensor([1.+0.j, 1.+0.j])
    """
    matrices("linalg.eigvals", A, square=True)
    return eig_of(A)[0]


@op(on=("linalg",), out="exact")
def linalg_eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric matrix, ascending.

    >>> import corelib as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2., 0.], [0., 1.]]))
    tensor([1., 2.])
    """
    matrices("linalg.eigvalsh", A, square=True)
    return eigh_of(A, _triangle("linalg.eigvalsh", UPLO))[0]


@public("linalg", names=("svd",), outs=True, whole=True)
def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """(U, S, Vh): A = U @ diag(S) @ Vh, singular values descending. full_matrices: square U and Vh.

    >>> import corelib as torch
    >>> torch.linalg.svd(torch.diag(torch.tensor([3., 4.]))).S
    tensor([4., 3.])
    """
    matrices("linalg.svd", A)
    if driver is not None:
        raise RuntimeError(f"linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend, got {driver!r}")
    return SVD(*svd_of(A, full_matrices))


@public("torch", "Tensor", names=("svd",), outs=True, whole=True)
def old_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """(U, S, V): `linalg.svd` by its older name, V not turned round; zeros for U and V unless `compute_uv`."""
    matrices("svd", input)
    u, s, vh = svd_of(input, not some if compute_uv else False)
    if not compute_uv:
        m, n = input._shape[-2:]
        batch = input._shape[:-2]
        return OldSVD(input.new_zeros((*batch, m, m)), s, input.new_zeros((*batch, n, n)))
    return OldSVD(u, s, vh.mH)


@op(on=("linalg",), out="exact")
def linalg_svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values, descending.

    >>> import corelib as torch
    >>> torch.linalg.svdvals(torch.diag(torch.tensor([3., 4.])))
    tensor([4., 3.])
    """
    matrices("linalg.svdvals", A)
    return svd_of(A, False)[1]


@op(on=("linalg",), out=True, overlap="itself", aliases=("torch.orgqr", "Tensor.orgqr"))
def linalg_householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first n columns of the product of reflectors I - tau v v.mH, whose v are the columns of input below its diagonal: (*, m, n).

    >>> import corelib as torch
    >>> torch.linalg.householder_product(torch.zeros(2, 1), torch.tensor([2.]))
    tensor([[-1.],
            [ 0.]])
    """
    matrices("linalg.householder_product", input)
    m, n = input._shape[-2:]
    if m < n:
        raise RuntimeError(f"linalg.householder_product: input.shape[-2] must be greater than or equal to input.shape[-1], got {m} and {n}")
    k = tau._shape[-1] if tau._shape else 0
    if k > n:
        raise RuntimeError(f"linalg.householder_product: input.shape[-1] must be greater than or equal to tau.shape[-1], got {n} and {k}")
    if input._shape[:-2] != tau._shape[:-1]:
        raise RuntimeError(f"linalg.householder_product: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau._shape[:-1])}")
    v = unit_lower(input, n)
    made = eye(m, n, dtype=input._dtype, device=input._device).expand(input._shape)
    for i in reversed(range(min(k, 1) if input._device.type == "meta" else k)):  # without values one step is as good as all
        column = v[..., i : i + 1]
        made = made - tau[..., i, None, None] * (column @ (column.mH @ made))
    if k == 0:
        return unmoved_by(input, made.contiguous())
    return made


def _check_reflectors(name: str, input: Tensor, tau: Tensor, other: Tensor, left: bool) -> None:
    """The checks of PyTorch for a product with reflectors."""
    matrices(name, input)
    for what, given in (("tau", tau), ("other", other)):
        if not isinstance(given, Tensor):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(given).__name__}")
        if given._dtype is not input._dtype:
            raise RuntimeError(f"{name}: Expected input and {what} to have the same dtype, but input has dtype {input._dtype} and {what} has dtype {given._dtype}")
    if len(other._shape) < 2:
        raise RuntimeError(f"{name}: other must have at least 2 dimensions.")
    rows, side = other._shape[-2 if left else -1], f"other.shape[{-2 if left else -1}]"
    k = min(rows, input._shape[-1])
    if len(tau._shape) != len(input._shape) - 1:
        raise RuntimeError(f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {len(tau._shape)} and input.ndim is equal to {len(input._shape)}")
    if len(other._shape) != len(input._shape):
        raise RuntimeError(f"{name}: Expected other to have the same number of dimensions as input, but got other.ndim equal to {len(other._shape)} and input.ndim is equal to {len(input._shape)}")
    if tau._shape[-1] != k:
        raise RuntimeError(f"{name}: tau.shape[-1] must be equal to min({side}, input.shape[-1]), got {tau._shape[-1]} and {k}")
    if rows != input._shape[-2]:
        raise RuntimeError(f"{name}: {side} must be equal to input.shape[-2], got {rows} and {input._shape[-2]}")
    for what, batch in (("tau", tau._shape[:-1]), ("other", other._shape[:-2])):
        if batch != input._shape[:-2]:
            raise RuntimeError(f"{name}: Expected batch dimensions of {what} to be equal to input.shape[:-2], but got {list(batch)}")


@op(on=("torch", "Tensor"), out="exact", overlap="itself")
def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """Q @ input3, or input3 @ Q unless `left`, where Q is the square product of all the reflectors I - tau v v.mH that `geqrf` gave as
    input and input2; with `transpose` Q.mH in place of Q.

    input: (*, n, k), whose columns below the diagonal are the v; input2, the tau: (*, min(n, k)); input3: (*, n, m), or (*, m, n) unless
    `left`, of the same batch and dtype, float32, float64, complex64 or complex128. Returns a tensor like input3.

    >>> import corelib as torch
    >>> torch.ormqr(torch.zeros(2, 1), torch.tensor([2.]), torch.ones(2, 2))
    tensor([[-1., -1.],
            [ 1.,  1.]])
    """
    tau, other = input2, input3
    _check_reflectors("torch.ormqr", input, tau, other, left)
    k = tau._shape[-1]
    if not k or not other._numel:
        return other.clone()
    v = unit_lower(input, k)
    made = other
    steps = range(min(k, 1) if input._device.type == "meta" else k)  # without values one step is as good as all
    for i in steps if left is transpose else reversed(steps):
        column, scale = v[..., i : i + 1], tau[..., i, None, None]
        scale = scale.conj() if transpose else scale
        made = made - scale * ((column @ (column.mH @ made)) if left else ((made @ column) @ column.mH))
    return made
