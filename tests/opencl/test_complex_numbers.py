"""Complex numbers as two floats in generated kernels: the host's values, and nothing that goes to the host."""

import numpy as np
import pytest

import corelib

RNG = np.random.default_rng(0)
Z = RNG.standard_normal((3, 4)) * 2 + 2j * RNG.standard_normal((3, 4))
W = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))

FUNCTIONS = "exp log sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh log1p expm1 log2 log10 exp2 square reciprocal rsqrt sigmoid abs angle sgn conj_physical isnan isfinite logical_not"
EXPRESSIONS = [
    *[f"z.{name}()" for name in FUNCTIONS.split()], "z + w", "1j - z", "z * w", "z / w", "z ** 3", "z ** w", "2 ** z", "z == w", "z.logical_xor(w)", "z.conj() * w", "z.conj().imag + 1", "z.mH @ w", "z @ w.mT", "z @ z[0]", "z.sum(0)", "z.mean()", "z.prod(1)", "z.any(0)", "z.cumsum(1)",
    "z.t().contiguous()", "z[1:, ::2] + 1", "z[i]", "z.index_add(0, i, w)", "z.gather(0, i[None])", "T.where(z.real > 0, z, 1j)", "T.cat([z, w])", "z.flip(0)", "r.to(z.dtype)", "z * r", "z.bool()", "z.clone().fill_(2j)", "z.clone().div_(2)", "T.linspace(0, 1j, 3, device=r.device)",
    "T.add(z, w, out=T.zeros_like(z).conj())", "T.exp(w, out=T.zeros_like(z).conj())", "T.add(z.real, 1, out=T.zeros_like(z).conj().imag)",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _no_fallback():
    before = corelib.backends.set_fallback("error")
    yield
    corelib.backends.set_fallback(before or "warn")


def _named(device, dtype):
    z, w = (corelib.from_numpy(x.astype(dtype)).to(device) for x in (Z, W))
    return {"T": corelib, "z": z, "w": w, "r": corelib.arange(4.0, device=device), "i": corelib.tensor([2, 0, 2, 1], device=device)}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_values(expression):
    if "index_add" in expression:
        expression = expression.replace("i, w", "i[:3], w")
    on_host, there = (eval(expression, _named(device, np.complex64)) for device in ("cpu", "opencl"))
    assert there.device.type == "opencl" and there.dtype is on_host.dtype
    np.testing.assert_allclose(there.cpu().numpy(force=True), on_host.numpy(force=True), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("expression", ["z.exp() * w", "z.log2()", "z @ w.mT", "z.sum(1) + 1j", "z ** 2"])
def test_double_the_digits(expression):
    if corelib.device("opencl").runtime.backend.dtypes.get("complex128") is None:
        pytest.skip("the device has no float64")
    on_host, there = (eval(expression, _named(device, np.complex128)) for device in ("cpu", "opencl"))
    np.testing.assert_allclose(there.cpu().numpy(), on_host.numpy(), rtol=1e-12, atol=1e-12)


def test_gradients():
    found = []
    for device in ("cpu", "opencl"):
        names = _named(device, np.complex64)
        z = names["z"].requires_grad_()
        ((z.exp() / names["w"]) @ z.mH).abs().sum().backward()
        found.append(z.grad.cpu().numpy(force=True))
    np.testing.assert_allclose(*found, rtol=2e-4, atol=1e-3)


def test_what_is_written_into_conjugates_lies_turned_on_the_device():
    z = corelib.from_numpy(Z.astype(np.complex64)).to("opencl")
    c = z.conj()
    assert c.is_conj() and c.imag.is_neg() and c.untyped_storage() is z.untyped_storage()
    c.imag.fill_(3)
    c[0] = 1j
    wanted = Z.astype(np.complex64)
    wanted.imag = -3
    wanted[0] = -1j
    np.testing.assert_array_equal(z.cpu().numpy(), wanted)
