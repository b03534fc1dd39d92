"""Reductions as the numbers and the flags that older programs give for them."""

from __future__ import annotations


from corelib.as_torch.warned import warn
from corelib.ops.losses.losses import legacy_reduction

__all__ = ["get_enum", "legacy_get_enum", "legacy_get_string"]

_NUMBERS = {"none": 0, "mean": 1, "sum": 2, "elementwise_mean": 1}


def get_enum(reduction: str) -> int:
    """0, 1 or 2 for "none", "mean" or "sum"; ValueError for anything else.

    >>> from corelib.nn import _reduction
    >>> _reduction.get_enum("sum")
    2
    """
    if reduction == "elementwise_mean":
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
    if reduction not in _NUMBERS:
        raise ValueError(f"{reduction} is not a valid value for reduction; accepted are 'none', 'mean' and 'sum'")
    return _NUMBERS[reduction]


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """The reduction that `size_average` and `reduce` mean, None standing for True, with a warning."""
    found = legacy_reduction(size_average, reduce)
    if emit_warning:
        warn(f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.")
    return found


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """The same as a number."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
