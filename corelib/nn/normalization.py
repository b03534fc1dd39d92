"""Normalization layers: BatchNorm, LayerNorm, GroupNorm, RMSNorm."""

from __future__ import annotations

import warnings
from typing import Any

import corelib
from corelib import Tensor
from corelib.nn import functional as F
from corelib.nn import init
from corelib.nn.module import Module
from corelib.nn.parameter import Parameter
from corelib.nn.sizes import per_dimension

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LayerNorm", "RMSNorm"]


class _AffineNorm(Module):
    """A normalization followed, if ``affine``, by a learned scale that starts at one and a bias that starts at zero."""

    weight: Parameter | None
    bias: Parameter | None

    def _make_affine(self, affine: bool, bias: bool, shape: Any, device: Any, dtype: Any) -> None:
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(corelib.empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)

    def reset_parameters(self) -> None:
        """Set the scale to one and the bias to zero."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _affine_tensors(self) -> tuple[Any, Any]:
        params = self._parameters
        try:
            return params["weight"], params["bias"]
        except KeyError:
            return self.weight, self.bias


class _BatchNorm(_AffineNorm):
    _version = 2
    _dimensions: tuple[int, ...]

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self._make_affine(affine, bias, num_features, device, dtype)
        if track_running_stats:
            self.register_buffer("running_mean", corelib.zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", corelib.ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", corelib.tensor(0, dtype=corelib.int64, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running mean, the running variance and the number of batches."""
        if self.track_running_stats:
            # A subclass that sets track_running_stats has these buffers.
            self.running_mean.zero_()  # type: ignore[union-attr]
            self.running_var.fill_(1)  # type: ignore[union-attr]
            self.num_batches_tracked.zero_()  # type: ignore[union-attr]

    def reset_parameters(self) -> None:
        """Reset the running statistics, the scale and the bias."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._dimensions:
            accepted = " or ".join(f"{dim}D" for dim in self._dimensions)
            raise ValueError(f"expected {accepted} input (got {input.dim()}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        buffers = self._buffers
        running_mean, running_var = buffers["running_mean"], buffers["running_var"]
        training = self.training
        momentum = 0.0 if self.momentum is None else self.momentum
        if training and self.track_running_stats:
            tracked = buffers["num_batches_tracked"]
            if tracked is not None:
                tracked.add_(1)
                if self.momentum is None:
                    # The running statistics are then the plain mean over all batches so far.
                    momentum = 1.0 / float(tracked)
        use_batch = training or (running_mean is None and running_var is None)
        if training and not self.track_running_stats:
            running_mean = running_var = None
        weight, bias = self._affine_tensors()
        return F.batch_norm(input, running_mean, running_var, weight, bias, use_batch, momentum, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats:
            # Version 1 had no num_batches_tracked.
            tracked = self.num_batches_tracked
            fresh = tracked is None or tracked.is_meta
            state_dict.setdefault(
                prefix + "num_batches_tracked", corelib.tensor(0, dtype=corelib.int64) if fresh else tracked
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class BatchNorm1d(_BatchNorm):
    """Normalizes each channel of (N, C) or (N, C, L) over the batch and, in evaluation, by its running statistics.

    Running statistics move by ``momentum`` towards each batch's; with None they are the mean over all batches.
    Raises ValueError for an input of another number of dimensions. Ioffe and Szegedy, "Batch normalization", 2015.

    >>> import corelib as torch
    >>> torch.nn.BatchNorm1d(2, affine=False)(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """

    _dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalizes each channel of (N, C, H, W) over the batch and, in evaluation, by its running statistics.

    As BatchNorm1d otherwise. Raises ValueError for an input that is not 4-dimensional.

    >>> import corelib as torch
    >>> torch.nn.BatchNorm2d(3)(torch.randn(2, 3, 4, 4)).shape
    torch.Size([2, 3, 4, 4])
    """

    _dimensions = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalizes each channel of (N, C, D, H, W) over the batch and, in evaluation, by its running statistics.

    As BatchNorm1d otherwise. Raises ValueError for an input that is not 5-dimensional.

    >>> import corelib as torch
    >>> torch.nn.BatchNorm3d(3)(torch.randn(2, 3, 2, 4, 4)).shape
    torch.Size([2, 3, 2, 4, 4])
    """

    _dimensions = (5,)


class LayerNorm(_AffineNorm):
    """Normalizes over the last dimensions, whose sizes are ``normalized_shape``, to mean 0 and variance 1.

    Ba, Kiros and Hinton, "Layer normalization", 2016.

    >>> import corelib as torch
    >>> torch.nn.LayerNorm(2)(torch.tensor([1.0, 3.0])).detach()
    tensor([-1.0000,  1.0000])
    """

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = per_dimension(normalized_shape, 1)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make_affine(elementwise_affine, bias, self.normalized_shape, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = self._affine_tensors()
        return F.layer_norm(input, self.normalized_shape, weight, bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(_AffineNorm):
    """Normalizes each of ``num_groups`` groups of the channels of (N, C, *) to mean 0 and variance 1.

    Raises ValueError unless ``num_groups`` divides ``num_channels``. Wu and He, "Group normalization", 2018.

    >>> import corelib as torch
    >>> torch.nn.GroupNorm(3, 6)(torch.randn(20, 6, 10, 10)).shape
    torch.Size([20, 6, 10, 10])
    """

    num_groups: int
    num_channels: int
    eps: float
    affine: bool

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._make_affine(affine, bias, num_channels, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        weight, bias = self._affine_tensors()
        return F.group_norm(input, self.num_groups, weight, bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root mean square over the last dimensions, whose sizes are ``normalized_shape``.

    ``eps`` is the dtype's epsilon by default. Zhang and Sennrich, "Root mean square layer normalization", 2019.

    >>> import corelib as torch
    >>> torch.nn.RMSNorm(2)(torch.tensor([3.0, 4.0])).detach()
    tensor([0.8485, 1.1314])
    """

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = per_dimension(normalized_shape, 1)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        if elementwise_affine:
            self.weight = Parameter(corelib.empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the scale to one."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class _InstanceNorm(_BatchNorm):
    """Normalizes each channel of each sample; running statistics, where they are tracked, are used in evaluation."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False, track_running_stats: bool = False,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        dims = self._dimensions
        if input.dim() not in dims:
            raise ValueError(f"expected {dims[0]}D or {dims[1]}D input (got {input.dim()}D input)")
        batched = input.dim() == dims[1]
        channels = input.size(1 if batched else 0)
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={1 if batched else 0} to match num_features ({self.num_features}), but got: {channels}."
                )
            warnings.warn(
                f"input's size at dim={1 if batched else 0} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False",
                stacklevel=2,
            )
        x = input if batched else input.unsqueeze(0)
        weight, bias = self._affine_tensors()
        made = F.instance_norm(
            x, self.running_mean, self.running_var, weight, bias, self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0, self.eps,
        )
        return made if batched else made.squeeze(0)


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
