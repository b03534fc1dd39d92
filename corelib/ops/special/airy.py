"""The Airy function Ai, elementwise, as in Cephes (Moshier): a power series about 0, asymptotic expansions beyond 2.09 on either side."""

from __future__ import annotations

from math import pi

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.exponential import exp
from corelib.ops.elementwise.polynomials import quotient
from corelib.ops.elementwise.trigonometric import cos, sin
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor

_NAN = float("nan")
_ROOT = 0.564189583547756286948  # 1 / sqrt(pi)
_AT_ZERO = (0.355028053887817239260, 0.258819403792806798405)  # Ai(0) and -Ai'(0)


def _series(x: Tensor) -> Tensor:
    """The power series, of which terms beyond the 20th do not count for |x| < 8.4."""
    z = x * x * x
    f = m = z * 0 + 1
    g = n = x
    k = 1
    for _ in range(32):
        m = m * z / (k + 1) / (k + 2)
        n = n * z / (k + 2) / (k + 3)
        f, g = f + m, g + n
        k += 3
    return f * _AT_ZERO[0] - g * _AT_ZERO[1]


@op(kind="unary", promote="float", on=("special",), out=True)
def special_airy_ai(input: Tensor) -> Tensor:
    """The Airy function Ai, elementwise; NaN at infinity.

    >>> import corelib as torch
    >>> torch.special.airy_ai(torch.tensor([0., 1.]))
    tensor([0.3550, 0.1353])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_airy_ai, input)
    left = input < -2.09
    x = select_where(left & (input > -float("inf")), -input, 3.0)
    distance = 2 * x * sqrt(x) / 3
    z = 1 / distance
    t = distance + pi / 4
    waves = sin(t) * (1 + z * z * quotient(z * z, AFN, AFD)) - cos(t) * (z * quotient(z * z, AGN, AGD))
    low = _ROOT / sqrt(sqrt(x)) * waves
    right = input >= 2.09
    x = select_where(right & (input < 103.892), input, 3.0)
    distance = 2 * x * sqrt(x) / 3
    high = _ROOT * quotient(1 / distance, AN, AD) / (2 * sqrt(sqrt(x)) * exp(distance))
    value = select_where(left, low, select_where(right, high, _series(select_where(left | right, 0.0, input))))
    value = select_where(input > 103.892, 0.0, value)
    return select_where(input.abs() < float("inf"), value, _NAN)


# Coefficients from the highest power down.
AN = (
    0.346538101525629, 12.007595273964581, 76.27960536152345, 168.08922493463058, 159.75639135016442,
    70.53609068404442, 14.026469116338967, 1.0,
)  # fmt: skip
AD = (
    0.5675945326387702, 14.75625625848472, 84.51389701414746, 177.31808814540045, 164.2346928715297,
    71.47784008255756, 14.095913560783403, 1.0,
)  # fmt: skip
AFN = (
    -0.1316963234183318, -0.6264565444319123, -0.6931580360369335, -0.2797799815451191, -0.04919001326095003,
    -0.004062659235948854, -0.0001592764962392621, -2.776491081552329e-06, -1.6778769848911465e-08,
)  # fmt: skip
AFD = (
    13.356042070655324, 32.682503279522464, 26.736704094149957, 9.187074029072596, 1.4752914677166642,
    0.11568717379518804, 0.004402916416152112, 7.547203482874142e-05, 4.5185009297058035e-07,
)  # fmt: skip
AGN = (
    0.01973399320916857, 0.39110302961568827, 1.0657989759959559, 0.9391692298166502, 0.35146565610554764,
    0.06338889196289255, 0.005858041130483885, 0.000282851600836737, 6.98793669997261e-06, 8.117892395543892e-08,
    3.415517847659236e-10,
)  # fmt: skip
AGD = (
    9.30892908077442, 19.835292871831214, 15.564662893286462, 5.476860694229755, 0.9542936116189619,
    0.08645808263523921, 0.004126565238242226, 0.00010125908511650914, 1.1716673321441352e-06, 4.9183457006293e-09,
)  # fmt: skip
