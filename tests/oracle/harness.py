"""What the oracle tests stand on: samples declared once, run by PyTorch and by corelib, and compared.

The samples are those of the conformance suite, corelib_conformance.samples. Both libraries get tensors made from the same
numbers with the same strides and offset. With CORELIB_ORACLE_SELF=1 PyTorch is compared with itself, which shows that the
samples are well formed.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from corelib_conformance.samples.declare import (
    ALL as ALL,
    EPS as EPS,
    FLOATS as FLOATS,
    HALVES as HALVES,
    INTS as INTS,
    Inputs as Inputs,
    LAYOUTS as LAYOUTS,
    Named as Named,
    OPS as OPS,
    Op as Op,
    Sample as Sample,
    Spec as Spec,
    TINY as TINY,
    WIDE as WIDE,
    describe as describe,
    fill as fill,
    flatten as flatten,
    index as index,
    invoke as invoke,
    is_empty as is_empty,
    op as op,
    show as show,
    spec as spec,
    specs_of as specs_of,
)
from corelib_conformance.samples.listed import LISTED

if os.environ.get("CORELIB_ORACLE_SELF") == "1":
    subject: Any = torch
else:
    import corelib

    subject = corelib
torch.set_num_threads(1)

COUNTS: Counter[str] = Counter()
COMPARED, DIFFERENT = "samples of PyTorch's tables", "samples of PyTorch's tables that differ and are no exceptions"
MOST = 0.01  # how many samples of a tenth of PyTorch's tables may be of entries that corelib lacks; of the whole they are 0.2 %


def missing(op: Op) -> bool:
    """Whether corelib lacks an op that it need not have yet."""
    if op.name in LISTED:
        return False
    path = Named(op.path)
    pairs = ((torch, subject), (torch.Tensor, subject.Tensor))
    return any(hasattr(theirs, op.path.split(".")[0]) and not (path.stands_in(theirs) and path.stands_in(mine)) for theirs, mine in pairs)


def forms_of(op: Op, sample: Sample) -> tuple[str, ...]:
    """The ways PyTorch can be asked for this sample."""
    if sample.call is not None:
        return ("call",)
    found = ["function"] if Named(op.path).stands_in(torch) else []
    if sample.args and isinstance(sample.args[0], Spec):
        if hasattr(torch.Tensor, op.name):
            found.append("method")
        if hasattr(torch.Tensor, op.name + "_") and sample.inplace:
            found.append("inplace")
    if "function" in found and sample.out and takes_out(op):
        found.append("out")
    return tuple(f for f in found if f in op.forms)


_TAKES_OUT: dict[str, bool] = {}


def takes_out(op: Op) -> bool:
    known = _TAKES_OUT.get(op.path)
    if known is None:
        doc = Named(op.path).of(torch).__doc__ or ""
        known = _TAKES_OUT[op.path] = "out=" in doc.split("\n\n")[0] or "out (Tensor" in doc or "out (tuple" in doc
    return known


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """For what warns as PyTorch warns, where that is not what is compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def attempt(function: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """The result and the exception, one of them None. Warnings are not what is compared here."""
    with quiet():
        try:
            return function(), None
        except Exception as error:
            return None, error


def is_tensor(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, subject.Tensor))


def to_numpy(tensor: Any, T: Any) -> np.ndarray[Any, Any]:
    tensor = tensor.detach()
    if name_of(tensor.dtype) == "bfloat16":
        tensor = tensor.to(T.float32)
    return np.asarray(tensor.numpy(force=True))


def name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def finite_max(arrays: list[np.ndarray[Any, Any]]) -> float:
    """The largest finite magnitude, for scaled tolerances."""
    largest = 0.0
    for array in arrays:
        if array.dtype.kind == "f" and array.size:
            magnitudes = np.abs(array[np.isfinite(array)].astype(np.float64))
            largest = max(largest, float(magnitudes.max(initial=0.0)))
    return largest


def root_of_size(inputs: Inputs) -> float:
    """How much the errors of a sum over the largest operand may add up to."""
    return max((float(n.size) for n in inputs.numbers), default=1.0) ** 0.5


def dtypes_of(result: Any) -> list[str]:
    return [name_of(leaf.dtype) for leaf in flatten(result) if is_tensor(leaf)]


def tolerance(op: Op, sample: Sample, want: Any, inputs: Inputs, dtype: str = "") -> tuple[float, float]:
    """The distance allowed from PyTorch's result, in units of the last place, and the number that they are also counted at.

    `dtype` is the one that the op computes in, where that is not its result's.
    """
    ulps = op.tolerance(dtype or next(iter(dtypes_of(want)), "float64"), sample)
    if not op.scaled:
        return ulps, 0.0
    outputs = [to_numpy(w, torch) for w in flatten(want) if is_tensor(w)]
    return ulps * root_of_size(inputs), finite_max([*inputs.numbers, *outputs])


def value_difference(
    got: np.ndarray[Any, Any], want: np.ndarray[Any, Any], dtype: str, ulps: float, scale: float
) -> str:
    """What is different, or nothing."""
    if got.dtype.kind != "f" or ulps == 0:
        if np.array_equal(got, want, equal_nan=got.dtype.kind == "f"):
            return ""
        bad = ~((got == want) | ((got != got) & (want != want)))
    else:
        g, w = got.astype(np.float64), want.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            bound = ulps * (EPS[dtype] * (np.abs(w) + scale) + TINY[dtype])
            bad = ~((g == w) | (np.abs(g - w) <= bound) & np.isfinite(w) | (np.isnan(g) & np.isnan(w)))
        if not bad.any():
            return ""
    at = tuple(int(i) for i in np.argwhere(bad)[0]) if got.ndim else ()
    return (
        f"{int(bad.sum())} of {got.size} values differ, first at {list(at)}: got {got[at]!r}, PyTorch has {want[at]!r}"
    )


def differences(
    got: Any, want: Any, *, ulps: float, scale: float, strides: str = "", values: bool = True, unit: str = ""
) -> list[str]:
    """How corelib's result differs from PyTorch's: type, dtype, shape, strides, values.

    `unit` is the dtype whose last place the tolerance counts, where it is not the result's.
    """
    if not is_tensor(want):
        if isinstance(want, (list, tuple)) and not isinstance(want, torch.Size):
            if not isinstance(got, (list, tuple)) or len(got) != len(want):
                return [f"got {type(got).__name__} {got!r}, PyTorch has {type(want).__name__} of {len(want)}"]
            named = [
                f"fields {f}" for f in [getattr(want, "_fields", None)] if f and getattr(got, "_fields", None) != f
            ]
            pairs = zip(got, want, strict=True)
            return named + [
                f"output {i}: {d}"
                for i, (g, w) in enumerate(pairs)
                for d in differences(g, w, ulps=ulps, scale=scale, strides=strides, values=values, unit=unit)
            ]
        if isinstance(want, (torch.dtype, torch.device, torch.layout, torch.memory_format)):
            return [] if str(got) == str(want) else [f"got {got}, PyTorch has {want}"]
        if isinstance(want, torch.Size):
            return [] if tuple(got) == tuple(want) else [f"got {got}, PyTorch has {want}"]
        if isinstance(want, float) and isinstance(got, float):
            near = abs(got - want) <= ulps * EPS["float64"] * (abs(want) + scale) or got == want or got != got != want
            return [] if near or (want != want and got != got) else [f"got {got!r}, PyTorch has {want!r}"]
        return [] if type(got) is type(want) and got == want else [f"got {got!r}, PyTorch has {want!r}"]
    if not is_tensor(got):
        return [f"got {type(got).__name__} {got!r}, PyTorch has a tensor"]
    found = []
    if str(got.dtype) != str(want.dtype):
        found.append(f"dtype {got.dtype}, PyTorch has {want.dtype}")
    if tuple(got.shape) != tuple(want.shape):
        return [*found, f"shape {tuple(got.shape)}, PyTorch has {tuple(want.shape)}"]
    if strides == "exact":
        mine = (tuple(got.stride()), got.storage_offset())
        theirs = (tuple(want.stride()), want.storage_offset())
        if mine != theirs:
            found.append(f"stride and offset {mine}, PyTorch has {theirs}")
    elif strides == "dense" and want.numel() > 1:
        picked = [tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1) for t in (got, want)]
        if picked[0] != picked[1]:
            found.append(f"strides {tuple(got.stride())}, PyTorch has {tuple(want.stride())}")
    if found or not values:
        return found
    arrays = to_numpy(got, subject), to_numpy(want, torch)
    text = value_difference(*arrays, unit or name_of(want.dtype), ulps, scale)
    return [text] if text else []


def error_difference(got: Exception | None, want: Exception | None, result: Any) -> str:
    """How the exceptions differ; both may be None."""
    if type(got).__name__.lstrip("_") == type(want).__name__.lstrip("_"):  # LinAlgError, which is _LinAlgError in PyTorch
        return ""
    if {type(got), type(want)} == {NotImplementedError, RuntimeError}:
        # Such as a bool that has no kernel and a shape that does not fit: both are wrong, either may be said.
        return ""
    if want is None:
        return f"raised {type(got).__name__}: {str(got)[:300]}"
    if got is None:
        kind = str([name_of(r.dtype) if is_tensor(r) else r for r in flatten(result)])[:80]
        return f"computed {kind}, PyTorch raises {type(want).__name__}: {str(want)[:120]}"
    return f"raised {type(got).__name__}: {str(got)[:200]}; PyTorch raises {type(want).__name__}: {str(want)[:120]}"


def overlaps_itself(form: str, inputs: Inputs, error: Exception | None) -> bool:
    """Whether an op in place is refused because its operand has elements that share memory.

    PyTorch forgets this check in a few ops, and writes the same element several times.
    """
    return form == "inplace" and inputs.specs[0].layout == "expanded" and "memory location" in str(error)


def samples_of(op: Op, dtype: str) -> Iterator[tuple[int, Sample]]:
    """The op's samples for a dtype, each with its number."""
    return ((number, s) for number, s in enumerate(op.samples) if s.dtypes is None or dtype in s.dtypes)


class Problems(list[str]):
    """What differs in an op's samples, each difference with the call that shows it."""

    def add(self, op: Op, number: int, form: str, dtype: str, found: list[str]) -> None:
        self += [f"#{number} {describe(op, op.samples[number], form, dtype)}\n    {text}" for text in found]

    def check(self) -> None:
        assert not self, f"{len(self)} differences\n" + "\n".join(self[:12])
