"""Pooling: the largest or the mean of windows. Windows are met one kernel place at a time, each a strided slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd, prod
from types import EllipsisType
from typing import Any

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import Inferred
from corelib.graph.views import owning
from corelib.ops.construction.creation import arange
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.rows import within_bounds
from corelib.ops.shape.joining import stack
from corelib.ops.spatial.convolution import spatial, window_slices
from corelib.ops.spatial.padding import constant_pad
from corelib.ops.shape.permutation import in_format_of
from corelib.tensor import dtype as D
from corelib.tensor.dtype import kind_name
from corelib.tensor.limits import iinfo
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _sizes(name: str, shape: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil_mode: bool) -> Shape:
    found = []
    for n, k, s, p, d in zip(shape, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        size = (-(-room // s) if ceil_mode else room // s) + 1
        if ceil_mode and (size - 1) * s >= n + p:  # the last window must begin inside the input or its left padding
            size -= 1
        if size <= 0:
            raise RuntimeError(
                f"{name}(): Given input size: {list(shape)}. Calculated output size: {size}. Output size is too small (kernel "
                f"{list(kernel)}, stride {list(stride)}, padding {list(padding)})"
            )
        found.append(size)
    return tuple(found)


def _checked(
    name: str, n: int, input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None, padding: int | Sequence[int],
    dilation: int | Sequence[int], ceil_mode: bool,
) -> tuple[Shape, Shape, Shape, Shape, Shape]:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    kernel = _tuple(name, "kernel_size", kernel_size, n)
    steps = kernel if stride is None or stride == [] or stride == () else _tuple(name, "stride", stride, n)
    pads, gaps = _tuple(name, "padding", padding, n), _tuple(name, "dilation", dilation, n)
    for what, values in (("kernel_size", kernel), ("stride", steps), ("dilation", gaps)):
        if any(v <= 0 for v in values):
            raise RuntimeError(f"{name}(): {what} should be greater than zero, but got {list(values)}")
    for k, p in zip(kernel, pads, strict=True):
        if p < 0 or p > k // 2:
            raise RuntimeError(f"{name}(): pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k}")
    ndim = len(input._shape)
    if ndim not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D (batch mode) tensor for input, but got: {list(input._shape)}")
    if any(m == 0 for m in input._shape[-n - 1 :]):
        raise RuntimeError(f"{name}(): Expected tensor with optional 0 dim batch size, but got input of size {list(input._shape)}")
    return kernel, steps, pads, gaps, _sizes(name, input._shape[-n:], kernel, steps, pads, gaps, ceil_mode)


def _tuple(name: str, what: str, value: int | Sequence[int], n: int) -> Shape:
    try:
        return spatial(name, what, value, n)
    except RuntimeError:
        raise RuntimeError(f"{name}(): {what} must either be a single int, or a tuple of {n} ints, got {value}") from None


def _padded(x: Tensor, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, sizes: Shape, value: float) -> Tensor:
    """The input with room for every window on both sides."""
    n = len(kernel)
    pads = [(0, 0)] * (len(x._shape) - n)
    for m, k, s, p, d, o in zip(x._shape[-n:], kernel, stride, padding, dilation, sizes, strict=True):
        reach = (o - 1) * s + d * (k - 1) + 1
        pads.append((p, reach - m - p if reach - m - p > 0 else 0))
    return x if not any(a or b for a, b in pads) else constant_pad(x, tuple(pads), value)


def _infer_max(input: Tensor, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, sizes: Shape) -> Inferred:
    shape = (*input._shape[: -len(kernel)], *sizes)
    return [(shape, input._dtype), (shape, D.int64)], (input, kernel, stride, padding, dilation, sizes)


@within_bounds
def _max_backward(gs: tuple[Tensor, ...], input: Tensor, sizes: Shape, out1: Tensor) -> Tensor:
    n = len(sizes)
    lead = input._shape[:-n]
    flat = gs[0].new_zeros((*lead, prod(input._shape[-n:])))
    windows = (*lead, prod(sizes))
    made = flat.scatter_add(-1, out1.reshape(windows), gs[0].reshape(windows))
    return made.reshape(input._shape)


@op(on=(), several=True, infer=_infer_max, grad_name="MaxPool2DWithIndicesBackward0", vjp=_max_backward)
def max_windows(
    input: Tensor, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, sizes: Shape
) -> tuple[Tensor, Tensor]:
    """The largest element of each window, and its flat place in the spatial dimensions of the input. NaN is largest."""
    lowest = float("-inf") if input._dtype.is_floating_point else iinfo(input._dtype).min
    x = _padded(input, kernel, stride, padding, dilation, sizes, lowest)
    n = len(kernel)

    def seen(place: list[int], index: tuple[EllipsisType | slice, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """What each window has at one place of the kernel, where that lies in the input, and whether it lies there at all."""
        flat, inside = x.new_zeros((), dtype=D.int64), x.new_ones((), dtype=D.bool)
        for i, m in enumerate(input._shape[-n:]):
            at = arange(sizes[i], device=input._device) * stride[i] + (place[i] * dilation[i] - padding[i])
            at = at.reshape((-1, *[1] * (n - 1 - i)))
            flat, inside = flat * m + at, inside & (at >= 0) & (at < m)
        return x[index], flat, inside

    first, *others = window_slices(kernel, stride, dilation, sizes)
    best, flat, inside = seen(*first)
    where, known = flat.expand(best._shape), inside.expand(best._shape)
    for other in others:
        here, flat, inside = seen(*other)
        # a window of nothing but -inf must still point into the input, not into its padding
        better = inside & ((here > best) | (here != here) | ~known)
        best, where = select_where(better, here, best), select_where(better, flat, where)
        known = known | inside
    return best.contiguous(), where.contiguous()


def _max_pool_of(n: int) -> Callable[..., Any]:
    name = f"max_pool{n}d"

    def pool(
        input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None, padding: int | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1, ceil_mode: bool = False, return_indices: bool = False,
    ) -> Any:
        windows = _checked(name, n, input, kernel_size, stride, padding, dilation, ceil_mode)
        if input._dtype is D.bool:
            raise NotImplementedError(f"{name}(): \"max_pool\" not implemented for 'Bool'")
        values, indices = max_windows(input, *windows)
        if len(input._shape) == n + 2:
            values, indices = in_format_of(input, values), in_format_of(input, indices)
        return (values, indices) if return_indices else values

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = f"""The largest element of each window over {n} dimension(s), NaN counting as largest; `stride` defaults to the window.

    return_indices: also the flat places of the largest in the spatial dimensions.
    """
    return pool


max_pool1d = public("torch", "nn.functional")(_max_pool_of(1))
max_pool2d, max_pool3d = public("torch", "nn.functional")(_max_pool_of(2)), public("torch", "nn.functional", whole=True)(_max_pool_of(3))


def _window_sum_vjp(g: Tensor, input: Tensor, kernel: Shape, stride: Shape, sizes: Shape) -> Tensor:
    return window_spread(g, input._shape, kernel, stride, sizes)


@op(on=(), vjp=_window_sum_vjp, infer=lambda input, kernel, stride, sizes: (
    ((*input._shape[: -len(kernel)], *sizes), input._dtype), (input, kernel, stride, sizes)))
def window_sum(input: Tensor, kernel: Shape, stride: Shape, sizes: Shape) -> Tensor:
    """The sum of each window of a padded input."""
    (_, first), *others = window_slices(kernel, stride, (1,) * len(kernel), sizes)
    made = input[first].clone()
    for _, index in others:
        made = made + input[index]
    return made.contiguous()


@op(on=(), vjp=lambda g, kernel, stride, sizes: window_sum(g, kernel, stride, sizes),
    infer=lambda y, shape, kernel, stride, sizes: ((shape, y._dtype), (y, shape, kernel, stride, sizes)))
def window_spread(y: Tensor, shape: Shape, kernel: Shape, stride: Shape, sizes: Shape) -> Tensor:
    """Each window's number added to all of the window's places."""
    made = y.new_zeros(shape)
    for _, index in window_slices(kernel, stride, (1,) * len(kernel), sizes):
        made[index] += y
    return made


def _avg_pool(
    name: str, n: int, input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None, padding: int | Sequence[int],
    ceil_mode: bool, count_include_pad: bool, divisor: int | None,
) -> Tensor:
    kernel, steps, pads, gaps, sizes = _checked(name, n, input, kernel_size, stride, padding, (1,) * n, ceil_mode)
    whole = input._dtype is D.int64
    if not input._dtype.is_floating_point and not whole:
        raise NotImplementedError(f"{name}(): \"avg_pool{n}d_out_frame\" not implemented for '{kind_name(input._dtype)}'")
    if divisor is not None and divisor == 0:
        raise RuntimeError(f"{name}(): divisor must be not zero, got divisor_override={divisor}")
    if input._dtype.itemsize == 2:  # half types add up in float32
        return _avg_pool(name, n, input.float(), kernel_size, stride, padding, ceil_mode, count_include_pad, divisor).to(input._dtype)
    total = window_sum(_padded(input, kernel, steps, pads, gaps, sizes, 0.0), kernel, steps, sizes)
    total = in_format_of(input, total, n == 1) if n < 3 else total.contiguous()
    if divisor is not None:
        return _over(total, divisor, whole)
    if input._device.type == "meta":
        return _over(total, 1, whole)
    counts = []
    for m, k, s, p, o in zip(input._shape[-n:], kernel, steps, pads, sizes, strict=True):
        row = []
        for i in range(o):
            start = i * s - p
            end = min(start + k, m + p)
            row.append((end - start) if count_include_pad else min(end, m) - max(start, 0))
        counts.append(row)
    if all(len(set(row)) == 1 for row in counts):
        return _over(total, prod(row[0] for row in counts), whole)
    grid: Tensor | int = 1
    for i, row in enumerate(counts):
        grid = grid * input.new_tensor(row).reshape((-1, *[1] * (n - 1 - i)))
    return _over(total, grid, whole)


def _over(total: Tensor, divisor: Tensor | int, whole: bool) -> Tensor:
    return total.div(divisor, rounding_mode="trunc") if whole else total / divisor


@op(on=("torch", "nn.functional"))
def avg_pool1d(
    input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None, padding: int | Sequence[int] = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window along the last dimension; `stride` defaults to the window.

    >>> import corelib as torch
    >>> torch.nn.functional.avg_pool1d(torch.tensor([[1., 3., 5., 7.]]), 2)
    tensor([[2., 6.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@op(on=("nn.functional",), out="exact", overlap="itself")
def avg_pool2d(
    input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None, padding: int | Sequence[int] = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over the last two dimensions; `stride` defaults to the window.

    count_include_pad: whether padding counts as elements. divisor_override: divide by this instead.

    >>> import corelib as torch
    >>> torch.nn.functional.avg_pool2d(torch.ones(1, 4, 4), 2).shape
    torch.Size([1, 2, 2])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@op(on=("nn.functional",), out="exact", overlap="unchecked")
def avg_pool3d(
    input: Tensor, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None, padding: int | Sequence[int] = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over the last three dimensions; arguments as those of `avg_pool2d`.

    >>> import corelib as torch
    >>> torch.nn.functional.avg_pool3d(torch.ones(1, 4, 4, 4), 2).shape
    torch.Size([1, 2, 2, 2])
    """
    return _avg_pool("avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _adaptive_sizes(name: str, n: int, input: Tensor, output_size: int | Sequence[int | None]) -> Shape:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    given = n if isinstance(output_size, int) or output_size is None else len(output_size)
    if n > 1 and given > 1 and not isinstance(output_size, int) and len(input._shape) <= given:
        raise ValueError(f"{name}(): Input dimension should be at least {given + 1}, got {list(input._shape)}")
    if len(input._shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got {list(input._shape)}")
    sizes = (output_size,) * n if isinstance(output_size, int) or output_size is None else tuple(output_size)
    if len(sizes) != n:
        raise RuntimeError(f"{name}(): output_size must be {n} ints, got {list(sizes)}")
    made = tuple(input._shape[i - n] if s is None else int(s) for i, s in enumerate(sizes))
    if any(s < 0 for s in made):
        raise RuntimeError(f"{name}(): elements of output_size must be greater than or equal to 0, but received {list(made)}")
    if any(m == 0 for m in input._shape[-n:]):
        raise RuntimeError(f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {list(input._shape)}")
    return made


def _bounds(n: int, out: int) -> list[tuple[int, int]]:
    return [(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]


def _adaptive_avg(name: str, n: int, input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    sizes = _adaptive_sizes(name, n, input, output_size)
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"{name}(): \"adaptive_avg_pool{n}d\" not implemented for '{kind_name(input._dtype)}'")
    if all(o and m % o == 0 for m, o in zip(input._shape[-n:], sizes, strict=True)):
        kernel = tuple(m // o for m, o in zip(input._shape[-n:], sizes, strict=True))
        made = input.float() if input._dtype.itemsize == 2 else input
        return (in_format_of(input, window_sum(made, kernel, kernel, sizes), n == 1) / prod(kernel)).to(input._dtype)
    if 0 in sizes:
        return input.new_empty((*input._shape[:-n], *sizes))
    made = input.float() if input._dtype.itemsize == 2 else input
    for i in range(n):  # one dimension after the other
        d = len(input._shape) - n + i
        made = _window_means(made.movedim(d, -1), sizes[i]).movedim(-1, d)
    return in_format_of(input, made, n == 1).to(input._dtype)


@within_bounds
def _window_means(x: Tensor, out: int) -> Tensor:
    """The means of windows of nearly one size along the last dimension; what lies outside one does not touch it, NaN or not."""
    n = x._shape[-1]
    number = arange(out, device=x._device)
    first, behind = number * n // out, ((number + 1) * n + out - 1) // out
    rest = n % out
    longest = n // out + (0 if not rest else 2 if rest > gcd(rest, out) else 1)
    places = first.unsqueeze(1) + arange(longest, device=x._device)
    ends = behind.unsqueeze(1)
    parts = x.index_select(-1, places.minimum(ends - 1).reshape((-1,))).reshape((*x._shape[:-1], *places._shape))
    return select_where(places < ends, parts, 0.0).sum(-1) / (behind - first).to(x._dtype)


@op(on=("torch", "nn.functional"))
def adaptive_avg_pool1d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """The means of `output_size` windows that cover the last dimension evenly."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


@op(on=("nn.functional",))
def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """The means of windows that cover the last two dimensions evenly; None in `output_size` keeps a dimension.

    >>> import corelib as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.ones(1, 4, 6), 2).shape
    torch.Size([1, 2, 2])
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


@op(on=("nn.functional",))
def adaptive_avg_pool3d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """The means of windows that cover the last three dimensions evenly; None in `output_size` keeps a dimension.

    >>> import corelib as torch
    >>> torch.nn.functional.adaptive_avg_pool3d(torch.ones(1, 4, 6, 5), 2).shape
    torch.Size([1, 2, 2, 2])
    """
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def last_nan_or_largest(windows: Tensor) -> Tensor:
    """The place of the largest of each window along the last dimension; of several NaN the last is taken, as in PyTorch."""
    largest, odd = windows.argmax(-1, True), windows.isnan()
    last = windows._shape[-1] - 1 - odd.long().flip(-1).argmax(-1, True)
    return select_where(odd.any(-1, True), last, largest)


@within_bounds
def _adaptive_max(
    name: str, n: int, input: Tensor, output_size: int | Sequence[int | None], return_indices: bool
) -> Tensor | tuple[Tensor, Tensor]:
    sizes = _adaptive_sizes(name, n, input, output_size)
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"{name}(): \"{name}\" not implemented for '{kind_name(input._dtype)}'")
    lead, space = input._shape[:-n], input._shape[-n:]
    flat = input.reshape((*lead, prod(space)))
    if input._device.type == "meta":
        indices = flat.new_empty((*lead, prod(sizes)), dtype=D.int64)
        values = flat.gather(-1, indices).reshape((*lead, *sizes))
        return (values, indices.reshape((*lead, *sizes))) if return_indices else values
    odd = bool(flat.detach().isnan().any())
    columns = []
    windows: list[list[tuple[int, int]]] = [[]]
    for m, o in zip(space, sizes, strict=True):
        windows = [[*w, b] for w in windows for b in _bounds(m, o)]
    for window in windows:
        places = [0]
        for (a, b), m in zip(window, space, strict=True):
            places = [p * m + i for p in places for i in range(a, b)]
        at = input.new_tensor(places, dtype=D.int64)
        part = flat.detach().index_select(-1, at)
        here = last_nan_or_largest(part) if odd else part.argmax(-1, True)
        columns.append(at.expand((*lead, len(places))).gather(-1, here).squeeze(-1))
    indices = stack(columns, -1) if columns else flat.new_zeros((*lead, 0), dtype=D.int64)
    values, indices = flat.gather(-1, indices).reshape((*lead, *sizes)), indices.reshape((*lead, *sizes))
    if n == 2:
        values, indices = in_format_of(input, values), in_format_of(input, indices)
    return (values, indices) if return_indices else values


@public("nn.functional")
def adaptive_max_pool1d(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Any:
    """The largest of each of `output_size` windows that cover the last dimension evenly."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


@public("nn.functional")
@owning
def adaptive_max_pool2d(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Any:
    """The largest of each window, where windows cover the last two dimensions evenly."""
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


@public("nn.functional", whole=True)
@owning
def adaptive_max_pool3d(
    input: Tensor, output_size: int | Sequence[int | None], return_indices: bool = False
) -> Any:
    """The largest of each window, where windows cover the last three dimensions evenly."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _with_indices(pool: Callable[..., Any]) -> None:
    def function(input: Tensor, *args: Any, return_indices: bool = True, **kwargs: Any) -> Any:
        return pool(input, *args, return_indices=True, **kwargs)

    name = pool.__name__
    function.__name__ = function.__qualname__ = f"{name}_with_indices"
    function.__doc__ = f"`{name}` with return_indices=True: (values, indices)."
    public("nn.functional")(function)


for _pool in (max_pool1d, max_pool2d, max_pool3d, adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d):
    _with_indices(_pool)
