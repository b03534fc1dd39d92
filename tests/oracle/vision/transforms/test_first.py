"""Every transform of the first generation, on tensors and on Pillow's images, under seeds: what torchvision's gives, and its repr."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .images import FEW, OURS, THEIRS, WHOLE, Library, both, given, picture, pixels

SEEDS = range(12 if WHOLE else 2)
TENSORS = {
    "bytes": pixels((3, 37, 45), "uint8", 1), "floats": pixels((3, 37, 45), "float32", 2), "batch of bytes": pixels((2, 3, 24, 31), "uint8", 3),
    "batch of floats": pixels((2, 3, 24, 31), "float32", 4), "gray bytes": pixels((1, 33, 28), "uint8", 5), "doubles": pixels((3, 23, 29), "float64", 6),
    "square": pixels((3, 32, 32), "uint8", 7), "shorts": pixels((3, 21, 26), "int16", 8),
}  # fmt: skip
PICTURES = {mode: picture(mode, (43, 35), 9 + i) for i, mode in enumerate(("L", "RGB", "RGBA", "1", "I", "F", "P", "LA", "CMYK"))}


def modes(t: Any) -> Any:
    return t.InterpolationMode


TRANSFORMS: dict[str, Any] = {
    "CenterCrop": lambda t: t.CenterCrop(20), "CenterCrop larger": lambda t: t.CenterCrop((50, 30)), "CenterCrop odd": lambda t: t.CenterCrop((17, 22)),
    "FiveCrop": lambda t: t.FiveCrop((15, 18)), "TenCrop": lambda t: t.TenCrop(12, vertical_flip=True), "FiveCrop too large": lambda t: t.FiveCrop(60),
    "Pad": lambda t: t.Pad(3), "Pad two": lambda t: t.Pad((2, 5), fill=7), "Pad four": lambda t: t.Pad([1, 2, 3, 4], fill=0),
    "Pad edge": lambda t: t.Pad((4, 3), padding_mode="edge"), "Pad reflect": lambda t: t.Pad([3, 1, 2, 5], padding_mode="reflect"),
    "Pad symmetric": lambda t: t.Pad((3, 6), padding_mode="symmetric"), "Pad colours": lambda t: t.Pad(2, fill=(1, 2, 3)), "Pad less": lambda t: t.Pad(-2),
    "Resize": lambda t: t.Resize(20), "Resize both": lambda t: t.Resize((18, 55)), "Resize max": lambda t: t.Resize(28, max_size=33), "Resize same": lambda t: t.Resize((37, 45)),
    "Resize bicubic": lambda t: t.Resize((50, 20), modes(t).BICUBIC), "Resize nearest": lambda t: t.Resize((50, 20), modes(t).NEAREST),
    "Resize exact": lambda t: t.Resize((29, 61), modes(t).NEAREST_EXACT), "Resize plain": lambda t: t.Resize(19, antialias=False),
    "Resize plain bicubic": lambda t: t.Resize((60, 70), modes(t).BICUBIC, antialias=False), "Resize by number": lambda t: t.Resize([21], 2),
    "Resize box": lambda t: t.Resize(20, modes(t).BOX), "Resize lanczos": lambda t: t.Resize(20, modes(t).LANCZOS), "Resize hamming": lambda t: t.Resize(20, modes(t).HAMMING),
    "Normalize": lambda t: t.Normalize([0.4, 0.5, 0.6], [0.2, 0.3, 0.4]), "Normalize one": lambda t: t.Normalize((0.5,), (0.25,)), "Normalize zero": lambda t: t.Normalize([0.5] * 3, [0.0, 1.0, 1.0]),
    "RandomApply": lambda t: t.RandomApply([t.RandomCrop(10), t.RandomInvert(p=1.0)], p=0.6), "RandomOrder": lambda t: t.RandomOrder([t.Pad(2), t.CenterCrop(9), t.RandomCrop(8)]),
    "RandomChoice": lambda t: t.RandomChoice([t.Pad(2), t.CenterCrop(9), t.RandomCrop(8)]), "RandomChoice weighted": lambda t: t.RandomChoice([t.Pad(2), t.CenterCrop(9)], p=[0.3, 0.7]),
    "Compose": lambda t: t.Compose([t.RandomHorizontalFlip(), t.RandomCrop(16, padding=2), t.RandomVerticalFlip(0.7)]),
    "RandomCrop": lambda t: t.RandomCrop((20, 17)), "RandomCrop padded": lambda t: t.RandomCrop(20, padding=4), "RandomCrop if needed": lambda t: t.RandomCrop((50, 60), pad_if_needed=True, padding_mode="edge"),
    "RandomCrop filled": lambda t: t.RandomCrop(22, padding=[1, 2, 3, 4], fill=9), "RandomCrop too large": lambda t: t.RandomCrop(70), "RandomCrop all": lambda t: t.RandomCrop((37, 45)),
    "RandomHorizontalFlip": lambda t: t.RandomHorizontalFlip(0.6), "RandomVerticalFlip": lambda t: t.RandomVerticalFlip(0.6),
    "RandomPerspective": lambda t: t.RandomPerspective(0.6, p=1.0), "RandomPerspective nearest": lambda t: t.RandomPerspective(0.3, 0.9, modes(t).NEAREST, fill=3),
    "RandomPerspective colours": lambda t: t.RandomPerspective(p=1.0, fill=[1, 2, 3]),
    "RandomResizedCrop": lambda t: t.RandomResizedCrop(18), "RandomResizedCrop bicubic": lambda t: t.RandomResizedCrop((30, 25), (0.3, 0.9), (0.5, 2.0), modes(t).BICUBIC),
    "RandomResizedCrop never": lambda t: t.RandomResizedCrop(18, (0.9, 1.0), (5.0, 6.0)), "RandomResizedCrop plain": lambda t: t.RandomResizedCrop(18, antialias=False),
    "LinearTransformation": None, "ColorJitter": lambda t: t.ColorJitter(0.4, 0.5, 0.6, 0.2), "ColorJitter ranges": lambda t: t.ColorJitter((0.5, 2.0), 0, (0, 3), (-0.5, 0.5)),
    "RandomRotation": lambda t: t.RandomRotation(40), "RandomRotation expand": lambda t: t.RandomRotation((-80, 70), modes(t).BILINEAR, expand=True, fill=5),
    "RandomRotation centre": lambda t: t.RandomRotation(90, modes(t).BILINEAR, center=(3, 4)), "RandomRotation bicubic": lambda t: t.RandomRotation(90, modes(t).BICUBIC),
    "RandomAffine": lambda t: t.RandomAffine(30, (0.2, 0.3), (0.7, 1.4), 20), "RandomAffine bilinear": lambda t: t.RandomAffine((-60, 20), shear=(-10, 10, -30, 5), interpolation=modes(t).BILINEAR, fill=8),
    "RandomAffine centre": lambda t: t.RandomAffine(0, scale=(0.5, 0.6), center=(0, 0), fill=[1.0, 2.0, 3.0]), "RandomAffine shift": lambda t: t.RandomAffine(0, translate=(0.4, 0.4)),
    "Grayscale": lambda t: t.Grayscale(), "Grayscale three": lambda t: t.Grayscale(3), "RandomGrayscale": lambda t: t.RandomGrayscale(0.7),
    "RandomErasing": lambda t: t.RandomErasing(1.0), "RandomErasing random": lambda t: t.RandomErasing(0.9, (0.1, 0.4), (0.4, 2.0), "random"), "RandomErasing colours": lambda t: t.RandomErasing(1.0, value=[1, 2, 3]),
    "RandomErasing never": lambda t: t.RandomErasing(1.0, (0.99, 1.0), (20.0, 30.0)), "GaussianBlur": lambda t: t.GaussianBlur(5), "GaussianBlur two": lambda t: t.GaussianBlur((3, 7), 1.3),
    "RandomInvert": lambda t: t.RandomInvert(0.7), "RandomPosterize": lambda t: t.RandomPosterize(3, 0.7), "RandomSolarize": lambda t: t.RandomSolarize(90, 0.7), "RandomSolarize floats": lambda t: t.RandomSolarize(0.4, 1.0),
    "RandomAdjustSharpness": lambda t: t.RandomAdjustSharpness(2.3, 0.8), "RandomAdjustSharpness less": lambda t: t.RandomAdjustSharpness(0.4, 0.8), "RandomAutocontrast": lambda t: t.RandomAutocontrast(0.8),
    "RandomEqualize": lambda t: t.RandomEqualize(0.8), "ElasticTransform": lambda t: t.ElasticTransform(), "ElasticTransform nearest": lambda t: t.ElasticTransform(90.0, 3.0, modes(t).NEAREST, fill=4),
    "ElasticTransform two": lambda t: t.ElasticTransform([20.0, 60.0], [4.0, 2.0], fill=[2.0]),
    "AutoAugment": lambda t: t.AutoAugment(), "AutoAugment CIFAR10": lambda t: t.AutoAugment(t.AutoAugmentPolicy.CIFAR10, modes(t).BILINEAR, fill=[1.0, 2.0, 3.0]),
    "AutoAugment SVHN": lambda t: t.AutoAugment(t.AutoAugmentPolicy.SVHN, fill=128), "RandAugment": lambda t: t.RandAugment(), "RandAugment strong": lambda t: t.RandAugment(4, 29, interpolation=modes(t).BILINEAR, fill=3),
    "TrivialAugmentWide": lambda t: t.TrivialAugmentWide(), "TrivialAugmentWide bilinear": lambda t: t.TrivialAugmentWide(11, modes(t).BILINEAR, fill=[7.0]),
    "AugMix": lambda t: t.AugMix(), "AugMix strong": lambda t: t.AugMix(9, 2, 4, 0.7, False, modes(t).NEAREST), "ToPILImage": lambda t: t.ToPILImage(), "PILToTensor": lambda t: t.PILToTensor(),
    "ToTensor": lambda t: t.ToTensor(), "Lambda": lambda t: t.Lambda(lambda x: x),
}  # fmt: skip
del TRANSFORMS["LinearTransformation"]
MANY = ("AutoAugment", "RandAugment", "TrivialAugment", "AugMix", "ColorJitter")
"""Those that do something else each time."""
LOOSE = ("AugMix", "AutoAugment", "RandAugment", "TrivialAugment", "ColorJitter", "RandomOrder")
"""Those that may do several things to what was rounded before."""


def odd_of(name: str) -> float:
    """How many values may be others: the nearest of two pixels is another where a displacement is a last bit longer, and floats are posterized."""
    return 2e-3 if name.startswith(("RandAugment", "AutoAugment", "TrivialAugment", "AugMix", "ElasticTransform nearest")) else 0.0


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_gives_what_torchvisions_gives(name: str) -> None:
    make = TRANSFORMS[name]
    seeds = range(len(SEEDS) * 4) if name.startswith(MANY) else SEEDS
    for what, image in {**TENSORS, **PICTURES}.items():
        for seed in seeds:
            few = 0.05 if name.startswith(LOOSE) else FEW if isinstance(image, np.ndarray) or "Blur" in name or "Elastic" in name else 0.0

            def call(library: Library, image: Any = image) -> Any:
                return make(library.v1)(given(library, image))

            both(call, f"{name} of {what}, seed {seed}", seed, few=few, odd=odd_of(name))


@pytest.mark.parametrize("name", [n for n in TRANSFORMS if n not in ("Lambda",)])
def test_the_repr_is_torchvisions(name: str) -> None:
    assert repr(TRANSFORMS[name](OURS.v1)) == repr(TRANSFORMS[name](THEIRS.v1))
