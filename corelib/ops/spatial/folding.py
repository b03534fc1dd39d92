"""Windows as columns and back: unfold (im2col) and fold (col2im), each the other's derivative; and pools by a power mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Inferred
from corelib.ops.construction.creation import arange
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.neural.activation import relu
from corelib.ops.spatial.convolution import out_size
from corelib.ops.spatial.padding import constant_pad
from corelib.ops.spatial.pooling import avg_pool1d, avg_pool2d, avg_pool3d
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor

_Pair: TypeAlias = tuple[int, int]


def _two(name: str, what: str, value: int | Sequence[int], least: int) -> _Pair:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) == 1:
        pair = pair * 2
    if len(pair) != 2:
        raise RuntimeError(f"{name}: Expect {what} to be a scalar or a pair, got {value}")
    if min(pair) < least:
        kind = "greater than zero" if least else "non-negative"
        raise RuntimeError(f"{name}: {what} should be {kind}, but got {what}_height: {pair[0]} {what}_width: {pair[1]}")
    return pair[0], pair[1]


def _pairs(
    name: str, kernel_size: int | Sequence[int], dilation: int | Sequence[int], padding: int | Sequence[int], stride: int | Sequence[int]
) -> tuple[_Pair, _Pair, _Pair, _Pair]:
    kernel, gaps = _two(name, "kernel_size", kernel_size, 1), _two(name, "dilation", dilation, 1)
    return kernel, gaps, _two(name, "padding", padding, 0), _two(name, "stride", stride, 1)


def _places(input: Tensor, size: int, kernel: int, dilation: int, padding: int, stride: int) -> tuple[Tensor, int]:
    """Where each place of the kernel, and then each window, lies in a padded dimension; and how many windows there are."""
    windows = out_size(size, kernel, stride, padding, dilation)
    starts, steps = arange(windows, device=input._device) * stride, arange(kernel, device=input._device) * dilation
    return (steps.unsqueeze(1) + starts).reshape((-1,)), windows


def _infer_im2col(input: Tensor, kernel: _Pair, dilation: _Pair, padding: _Pair, stride: _Pair) -> Inferred:
    shape = input._shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(f"unfold(): Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: {list(shape)}")
    counts = [out_size(n, k, s, p, d) for n, k, d, p, s in zip(shape[-2:], kernel, dilation, padding, stride, strict=True)]
    if min(counts) < 1:
        raise RuntimeError(
            f"unfold(): Given input with spatial size {list(shape[-2:])}, kernel_size={list(kernel)}, dilation={list(dilation)}, padding={list(padding)}, "
            f"stride={list(stride)}, calculated shape of the array of sliding blocks as {counts}, but its components must be at least one."
        )
    made = (*shape[:-3], shape[-3] * prod(kernel), prod(counts))
    return (made, input._dtype), (input, kernel, dilation, padding, stride)


def _im2col_vjp(g: Tensor, input_shape: Shape, kernel_size: _Pair, dilation: _Pair, padding: _Pair, stride: _Pair) -> Tensor:
    height, width = input_shape[-2:]
    return col2im(g, (height, width), kernel_size, dilation, padding, stride)


@op(on=(), infer=_infer_im2col, grad_name="Im2ColBackward0", vjp=_im2col_vjp)
def im2col(input: Tensor, kernel_size: _Pair, dilation: _Pair, padding: _Pair, stride: _Pair) -> Tensor:
    """The windows of checked arguments as columns."""
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = kernel_size, dilation, padding, stride
    lead, c, (h, w) = input._shape[:-3], input._shape[-3], input._shape[-2:]
    x = constant_pad(input, (*[(0, 0)] * (len(lead) + 1), (ph, ph), (pw, pw)), 0) if ph or pw else input
    rows, oh = _places(input, h, kh, dh, ph, sh)
    columns, ow = _places(input, w, kw, dw, pw, sw)
    with KNOWN:
        parts = x.index_select(-2, rows).index_select(-1, columns).reshape((*lead, c, kh, oh, kw, ow))
    return parts.transpose(-3, -2).reshape((*lead, c * kh * kw, oh * ow))


def _infer_col2im(
    input: Tensor, sizes: _Pair, kernel: _Pair, dilation: _Pair, padding: _Pair, stride: _Pair
) -> Inferred:
    shape = input._shape
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(f"fold(): Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: {list(shape)}")
    if shape[-2] % prod(kernel):
        raise RuntimeError(
            f"fold(): Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)={shape[-2]} and "
            f"kernel_size=({kernel[0]}, {kernel[1]})."
        )
    counts = [out_size(n, k, s, p, d) for n, k, d, p, s in zip(sizes, kernel, dilation, padding, stride, strict=True)]
    if min(counts) < 1 or prod(counts) != shape[-1]:
        raise RuntimeError(
            f"fold(): Given output_size={sizes}, kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride}, expected size of input's "
            f"dimension 2 to match the calculated number of sliding blocks {counts[0]} * {counts[1]} = {prod(counts)}, but got input.size(2)={shape[-1]}."
        )
    return ((*shape[:-2], shape[-2] // prod(kernel), *sizes), input._dtype), (input, sizes, kernel, dilation, padding, stride)


@op(
    on=(), infer=_infer_col2im, grad_name="Col2ImBackward0",
    vjp=lambda g, kernel_size, dilation, padding, stride: im2col(g, kernel_size, dilation, padding, stride),
)
def col2im(
    input: Tensor, output_size: _Pair, kernel_size: _Pair, dilation: _Pair, padding: _Pair, stride: _Pair
) -> Tensor:
    """Columns of checked arguments added up where their windows lie."""
    (h, w), (kh, kw), (dh, dw), (ph, pw), (sh, sw) = output_size, kernel_size, dilation, padding, stride
    lead = input._shape[:-2]
    c = input._shape[-2] // (kh * kw)
    rows, oh = _places(input, h, kh, dh, ph, sh)
    columns, ow = _places(input, w, kw, dw, pw, sw)
    wide = input.float() if input._dtype.itemsize == 2 and input._dtype.is_floating_point else input
    parts = wide.reshape((*lead, c, kh, kw, oh, ow)).transpose(-3, -2).reshape((*lead, c, kh * oh, kw * ow))
    with KNOWN:
        tall = parts.new_zeros((*lead, c, kh * oh, w + 2 * pw)).index_add(-1, columns, parts)
        made = tall.new_zeros((*lead, c, h + 2 * ph, w + 2 * pw)).index_add(-2, rows, tall)
    return made.narrow(-2, ph, h).narrow(-1, pw, w).contiguous().to(input._dtype)


@public("nn.functional", names=("unfold",))
def unfold_windows(
    input: Tensor, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor:
    """The windows of (n, c, h, w) or (c, h, w) as columns, (n, c * kernel's elements, windows): what a convolution multiplies.

    >>> import corelib as torch
    >>> torch.nn.functional.unfold(torch.ones(1, 2, 3, 3), 2).shape
    torch.Size([1, 8, 4])
    """
    return im2col(input, *_pairs("unfold", kernel_size, dilation, padding, stride))


@public("nn.functional")
def fold(
    input: Tensor, output_size: int | Sequence[int], kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1,
) -> Tensor:
    """Columns (n, c * kernel's elements, windows) added up where their windows lie: (n, c, *output_size).

    >>> import corelib as torch
    >>> torch.nn.functional.fold(torch.ones(1, 4, 4), (3, 3), 2)[0, 0]
    tensor([[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]])
    """
    return col2im(input, _two("fold", "output_size", output_size, 1), *_pairs("fold", kernel_size, dilation, padding, stride))


def _lp_pool(n: int, pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def function(
        input: Tensor, norm_type: float, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
        ceil_mode: bool = False,
    ) -> Tensor:
        size = kernel_size**n if isinstance(kernel_size, int) else prod(kernel_size)
        mean = pool(input**norm_type, kernel_size, stride, 0, ceil_mode)
        # as in PyTorch a window of nothing, or of odd powers that sum to less, has no slope
        return (mean.sign() * relu(mean.abs()) * size) ** (1.0 / norm_type)

    function.__name__ = function.__qualname__ = f"lp_pool{n}d"
    function.__doc__ = f"""The p-norm of each window over the last {n} dimension{"s" if n > 1 else ""}, p being `norm_type`; `stride` defaults to the window."""
    return public("nn.functional")(function)


lp_pool1d, lp_pool2d, lp_pool3d = _lp_pool(1, avg_pool1d), _lp_pool(2, avg_pool2d), _lp_pool(3, avg_pool3d)
