"""A data set of noise, for trying a program out."""

from __future__ import annotations

from typing import Any

import numpy as np

from corelib.ops.random.generator import get_rng_state, manual_seed, set_rng_state
from corelib.ops.random.random import randint, randn
from corelib.vision._optional import pillow
from corelib.vision.datasets.vision import Change, VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset[tuple[Any, Any]]):
    """`size` pictures of noise of `image_size` (channels, height, width) with targets below `num_classes`, always the same by their index.

    random_offset: added to the index, for other noise.

    >>> import corelib.vision as vision
    >>> image, target = vision.datasets.FakeData(size=3, image_size=(3, 4, 5))[0]
    >>> image.size, target
    ((5, 4), 9)
    """

    def __init__(
        self, size: int = 1000, image_size: tuple[int, int, int] = (3, 224, 224), num_classes: int = 10, transform: Change | None = None,
        target_transform: Change | None = None, random_offset: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(transform=transform, target_transform=target_transform)
        self.size, self.image_size, self.num_classes, self.random_offset = size, image_size, num_classes, random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range: {index} of {len(self)}")
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        noise = randn(*self.image_size)
        target = randint(0, self.num_classes, (1,))[0]
        set_rng_state(state)
        with np.errstate(invalid="ignore"):  # what is below 0 is turned into a byte as torchvision does
            samples = (noise.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
        image, target = self._transformed(pillow("Image", "FakeData").fromarray(samples[..., 0] if samples.shape[2] == 1 else samples), target)
        return image, target.item()

    def __len__(self) -> int:
        return self.size
