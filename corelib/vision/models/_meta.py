"""The names of the classes that pretrained models know, by index."""

from __future__ import annotations

from pathlib import Path

_IMAGENET_CATEGORIES: list[str] = Path(__file__).with_name("imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
"""ImageNet-1K's."""

_VOC_CATEGORIES = [
    "__background__", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog", "horse",
    "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
]  # fmt: skip
"""Pascal VOC's, and what is none of them."""
