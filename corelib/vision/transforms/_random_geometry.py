"""The first random transforms of where pixels go: crops, flips, maps of the plane."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms import _arguments as A, _draws as draws, _kernels_geometry as shapes, functional as F
from corelib.vision.transforms._interpolation import InterpolationMode, mode_or_integer


def _checked_fill(fill: Any, name: str) -> Any:
    if fill is not None and not isinstance(fill, (Sequence, Number)):
        raise TypeError(f"{name}(): fill should be a sequence or a number, but got {type(fill)}")
    return 0 if fill is None else fill


class RandomCrop(Module):
    """A rectangle (h, w) at a random place, of the image padded first where that is asked for.

    ValueError where it is larger than the image, unless `pad_if_needed`.
    """

    def __init__(self, size: Any, padding: Any = None, pad_if_needed: bool = False, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.size = tuple(A._setup_size(size))
        self.padding = padding
        self.pad_if_needed = pad_if_needed
        self.fill = fill
        self.padding_mode = padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width."""
        _, h, w = F.get_dimensions(img)
        th, tw = output_size
        if h < th or w < tw:
            raise ValueError(f"RandomCrop(): a crop of {(th, tw)} is larger than the image of {(h, w)}")
        if (w, h) == (tw, th):
            return 0, 0, h, w
        return draws.integer(0, h - th + 1), draws.integer(0, w - tw + 1), th, tw

    def forward(self, img: Any) -> Any:
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"


class _RandomFlip(Module):
    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_RandomFlip):
    """Left and right exchanged, with probability `p`.

    >>> import corelib as torch
    >>> from corelib.vision import transforms
    >>> transforms.RandomHorizontalFlip(p=1)(torch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if draws.chance() < self.p else img


class RandomVerticalFlip(_RandomFlip):
    """Top and bottom exchanged, with probability `p`."""

    def forward(self, img: Any) -> Any:
        return F.vflip(img) if draws.chance() < self.p else img


class RandomPerspective(Module):
    """The corners moved inwards by up to a part of half the image, with probability `p`."""

    def __init__(self, distortion_scale: float = 0.5, p: float = 0.5, interpolation: Any = InterpolationMode.BILINEAR, fill: Any = 0) -> None:
        super().__init__()
        self.p = p
        self.interpolation = mode_or_integer(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = _checked_fill(fill, "RandomPerspective")

    @staticmethod
    def get_params(width: int, height: int, distortion_scale: float) -> tuple[draws.Corners, draws.Corners]:
        """The corners, and where they go."""
        return draws.perspective(width, height, distortion_scale)

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = draws.colors_of(img, self.fill, channels)
        if draws.chance() < self.p:
            return F.perspective(img, *self.get_params(width, height, self.distortion_scale), self.interpolation, fill)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomResizedCrop(Module):
    """A part of the image, of a random area and aspect ratio, resized to (h, w) (Szegedy et al., 2015)."""

    def __init__(
        self, size: Any, scale: Any = (0.08, 1.0), ratio: Any = (3.0 / 4.0, 4.0 / 3.0), interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.size = A._setup_size(size)
        A.check_ranges(scale, ratio)
        self.interpolation = mode_or_integer(interpolation)
        self.antialias = antialias
        self.scale = scale
        self.ratio = ratio

    @staticmethod
    def get_params(img: Any, scale: list[float], ratio: list[float]) -> tuple[int, int, int, int]:
        """Top, left, height and width."""
        _, height, width = F.get_dimensions(img)
        return draws.resized_crop(height, width, scale, ratio, draws.log_of(ratio))

    def forward(self, img: Any) -> Any:
        return F.resized_crop(img, *self.get_params(img, self.scale, self.ratio), self.size, self.interpolation, antialias=self.antialias)

    def __repr__(self) -> str:
        scale, ratio = tuple(round(s, 4) for s in self.scale), tuple(round(r, 4) for r in self.ratio)
        shown = f"size={self.size}, scale={scale}, ratio={ratio}, interpolation={self.interpolation.value}, antialias={self.antialias}"
        return f"{type(self).__name__}({shown})"


class RandomRotation(Module):
    """Turned by a random angle: -degrees to degrees, or a range."""

    def __init__(self, degrees: Any, interpolation: Any = InterpolationMode.NEAREST, expand: bool = False, center: Any = None, fill: Any = 0) -> None:
        super().__init__()
        self.degrees = A._setup_angle(degrees, name="degrees")
        A.check_affine_ranges(None, None, center)
        self.center = center
        self.interpolation = mode_or_integer(interpolation)
        self.expand = expand
        self.fill = _checked_fill(fill, "RandomRotation")

    @staticmethod
    def get_params(degrees: list[float]) -> float:
        """The angle."""
        return draws.uniform(float(degrees[0]), float(degrees[1]))

    def forward(self, img: Any) -> Any:
        fill = draws.colors_of(img, self.fill, F.get_dimensions(img)[0])
        return F.rotate(img, self.get_params(self.degrees), self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        fill = "" if self.fill is None else f", fill={self.fill}"
        return f"{type(self).__name__}(degrees={self.degrees}, interpolation={self.interpolation.value}, expand={self.expand}{center}{fill})"


class RandomAffine(Module):
    """Turned, shifted by a part of the image, scaled and sheared, each at random within its range."""

    def __init__(
        self, degrees: Any, translate: Any = None, scale: Any = None, shear: Any = None, interpolation: Any = InterpolationMode.NEAREST, fill: Any = 0,
        center: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.degrees = A._setup_angle(degrees, name="degrees")
        A.check_affine_ranges(translate, scale, center)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else A._setup_angle(shear, name="shear", req_sizes=(2, 4))
        self.interpolation = mode_or_integer(interpolation)
        self.fill = _checked_fill(fill, "RandomAffine")
        self.center = center

    @staticmethod
    def get_params(
        degrees: list[float], translate: list[float] | None, scale_ranges: list[float] | None, shears: list[float] | None, img_size: list[int]
    ) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
        """Angle, shift, factor and shear."""
        return draws.affine(degrees, translate, scale_ranges, shears, img_size)

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = draws.colors_of(img, self.fill, channels)
        angle, translate, scale, shear = self.get_params(self.degrees, self.translate, self.scale, self.shear, [width, height])
        return F.affine(img, angle, translate, scale, shear, self.interpolation, fill, self.center)

    def __repr__(self) -> str:
        shown = [f"degrees={self.degrees}", *(f"{n}={getattr(self, n)}" for n in ("translate", "scale", "shear") if getattr(self, n) is not None)]
        if self.interpolation is not InterpolationMode.NEAREST:
            shown.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            shown.append(f"fill={self.fill}")
        if self.center is not None:
            shown.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(shown)})"


class ElasticTransform(Module):
    """Random smooth displacements, as strong as `alpha` and as smooth as `sigma` (Simard et al., 2003)."""

    def __init__(self, alpha: Any = 50.0, sigma: Any = 5.0, interpolation: Any = InterpolationMode.BILINEAR, fill: Any = 0) -> None:
        super().__init__()
        self.alpha = _two_floats(alpha, "alpha")
        self.sigma = _two_floats(sigma, "sigma")
        self.interpolation = mode_or_integer(interpolation)
        if not isinstance(fill, (int, float, list, tuple)):
            raise TypeError(f"ElasticTransform(): fill should be int, float, or a list or tuple of them, but got {type(fill)}")
        self.fill = [float(fill)] if isinstance(fill, (int, float)) else [float(f) for f in fill]

    @staticmethod
    def get_params(alpha: list[float], sigma: list[float], size: list[int]) -> Tensor:
        """The displacements (1, h, w, 2)."""
        return shapes.elastic_displacement(alpha, sigma, size, v1=True)

    def forward(self, tensor: Any) -> Any:
        _, height, width = F.get_dimensions(tensor)
        return F.elastic_transform(tensor, self.get_params(self.alpha, self.sigma, [height, width]), self.interpolation, self.fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, interpolation={self.interpolation}, fill={self.fill})"


def _two_floats(given: Any, name: str) -> Any:
    if isinstance(given, float):
        return [given, given]
    if not isinstance(given, Sequence):
        raise TypeError(f"ElasticTransform(): {name} should be a float or a sequence of floats, but got {type(given)}")
    if len(given) != 2:
        raise ValueError(f"ElasticTransform(): {name}: expected two floats, but got {len(given)}")
    for each in given:
        if not isinstance(each, float):
            raise TypeError(f"ElasticTransform(): {name} should be a sequence of floats, but got {type(each)} in it")
    return given
