"""Convolutions of any number of spatial dimensions: windows, copy, matmul.

Three ops close over each other's derivatives: `convolution`, its gradient with respect to the input (which is also the
transposed convolution) and its gradient with respect to the weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from types import EllipsisType

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.warned import warn
from corelib.ops.products.products import batched_matmul
from corelib.ops.spatial.padding import pad, zero_pad
from corelib.ops.shape.permutation import format_of, in_format
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def spatial(name: str, what: str, value: int | Sequence[int], n: int) -> Shape:
    """A number or one for each spatial dimension, as a tuple."""
    if isinstance(value, int):
        return (value,) * n
    try:
        made = tuple([int(v) for v in value])
    except TypeError:
        raise TypeError(f"{name}(): argument '{what}' must be int or tuple of ints, not {type(value).__name__}") from None
    if len(made) == 1:
        return made * n
    if len(made) != n:
        raise RuntimeError(f"{name}(): expected {what} to be a single integer value or a list of {n} values to match the convolution dimensions, but got {what}={list(made)}")
    return made


def out_size(n: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit."""
    return (n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _out_sizes(input: Tensor, weight: Tensor, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    return tuple(
        [out_size(n, k, s, p, d) for n, k, s, p, d in zip(input._shape[2:], weight._shape[2:], stride, padding, dilation, strict=True)]
    )


def _infer_conv(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Inferred:
    shape = (input._shape[0], weight._shape[0], *_out_sizes(input, weight, stride, padding, dilation))
    return (shape, input._dtype), (input, weight, bias, stride, padding, dilation, groups)


def columns(x: Tensor, kernel: Shape, sizes: Shape, stride: Shape, dilation: Shape) -> Tensor:
    """All windows of a padded input (b, c, *n) as a view (b, c, *kernel, *sizes)."""
    n = len(kernel)
    steps = x.stride()
    return x.as_strided(
        (*x._shape[:2], *kernel, *sizes),
        (*steps[:2], *[steps[2 + i] * dilation[i] for i in range(n)], *[steps[2 + i] * stride[i] for i in range(n)]),
        x._offset,
    )


def _input_vjp(
    g: Tensor, input: Tensor, weight: Tensor, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    return conv_input(g, weight, input._shape, stride, padding, dilation, groups)


def _weight_vjp(
    g: Tensor, input: Tensor, weight: Tensor, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    return conv_weight(g, input, weight._shape, stride, padding, dilation, groups)


@op(
    on=(), infer=_infer_conv, grad_name="ConvolutionBackward0",
    vjp={
        "input": _input_vjp,
        "weight": _weight_vjp,
        "bias": lambda g: g.sum((0, *range(2, len(g._shape)))),
    },
)
def convolution(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    """The convolution of checked arguments: input (b, c, *n), weight (o, c / groups, *k)."""
    x = zero_pad(input, padding).contiguous()
    kernel, o = weight._shape[2:], weight._shape[0]
    b, c = input._shape[:2]
    sizes = _out_sizes(input, weight, stride, padding, dilation)
    k = weight._shape[1] * prod(kernel)
    cols = columns(x, kernel, sizes, stride, dilation).reshape((b, groups, k, prod(sizes)))
    made = batched_matmul(weight.reshape((1, groups, o // groups, k)), cols)
    made = made.reshape((b, o, *sizes))
    return made if bias is None else made + bias.reshape((1, o, *[1] * len(kernel)))


def _infer_gradient(
    y: Tensor, other: Tensor, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Inferred:
    return (tuple(shape), y._dtype), (y, other, tuple(shape), stride, padding, dilation, groups)


def _within(made: Tensor, shape: Shape) -> Tensor:
    """The first places of a convolution: output_padding may have left room for more windows than there were."""
    for d in range(2, len(shape)):
        if made._shape[d] > shape[d]:
            made = made.narrow(d, 0, shape[d])
    return made


def _transposed_weight_vjp(
    g: Tensor, y: Tensor, weight: Tensor, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    return conv_weight(y, g, weight._shape, stride, padding, dilation, groups)


@op(
    on=(), infer=_infer_gradient, grad_name="ConvolutionBackward0",
    vjp={
        "y": lambda g, y_shape, weight, stride, padding, dilation, groups: _within(
            convolution(g, weight, None, stride, padding, dilation, groups), y_shape
        ),
        "weight": _transposed_weight_vjp,
    },
)
def conv_input(
    y: Tensor, weight: Tensor, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    """The gradient of a convolution with respect to its input, from that of its output; the transposed convolution."""
    b, o = y._shape[:2]
    kernel, sizes = weight._shape[2:], y._shape[2:]
    n = len(kernel)
    k = weight._shape[1] * prod(kernel)
    w = weight.reshape((1, groups, o // groups, k)).transpose(2, 3)
    cols = batched_matmul(w, y.reshape((b, groups, o // groups, prod(sizes))))
    cols = cols.reshape((b, weight._shape[1] * groups, *kernel, *sizes))
    padded = tuple([m + 2 * p for m, p in zip(shape[2:], padding, strict=True)])
    made = fold(cols, padded, stride, dilation)
    for i in range(n):
        made = made.narrow(2 + i, padding[i], shape[2 + i])
    return made.contiguous()


def window_slices(
    kernel: Shape, stride: Shape, dilation: Shape, sizes: Shape
) -> Iterator[tuple[list[int], tuple[EllipsisType | slice, ...]]]:
    """Each place of the kernel, and the index of all windows' elements there in the last dimensions of a padded input."""
    for at in range(prod(kernel)):
        place, rest = [], at
        for k in reversed(kernel):
            place.append(rest % k)
            rest //= k
        place.reverse()
        yield place, (Ellipsis,) + tuple(
            slice(p * d, p * d + (m - 1) * s + 1, s) for p, d, s, m in zip(place, dilation, stride, sizes, strict=True)
        )


def fold(cols: Tensor, padded: Shape, stride: Shape, dilation: Shape) -> Tensor:
    """Windows (b, c, *kernel, *sizes) added up where they overlap in (b, c, *padded)."""
    n = len(padded)
    kernel, sizes = cols._shape[2 : 2 + n], cols._shape[2 + n :]
    made = cols.new_zeros((*cols._shape[:2], *padded))
    for place, index in window_slices(kernel, stride, dilation, sizes):
        made[index] += cols[(slice(None), slice(None), *place)]
    return made


@op(
    on=(), infer=_infer_gradient, grad_name="ConvolutionBackward0",
    vjp={
        "y": lambda g, y_shape, input, stride, padding, dilation, groups: _within(
            convolution(input, g, None, stride, padding, dilation, groups), y_shape
        ),
        "input": lambda g, y, input, stride, padding, dilation, groups: conv_input(
            y, g, input._shape, stride, padding, dilation, groups
        ),
    },
)
def conv_weight(
    y: Tensor, input: Tensor, shape: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Tensor:
    """The gradient of a convolution with respect to its weight, from that of its output."""
    x = zero_pad(input, padding).contiguous()
    b, o = y._shape[:2]
    k = prod(shape[1:])
    cols = columns(x, shape[2:], y._shape[2:], stride, dilation).reshape((b, groups, k, prod(y._shape[2:])))
    rows = y.reshape((b, groups, o // groups, prod(y._shape[2:])))
    return batched_matmul(rows, cols.transpose(2, 3)).sum(0).reshape(shape)


def _checked(
    name: str, input: Tensor, weight: Tensor, bias: Tensor | None, stride: int | Sequence[int], padding: int | str | Sequence[int],
    dilation: int | Sequence[int], groups: int, n: int,
) -> tuple[Tensor, bool, Shape, Shape, Shape]:
    """PyTorch's checks and the arguments as tuples; an input without a batch dimension gets one."""
    for what, t in (("input", input), ("weight", weight)):
        if not isinstance(t, Tensor):
            raise TypeError(f"{name}(): argument '{what}' must be Tensor, not {type(t).__name__}")
    transposed = "transpose" in name
    if len(input._shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got input of size: {list(input._shape)}"
        )
    if len(weight._shape) != n + 2:
        raise RuntimeError(f"{name}(): expected weight with {n + 2} dimensions, got shape {list(weight._shape)}")
    batched = len(input._shape) == n + 2
    x = input if batched else input.unsqueeze(0)
    if groups <= 0:
        raise RuntimeError(f"{name}(): non-positive groups is not supported, got {groups}")
    channels = weight._shape[0] if transposed else weight._shape[1] * groups
    if x._shape[1] != channels:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, weight of size {list(weight._shape)}, expected input{list(input._shape)} to have "
            f"{channels} channels, but got {x._shape[1]} channels instead"
        )
    if weight._shape[0] % groups:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"{list(weight._shape)} instead"
        )
    outputs = weight._shape[1] * groups if transposed else weight._shape[0]
    if bias is not None and bias._shape != (outputs,):
        raise RuntimeError(
            f"{name}(): Given weight of size {list(weight._shape)}, expected bias to be 1-dimensional with {outputs} elements, but "
            f"got bias of size {list(bias._shape)} instead"
        )
    if x._dtype is not weight._dtype or (bias is not None and bias._dtype is not weight._dtype):
        raise RuntimeError(f"{name}(): Input type ({x._dtype}) and weight type ({weight._dtype}) should be the same")
    stride, dilation = spatial(name, "stride", stride, n), spatial(name, "dilation", dilation, n)
    for what, values in (("stride", stride), ("dilation", dilation)):
        if any(v <= 0 for v in values):
            raise RuntimeError(f"{name}(): non-positive {what} is not supported, got {list(values)}")
    kernel = weight._shape[2:]
    if isinstance(padding, str):
        if padding == "valid":
            padding = (0,) * n
        elif padding == "same":
            if any(s != 1 for s in stride):
                raise RuntimeError(f"{name}(): padding='same' is not supported for strided convolutions, got stride {list(stride)}")
            totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
            if any(t % 2 for t in totals):
                warn("Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be created")
                # the extra place goes behind, as in PyTorch
                x = pad(x, [v for t in reversed(totals) for v in (0, t % 2)])
            padding = tuple([t // 2 for t in totals])
        else:
            raise RuntimeError(f"{name}(): Invalid padding string: '{padding}'; accepted are 'valid', 'same' and ints")
    padding = spatial(name, "padding", padding, n)
    if any(p < 0 for p in padding):
        raise RuntimeError(f"{name}(): negative padding is not supported, got {list(padding)}")
    if not transposed:
        for i in range(n):
            if x._shape[2 + i] + 2 * padding[i] < dilation[i] * (kernel[i] - 1) + 1:
                raise RuntimeError(
                    f"{name}(): Calculated padded input size per channel: ({' x '.join(str(x._shape[2 + j] + 2 * padding[j]) for j in range(n))}). "
                    f"Kernel size: ({' x '.join(str(dilation[j] * (kernel[j] - 1) + 1) for j in range(n))}). Kernel size can't be "
                    "greater than actual input size"
                )
    return x, batched, stride, padding, dilation


def _format(x: Tensor, weight: Tensor, n: int) -> str | None:
    """The memory format of a convolution: that of either operand, along a line of both."""
    first, second = format_of(x, n == 1), format_of(weight, n == 1)
    return (first and second) if n == 1 else (first or second)


def _convolve(
    name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: int | Sequence[int],
    padding: int | str | Sequence[int], dilation: int | Sequence[int], groups: int,
) -> Tensor:
    x, batched, steps, pads, gaps = _checked(name, input, weight, bias, stride, padding, dilation, groups, n)
    made = convolution(x, weight, bias, steps, pads, gaps, groups)
    if x._strides is not None or weight._strides is not None:
        made = in_format(made, _format(x, weight, n), n == 1)
    return made if batched else made.squeeze(0)


@op(on=("torch", "nn.functional"))
def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:
    """Slide a kernel along one dimension: input (b, c, n) or (c, n), weight (o, c / groups, k).

    padding: an int, or "valid" or "same".

    >>> import corelib as torch
    >>> torch.conv1d(torch.ones(1, 1, 4), torch.ones(1, 1, 2))
    tensor([[[2., 2., 2.]]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@op(on=("torch", "nn.functional"))
def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:
    """Slide a kernel over two dimensions: input (b, c, h, w) or (c, h, w), weight (o, c / groups, kh, kw).

    padding: an int or two, or "valid" or "same".

    >>> import corelib as torch
    >>> torch.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@op(on=("torch", "nn.functional"))
def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1, groups: int = 1,
) -> Tensor:
    """Slide a kernel over three dimensions: input (b, c, d, h, w), weight (o, c / groups, kd, kh, kw).

    >>> import corelib as torch
    >>> torch.conv3d(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2)).flatten()
    tensor([8.])
    """
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _transposed(
    name: str, n: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: int | Sequence[int], padding: int | Sequence[int],
    output_padding: int | Sequence[int], groups: int, dilation: int | Sequence[int],
) -> Tensor:
    x, batched, steps, pads, gaps = _checked(name, input, weight, bias, stride, padding, dilation, groups, n)
    extra = spatial(name, "output_padding", output_padding, n)
    for e, s, d in zip(extra, steps, gaps, strict=True):
        if e >= max(s, d) or e < 0:
            raise RuntimeError(
                f"{name}(): output padding must be smaller than either stride or dilation, but got output_padding {list(extra)}, "
                f"stride {list(steps)}, dilation {list(gaps)}"
            )
    sizes = tuple(
        (m - 1) * s - 2 * p + d * (k - 1) + e + 1
        for m, s, p, d, k, e in zip(x._shape[2:], steps, pads, gaps, weight._shape[2:], extra, strict=True)
    )
    if any(m <= 0 for m in sizes):
        raise RuntimeError(f"{name}(): Given input size per channel: {list(x._shape[2:])}. Calculated output size per channel: {list(sizes)}. Output size is too small")
    made = conv_input(x, weight, (x._shape[0], weight._shape[1] * groups, *sizes), steps, pads, gaps, groups)
    if bias is not None:
        made = made + bias.reshape((1, -1, *[1] * n))
    if x._strides is not None or weight._strides is not None:
        made = in_format(made, _format(x, weight, n), n == 1)
    return made if batched else made.squeeze(0)


@op(on=("torch", "nn.functional"))
def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0, groups: int = 1, dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transpose of `conv1d`: its gradient with respect to the input. weight: (c, o / groups, k)."""
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op(on=("torch", "nn.functional"))
def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0, groups: int = 1, dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transpose of `conv2d`: its gradient with respect to the input. weight: (c, o / groups, kh, kw).

    >>> import corelib as torch
    >>> torch.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2), stride=2).shape
    torch.Size([1, 1, 4, 4])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op(on=("torch", "nn.functional"))
def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0, groups: int = 1, dilation: int | Sequence[int] = 1,
) -> Tensor:
    """The transpose of `conv3d`: its gradient with respect to the input. weight: (c, o / groups, kd, kh, kw).

    >>> import corelib as torch
    >>> torch.conv_transpose3d(torch.ones(1, 1, 1, 2, 2), torch.ones(1, 1, 2, 2, 2), stride=2).shape
    torch.Size([1, 1, 2, 4, 4])
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)
