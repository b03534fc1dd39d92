"""What values pixels have: colours, noise, blurring, erasing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.ops.random.random import randint, randperm
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import _arguments as A, _draws as draws, transforms as v1
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.transforms.v2._queries import has_any, is_pure_tensor, number_or_two, query_chw
from corelib.vision.transforms.v2._transform import BOXES_AND_SUCH, Params, Transform, _RandomApplyTransform

Range = tuple[float, float]


class Grayscale(Transform):
    """In grey, of one channel or three equal ones."""

    _v1_transform_cls = v1.Grayscale

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, num_output_channels=self.num_output_channels)


class RandomGrayscale(_RandomApplyTransform):
    """In grey with probability `p`, of as many channels as before."""

    _v1_transform_cls = v1.RandomGrayscale

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p=p)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"num_input_channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.rgb_to_grayscale, inpt, num_output_channels=params["num_input_channels"])


class RGB(Transform):
    """Three channels from one."""

    def __init__(self) -> None:
        super().__init__()

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.grayscale_to_rgb, inpt)


_ADJUSTMENTS = (
    (F.adjust_brightness, "brightness_factor"), (F.adjust_contrast, "contrast_factor"), (F.adjust_saturation, "saturation_factor"), (F.adjust_hue, "hue_factor"),
)  # fmt: skip


class ColorJitter(Transform):
    """Brightness, contrast, saturation and hue, each by a random factor and in a random order.

    A number x stands for the factors 1 - x to 1 + x, of hue for the turns -x to x; two are the range itself.
    """

    _v1_transform_cls = v1.ColorJitter

    def __init__(self, brightness: Any = None, contrast: Any = None, saturation: Any = None, hue: Any = None) -> None:
        super().__init__()
        self.brightness = None if brightness is None else A.jitter_range(brightness, "brightness")
        self.contrast = None if contrast is None else A.jitter_range(contrast, "contrast")
        self.saturation = None if saturation is None else A.jitter_range(saturation, "saturation")
        self.hue = None if hue is None else A.jitter_range(hue, "hue", center=0, bound=(-0.5, 0.5), from_zero=False)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        params: Params = {"fn_idx": randperm(4)}
        for (_, name), given in zip(_ADJUSTMENTS, (self.brightness, self.contrast, self.saturation, self.hue), strict=True):
            params[name] = None if given is None else draws.uniform(given[0], given[1])
        return params

    def transform(self, inpt: Any, params: Params) -> Any:
        for i in params["fn_idx"].tolist():
            functional, name = _ADJUSTMENTS[i]
            if params[name] is not None:
                inpt = self._call_kernel(functional, inpt, **{name: params[name]})
        return inpt


class RandomChannelPermutation(Transform):
    """The channels in a random order."""

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"permutation": randperm(query_chw(flat_inputs)[0])}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.permute_channels, inpt, permutation=params["permutation"])


class RandomPhotometricDistort(Transform):
    """Brightness, contrast, saturation, hue and the order of channels, each at random with probability `p` (Liu et al., 2016)."""

    def __init__(
        self, brightness: Range = (0.875, 1.125), contrast: Range = (0.5, 1.5), saturation: Range = (0.5, 1.5), hue: Range = (-0.05, 0.05), p: float = 0.5
    ) -> None:
        super().__init__()
        self.brightness = brightness
        self.contrast = contrast
        self.hue = hue
        self.saturation = saturation
        self.p = p

    def make_params(self, flat_inputs: list[Any]) -> Params:
        channels, *_ = query_chw(flat_inputs)
        params: Params = {}
        for (_, name), (low, high) in zip(_ADJUSTMENTS, (self.brightness, self.contrast, self.saturation, self.hue), strict=True):
            params[name] = draws.uniform(low, high) if draws.chance() < self.p else None
        params["contrast_before"] = draws.chance() < 0.5
        params["channel_permutation"] = randperm(channels) if draws.chance() < self.p else None
        return params

    def transform(self, inpt: Any, params: Params) -> Any:
        brightness, contrast, *rest = _ADJUSTMENTS
        order = (brightness, contrast, *rest) if params["contrast_before"] else (brightness, *rest, contrast)
        for functional, name in order:
            if params[name] is not None:
                inpt = self._call_kernel(functional, inpt, **{name: params[name]})
        if params["channel_permutation"] is not None:
            inpt = self._call_kernel(F.permute_channels, inpt, permutation=params["channel_permutation"])
        return inpt


class _Plainly(_RandomApplyTransform):
    """A functional with no argument, or the one that the transform was made with."""

    _functional: Any
    _argument = ""

    def transform(self, inpt: Any, params: Params) -> Any:
        given = {self._argument: getattr(self, self._argument)} if self._argument else {}
        return self._call_kernel(type(self)._functional, inpt, **given)


class RandomEqualize(_Plainly):
    """About as many pixels of each grey, with probability `p`."""

    _v1_transform_cls = v1.RandomEqualize
    _functional = F.equalize


class RandomInvert(_Plainly):
    """White less each value, with probability `p`."""

    _v1_transform_cls = v1.RandomInvert
    _functional = F.invert


class RandomAutocontrast(_Plainly):
    """Each channel stretched from black to white, with probability `p`."""

    _v1_transform_cls = v1.RandomAutocontrast
    _functional = F.autocontrast


class RandomPosterize(_Plainly):
    """The highest bits alone, with probability `p`."""

    _v1_transform_cls = v1.RandomPosterize
    _functional = F.posterize
    _argument = "bits"

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.bits = bits


class RandomSolarize(_Plainly):
    """Inverted from a threshold on, with probability `p`."""

    _v1_transform_cls = v1.RandomSolarize
    _functional = F.solarize
    _argument = "threshold"

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.threshold = threshold


class RandomAdjustSharpness(_Plainly):
    """Blurred below a factor of 1, sharper above, with probability `p`."""

    _v1_transform_cls = v1.RandomAdjustSharpness
    _functional = F.adjust_sharpness
    _argument = "sharpness_factor"

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p=p)
        self.sharpness_factor = sharpness_factor


class GaussianBlur(Transform):
    """Averaged under a Gaussian kernel of (width, height), odd, and a random spread from a range."""

    _v1_transform_cls = v1.GaussianBlur

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = A._setup_size(kernel_size, "Kernel size should be a tuple/list of two integers")
        for ks in self.kernel_size:
            if ks <= 0 or ks % 2 == 0:
                raise ValueError(f"GaussianBlur(): kernel_size should be odd and positive, but got {ks}")
        self.sigma = number_or_two(sigma, "sigma")
        if not 0.0 < self.sigma[0] <= self.sigma[1]:
            raise ValueError(f"GaussianBlur(): sigma should be positive and of the form (min, max), but got {self.sigma}")

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"sigma": [draws.uniform(self.sigma[0], self.sigma[1])] * 2}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.gaussian_blur, inpt, kernel_size=self.kernel_size, **params)


class GaussianNoise(Transform):
    """Normal noise added to images and videos of floats or uint8, white being 1; clip: within black and white."""

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = mean
        self.sigma = sigma
        self.clip = clip

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.gaussian_noise, inpt, mean=self.mean, sigma=self.sigma, clip=self.clip)


class _NoPillow(Transform):
    def check_inputs(self, flat_inputs: list[Any]) -> None:
        if has_any(flat_inputs, _is_pil_image):
            raise TypeError(f"{type(self).__name__}() does not support PIL images; make tensors of them first, by ToImage()")


class Normalize(_NoPillow):
    """(image - mean) / std in each channel, of floats."""

    _v1_transform_cls = v1.Normalize

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.normalize, inpt, mean=self.mean, std=self.std, inplace=self.inplace)


class LinearTransformation(_NoPillow):
    """The flattened image less a vector, times a square matrix: whitening, for instance."""

    _v1_transform_cls = v1.LinearTransformation
    _transformed_types = (is_pure_tensor, tv_tensors.Image, tv_tensors.Video)

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        A.check_linear(transformation_matrix, mean_vector)
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def transform(self, inpt: Any, params: Params) -> Any:
        made = A.linear(inpt.as_subclass(Tensor), self.transformation_matrix, self.mean_vector)
        return made if is_pure_tensor(inpt) else tv_tensors.wrap(made, like=inpt)


class JPEG(Transform):
    """Encoded as JPEG in a quality, or a random one of a range, from 1 to 100, and decoded again."""

    def __init__(self, quality: int | Sequence[int]) -> None:
        super().__init__()
        if isinstance(quality, bool):
            raise TypeError("JPEG(): quality can't be bool")
        if isinstance(quality, int):
            quality = [quality, quality]
        else:
            A._check_sequence_input(quality, "quality", req_sizes=(2,))
        if not (1 <= quality[0] <= quality[1] <= 100 and isinstance(quality[0], int) and isinstance(quality[1], int)):
            raise ValueError(f"JPEG(): quality must be an integer from 1 to 100, or two that increase, but got {quality!r}")
        self.quality = quality

    def make_params(self, flat_inputs: list[Any]) -> Params:
        return {"quality": randint(self.quality[0], self.quality[1] + 1, ()).item()}

    def transform(self, inpt: Any, params: Params) -> Any:
        return self._call_kernel(F.jpeg, inpt, quality=params["quality"])


def passes(transform: Transform, inpt: Any) -> None:
    """Warn that boxes, points and masks stay as they are."""
    if isinstance(inpt, BOXES_AND_SUCH):
        name, kind = type(transform).__name__, type(inpt).__name__
        warn(f"{name}() is currently passing through inputs of type tv_tensors.{kind}. This will likely change in the future.")


class RandomErasing(_RandomApplyTransform):
    """A random rectangle erased, with probability `p` (Zhong et al., 2017).

    scale: the range of its area, a part of the image's. ratio: that of its aspect ratio. value: a number, one for each channel, or "random".
    """

    _v1_transform_cls = v1.RandomErasing

    def __init__(self, p: float = 0.5, scale: Any = (0.02, 0.33), ratio: Any = (0.3, 3.3), value: Any = 0.0, inplace: bool = False) -> None:
        super().__init__(p=p)
        A.check_erasing(value, scale, ratio)
        self.scale = scale
        self.ratio = ratio
        self.value: Any = value
        if isinstance(value, (int, float)):
            self.value = [float(value)]
        elif isinstance(value, str):
            self.value = None
        elif isinstance(value, (list, tuple)):
            self.value = [float(v) for v in value]
        self.inplace = inplace
        self._log_ratio = draws.log_of(ratio)

    def _call_kernel(self, functional: Callable[..., Any], inpt: Any, *args: Any, **kwargs: Any) -> Any:
        passes(self, inpt)
        return super()._call_kernel(functional, inpt, *args, **kwargs)

    def make_params(self, flat_inputs: list[Any]) -> Params:
        channels, height, width = query_chw(flat_inputs)
        if self.value is not None and len(self.value) not in (1, channels):
            raise ValueError(f"RandomErasing(): value should have one element or as many as channels ({channels}), but got {len(self.value)}")
        found = draws.erasing(channels, height, width, self.scale, self._log_ratio, self.value)
        return dict(zip("ijhwv", (0, 0, height, width, None) if found is None else found, strict=True))

    def transform(self, inpt: Any, params: Params) -> Any:
        return inpt if params["v"] is None else self._call_kernel(F.erase, inpt, **params, inplace=self.inplace)
