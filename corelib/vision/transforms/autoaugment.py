"""The first transforms that choose among many: AutoAugment, RandAugment, TrivialAugment and AugMix."""

from __future__ import annotations

from typing import Any

from corelib.nn.modules.module import Module
from corelib.ops.construction.construct import tensor
from corelib.ops.random.gammas import _sample_dirichlet
from corelib.ops.random.random import rand, randint
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms import _arguments as A, _augmentations as table, _draws as draws, functional as F
from corelib.vision.transforms._augmentations import AutoAugmentPolicy, Step
from corelib.vision.transforms._interpolation import InterpolationMode

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]

Space = dict[str, tuple[Tensor, bool]]


def _apply_op(img: Any, op_name: str, magnitude: float, interpolation: InterpolationMode, fill: Any) -> Any:
    """One operation on an image."""
    return table.apply(F, img, op_name, magnitude, interpolation, fill)


def _drawn(space: Space) -> tuple[str, Tensor, bool]:
    """One of the operations."""
    name = list(space)[draws.integer(0, len(space))]
    return name, *space[name]


def _either_way(magnitude: float, signed: bool) -> float:
    return -magnitude if signed and draws.integer(0, 2) else magnitude


class AutoAugment(Module):
    """One of the 25 pairs of operations of a learned policy (Cubuk et al., 2019), on a PIL Image or a uint8 tensor."""

    def __init__(
        self, policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET, interpolation: InterpolationMode = InterpolationMode.NEAREST, fill: Any = None
    ) -> None:
        super().__init__()
        self.policy = policy
        self.interpolation = interpolation
        self.fill = fill
        self.policies = self._get_policies(policy)

    def _get_policies(self, policy: AutoAugmentPolicy) -> list[tuple[Step, Step]]:
        return table.policies_of(policy)

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return table.space(table.AUTO, num_bins, image_size, table.Reach())

    @staticmethod
    def get_params(transform_num: int) -> tuple[int, Tensor, Tensor]:
        """Which pair, and for each of the two a probability and a sign."""
        return draws.integer(0, transform_num), rand((2,)), randint(2, (2,))

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = draws.colors_of(img, self.fill, channels)
        which, probs, signs = self.get_params(len(self.policies))
        space = self._augmentation_space(10, (height, width))
        for i, (name, p, number) in enumerate(self.policies[which]):
            if probs[i] <= p:
                magnitudes, signed = space[name]
                magnitude = 0.0 if number is None else float(magnitudes[number].item())
                if signed and signs[i] == 0:
                    magnitude *= -1.0
                img = _apply_op(img, name, magnitude, interpolation=self.interpolation, fill=fill)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(policy={self.policy}, fill={self.fill})"


class RandAugment(Module):
    """`num_ops` operations of one strength, `magnitude` of `num_magnitude_bins` (Cubuk et al., 2020)."""

    def __init__(
        self, num_ops: int = 2, magnitude: int = 9, num_magnitude_bins: int = 31, interpolation: InterpolationMode = InterpolationMode.NEAREST, fill: Any = None
    ) -> None:
        super().__init__()
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return table.space(table.RAND, num_bins, image_size, table.Reach())

    def forward(self, img: Any) -> Any:
        channels, height, width = F.get_dimensions(img)
        fill = draws.colors_of(img, self.fill, channels)
        space = self._augmentation_space(self.num_magnitude_bins, (height, width))
        for _ in range(self.num_ops):
            name, magnitudes, signed = _drawn(space)
            magnitude = float(magnitudes[self.magnitude].item()) if magnitudes.ndim > 0 else 0.0
            img = _apply_op(img, name, _either_way(magnitude, signed), interpolation=self.interpolation, fill=fill)
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(num_ops={self.num_ops}, magnitude={self.magnitude}, num_magnitude_bins={self.num_magnitude_bins}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )


class TrivialAugmentWide(Module):
    """One operation of a random strength, which may be very strong (Müller and Hutter, 2021)."""

    def __init__(self, num_magnitude_bins: int = 31, interpolation: InterpolationMode = InterpolationMode.NEAREST, fill: Any = None) -> None:
        super().__init__()
        self.num_magnitude_bins = num_magnitude_bins
        self.interpolation = interpolation
        self.fill = fill

    def _augmentation_space(self, num_bins: int) -> Space:
        return table.space(table.RAND, num_bins, (0, 0), table.WIDE)

    def forward(self, img: Any) -> Any:
        fill = draws.colors_of(img, self.fill, F.get_image_num_channels(img))
        name, magnitudes, signed = _drawn(self._augmentation_space(self.num_magnitude_bins))
        magnitude = float(magnitudes[draws.integer(0, len(magnitudes))].item()) if magnitudes.ndim > 0 else 0.0
        return _apply_op(img, name, _either_way(magnitude, signed), interpolation=self.interpolation, fill=fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_magnitude_bins={self.num_magnitude_bins}, interpolation={self.interpolation}, fill={self.fill})"


class AugMix(Module):
    """The image mixed with chains of operations on it, in random parts (Hendrycks et al., 2020).

    severity: 1 to 10, how strong. mixture_width: how many chains; chain_depth: how long, at random 1 to 3 where it is not above 0.
    """

    def __init__(
        self, severity: int = 3, mixture_width: int = 3, chain_depth: int = -1, alpha: float = 1.0, all_ops: bool = True,
        interpolation: InterpolationMode = InterpolationMode.BILINEAR, fill: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._PARAMETER_MAX = A.SEVEREST
        A.check_severity(severity)
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        self.fill = fill

    def _augmentation_space(self, num_bins: int, image_size: tuple[int, int]) -> Space:
        return table.space(table.MIX + table.ENHANCED * self.all_ops, num_bins, image_size, table.MIXED)

    def _sample_dirichlet(self, params: Tensor) -> Tensor:
        return _sample_dirichlet(params)

    def forward(self, orig_img: Any) -> Any:
        channels, height, width = F.get_dimensions(orig_img)
        fill = draws.colors_of(orig_img, self.fill, channels)
        img = orig_img if isinstance(orig_img, Tensor) else F.pil_to_tensor(orig_img)
        space = self._augmentation_space(self._PARAMETER_MAX, (height, width))

        def operation(image: Tensor) -> Tensor:
            name, magnitudes, signed = _drawn(space)
            magnitude = float(magnitudes[draws.integer(0, self.severity)].item()) if magnitudes.ndim > 0 else 0.0
            made: Tensor = _apply_op(image, name, _either_way(magnitude, signed), interpolation=self.interpolation, fill=fill)
            return made

        batch = img.reshape([1] * max(4 - img.ndim, 0) + list(img.shape))
        mix = mixed(self, batch, operation).reshape(img.shape).to(img.dtype)
        return mix if isinstance(orig_img, Tensor) else F.to_pil_image(mix)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(severity={self.severity}, mixture_width={self.mixture_width}, chain_depth={self.chain_depth}, "
            f"alpha={self.alpha}, all_ops={self.all_ops}, interpolation={self.interpolation}, fill={self.fill})"
        )


def mixed(mix: Any, batch: Tensor, operation: Any) -> Tensor:
    """AugMix's sum: of the batch and of chains of operations on it, in parts that are drawn for each of its images."""
    n, dims = batch.shape[0], [batch.shape[0]] + [1] * (batch.ndim - 1)
    part = mix._sample_dirichlet(tensor([mix.alpha, mix.alpha], device=batch.device).expand(n, -1))
    weights = mix._sample_dirichlet(tensor([mix.alpha] * mix.mixture_width, device=batch.device).expand(n, -1)) * part[:, 1].reshape(n, -1)
    made: Tensor = part[:, 0].reshape(dims) * batch
    for i in range(mix.mixture_width):
        image = batch
        for _ in range(mix.chain_depth if mix.chain_depth > 0 else draws.integer(1, 4)):
            image = operation(image)
        made.add_(weights[:, i].reshape(dims) * image)
    return made
