"""Whether two results are one: type, dtype, shape and values, within what PyTorch's own tests allow."""

from __future__ import annotations

import numbers
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch.testing._comparison import default_tolerances
from torch.testing._internal.common_device_type import toleranceOverride
from torch.testing._internal.opinfo.core import DecorateInfo, OpInfo

from ..harness import name_of, subject

Tolerance = tuple[float, float]


def tolerance(info: OpInfo | None, dtype: torch.dtype) -> Tolerance:
    """rtol and atol: those of assert_close, or the widest that the entry asks for in any of PyTorch's tests."""
    rtol, atol = default_tolerances(dtype) if dtype.is_floating_point or dtype.is_complex else (0.0, 0.0)
    for decorator in info.decorators if info else ():
        inner = decorator.decorators if isinstance(decorator, DecorateInfo) else [decorator]
        for override in inner:
            if isinstance(override, toleranceOverride) and dtype in override.d:
                rtol, atol = max(rtol, override.d[dtype].rtol), max(atol, override.d[dtype].atol)
    return rtol, atol


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """The elements, in float64 or complex128 where they are fractions."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    if isinstance(tensor, torch.Tensor):
        if tensor.dtype is torch.bfloat16:
            array = tensor.contiguous().view(torch.int16).numpy(force=True).view(ml_dtypes.bfloat16)
        else:
            array = tensor.numpy(force=True)
    else:
        array = tensor.to(subject.float32).numpy() if name_of(tensor.dtype) == "bfloat16" else tensor.numpy()
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    return array if array.dtype.kind in "biu" else array.astype(np.float64)


def apart(got: np.ndarray[Any, Any], want: np.ndarray[Any, Any], rtol: float, atol: float, eps: float) -> np.ndarray[Any, Any]:
    """Which elements differ. Errors of a sum grow with the largest numbers in it, so these count too, by their rounding."""
    if want.dtype.kind in "biu":
        return np.asarray(got != want)
    with np.errstate(all="ignore"):
        magnitudes = np.abs(want)
        largest = magnitudes[np.isfinite(magnitudes)].max(initial=0.0)
        near = np.abs(got - want) <= atol + 8 * eps * largest + rtol * magnitudes
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        if want.dtype.kind == "c":
            parts = [(got.real, want.real), (got.imag, want.imag)]
            same |= np.logical_and.reduce([(g == w) | (np.isnan(g) & np.isnan(w)) | (np.abs(g - w) <= atol + rtol * np.abs(w)) for g, w in parts])
        return np.asarray(~(same | (near & np.isfinite(magnitudes))))


def compare(
    got: Any, want: Any, info: OpInfo | None, *, values: bool = True, strides: bool = False, where: str = "", loose: float = 1.0
) -> str:
    """What is different first, or nothing. `loose` widens the tolerance for what many steps of rounding have led to."""
    if isinstance(want, torch.Tensor):
        if not isinstance(got, subject.Tensor):
            return f"{where}got {type(got).__name__} {got!r:.60}, PyTorch has a tensor"
        if name_of(got.dtype) != name_of(want.dtype):
            return f"{where}dtype {got.dtype}, PyTorch has {want.dtype}"
        if tuple(got.shape) != tuple(want.shape):
            return f"{where}shape {tuple(got.shape)}, PyTorch has {tuple(want.shape)}"
        if want.is_quantized or want.layout is not torch.strided:
            return ""
        if strides and want.numel() > 1:
            mine, theirs = ([s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] for t in (got, want))
            if mine != theirs:
                return f"{where}strides {tuple(got.stride())}, PyTorch has {tuple(want.stride())}"
        if not values or want.device.type == "meta" or not want.numel():
            return ""
        mine_, theirs_ = array_of(got), array_of(want)
        rtol, atol = tolerance(info, want.dtype)
        eps = torch.finfo(want.dtype).eps if want.dtype.is_floating_point or want.dtype.is_complex else 0.0
        bad = apart(mine_, theirs_, rtol * loose, atol * loose, eps * loose)
        if not bad.any():
            return ""
        at = tuple(int(i) for i in np.argwhere(bad)[0]) if bad.ndim else ()
        return f"{where}{int(bad.sum())} of {bad.size} values differ, first at {list(at)}: got {mine_[at]!r}, PyTorch has {theirs_[at]!r}"
    if isinstance(want, torch.Size):
        return "" if tuple(got) == tuple(want) else f"{where}got {got!r:.60}, PyTorch has {want!r:.60}"
    if isinstance(want, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(got) != len(want):
            return f"{where}got {type(got).__name__} {got!r:.60}, PyTorch has {type(want).__name__} of {len(want)}"
        found = (
            compare(g, w, info, values=values, strides=strides, where=f"{where}[{i}] ", loose=loose)
            for i, (g, w) in enumerate(zip(got, want, strict=True))
        )
        return next(filter(None, found), "")
    if isinstance(want, numbers.Number):
        if type(got) is not type(want):
            return f"{where}got {type(got).__name__} {got!r:.60}, PyTorch has {type(want).__name__}"
        if isinstance(want, (float, complex)):
            return "" if not apart(np.asarray(got), np.asarray(want), 1e-5 * loose, 1e-5 * loose, 0.0).any() else f"{where}got {got!r}, PyTorch has {want!r}"
        return "" if got == want else f"{where}got {got!r}, PyTorch has {want!r}"
    if isinstance(want, (torch.dtype, torch.device, torch.layout)):
        return "" if str(got) == str(want) else f"{where}got {got}, PyTorch has {want}"
    return "" if (want is None) == (got is None) else f"{where}got {got!r:.60}, PyTorch has {want!r:.60}"
