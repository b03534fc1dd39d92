"""Factorizations of matrices: Cholesky, LU, LDL, QR, symmetric eigenvalues, singular values; and triangular systems.

`xp.linalg` has most of them from LAPACK or cuSOLVER. LU, which it has not, goes by panels whose updates are matrix products; LDL, which
it has neither, column by column.
"""

from __future__ import annotations

from collections.abc import Callable

from corelib.backend.xp.guard import Guard, Module, Outs
from corelib.contract.kernels import KernelTable, LinAlgError, Native
from corelib.tensor.dtype import COMPLEX, float32, float64

WIDE = (float32, float64, *COMPLEX)
_PANEL = 48
_GROWTH = (1 + 17**0.5) / 8
"""How much smaller a pivot may be than what it eliminates: what bounds growth in the way of Bunch and Kaufman."""


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


def _size(xp: Module, x: Native) -> Native:
    """LAPACK's measure of pivots: |real| + |imag| of complex numbers."""
    return xp.abs(x.real) + xp.abs(x.imag) if x.dtype.kind == "c" else xp.abs(x)


def _pivot(xp: Module, a: Native, k: int, hermitian: bool) -> tuple[int, int] | None:
    """Which row of the lower triangle of what is left from k on comes to its front, and whether alone or, as a block of 2, behind row k;
    None where column k is 0."""
    n = a.shape[-1]
    diagonal = xp.diagonal(a).real if hermitian else xp.diagonal(a)
    first, below = float(_size(xp, diagonal[k])), _size(xp, a[k + 1 :, k])
    largest = float(below.max()) if k + 1 < n else 0.0
    if max(first, largest) == 0 or first != first:
        return None
    if first >= _GROWTH * largest:
        return k, 1
    best = k + 1 + int(xp.argmax(below))
    in_row = float(_size(xp, a[best, k:best]).max())
    if best + 1 < n:
        in_row = max(in_row, float(_size(xp, a[best + 1 :, best]).max()))
    if first >= _GROWTH * largest * (largest / in_row):
        return k, 1
    return best, 1 if float(_size(xp, diagonal[best])) >= _GROWTH * in_row else 2


def _exchange(xp: Module, a: Native, k: int, here: int, there: int, hermitian: bool) -> None:
    """Swap rows and columns here < there of the Hermitian, or symmetric, matrix whose lower triangle this is, from column k on."""
    turned = xp.conjugate if hermitian else (lambda x: x)
    a[there + 1 :, [here, there]] = a[there + 1 :, [there, here]]
    between = a[here + 1 : there, here].copy()
    a[here + 1 : there, here] = turned(a[there, here + 1 : there])
    a[there, here + 1 : there] = turned(between)
    a[there, here] = turned(a[there, here])
    a[[here, there], [here, there]] = a[[there, here], [there, here]]
    if here > k:
        a[[here, there], k] = a[[there, here], k]


def _bunch_kaufman(xp: Module, a: Native, pivots: Native, hermitian: bool) -> int:
    """LAPACK's sytf2, or hetf2, of the lower triangle of a, in place; where the first zero pivot was, from 1, or 0."""
    n, k, info = a.shape[-1], 0, 0
    turned = xp.conjugate if hermitian else (lambda x: x)
    while k < n:
        found = _pivot(xp, a, k, hermitian)
        there, step = found or (k, 1)
        if there != k + step - 1:
            _exchange(xp, a, k, k + step - 1, there, hermitian)
        if hermitian:
            for i in {k, k + step - 1, there}:
                a[i, i] = a[i, i].real
        pivots[k : k + step] = there + 1 if step == 1 else -(there + 1)
        rest = a[k + step :, k : k + step].copy()
        if found is None:
            info = info or k + 1
        elif step == 1:
            pivot = a[k, k].real if hermitian else a[k, k]
            a[k + 1 :, k] = rest[:, 0] / pivot
        else:
            side = a[k + 1, k]
            unit = abs(side) if hermitian else side
            phase = side / unit
            after, before = a[k + 1, k + 1] / unit, a[k, k] / unit
            scale = 1 / (after * before - 1) / unit
            a[k + 2 :, k] = scale * (after * rest[:, 0] - phase * rest[:, 1])
            a[k + 2 :, k + 1] = scale * (before * rest[:, 1] - turned(phase) * rest[:, 0])
        if found is not None:
            a[k + step :, k + step :] -= xp.tril(rest @ turned(a[k + step :, k : k + step]).T)
        if hermitian:
            for i in range(k + step, n):
                a[i, i] = a[i, i].real
        k += step
    return info


def _ldl_solved(xp: Module, a: Native, pivots: list[int], b: Native, hermitian: bool) -> None:
    """LAPACK's sytrs, or hetrs, in place of b."""
    n, k = a.shape[-1], 0
    turned = xp.conjugate if hermitian else (lambda x: x)
    while k < n:
        step, there = (1, pivots[k] - 1) if pivots[k] > 0 else (2, -pivots[k] - 1)
        b[[k + step - 1, there]] = b[[there, k + step - 1]]
        b[k + step :] -= a[k + step :, k : k + step] @ b[k : k + step]
        if step == 1:
            b[k] /= a[k, k].real if hermitian else a[k, k]
        else:
            side = a[k + 1, k]
            before, after = a[k, k] / turned(side), a[k + 1, k + 1] / side
            one, two = b[k] / turned(side), b[k + 1] / side
            b[k], b[k + 1] = (after * one - two) / (before * after - 1), (before * two - one) / (before * after - 1)
        k += step
    k = n - 1
    while k >= 0:
        step, there = (1, pivots[k] - 1) if pivots[k] > 0 else (2, -pivots[k] - 1)
        b[k - step + 1 : k + 1] -= turned(a[k + 1 :, k - step + 1 : k + 1]).T @ b[k + 1 :]
        b[[k, there]] = b[[there, k]]
        k -= step


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """cholesky_of, lu_of, ldl_of, ldl_system, triangular_system, square_system, qr_of, reflectors_of, eigh_of, svd_of."""

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
            best = k + int(xp.argmax(_size(xp, column)))
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

    @table("ldl_of", WIDE)
    def ldl_of(outs: Outs, input: Native, hermitian: bool) -> None:
        def one(outs: Outs, inputs: Outs) -> None:
            outs[0][...] = xp.tril(inputs[0])
            outs[2][...] = guard.run(_bunch_kaufman, xp, outs[0], outs[1], hermitian and input.dtype.kind == "c")

        _each(outs, [input], 2, one)

    @table("ldl_system", WIDE)
    def ldl_system(out: Native, a: Native, pivots: Native, b: Native, hermitian: bool) -> None:
        def one(outs: Outs, inputs: Outs) -> None:
            n, order = inputs[0].shape[-1], [int(p) for p in inputs[1]]
            if any(not 1 <= abs(p) <= n for p in order):
                raise RuntimeError(f"linalg.ldl_solve: pivots must be rows of the {n} by {n} matrix, from 1, negative for blocks of 2, got {order}")
            outs[0][...] = inputs[2]
            guard.run(_ldl_solved, xp, inputs[0], order, outs[0], hermitian and a.dtype.kind == "c")

        _each([out], [a, pivots, b], 2, one)

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

        if xp.__name__ == "numpy":  # it solves one after the other by itself; on a device a batch is another algorithm
            try:
                outs[0][...], outs[1][...] = guard.run(xp.linalg.solve, a, b), 0
                return
            except xp.linalg.LinAlgError:
                pass  # one of them is singular
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
