"""The tables of automatic augmentation: what each operation does, how strongly, and which pairs the learned policies try."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import atan, degrees
from typing import Any

from corelib.ops.construction.construct import tensor
from corelib.ops.construction.creation import arange, linspace
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


class AutoAugmentPolicy(Enum):
    """The data sets that AutoAugment's policies were learned on."""

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


Step = tuple[str, float, int | None]

_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize 0.4 8  Rotate 0.6 9; Solarize 0.6 5  AutoContrast 0.6 -;
        Equalize 0.8 -  Equalize 0.6 -; Posterize 0.6 7  Posterize 0.6 6;
        Equalize 0.4 -  Solarize 0.2 4; Equalize 0.4 -  Rotate 0.8 8;
        Solarize 0.6 3  Equalize 0.6 -; Posterize 0.8 5  Equalize 1 -;
        Rotate 0.2 3  Solarize 0.6 8; Equalize 0.6 -  Posterize 0.4 6;
        Rotate 0.8 8  Color 0.4 0; Rotate 0.4 9  Equalize 0.6 -;
        Equalize 0 -  Equalize 0.8 -; Invert 0.6 -  Equalize 1 -;
        Color 0.6 4  Contrast 1 8; Rotate 0.8 8  Color 1 2;
        Color 0.8 8  Solarize 0.8 7; Sharpness 0.4 7  Invert 0.6 -;
        ShearX 0.6 5  Equalize 1 -; Color 0.4 0  Equalize 0.6 -;
        Equalize 0.4 -  Solarize 0.2 4; Solarize 0.6 5  AutoContrast 0.6 -;
        Invert 0.6 -  Equalize 1 -; Color 0.6 4  Contrast 1 8;
        Equalize 0.8 -  Equalize 0.6 -
    """,
    AutoAugmentPolicy.CIFAR10: """
        Invert 0.1 -  Contrast 0.2 6; Rotate 0.7 2  TranslateX 0.3 9;
        Sharpness 0.8 1  Sharpness 0.9 3; ShearY 0.5 8  TranslateY 0.7 9;
        AutoContrast 0.5 -  Equalize 0.9 -; ShearY 0.2 7  Posterize 0.3 7;
        Color 0.4 3  Brightness 0.6 7; Sharpness 0.3 9  Brightness 0.7 9;
        Equalize 0.6 -  Equalize 0.5 -; Contrast 0.6 7  Sharpness 0.6 5;
        Color 0.7 7  TranslateX 0.5 8; Equalize 0.3 -  AutoContrast 0.4 -;
        TranslateY 0.4 3  Sharpness 0.2 6; Brightness 0.9 6  Color 0.2 8;
        Solarize 0.5 2  Invert 0 -; Equalize 0.2 -  AutoContrast 0.6 -;
        Equalize 0.2 -  Equalize 0.6 -; Color 0.9 9  Equalize 0.6 -;
        AutoContrast 0.8 -  Solarize 0.2 8; Brightness 0.1 3  Color 0.7 0;
        Solarize 0.4 5  AutoContrast 0.9 -; TranslateY 0.9 9  TranslateY 0.7 9;
        AutoContrast 0.9 -  Solarize 0.8 3; Equalize 0.8 -  Invert 0.1 -;
        TranslateY 0.7 9  AutoContrast 0.9 -
    """,
    AutoAugmentPolicy.SVHN: """
        ShearX 0.9 4  Invert 0.2 -; ShearY 0.9 8  Invert 0.7 -;
        Equalize 0.6 -  Solarize 0.6 6; Invert 0.9 -  Equalize 0.6 -;
        Equalize 0.6 -  Rotate 0.9 3; ShearX 0.9 4  AutoContrast 0.8 -;
        ShearY 0.9 8  Invert 0.4 -; ShearY 0.9 5  Solarize 0.2 6;
        Invert 0.9 -  AutoContrast 0.8 -; Equalize 0.6 -  Rotate 0.9 3;
        ShearX 0.9 4  Solarize 0.3 3; ShearY 0.8 8  Invert 0.7 -;
        Equalize 0.9 -  TranslateY 0.6 6; Invert 0.9 -  Equalize 0.6 -;
        Contrast 0.3 3  Rotate 0.8 4; Invert 0.8 -  TranslateY 0 2;
        ShearY 0.7 6  Solarize 0.4 8; Invert 0.6 -  Rotate 0.8 4;
        ShearY 0.3 7  TranslateX 0.9 3; ShearX 0.1 6  Invert 0.6 -;
        Solarize 0.7 2  TranslateY 0.6 7; ShearY 0.8 4  Invert 0.8 -;
        ShearX 0.7 9  TranslateY 0.8 3; ShearY 0.8 5  AutoContrast 0.7 -;
        ShearX 0.7 2  Invert 0.1 -
    """,
}
"""Pairs of operation, probability and number of the magnitude (Cubuk et al., 2019)."""


def policies_of(policy: AutoAugmentPolicy) -> list[tuple[Step, Step]]:
    """The 25 pairs of a policy. ValueError for one that is not known."""
    if policy not in _POLICIES:
        raise ValueError(f"policy: {policy} is not known; accepted are {list(AutoAugmentPolicy)}")
    found = []
    for pair in _POLICIES[policy].split(";"):
        words = pair.split()
        a, b = [(words[i], float(words[i + 1]), None if words[i + 2] == "-" else int(words[i + 2])) for i in (0, 3)]
        found.append((a, b))
    return found


@dataclass(frozen=True)
class Reach:
    """How far the operations go at their strongest."""

    shear: float = 0.3
    shift: Callable[[int], float] = lambda side: 150.0 / 331.0 * side  # of the image's side
    turn: float = 30.0
    factor: float = 0.9
    bits: int = 8
    bits_lost: int = 4


WIDE = Reach(shear=0.99, shift=lambda side: 32.0, turn=135.0, factor=0.99, bits_lost=6)
MIXED = Reach(shift=lambda side: side / 3.0, bits=4)

PLACED = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
ENHANCED = ("Brightness", "Color", "Contrast", "Sharpness")
TABLED = ("Posterize", "Solarize", "AutoContrast", "Equalize")
SIGNED = frozenset((*PLACED, *ENHANCED))
"""What goes both ways."""
AUTO = (*PLACED, *ENHANCED, *TABLED, "Invert")
RAND = ("Identity", *PLACED, *ENHANCED, *TABLED)
MIX = (*PLACED, *TABLED)


@lru_cache(maxsize=1024)
def magnitudes(name: str, bins: int, height: int, width: int, reach: Reach, v1: bool = False) -> Tensor | None:
    """The strengths of an operation from none to its strongest, which are only read; None for one that has but one."""
    if name in ENHANCED:
        return linspace(0.0, reach.factor, bins)
    if name in ("ShearX", "ShearY"):
        return linspace(0.0, reach.shear, bins)
    if name in ("TranslateX", "TranslateY"):
        return linspace(0.0, reach.shift(width if name == "TranslateX" else height), bins)
    if name == "Rotate":
        return linspace(0.0, reach.turn, bins)
    if name == "Posterize":
        lost = arange(bins) / ((bins - 1) / reach.bits_lost)
        return reach.bits - lost.round().to(D.int32) if v1 else (reach.bits - lost).round().to(D.int32)
    if name == "Solarize":
        return linspace(255.0 if v1 else 1.0, 0.0, bins)
    return None


def spaces(names: tuple[str, ...], reach: Reach) -> dict[str, tuple[Callable[[int, int, int], Tensor | None], bool]]:
    """Each operation's strengths as a function of bins, height and width, and whether it goes both ways."""

    def of(name: str) -> Callable[[int, int, int], Tensor | None]:
        return lambda num_bins, height, width: magnitudes(name, num_bins, height, width, reach)

    return {name: (of(name), name in SIGNED) for name in names}


def space(names: tuple[str, ...], bins: int, image_size: tuple[int, int], reach: Reach) -> dict[str, tuple[Tensor, bool]]:
    """Each operation's strengths for an image of height and width, as the first transforms have them, and whether it goes both ways."""
    found = {}
    for name in names:
        made = magnitudes(name, bins, *image_size, reach, v1=True)
        found[name] = (tensor(0.0) if made is None else made, name in SIGNED)
    return found


_BY_FACTOR = {"Brightness": "adjust_brightness", "Color": "adjust_saturation", "Contrast": "adjust_contrast", "Sharpness": "adjust_sharpness"}
_ALONE = {"AutoContrast": "autocontrast", "Equalize": "equalize", "Invert": "invert"}


def apply(F: Any, image: Any, name: str, magnitude: float, interpolation: Any, fill: Any) -> Any:
    """One operation on an image, by the functions of either generation. ValueError for one that is not known."""
    shear, translate, center = [0.0, 0.0], [0, 0], None
    if name == "Identity":
        return image
    if name in _BY_FACTOR:
        return getattr(F, _BY_FACTOR[name])(image, 1.0 + magnitude)
    if name in _ALONE:
        return getattr(F, _ALONE[name])(image)
    if name == "Rotate":
        return F.rotate(image, magnitude, interpolation=interpolation, fill=fill)
    if name == "Posterize":
        return F.posterize(image, int(magnitude))
    if name == "Solarize":
        return F.solarize(image, magnitude)
    if name in ("ShearX", "ShearY"):  # around the top left corner, as in the paper's code
        shear["XY".index(name[-1])] = degrees(atan(magnitude))
        center = [0, 0]
    elif name in ("TranslateX", "TranslateY"):
        translate["XY".index(name[-1])] = int(magnitude)
    else:
        raise ValueError(f"There is no operation {name!r}; there are {RAND} and Invert")
    return F.affine(image, angle=0.0, translate=translate, scale=1.0, shear=shear, interpolation=interpolation, fill=fill, center=center)
