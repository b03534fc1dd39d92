"""The references of special functions against numbers that were computed with forty digits (by mpmath)."""

import corelib
import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib.dispatcher.op import TABLE
from corelib_conformance.reference import here, special_functions, value_and_bound
from corelib_conformance.reference.arithmetic import KERNELS
from corelib_conformance.tolerances import SEVEN_DIGITS

VALUES = [
    ("digamma", (-2.75,), -1.959055264977997),
    ("digamma", (9.5,), 2.1977378764029494),
    ("erfinv", (-0.9990234375,), -2.331467773621948),
    ("erfinv", (0.001953125,), 0.0017309136924150655),
    ("i0", (-9.5,), 1753.4809905273228),
    ("i0", (0.75,), 1.1456467780440014),
    ("igamma", (0.5, 0.25), 0.5204998778130465),
    ("igamma", (30.0, 25.5), 0.2104158564978256),
    ("igamma", (7.0, 9.5), 0.8350507556991845),
    ("igammac", (0.5, 0.25), 0.4795001221869535),
    ("igammac", (30.0, 25.5), 0.7895841435021744),
    ("igammac", (7.0, 9.5), 0.1649492443008155),
    ("lgamma", (-2.75,), 0.004487897535955773),
    ("lgamma", (9.5,), 11.689333420797269),
    ("special_airy_ai", (-1.5,), 0.4642565777488694),
    ("special_airy_ai", (-11.25,), 0.22218934004342605),
    ("special_airy_ai", (0.25,), 0.2911639543485452),
    ("special_airy_ai", (6.0,), 9.947694360252889e-06),
    ("special_bessel_j0", (0.3,), 0.9776262465382961),
    ("special_bessel_j0", (27.0,), 0.07274191800588709),
    ("special_bessel_j0", (5.5,), -0.006843869417819197),
    ("special_bessel_j1", (0.3,), 0.148318816273104),
    ("special_bessel_j1", (27.0,), 0.13658472451850767),
    ("special_bessel_j1", (5.5,), -0.34143821542904335),
    ("special_bessel_y0", (0.3,), -0.8072735778045195),
    ("special_bessel_y0", (27.0,), 0.13521497620787234),
    ("special_bessel_y0", (5.5,), -0.339480592881911),
    ("special_bessel_y1", (0.3,), -2.2931051383885293),
    ("special_bessel_y1", (27.0,), -0.07025123823578323),
    ("special_bessel_y1", (5.5,), -0.023758238956389618),
    ("special_chebyshev_polynomial_t", (-1.25, 5), -16.015625),
    ("special_chebyshev_polynomial_t", (0.3, 7), -0.8461632),
    ("special_chebyshev_polynomial_u", (-1.25, 5), -42.65625),
    ("special_chebyshev_polynomial_u", (0.3, 7), -0.6785664000000001),
    ("special_chebyshev_polynomial_v", (-1.25, 5), -63.96875),
    ("special_chebyshev_polynomial_v", (0.3, 7), -1.2372224),
    ("special_chebyshev_polynomial_w", (-1.25, 5), -21.34375),
    ("special_chebyshev_polynomial_w", (0.3, 7), -0.11991040000000015),
    ("special_entr", (0.25,), 0.34657359027997264),
    ("special_entr", (9.0,), -19.775021196025975),
    ("special_erfcx", (-1.5,), 18.653886256262734),
    ("special_erfcx", (12.0,), 0.04685422101489376),
    ("special_hermite_polynomial_h", (-1.25, 5), 64.84375),
    ("special_hermite_polynomial_h", (0.3, 7), -416.51792639999996),
    ("special_hermite_polynomial_he", (-1.25, 5), -2.2705078125),
    ("special_hermite_polynomial_he", (0.3, 7), -28.7158113),
    ("special_i0e", (-40.0,), 0.06327827987523534),
    ("special_i0e", (0.75,), 0.5411652192034954),
    ("special_i1", (-9.5,), -1658.4530777821342),
    ("special_i1", (0.75,), 0.4019924615809222),
    ("special_i1e", (-40.0,), -0.062482229074442064),
    ("special_i1e", (0.75,), 0.18988779330485503),
    ("special_laguerre_polynomial_l", (-1.25, 5), 18.851765950520832),
    ("special_laguerre_polynomial_l", (0.3, 7), -0.3011057058928571),
    ("special_legendre_polynomial_p", (-1.25, 5), -9.2864990234375),
    ("special_legendre_polynomial_p", (0.3, 7), -0.22407298125000003),
    ("special_log_ndtr", (-20.0,), -203.91715537109727),
    ("special_log_ndtr", (1.25,), -0.11165782847292517),
    ("special_modified_bessel_k0", (0.3,), 1.3724600605442974),
    ("special_modified_bessel_k0", (27.0,), 4.5128645311911034e-13),
    ("special_modified_bessel_k0", (5.5,), 0.0021387085659502875),
    ("special_modified_bessel_k1", (0.3,), 3.055992033457325),
    ("special_modified_bessel_k1", (27.0,), 4.595689403699233e-13),
    ("special_modified_bessel_k1", (5.5,), 0.0023255690088490053),
    ("special_ndtr", (-9.0,), 1.1285884059538405e-19),
    ("special_ndtr", (1.25,), 0.8943502263331448),
    ("special_ndtri", (0.0009765625,), -3.0972690781987846),
    ("special_ndtri", (0.75,), 0.6744897501960817),
    ("special_scaled_modified_bessel_k0", (0.3,), 1.8526273007720142),
    ("special_scaled_modified_bessel_k0", (27.0,), 0.2401061633894487),
    ("special_scaled_modified_bessel_k0", (5.5,), 0.5233247315524157),
    ("special_scaled_modified_bessel_k1", (0.3,), 4.12515776224447),
    ("special_scaled_modified_bessel_k1", (27.0,), 0.24451284615905056),
    ("special_scaled_modified_bessel_k1", (5.5,), 0.5690479743890509),
    ("special_shifted_chebyshev_polynomial_t", (-1.25, 5), -7563.5),
    ("special_shifted_chebyshev_polynomial_t", (0.3, 7), 0.2580223999999998),
    ("special_shifted_chebyshev_polynomial_u", (-1.25, 5), -15456.0),
    ("special_shifted_chebyshev_polynomial_u", (0.3, 7), -0.1636352000000002),
    ("special_shifted_chebyshev_polynomial_v", (-1.25, 5), -17711.0),
    ("special_shifted_chebyshev_polynomial_v", (0.3, 7), -1.2177792000000003),
    ("special_shifted_chebyshev_polynomial_w", (-1.25, 5), -13201.0),
    ("special_shifted_chebyshev_polynomial_w", (0.3, 7), 0.8905087999999999),
    ("special_spherical_bessel_j0", (-4.75,), -0.2103774292579743),
    ("special_spherical_bessel_j0", (0.5,), 0.958851077208406),
]


@pytest.mark.parametrize(("name", "args", "value"), VALUES)
def test_a_reference_is_right_to_thirteen_digits(name, args, value):
    tensors = [corelib.tensor([x], dtype=corelib.float64).to(here()) for x in args]
    found, bound = value_and_bound(TABLE[name].entry(*tensors))
    assert found[0] == pytest.approx(value, rel=3e-14, abs=0)
    assert 0 < bound[0] < (1e-2 if name in SEVEN_DIGITS else 1e-12) * abs(value)


def test_every_reference_here_is_checked():
    made = {name for name, (_, kernel) in KERNELS.items() if kernel.__wrapped__.__module__ == special_functions.__name__}
    assert len(made) == 24
    assert made <= {name for name, _, _ in VALUES}
