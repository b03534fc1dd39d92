"""Modified Bessel functions of the first kind, elementwise: i0, i1, and both times exp(-|x|), which does not overflow.

Chebyshev series, as in Cephes (Moshier): of exp(-x) I(x) in x/4 - 1 up to 8, and of exp(-x) sqrt(x) I(x) in 16/x - 1 from 8 on.
"""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.exponential import exp
from corelib.ops.elementwise.unary import in_float32, sqrt
from corelib.ops.elementwise.where import select_where
from corelib.tensor.tensor import Tensor


def chebyshev(t: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    """A series of Chebyshev polynomials by Clenshaw's recurrence, coefficients from the highest degree down."""
    before: Tensor | float = coefficients[0]
    here = 2 * t * before + coefficients[1]
    for c in coefficients[2:]:
        here, before = 2 * t * here - before + c, here
    return here - t * before - 0.5 * coefficients[-1]


def _scaled(size: Tensor, near: tuple[float, ...], far: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Both series, each where it holds (and somewhere harmless elsewhere): up to 8, and from 8 on."""
    close = size <= 8
    low = chebyshev(select_where(close, size, 8.0) * 0.25 - 1, near)
    beyond = select_where(close, 8.0, size)
    return low, chebyshev(16 / beyond - 1, far) / sqrt(beyond)


def _i0e_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    return g * (special_i1e(input) - input.sign() * out)


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_i0e_vjp)
def special_i0e(input: Tensor) -> Tensor:
    """exp(-abs(input)) * i0(input), elementwise.

    >>> import corelib as torch
    >>> torch.special.i0e(torch.tensor([1.]))
    tensor([0.4658])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_i0e, input)
    size = input.abs()
    low, high = _scaled(size, I0_NEAR, I0_FAR)
    return select_where(input == input, select_where(size <= 8, low, high), input)


def _i0_vjp(g: Tensor, input: Tensor) -> Tensor:
    return g * special_i1(input)


@op(kind="unary", promote="float", inplace=True, out=True, aliases=("special.i0", "special.modified_bessel_i0"), vjp=_i0_vjp)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind and order 0, elementwise.

    >>> import corelib as torch
    >>> torch.i0(torch.tensor([1.]))
    tensor([1.2661])
    """
    if input._dtype.itemsize == 2:
        return in_float32(i0, input)
    half = exp(input.abs() * 0.5)  # twice, so that nothing overflows before the result does
    return special_i0e(input) * half * half


def _i1e_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    # I1' = I0 - I1 / x, which tends to 1/2 at 0
    zero = input == 0
    x = select_where(zero, 1.0, input)
    return g * select_where(zero, 0.5, special_i0e(input) - out * (input.sign() + 1 / x))


@op(kind="unary", promote="float", on=("special",), out=True, vjp=_i1e_vjp)
def special_i1e(input: Tensor) -> Tensor:
    """exp(-abs(input)) * i1(input), elementwise.

    >>> import corelib as torch
    >>> torch.special.i1e(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_i1e, input)
    size = input.abs()
    low, high = _scaled(size, I1_NEAR, I1_FAR)
    value = select_where(size <= 8, low * size, high).copysign(input)
    return select_where(input == input, value, input)


def _i1_vjp(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    zero = input == 0
    return g * select_where(zero, 0.5, i0(input) - out / select_where(zero, 1.0, input))


@op(kind="unary", promote="float", on=("special",), out=True, aliases=("special.modified_bessel_i1",), vjp=_i1_vjp)
def special_i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind and order 1, elementwise.

    >>> import corelib as torch
    >>> torch.special.i1(torch.tensor([0.]))
    tensor([0.])
    """
    if input._dtype.itemsize == 2:
        return in_float32(special_i1, input)
    half = exp(input.abs() * 0.5)
    return special_i1e(input) * half * half


# Coefficients from the highest degree down; the last one counts half.
I0_NEAR = (
    -4.4153416464793395e-18, 3.3307945188222384e-17, -2.431279846547955e-16, 1.715391285555133e-15,
    -1.1685332877993451e-14, 7.676185498604936e-14, -4.856446783111929e-13, 2.95505266312964e-12,
    -1.726826291441556e-11, 9.675809035373237e-11, -5.189795601635263e-10, 2.6598237246823866e-09,
    -1.300025009986248e-08, 6.046995022541919e-08, -2.670793853940612e-07, 1.1173875391201037e-06,
    -4.4167383584587505e-06, 1.6448448070728896e-05, -5.754195010082104e-05, 0.00018850288509584165,
    -0.0005763755745385824, 0.0016394756169413357, -0.004324309995050576, 0.010546460394594998, -0.02373741480589947,
    0.04930528423967071, -0.09490109704804764, 0.17162090152220877, -0.3046826723431984, 0.6767952744094761,
)
I0_FAR = (
    -7.233180487874754e-18, -4.830504485944182e-18, 4.46562142029676e-17, 3.461222867697461e-17,
    -2.8276239805165836e-16, -3.425485619677219e-16, 1.7725601330565263e-15, 3.8116806693526224e-15,
    -9.554846698828307e-15, -4.150569347287222e-14, 1.54008621752141e-14, 3.8527783827421426e-13, 7.180124451383666e-13,
    -1.7941785315068062e-12, -1.3215811840447713e-11, -3.1499165279632416e-11, 1.1889147107846439e-11,
    4.94060238822497e-10, 3.3962320257083865e-09, 2.266668990498178e-08, 2.0489185894690638e-07, 2.8913705208347567e-06,
    6.889758346916825e-05, 0.0033691164782556943, 0.8044904110141088,
)
I1_NEAR = (
    2.7779141127610464e-18, -2.111421214358166e-17, 1.5536319577362005e-16, -1.1055969477353862e-15,
    7.600684294735408e-15, -5.042185504727912e-14, 3.223793365945575e-13, -1.9839743977649436e-12,
    1.1736186298890901e-11, -6.663489723502027e-11, 3.625590281552117e-10, -1.8872497517228294e-09,
    9.381537386495773e-09, -4.445059128796328e-08, 2.0032947535521353e-07, -8.568720264695455e-07,
    3.4702513081376785e-06, -1.3273163656039436e-05, 4.781565107550054e-05, -0.00016176081582589674,
    0.0005122859561685758, -0.0015135724506312532, 0.004156422944312888, -0.010564084894626197, 0.024726449030626516,
    -0.05294598120809499, 0.1026436586898471, -0.17641651835783406, 0.25258718644363365,
)
I1_FAR = (
    7.517296310842105e-18, 4.414348323071708e-18, -4.6503053684893586e-17, -3.209525921993424e-17, 2.96262899764595e-16,
    3.3082023109209285e-16, -1.8803547755107825e-15, -3.8144030724370075e-15, 1.0420276984128802e-14,
    4.272440016711951e-14, -2.1015418427726643e-14, -4.0835511110921974e-13, -7.198551776245908e-13,
    2.0356285441470896e-12, 1.4125807436613782e-11, 3.2526035830154884e-11, -1.8974958123505413e-11,
    -5.589743462196584e-10, -3.835380385964237e-09, -2.6314688468895196e-08, -2.512236237870209e-07,
    -3.882564808877691e-06, -0.00011058893876262371, -0.009761097491361469, 0.7785762350182801,
)
