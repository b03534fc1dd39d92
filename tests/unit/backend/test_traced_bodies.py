"""Kernels made of op bodies, and those of special functions that are written out: what the bodies compute, for few numbers and many."""

import numpy as np
import pytest
from corelib.backend.codegen.trace import Untraceable, trace
from corelib.backend.xp.choice import choose
from corelib.backend.xp.traced import written
from corelib.dispatcher.op import TABLE
from corelib.tensor import dtype as D

import corelib as torch

WRITTEN_OUT = ("lgamma", "digamma", "erfc", "special_ndtr", "special_ndtri", "erf", "erfinv")
TRACED = (
    "special_erfcx", "special_log_ndtr", "special_bessel_j0", "special_bessel_j1", "special_bessel_y0", "special_modified_bessel_k0", "special_airy_ai",
    "special_spherical_bessel_j0", "sinc",
)  # fmt: skip
SIZES = ((), (3,), (0,), (700,), (40, 1000))
EDGES = [0.0, -0.0, 1.0, 2.0, -1.0, -2.5, float("inf"), -float("inf"), float("nan"), 0.5, 1e-30, -1e-30, 30.0]


def points(size, dtype):
    made = torch.empty(size, dtype=dtype)
    generator = np.random.default_rng(0)
    array = generator.normal(size=made.numel()) * generator.choice([0.1, 1.0, 8.0], made.numel())
    array[: min(len(EDGES), array.size)] = EDGES[: array.size]
    return made.copy_(torch.from_numpy(array.reshape(size)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", WRITTEN_OUT + TRACED)
def test_kernel_computes_what_the_body_does(name, size, dtype):
    op, x = TABLE[name], points(size, dtype)
    with torch.no_grad():
        got, expected = op.entry(x), op.body(x)
    assert got.shape == expected.shape and got.dtype == dtype
    slack = 3e-6 if dtype is torch.float32 else 3e-11
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=slack, atol=slack if name in ("lgamma", "digamma") else slack * 1e-3)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", [(5,), (900,)], ids=str)
def test_polygamma_computes_what_the_body_does(n, size):
    x = points(size, torch.float64)
    np.testing.assert_allclose(torch.polygamma(n, x).numpy(), TABLE["polygamma"].body(n, x).numpy(), rtol=1e-11)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["lgamma", "digamma", "erfc", "special_ndtri", "special_erfcx"])
def test_half_types_are_float32_rounded_once(name, dtype):
    x = torch.linspace(0.1, 0.9, 40).to(dtype)
    assert torch.equal(TABLE[name].entry(x), TABLE[name].entry(x.float()).to(dtype))


def test_memory_with_gaps_and_expanded_operands():
    x = torch.rand(40, 60)[:, ::2]
    y = torch.rand(40, 1).expand(40, 30)
    np.testing.assert_array_equal(torch.erfc(x).numpy(), torch.erfc(x.contiguous()).numpy())
    np.testing.assert_array_equal(torch.special.zeta(x + 2, y).numpy(), torch.special.zeta(x.contiguous() + 2, y.contiguous()).numpy())
    np.testing.assert_array_equal(torch.special.xlog1py(x, 2.0).numpy(), torch.special.xlog1py(x, torch.tensor(2.0)).numpy())


def test_in_place_reads_before_it_writes():
    for name in ("lgamma", "digamma", "erfc", "erfinv", "sinc"):
        for n in (7, 3000):
            x = torch.rand(n)
            expected = getattr(torch, name)(x)
            assert getattr(x, name + "_")() is x
            assert torch.equal(x, expected), name


def test_gradients_go_on():
    x = torch.rand(4, dtype=torch.float64, requires_grad=True)
    for function in (torch.lgamma, torch.digamma, lambda t: torch.polygamma(2, t), torch.special.ndtri, torch.special.i0):
        assert torch.autograd.gradcheck(lambda t, f=function: f(t * 0.5 + 0.25), (x,))


def test_written_code_reuses_its_arrays():
    code = trace(TABLE["special_bessel_j0"], (None,), {0: D.float32})
    program = written(code, np, 1)
    out = np.empty(5, np.float32)
    program(out, np.ones(5, np.float32))
    np.testing.assert_allclose(out, 0.76519769, rtol=1e-6)
    assert program.__code__.co_nlocals < 20 < len(code.statements)


def test_what_asks_for_values_is_not_written():
    with pytest.raises(Untraceable):
        trace(TABLE["igamma"], (None, None), {0: D.float32, 1: D.float32})


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.int32, np.int16, np.uint8, np.float16, bool])
@pytest.mark.parametrize("n", [5, 2000])
def test_choosing_by_a_mask(kind, n):
    generator = np.random.default_rng(n)
    a, b = (generator.integers(0, 2 if kind is bool else 100, n).astype(kind) for _ in range(2))
    mask = generator.random(n) < 0.5
    expected, out = np.where(mask, a, b), np.empty(n, kind)
    choose(np, out, mask, a, b)
    np.testing.assert_array_equal(out, expected)
    choose(np, b, mask, a, b)  # in the memory of what is chosen elsewhere
    np.testing.assert_array_equal(b, expected)
    choose(np, out, mask, a, kind(0))
    np.testing.assert_array_equal(out, np.where(mask, a, np.zeros_like(a)))
    if kind in (np.float32, np.float64):
        choose(np, out, mask, float("nan"), -0.0)
        assert np.isnan(out[mask]).all() and np.signbit(out[~mask]).all()


def test_each_optional_operand_has_its_place():
    """A kernel that was made for a weight is not that for a weight of the positive ones, in either order of the calls."""
    body, entry = TABLE["cross_entropy_of_logits"].body, TABLE["cross_entropy_of_logits"].entry
    x, y, w = torch.randn(30), torch.rand(30), torch.rand(30) * 3
    for weight, positive in ((w, None), (None, w), (None, None), (w, w), (w, None)):
        torch.testing.assert_close(entry(x, y, weight, positive, "none"), body(x, y, weight, positive, "none"))


def test_attributes_that_are_equal_and_not_the_same():
    x = torch.full((4,), -1.0)
    for value in (0.0, -0.0, 0.0):
        made = torch.nn.functional.threshold(x, 0.5, value)
        assert (np.signbit(made.numpy()) == np.signbit(value)).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_what_refuses_floats_has_no_kernel_for_them(name, dtype):
    with pytest.raises(NotImplementedError, match="not implemented for"):
        getattr(torch, name)(torch.ones(2, dtype=dtype), torch.ones(2, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("n", [1, 3000])
def test_lgamma_is_zero_at_its_zeros(n, dtype):
    for zero in (1.0, 2.0):
        assert (torch.lgamma(torch.full((n,), zero, dtype=dtype)) == 0).all()


@pytest.mark.parametrize("n", [1, 3000])
def test_lgamma_of_negative_numbers_keeps_its_digits(n):
    got = torch.lgamma(torch.tensor([-2.5] * n, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(got, -0.05624371649767405, rtol=2e-15)
    assert (torch.lgamma(torch.tensor([-1e308] * n, dtype=torch.float64)) == float("inf")).all()


@pytest.mark.filterwarnings("error")
def test_what_overflows_a_half_type_does_not_warn():
    x = torch.tensor([6e-8], dtype=torch.float16)
    assert torch.digamma(x).item() == -float("inf") and torch.polygamma(1, x).item() == float("inf")
