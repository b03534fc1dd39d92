"""The first random transforms of what values pixels have: colours, blurring, erasing."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Number
from typing import Any

from corelib.nn.modules.module import Module
from corelib.ops.random.random import randperm
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms import _arguments as A, _draws as draws, functional as F

Range = tuple[float, float]


class ColorJitter(Module):
    """Brightness, contrast, saturation and hue, each by a random factor and in a random order.

    A number x stands for the factors 1 - x to 1 + x, of hue for the turns -x to x; two are the range itself.
    """

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = A.jitter_range(brightness, "brightness")
        self.contrast = A.jitter_range(contrast, "contrast")
        self.saturation = A.jitter_range(saturation, "saturation")
        self.hue = A.jitter_range(hue, "hue", center=0, bound=(-0.5, 0.5), from_zero=False)

    @staticmethod
    def get_params(
        brightness: Any, contrast: Any, saturation: Any, hue: Any
    ) -> tuple[Tensor, float | None, float | None, float | None, float | None]:
        """The order, and the factors of the four."""
        order = randperm(4)
        b, c, s, h = [None if given is None else draws.uniform(given[0], given[1]) for given in (brightness, contrast, saturation, hue)]
        return order, b, c, s, h

    def forward(self, img: Any) -> Any:
        order, *factors = self.get_params(self.brightness, self.contrast, self.saturation, self.hue)
        adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        for i in order.tolist():
            if (factor := factors[i]) is not None:
                img = adjust[i](img, factor)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(brightness={self.brightness}, contrast={self.contrast}, saturation={self.saturation}, hue={self.hue})"


class RandomGrayscale(Module):
    """In grey with probability `p`, of as many channels as before."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        channels = F.get_image_num_channels(img)
        return F.rgb_to_grayscale(img, num_output_channels=channels) if draws.chance() < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomErasing(Module):
    """A random rectangle of a tensor erased, with probability `p` (Zhong et al., 2017).

    scale: the range of its area, a part of the image's. ratio: that of its aspect ratio. value: a number, one for each channel, or "random".
    """

    def __init__(self, p: float = 0.5, scale: Any = (0.02, 0.33), ratio: Any = (0.3, 3.3), value: Any = 0, inplace: bool = False) -> None:
        super().__init__()
        A.check_erasing(value, scale, ratio)
        if p < 0 or p > 1:
            raise ValueError(f"RandomErasing(): p should be between 0 and 1, but got {p}")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(img: Tensor, scale: Any, ratio: Any, value: list[float] | None = None) -> tuple[int, int, int, int, Tensor]:
        """Row, column, height, width and values; the whole image itself where nothing fits."""
        c, h, w = img.shape[-3:]
        found: tuple[int, int, int, int, Tensor] | None = draws.erasing(c, h, w, scale, draws.log_of(ratio), value)
        return (0, 0, h, w, img) if found is None else found

    def forward(self, img: Tensor) -> Tensor:
        if draws.chance() >= self.p:
            return img
        value: Any = self.value
        if isinstance(value, (int, float)):
            value = [float(value)]
        elif isinstance(value, str):
            value = None
        elif isinstance(value, (list, tuple)):
            value = [float(v) for v in value]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(f"RandomErasing(): value should have one element or as many as channels ({img.shape[-3]}), but got {len(value)}")
        return F.erase(img, *self.get_params(img, scale=self.scale, ratio=self.ratio, value=value), self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, value={self.value}, inplace={self.inplace})"


class GaussianBlur(Module):
    """Averaged under a Gaussian kernel of (width, height), odd, and a random spread from a range."""

    def __init__(self, kernel_size: Any, sigma: Any = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = A._setup_size(kernel_size, "Kernel size should be a tuple/list of two integers")
        for ks in self.kernel_size:
            if ks <= 0 or ks % 2 == 0:
                raise ValueError(f"GaussianBlur(): kernel_size should be odd and positive, but got {ks}")
        if isinstance(sigma, Number):
            given: Any = sigma
            if given <= 0:
                raise ValueError(f"GaussianBlur(): sigma must be positive, but got {sigma}")
            sigma = (sigma, sigma)
        elif not (isinstance(sigma, Sequence) and len(sigma) == 2):
            raise ValueError(f"GaussianBlur(): sigma should be a single number or a list/tuple of two, but got {sigma}")
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError(f"GaussianBlur(): sigma should be positive and of the form (min, max), but got {sigma}")
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min: float, sigma_max: float) -> float:
        """The spread."""
        return draws.uniform(sigma_min, sigma_max)

    def forward(self, img: Any) -> Any:
        sigma = self.get_params(self.sigma[0], self.sigma[1])
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"


class _Randomly(Module):
    """A function of an image and perhaps one more argument, with probability p."""

    _function: Any
    _argument = ""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        if draws.chance() >= self.p:
            return img
        function = type(self)._function
        return function(img, getattr(self, self._argument)) if self._argument else function(img)

    def __repr__(self) -> str:
        given = f"{self._argument}={getattr(self, self._argument)}," if self._argument else ""
        return f"{type(self).__name__}({given}p={self.p})"


class RandomInvert(_Randomly):
    """White less each value, with probability `p`."""

    _function = F.invert


class RandomAutocontrast(_Randomly):
    """Each channel stretched from black to white, with probability `p`."""

    _function = F.autocontrast


class RandomEqualize(_Randomly):
    """About as many pixels of each grey, with probability `p`."""

    _function = F.equalize


class RandomPosterize(_Randomly):
    """The highest bits alone, with probability `p`."""

    _function = F.posterize
    _argument = "bits"

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        self.bits = bits


class RandomSolarize(_Randomly):
    """Inverted from a threshold on, with probability `p`."""

    _function = F.solarize
    _argument = "threshold"

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = threshold


class RandomAdjustSharpness(_Randomly):
    """Blurred below a factor of 1, sharper above, with probability `p`."""

    _function = F.adjust_sharpness
    _argument = "sharpness_factor"

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = sharpness_factor
