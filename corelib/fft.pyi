# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, float as _float, int as _int, str as _str
from collections.abc import Sequence as _Sequence
from corelib.tensor.device import device as _Device
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.layout import layout as _Layout
from corelib.tensor.tensor import Tensor as _Tensor

def fft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The discrete Fourier transform, along `dim`; n is the size that the signal is cut or filled to first, (n,) the result's."""
def fft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The discrete Fourier transform, along two dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def fftfreq(n: _int, d: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The frequencies of `fft` of n samples that are d apart: 0, 1, ..., then the negative ones, over n * d."""
def fftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The discrete Fourier transform, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def fftshift(input: _Tensor, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
    """Moved round so that the frequency 0 is in the middle, along `dim` or all dimensions."""
def hfft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of half a Hermitian signal: real numbers, along `dim`; n is the size that the signal is cut or filled to first, (n,) the result's."""
def hfft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of half a Hermitian signal: real numbers, along two dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def hfftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of half a Hermitian signal: real numbers, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def ifft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse discrete Fourier transform, along `dim`; n is the size that the signal is cut or filled to first, (n,) the result's."""
def ifft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse discrete Fourier transform, along two dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def ifftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse discrete Fourier transform, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def ifftshift(input: _Tensor, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
    """The inverse of `fftshift`."""
def ihfft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `hfft`: half a Hermitian signal, along `dim`; n is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
def ihfft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `hfft`: half a Hermitian signal, along two dimensions; s is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
def ihfftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `hfft`: half a Hermitian signal, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
def irfft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `rfft`: real numbers, along `dim`; n is the size that the signal is cut or filled to first, (n,) the result's."""
def irfft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `rfft`: real numbers, along two dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def irfftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of `rfft`: real numbers, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n,) the result's."""
def rfft(input: _Tensor, n: _int | None = ..., dim: _int = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of real numbers: the first half of the frequencies, along `dim`; n is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
def rfft2(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of real numbers: the first half of the frequencies, along two dimensions; s is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
def rfftfreq(n: _int, d: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The frequencies of `rfft` of n samples that are d apart."""
def rfftn(input: _Tensor, s: _int | _Sequence[_int] | None = ..., dim: _int | _Sequence[_int] | None = ..., norm: _str | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The Fourier transform of real numbers: the first half of the frequencies, along `dim`, by default all dimensions; s is the size that the signal is cut or filled to first, (n // 2 + 1,) the result's."""
