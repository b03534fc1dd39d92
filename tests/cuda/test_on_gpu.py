"""What needs a GPU: streams, pinned copies, sharing with CuPy, and agreement with the host. Without one: "no CUDA device"."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest

cuda = torch.cuda
pytestmark = pytest.mark.skipif(not cuda.is_available(), reason="no CUDA device")


def test_streams_events_and_memory():
    one, start, end = cuda.Stream(), cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    x = torch.randn(512, 512, device="cuda")
    one.wait_stream(cuda.current_stream())
    with cuda.stream(one):
        start.record()
        y = x @ x
        end.record()
    x.record_stream(one)
    cuda.current_stream().wait_stream(one)
    np.testing.assert_allclose(y.cpu().numpy(), x.cpu().numpy() @ x.cpu().numpy(), rtol=1e-4, atol=1e-3)
    assert start.elapsed_time(end) > 0 and one.query()
    free, total = cuda.mem_get_info()
    assert 0 < free <= total and cuda.memory_allocated() > 0


def test_pinned_memory_goes_without_a_wait():
    x = torch.arange(1000.0).pin_memory()
    assert x.is_pinned()
    y = x.to("cuda", non_blocking=True)
    cuda.synchronize()
    assert y.tolist() == x.tolist()


def test_memory_is_shared_with_cupy_both_ways():
    import cupy

    t = torch.arange(6.0, device="cuda").reshape(2, 3).t()
    for array in (cupy.asarray(t), cupy.from_dlpack(t)):
        assert array.shape == (3, 2) and array.data.ptr == t.data_ptr()
    array = cupy.arange(6, dtype="f4").reshape(2, 3)
    for shared in (torch.as_tensor(array), torch.from_dlpack(array)):
        shared.add_(1)
    cuda.synchronize()
    assert array.get().ravel().tolist() == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert torch.tensor(array).data_ptr() != array.data.ptr


@pytest.mark.parametrize("n", [7, 1000, 1 << 16])
def test_sorting_random_numbers_and_convolutions_agree_with_the_host(n):
    x = torch.randint(0, 50, (3, n))
    got, want = x.to("cuda").sort(1), x.sort(1, stable=True)
    assert got.values.tolist() == want.values.tolist() and got.indices.tolist() == want.indices.tolist()
    a, b = (torch.rand(n, device=d, generator=torch.Generator(d, algorithm="philox").manual_seed(1)) for d in ("cuda", "cpu"))
    assert a.tolist() == b.tolist()
    p, w = torch.randn(2, 4, 9, 9), torch.randn(6, 2, 3, 3)
    made = [torch.nn.functional.conv2d(p.to(d), w.to(d), stride=2, padding=1, groups=2).cpu().numpy() for d in ("cuda", "cpu")]
    np.testing.assert_allclose(*made, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "expression",
    [
        "z + w", "z * 2j", "r * z", "z / w", "z @ w", "z.exp()", "z.conj()", "z.abs()", "z.angle()", "z.real + z.imag", "z.sum(0)", "z.mean()", "z.prod(1)", "z == w", "z.isnan()", "torch.cat([z, w])",
        "z.to(torch.complex128)", "r.to(torch.complex64)", "z[[2, 0]]", "z.index_select(1, i)", "z.t().clone()", "torch.where(r > 0, z, w)", "z.cumsum(0)", "torch.fft.fft2(z)", "torch.fft.rfft(r)",
        "torch.fft.irfft(z)", "torch.linalg.solve(z, w)", "torch.stft(r.reshape(-1), 4, window=r[0, :1].new_ones(4), return_complex=True)", "z.logical_not()", "z.pow(3)",
    ],
)  # fmt: skip
def test_complex_numbers_agree_with_the_host(expression):
    rng = np.random.default_rng(1)
    z, w = (torch.from_numpy((rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))).astype("c8")) for _ in "zw")
    here = {"z": z, "w": w, "r": torch.from_numpy(rng.standard_normal((3, 3)).astype("f4")), "i": torch.tensor([2, 0])}
    there = {name: t.to("cuda") for name, t in here.items()}
    want, got = eval(expression, {"torch": torch, **here}), eval(expression, {"torch": torch, **there})
    assert got.device.type == "cuda" and got.dtype is want.dtype
    np.testing.assert_allclose(got.numpy(force=True), want.numpy(force=True), rtol=1e-4, atol=1e-5)
