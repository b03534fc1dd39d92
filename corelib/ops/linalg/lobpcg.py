"""A few eigenvalues at one end of the spectrum of a large symmetric matrix, by products with it alone (Knyazev, 2001): torch.lobpcg.

The iteration follows PyTorch's step by step, as its orthogonal basis does (Duersch et al., 2018; Stathopoulos and Wu, 2002), so that
it takes as many steps and a tracker finds the same names on it. It is not recorded; what is has the derivative of eigenpairs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Inferred
from corelib.graph.grad_mode import no_grad
from corelib.ops.construction.creation import empty, eye, zeros
from corelib.ops.elementwise.where import select_where
from corelib.ops.linalg.decompositions import linalg_cholesky
from corelib.ops.linalg.factorizations import eigh_of, eye_like, qr_of, square_system, triangular_system
from corelib.ops.random.random import randn
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

Tracker: TypeAlias = "Callable[[LOBPCG], object]"


def _times(a: Tensor | None, b: Tensor) -> Tensor:
    """a @ b; None stands for the identity."""
    return b if a is None else a @ b


def _form(a: Tensor | None, s: Tensor) -> Tensor:
    return s.mT @ _times(a, s)


def _norm(x: Tensor) -> float:
    return float((x * x).sum() ** 0.5)


def _eigenpairs(a: Tensor, largest: bool = False) -> tuple[Tensor, Tensor]:
    """In ascending order, or the largest first; the upper triangle is read."""
    values, vectors = eigh_of(a, True)
    return (values.flip(-1), vectors.flip(-1)) if largest else (values, vectors)


class LOBPCG:
    """The state of an iteration, which a tracker is given at each step: `ivars`, `fvars`, `bvars` and `tvars` are what varies, `iparams`,
    `fparams` and `bparams` what does not; `E`, `X`, `S` and `R` are the eigenvalues, their vectors, the basis and the residual."""

    def __init__(
        self, A: Tensor, B: Tensor | None, X: Tensor, iK: Tensor | None, iparams: dict[str, int], fparams: dict[str, float],
        bparams: dict[str, bool], method: str, tracker: Tracker | None,
    ) -> None:  # fmt: skip
        self.A, self.B, self.X, self.iK = A, B, X, iK
        self.iparams, self.fparams, self.bparams = iparams, fparams, bparams
        self.method, self.tracker = method, tracker
        m, n = iparams["m"], iparams["n"]
        self.E = zeros((n,), dtype=X._dtype, device=X._device)
        self.R = zeros((m, n), dtype=X._dtype, device=X._device)
        self.S = zeros((m, 3 * n), dtype=X._dtype, device=X._device)
        self.tvars: dict[str, Tensor] = {}
        self.ivars: dict[str, int] = {"istep": 0}
        self.fvars: dict[str, float] = {"_": 0.0}
        self.bvars: dict[str, bool] = {"_": False}

    def __str__(self) -> str:
        names = ("iparams", "fparams", "bparams", "ivars", "fvars", "bvars", "tvars", "A", "B", "iK", "X", "E")
        return "LOBPCG:\n" + "".join(f"  {name}={getattr(self, name)}\n" for name in names)

    def update(self) -> None:
        """One step."""
        if self.ivars["istep"] == 0:
            size = _norm(self.X)
            self.fvars["X_norm"] = size
            self.fvars["A_norm"] = _norm(_times(self.A, self.X)) / size
            self.fvars["B_norm"] = _norm(_times(self.B, self.X)) / size
            self.ivars |= {"iterations_left": self.iparams["niter"], "converged_count": 0, "converged_end": 0}
        if self.method == "ortho":
            self._update_ortho()
        else:
            self._update_basic()
        self.ivars["iterations_left"] -= 1
        self.ivars["istep"] += 1

    def update_residual(self) -> None:
        self.R = _times(self.A, self.X) - _times(self.B, self.X) * self.E

    def update_converged_count(self) -> int:
        """How many eigenpairs from the first on have converged; see Duersch et al., 4.3."""
        before = self.ivars["converged_count"]
        a, b = self.fvars["A_norm"], self.fvars["B_norm"]
        lengths = (self.X * self.X).sum(0) ** 0.5 * (a + self.E[: self.X._shape[-1]].abs() * b)
        error = (self.R * self.R).sum(0) ** 0.5 / lengths
        count = 0
        for converged in (error < self.fparams["tol"]).tolist():
            if not converged:
                break
            count += 1
        if count < before:
            raise AssertionError(f"the number of converged eigenpairs (was {before}, got {count}) cannot decrease")
        self.ivars["converged_count"] = count
        self.tvars["rerr"] = error
        return count

    def stop_iteration(self) -> bool:
        """A tracker may say so too, by `bvars["force_stop"]`."""
        return self.bvars.get("force_stop", False) or self.ivars["iterations_left"] == 0 or self.ivars["converged_count"] >= self.iparams["k"]

    def run(self) -> None:
        self.update()
        self.call_tracker()
        while not self.stop_iteration():
            self.update()
            self.call_tracker()

    def call_tracker(self) -> None:
        if self.tracker is not None:
            self.tracker(self)

    def _fill(self, p: Tensor | None, w: Tensor) -> None:
        """The basis of the next step: the vectors, the directions that led to them, and new ones."""
        n = self.iparams["n"]
        self.S[:, :n] = self.X
        after = n if p is None else n + p._shape[-1]
        if p is not None:
            self.S[:, n:after] = p
        end = self.ivars["converged_end"] = after + w._shape[-1]
        self.S[:, after:end] = w

    def _update_basic(self) -> None:
        nc, ns = self.ivars["converged_count"], self.ivars["converged_end"]
        n, largest = self.iparams["n"], self.bparams["largest"]
        p = None
        if self.ivars["istep"] == 0:
            ri = self._get_rayleigh_ritz_transform(self.X)
            values, z = _eigenpairs(_form(_form(self.A, self.X), ri), largest)
            self.X = self.X @ (ri @ z)
            self.E[:] = values
        else:
            s = self.S[:, nc:ns]
            ri = self._get_rayleigh_ritz_transform(s)
            values, z = _eigenpairs(_form(_form(self.A, s), ri), largest)
            self.X[:, nc:] = s @ (ri @ z[:, : n - nc])
            self.E[nc:] = values[: n - nc]
            p = s @ (ri @ z[:, n : 2 * n - nc])
        self.update_residual()
        nc = self.update_converged_count()
        self._fill(p, _times(self.iK, self.R if p is None else self.R[:, nc:]))

    def _update_ortho(self) -> None:
        nc, ns = self.ivars["converged_count"], self.ivars["converged_end"]
        n, largest = self.iparams["n"], self.bparams["largest"]
        if self.ivars["istep"] == 0:
            ri = self._get_rayleigh_ritz_transform(self.X)
            _, z = _eigenpairs(_form(_form(self.A, self.X), ri), largest)
            self.X = self.X @ (ri @ z)
            self.update_residual()
            self.update_converged_count()
            self._fill(None, self._get_ortho(self.R, self.X))
            return
        s = self.S[:, nc:ns]
        values, z = _eigenpairs(_form(self.A, s), largest)
        self.X[:, nc:] = s @ z[:, : n - nc]
        self.E[nc:] = values[: n - nc]
        p = s @ (z[:, n - nc :] @ qr_of(z[: n - nc, n - nc :].mT, "reduced")[0])
        self.update_residual()
        nc = self.update_converged_count()
        self.S[:, :n] = self.X
        self.S[:, n : n + p._shape[-1]] = p
        self._fill(p, self._get_ortho(self.R[:, nc:], self.S[:, : n + p._shape[-1]]))

    def _get_rayleigh_ritz_transform(self, s: Tensor) -> Tensor:
        """The upper triangle that makes the columns of s orthonormal in B."""
        sbs = _form(self.B, s)
        row = sbs.diagonal(0, -2, -1) ** -0.5
        upper = linalg_cholesky((sbs * row) * row.unsqueeze(-1), upper=True)
        return triangular_system(upper.mT, row.diag_embed(), False, False).mT

    def _get_svqb(self, u: Tensor, drop: bool, tau: float) -> Tensor:
        """Columns orthonormal in B that span what those of u do, or nearly so; with `drop` fewer, where some add little."""
        if u._numel == 0:
            return u
        ubu = _form(self.B, u)
        d = ubu.diagonal(0, -2, -1)
        something = d != 0
        if not bool(something.all()):
            u = u[:, something]
            if u._numel == 0:
                return u
            ubu = _form(self.B, u)
            d = ubu.diagonal(0, -2, -1)
        column = (d**-0.5).reshape((-1, 1))
        values, z = _eigenpairs((ubu * column) * column.mT)
        least = tau * values.abs().max()
        if drop:
            keep = values > least
            values, z, column = values[keep], z[:, keep], column[keep]
        else:
            values = select_where(values < least, least, values)
        return (u * column.mT) @ (z * values**-0.5)

    def _get_ortho(self, u: Tensor, v: Tensor) -> Tensor:
        """Columns orthonormal in B, and orthogonal to those of v, that span what those of u add to them."""
        tau, dropping = self.fparams["ortho_tol"], self.bparams["ortho_use_drop"]
        for name in [name for name in self.fvars if name.startswith("ortho_") and name.endswith("_rerr")]:
            del self.fvars[name]
        v_size = _norm(_times(self.B, v))
        vbu = v.mT @ _times(self.B, u)
        i = j = 0
        for i in range(self.iparams["ortho_i_max"]):
            u = u - v @ vbu
            drop, tau_svqb = False, self.fparams["ortho_tol_drop"]
            for j in range(self.iparams["ortho_j_max"]):
                if dropping:
                    u = self._get_svqb(u, drop, tau_svqb)
                    drop, tau_svqb = True, self.fparams["ortho_tol_replace"]
                else:
                    u = self._get_svqb(u, False, self.fparams["ortho_tol_replace"])
                self.ivars |= {"ortho_i": i, "ortho_j": j}
                if u._numel == 0:
                    return u
                bu = _times(self.B, u)
                ubu = u.mT @ bu
                error = _norm(ubu - eye_like(ubu)) / (_norm(bu) * _norm(u))
                self.fvars[f"ortho_UBUmI_rerr[{i}, {j}]"] = error
                if error < tau:
                    break
            vbu = v.mT @ _times(self.B, u)
            error = _norm(vbu) / (v_size * _norm(u))
            self.fvars[f"ortho_VBU_rerr[{i}]"] = error
            if error < tau:
                break
            if self.iparams["m"] < u._shape[-1] + v._shape[-1]:
                raise ValueError(
                    f"Overdetermined shape of U: #B-cols(={self.iparams['m']}) >= #U-cols(={u._shape[-1]}) + #V-cols(={v._shape[-1]}) must hold"
                )
        self.ivars |= {"ortho_i": i, "ortho_j": j}
        return u


# What is recorded.


def _pairs_vjp(gs: tuple[Tensor | None, ...], a: Tensor, generalized: bool, out0: Tensor, out1: Tensor) -> Tensor:
    """A gradient within the vectors' span as of all eigenpairs, and beyond it, for vector j, by a system in a - values[j]."""
    if generalized:
        raise ValueError("lobpcg.backward does not support backward with B != I yet.")
    values, vectors = out0, out1
    m, k = vectors._shape[-2:]
    made = a * 0 if gs[0] is None else (vectors * gs[0].unsqueeze(-2)) @ vectors.mT
    if gs[1] is None:
        return made
    one = eye(k, dtype=a._dtype, device=a._device)
    apart = select_where(one != 0, 1.0, values.unsqueeze(-2) - values.unsqueeze(-1))
    made = made + vectors @ select_where(one != 0, 0.0, (vectors.mT @ gs[1]) / apart) @ vectors.mT
    if k == m:
        return made
    span = vectors @ vectors.mT
    beyond = eye_like(a) - span
    # Each (*, k, m, m) is values[j] - a where it acts, and the identity on the vectors found, which it then leaves out of account.
    systems = beyond.unsqueeze(-3) @ (values.unsqueeze(-1).unsqueeze(-1) * eye_like(a) - a.unsqueeze(-3)) @ beyond.unsqueeze(-3) + span.unsqueeze(-3)
    sides = (beyond @ gs[1]).mT.unsqueeze(-1)
    return made + beyond @ square_system(systems, sides)[0].squeeze(-1).mT @ vectors.mT


def _infer_pairs(a: Tensor, values: Tensor, vectors: Tensor, generalized: bool) -> Inferred:
    return [(values._shape, values._dtype), (vectors._shape, vectors._dtype)], (a, values, vectors, generalized)


@op(on=(), several=True, grad_name="LOBPCGAutogradFunctionBackward", infer=_infer_pairs, vjp={"a": _pairs_vjp})
def eigenpairs_as_found(a: Tensor, values: Tensor, vectors: Tensor, generalized: bool) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of a symmetric matrix, found some other way, as functions of it."""
    return values.clone(), vectors.clone()


@public("torch", fits=True)
def lobpcg(
    A: Tensor, k: int | None = None, B: Tensor | None = None, X: Tensor | None = None, n: int | None = None, iK: Tensor | None = None,
    niter: int | None = None, tol: float | None = None, largest: bool | None = None, method: str | None = None, tracker: Tracker | None = None,
    ortho_iparams: dict[str, int] | None = None, ortho_fparams: dict[str, float] | None = None, ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """(E, X): the `k` largest eigenvalues (*, k), or smallest, of symmetric positive-definite matrices (*, m, m), and their vectors (*, m, k).

    B: (*, m, m), for A @ x = e * B @ x; the identity by default. X: (*, m, n), where to start; by default n random vectors, n being k.
    k: the number of columns of X, or 1. iK: a preconditioner (m, m). niter: steps at most, 1000; -1 for as many as it takes. tol: of the
    residual, the square root of the dtype's precision. largest: True. method: "ortho", or "basic", which is less robust. tracker: called
    with the iteration's state after each step. The ortho_ dictionaries change what the orthogonal basis is made by. float32 and float64.
    The derivative is that of A's eigenpairs, A made symmetric; there is none with B. ValueError if m < 3 * n.

    >>> import corelib as torch
    >>> torch.lobpcg(torch.diag(torch.arange(1., 10.)), 2)[0].round()
    tensor([9., 8.])
    """
    if not (A._requires_grad or (B is not None and B._requires_grad)):
        return _found(A, k, B, X, n, iK, niter, tol, largest, method, tracker, ortho_iparams, ortho_fparams, ortho_bparams)
    a, b = (A + A.mT) / 2, None if B is None else (B + B.mT) / 2
    with no_grad():
        values, vectors = _found(
            a.detach(), k, b if b is None else b.detach(), X, n, iK, niter, tol, largest, method, tracker, ortho_iparams, ortho_fparams, ortho_bparams
        )
    made = eigenpairs_as_found(a if b is None else a + 0 * b, values, vectors, b is not None)  # of both, if there are two: it refuses both
    return made[0], made[1]


def _found(
    A: Tensor, k: int | None, B: Tensor | None, X: Tensor | None, n: int | None, iK: Tensor | None, niter: int | None, tol: float | None,
    largest: bool | None, method: str | None, tracker: Tracker | None, ortho_iparams: dict[str, int] | None,
    ortho_fparams: dict[str, float] | None, ortho_bparams: dict[str, bool] | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    if len(A._shape) < 2 or A._shape[-2] != A._shape[-1]:
        raise AssertionError(f"lobpcg(): A must be square, got shape {list(A._shape)}")
    if B is not None and A._shape != B._shape:
        raise AssertionError(f"lobpcg(): A and B must have same shape, got {list(A._shape)} vs {list(B._shape)}")
    if A._dtype not in (D.float32, D.float64):
        raise RuntimeError(f"lobpcg(): A must be float32 or float64, got {A._dtype}")
    if method not in (None, "ortho", "basic"):
        raise ValueError(f"lobpcg(): argument 'method' must be 'ortho' or 'basic', got {method!r}")
    m = A._shape[-1]
    k = (1 if X is None else X._shape[-1]) if k is None else k
    n = (k if n is None else n) if X is None else X._shape[-1]
    if m < 3 * n:
        raise ValueError(f"LOBPCG algorithm is not applicable when the number of A rows (={m}) is smaller than 3 x the number of requested eigenpairs (={n})")
    tol = (2.23e-16 if A._dtype is D.float64 else 1.2e-7) ** 0.5 if tol is None else tol
    integers = {"m": m, "n": n, "k": k, "niter": 1000 if niter is None else niter}
    numbers: dict[str, float] = {"tol": tol}
    flags = {"largest": True if largest is None else largest}
    if method != "basic":
        integers |= {"ortho_i_max": 3, "ortho_j_max": 3} | (ortho_iparams or {})
        numbers |= {"ortho_tol": tol, "ortho_tol_drop": tol, "ortho_tol_replace": tol} | (ortho_fparams or {})
        flags |= {"ortho_use_drop": False} | (ortho_bparams or {})

    def found(a: Tensor, b: Tensor | None, x: Tensor | None) -> LOBPCG:
        start = randn((m, n), dtype=A._dtype, device=A._device) if x is None else x
        if start._shape != (m, n):
            raise AssertionError(f"lobpcg(): X shape mismatch: got {list(start._shape)}, expected {[m, n]}")
        worker = LOBPCG(a, b, start, iK, integers, numbers, flags, method or "ortho", tracker)
        worker.run()
        return worker

    batch = A._shape[:-2]
    if not batch:
        worker = found(A, B, X)
        return worker.E[:k], worker.X[:, :k]
    count = prod(batch)
    values, vectors = (empty((count, *shape), dtype=A._dtype, device=A._device) for shape in ((k,), (m, k)))
    flat = [None if x is None else x.reshape((count, *x._shape[-2:])) for x in (A, B, X)]
    for i in range(count):
        integers["batch_index"] = i
        a, b, x = (None if t is None else t[i] for t in flat)
        assert a is not None
        worker = found(a, b, x)
        values[i], vectors[i] = worker.E[:k], worker.X[:, :k]
    return values.reshape((*batch, k)), vectors.reshape((*batch, m, k))
