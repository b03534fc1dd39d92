"""The names of the classes that pretrained models know, by index."""

from __future__ import annotations

from pathlib import Path


def _names_in(file: str) -> list[str]:
    return Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines()


_IMAGENET_CATEGORIES = _names_in("imagenet_classes.txt")
"""ImageNet-1K's."""

_VOC_CATEGORIES = [
    "__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
]  # fmt: skip
"""Pascal VOC's, and what is none of them."""


def _kinetics_categories() -> list[str]:
    """Kinetics-400's, which only models of videos ask for."""
    return _names_in("kinetics_classes.txt")
