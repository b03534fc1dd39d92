"""What is done to an image before a pretrained model sees it: the `transforms` of weights.

Nothing of `transforms.functional` is loaded before a preset is made, so models come without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.nn import Module
from corelib.tensor.dtype import float32
from corelib.tensor.tensor import Tensor

__all__ = ["ImageClassification", "SemanticSegmentation", "VideoClassification"]


def _functional() -> Any:
    from corelib.vision.transforms import functional  # start-up: models are made without it

    return functional


class _Preset(Module):
    """Resize, perhaps crop, convert to float32 between 0 and 1, and normalize."""

    shown: tuple[str, ...]

    def __init__(
        self, crop_size: int | None, resize_size: int | None, mean: Sequence[float], std: Sequence[float], interpolation: Any, antialias: bool | None
    ) -> None:
        super().__init__()
        self.resize_size = None if resize_size is None else [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = _functional().InterpolationMode(interpolation)
        self.antialias = antialias
        self._crop = None if crop_size is None else [crop_size]

    def forward(self, img: Any) -> Tensor:
        F = _functional()
        if self.resize_size is not None:
            img = F.resize(img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias)
        if self._crop is not None:
            img = F.center_crop(img, self._crop)
        if not isinstance(img, Tensor):
            img = F.pil_to_tensor(img)
        result: Tensor = F.normalize(F.convert_image_dtype(img, float32), mean=self.mean, std=self.std)
        return result

    def __repr__(self) -> str:
        return f"{type(self).__name__}(" + "".join(f"\n    {name}={getattr(self, name)}" for name in self.shown) + "\n)"

    def describe(self) -> str:
        """What is done to an image, in words."""
        steps = []
        if self.resize_size is not None:
            steps.append(f"resized to resize_size={self.resize_size} with interpolation={self.interpolation}")
        if self._crop is not None:
            steps.append(f"cropped at the centre to crop_size={self._crop}")
        steps.append(f"scaled to between 0.0 and 1.0, and normalized with mean={self.mean} and std={self.std}")
        return f"Accepts PIL images, and tensors of shape (C, H, W) or (B, C, H, W). Images are {', '.join(steps)}."


class ImageClassification(_Preset):
    """The preset of classifiers: resize, crop at the centre, convert to float32 and normalize; a PIL image or a tensor (..., 3, H, W)."""

    shown = ("crop_size", "resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: Any = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__(crop_size, resize_size, mean, std, interpolation, antialias)
        self.crop_size = [crop_size]


class SemanticSegmentation(_Preset):
    """The preset of segmentation models: resize unless resize_size is None, convert to float32 and normalize."""

    shown = ("resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        resize_size: int | None,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: Any = "bilinear",
        antialias: bool | None = True,
    ) -> None:
        super().__init__(None, resize_size, mean, std, interpolation, antialias)


class VideoClassification(_Preset):
    """The preset of classifiers of videos (..., T, C, H, W), which become (..., C, T, H, W): frames resized, cropped at the centre, normalized."""

    shown = ("crop_size", "resize_size", "mean", "std", "interpolation")

    def __init__(
        self,
        *,
        crop_size: tuple[int, int],
        resize_size: tuple[int] | tuple[int, int],
        mean: tuple[float, ...] = (0.43216, 0.394666, 0.37645),
        std: tuple[float, ...] = (0.22803, 0.22145, 0.216989),
        interpolation: Any = "bilinear",
    ) -> None:
        super().__init__(None, None, mean, std, interpolation, antialias=False)  # as the models were trained
        self.resize_size = list(resize_size)
        self.crop_size = self._crop = list(crop_size)

    def forward(self, vid: Tensor) -> Tensor:
        frames = super().forward(vid.reshape(-1, *vid.shape[-3:]))
        return frames.reshape(*vid.shape[:-2], *frames.shape[-2:]).transpose(-4, -3)

    def describe(self) -> str:
        """What is done to a video, in words."""
        return super().describe().replace("PIL images, and tensors of shape (C, H, W) or (B, C, H, W). Images", "videos of shape (T, C, H, W) or (B, T, C, H, W). Frames") + (
            " The output has the shape (..., C, T, H, W)."
        )
