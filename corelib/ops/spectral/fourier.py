"""Fourier transforms. One extension transforms complex numbers along some dimensions; the others prepare for it, or cut what it gives."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TypeAlias

from corelib.dispatcher.calls.outs import stored
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE
from corelib.ops.complex.complex_numbers import conj
from corelib.ops.construction.creation import arange
from corelib.ops.shape.joining import cat
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.layout import layout as Layout
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.size import Dims, Shape, wrap_dim
from corelib.tensor.tensor import Tensor

Sizes: TypeAlias = list[int | None]
"""For each dimension how many elements to transform, or None for as many as there are."""
Prepare: TypeAlias = Callable[[str, object], Tensor]
"""From the name of a function and its input to the complex numbers that it transforms."""
Transform: TypeAlias = Callable[[str, Tensor, list[int], Sizes, str, bool], Tensor]
"""From a name, complex numbers, dimensions, their sizes, the norm, and whether the transform goes forward, to what it gives."""

NORMS = ("backward", "ortho", "forward")
_OTHER = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _slope(g: Tensor, dims: tuple[int, ...], norm: str, forward: bool) -> Tensor:
    return fft_complex(g, dims, norm, forward)


@op(
    kind="extension", on=(), infer=lambda input, dims, norm, forward: ((input._shape, input._dtype), (input, dims, norm, forward)),
    grad_name="FftC2CBackward0", vjp=_slope,
)
def fft_complex(input: Tensor, dims: tuple[int, ...], norm: str, forward: bool) -> Tensor:
    """The discrete Fourier transform of complex numbers along `dims`, or its inverse; norm says which of them is divided, as NumPy has it."""
    raise KernelOnly


@op(
    on=(), by_result=True,
    infer=lambda input, dim, norm: ((_of(input._shape, dim, input._shape[dim] // 2 + 1), input._dtype.to_complex()), (input, dim, norm)),
)
def fft_half(input: Tensor, dim: int, norm: str) -> Tensor:
    """The first half of the frequencies of real numbers along `dim`. Differentiated through its body."""
    made: Tensor = fft_complex(input.to(input._dtype.to_complex()), (dim,), norm, True)
    return made.narrow(dim, 0, input._shape[dim] // 2 + 1).contiguous()


@op(on=(), infer=lambda input, n, dim, norm: ((_of(input._shape, dim, n), input._dtype.to_real()), (input, n, dim, norm)))
def fft_whole(input: Tensor, n: int, dim: int, norm: str) -> Tensor:
    """The n real numbers whose first n // 2 + 1 frequencies along `dim` are given. Differentiated through its body."""
    rest = n - (n // 2 + 1)
    x = cat([input, conj(input.narrow(dim, 1, rest).flip(dim))], dim) if rest else input
    made: Tensor = fft_complex(x, (dim,), norm, False).real.contiguous()
    return made


def _of(shape: Shape, dim: int, n: int) -> Shape:
    """A shape with another size along one dimension."""
    return (*shape[:dim], n, *shape[dim + 1 :])


def _norm(name: str, norm: str | None) -> str:
    if norm is None:
        return "backward"
    if norm not in NORMS:
        raise RuntimeError(f'{name}(): Invalid normalization mode: "{norm}"; accepted are {", ".join(NORMS)}')
    return norm


def _floating(name: str, input: object) -> Tensor:
    """The input as real or complex numbers; integers become the default float."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    if input._dtype.is_complex:
        return input
    dtype = input._dtype if input._dtype.is_floating_point else get_default_dtype()
    if dtype.itemsize == 2:
        raise RuntimeError(f"{name}(): Unsupported dtype {kind_name(dtype)}")
    return input.to(dtype)


def _complex(name: str, input: object) -> Tensor:
    x = _floating(name, input)
    return x.to(x._dtype.to_complex())


def _real(name: str, input: object) -> Tensor:
    if isinstance(input, Tensor) and input._dtype.is_complex:
        raise RuntimeError(f"{name} expects a real input tensor, but got {kind_name(input._dtype)}")
    return _floating(name, input)


def _sized(name: str, x: Tensor, dim: int, n: int | None) -> Tensor:
    """Cut or filled with zeros to n elements along a dimension."""
    if n is None:
        n = x._shape[dim]
    if n < 1:
        raise RuntimeError(f"{name}(): Invalid number of data points ({n}) specified")
    have = x._shape[dim]
    if n < have:
        return x.narrow(dim, 0, n)
    if n > have:
        more = [*x._shape]
        more[dim] = n - have
        return cat([x, x.new_zeros(more)], dim)
    return x


def _one(name: str, input: Tensor, dim: int) -> int:
    if not input._shape:
        raise IndexError(f"{name}(): Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(name, dim, len(input._shape))


def _several(name: str, input: Tensor, s: Dims, dim: Dims) -> tuple[list[int], Sizes]:
    """Dimensions from 0 and the sizes wanted."""
    rank = len(input._shape)
    sizes = None if s is None else [s] if isinstance(s, int) else list(s)
    if dim is not None:
        dims = [wrap_dim(name, d, rank) for d in ([dim] if isinstance(dim, int) else dim)]
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"{name}(): FFT dims must be unique, got {dims}")
        if sizes is not None and len(sizes) != len(dims):
            raise RuntimeError(f"{name}(): When given, dim and shape arguments must have the same length, got {len(dims)} and {len(sizes)}")
    elif sizes is not None:
        if len(sizes) > rank:
            raise RuntimeError(f"{name}(): Got shape with {len(sizes)} values but input tensor only has {rank} dimensions.")
        dims = list(range(rank - len(sizes), rank))
    else:
        dims = list(range(rank))
    return dims, [None] * len(dims) if sizes is None else [None if n == -1 else n for n in sizes]


def _full(name: str, x: Tensor, dims: list[int], sizes: Sizes, norm: str, forward: bool) -> Tensor:
    for d, n in zip(dims, sizes, strict=True):
        x = _sized(name, x, d, n)
    return fft_complex(x, tuple(dims), norm, forward) if dims else x


def _to_real(name: str, x: Tensor, dims: list[int], sizes: Sizes, norm: str, forward: bool) -> Tensor:
    """The inverse (or, forward, the Hermitian) transform whose result is real."""
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    x = _full(name, x, dims[:-1], sizes[:-1], norm, forward)
    dim, n = dims[-1], sizes[-1]
    n = 2 * (x._shape[dim] - 1) if n is None else n
    if n < 1:
        raise RuntimeError(f"{name}(): Invalid number of data points ({n}) specified")
    x = _sized(name, conj(x) if forward else x, dim, n // 2 + 1)
    made: Tensor = fft_whole(x, n, dim, _OTHER[norm] if forward else norm)
    return made


def _from_real(name: str, x: Tensor, dims: list[int], sizes: Sizes, norm: str, forward: bool) -> Tensor:
    """The transform of a real signal, of which half the frequencies of the last dimension say all."""
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    x = fft_half(_sized(name, x, dims[-1], sizes[-1]), dims[-1], norm if forward else _OTHER[norm])
    return _full(name, x if forward else conj(x), dims[:-1], sizes[:-1], norm, forward)


KINDS: dict[str, tuple[str, Transform, Prepare, bool]] = {
    "fft": ("The discrete Fourier transform", _full, _complex, True),
    "ifft": ("The inverse discrete Fourier transform", _full, _complex, False),
    "rfft": ("The Fourier transform of real numbers: the first half of the frequencies", _from_real, _real, True),
    "irfft": ("The inverse of `rfft`: real numbers", _to_real, _complex, False),
    "hfft": ("The Fourier transform of half a Hermitian signal: real numbers", _to_real, _complex, True),
    "ihfft": ("The inverse of `hfft`: half a Hermitian signal", _from_real, _real, False),
}


def _declare(kind: str) -> None:
    about, run, prepare, forward = KINDS[kind]

    def transformed(name: str, input: Tensor, s: Dims, dim: Dims, norm: str | None, out: Tensor | None) -> Tensor:
        x = prepare(name, input)
        dims, sizes = _several(name, x, s, dim)
        return stored(TABLE["clone"], run(name, x, dims, sizes, _norm(kind, norm), forward), out, input)

    def one(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
        x = prepare(f"fft_{kind}", input)
        made = run(f"fft_{kind}", x, [_one(f"fft_{kind}", x, dim)], [n], _norm(kind, norm), forward)
        return stored(TABLE["clone"], made, out, input)

    def two(input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
        return transformed(f"fft_{kind}2", input, s, dim, norm, out)

    def several(input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None) -> Tensor:
        return transformed(f"fft_{kind}n", input, s, dim, norm, out)

    size = "(n // 2 + 1,)" if run is _from_real else "(n,)"
    made = {"fft": "(4,)", "ifft": "(4,)", "rfft": "(3,)", "irfft": "(6,)", "hfft": "(6,)", "ihfft": "(3,)"}[kind]
    places = ("along `dim`", "along two dimensions", "along `dim`, by default all dimensions")
    for function, name, where in zip((one, two, several), (kind, f"{kind}2", f"{kind}n"), places):
        function.__name__ = function.__qualname__ = f"fft_{name}"
        example = f"\n\n>>> import corelib as torch\n>>> tuple(torch.fft.{kind}(torch.ones(4)).shape)\n{made}" if function is one else ""
        function.__doc__ = (
            f"{about}, {where}; {'n' if function is one else 's'} is the size that the signal is cut or filled to first, "
            f"{size} the result's.\n\n"
            f'norm: "backward" (the inverse is divided by n, the default), "ortho" (both by its root) or "forward".{example}\n'
        )
        public("fft", names=(name,), whole=True)(function)


for _kind in KINDS:
    _declare(_kind)


def _frequencies(n: int, d: float, half: bool, dtype: DType | None, device: DeviceLike, requires_grad: bool, out: Tensor | None) -> Tensor:
    dtype = dtype or get_default_dtype()
    if half:
        made = arange(n // 2 + 1, dtype=dtype, device=device)
    else:
        first = (n - 1) // 2 + 1
        made = cat([arange(first, dtype=dtype, device=device), arange(-(n // 2), 0, dtype=dtype, device=device)])
    return stored(TABLE["clone"], made * (1.0 / (n * d) if n else inf), out).requires_grad_(requires_grad)


@public("fft", names=("fftfreq",))
def fft_fftfreq(
    n: int, d: float = 1.0, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, out: Tensor | None = None,
) -> Tensor:
    """The frequencies of `fft` of n samples that are d apart: 0, 1, ..., then the negative ones, over n * d.

    >>> import corelib as torch
    >>> torch.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return _frequencies(n, d, False, dtype, device, requires_grad, out)


@public("fft", names=("rfftfreq",))
def fft_rfftfreq(
    n: int, d: float = 1.0, *, dtype: DType | None = None, layout: Layout | None = None, device: DeviceLike = None,
    requires_grad: bool = False, out: Tensor | None = None,
) -> Tensor:
    """The frequencies of `rfft` of n samples that are d apart.

    >>> import corelib as torch
    >>> torch.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    return _frequencies(n, d, True, dtype, device, requires_grad, out)


def _shifted(name: str, input: Tensor, dim: Dims, towards: int) -> Tensor:
    rank = len(input._shape)
    dims = [wrap_dim(name, d, rank) for d in (range(rank) if dim is None else [dim] if isinstance(dim, int) else dim)]
    shifts = [input._shape[d] // 2 if towards > 0 else (input._shape[d] + 1) // 2 for d in dims]
    return input.roll(shifts, dims) if dims else input.clone()


@public("fft", names=("fftshift",))
def fft_fftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """Moved round so that the frequency 0 is in the middle, along `dim` or all dimensions.

    >>> import corelib as torch
    >>> torch.fft.fftshift(torch.arange(4))
    tensor([2, 3, 0, 1])
    """
    return _shifted("fft_fftshift", input, dim, 1)


@public("fft", names=("ifftshift",))
def fft_ifftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The inverse of `fftshift`.

    >>> import corelib as torch
    >>> torch.fft.ifftshift(torch.arange(5))
    tensor([2, 3, 4, 0, 1])
    """
    return _shifted("fft_ifftshift", input, dim, -1)
