"""Windows: the weights by which a stretch of a signal is cut out of it."""

from __future__ import annotations

import math
from typing import Any

from corelib.dispatcher.namespaces import public
from corelib.ops.construction.creation import arange, empty, ones
from corelib.ops.elementwise.bessel import i0
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor


def _window(name: str, length: Any, periodic: bool, weights: Any, dtype: Any, layout: Any, device: Any, requires_grad: bool, pin_memory: bool) -> Any:
    """The weights at the places 0 to length - 1 of a symmetric window, or of one that is a place longer, as a period of it."""
    if not isinstance(length, int):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not {type(length).__name__}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if dtype is not None and not dtype.is_floating_point:
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype}")
    if layout is not None and layout.name != "strided":
        raise RuntimeError(f"{name} is not implemented for {layout}, only for torch.strided")
    names = {"dtype": dtype, "device": device, "pin_memory": pin_memory}
    if length < 2:
        return (ones if length else empty)(length, **names).requires_grad_(requires_grad)
    places = length + 1 if periodic else length
    made: Any = weights(arange(places, **{**names, "dtype": dtype or _default()}), places)
    return (made.narrow(0, 0, length).contiguous() if periodic else made).requires_grad_(requires_grad)


def _default() -> Any:
    return get_default_dtype()


@public("torch")
def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False
) -> Tensor:
    """The Hann window: sin(pi n / N)**2, N being `window_length`, or one less for the symmetric window.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _general_hamming("hann_window", window_length, periodic, 0.5, 0.5, dtype, layout, device, requires_grad, pin_memory)


def _general_hamming(name: str, length: Any, periodic: bool, alpha: float, beta: float, *rest: Any) -> Any:
    def weights(x: Any, n: int) -> Any:
        return (x * (2 * math.pi / (n - 1))).cos() * -beta + alpha

    return _window(name, length, periodic, weights, *rest)


@public("torch")
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:
    """The Hamming window: alpha - beta cos(2 pi n / N), N being `window_length`, or one less for the symmetric window.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _general_hamming("hamming_window", window_length, periodic, alpha, beta, dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False
) -> Tensor:
    """The Blackman window: 0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N).

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """

    def weights(x: Any, n: int) -> Any:
        x = x * (math.pi / (n - 1))
        return (4 * x).cos() * 0.08 - (2 * x).cos() * 0.5 + 0.42

    return _window("blackman_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False
) -> Tensor:
    """The Bartlett window: a triangle from 0 up to 1 and down again.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

    def weights(x: Any, n: int) -> Any:
        rising = x * (2 / (n - 1))
        return rising.minimum(2 - rising)

    return _window("bartlett_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)


@public("torch")
def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """The Kaiser window: i0(beta sqrt(1 - x**2)) / i0(beta), x going from -1 to 1.

    RuntimeError for negative lengths and dtypes that are not floating.

    >>> import corelib as torch
    >>> torch.kaiser_window(5, periodic=False, beta=0.)
    tensor([1., 1., 1., 1., 1.])
    """

    def weights(x: Any, n: int) -> Any:
        half = (n - 1) / 2
        return i0((1 - ((x - half) / half) ** 2).clamp(0).sqrt() * beta) / i0(x.new_full((), beta))

    return _window("kaiser_window", window_length, periodic, weights, dtype, layout, device, requires_grad, pin_memory)
