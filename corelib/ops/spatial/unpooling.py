"""Max pooling undone, from the places it gave; and max pooling over windows laid at random (Graham, 2014)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from corelib.dispatcher.determinism import not_deterministic
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import arange
from corelib.ops.indexing.rows import KNOWN
from corelib.ops.random.random import rand
from corelib.ops.spatial.convolution import spatial
from corelib.ops.shape.permutation import in_format_of
from corelib.ops.spatial.pooling import last_nan_or_largest
from corelib.tensor import dtype as D
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _output_size(
    name: str, n: int, input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None, padding: int | Sequence[int],
    output_size: Sequence[int] | None,
) -> Shape:
    kernel, pads = spatial(name, "kernel_size", kernel_size, n), spatial(name, "padding", padding, n)
    steps = kernel if stride is None else spatial(name, "stride", stride, n)
    default = tuple((m - 1) * s + k - 2 * p for m, s, k, p in zip(input._shape[-n:], steps, kernel, pads, strict=True))
    if output_size is None:
        return default
    wanted = tuple(output_size)
    if len(wanted) == n + 2:
        wanted = wanted[2:]
    if len(wanted) != n:
        raise ValueError(f"{name}(): output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of '{len(wanted)}'")
    for d, (least, s, w) in enumerate(zip(default, steps, wanted, strict=True)):
        if not least - s < w < least + s:
            raise ValueError(f'{name}(): invalid output_size "{wanted}" (dim {d} must be between {least - s} and {least + s})')
    return wanted


@op(on=())
def unpool_windows(input: Tensor, indices: Tensor, sizes: Shape, name: str) -> Tensor:
    """Zeros of the given spatial sizes, with the input's elements at flat places."""
    not_deterministic(name)
    n = len(sizes)
    lead = input._shape[:-n]
    if indices._dtype is not D.int64:
        raise RuntimeError(f"{name}(): elements in indices should be type int64 but got: {indices._dtype}")
    if input._shape != indices._shape:
        raise RuntimeError(f"{name}(): Expected shape of indices to be same as that of the input tensor ({list(input._shape)}) but got indices tensor with shape: {list(indices._shape)}")
    if len(lead) not in (1, 2) or 0 in input._shape[-n:]:
        raise RuntimeError(f"{name}(): Input to {name} should be a {n + 1}d or {n + 2}d tensor with non-empty spatial dimensions, but got a tensor of shape {list(input._shape)}")
    flat = input.reshape((*lead, prod(input._shape[-n:])))
    made = flat.new_zeros((*lead, prod(sizes))).scatter(-1, indices.reshape(flat._shape), flat)
    return made.reshape((*lead, *sizes))


def _unpool(n: int) -> Callable[..., Tensor]:
    name = f"max_unpool{n}d"

    def function(
        input: Tensor, indices: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
        padding: int | Sequence[int] = 0, output_size: Sequence[int] | None = None,
    ) -> Tensor:
        sizes = _output_size(name, n, input, kernel_size, stride, padding, output_size)
        made = unpool_windows(input, indices, sizes, name)
        return in_format_of(input, made) if n == 2 else made

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The elements that max_pool{n}d found put back at the places it gave in `indices`, zeros elsewhere.

    output_size: which of the sizes that pool to the input's, where there are several. ValueError if it is none of them.

    >>> import corelib as torch
    >>> x = torch.arange(4.0).reshape(1, {", ".join(["1"] * (n - 1) + ["4"])})
    >>> torch.nn.functional.max_unpool{n}d(*torch.nn.functional.max_pool{n}d(x, {(*[1] * (n - 1), 2)}, return_indices=True), {(*[1] * (n - 1), 2)}).flatten()
    tensor([0., 1., 0., 3.])
    """
    return public("nn.functional", whole=True)(function)


max_unpool1d, max_unpool2d, max_unpool3d = _unpool(1), _unpool(2), _unpool(3)


@op(on=(), several=True)
def fractional_windows(input: Tensor, kernel: Shape, sizes: Shape, samples: Tensor) -> list[Tensor]:
    """The largest element of each window, and its flat place. samples (n, c, dimensions): where in [0, 1) the sequences start."""
    n = len(kernel)
    x = input if len(input._shape) == n + 2 else input.unsqueeze(0)
    b, c = x._shape[:2]
    samples = samples[:b]
    order = [1, 0] if n == 2 else [0, 1, 2]  # PyTorch takes the sample of the width first in two dimensions
    flat = samples.new_zeros((), dtype=D.int64)
    for d in range(n):
        m, k, o = x._shape[2 + d], kernel[d], sizes[d]
        at = samples[:, :, order[d]].unsqueeze(-1)
        starts = arange(o, device=x._device)
        if o > 1:
            alpha = (m - k) / (o - 1)
            moved = ((starts.to(at._dtype) + at) * alpha).trunc() - (at * alpha).trunc()
            starts = moved.long().masked_fill(starts == o - 1, m - k)
        else:
            starts = starts.expand((b, c, 1)) * 0 + (m - k)
        places = starts.unsqueeze(-1) + arange(k, device=x._device)  # (b, c, o, k)
        shape = [b, c] + [1] * (2 * n)
        shape[2 + d], shape[2 + n + d] = o, k
        flat = flat * m + places.reshape(shape)
    windows = flat.reshape((b, c, prod(sizes), prod(kernel)))
    elements = x.reshape((b, c, prod(x._shape[2:]))).gather(-1, windows.reshape((b, c, prod(sizes) * prod(kernel)))).reshape(windows._shape)
    which = last_nan_or_largest(elements)
    made = (*input._shape[:-n], *sizes)
    with KNOWN:
        return [elements.gather(-1, which).reshape(made), windows.gather(-1, which).reshape(made)]


def _fractional(n: int) -> tuple[Callable[..., Any], Callable[..., tuple[Tensor, ...]]]:
    name = f"fractional_max_pool{n}d"

    def with_indices(
        input: Tensor, kernel_size: int | Sequence[int], output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None, return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if len(input._shape) not in (n + 1, n + 2) or 0 in input._shape[-n - 1 :]:
            raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor with non-empty channels and spatial dimensions, but got: {list(input._shape)}")
        kernel = spatial(name, "kernel_size", kernel_size, n)
        shape = input._shape[-n:]
        if output_size is not None:
            sizes = spatial(name, "output_size", output_size, n)
        elif output_ratio is not None:
            ratios = (output_ratio,) * n if isinstance(output_ratio, (int, float)) else output_ratio
            if len(ratios) != n:
                raise ValueError(f"{name} requires output_ratio to either be a single float or tuple of {n} floats.")
            sizes = tuple(int(m * r) for m, r in zip(shape, ratios, strict=True))
        for m, k, o in zip(shape, kernel, sizes, strict=True):
            if o < 1 or o + k - 1 > m:
                raise RuntimeError(f"{name}(): pool size {list(kernel)} too large relative to input size {list(shape)} and output size {list(sizes)}")
        if _random_samples is None:
            batch = 1 if len(input._shape) == n + 1 else input._shape[0]
            _random_samples = rand(batch, input._shape[-n - 1], n, dtype=input._dtype, device=input._device)
        return tuple(fractional_windows(input, kernel, sizes, _random_samples))

    def function(
        input: Tensor, kernel_size: int | Sequence[int], output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None, return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> Any:
        made = with_indices(input, kernel_size, output_size, output_ratio, return_indices, _random_samples)
        return made if return_indices else made[0]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The largest element of windows whose places are drawn at random, so that any output size can be had.

    Give `output_size`, or `output_ratio` in (0, 1). `_random_samples` (n, c, {n}) in [0, 1) says the places. Graham, "Fractional
    max-pooling", 2014.

    >>> import corelib as torch
    >>> torch.nn.functional.{name}(torch.rand(1, 2, {", ".join(["8"] * n)}), 2, output_size=5).shape
    torch.Size([1, 2, {", ".join(["5"] * n)}])
    """
    with_indices.__name__ = with_indices.__qualname__ = name + "_with_indices"
    with_indices.__doc__ = f"`{name}` and the flat places of what it found."
    return public("nn.functional", whole=True)(function), public("nn.functional", whole=True)(with_indices)


fractional_max_pool2d, fractional_max_pool2d_with_indices = _fractional(2)
fractional_max_pool3d, fractional_max_pool3d_with_indices = _fractional(3)
