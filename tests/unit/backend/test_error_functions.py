"""erf and its inverse on the host: their digits, their ends, and arrays of any strides."""

import math

import corelib as torch
import numpy as np
import pytest

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_has_its_digits(dtype):
    points = np.concatenate([np.linspace(-6, 6, 40001), 10.0 ** np.linspace(-30, 0, 301)]).astype(dtype)  # several pieces
    exact = np.array([math.erf(x) for x in points.astype(float)])
    got = torch.erf(torch.from_numpy(points)).numpy()
    assert (np.abs(got - exact) <= 8 * EPS[dtype] * np.abs(exact)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erfinv_is_the_inverse_of_erf(dtype):
    y = np.concatenate([np.linspace(-0.99, 0.99, 40001), 1 - 2.0 ** -np.arange(1, 23), 10.0 ** np.linspace(-30, 0, 301)[:-1]]).astype(dtype)
    x = torch.erfinv(torch.from_numpy(y)).numpy().astype(float)
    slope = np.exp(-x * x) * 2 / math.sqrt(math.pi)
    # on the side of erf or erfc that keeps its digits there
    off = np.array([math.erf(a) - b if abs(b) < 0.5 else math.copysign((1 - abs(b)) - math.erfc(abs(a)), b) for a, b in zip(x, y.astype(float))])
    assert (np.abs(off / slope) <= 8 * EPS[dtype] * np.abs(x)).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_ends_of_erfinv(dtype):
    got = torch.erfinv(torch.tensor([1.0, -1.0, 0.0, -0.0, 1.5, float("nan")], dtype=dtype)).tolist()
    assert got[:2] == [math.inf, -math.inf]
    assert [math.copysign(1, v) for v in got[2:4]] == [1, -1]
    assert all(math.isnan(v) for v in got[4:])


@pytest.mark.parametrize("name", ["erf", "erfinv"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_strides_and_places_change_nothing(name, dtype):
    x = (torch.arange(-40, 40) / 41).to(dtype).reshape(8, 10)
    expected = getattr(torch, name)(x)
    assert torch.equal(getattr(torch, name)(x.t()), expected.t())
    assert torch.equal(getattr(torch, name)(x[:, ::3]), expected[:, ::3])
    out = torch.zeros(10, 8, dtype=dtype)
    getattr(torch, name)(x, out=out.t())
    assert torch.equal(out.t(), expected)
    assert torch.equal(getattr(torch, name)(x[0].expand(4, 10)), expected[0].expand(4, 10))
    assert torch.equal(getattr(torch, name)(x[1, 2]), expected[1, 2])
    assert torch.equal(getattr(x, name + "_")(), expected)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_is_the_same_in_pieces_and_at_once(approximate):
    x = torch.linspace(-6, 6, 100_003).requires_grad_()
    y = torch.nn.functional.gelu(x, approximate=approximate)
    y.sum().backward()
    for at in (slice(0, 10), slice(32_760, 32_780), slice(99_990, None)):
        part = x.detach()[at].clone().requires_grad_()
        made = torch.nn.functional.gelu(part, approximate=approximate)
        made.sum().backward()
        torch.testing.assert_close(y[at], made, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(x.grad[at], part.grad, rtol=1e-5, atol=1e-6)
