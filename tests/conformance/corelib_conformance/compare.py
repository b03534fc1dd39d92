"""A device's result against the reference's value and bound, element by element."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from corelib_conformance.reference import value_and_bound
from corelib_conformance.result import Failure
from corelib_conformance.tolerances import SMALLEST_NORMAL


class Verdict(NamedTuple):
    """`over`: the largest error over its bound, 0 where everything is exact; `message` is empty where the result is right."""

    over: float
    message: str


def is_tensor(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "stride")


def compare(got: Any, want: Any, tier: str = "ieee", signs: bool = False) -> Verdict:
    """Results of any kind: tensors within their bounds, of the same dtype and shape; everything else equal.

    `signs`: whether the sign of a zero counts.
    """
    if not is_tensor(want):
        if isinstance(want, list | tuple) and not hasattr(want, "numel"):
            if not isinstance(got, list | tuple) or len(got) != len(want):
                return Verdict(np.inf, f"got {got!r:.80}, expected {len(want)} results")
            each = [compare(g, w, tier, signs) for g, w in zip(got, want, strict=True)]
            wrong = [f"result {i}: {v.message}" for i, v in enumerate(each) if v.message]
            return Verdict(max([v.over for v in each], default=0.0), "; ".join(wrong))
        if isinstance(want, float) and isinstance(got, float):
            near = got == want or (got != got and want != want) or abs(got - want) <= 1e-6 * abs(want)
            return Verdict(0.0, "") if near else Verdict(np.inf, f"got {got!r}, expected {want!r}")
        # a device's name is its own
        same = str(got).split(":")[0] != "reference" if str(want).split(":")[0] == "reference" else got == want
        return Verdict(0.0, "") if same else Verdict(np.inf, f"got {got!r:.80}, expected {want!r:.80}")
    if not is_tensor(got):
        return Verdict(np.inf, f"got {type(got).__name__} {got!r:.80}, expected a tensor")
    if got.dtype is not want.dtype:
        return Verdict(np.inf, f"got {got.dtype}, expected {want.dtype}")
    if tuple(got.shape) != tuple(want.shape):
        return Verdict(np.inf, f"got shape {list(got.shape)}, expected {list(want.shape)}")
    return elements(np.asarray(host(got)), *value_and_bound(want), got.dtype, tier, signs)


def error_over_bound(got: Any, want: Any, tier: str, what: str, signs: bool = False) -> float:
    """The largest error over its bound; Failure, in which `what` is the call, where the results are not those wanted."""
    verdict = compare(got, want, tier, signs)
    if verdict.message:
        raise Failure(f"{what}: {verdict.message}", verdict.over)
    return verdict.over


def host(t: Any) -> Any:
    """A tensor's elements as NumPy numbers that hold them exactly."""
    array = t.detach().cpu().numpy()
    with np.errstate(invalid="ignore"):  # of NaNs that signal
        return array.astype(np.float64) if array.dtype.kind not in "iub" else array


def elements(got: Any, value: Any, bound: Any, dtype: Any, tier: str, signs: bool) -> Verdict:
    """The worst element, and what is wrong with it."""
    if not got.size:
        return Verdict(0.0, "")
    with np.errstate(all="ignore"):
        if not dtype.is_floating_point:
            off = (got.astype(np.int64) != value).astype(np.float64)
            if dtype.name != "bool":
                off = np.where(off > 0, np.abs(got.astype(np.float64) - value.astype(np.float64)), 0.0)
            ratio = np.where(off == 0, 0.0, np.where(bound > 0, off / bound, np.inf))
        else:
            if tier == "ftz":
                bound = bound + SMALLEST_NORMAL[dtype.name]
            same = (got == value) | (np.isnan(got) & np.isnan(value))
            if signs:
                same &= (got != 0) | (np.signbit(got) == np.signbit(value)) | (bound > 0)
            off = np.abs(got - value)
            ratio = np.where(same, 0.0, np.where(np.isinf(bound), 0.0, np.where(bound > 0, off / bound, np.inf)))
            ratio = np.where(np.isnan(ratio), np.inf, ratio)
            ratio = np.where(~same & ~np.isinf(bound) & (np.isfinite(got) != np.isfinite(value)), np.inf, ratio)
    over = float(ratio.max())
    if over <= 1.0:
        if got.size >= 8 and np.isinf(bound).mean() > 0.5:
            return Verdict(np.inf, f"nothing can be said of {int(np.isinf(bound).sum())} of {got.size} elements: the sample asks for too much")
        return Verdict(over, "")
    at = np.unravel_index(int(ratio.argmax()), got.shape)
    count = int((ratio > 1).sum())
    place = list(map(int, at))
    return Verdict(
        over,
        f"{count} of {got.size} elements of {dtype} are off, the worst at {place}: got {got[at]!s}, expected {value[at]!s} "
        f"within {bound[at]:.3g} ({over:.3g} times that)",
    )
