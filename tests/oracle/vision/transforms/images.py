"""The same images for either library, and how what comes of them is compared.

Bytes agree exactly but for `FEW` of the pixels, which may be 1 off where a float is rounded, and wider integers but for a few more; floats agree to `NEAR`.
Images of Pillow's agree in every byte.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import PIL.Image
import torch

import corelib
from corelib.vision import transforms as ours_v1, tv_tensors as our_tv
from corelib.vision.transforms import functional as our_F1, v2 as ours_v2

from ..beside import torchvision, v2
from ...harness import COUNTS, quiet

WHOLE = os.environ.get("CORELIB_VISION") == "whole"
"""Whether more seeds and images are tried than a change needs."""
NEAR, FEW = 2e-5, 1e-2
COMPARED, VALUES, OFF = "outcomes of transforms compared", "values of integers in them", "of which are 1 off, or a few"


class Library:
    """What a case needs of one of the two."""

    def __init__(self, T: Any, v1: Any, F1: Any, v2: Any, tv: Any) -> None:
        self.T, self.v1, self.F1, self.v2, self.F2, self.tv = T, v1, F1, v2, v2.functional, tv


OURS = Library(corelib, ours_v1, our_F1, ours_v2, our_tv)
THEIRS = Library(torch, torchvision.transforms, torchvision.transforms.functional, v2, torchvision.tv_tensors)


def pixels(shape: tuple[int, ...], dtype: str, seed: int) -> np.ndarray[Any, Any]:
    """Random values between black and white, half of them smooth, so that there are edges and plains."""
    rng = np.random.default_rng(seed)
    noise = rng.random(shape)
    smooth = np.broadcast_to(np.linspace(0, 1, shape[-1]) * np.linspace(0.2, 1, shape[-2])[:, None], shape)
    made = np.where(rng.random(shape[-2:]) < 0.5, noise, smooth)
    if dtype == "bool":
        return made > 0.5
    if np.issubdtype(np.dtype(dtype), np.floating):
        return made.astype(dtype)
    return (made * min(np.iinfo(dtype).max, 2**31 - 1)).astype(dtype)


def picture(mode: str, size: tuple[int, int], seed: int) -> Any:
    """An image of Pillow's, of (width, height)."""
    shape = (size[1], size[0])
    channels = {"RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 4, "YCbCr": 3}.get(mode)
    if channels:
        return PIL.Image.frombytes(mode, size, np.ascontiguousarray(pixels((channels, *shape), "uint8", seed).transpose(1, 2, 0)).tobytes())
    if mode == "F":
        return PIL.Image.fromarray(pixels(shape, "float32", seed) * 255)
    if mode in ("I", "I;16"):
        return PIL.Image.fromarray((pixels(shape, "float64", seed) * 30000).astype("int32" if mode == "I" else "uint16"))
    gray = PIL.Image.fromarray(pixels(shape, "uint8", seed))
    if mode == "P":
        gray.putpalette([x * 7 % 256 for x in range(768)])
        return gray
    return gray if mode == "L" else gray.convert(mode)


def given(library: Library, value: Any) -> Any:
    """Arrays as tensors of a library."""
    if isinstance(value, np.ndarray):
        return library.T.from_numpy(value.copy())
    return value.copy() if isinstance(value, PIL.Image.Image) else value


def compare(ours: Any, theirs: Any, what: str, near: float = NEAR, few: float = FEW, odd: float = 0.0) -> None:
    """Two outcomes of one kind, and in them the same numbers, but for a part `odd` of them where a step on the way leaps."""
    if isinstance(theirs, torch.Tensor):
        assert type(ours).__name__ == type(theirs).__name__, what
        assert str(ours.dtype) == str(theirs.dtype), what
        assert tuple(ours.shape) == tuple(theirs.shape), what
        for name in ("format", "canvas_size", "clamping_mode"):
            if hasattr(theirs, name):
                assert str(getattr(ours, name)) == str(getattr(theirs, name)), f"{what}: {name}"
        a, b = ours.as_subclass(corelib.Tensor).numpy(force=True), theirs.as_subclass(torch.Tensor).numpy(force=True)
        COUNTS[COMPARED] += 1
        if np.issubdtype(a.dtype, np.floating):
            if not odd or (~np.isclose(a, b, rtol=near, atol=near, equal_nan=True)).sum() > max(odd * a.size, 2):
                np.testing.assert_allclose(a, b, rtol=near, atol=near, err_msg=what)
        else:
            off = np.abs(a.astype(np.float64) - b.astype(np.float64))
            if a.dtype.itemsize >= 4:  # which float32 holds but nearly
                off = np.maximum(off - np.abs(b.astype(np.float64)).max(initial=0) * near, 0)
            COUNTS[VALUES] += a.size
            COUNTS[OFF] += int((off > 0).sum())
            most = 1 if few <= FEW else 3  # after several steps, one of which may have been 1 off
            few = few if a.dtype.itemsize == 1 else max(4 * few, 0.02)  # float32 holds wider ones with fewer digits to spare
            assert (off > most).sum() <= odd * off.size, f"{what}: {int(off.max())} off, at {(off > most).sum()} of {off.size} pixels"
            assert (off > 0).sum() <= max(few * off.size, 1), f"{what}: {(off > 0).sum()} of {off.size} pixels are 1 off"
    elif isinstance(theirs, PIL.Image.Image):
        COUNTS[COMPARED] += 1
        assert isinstance(ours, PIL.Image.Image), what
        assert (ours.mode, ours.size) == (theirs.mode, theirs.size), what
        a, b = np.asarray(ours), np.asarray(theirs)
        off = a.astype(np.float64) - b.astype(np.float64)
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=near, atol=near * 255, err_msg=what)
        elif few:
            few = few if a.dtype.itemsize == 1 else max(4 * few, 0.02)
            if a.dtype.itemsize >= 4:
                off = np.sign(off) * np.maximum(np.abs(off) - np.abs(b.astype(np.float64)).max() * near, 0)
            assert np.abs(off).max(initial=0) <= (1 if few <= FEW else 3) and (off != 0).sum() <= max(few * off.size, 1), f"{what}: {(off != 0).sum()} of {off.size} bytes differ"
        else:
            assert (off == 0).all(), what
    elif isinstance(theirs, Mapping):
        assert list(ours) == list(theirs), what
        for key in theirs:
            compare(ours[key], theirs[key], f"{what}[{key!r}]", near, few, odd)
    elif isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs), what
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            compare(a, b, f"{what}[{i}]", near, few, odd)
    elif isinstance(theirs, float):
        COUNTS[COMPARED] += 1
        np.testing.assert_allclose(ours, theirs, rtol=near, atol=near, err_msg=what)
    else:
        COUNTS[COMPARED] += 1
        assert ours == theirs, what


def outcome(library: Library, call: Callable[[Library], Any], seed: int) -> Any:
    """What a call gives, or the error that it raises, from a seed on."""
    library.T.manual_seed(seed)
    random.seed(seed)
    with quiet():
        try:
            return call(library)
        except Exception as error:
            return error


def both(call: Callable[[Library], Any], what: str, seed: int = 0, near: float = NEAR, few: float = FEW, odd: float = 0.0) -> bool:
    """The call does in one library what it does in the other, errors included. Whether it raised none."""
    mine, other = outcome(OURS, call, seed), outcome(THEIRS, call, seed)
    if isinstance(other, Exception) or isinstance(mine, Exception):
        COUNTS[COMPARED] += 1
        assert type(mine) is type(other), f"{what}: {mine!r} where torchvision gives {other!r}"
        return False
    compare(mine, other, what, near, few, odd)
    return True
