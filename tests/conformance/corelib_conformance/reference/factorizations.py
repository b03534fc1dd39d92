"""Factorizations of matrices. A sound algorithm gives the exact factors of a matrix next to the one it was given, so the bound is how
far the factors go when the elements move by what a rounding error of the whole matrix, and the operands' own errors, allow."""

from __future__ import annotations

from typing import Any

import numpy as np

from corelib.backend import KernelTable
from corelib.backend.xp import Plain, linalg
from corelib.tensor import dtype as D
from corelib_conformance.reference.arithmetic import kernel, put, unit
from corelib_conformance.reference.cells import Pair

_TRIALS, _SAFETY = 6, 16.0


_TABLE = KernelTable()
linalg.register(_TABLE, np, Plain)


def _computed(name: str, outs: list[Pair], args: Any) -> list[Any]:
    made = [np.empty(o.shape, o.value.dtype) for o in outs]
    _TABLE.table[name][D.float64](made if len(made) > 1 else made[0], *args)
    return made


def _moved(rng: Any, x: Any) -> Any:
    """An operand with errors of random signs."""
    if not isinstance(x, Pair) or not x.value.size or not x.dtype.is_floating_point:
        return x.value if isinstance(x, Pair) else x
    size = np.abs(x.value).max(tuple(range(-min(2, x.value.ndim), 0)), keepdims=True)
    reach = np.where(np.isfinite(x.error), x.error, 0.0) + 2 * unit(x.dtype) * np.sqrt(x.value.shape[-1]) * size
    return x.value + rng.uniform(-1, 1, x.value.shape) * reach


def _factorization(name: str) -> None:
    @kernel(name, (D.float32, D.float64))
    def run(outs: Any, *args: Any) -> None:
        targets = [outs] if isinstance(outs, Pair) else list(outs)
        pairs = [a for a in args if isinstance(a, Pair)]
        # What is not finite is handed on as it is, but no library promises where it turns up.
        wild = any(not np.isfinite(a.value).all() or not np.isfinite(a.error).all() for a in pairs)
        plain = [np.nan_to_num(a.value) if isinstance(a, Pair) else a for a in args]
        values = _computed(name, targets, plain)
        apart = [np.zeros(o.shape) for o in targets]
        rng = np.random.default_rng(17)
        for _ in range(_TRIALS):
            try:
                others = _computed(name, targets, [_moved(rng, a) for a in args])
            except np.linalg.LinAlgError:
                wild = True
                break
            for far, value, other in zip(apart, values, others, strict=True):
                gap = np.abs(other.astype(np.float64) - value)
                np.maximum(far, np.where(np.isnan(gap), 0.0, gap), out=far)
        for out, value, far in zip(targets, values, apart, strict=True):
            if out.dtype.is_floating_point:
                size = np.abs(value[np.isfinite(value)]).max(initial=0.0)
                put(out, value, np.inf if wild else _SAFETY * (far + unit(out.dtype) * size))
            else:
                put(out, value, np.where((far > 0) | wild, np.inf, 0.0))


for _name in _TABLE.table:
    _factorization(_name)
