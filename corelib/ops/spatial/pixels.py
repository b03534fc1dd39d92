"""Channels and pixels exchanged: pixel_shuffle and its inverse, channel_shuffle, and normalization across channels."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.ops.spatial.padding import pad
from corelib.ops.shape.permutation import in_format_of
from corelib.tensor.tensor import Tensor


@op(on=("torch", "nn.functional"))
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, c * r², h, w) as (*, c, h * r, w * r). RuntimeError where r² does not divide the channels.

    >>> import corelib as torch
    >>> torch.pixel_shuffle(torch.arange(4.).reshape(1, 4, 1, 1), 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])

    Source: Shi et al., Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network, 2016.
    """
    shape, r = input._shape, upscale_factor
    if len(shape) < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)")
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, c, h, w = shape
    if c % (r * r):
        raise RuntimeError(f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}")
    parts = input.reshape((*lead, c // (r * r), r, r, h, w))
    n = len(lead)
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return in_format_of(input, parts.permute(order).reshape((*lead, c // (r * r), h * r, w * r)))


@op(on=("torch", "nn.functional"))
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, c, h * r, w * r) as (*, c * r², h, w), the inverse of `pixel_shuffle`. RuntimeError where r does not divide h and w.

    >>> import corelib as torch
    >>> torch.pixel_unshuffle(torch.arange(4.).reshape(1, 1, 2, 2), 2).shape
    torch.Size([1, 4, 1, 1])
    """
    shape, r = input._shape, downscale_factor
    if len(shape) < 3:
        raise RuntimeError(f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)")
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, c, h, w = shape
    for what, m, d in (("height", h, -2), ("width", w, -1)):
        if m % r:
            raise RuntimeError(f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({d})={m} is not divisible by {r}")
    parts = input.reshape((*lead, c, h // r, r, w // r, r))
    n = len(lead)
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return in_format_of(input, parts.permute(order).reshape((*lead, c * r * r, h // r, w // r)))


@op(on=("torch", "nn.functional"))
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (dimension 1) of (n, c, *) in `groups`, interleaved. RuntimeError where groups do not divide c.

    >>> import corelib as torch
    >>> torch.channel_shuffle(torch.arange(4.).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    shape = input._shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    n, c, *rest = shape
    if c % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups.")
    return in_format_of(input, input.reshape((n, groups, c // groups, *rest)).transpose(1, 2).reshape(shape))


@op(on=("nn.functional",))
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input / (k + alpha * mean of squares over `size` neighbouring channels)**beta, channels being dimension 1.

    >>> import corelib as torch
    >>> torch.nn.functional.local_response_norm(torch.ones(1, 3, 2), 2).shape
    torch.Size([1, 3, 2])

    Source: Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012.
    """
    if len(input._shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {len(input._shape)} dimensions)")
    if not input._numel:
        return input
    squares = input.mul(input).movedim(1, -1)
    windows = pad(squares, (size // 2, (size - 1) // 2)).unfold(-1, size, 1)
    floating = input._dtype.is_floating_point or input._dtype.is_complex
    around = (windows.mean(-1) if floating else windows.sum(-1) // size).movedim(-1, 1)
    return input / (around * alpha + k) ** beta
