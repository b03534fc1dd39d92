"""Factorizations of matrices: extensions, whose kernels a backend may have and the host has, and their derivatives.

What users call is in linear_systems.py, decompositions.py and matrix_norms.py. All take (*, m, n) of float32, float64, complex64 or
complex128. Where a rule has adjoints (mH) in it, it is written for complex numbers, and `complex` is set: for real ones an adjoint is a
transpose. The rules of what is holomorphic (LU, systems) are those for real numbers; see graph/recording.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from corelib.contract.kernels import LinAlgError as LinAlgError
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.op import TABLE, Inferred
from corelib.graph.rule import Vjp, without_derivative, without_slope
from corelib.ops.construction.creation import arange, eye
from corelib.ops.elementwise.predicates import any_true
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def eye_like(a: Tensor) -> Tensor:
    """The identity of a's last dimension, dtype and device."""
    return eye(a._shape[-1], dtype=a._dtype, device=a._device)


def _skew(x: Tensor) -> Tensor:
    return x - x.mH


def adjoint_of(x: Tensor) -> Tensor:
    """The adjoint of matrices as a result for users, who may want its memory: not a view that is only marked as conjugated."""
    return x.mT.conj_physical() if x._dtype.is_complex else x.mT


def _mirrored(x: Tensor) -> Tensor:
    """The lower triangle with its diagonal, and its adjoint above."""
    return x.tril() + x.tril(-1).mH


def _real_kind(input: Tensor) -> DType:
    """The dtype of what is real of a matrix: singular values, eigenvalues of a Hermitian one."""
    return input._dtype.to_real() if input._dtype.is_complex else input._dtype


def _check_phase(name: str, what: str, phase: Tensor, ending: str = "quantity, so it is") -> None:
    """RuntimeError where a function depends on the phase of vectors that are determined only up to one."""
    if any_true(phase.detach().imag.abs() > 1e-2):
        raise RuntimeError(
            f"{name}: The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The specified loss function depends "
            f"on this {ending} ill-defined."
        )


def _filled(gs: Sequence[Tensor | None], *outputs: Tensor) -> list[Tensor]:
    """The gradients of all outputs, zeros for those that nothing asks for."""
    return [o * 0 if g is None else g for g, o in zip(gs, outputs, strict=False)]


def _undifferentiated(refuse: Vjp) -> Vjp:
    """The derivative of several results where PyTorch has none."""
    return lambda gs: refuse(gs)


# Cholesky: a = l @ l.mH.


def _cholesky_vjp(gs: Sequence[Tensor], out0: Tensor) -> Tensor:
    phi = _mirrored(out0.mH @ gs[0].tril()) * 0.5
    left = triangular_system(out0.mH, phi, True, False)
    return triangular_system(out0.mH, left.mH, True, False).mH


@op(
    kind="extension", on=(), several=True, grad_name="LinalgCholeskyExBackward0", vjp=_cholesky_vjp,
    infer=lambda input: ([(input._shape, input._dtype), (input._shape[:-2], D.int32)], (input,)),
)
def cholesky_of(input: Tensor) -> tuple[Tensor, Tensor]:
    """The lower factor of a positive-definite matrix, of which the lower triangle is read; and the order of the first leading minor that is
    not positive, or 0."""
    raise KernelOnly


@op(on=(), vjp=lambda g: g)
def upper_as_lower(input: Tensor) -> Tensor:
    """A Hermitian matrix with its upper triangle as the lower one: the same matrix, and the same gradient."""
    return adjoint_of(input)


TABLE["upper_as_lower"].rule.complex = True


# LU: a = p @ l @ u, l and u in one.


@within_bounds
def permutation_of(pivots: Tensor, m: int) -> Tensor:
    """The rows (*, m) of the input that the rows of p.mT @ input are, from LAPACK's exchanges, which count from 1."""
    rows = arange(m, device=pivots._device).expand((*pivots._shape[:-1], m)).clone()
    if pivots._device.type == "meta":
        return rows.contiguous()
    for k in range(pivots._shape[-1]):
        at = (pivots[..., k : k + 1] - 1).long()
        here, there = rows[..., k : k + 1].clone(), rows.gather(-1, at)
        rows = rows.scatter(-1, at, here)
        rows[..., k : k + 1] = there
    return rows


def permutation_matrix(pivots: Tensor, m: int, dtype: DType) -> Tensor:
    """p, (*, m, m)."""
    rows = permutation_of(pivots, m)
    return (arange(m, device=pivots._device).reshape((m, 1)) == rows.unsqueeze(-2)).to(dtype)


def unit_lower(lu: Tensor, k: int) -> Tensor:
    """l, (*, m, k)."""
    m = lu._shape[-2]
    return lu[..., :, :k].tril(-1) + eye(m, k, dtype=lu._dtype, device=lu._device)


def _lu_vjp(gs: Sequence[Tensor], out0: Tensor, out1: Tensor) -> Tensor:
    g, lu = gs[0], out0
    m, n = lu._shape[-2:]
    k = min(m, n)
    p = permutation_matrix(out1, m, lu._dtype)
    low, up = unit_lower(lu, k), lu[..., :k, :].triu()
    g_low, g_up = g[..., :, :k].tril(-1), g[..., :k, :].triu()
    square_l, square_u = low[..., :k, :], up[..., :k]
    inner = (square_l.mT @ g_low[..., :k, :]).tril(-1) + (g_up[..., :k] @ square_u.mT).triu()
    if n > m:
        inner = inner - (g_up[..., k:] @ up[..., k:].mT).tril(-1)
    if m > n:
        inner = inner - (low[..., k:, :].mT @ g_low[..., k:, :]).triu()
    if m > n:
        top = triangular_system(square_l.mT, inner, True, True)
        made = cat([top, g_low[..., k:, :]], -2)
        return p @ triangular_system(square_u, made.mT, True, False).mT
    first = triangular_system(square_u, inner.mT, True, False).mT
    made = cat([first, g_up[..., k:]], -1) if n > m else first
    return p @ triangular_system(square_l.mT, made, True, True)


def _infer_lu(input: Tensor) -> Inferred:
    *batch, m, n = input._shape
    return [(input._shape, input._dtype), ((*batch, min(m, n)), D.int32), (tuple(batch), D.int32)], (input,)


@op(kind="extension", on=(), several=True, grad_name="LinalgLuFactorExBackward0", vjp=_lu_vjp, infer=_infer_lu)
def lu_of(input: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The lower factor, whose diagonal is 1, below the upper one; the rows exchanged, from 1; where a pivot is 0, from 1, or 0."""
    raise KernelOnly


# LDL: a = l @ d @ l.mT, or l @ d @ l.mH, d of blocks of 1 and 2, with rows and columns exchanged on the way.


def _infer_ldl(input: Tensor, hermitian: bool) -> Inferred:
    return [(input._shape, input._dtype), (input._shape[:-1], D.int32), (input._shape[:-2], D.int32)], (input, hermitian)


@op(kind="extension", on=(), several=True, infer=_infer_ldl, vjp=_undifferentiated(without_derivative("linalg_ldl_factor_ex")), grad_name="NotImplemented")
def ldl_of(input: Tensor, hermitian: bool) -> tuple[Tensor, Tensor, Tensor]:
    """LAPACK's form of the factors of a symmetric matrix, of which the lower triangle is read; the rows exchanged, from 1, negative for
    both rows of a block of 2; where a pivot is 0, from 1, or 0."""
    raise KernelOnly


@op(
    kind="extension", on=(), infer=lambda ld, pivots, b, hermitian: ((b._shape, b._dtype), (ld, pivots, b, hermitian)),
    vjp=dict.fromkeys(("ld", "b"), without_derivative("linalg_ldl_solve")), grad_name="NotImplemented",
)
def ldl_system(ld: Tensor, pivots: Tensor, b: Tensor, hermitian: bool) -> Tensor:
    """x of a @ x = b, from what `ldl_of` gave for a. The batches are the same."""
    raise KernelOnly


# Systems.


def _infer_system(a: Tensor, b: Tensor, *rest: object) -> Inferred:
    return (b._shape, b._dtype), (a, b, *rest)


def _triangular_slope(g: Tensor, a: Tensor, upper: bool, unit: bool, out: Tensor) -> Tensor:
    made = -(triangular_system(a.mT, g, not upper, unit) @ out.mT)
    return made.triu(int(unit)) if upper else made.tril(-int(unit))


def _triangular_side_slope(g: Tensor, a: Tensor, upper: bool, unit: bool) -> Tensor:
    return triangular_system(a.mT, g, not upper, unit)


@op(
    kind="extension", on=(), grad_name="LinalgSolveTriangularBackward0", infer=_infer_system,
    vjp={"a": _triangular_slope, "b": _triangular_side_slope},
)
def triangular_system(a: Tensor, b: Tensor, upper: bool, unit: bool) -> Tensor:
    """x of a @ x = b, of which one triangle of a is read, and its diagonal unless `unit`. The batches are the same."""
    raise KernelOnly


def _square_slope(gs: Sequence[Tensor], a: Tensor, out0: Tensor) -> Tensor:
    return -(square_system(a.mT, gs[0])[0] @ out0.mT)


def _square_side_slope(gs: Sequence[Tensor], a: Tensor) -> Tensor:
    return square_system(a.mT, gs[0])[0]


@op(
    kind="extension", on=(), several=True, grad_name="LinalgSolveExBackward0",
    infer=lambda a, b: ([(b._shape, b._dtype), (a._shape[:-2], D.int32)], (a, b)),
    vjp={"a": _square_slope, "b": _square_side_slope},
)
def square_system(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """x of a @ x = b, and where elimination met a zero pivot, from 1, or 0. The batches are the same."""
    raise KernelOnly


# QR.


def _qr_vjp(gs: Sequence[Tensor | None], input: Tensor, mode: str, out0: Tensor, out1: Tensor) -> Tensor:
    m, n = input._shape[-2:]
    if mode == "complete" and m > n:
        raise RuntimeError(f"linalg_qr_backward: The QR decomposition is not differentiable when mode='complete' and nrows > ncols, got {m} and {n}")
    if mode == "r":
        raise RuntimeError("linalg_qr_backward: The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to require gradients.")
    gq, gr = _filled(gs, out0, out1)

    def square(gq: Tensor, gr: Tensor, r: Tensor) -> Tensor:
        """For as many rows as columns, or more."""
        inner = r @ gr.mH - gq.mH @ out0
        inner = _mirrored(inner)
        if inner._dtype.is_complex:  # the diagonal of the triangle is real
            inner = inner - eye_like(inner) * inner.diagonal(0, -2, -1).imag.unsqueeze(-2) * 1j
        return triangular_system(r, (gq + out0 @ inner).mH, True, False).mH

    if m >= n:
        return square(gq, gr, out1)
    left = square(gq + input[..., m:] @ gr[..., m:].mH, gr[..., :m], out1[..., :m])
    return cat([left, out0 @ gr[..., m:]], -1)


def _infer_qr(input: Tensor, mode: str) -> Inferred:
    *batch, m, n = input._shape
    k = m if mode == "complete" else min(m, n)
    q: Shape = (0,) if mode == "r" else (*batch, m, k)
    return [(q, input._dtype), ((*batch, k, n), input._dtype)], (input, mode)


@op(kind="extension", on=(), several=True, grad_name="LinalgQrBackward0", vjp=_qr_vjp, infer=_infer_qr)
def qr_of(input: Tensor, mode: str) -> tuple[Tensor, Tensor]:
    """Orthonormal columns and an upper triangle; mode "reduced", "complete" or, for the triangle alone, "r"."""
    raise KernelOnly


@op(
    kind="extension", on=(), several=True, vjp=_undifferentiated(without_slope("geqrf")), grad_name="GeqrfBackward0",
    infer=lambda input: ([(input._shape, input._dtype), ((*input._shape[:-2], min(input._shape[-2:])), input._dtype)], (input,)),
)
def reflectors_of(input: Tensor) -> tuple[Tensor, Tensor]:
    """LAPACK's form of a QR decomposition: the triangle with the reflectors below it, and their factors."""
    raise KernelOnly


# Symmetric eigenvalues and singular values.


def _eigh_vjp(gs: Sequence[Tensor | None], out0: Tensor, out1: Tensor) -> Tensor:
    if gs[1] is None:  # equal values matter to vectors alone
        return (out1 * gs[0].unsqueeze(-2)) @ out1.mH if gs[0] is not None else out1 * 0
    g_values, g_vectors = _filled(gs, out0, out1)
    one = eye_like(out1)
    apart = out0.unsqueeze(-2) - out0.unsqueeze(-1)
    turned = out1.mH @ g_vectors
    if out1._dtype.is_complex:
        _check_phase("linalg_eigh_backward", "eigenvectors", turned.diagonal(0, -2, -1))
    turned = _skew(turned) * 0.5  # vectors stay orthonormal
    inner = select_where(one != 0, 0.0, turned / select_where(one != 0, 1.0, apart)) + one * g_values.unsqueeze(-2)
    return out1 @ inner @ out1.mH


@op(
    kind="extension", on=(), several=True, grad_name="LinalgEighBackward0", vjp=_eigh_vjp,
    infer=lambda input, upper: ([(input._shape[:-1], _real_kind(input)), (input._shape, input._dtype)], (input, upper)),
)
def eigh_of(input: Tensor, upper: bool) -> tuple[Tensor, Tensor]:
    """The eigenvalues, ascending, and eigenvectors of a Hermitian matrix, of which one triangle is read."""
    raise KernelOnly


def _svd_vjp(gs: Sequence[Tensor | None], input: Tensor, full: bool, out0: Tensor, out1: Tensor, out2: Tensor) -> Tensor:
    m, n = input._shape[-2:]
    k = min(m, n)
    if full and m != n:  # the vectors beyond are any that complete a basis: as in PyTorch, nothing flows through them
        out0, out2 = out0[..., :k], out2[..., :k, :]
        gs = (None if gs[0] is None else gs[0][..., :k], gs[1], None if gs[2] is None else gs[2][..., :k, :])
    if gs[0] is None and gs[2] is None:  # equal and zero values matter to vectors alone
        return (out0 * gs[1].unsqueeze(-2)) @ out2 if gs[1] is not None else input * 0
    gu, g_values, gvh = _filled(gs, out0, out1, out2)
    one = eye_like(out1.unsqueeze(-2))
    s, column = out1.unsqueeze(-2), out1.unsqueeze(-1)
    apart = select_where(one != 0, 1.0, s * s - column * column)
    left, right = _skew(out0.mH @ gu), _skew(out2 @ gvh.mH)
    inner = (left / apart) * s + column * (right / apart) + one * g_values.unsqueeze(-2)
    if out0._dtype.is_complex:
        sides = left.diagonal(0, -2, -1)
        _check_phase("svd_backward", "singular vectors", sides + right.diagonal(0, -2, -1), "phase term, making it")
        # The skew parts are imaginary on the diagonal, and were added there once for each side; one phase turns both vectors.
        inner = inner * (1 - one) + one * (g_values + sides / (2 * out1)).unsqueeze(-2)
    made = out0 @ inner @ out2
    if m > k:
        rest = gu / s
        made = made + (rest - out0 @ (out0.mH @ rest)) @ out2
    if n > k:
        rest = gvh / column
        made = made + out0 @ (rest - (rest @ out2.mH) @ out2)
    return made


def _infer_svd(input: Tensor, full: bool) -> Inferred:
    *batch, m, n = input._shape
    k = min(m, n)
    u: Shape = (*batch, m, m if full else k)
    vh: Shape = (*batch, n if full else k, n)
    return [(u, input._dtype), ((*batch, k), _real_kind(input)), (vh, input._dtype)], (input, full)


@op(kind="extension", on=(), several=True, grad_name="LinalgSvdBackward0", vjp=_svd_vjp, infer=_infer_svd)
def svd_of(input: Tensor, full: bool) -> tuple[Tensor, Tensor, Tensor]:
    """u, the singular values, descending, and vh: input = u @ diag(s) @ vh."""
    raise KernelOnly


# Eigenvalues of any square matrix, which are complex.


def _eig_vjp(gs: Sequence[Tensor | None], input: Tensor, out0: Tensor, out1: Tensor) -> Tensor:
    if gs[1] is None and gs[0] is not None:
        alone = square_system(out1.mH, gs[0].unsqueeze(-1) * out1.mH)[0]
        return alone if input._dtype.is_complex else alone.real
    g_values, g_vectors = _filled(gs, out0, out1)
    one = eye_like(out1)
    turned = out1.mH @ g_vectors
    _check_phase("linalg_eig_backward", "eigenvectors", turned.diagonal(0, -2, -1))
    # Vectors have norm 1: what would change their length or phase changes nothing.
    sides = (turned * one).sum(-2).real
    turned = turned - (out1.mH @ out1) * sides.unsqueeze(-2)
    apart = (out0.unsqueeze(-2) - out0.unsqueeze(-1)).conj() + one
    inner = turned / apart * (1 - one) + one * g_values.unsqueeze(-2)
    made = square_system(out1.mH, inner @ out1.mH)[0]
    return made if input._dtype.is_complex else made.real


def _infer_eig(input: Tensor) -> Inferred:
    kind = input._dtype.to_complex() if input._dtype.is_floating_point else input._dtype
    return [(input._shape[:-1], kind), (input._shape, kind)], (input,)


@op(kind="extension", on=(), several=True, grad_name="LinalgEigBackward0", vjp=_eig_vjp, infer=_infer_eig)
def eig_of(input: Tensor) -> tuple[Tensor, Tensor]:
    """The eigenvalues, in no order, and eigenvectors of a square matrix."""
    raise KernelOnly


for _name in ("cholesky_of", "qr_of", "eigh_of", "svd_of", "eig_of"):
    TABLE[_name].rule.complex = True
