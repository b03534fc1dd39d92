"""Factorizations, systems, determinants, norms of matrices. What is unique up to signs alone is compared as what it multiplies to."""

from __future__ import annotations

from typing import Any

from ..declare import OPS, WIDE, Facts, Op, op, spec

FACTS: Facts = {"dtypes": WIDE, "ulps": 64, "scaled": True, "strides": "", "first_slack": 256.0, "second_slack": 4096.0, "casts": False, "extension": True}
L = "linalg."
SHAPES: tuple[tuple[int, ...], ...] = ((3, 3), (2, 4, 4), (1, 1))


def near_one(T: Any, x: Any) -> Any:
    """A matrix far from singular."""
    return x * 0.3 + 2 * T.eye(x.shape[-1], dtype=x.dtype)


def positive(T: Any, x: Any) -> Any:
    """A symmetric matrix with positive eigenvalues apart from one another."""
    n = x.shape[-1]
    return (x + x.mT) * 0.1 + T.diag(T.arange(1, n + 1).to(x.dtype) * 2)


def declare(name: str, path: str = "", **more: Any) -> Op:
    return op(name, path or L + name.removeprefix("linalg_"), **(FACTS | more))


def function(T: Any, path: str) -> Any:
    for part in path.split("."):
        T = getattr(T, part)
    return T


def on_each(name: str, path: str, prepare: Any, *args: Any, shapes: Any = SHAPES, take: Any = None, **kwargs: Any) -> Op:
    """Samples of a function of one prepared matrix, of which `take` picks or combines results."""
    o = OPS[name] if name in OPS else declare(name, path)
    for shape in shapes:
        for layout in ("contiguous", "transposed") if len(shape) == 2 else ("contiguous",):
            o.call(
                lambda T, x: (take or (lambda T, a, r: r))(T, a := prepare(T, x), function(T, path)(a, *args, **kwargs)), spec(*shape, layout=layout)
            )
    return o


def refused(name: str, *args: Any, **kwargs: Any) -> None:
    """Calls that PyTorch refuses."""
    OPS[name].add(*args, **kwargs)


PAIRS: tuple[tuple[str, str], ...] = (("linalg_cholesky", L + "cholesky"), ("cholesky", "cholesky"))
for name, path in PAIRS:
    o = on_each(name, path, positive)
    on_each(name, path, positive, upper=True)
    o.add(spec(3, 4)).add(spec(3)).add(spec(2, 2, values=[[-1, 0], [0, 1]])).add(spec(2, 2, 2, values=[[[1, 0], [0, 1]], [[1, 2], [2, 1]]]))
on_each("linalg_cholesky_ex", L + "cholesky_ex", positive, take=lambda T, a, r: (r.L, r.info))
OPS["linalg_cholesky_ex"].call(lambda T, x: T.linalg.cholesky_ex(x).info, spec(2, 2, values=[[1, 2], [2, 1]], grad=False), grad=False).add(spec(2, 2, values=[[1, 2], [2, 1]]), check_errors=True)
on_each("cholesky_inverse", "cholesky_inverse", lambda T, x: T.linalg.cholesky(positive(T, x)))
o = declare("cholesky_solve", "cholesky_solve")
for upper in (False, True):
    o.call(lambda T, x, b, upper=upper: T.cholesky_solve(b, T.linalg.cholesky(positive(T, x), upper=upper), upper), spec(3, 3), spec(3, 2))
    o.call(lambda T, x, b, upper=upper: T.cholesky_solve(b, T.linalg.cholesky(positive(T, x), upper=upper), upper), spec(3, 3), spec(2, 3, 2))
o.add(spec(2, 2), spec(3, 3))

RECTANGLES = ((3, 3), (2, 3, 3), (4, 3), (3, 4), (1, 1))


def tall(T: Any, x: Any) -> Any:
    """A matrix of full rank."""
    return x * 0.3 + 2 * T.eye(*x.shape[-2:], dtype=x.dtype)


on_each("linalg_lu_factor", L + "lu_factor", lambda T, x: x, shapes=RECTANGLES, take=lambda T, a, r: (r.LU, r.pivots))
on_each("linalg_lu_factor_ex", L + "lu_factor_ex", lambda T, x: x, shapes=RECTANGLES, take=lambda T, a, r: tuple(r))
on_each("linalg_lu", L + "lu", lambda T, x: x, shapes=RECTANGLES, take=lambda T, a, r: tuple(r))
o = declare("lu_unpack", "lu_unpack")
o.call(lambda T, x: tuple(T.lu_unpack(*T.linalg.lu_factor(x))), spec(3, 4)).call(lambda T, x: T.lu_unpack(*T.linalg.lu_factor(x), unpack_pivots=False).U, spec(4, 3))
o = declare("linalg_lu_solve")
for left in (True, False):
    for adjoint in (True, False):
        o.call(
            lambda T, x, b, left=left, adjoint=adjoint: T.linalg.lu_solve(*T.linalg.lu_factor(near_one(T, x)), b if left else b.mT, left=left, adjoint=adjoint),
            spec(2, 3, 3), spec(3, 2),
        )  # fmt: skip
declare("lu_solve", "lu_solve").call(lambda T, x, b: T.lu_solve(b, *T.linalg.lu_factor(near_one(T, x))), spec(3, 3), spec(3, 2))

for mode in ("reduced", "complete"):
    # Signs are the library's: Q @ R and what the signs leave alone.
    on_each("linalg_qr", L + "qr", tall, mode, shapes=RECTANGLES, take=lambda T, a, r: (r.Q @ r.R, r.R.abs(), r.Q.abs()) if a.shape[-2] <= a.shape[-1] else (r.Q[..., : a.shape[-1]] @ r.R[..., : a.shape[-1], :],))
OPS["linalg_qr"].limit(lambda s: len(s.args[0].shape) == 2 and s.args[0].shape[0] > s.args[0].shape[1], grad=False)
on_each("linalg_qr", L + "qr", tall, shapes=((4, 3), (2, 3, 2)), take=lambda T, a, r: (r.Q @ r.R, r.R * r.R, r.Q * r.Q)).call(lambda T, x: T.linalg.qr(x, "r").R.abs(), spec(4, 3), grad=False).add(spec(3, 3), "full").add(spec(3))
on_each("qr", "qr", tall, shapes=((4, 3), (3, 4)), take=lambda T, a, r: (r.Q @ r.R, r.R.abs()))
declare("geqrf", "geqrf", grad=False)
on_each("geqrf", "geqrf", tall, shapes=((4, 3), (3, 3)), take=lambda T, a, r: T.linalg.householder_product(r.a, r.tau).abs())
o = declare("linalg_householder_product").add(spec(4, 3), spec(3)).add(spec(2, 3, 3), spec(2, 2)).add(spec(3, 2), spec(0)).but(grad=False).add(spec(2, 3), spec(2)).add(spec(3, 2), spec(3))
o.forms = ("function",)

o = declare("ormqr", "ormqr").add(spec(3, 2), spec(2), spec(3, 4)).add(spec(2, 3, 3), spec(2, 3), spec(2, 4, 3), False, True).add(spec(3, 2, layout="transposed"), spec(2), spec(3, 4, layout="transposed"), True, True)
o.add(spec(2, 3), spec(2), spec(4, 2), left=False).add(spec(3, 0), spec(0), spec(3, 2)).but(grad=False)
o.add(spec(3, 2), spec(2), spec(2, 4)).add(spec(3, 2), spec(1), spec(3, 4)).add(spec(3, 2), spec(2), spec(3)).add(spec(3), spec(2), spec(3, 4)).add(spec(1, 3, 2), spec(2, 2), spec(2, 3, 4))


def indefinite(T: Any, x: Any) -> Any:
    """A symmetric matrix whose pivots are blocks of 2 and of 1, each plainly."""
    n = x.shape[-1]
    return (x + x.mT) * 0.02 + T.diag(T.arange(1, n + 1).to(x.dtype) % 3 - 1) + 4 * (T.eye(n, dtype=x.dtype).flip(-1) - T.diag(T.eye(n, dtype=x.dtype).flip(-1).diagonal()))


for name in ("linalg_ldl_factor", "linalg_ldl_factor_ex"):
    declare(name, grad=False)
    on_each(name, L + name.removeprefix("linalg_"), indefinite, shapes=((4, 4), (2, 5, 5), (1, 1), (0, 0)), take=lambda T, a, r: tuple(r)).add(spec(2, 3)).add(spec(3)).add(spec(2, 2, dtype="int64"))
OPS["linalg_ldl_factor_ex"].call(lambda T, x: T.linalg.ldl_factor_ex(x * 0).info, spec(2, 3, 3))
o = declare("linalg_ldl_solve", grad=False)
for sides in ((4, 2), (3, 4, 2)):
    o.call(lambda T, x, b: T.linalg.ldl_solve(*T.linalg.ldl_factor(indefinite(T, x)), b), spec(4, 4), spec(*sides))
o.call(lambda T, x, b: T.linalg.ldl_solve(*T.linalg.ldl_factor(indefinite(T, x)), b), spec(2, 4, 4), spec(4, 1))
o.call(lambda T, x, b: T.linalg.ldl_solve(*T.linalg.ldl_factor(indefinite(T, x)), b), spec(4, 4), spec(3, 1))
OPS["linalg_ldl_solve"].call(lambda T, x, b: T.linalg.ldl_solve(x, T.zeros(2, dtype=T.float64), b), spec(3, 3), spec(3, 1))


def foremost(T: Any, x: Any, **kwargs: Any) -> Any:
    """Eigenvalues at one end, from vectors that are always the same."""
    T.manual_seed(0)
    return T.lobpcg(positive(T, x), **kwargs)[0]


o = declare("lobpcg", "lobpcg", grad=False)
FOREMOST: tuple[tuple[tuple[int, ...], Facts], ...] = (((7, 7), {"k": 2}), ((2, 6, 6), {"largest": False}), ((6, 6), {"k": 1, "method": "basic"}))
for size, facts in FOREMOST:
    o.call(lambda T, x, facts=facts: foremost(T, x, **facts), spec(*size), grad=False)
o.add(spec(5, 5), 2).add(spec(5, 4), 1)

on_each("linalg_eigh", L + "eigh", positive, take=lambda T, a, r: (r.eigenvalues, (r.eigenvectors * r.eigenvalues.unsqueeze(-2)) @ r.eigenvectors.mT, r.eigenvectors**2))
on_each("linalg_eigh", L + "eigh", positive, UPLO="U", take=lambda T, a, r: (r.eigenvalues, r.eigenvectors.abs())).add(spec(3, 3), "X").add(spec(2, 3)).add(spec(3))
on_each("linalg_eigvalsh", L + "eigvalsh", positive).add(spec(2, 3)).add(spec(3, 3), "X")
STEEP = ((3, 3), (2, 3, 3), (4, 3), (2, 4))


def steep(T: Any, x: Any) -> Any:
    """A matrix whose singular values are apart."""
    m, n = x.shape[-2:]
    return x * 0.2 + T.eye(m, n, dtype=x.dtype) * (T.arange(n) + 1).to(x.dtype) * 2


on_each("linalg_svd", L + "svd", steep, False, shapes=STEEP, take=lambda T, a, r: (r.S, (r.U * r.S.unsqueeze(-2)) @ r.Vh, r.U**2, r.Vh.abs()))
on_each("linalg_svd", L + "svd", steep, shapes=((3, 3), (4, 2)), take=lambda T, a, r: (r.S, (r.U @ r.U.mT), r.Vh**2)).limit(lambda s: s.args[0].shape == (4, 2), grad=False)
OPS["linalg_svd"].add(spec(3)).add(spec(2, 2), driver="gesvd")
on_each("linalg_svdvals", L + "svdvals", steep, shapes=STEEP).add(spec(3))
on_each("svd", "svd", steep, shapes=((3, 2),), take=lambda T, a, r: (r.S, (r.U * r.S.unsqueeze(-2)) @ r.V.mT)).call(lambda T, x: tuple(T.svd(steep(T, x), compute_uv=False)), spec(3, 2))

o = declare("linalg_solve")
for a, b in (((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((2, 3, 3), (2, 3)), ((1, 1), (1,))):
    o.call(lambda T, x, b: T.linalg.solve(near_one(T, x), b), spec(*a), spec(*b))
o.call(lambda T, x, b: T.linalg.solve(near_one(T, x), b, left=False), spec(3, 3, layout="transposed"), spec(2, 3, layout="strided"))
o.add(spec(2, 2, values=[[1, 2], [2, 4]]), spec(2)).add(spec(2, 3), spec(2)).add(spec(3, 3), spec(2)).add(spec(2, 2), spec(2, dtype="int64"))
declare("linalg_solve_ex").call(lambda T, x, b: tuple(T.linalg.solve_ex(near_one(T, x), b)), spec(3, 3), spec(3)).call(
    lambda T, x: T.linalg.solve_ex(x, x)[1], spec(2, 2, values=[[1, 2], [2, 4]], grad=False), grad=False
).add(spec(2, 2, values=[[1, 2], [2, 4]]), spec(2), check_errors=True)
o = declare("linalg_solve_triangular")
for upper in (True, False):
    for left in (True, False):
        for unit in (True, False):
            facts = {"upper": upper, "left": left, "unitriangular": unit}
            o.call(lambda T, x, b, facts=facts: T.linalg.solve_triangular(near_one(T, x), b if facts["left"] else b.mT, **facts), spec(2, 3, 3), spec(3, 2))
o.call(lambda T, x, b: T.linalg.solve_triangular(x, b, upper=True), spec(2, 2, values=[[1, 2], [0, 0]], grad=False), spec(2, 1, values=[[1], [2]], grad=False), grad=False)
o.add(spec(3, 3), spec(2, 2), upper=True).add(spec(3, 2), spec(2, 2), upper=True)
declare("triangular_solve", "triangular_solve").call(lambda T, x, b: tuple(T.triangular_solve(b, near_one(T, x), False, True)), spec(3, 3), spec(3, 2)).call(lambda T, x, b: T.triangular_solve(b, near_one(T, x), unitriangular=True)[0], spec(3, 3), spec(3, 2))
for name, path in (("linalg_inv", L + "inv"), ("inverse", "inverse")):
    on_each(name, path, near_one).add(spec(2, 2, values=[[1, 2], [2, 4]])).add(spec(2, 3)).add(spec(2, 2, 2, values=[[[1, 0], [0, 1]], [[0, 0], [0, 1]]])).add(spec(2, 2, dtype="int64"))
on_each("linalg_inv_ex", L + "inv_ex", near_one, take=lambda T, a, r: tuple(r)).add(spec(2, 2, values=[[1, 2], [2, 4]]), check_errors=True)
for name, path in (("linalg_det", L + "det"), ("det", "det"), ("logdet", "logdet")):
    on_each(name, path, near_one).add(spec(2, 3)).add(spec(3)).call(lambda T, x, path=path: function(T, path)(near_one(T, x)[..., [1, 0, 2], :]), spec(3, 3))
for name, path in (("linalg_slogdet", L + "slogdet"), ("slogdet", "slogdet")):
    on_each(name, path, near_one, take=lambda T, a, r: tuple(r)).add(spec(2, 3))
o = declare("linalg_lstsq")
LEAST_SQUARES: list[tuple[tuple[int, ...], tuple[int, ...], Facts]] = [
    ((4, 3), (4, 2), {}), ((4, 3), (4,), {}), ((3, 3), (3, 2), {}), ((2, 4), (2, 3), {}), ((2, 4, 3), (2, 4, 1), {"driver": "gelsd"}), ((4, 3), (4, 1), {"driver": "gels"}),
    ((4, 2), (4, 1), {"driver": "gelss", "rcond": 0.1}),
]
for shape, right, facts in LEAST_SQUARES:
    o.call(lambda T, x, b, facts=facts: tuple(T.linalg.lstsq(tall(T, x), b, **facts)), spec(*shape), spec(*right), grad=False)
    o.call(lambda T, x, b, facts=facts: T.linalg.lstsq(tall(T, x), b, **facts).solution, spec(*shape), spec(*right))
o.add(spec(3, 2), spec(2, 2)).add(spec(3, 2), spec(3, 1), driver="x").add(spec(3), spec(3))
declare("linalg_tensorinv").call(lambda T, x: T.linalg.tensorinv(near_one(T, x).reshape(2, 3, 6)), spec(6, 6)).add(spec(2, 3, 4)).add(spec(2, 2), 0)
declare("linalg_tensorsolve").call(lambda T, x, b: T.linalg.tensorsolve(near_one(T, x).reshape(2, 3, 6), b), spec(6, 6), spec(2, 3)).call(
    lambda T, x, b: T.linalg.tensorsolve(near_one(T, x).reshape(2, 6, 3).permute(1, 0, 2).permute(1, 2, 0), b, dims=(2,)), spec(6, 6), spec(2, 3)
).add(spec(2, 3, 4), spec(2, 3))

o = declare("linalg_vector_norm")
for order in (2, 1, 0, float("inf"), 3.5):
    o.add(spec(3, 4), order).add(spec(2, 3, 4), order, dim=(0, 2), keepdim=True).add(spec(3, layout="strided"), order, 0)
for sample in o.samples:
    sample.grad = sample.args[1] != 0
o.add(spec(3, dtype="int64"))
o, o2, o3 = declare("linalg_matrix_norm"), declare("linalg_norm"), declare("linalg_cond")
ORDERS: tuple[Any, ...] = ("fro", "nuc", 1, -1, 2, -2, float("inf"), float("-inf"))
for order in ORDERS:
    smooth = order in ("fro", "nuc")  # which of several sums is the largest cannot be said within an error: tests/oracle/ops/test_linalg.py
    for o1, calls in (
        (o, (((3, 4), (order,), {}), ((2, 3, 4), (order, (0, 2)), {}), ((2, 3, 4), (order,), {"keepdim": True}))),
        (o2, (((3, 4), (order,), {}), ((2, 3, 4), (order, (1, 2), True), {}))),
    ):
        for shape, args, kwargs in calls:
            o1.add(spec(*shape), *args, **kwargs).but(grad=smooth)
    o3.call(lambda T, x, order=order: T.linalg.cond(near_one(T, x), order), spec(3, 3), grad=order in (2, -2))
o.add(spec(3, 4), 3).add(spec(3)).add(spec(3, 3), 2, (1, 1)).add(spec(3, 4), "nuc", dtype=None)
o2.add(spec(2, 3, 4)).add(spec(4), 3).add(spec(2, 3), 3, 0).add(spec(2, 3), dim=(0, 1)).add(spec(2, 2, 2), 2).add(spec(3), "nuc").add(spec(2, 3), 2, (0, 1, 2))
o3.call(lambda T, x: T.linalg.cond(tall(T, x)), spec(3, 2)).add(spec(3, 2), 1).call(lambda T, x: T.linalg.cond(x, 1), spec(2, 2, values=[[1, 2], [2, 4]], grad=False), grad=False)
op("nuclear_norm", **FACTS).add(spec(3, 4)).add(spec(2, 3, 4), (0, 2))
op("frobenius_norm", **FACTS).add(spec(3, 4), (0, 1)).add(spec(3, 4), 1, True)
o = declare("linalg_matrix_rank", grad=False)
o.add(spec(3, 3)).add(spec(2, 3, 4)).add(spec(3, 3, values=[[1, 1, 1]] * 3)).add(spec(3, 3), 100.0).add(spec(3, 3), atol=1.0, rtol=0.1).add(spec(0, 3)).add(spec(3))
o.add(spec(3, 3, values=[[1, 0, 0], [0, -5, 0], [0, 0, 0]]), hermitian=True).add(spec(2, 3), hermitian=True)
on_each("linalg_pinv", L + "pinv", tall, shapes=RECTANGLES)
o = on_each("linalg_pinv", L + "pinv", positive, hermitian=True)
o.add(spec(3, 2, values=[[1, 1], [1, 1], [1, 1]]), rtol=1e-3).but(grad=False).add(spec(3, 3), 0.5).but(grad=False).add(spec(0, 3)).add(spec(3))
on_each("pinverse", "pinverse", tall, shapes=((4, 3),))
for name, path in (("linalg_matrix_exp", L + "matrix_exp"), ("matrix_exp", "matrix_exp")):
    on_each(name, path, lambda T, x: x * 0.4).add(spec(2, 3)).call(lambda T, x: T.matrix_exp(x), spec(3, 3), grad=False)
on_each("linalg_diagonal", L + "diagonal", lambda T, x: x)
declare("linalg_matmul").add(spec(2, 3), spec(3, 2)).add(spec(2, 2, 3), spec(3))


def drawn(T: Any, path: str, x: Any, y: Any, **kwargs: Any) -> Any:
    """A decomposition by a random projection, always the same, of a matrix whose rank it reaches."""
    T.manual_seed(0)
    return function(T, path)(x @ y, 3, **kwargs)[1][:2]


for name in ("svd_lowrank", "pca_lowrank"):
    o = declare(name, name, grad=False).call(lambda T, x, y, name=name: drawn(T, name, x, y), spec(6, 2), spec(2, 5), grad=False)
o.add(spec(3, 3), 4)
OPS["svd_lowrank"].call(lambda T, x, y: drawn(T, "svd_lowrank", x, y, M=x @ y * 0.5), spec(3, 2), spec(2, 5), grad=False)
