# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, complex as _complex, float as _float, int as _int
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.tensor import Tensor as _Tensor

def airy_ai(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Airy function Ai, elementwise; NaN at infinity."""
def bessel_j0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Bessel function of the first kind and order 0, elementwise."""
def bessel_j1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Bessel function of the first kind and order 1, elementwise."""
def bessel_y0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Bessel function of the second kind and order 0, elementwise: -inf at 0, NaN below."""
def bessel_y1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Bessel function of the second kind and order 1, elementwise: -inf at 0, NaN below."""
def chebyshev_polynomial_t(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the first kind and degree `n` at `input`, elementwise: cos(n acos(input)). Either may be a number."""
def chebyshev_polynomial_u(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the second kind and degree `n` at `input`, elementwise. Either may be a number."""
def chebyshev_polynomial_v(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the third kind and degree `n` at `input`, elementwise. Either may be a number."""
def chebyshev_polynomial_w(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the fourth kind and degree `n` at `input`, elementwise. Either may be a number."""
def digamma(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The derivative of lgamma, elementwise; ∓inf at ±0, NaN at -1, -2, ..."""
def entr(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """-input * log(input), elementwise; 0 at 0 and -inf below."""
def erf(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The error function, elementwise: 2/sqrt(pi) times the integral of exp(-t²) from 0 to `input`."""
def erfc(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """1 - erf(input), elementwise, with all its digits for large inputs."""
def erfcx(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(input²) * erfc(input), elementwise, which neither overflows nor vanishes for large inputs."""
def erfinv(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The number whose erf is `input`, elementwise; ±inf at ±1, NaN beyond."""
def exp2(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """2 to the power of `input`, elementwise. Integers become the default float."""
def expit(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """1 / (1 + exp(-input)), elementwise."""
def expm1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(input) - 1, exact for small inputs, elementwise."""
def gammainc(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """P(input, other), the regularized lower incomplete gamma function, elementwise: 1/gamma(a) times the integral from 0 to x of t^(a-1) e^-t."""
def gammaincc(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Q(input, other) = 1 - P(input, other), the regularized upper incomplete gamma function, elementwise."""
def gammaln(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of the gamma function's absolute value, elementwise; inf at 0, -1, -2, ..."""
def hermite_polynomial_h(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """The physicists' Hermite polynomial of degree `n` at `input`, elementwise; NaN from degree 129 on in float32, 513 in float64."""
def hermite_polynomial_he(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """The probabilists' Hermite polynomial of degree `n` at `input`, elementwise; NaN from degree 129 on in float32, 513 in float64."""
def i0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the first kind and order 0, elementwise."""
def i0e(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(-abs(input)) * i0(input), elementwise."""
def i1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the first kind and order 1, elementwise."""
def i1e(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(-abs(input)) * i1(input), elementwise."""
def laguerre_polynomial_l(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Laguerre's polynomial of degree `n` at `input`, elementwise. Either may be a number."""
def legendre_polynomial_p(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Legendre's polynomial of degree `n` at `input`, elementwise. Either may be a number."""
def log1p(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """log(1 + input), exact for small inputs, elementwise."""
def log_ndtr(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of ndtr, elementwise, with all its digits far to the left."""
def log_softmax(input: _Tensor, dim: _int, dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of softmax, without its loss of digits. `dtype` casts the input first."""
def logit(input: _Tensor, eps: _float | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """log(input / (1 - input)), elementwise, the inverse of sigmoid; with `eps` the input is first cut to [eps, 1 - eps]."""
def logsumexp(input: _Tensor, dim: _int | _Sequence[_int], keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """log(sum(exp(input))) along `dim`, without overflow."""
def modified_bessel_i0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the first kind and order 0, elementwise."""
def modified_bessel_i1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the first kind and order 1, elementwise."""
def modified_bessel_k0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the second kind and order 0, elementwise: inf at 0, NaN below."""
def modified_bessel_k1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the second kind and order 1, elementwise: inf at 0, NaN below."""
def multigammaln(input: _Tensor, p: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, elementwise: the sum of lgamma(input - i/2) for i < p,"""
def ndtr(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The area below the standard normal density left of `input`, elementwise."""
def ndtri(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The number left of which the area below the standard normal density is `input`, elementwise; the inverse of ndtr."""
def polygamma(n: _int, input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The nth derivative of digamma, elementwise. RuntimeError for negative n."""
def psi(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The derivative of lgamma, elementwise; ∓inf at ±0, NaN at -1, -2, ..."""
def round(input: _Tensor, *, decimals: _int | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The nearest integer, halves to even, elementwise; `decimals` digits after (or, if negative, before) the point."""
def scaled_modified_bessel_k0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(input) times `modified_bessel_k0`, elementwise: inf at 0, NaN below."""
def scaled_modified_bessel_k1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(input) times `modified_bessel_k1`, elementwise: inf at 0, NaN below."""
def shifted_chebyshev_polynomial_t(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the first kind and degree `n` at 2 input - 1, elementwise. Either may be a number."""
def shifted_chebyshev_polynomial_u(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the second kind and degree `n` at 2 input - 1, elementwise. Either may be a number."""
def shifted_chebyshev_polynomial_v(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the third kind and degree `n` at 2 input - 1, elementwise. Either may be a number."""
def shifted_chebyshev_polynomial_w(input: _Any, n: _Any, *, out: _Tensor | None = ...) -> _Tensor:
    """Chebyshev's polynomial of the fourth kind and degree `n` at 2 input - 1, elementwise. Either may be a number."""
def sinc(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """sin(pi x) / (pi x), elementwise; 1 at 0."""
def softmax(input: _Tensor, dim: _int, dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Numbers along `dim` made positive with sum 1: exp(x) / sum(exp(x)). `dtype` casts the input first."""
def spherical_bessel_j0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The spherical Bessel function of the first kind and order 0, elementwise: sin(input) / input."""
def xlog1py(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * log1p(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number."""
def xlogy(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * log(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number."""
def zeta(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """The Hurwitz zeta function, the sum over k = 0, 1, ... of (other + k)**-input, elementwise. Either may be a number."""
