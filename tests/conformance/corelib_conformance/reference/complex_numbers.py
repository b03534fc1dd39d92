"""Complex numbers: a value and a bound for each part. A kernel's bound is how far its results go when the parts of its operands move by
what they may be off by and by a rounding error, and a rounding error of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from corelib.backend import KernelTable, xp
from corelib.tensor import dtype as D
from corelib_conformance.reference.arithmetic import put, unit
from corelib_conformance.reference.cells import Pair

KERNELS: dict[str, Callable[..., Any]] = {}
_TRIALS, _SAFETY = 6, 16.0


def _values(x: Any) -> Any:
    """Operands as they are."""
    if isinstance(x, Pair):
        return x.value != 0 if x.dtype is D.bool else x.value
    return type(x)(_values(y) for y in x) if isinstance(x, (list, tuple)) else x


def _moved(x: Any, rng: Any, u: float) -> Any:
    """Operands with errors of random signs, both their own and roundings; integers and what is not finite stay."""
    if isinstance(x, (list, tuple)) and not isinstance(x, Pair):
        return type(x)(_moved(y, rng, u) for y in x)
    if isinstance(x, (float, complex)):
        return x * (1 + u * rng.uniform(-1, 1))
    if not isinstance(x, Pair) or x.value.dtype.kind not in "fc":
        return _values(x)

    def part(value: Any, error: Any) -> Any:
        reach = np.where(np.isfinite(error), error, 0.0) + u * np.abs(x.value)
        return value + np.where(np.isfinite(value), reach * rng.uniform(-1, 1, value.shape), 0.0)

    if x.value.dtype.kind == "f":
        return part(x.value, x.error)
    made = np.empty(x.shape, np.complex128)
    made.real, made.imag = part(x.value.real, x.error.real), part(x.value.imag, x.error.imag)
    return made


def _computed(kernel: Any, outs: list[Pair], args: Any) -> Any:
    made = [np.empty(o.shape, o.value.dtype) for o in outs]
    return NotImplemented if kernel(made if len(made) > 1 else made[0], *args) is NotImplemented else made


def _perturbed(name: str, kernel: Any) -> Any:
    def run(outs: Any, *args: Any) -> Any:
        targets = [outs] if isinstance(outs, Pair) else list(outs)
        with np.errstate(all="ignore"):
            values = _computed(kernel, targets, [_values(a) for a in args])
            if values is NotImplemented:
                return NotImplemented
            precise = [o.dtype for o in targets if o.dtype.is_complex or o.dtype.is_floating_point]
            u = max([unit(d.to_real()) for d in precise], default=0.0)
            apart = [np.zeros(o.shape, v.dtype if v.dtype.kind in "fc" else float) for o, v in zip(targets, values, strict=True)]
            rng = np.random.default_rng(23)
            for _ in range(_TRIALS):
                others = _computed(kernel, targets, [_moved(a, rng, u) for a in args])
                if name == "eig_of":
                    others = _in_order(values, others)
                for far, value, other in zip(apart, values, others, strict=True):
                    for a, v, o in _parts(far, value, other):
                        gap = np.abs(o.astype(np.float64) - v)
                        np.maximum(a, np.where(np.isnan(gap), 0.0, gap), out=a)
            for out, value, far in zip(targets, values, apart, strict=True):
                _store(out, value, far, u)
        return None

    return run


def _in_order(values: Any, others: Any) -> Any:
    """Eigenvalues and their vectors in the order of other eigenvalues, each next to the nearest."""
    at = np.abs(values[0][..., :, None] - others[0][..., None, :]).argmin(-1)
    return [np.take_along_axis(others[0], at, -1), np.take_along_axis(others[1], at[..., None, :], -1)]


def _parts(far: Any, value: Any, other: Any) -> Any:
    """The real parts and the imaginary parts, where there are any."""
    if value.dtype.kind != "c":
        return [(far, value, other)]
    return [(far.real, value.real, other.real), (far.imag, value.imag, other.imag)]


def _store(out: Pair, value: Any, far: Any, u: float) -> None:
    if value.dtype.kind == "c":
        size = u * np.abs(value)
        out.value[...] = value
        for error, apart in ((out.error.real, far.real), (out.error.imag, far.imag)):
            error[...] = np.where(np.isfinite(size), _SAFETY * (apart + size), np.inf)
    elif value.dtype.kind == "f":
        put(out, value, _SAFETY * (far + u * np.abs(value)))
    else:
        put(out, value, np.where(far > 0, np.inf, 0.0))


def _exact(name: str, kernel: Any) -> Any:
    """A kernel that only moves elements moves their bounds the same way."""

    def run(out: Pair, *args: Any) -> Any:
        for place in ("value", "error"):
            picked = [_picked(a, place) for a in args]
            if kernel(getattr(out, place), *picked) is NotImplemented:
                return NotImplemented
        return None

    return run


def _picked(x: Any, place: str) -> Any:
    if isinstance(x, Pair):
        if place == "error" and x.value.dtype.kind in "fc":
            return x.error if x.value.dtype.kind == "c" else x.error + 0j
        return _values(x)
    if isinstance(x, (list, tuple)):
        return type(x)(_picked(y, place) for y in x)
    return 0.0 if place == "error" and isinstance(x, (float, complex)) else x


_MOVES = frozenset("copy cat flip take_rows index_select gather index scatter_set".split())


def _declare() -> None:
    table = KernelTable()
    xp.register(table, np, xp.Plain)
    for name, kernels in table.table.items():
        if D.complex128 in kernels:
            KERNELS[name] = (_exact if name in _MOVES else _perturbed)(name, kernels[D.complex128])


_declare()
