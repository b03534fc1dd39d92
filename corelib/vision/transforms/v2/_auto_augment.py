"""Transforms that choose among many: AutoAugment, RandAugment, TrivialAugment and AugMix, on one image or video of a sample."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from corelib.ops.random.gammas import _sample_dirichlet
from corelib.pytree import tree_flatten, tree_unflatten
from corelib.tensor.tensor import Tensor
from corelib.vision import tv_tensors
from corelib.vision.transforms import _arguments as A, _augmentations as table, _draws as draws, autoaugment as v1
from corelib.vision.transforms._augmentations import AutoAugmentPolicy
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.transforms._interpolation import InterpolationMode
from corelib.vision.transforms._kernels_color import _max_value
from corelib.vision.transforms.v2 import functional as F
from corelib.vision.transforms.v2._queries import IMAGES, check_type, fill_of, fills
from corelib.vision.transforms.v2._transform import BOXES_AND_SUCH, Transform

Mode = InterpolationMode | str | int
Space = dict[str, tuple[Callable[[int, int, int], Tensor | None], bool]]


class _AutoAugmentBase(Transform):
    _AUGMENTATION_SPACE: Space = table.spaces(table.RAND, table.Reach())

    def __init__(self, *, interpolation: Mode = "nearest", fill: Any = None) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    def _get_random_item(self, dct: Space) -> tuple[str, tuple[Callable[[int, int, int], Tensor | None], bool]]:
        key = list(dct)[draws.integer(0, len(dct))]
        return key, dct[key]

    def forward(self, *inputs: Any) -> Any:
        flat, spec = tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        found = []
        for i, (inpt, needs) in enumerate(zip(flat, self._needs_transform_list(flat), strict=True)):
            if needs and check_type(inpt, IMAGES):
                found.append(i)
            elif isinstance(inpt, BOXES_AND_SUCH):
                raise TypeError(f"Inputs of type {type(inpt).__name__} are not supported by {type(self).__name__}()")
        if not found:
            raise TypeError(f"{type(self).__name__}(): found no image in the sample")
        if len(found) > 1:
            raise TypeError(f"{type(self).__name__}() is only defined for a single image or video, but found {len(found)}")
        flat[found[0]] = self._augmented(flat[found[0]])
        return tree_unflatten(flat, spec)

    def _augmented(self, image: Any) -> Any:
        raise NotImplementedError

    def _strength(self, strengths: Tensor | None, which: Callable[[], int], signed: bool) -> float:
        """How strongly, one of several or 0, either way."""
        if strengths is None:
            return 0.0
        magnitude = float(strengths[which()])
        return -magnitude if signed and draws.chance() <= 0.5 else magnitude

    def _apply_image_or_video_transform(self, image: Any, transform_id: str, magnitude: float, interpolation: Mode, fill: dict[Any, Any]) -> Any:
        if transform_id == "Solarize":
            magnitude *= _max_value(image.dtype) if isinstance(image, Tensor) else 255.0
        return table.apply(F, image, transform_id, magnitude, interpolation, fill_of(fill, type(image)))

    def _one_of(self, image: Any, space: Space, bins: int, size: tuple[int, int], which: Callable[[], int]) -> Any:
        """A random operation of a space on an image."""
        name, (strengths, signed) = self._get_random_item(space)
        magnitude = self._strength(strengths(bins, *size), which, signed)
        return self._apply_image_or_video_transform(image, name, magnitude, self.interpolation, self._fill)


class AutoAugment(_AutoAugmentBase):
    """One of the 25 pairs of operations of a learned policy (Cubuk et al., 2019)."""

    _v1_transform_cls = v1.AutoAugment
    _AUGMENTATION_SPACE = table.spaces(table.AUTO, table.Reach())

    def __init__(self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET, interpolation: Mode = "nearest", fill: Any = None) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.policy = policy
        self._policies = table.policies_of(policy)

    def _augmented(self, image: Any) -> Any:
        height, width = F.get_size(image)
        for name, probability, number in self._policies[draws.integer(0, len(self._policies))]:
            if not draws.chance() <= probability:
                continue
            strengths, signed = self._AUGMENTATION_SPACE[name]
            magnitude = self._strength(strengths(10, height, width), partial(int, number or 0), signed)
            image = self._apply_image_or_video_transform(image, name, magnitude, self.interpolation, self._fill)
        return image


class RandAugment(_AutoAugmentBase):
    """`num_ops` operations of one strength, `magnitude` of `num_magnitude_bins` (Cubuk et al., 2020)."""

    _v1_transform_cls = v1.RandAugment

    def __init__(self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31, interpolation: Mode = "nearest", fill: Any = None) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ValueError(f"RandAugment(): num_ops should be an integer that is not negative, but got {num_ops}")
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def _augmented(self, image: Any) -> Any:
        size = tuple(F.get_size(image))
        for _ in range(self.num_ops):
            image = self._one_of(image, self._AUGMENTATION_SPACE, self.num_magnitude_bins, size, lambda: self.magnitude)
        return image


class TrivialAugmentWide(_AutoAugmentBase):
    """One operation of a random strength, which may be very strong (Müller and Hutter, 2021)."""

    _v1_transform_cls = v1.TrivialAugmentWide
    _AUGMENTATION_SPACE = table.spaces(table.RAND, table.WIDE)

    def __init__(self, num_magnitude_bins: int = 31, interpolation: Mode = "nearest", fill: Any = None) -> None:
        super().__init__(interpolation=interpolation, fill=fill)
        self.num_magnitude_bins = num_magnitude_bins

    def _augmented(self, image: Any) -> Any:
        bins = self.num_magnitude_bins
        return self._one_of(image, self._AUGMENTATION_SPACE, bins, tuple(F.get_size(image)), lambda: draws.integer(0, bins))


class AugMix(_AutoAugmentBase):
    """The image mixed with chains of operations on it, in random parts (Hendrycks et al., 2020).

    severity: 1 to 10, how strong. mixture_width: how many chains; chain_depth: how long, at random 1 to 3 where it is not above 0.
    """

    _v1_transform_cls = v1.AugMix
    _PARTIAL_AUGMENTATION_SPACE = table.spaces(table.MIX, table.MIXED)
    _AUGMENTATION_SPACE = table.spaces(table.MIX + table.ENHANCED, table.MIXED)

    def __init__(
        self, severity: int = 3, mixture_width: int = 3, chain_depth: int = -1, alpha: float = 1.0, all_ops: bool = True, interpolation: Mode = "bilinear",
        fill: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(interpolation=interpolation, fill=fill)
        self._PARAMETER_MAX = A.SEVEREST
        A.check_severity(severity)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def _sample_dirichlet(self, params: Tensor) -> Tensor:
        return _sample_dirichlet(params)

    def _augmented(self, image: Any) -> Any:
        size = tuple(F.get_size(image))
        space = self._AUGMENTATION_SPACE if self.all_ops else self._PARTIAL_AUGMENTATION_SPACE
        pixels: Any = F.pil_to_tensor(image) if _is_pil_image(image) else image
        dims = 5 if isinstance(image, tv_tensors.Video) else 4
        batch = pixels.as_subclass(Tensor).reshape([1] * max(dims - pixels.ndim, 0) + list(pixels.shape))

        def operation(each: Tensor) -> Any:
            return self._one_of(each, space, self._PARAMETER_MAX, size, lambda: draws.integer(0, self.severity))

        made = v1.mixed(self, batch, operation).reshape(pixels.shape).to(pixels.dtype)
        if _is_pil_image(image):
            return F.to_pil_image(made)
        return tv_tensors.wrap(made, like=image) if isinstance(image, (tv_tensors.Image, tv_tensors.Video)) else made
