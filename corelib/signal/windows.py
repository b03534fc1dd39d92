"""Windows of M weights: symmetric, or with `sym=False` one period of a periodic window, for spectra.

`dtype` is float32 or float64, the default dtype unless given. ValueError for other dtypes and layouts, for negative M, and for settings that
the window does not have. Formulas as in Harris, On the use of windows for harmonic analysis (1978), and in scipy.signal.windows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.ops.construction.creation import empty, linspace, ones
from corelib.ops.elementwise.bessel import i0
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType, float32, float64
from corelib.tensor.layout import layout as Layout, strided
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann", "kaiser", "nuttall",
]  # fmt: skip


def _window(
    name: str, length: int, weights: Callable[[Callable[[float, float], Tensor]], Tensor], dtype: DType | None, layout: Layout, device: DeviceLike,
    requires_grad: bool, *, short: int = 0,
) -> Tensor:  # fmt: skip
    """`weights` is given what makes evenly spaced places from a start to an end. Up to `short` places all weigh 1."""
    dtype = get_default_dtype() if dtype is None else dtype
    if length < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={length}")
    if layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if dtype not in (float32, float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    if length == 0:
        made: Tensor = empty((0,), dtype=dtype, device=device)
    elif length <= short:
        made = ones((length,), dtype=dtype, device=device)
    else:
        made = weights(lambda start, end: linspace(start, end, length, dtype=dtype, device=device))
    return made.requires_grad_(requires_grad or False)


def _period(length: int, sym: bool) -> int:
    """How many steps there are from the first place to the one that weighs the same."""
    return length - 1 if sym or length == 1 else length


def exponential(
    M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """exp(-abs(n - center) / tau), the center by default in the middle; another one is for sym=False.

    >>> import corelib as torch
    >>> torch.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = _period(M, sym) / 2 if center is None else center
    weights = lambda places: (-places(-middle / tau, (M - 1 - middle) / tau).abs()).exp()  # noqa: E731
    return _window("exponential", M, weights, dtype, layout, device, requires_grad)


def cosine(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """sin(pi (n + 1/2) / M), half a wave.

    >>> import corelib as torch
    >>> torch.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    step = math.pi / max(_period(M, sym) + 1, 1)
    return _window("cosine", M, lambda places: places(0.5 * step, (M - 0.5) * step).sin(), dtype, layout, device, requires_grad)


def gaussian(
    M: int, *, std: float = 1.0, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """exp(-(n / std)**2 / 2), n counted from the middle.

    >>> import corelib as torch
    >>> torch.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    start, scale = -_period(M, sym) / 2, 1 / (std * math.sqrt(2))
    weights = lambda places: (-places(start * scale, (start + M - 1) * scale).square()).exp()  # noqa: E731
    return _window("gaussian", M, weights, dtype, layout, device, requires_grad)


def kaiser(
    M: int, *, beta: float = 12.0, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """i0(beta sqrt(1 - x**2)) / i0(beta), x going from -1 to 1.

    >>> import corelib as torch
    >>> torch.signal.windows.kaiser(3, beta=0.)
    tensor([1., 1., 1.])
    """
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def weights(places: Callable[[float, float], Tensor]) -> Tensor:
        x = places(-beta, min(beta, beta * (2 * (M - 1) / _period(M, sym) - 1)))
        return i0((beta * beta - x.square()).clamp(min=0).sqrt()) / i0(x.new_full((), beta))

    return _window("kaiser", M, weights, dtype, layout, device, requires_grad, short=1)


def hamming(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`general_hamming` with alpha = 0.54.

    >>> import corelib as torch
    >>> torch.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return _cosines("hamming", M, (0.54, 1 - 0.54), sym, dtype, layout, device, requires_grad)


def hann(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """sin(pi n / N)**2: `general_hamming` with alpha = 1/2.

    >>> import corelib as torch
    >>> torch.signal.windows.hann(3)
    tensor([0., 1., 0.])
    """
    return _cosines("hann", M, (0.5, 0.5), sym, dtype, layout, device, requires_grad)


def blackman(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N).

    >>> import corelib as torch
    >>> torch.signal.windows.blackman(3).round(decimals=3).abs()
    tensor([0., 1., 0.])
    """
    return _cosines("blackman", M, (0.42, 0.5, 0.08), sym, dtype, layout, device, requires_grad)


def bartlett(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A triangle, from 0 up to 1 and down again.

    >>> import corelib as torch
    >>> torch.signal.windows.bartlett(3)
    tensor([0., 1., 0.])
    """
    weights = lambda places: 1 - places(-1, 2 * (M - 1) / _period(M, sym) - 1).abs()  # noqa: E731
    return _window("bartlett", M, weights, dtype, layout, device, requires_grad, short=1)


def general_cosine(
    M: int, *, a: Iterable[float], sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """a[0] - a[1] cos(2 pi n / N) + a[2] cos(4 pi n / N) - ...; ValueError where `a` is empty, TypeError where it is no sequence.

    >>> import corelib as torch
    >>> torch.signal.windows.general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    coefficients = tuple(a)
    if not coefficients and M > 1:
        raise ValueError("Coefficients cannot be empty")
    return _cosines("general_cosine", M, coefficients, sym, dtype, layout, device, requires_grad)


def general_hamming(
    M: int, *, alpha: float = 0.54, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """alpha - (1 - alpha) cos(2 pi n / N).

    >>> import corelib as torch
    >>> torch.signal.windows.general_hamming(3, alpha=0.5)
    tensor([0., 1., 0.])
    """
    return _cosines("general_hamming", M, (alpha, 1 - alpha), sym, dtype, layout, device, requires_grad)


def nuttall(
    M: int, *, sym: bool = True, dtype: DType | None = None, layout: Layout = strided, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Nuttall's minimal four-term window: 0.3635819 - 0.4891775 cos(2 pi n / N) + 0.1365995 cos(4 pi n / N) - 0.0106411 cos(6 pi n / N).

    >>> import corelib as torch
    >>> torch.signal.windows.nuttall(3)
    tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    return _cosines("nuttall", M, (0.3635819, 0.4891775, 0.1365995, 0.0106411), sym, dtype, layout, device, requires_grad)


def _cosines(
    name: str, length: int, coefficients: tuple[float, ...], sym: bool, dtype: DType | None, layout: Layout, device: DeviceLike, requires_grad: bool
) -> Tensor:
    """Cosines of whole numbers of waves, their signs in turn."""

    def weights(places: Callable[[float, float], Tensor]) -> Tensor:
        angle = places(0, 2 * math.pi * (length - 1) / _period(length, sym))
        total = angle.new_full((length,), coefficients[0])
        for k, c in enumerate(coefficients[1:], 1):
            total = total + (angle * k).cos() * (-c if k % 2 else c)
        return total

    return _window(name, length, weights, dtype, layout, device, requires_grad, short=1)

_paths_below(__name__)
