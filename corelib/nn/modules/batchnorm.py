"""Batch normalization, and what it shares with instance normalization."""

from __future__ import annotations

from typing import Any, ClassVar

from corelib.nn import functional as F
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules._weights import weight_and_bias
from corelib.nn.modules.module import Module
from corelib.nn.modules.lazy import LazyLayer, without_inputs
from corelib.nn.modules.normalization import _AffineNorm
from corelib.ops.construction.creation import ones, zeros
from corelib.tensor.dtype import dtype as DType, int64
from corelib.tensor.tensor import Tensor

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "SyncBatchNorm"]


class _NormBase(_AffineNorm):
    """What batch and instance normalization share: channels, running statistics, the check of the input's dimensions."""

    _version = 2
    _dimensions: ClassVar[tuple[int, ...]]

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
        device: DeviceLike = None,
        dtype: DType | None = None,
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
            self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", zeros((), dtype=int64, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the running mean, the running variance and the number of batches."""
        if self.track_running_stats:
            for buffer, value in ((self.running_mean, 0), (self.running_var, 1), (self.num_batches_tracked, 0)):
                if buffer is not None:
                    buffer.fill_(value)

    def reset_parameters(self) -> None:
        """Reset the running statistics, the scale and the bias."""
        self.reset_running_stats()
        super().reset_parameters()

    def _channel_dim(self, input: Tensor) -> int:
        return 1

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._dimensions:
            accepted = " or ".join(f"{dim}D" for dim in self._dimensions)
            raise ValueError(f"expected {accepted} input (got {input.dim()}D input)")

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
                prefix + "num_batches_tracked", zeros((), dtype=int64) if fresh else tracked
            )
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
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
        weight, bias = weight_and_bias(self)
        return F.batch_norm(input, running_mean, running_var, weight, bias, use_batch, momentum, self.eps)


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


class SyncBatchNorm(_BatchNorm):
    """Normalizes each channel of (N, C, ...) over the batch and, in evaluation, by its running statistics.

    Without process groups, which corelib does not have yet, there is one process, whose batch is the whole: batch norm of any number of
    dimensions from 2. ValueError for fewer, for no channels, and for a process_group. As BatchNorm1d otherwise.

    >>> import corelib as torch
    >>> torch.nn.SyncBatchNorm(3)(torch.randn(2, 3, 4)).shape
    torch.Size([2, 3, 4])
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        process_group: Any = None, device: DeviceLike = None, dtype: DType | None = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        if process_group is not None:
            raise ValueError("SyncBatchNorm: corelib has no process groups yet; leave process_group None, which normalizes over this process's batch")
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.shape[1] == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """A module whose batch norms are SyncBatchNorms with the same parameters, buffers and mode: the same module, unless it is one itself.

        >>> import corelib as torch
        >>> torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))
        Sequential(
          (0): SyncBatchNorm(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        )
        """
        made = module
        if isinstance(module, _BatchNorm):
            made = SyncBatchNorm(
                module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats, process_group, bias=module.bias is not None
            )
            if module.affine:
                made.weight, made.bias = module.weight, module.bias
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                setattr(made, name, getattr(module, name))
            made.training = module.training
            if hasattr(module, "qconfig"):
                made.qconfig = module.qconfig
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


class _LazyNormBase(LazyLayer, _NormBase):
    _inputs = "num_features"

    @without_inputs(_NormBase.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, *args, **kwargs)
        self._uninitialize()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``num_features`` from the input."""
        if self.has_uninitialized_params():
            self.num_features = input.shape[self._channel_dim(input)]
            shape = (self.num_features,)
            self._materialize(weight=shape, bias=shape, running_mean=shape, running_var=shape)


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """BatchNorm1d whose ``num_features`` is the number of the first input's channels.

    >>> import corelib as torch
    >>> norm = torch.nn.LazyBatchNorm1d()
    >>> norm(torch.ones(2, 3)).shape, norm.num_features
    (torch.Size([2, 3]), 3)
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """BatchNorm2d whose ``num_features`` is the number of the first input's channels."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """BatchNorm3d whose ``num_features`` is the number of the first input's channels."""

    cls_to_become = BatchNorm3d
