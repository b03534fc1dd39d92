"""Factorizations of matrices: Cholesky, LU, QR, symmetric eigenvalues, singular values; and triangular systems.

`xp.linalg` has most of them from LAPACK or cuSOLVER. LU, which it has not, goes by panels whose updates are matrix products.
"""

from __future__ import annotations

from collections.abc import Callable

from corelib.backend.xp.guard import Guard, Module, Outs
from corelib.contract.kernels import KernelTable, LinAlgError, Native
from corelib.tensor.dtype import COMPLEX, float32, float64

WIDE = (float32, float64, *COMPLEX)
_PANEL = 48


def _each(outs: Outs, inputs: Outs, dims: int, work: Callable[[Outs, Outs], None]) -> None:
    """`work(outs, inputs)` for every matrix of a batch; the last output is one number a matrix."""
    batch = inputs[0].shape[: inputs[0].ndim - dims]
    if not batch:
        work(outs, inputs)
        return
    count = 1
    for n in batch:
        count *= n
    for at in range(count):
        place, rest = [], at
        for n in reversed(batch):
            place.append(rest % n)
            rest //= n
        where = (*reversed(place), ...)
        work([o[where] for o in outs], [x[where] for x in inputs])


def _minor(xp: Module, a: Native) -> int:
    """The order of the first leading minor that is not positive, from 1."""
    a = a.astype(xp.complex128 if a.dtype.kind == "c" else xp.float64)
    for k in range(a.shape[-1]):
        pivot = a[k, k].real
        if not pivot > 0:
            return k + 1
        a[k + 1 :, k + 1 :] -= a[k + 1 :, k : k + 1] * xp.conjugate(a[k + 1 :, k]) / pivot
    return int(a.shape[-1])


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """cholesky_of, lu_of, triangular_system, square_system, qr_of, reflectors_of, eigh_of, svd_of."""

    @table("cholesky_of", WIDE)
    def cholesky_of(outs: Outs, input: Native) -> None:
        def one(outs: Outs, inputs: Outs) -> None:
            try:
                outs[0][...], outs[1][...] = guard.run(xp.linalg.cholesky, inputs[0]), 0
                if xp.isnan(xp.diagonal(outs[0])).any():  # which LAPACK tells, but not every library that stands in for it
                    outs[1][...] = _minor(xp, inputs[0])
            except xp.linalg.LinAlgError:
                outs[0][...], outs[1][...] = xp.tril(inputs[0]), _minor(xp, inputs[0])

        _each(outs, [input], 2, one)

    def panel(a: Native, first: int, last: int, pivots: Native) -> int:
        """Eliminate columns first to last of a, in place; where the first zero pivot was, from 1, or 0."""
        found = 0
        for k in range(first, last):
            column = a[k:, k]
            # LAPACK takes the largest |real| + |imag| of complex numbers.
            best = k + int(xp.argmax(xp.abs(column.real) + xp.abs(column.imag) if a.dtype.kind == "c" else xp.abs(column)))
            pivots[k] = best + 1
            if best != k:
                a[[k, best]] = a[[best, k]]
            if a[k, k] == 0:
                found = found or k + 1
                continue
            a[k + 1 :, k] /= a[k, k]
            if k + 1 < last:
                a[k + 1 :, k + 1 : last] -= a[k + 1 :, k : k + 1] * a[k, k + 1 : last]
        return found

    def eliminated(outs: Outs, inputs: Outs) -> None:
        a, pivots = inputs[0].copy(), outs[1]
        m, n = a.shape
        info = 0
        for first in range(0, min(m, n), _PANEL):
            last = min(first + _PANEL, m, n)
            found = guard.run(panel, a, first, last, pivots)
            info = info or found
            if last < n:
                lower = xp.tril(a[first:last, first:last], -1) + xp.eye(last - first, dtype=a.dtype)
                a[first:last, last:] = xp.linalg.solve(lower, a[first:last, last:])
                a[last:, last:] -= a[last:, first:last] @ a[first:last, last:]
        outs[0][...], outs[2][...] = a, info

    @table("lu_of", WIDE)
    def lu_of(outs: Outs, input: Native) -> None:
        _each(outs, [input], 2, eliminated)

    @table("triangular_system", WIDE)
    def triangular_system(out: Native, a: Native, b: Native, upper: bool, unit: bool) -> None:
        a = xp.triu(a) if upper else xp.tril(a)
        n = a.shape[-1]
        if unit:
            a = xp.where(xp.eye(n, dtype=bool), a.dtype.type(1), a)
        if not upper:  # turned round it is an upper one, which elimination leaves as it is
            a, b = a[..., ::-1, ::-1], b[..., ::-1, :]
        if bool((xp.diagonal(a, axis1=-2, axis2=-1) == 0).any()):
            made = xp.array(xp.broadcast_to(b, out.shape))

            def substituted() -> None:
                for k in reversed(range(n)):
                    made[..., k, :] /= a[..., k, k, None]
                    made[..., :k, :] -= a[..., :k, k, None] * made[..., k, None, :]

            guard.run(substituted)
        else:
            made = guard.run(xp.linalg.solve, a, b)
        out[...] = made if upper else made[..., ::-1, :]

    @table("square_system", WIDE)
    def square_system(outs: Outs, a: Native, b: Native) -> None:
        def one(outs: Outs, inputs: Outs) -> None:
            try:
                outs[0][...], outs[1][...] = guard.run(xp.linalg.solve, *inputs), 0
            except xp.linalg.LinAlgError:
                m = inputs[0].shape[-1]
                parts = [xp.empty((m, m), a.dtype), xp.empty(m, xp.int32), xp.empty((), xp.int32)]
                eliminated(parts, inputs[:1])
                outs[0][...], outs[1][...] = xp.nan, parts[2]

        _each(outs, [a, b], 2, one)

    def converged(name: str, what: str, function: Callable[..., Outs], *args: object) -> Outs:
        try:
            return function(*args)
        except xp.linalg.LinAlgError:
            raise LinAlgError(
                f"linalg.{name}: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated {what}."
            ) from None

    @table("qr_of", WIDE)
    def qr_of(outs: Outs, input: Native, mode: str) -> None:
        if mode == "r":
            outs[1][...] = xp.linalg.qr(input, mode="r")
            return
        outs[0][...], outs[1][...] = xp.linalg.qr(input, mode=mode)

    @table("reflectors_of", WIDE)
    def reflectors_of(outs: Outs, input: Native) -> None:
        def one(outs: Outs, inputs: Outs) -> None:
            h, tau = xp.linalg.qr(inputs[0], mode="raw")
            outs[0][...], outs[1][...] = h.T, tau

        _each(outs, [input], 2, one)

    @table("eigh_of", WIDE)
    def eigh_of(outs: Outs, input: Native, upper: bool) -> None:
        outs[0][...], outs[1][...] = converged("eigh", "eigenvalues", xp.linalg.eigh, input, "U" if upper else "L")

    @table("svd_of", WIDE)
    def svd_of(outs: Outs, input: Native, full: bool) -> None:
        outs[0][...], outs[1][...], outs[2][...] = converged("svd", "singular values", xp.linalg.svd, input, full)
