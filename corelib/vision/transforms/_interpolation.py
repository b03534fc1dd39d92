"""How pixels between pixels are found: the modes, and what they are called by strings and by Pillow's integers."""

from __future__ import annotations

from enum import Enum
from typing import Any


class InterpolationMode(Enum):
    """How an image is read between its pixels; "box", "hamming" and, for tensors of the first transforms, "lanczos" are Pillow's alone.

    >>> from corelib.vision.transforms import InterpolationMode
    >>> InterpolationMode("bilinear")
    <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


pil_modes_mapping = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.NEAREST_EXACT: 0,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.LANCZOS: 1,
}
"""Pillow's integer for each mode."""
_BY_INTEGER = {number: mode for mode, number in pil_modes_mapping.items() if mode is not InterpolationMode.NEAREST_EXACT}
_BY_STRING = {mode.value: mode for mode in InterpolationMode}


def _interpolation_modes_from_int(i: int) -> InterpolationMode:
    """The mode that Pillow's integer means."""
    return _BY_INTEGER[i]


def mode_of(interpolation: Any) -> InterpolationMode:
    """The mode that the first transforms are given: an InterpolationMode, or Pillow's integer. TypeError for anything else."""
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if isinstance(interpolation, int):
        return _BY_INTEGER[interpolation]
    raise TypeError(f"interpolation: expected an InterpolationMode or one of Pillow's integers, but got {interpolation!r}")


def mode_or_integer(interpolation: Any) -> Any:
    """A mode in place of Pillow's integer; anything else as it is, for whoever calls to say what is wrong."""
    return _BY_INTEGER[interpolation] if isinstance(interpolation, int) else interpolation


def _check_interpolation(interpolation: Any) -> InterpolationMode:
    """The mode that the second transforms are given, which may be a string too. ValueError for anything else."""
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if isinstance(interpolation, str):
        if interpolation not in _BY_STRING:
            raise ValueError(f"interpolation: {interpolation!r} is no mode; accepted strings are {list(_BY_STRING)}")
        return _BY_STRING[interpolation]
    if isinstance(interpolation, int):
        return _BY_INTEGER[interpolation]
    raise ValueError(f"interpolation: expected an InterpolationMode, its string, or one of Pillow's integers, but got {interpolation!r}")
