"""Times, shares and sizes as PyTorch's tables show them."""

from __future__ import annotations

import math


def format_time(time_us: float, unit: str | None = None) -> str:
    """Microseconds in a unit, "s", "ms" or "us"; in the largest that leaves a number from 1 up, for None.

    >>> format_time(1500), format_time(1500, "us")
    ('1.500ms', '1500.000us')
    """
    if unit is None or unit not in ("s", "ms", "us"):
        unit = "s" if time_us >= 1e6 else "ms" if time_us >= 1e3 else "us"
    return f"{time_us / {'s': 1e6, 'ms': 1e3, 'us': 1.0}[unit]:.3f}{unit}"


def format_share(time_us: float, total_us: float) -> str:
    """A share in percent; "NaN" of nothing."""
    if total_us == 0:
        if time_us != 0:
            raise AssertionError(f"Expected time_us == 0 but got {time_us}")
        return "NaN"
    return f"{time_us * 100.0 / total_us:.2f}%"


def format_memory(nbytes: int) -> str:
    """A size in the largest unit that leaves a number from 1 up.

    >>> format_memory(2048), format_memory(-3)
    ('2.00 KB', '-3 B')
    """
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(nbytes) >= size:
            return f"{nbytes * 1.0 / size:.2f} {unit}"
    return f"{nbytes} B"


def flops_scale(flops: int) -> tuple[float, str]:
    """What to multiply counts of operations with, and the unit that this gives, so that this count is from 1 up."""
    units = ("FLOPs", "KFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs")
    if flops <= 0:
        raise AssertionError(f"Expected flops to be positive, but got {flops}")
    log = max(0, min(math.log10(flops) / 3, float(len(units) - 1)))
    return pow(10, math.floor(log) * -3.0), units[int(log)]
