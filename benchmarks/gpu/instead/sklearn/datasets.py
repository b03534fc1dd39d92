"""Digits of seven segments, moved and blurred by noise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

SEGMENTS = {0: "abcdef", 1: "bc", 2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 6: "afgedc", 7: "abc", 8: "abcdefg", 9: "abcdfg"}
PLACES = {
    "a": (slice(0, 1), slice(1, 5)), "b": (slice(0, 4), slice(5, 6)), "c": (slice(3, 7), slice(5, 6)), "d": (slice(6, 7), slice(1, 5)),
    "e": (slice(3, 7), slice(0, 1)), "f": (slice(0, 4), slice(0, 1)), "g": (slice(3, 4), slice(1, 5)),
}  # fmt: skip


def load_digits() -> SimpleNamespace:
    """1797 pictures of 8 x 8 pixels from 0 to 16 (`images`, and flat `data`), and the digit that each shows (`target`)."""
    rng, count = np.random.default_rng(0), 1797
    labels = rng.integers(0, 10, count)
    pictures = np.zeros((count, 8, 8), np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        down, right = rng.integers(0, 2), rng.integers(0, 3)
        for segment in SEGMENTS[int(label)]:
            rows, columns = PLACES[segment]
            picture[down:, right:][rows, columns] = 1
    images = 16 * np.clip(pictures + rng.normal(0, 0.2, pictures.shape), 0, 1)
    return SimpleNamespace(images=images, data=images.reshape(count, 64), target=labels)
