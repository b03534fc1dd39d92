"""Modified Bessel functions of the second kind, of order 0 and 1, elementwise, and both times exp(x), which does not vanish.

Chebyshev series as in Cephes (Moshier), in x**2 up to 2, and in 8/x from there on.
"""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.bessel import chebyshev, i0, special_i1
from corelib.ops.elementwise.exponential import exp, log
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor

_INFINITY, _NAN = float("inf"), float("nan")


def _parts(input: Tensor) -> tuple[Tensor, Tensor]:
    """The numbers up to 2 and those beyond, something harmless elsewhere."""
    return select_where((input > 0) & (input <= 2), input, 1.0), select_where(input > 2, input, 2.0)


def _joined(input: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Put together: inf at 0 and NaN below."""
    value = select_where(input <= 2, low, high)
    return select_where(input > 0, value, select_where(input == 0, _INFINITY, _NAN))


def _k0_near(x: Tensor) -> Tensor:
    return chebyshev(x * x * 0.5 - 1, K0_NEAR) - log(x * 0.5) * i0(x)


def _k1_near(x: Tensor) -> Tensor:
    return log(x * 0.5) * special_i1(x) + chebyshev(x * x * 0.5 - 1, K1_NEAR) / x


def _far(x: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    """Times exp(x)."""
    return chebyshev(4 / x - 1, coefficients) / sqrt(x)


def _k0_vjp(g: Tensor, input: Tensor) -> Tensor:
    return -g * special_modified_bessel_k1(input)


def _k1_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return -g * (special_modified_bessel_k0(input) + out / input)


def _k0e_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return g * (out - special_scaled_modified_bessel_k1(input))


def _k1e_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return g * (out - special_scaled_modified_bessel_k0(input) - out / input)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_k0_vjp)
def special_modified_bessel_k0(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind and order 0, elementwise: inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.modified_bessel_k0(torch.tensor([0., 1.]))
    tensor([   inf, 0.4210])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_modified_bessel_k0, input)
    low, high = _parts(input)
    return _joined(input, _k0_near(low), _far(high, K0_FAR) * exp(-high))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_k0e_vjp)
def special_scaled_modified_bessel_k0(input: Tensor) -> Tensor:
    """exp(input) times `modified_bessel_k0`, elementwise: inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.scaled_modified_bessel_k0(torch.tensor([0., 1.]))
    tensor([   inf, 1.1445])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_scaled_modified_bessel_k0, input)
    low, high = _parts(input)
    return _joined(input, _k0_near(low) * exp(low), _far(high, K0_FAR))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_k1_vjp)
def special_modified_bessel_k1(input: Tensor) -> Tensor:
    """The modified Bessel function of the second kind and order 1, elementwise: inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.modified_bessel_k1(torch.tensor([0., 1.]))
    tensor([   inf, 0.6019])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_modified_bessel_k1, input)
    low, high = _parts(input)
    return _joined(input, _k1_near(low), _far(high, K1_FAR) * exp(-high))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_k1e_vjp)
def special_scaled_modified_bessel_k1(input: Tensor) -> Tensor:
    """exp(input) times `modified_bessel_k1`, elementwise: inf at 0, NaN below.

    >>> import corelib as torch
    >>> torch.special.scaled_modified_bessel_k1(torch.tensor([0., 1.]))
    tensor([   inf, 1.6362])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_scaled_modified_bessel_k1, input)
    low, high = _parts(input)
    return _joined(input, _k1_near(low) * exp(low), _far(high, K1_FAR))


# Coefficients from the highest degree down; the last one counts half.
K0_NEAR = (
    1.374465435613523e-16, 4.25981614279661e-14, 1.0349695257633842e-11, 1.904516377220209e-09,
    2.5347910790261494e-07, 2.286212103119452e-05, 0.001264615411446926, 0.0359799365153615, 0.3442898999246285,
    -0.5353273932339028,
)  # fmt: skip
K0_FAR = (
    5.300433772686263e-18, -1.6475804301524212e-17, 5.2103915050390274e-17, -1.678231096805412e-16,
    5.512055978524319e-16, -1.848593377343779e-15, 6.3400764774050706e-15, -2.2275133269916698e-14,
    8.032890775363575e-14, -2.9800969231727303e-13, 1.140340588208475e-12, -4.514597883373944e-12,
    1.8559491149547177e-11, -7.957489244477107e-11, 3.577397281400301e-10, -1.69753450938906e-09,
    8.574034017414225e-09, -4.660489897687948e-08, 2.766813639445015e-07, -1.8317555227191195e-06,
    1.39498137188765e-05, -0.00012849549581627802, 0.0015698838857300533, -0.0314481013119645, 2.4403030820659555,
)  # fmt: skip
K1_NEAR = (
    -7.023863479386288e-18, -2.427449850519366e-15, -6.666901694199329e-13, -1.4114883926335278e-10,
    -2.213387630734726e-08, -2.4334061415659684e-06, -0.0001730288957513052, -0.006975723859639864,
    -0.12261118082265715, -0.3531559607765449, 1.5253002273389478,
)  # fmt: skip
K1_FAR = (
    -5.756744483665017e-18, 1.7940508731475592e-17, -5.689462558442859e-17, 1.838093544366639e-16,
    -6.057047248373319e-16, 2.038703165624334e-15, -7.019837090418314e-15, 2.4771544244813043e-14,
    -8.976705182324994e-14, 3.3484196660784293e-13, -1.2891739609510289e-12, 5.13963967348173e-12,
    -2.1299678384275683e-11, 9.218315187605006e-11, -4.1903547593418965e-10, 2.015049755197033e-09,
    -1.0345762465678097e-08, 5.7410841254500495e-08, -3.5019606030878126e-07, 2.406484947837217e-06,
    -1.936197974166083e-05, 0.00019521551847135162, -0.002857816859622779, 0.10392373657681724, 2.7206261904844427,
)  # fmt: skip
