"""Images of another size, where one product with a matrix of mostly zeros is slow: a product for each band of outputs, with the inputs they need."""

from __future__ import annotations

from corelib.backend.signatures import Outcome
from corelib.backend.xp.guard import Guard, Module
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import float32, float64, uint8

_BAND = 32
_EXACT = 1 << 24  # float32 holds whole numbers up to here


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """resample_along, for backends whose temporaries may stay in cache."""
    if getattr(guard, "piece", None) is None:
        return

    @table("resample_along", (uint8, float32, float64))
    def resample_along(out: Native, input: Native, dim: int, first: Native, weights: Native, bits: int) -> Outcome:
        o, taps = weights.shape
        if dim < out.ndim - 2 or not out.size:
            return NotImplemented
        of_bytes, kind = input.dtype == xp.uint8, input.dtype
        if of_bytes:
            most = int(abs(weights).sum(1).max()) * 255
            kind = xp.dtype("float32" if most + (1 << bits) < _EXACT else "float64")
            weights = weights.astype(kind) / kind.type(1 << bits)
            beyond = weights.min() < 0 or most + (1 << bits >> 1) >= 256 << bits
        x, along = xp.ascontiguousarray(input, kind), dim == out.ndim - 1
        within, starts = xp.arange(taps), first.tolist()
        for begin in range(0, o, _BAND):
            end = min(begin + _BAND, o)
            low, high = min(starts[begin:end]), max(starts[begin:end]) + taps
            matrix = xp.zeros((end - begin, high - low), kind)
            matrix[xp.arange(end - begin)[:, None], first[begin:end, None] - low + within] = weights[begin:end]
            sums = x[..., low:high] @ matrix.T if along else matrix @ x[..., low:high, :]
            if of_bytes:
                sums += kind.type(0.5)  # and what is behind the point is cut off
                if beyond:
                    xp.clip(sums, 0, 255, out=sums)
            if along:
                out[..., begin:end] = sums
            else:
                out[..., begin:end, :] = sums
        return None
