"""Instance normalization."""

from __future__ import annotations


from corelib.as_torch.warned import warn
from corelib.nn import functional as F
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules._weights import weight_and_bias
from corelib.nn.modules.batchnorm import _LazyNormBase, _NormBase
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = [
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _InstanceNorm(_NormBase):
    """Normalizes each channel of each sample; running statistics, where they are tracked, are used in evaluation."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False, track_running_stats: bool = False,
        device: DeviceLike = None, dtype: DType | None = None, *, bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _channel_dim(self, input: Tensor) -> int:
        return int(input.dim() == self._dimensions[1])

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        dim = self._channel_dim(input)
        channels = input.shape[dim]
        if channels != self.num_features:
            if self.affine:
                raise ValueError(f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: {channels}.")
            warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False",
            )
        x = input if dim else input.unsqueeze(0)
        weight, bias = weight_and_bias(self)
        made = F.instance_norm(
            x, self.running_mean, self.running_var, weight, bias, self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0, self.eps,
        )
        return made if dim else made.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, L) or (C, L).

    Without statistics of its own unless ``track_running_stats``; ``affine`` is False by default. ValueError for an input of another number
    of dimensions, and with ``affine`` of channels. Ulyanov et al., "Instance normalization", 2016.
    """

    _dimensions = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, H, W) or (C, H, W); as InstanceNorm1d otherwise."""

    _dimensions = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalizes each channel of each sample of (N, C, D, H, W) or (C, D, H, W); as InstanceNorm1d otherwise."""

    _dimensions = (4, 5)


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    """InstanceNorm1d whose ``num_features`` is the number of the first input's channels."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    """InstanceNorm2d whose ``num_features`` is the number of the first input's channels."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    """InstanceNorm3d whose ``num_features`` is the number of the first input's channels."""

    cls_to_become = InstanceNorm3d
