"""Convolution and attention by generated kernels: each way that the rule chooses, against the host in float64."""

from __future__ import annotations

import corelib as torch
import numpy as np
import pytest
from corelib.backend.codegen.contraction import _way

F = torch.nn.functional
CONVOLUTIONS = {
    "1d": ((3, 4, 11), (6, 2, 3), dict(groups=2, padding=2, dilation=2)), "2d": ((2, 3, 9, 7), (5, 3, 3, 2), dict(padding=(1, 0), stride=(2, 1))),
    "3d": ((1, 2, 5, 4, 6), (3, 2, 2, 3, 3), dict(padding=(0, 1, 2), stride=(1, 2, 1))), "depthwise": ((2, 8, 6, 6), (8, 1, 3, 3), dict(groups=8, padding=1)),
    "a long sum for the weight": ((9, 3, 12, 12), (9, 3, 3, 3), dict(padding=1)), "depthwise, long sums": ((8, 8, 12, 12), (8, 1, 3, 3), dict(groups=8, padding=1)),
}  # fmt: skip
TOLERANCES = {torch.float32: 2e-5, torch.float64: 1e-12, torch.float16: 4e-3, torch.bfloat16: 4e-2}


def close(got, want, dtype):
    """Within the dtype's tolerance of the largest element."""
    for a, b in zip(got, want, strict=True):
        assert np.abs(a - b).max() <= TOLERANCES[dtype] * max(np.abs(b).max(), 1.0)


def results(device, dtype, arrays, call):
    """What a call makes of tensors, and their gradients; as float64."""
    tensors = [torch.tensor(a, dtype=dtype).to(device).requires_grad_() for a in arrays]
    made = call(*tensors)
    (made * made.detach()).sum().backward()
    return [t.detach().cpu().to(torch.float64).numpy() for t in (made, *[t.grad for t in tensors])]


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_and_their_gradients(name, dtype):
    x, w, options = CONVOLUTIONS[name]
    rng = np.random.default_rng(0)
    values = [torch.tensor(rng.standard_normal(s), dtype=dtype).to(torch.float64).numpy() / 4 for s in (x, w, (w[0],))]
    call = getattr(F, f"conv{len(x) - 2}d")
    close(results("cuda", dtype, values, lambda x, w, b: call(x, w, b, **options)), results("cpu", torch.float64, values, lambda x, w, b: call(x, w, b, **options)), dtype)


@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("causal", "mask"), [(False, None), (True, None), (False, "bool"), (False, "float")])
def test_attention_and_its_gradients(causal, mask, dtype):
    rng = np.random.default_rng(1)
    values = [torch.tensor(rng.standard_normal(s), dtype=dtype).to(torch.float64).numpy() for s in ((2, 37, 2, 24), (2, 41, 2, 24), (2, 41, 2, 19))]
    seen = {"bool": rng.random((37, 41)) > 0.3, "float": rng.standard_normal((37, 41)), None: None}[mask]

    def call(q, k, v):
        given = None if seen is None else torch.tensor(seen, dtype=torch.bool if mask == "bool" else q.dtype).to(q.device)
        return F.scaled_dot_product_attention(*[t.transpose(1, 2) for t in (q, k, v)], attn_mask=given, is_causal=causal)

    close(results("cuda", dtype, values, call), results("cpu", torch.float64, values, call), dtype)


def test_a_query_that_sees_nothing_gives_zeros():
    q = torch.ones(1, 3, 4, device="cuda", requires_grad=True)
    mask = torch.tensor([[True, True, True], [False, False, False], [True, False, False]], device="cuda")
    made = F.scaled_dot_product_attention(q, q, q, attn_mask=mask)
    made.sum().backward()
    assert made[0].tolist() == [[1.0] * 4, [0.0] * 4, [1.0] * 4] and q.grad.isfinite().all().item()


def test_the_rule():
    """(rows, columns, length of the sum, batches): which kernel, in how many parts, of which length."""
    f32 = torch.float32
    assert _way(f32, 64, 4096, 576, 32) == ("tile", 1, 576)
    assert _way(f32, 64, 27, 100_000, 1) == ("parts", 190, 528)
    assert _way(f32, 64, 27, 1000, 1) == ("tile", 1, 1000)
    assert _way(f32, 1, 3136, 9, 64) == ("each", 1, 9)
    assert _way(f32, 1, 9, 100_000, 64) == ("shared", 1, 100_000)
    assert _way(f32, 4, 4096, 4096, 1) == ("parts", 4, 1024)
    assert _way(torch.int64, 64, 27, 100_000, 1)[0] == "tile"
