"""Windows: the weights by which a stretch of a signal is cut out of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import arange, ones
from corelib.ops.elementwise.bessel import i0
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import layout as Layout
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

Weights: TypeAlias = Callable[[Tensor, int], Tensor]
"""From the places 0 to n - 1, as numbers, and n to the weights there of a symmetric window."""


def _window(
    name: str, length: object, periodic: bool, weights: Weights, dtype: DType | None, layout: Layout | None, device: DeviceLike,
    requires_grad: bool, pin_memory: bool,
) -> Tensor:
    """The weights at the places 0 to length - 1 of a symmetric window, or of one that is a place longer, as a period of it."""
    if not isinstance(length, int):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not {type(length).__name__}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if dtype is not None and not dtype.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype}")
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"{name} is not implemented for {layout}, only for torch.strided")
    if length < 2:
        made: Tensor = ones(length, dtype=dtype, device=device, pin_memory=pin_memory)
        return made.requires_grad_(requires_grad)
    places = length + 1 if periodic else length
    made = weights(arange(places, dtype=dtype or get_default_dtype(), device=device, pin_memory=pin_memory), places)
    return (made.narrow(0, 0, length).contiguous() if periodic else made).requires_grad_(requires_grad)


def _cosine(alpha: float, beta: float) -> Weights:
    """alpha - beta cos(2 pi n / N)."""
    return lambda x, n: (x * (2 * math.pi / (n - 1))).cos() * -beta + alpha


@public("torch")
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Hann window: sin(pi n / N)**2, N being `window_length`, or one less for the symmetric window.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", window_length, periodic, _cosine(0.5, 0.5), dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Hamming window: alpha - beta cos(2 pi n / N), N being `window_length`, or one less for the symmetric window.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", window_length, periodic, _cosine(alpha, beta), dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Blackman window: 0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N).

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """

    def weights(x: Tensor, n: int) -> Tensor:
        x = x * (math.pi / (n - 1))
        return (x * 4).cos() * 0.08 - (x * 2).cos() * 0.5 + 0.42

    return _window("blackman_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Bartlett window: a triangle from 0 up to 1 and down again.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

    def weights(x: Tensor, n: int) -> Tensor:
        rising = x * (2 / (n - 1))
        return rising.minimum(2 - rising)

    return _window("bartlett_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None, layout: Layout | None = None,
    device: DeviceLike = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Kaiser window: i0(beta sqrt(1 - x**2)) / i0(beta), x going from -1 to 1.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.kaiser_window(5, periodic=False, beta=0.)
    tensor([1., 1., 1., 1., 1.])
    """

    def weights(x: Tensor, n: int) -> Tensor:
        half = (n - 1) / 2
        return i0((1 - ((x - half) / half) ** 2).clamp(0).sqrt() * beta) / i0(x.new_full((), beta))

    return _window("kaiser_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)
