"""Deformable convolution: each tap of a kernel reads the picture at a place of its own (Dai et al., 2017; with a mask Zhu et al., 2018)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from corelib.nn import init
from corelib.nn.modules.module import Module
from corelib.nn.modules.utils import _pair
from corelib.nn.parameter import Parameter
from corelib.ops.construction.creation import arange, empty
from corelib.ops.elementwise.where import where
from corelib.tensor.tensor import Tensor

__all__ = ["DeformConv2d", "deform_conv2d"]

Pair = int | Sequence[int]


def deform_conv2d(
    input: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Pair = (1, 1), padding: Pair = (0, 0),
    dilation: Pair = (1, 1), mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Deformable convolution of pictures (n, c, H, W) by a kernel (out, c / groups, kh, kw): (n, out, h, w).

    offset (n, 2 * g * kh * kw, h, w): how far down and right of its usual place each tap reads, for each of g groups of the channels.
    mask (n, g * kh * kw, h, w): what is read is multiplied by it. Outside of a picture there is 0. RuntimeError where shapes do not fit.

    >>> import corelib as torch, corelib.vision as vision
    >>> x, weight = torch.arange(16.).view(1, 1, 4, 4), torch.ones(1, 1, 1, 1)
    >>> vision.ops.deform_conv2d(x, torch.full((1, 2, 4, 4), 0.5), weight)[0, 0, 0]
    tensor([2.5000, 3.5000, 4.5000, 2.5000])
    """
    (down, right), (top, left), (spread_y, spread_x) = _pair(stride), _pair(padding), _pair(dilation)
    for name, given in (("input", input), ("offset", offset), ("weight", weight)):
        if given.dim() != 4:
            raise RuntimeError(f"deform_conv2d(): {name} must have 4 dimensions, got {given.dim()}")
    (n, channels, height, width), (out_channels, per_group, kh, kw) = input.shape, weight.shape
    taps, parts = kh * kw, offset.shape[1] // (2 * kh * kw)
    if parts == 0:
        raise RuntimeError(
            f"deform_conv2d(): the shape of the offset tensor at dimension 1 is not valid. It should be a multiple of 2 * weight.size[2] * weight.size[3]: "
            f"got {offset.shape[1]}, and 2 * {kh} * {kw} = {2 * taps}"
        )
    groups = channels // per_group
    h, w = ((size + 2 * pad - (spread * (k - 1) + 1)) // step + 1 for size, pad, spread, k, step in (
        (height, top, spread_y, kh, down), (width, left, spread_x, kw, right)))  # fmt: skip
    if h <= 0 or w <= 0:
        raise RuntimeError(f"deform_conv2d(): Calculated output size too small - out_h: {h} out_w: {w}")
    fits = {
        f"groups * weight.shape[1] must be input.shape[1], {channels}": groups * per_group == channels,
        f"weight.shape[0] must be a multiple of the groups, {groups}": groups > 0 and out_channels % max(groups, 1) == 0,
        f"input.shape[1] must be a multiple of the offset's groups, {parts}": channels % parts == 0,
        f"offset must be {(n, 2 * parts * taps, h, w)}": tuple(offset.shape) == (n, 2 * parts * taps, h, w),
        f"mask must be {(n, parts * taps, h, w)}": mask is None or tuple(mask.shape) == (n, parts * taps, h, w),
        f"bias must have {out_channels} elements": bias is None or tuple(bias.shape) == (out_channels,),
    }
    for what, right_so in fits.items():
        if not right_so:
            shapes = ", ".join(f"{name} {tuple(t.shape)}" for name, t in (("input", input), ("weight", weight), ("offset", offset), ("mask", mask)) if t is not None)
            raise RuntimeError(f"deform_conv2d(): {what}; got {shapes}")
    # Where each tap reads: (n, parts, taps, h, w).
    shift = offset.reshape((n, parts, taps, 2, h, w))
    tap = arange(taps, device=input.device).reshape((taps, 1, 1))
    line = arange(h, device=input.device).reshape((h, 1)) * down - top
    place = arange(w, device=input.device) * right - left
    y = shift[:, :, :, 0] + (tap // kw * spread_y + line).to(input.dtype)
    x = shift[:, :, :, 1] + (tap % kw * spread_x + place).to(input.dtype)
    found = _read(input.reshape((n * parts, channels // parts, height, width)), y.reshape((n * parts, -1)), x.reshape((n * parts, -1)))
    if mask is not None:
        found = found * mask.reshape((n * parts, 1, -1))
    columns = found.reshape((n, groups, per_group * taps, h * w))
    result = weight.reshape((groups, out_channels // groups, per_group * taps)) @ columns
    result = result.reshape((n, out_channels, h, w))
    return result if bias is None else result + bias[:, None, None]


def _read(pictures: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Pictures (b, c, H, W) at places (b, m) between pixels, 0 outside: (b, c, m)."""
    b, channels, height, width = pictures.shape
    flat = pictures.reshape((b, channels, height * width))
    y0, x0 = y.detach().floor(), x.detach().floor()
    total: Tensor | None = None
    for below, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        line, place = y0 + below, x0 + right
        there = (line >= 0) & (line <= height - 1) & (place >= 0) & (place <= width - 1)
        index = where(there, line * width + place, 0.0).long()
        weight = ((y - y0) if below else (1 - (y - y0))) * ((x - x0) if right else (1 - (x - x0)))
        values = flat.gather(2, index[:, None].expand((b, channels, index.shape[1])))
        part = values * where(there, weight, 0.0)[:, None]
        total = part if total is None else total + part
    assert total is not None
    return total


class DeformConv2d(Module):
    """`deform_conv2d` with a weight and a bias of its own: called with the input, the offset and, if there is one, the mask.

    >>> import corelib as torch, corelib.vision as vision
    >>> vision.ops.DeformConv2d(3, 8, 3, padding=1)(torch.ones(1, 3, 5, 5), torch.zeros(1, 18, 5, 5)).shape
    torch.Size([1, 8, 5, 5])
    """

    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1, groups: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(f"{name} must be divisible by groups, got {channels} and {groups}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride, self.padding, self.dilation = _pair(kernel_size), _pair(stride), _pair(padding), _pair(dilation)
        self.weight = Parameter(empty((out_channels, in_channels // groups, *self.kernel_size)))
        if bias:
            self.bias = Parameter(empty((out_channels,)))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As a convolution's: uniform, within the inverse square root of what each output reads."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.weight[0].numel())
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        return deform_conv2d(input, offset, self.weight, self.bias, self.stride, self.padding, self.dilation, mask)

    def __repr__(self) -> str:
        more = [
            f"padding={self.padding}" if self.padding != (0, 0) else "",
            f"dilation={self.dilation}" if self.dilation != (1, 1) else "",
            f"groups={self.groups}" if self.groups != 1 else "",
            "bias=False" if self.bias is None else "",
        ]
        said = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}", *filter(None, more)]
        return f"{self.__class__.__name__}({', '.join(said)})"
