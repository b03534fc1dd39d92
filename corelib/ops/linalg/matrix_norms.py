"""Norms of vectors and matrices, condition, rank, pseudoinverse, the exponential, and decompositions of low rank."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, log2
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public, show
from corelib.dispatcher.op import TABLE, Inferred
from corelib.dispatcher.operands import Aside
from corelib.ops.elementwise.where import select_where
from corelib.ops.linalg.decompositions import matrices
from corelib.ops.linalg.factorizations import LinAlgError, eigh_of, eye_like, qr_of, square_system, svd_of
from corelib.ops.linalg.results import OldSVD
from corelib.ops.random.random import randn
from corelib.ops.reduction.reductions import reduced, vector_norm
from corelib.ops.shape.joining import cat
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.limits import finfo
from corelib.tensor.size import Dims, wrap_dim
from corelib.tensor.tensor import Tensor

Limit: TypeAlias = Aside[Tensor | float | None]
"""How small a singular value may be before it counts as 0: a number, or one for each matrix."""


def _wide(name: str, input: object, dtype: DType | None) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if not (input._dtype.is_floating_point or input._dtype.is_complex):
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {input._dtype}")
    if dtype is None:
        return input
    if dtype.is_complex is not input._dtype.is_complex:
        needed = "complex" if input._dtype.is_complex else "real"
        raise RuntimeError(f"{name}: dtype should be {needed} for {needed} inputs, but got {dtype}")
    if dtype.itemsize < input._dtype.itemsize:
        raise RuntimeError(
            f"{name}: the dtype of the input ({kind_name(input._dtype)}) should be convertible without narrowing to the specified dtype "
            f"({kind_name(dtype)})"
        )
    return input.to(dtype)


@op(out="exact", overlap="unchecked")
def norm(input: Tensor, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: DType | None = None) -> Tensor:
    """The p-norm of all elements, or along `dim`; "fro" is 2, and inf, -inf, 0 and other numbers are accepted.

    >>> import corelib as torch
    >>> torch.tensor([3., 4.]).norm()
    tensor(5.)
    """
    if dtype is not None and (input._dtype.is_floating_point or input._dtype.is_complex):
        input = input.to(dtype)
    if not (input._dtype.is_floating_point or input._dtype.is_complex):
        raise RuntimeError(
            f"norm(): linalg.vector_norm: Expected a floating point or complex tensor as input. Got {input._dtype}"
        )
    if p == "nuc":
        return nuclear_norm(input, (-2, -1) if dim is None else dim, keepdim)
    if input._dtype.is_complex:
        input = input.abs()
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): argument 'p' must be a number, 'fro' or inf, got {p!r}")
    p = 2.0 if p == "fro" or p is None else float(p)
    dims, _ = reduced("norm", input, dim, True)
    _check_identity(input, p, dims)
    return vector_norm(input, p, dims, keepdim)


def _check_identity(x: Tensor, p: float, dims: Sequence[int]) -> None:
    """RuntimeError for a norm of nothing that has no value: of a negative order, or inf."""
    if (p < 0 or p == inf) and any(x._shape[d] == 0 for d in dims):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the operation does not have an identity (shape {list(x._shape)})"
        )


@op(on=("linalg",), out="exact", overlap="unchecked")
def linalg_vector_norm(x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """The `ord`-norm of all elements, or along `dim`.

    >>> import corelib as torch
    >>> torch.linalg.vector_norm(torch.tensor([3., 4.]))
    tensor(5.)
    """
    if isinstance(ord, (str, bytes)) or not hasattr(ord, "__float__"):
        raise TypeError(f"linalg.vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    x = _wide("linalg.vector_norm", x, dtype)
    x = x.abs() if x._dtype.is_complex else x
    dims, _ = reduced("linalg.vector_norm", x, None if dim is None or dim == () or dim == [] else dim, True)
    _check_identity(x, float(ord), dims)
    return vector_norm(x, float(ord), dims, keepdim)


def _two_dims(name: str, input: Tensor, dim: Dims) -> tuple[int, int]:
    if dim is None or isinstance(dim, int):
        raise TypeError(f"{name}(): argument 'dim' must be tuple of ints, not {type(dim).__name__}")
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple of ints, got {dim}")
    a, b = (wrap_dim(name, d, len(input._shape)) for d in dim)
    if a == b:
        raise RuntimeError(f"{name}: dims must be different. Got {tuple(dim)}")
    return a, b


def _matrix_norm(name: str, input: Tensor, ord: float | str, dim: Dims, keepdim: bool) -> Tensor:
    rows, columns = _two_dims(name, input, dim)
    if ord == "fro":
        return vector_norm(input.abs() if input._dtype.is_complex else input, 2.0, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        matrices(name, input)
        s = svd_of(input.movedim((rows, columns), (-2, -1)), False)[1]
        made = s.sum(-1) if ord == "nuc" or (ord == 2 and not s._shape[-1]) else s.amax(-1) if ord == 2 else s.amin(-1)
        return made.unsqueeze(min(rows, columns)).unsqueeze(max(rows, columns)) if keepdim else made
    if isinstance(ord, str) or ord not in (1, -1, inf, -inf):
        raise RuntimeError(f"{name}: Order {ord} not supported; accepted are 'fro', 'nuc', inf, -inf, 1, -1, 2 and -2")
    inner, outer = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = input.abs().sum(inner, True)
    if ord > 0 and not sums._shape[outer]:  # of nothing it is 0
        made = sums.sum(outer, True)
        return made if keepdim else made.squeeze((rows, columns))
    made = sums.amax(outer, True) if ord > 0 else sums.amin(outer, True)
    return made if keepdim else made.squeeze((rows, columns))


@op(on=("linalg",), out="exact", overlap="itself")
def linalg_matrix_norm(A: Tensor, ord: float | str = "fro", dim: Sequence[int] = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """A norm of matrices: "fro", "nuc" (the sum of the singular values), 1, -1, inf, -inf (sums of columns or rows), 2, -2 (singular values).

    >>> import corelib as torch
    >>> torch.linalg.matrix_norm(torch.tensor([[1., -2.], [3., 4.]]), 1)
    tensor(6.)
    """
    return _matrix_norm("linalg.matrix_norm", _wide("linalg.matrix_norm", A, dtype), ord, dim, keepdim)


@op(on=("linalg",), out="exact", overlap="itself")
def linalg_norm(A: Tensor, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
    """`vector_norm` of vectors (or of all elements, with neither `ord` nor `dim`), `matrix_norm` of matrices.

    >>> import corelib as torch
    >>> torch.linalg.norm(torch.tensor([[1., 2.], [2., 4.]]))
    tensor(5.)
    """
    if dim is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}")
    if dim is None and ord is not None and len(A._shape) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {len(A._shape)}D.")
    pair = dim if dim is not None and not isinstance(dim, int) and len(dim) == 2 else (0, 1) if dim is None and len(A._shape) == 2 else None
    if ord is not None and pair is not None:
        return linalg_matrix_norm(A, ord, pair, keepdim, dtype=dtype)
    if isinstance(ord, str):
        raise RuntimeError(f"linalg.norm: Order {ord} can only be used with two dimensions, got dim={dim} of {len(A._shape)}")
    return linalg_vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@public("torch", out="exact", overlap="unchecked", whole=True)
def frobenius_norm(input: Tensor, dim: Dims = None, keepdim: bool = False) -> Tensor:
    """`norm` with p "fro", by its older name."""
    return norm(input, "fro", dim, keepdim)


@public("torch", out="exact", overlap="itself", whole=True)
def nuclear_norm(input: Tensor, dim: Dims = (-2, -1), keepdim: bool = False) -> Tensor:
    """The sum of the singular values, by its older name."""
    return _matrix_norm("nuclear_norm", input, "nuc", (dim, keepdim) if isinstance(dim, bool) else dim, keepdim)


@op(on=("linalg",), out=True)
def linalg_cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number of matrices in a norm, by default the ratio of the largest and the smallest singular value.

    >>> import corelib as torch
    >>> torch.linalg.cond(torch.diag(torch.tensor([2., 4.])))
    tensor(2.)
    """
    matrices("linalg.cond", A)
    if p is None or p in (2, -2):
        s = svd_of(A, False)[1]
        if not s._shape[-1]:
            return s.new_zeros(s._shape[:-1])
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    matrices("linalg.cond", A, square=True)
    if p == "nuc":
        s = svd_of(A, False)[1]
        return s.sum(-1) * s.reciprocal().sum(-1)
    other, info = square_system(A, eye_like(A).expand(A._shape))
    made = linalg_matrix_norm(A, p) * linalg_matrix_norm(other, p)
    return select_where(info != 0, inf, made)


# Rank and pseudoinverse.


def _limit(values: Tensor, input: Tensor, atol: Limit, rtol: Limit) -> Tensor:
    """What singular values must exceed: max(atol, rtol * the largest), PyTorch's rtol being eps * the larger dimension without an atol."""
    if rtol is None:
        plain = finfo(input._dtype).eps * max(input._shape[-2:])
        if isinstance(atol, Tensor):
            rtol = select_where(atol > 0, 0.0, plain)
        else:
            rtol = 0.0 if atol is not None and atol > 0 else plain
    largest = values.amax(-1, True)
    relative = largest * (rtol.unsqueeze(-1).to(values._dtype) if isinstance(rtol, Tensor) else rtol)
    if atol is None:
        return relative
    return relative.maximum(atol.unsqueeze(-1).to(values._dtype)) if isinstance(atol, Tensor) else relative.clamp(atol)


@op(on=("linalg",), out=True, overlap="unchecked")
def linalg_matrix_rank(A: Tensor, tol: Limit = None, *, atol: Limit = None, rtol: Limit = None, hermitian: bool = False) -> Tensor:
    """How many singular values (eigenvalues, for a symmetric matrix) exceed max(atol, rtol * the largest).

    >>> import corelib as torch
    >>> torch.linalg.matrix_rank(torch.ones(3, 3))
    tensor(1)
    """
    matrices("linalg.matrix_rank", A, square=hermitian)
    if tol is not None and (atol is not None or rtol is not None):
        raise TypeError("linalg.matrix_rank(): argument 'tol' stands for atol, with an rtol of 0: give either it or these")
    if 0 in A._shape[-2:]:
        return A.new_zeros(A._shape[:-2]).long()
    fixed = A.detach()
    values = eigh_of(fixed, False)[0].abs() if hermitian else svd_of(fixed, False)[1]
    limit = _limit(values, A, tol if tol is not None else atol, 0.0 if tol is not None else rtol)
    return (values > limit).sum(-1)


def _pinv_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    g, b, turned = g.mH, out, out.mH
    m, n = input._shape[-2:]
    if m <= n:
        k = g @ b
        left = k @ turned
        return -((b @ k).mH) + left - (input @ b) @ left + (turned @ b) @ (g - k @ input)
    k = b @ g
    right = turned @ k
    return -((k @ b).mH) + (g - input @ k) @ b @ turned + right - (right @ b) @ input


def _infer_pinv(input: Tensor, limit: Limit, *rest: object) -> Inferred:
    *batch, m, n = input._shape
    return ((*batch, n, m), input._dtype), (input, limit, *rest)


@op(on=(), infer=_infer_pinv, grad_name="LinalgPinvBackward0", vjp={"input": _pinv_slope})
def pinv_of(input: Tensor, rtol: Limit, atol: Limit = None, hermitian: bool = False) -> Tensor:
    """The pseudoinverse, in which singular values up to a limit count as 0."""
    if input._numel == 0:
        return input.new_zeros((*input._shape[:-2], input._shape[-1], input._shape[-2]))
    if hermitian:
        w, v = eigh_of(input, False)
        size = w.abs()
        keep = size > _limit(size, input, atol, rtol)
        return (v * select_where(keep, 1 / select_where(keep, w, 1.0), 0.0).unsqueeze(-2)) @ v.mH
    u, s, vh = svd_of(input, False)
    keep = s > _limit(s, input, atol, rtol)
    return (vh.mH * select_where(keep, 1 / select_where(keep, s, 1.0), 0.0).unsqueeze(-2)) @ u.mH


TABLE["pinv_of"].rule.complex = True


@op(on=("linalg",), out=True, overlap="itself")
def linalg_pinv(A: Tensor, rcond: Limit = None, *, atol: Limit = None, rtol: Limit = None, hermitian: bool = False) -> Tensor:
    """The pseudoinverse (Moore and Penrose): singular values up to max(atol, rtol * the largest) count as 0.

    >>> import corelib as torch
    >>> torch.linalg.pinv(torch.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """
    matrices("linalg.pinv", A, square=hermitian)
    if rcond is not None and (atol is not None or rtol is not None):
        raise TypeError("linalg.pinv(): argument 'rcond' stands for rtol: give either it or atol and rtol")
    return pinv_of(A, rcond if rcond is not None else rtol, atol, hermitian)


@op()
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`linalg.pinv` by its older name."""
    matrices("linalg.pinv", input)
    return pinv_of(input, rcond)


@public("linalg", names=("diagonal",))
def matrix_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """A view of the diagonals of matrices; `torch.diagonal` of the last two dimensions."""
    return A.diagonal(offset, dim1, dim2)


@public("linalg", names=("matmul",))
def matrix_product(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`torch.matmul`."""
    made: Tensor = TABLE["matmul"].entry(input, other, out=out)
    return made


show(LinAlgError, ("LinAlgError",), ("linalg",))

# The exponential.


def _exp_slope(g: Tensor, input: Tensor) -> Tensor:
    """A corner of the exponential of [[a.mT, g], [0, a.mT]]."""
    a = input.mT
    n = a._shape[-1]
    wide = cat([cat([a, g.expand(a._shape)], -1), cat([a * 0, a], -1)], -2)
    return exp_of(wide)[..., :n, n:]


@op(on=(), infer=lambda input: ((input._shape, input._dtype), (input,)), grad_name="LinalgMatrixExpBackward0", vjp=_exp_slope)
def exp_of(input: Tensor) -> Tensor:
    """The exponential of checked square matrices: a Taylor polynomial of the matrix halved often enough, then squared as often."""
    wide = D.complex128 if input._dtype.is_complex else D.float64
    if input._dtype is not wide and input._device.runtime.backend.dtypes.get(wide.name) == "native":
        return exp_of(input.to(wide)).to(input._dtype)  # what is squared again and again loses a digit each time
    a = input
    size = float(a.detach().abs().sum(-2).amax()) if a._numel and a._device.type != "meta" else 0.0
    if size != size or size == inf:
        return a * float("nan")
    halvings = max(0, ceil(log2(size / 0.5))) if size > 0.5 else 0
    a = a / 2.0**halvings
    one = eye_like(a)
    made = one.expand(a._shape)
    for k in range(18 if input._dtype.itemsize == 8 else 10, 0, -1):
        made = one + (a @ made) / k
    for _ in range(halvings):
        made = made @ made
    return made.clone() if made is one else made


@op(aliases=("linalg.matrix_exp",))
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of a square matrix: the sum of its powers over their factorials.

    >>> import corelib as torch
    >>> torch.matrix_exp(torch.tensor([[0., 1.], [0., 0.]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    wide = input.float() if input._dtype.is_floating_point and input._dtype.itemsize == 2 else input
    matrices("linalg.matrix_exp", wide, square=True)
    return exp_of(wide).to(input._dtype)


# Low rank (Halko et al., "Finding structure with randomness", 2009).


def _range(a: Tensor, q: int, niter: int, shift: Tensor | None) -> Tensor:
    """Orthonormal columns that nearly span the range of a - shift."""
    n = a._shape[-1]
    start = randn(n, q, dtype=a._dtype, device=a._device)

    def times(x: Tensor) -> Tensor:
        return a @ x if shift is None else a @ x - shift @ x

    def back(x: Tensor) -> Tensor:
        return a.mH @ x if shift is None else a.mH @ x - shift.mH @ x

    made = qr_of(times(start), "reduced")[0]
    for _ in range(niter):
        made = qr_of(back(made), "reduced")[0]
        made = qr_of(times(made), "reduced")[0]
    return made


@public("torch")
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> OldSVD:
    """(U, S, V): nearly the `q` largest singular values of A - M and their vectors, by a random projection and `niter` iterations.

    >>> import corelib as torch
    >>> torch.svd_lowrank(torch.ones(8, 5), 2)[1].shape
    torch.Size([2])
    """
    q, niter = 6 if q is None else q, 2 if niter is None else niter
    a = A
    m, n = a._shape[-2:]
    shift = None if M is None else M.expand(a._shape)
    flat = m < n
    if flat:
        a, shift = a.mH, None if shift is None else shift.mH
    basis = _range(a, q, niter, shift)
    small = basis.mH @ a if shift is None else basis.mH @ a - basis.mH @ shift
    u, s, vh = svd_of(small, False)
    u, v = basis @ u, vh.mH
    return OldSVD(v, s, u) if flat else OldSVD(u, s, v)


@public("torch")
def pca_lowrank(A: Tensor, q: int | None = None, center: bool | int = True, niter: int = 2) -> OldSVD:
    """(U, S, V): nearly the `q` principal components of the rows of A, which are centred first.

    >>> import corelib as torch
    >>> torch.pca_lowrank(torch.rand(8, 5), 2)[2].shape
    torch.Size([5, 2])
    """
    m, n = A._shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(f"pca_lowrank(): q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"pca_lowrank(): niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, True) if center else A, q, niter)
