"""torch.nn.attention: which kernels may run, causal biases by name, and flexible attention, beside PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.attention.bias
import torch.nn.attention.flex_attention

import corelib

from ..coverage.calls import compared

KINDS = ("MATH", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION", "OVERRIDEABLE")
CHOICES = (*((kind,) for kind in KINDS), ("EFFICIENT_ATTENTION", "MATH"), ("FLASH_ATTENTION", "CUDNN_ATTENTION"), ())


def given(T: Any, *shape: int, seed: int = 1) -> Any:
    return T.from_numpy(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def forms(T: Any) -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    q = given(T, 2, 3, 5, 8)
    wide = given(T, 2, 6, 5, 8, seed=2)
    return {
        "plain": ((q, q, q), {}),
        "dropout of 0": ((q, q, q), {"dropout_p": 0.0}),
        "mask": ((q, q, q), {"attn_mask": given(T, 5, 5)}),
        "mask with a gradient": ((q, q, q), {"attn_mask": given(T, 5, 5).requires_grad_()}),
        "3 dimensions": ((q[0], q[0], q[0]), {}),
        "causal": ((q, q, q), {"is_causal": True}),
        "float64": ((q.double(), q.double(), q.double()), {}),
        "other values": ((q, q, q[..., :4]), {}),
        "gradient": ((q.clone().requires_grad_(), q, q), {}),
        "grouped": ((wide, q, q), {"enable_gqa": True}),
        "strided": ((given(T, 2, 3, 8, 5).mT, q, q), {}),
        "upper left": ((q, q, q), {"attn_mask": T.nn.attention.bias.causal_upper_left(5, 5)}),
        "lower right": ((q[:, :, :3], q, q), {"attn_mask": T.nn.attention.bias.causal_lower_right(3, 5)}),
        "upper left of few": ((q[:, :, :3], q, q), {"attn_mask": T.nn.attention.bias.causal_upper_left(3, 5)}),
        "bias and causal": ((q, q, q), {"attn_mask": T.nn.attention.bias.causal_upper_left(5, 5), "is_causal": True}),
    }


def outcome(T: Any, choice: tuple[str, ...] | None, form: str) -> Any:
    args, kwargs = forms(T)[form]
    try:
        if choice is None:
            return T.nn.functional.scaled_dot_product_attention(*args, **kwargs).detach().numpy()
        with T.nn.attention.sdpa_kernel([getattr(T.nn.attention.SDPBackend, kind) for kind in choice]):
            return T.nn.functional.scaled_dot_product_attention(*args, **kwargs).detach().numpy()
    except (RuntimeError, ValueError) as error:
        return type(error), str(error)[:19]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", list(forms(corelib)))
@pytest.mark.parametrize("choice", [None, *CHOICES])
def test_choice_runs_or_refuses_as_pytorch(choice: tuple[str, ...] | None, form: str) -> None:
    got, want = outcome(corelib, choice, form), outcome(torch, choice, form)
    if isinstance(want, tuple):
        assert got == want
    else:
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)


def test_backends_are_named_and_put_back() -> None:
    for T in (corelib, torch):
        S = T.nn.attention.SDPBackend
        assert [(kind, int(getattr(S, kind)), getattr(S, kind).name) for kind in ("ERROR", *KINDS)] == [
            (kind, n - 1, kind) for n, kind in enumerate(("ERROR", *KINDS))
        ]
        assert str(S.MATH) == "SDPBackend.MATH" and S.MATH != 0
        with pytest.raises(AssertionError, match="Backend must be"), T.nn.attention.sdpa_kernel(3):
            pass
        with T.nn.attention.sdpa_kernel([S.MATH, S.FLASH_ATTENTION], set_priority=True):
            assert not T.backends.cuda.mem_efficient_sdp_enabled()
        assert T.backends.cuda.mem_efficient_sdp_enabled()

        @T.nn.attention.sdpa_kernel(S.MATH)
        def decorated() -> bool:
            return T.backends.cuda.flash_sdp_enabled()

        assert not decorated() and T.backends.cuda.flash_sdp_enabled()
        assert T.nn.attention.WARN_FOR_UNFUSED_KERNELS is False and T.nn.attention.current_flash_attention_impl() is None
        assert T.nn.attention.restore_flash_attention_impl() is None
        assert isinstance(T.nn.attention.list_flash_attention_impls(), list)
        with pytest.raises(ValueError, match="Unknown flash"):
            T.nn.attention.activate_flash_attention_impl("none of them")
    for name in ("nn.attention.SDPBackend", "nn.attention.WARN_FOR_UNFUSED_KERNELS"):
        compared(f"torch.{name}")


@pytest.mark.parametrize(("name", "size"), [(n, s) for n in ("causal_upper_left", "causal_lower_right") for s in ((3, 5), (4, 4), (5, 3))])
@pytest.mark.filterwarnings("ignore:Lower right")
def test_bias_is_its_triangle(name: str, size: tuple[int, int]) -> None:
    got, want = (getattr(T.nn.attention.bias, name)(*size) for T in (corelib, torch))
    assert repr(got) == repr(want)
    assert (got.variant.name, int(got.variant), got.seq_len_q, got.seq_len_kv) == (want.variant.name, int(want.variant), want.seq_len_q, want.seq_len_kv)
    assert isinstance(got, corelib.nn.attention.bias.CausalBias)


def test_bias_refuses_as_pytorch() -> None:
    for T in (corelib, torch):
        bias = T.nn.attention.bias
        with pytest.raises(AssertionError):
            bias.CausalBias(1, 2, 3)
        with pytest.warns(UserWarning, match="NaNs"):
            bias.CausalBias(bias.CausalVariant.LOWER_RIGHT, 3, 2)
        assert [v.name for v in bias.CausalVariant] == ["UPPER_LEFT", "LOWER_RIGHT"] and bias.CausalVariant(1) is bias.CausalVariant.UPPER_LEFT


# Functions of the scores and of the indices, in both libraries.
def score_mods(T: Any) -> dict[str, Any]:
    table = given(T, 3, 64, seed=3)
    return {
        "none": None,
        "relative": lambda score, b, h, q, kv: score + (q - kv),
        "alibi": lambda score, b, h, q, kv: score - (q - kv).abs() * T.exp2(-(h + 1) * 8.0 / 3),
        "cap": lambda score, b, h, q, kv: 2 * T.tanh(score / 2),
        "causal": lambda score, b, h, q, kv: T.where(q >= kv, score, -float("inf")),
        "table": lambda score, b, h, q, kv: score + table[h, q],
    }


def mask_mods(T: Any) -> dict[str, Any]:
    F = T.nn.attention.flex_attention
    documents = T.tensor([0] * 20 + [1] * 20 + [2] * 20)
    causal = lambda b, h, q, kv: q >= kv  # noqa: E731
    near = lambda b, h, q, kv: (q - kv).abs() < 7  # noqa: E731
    return {
        "all": F.noop_mask,
        "causal": causal,
        "near": F.and_masks(causal, near),
        "either": F.or_masks(near, lambda b, h, q, kv: kv < 3),
        "documents": lambda b, h, q, kv: documents[q] == documents[kv],
        "by head": lambda b, h, q, kv: (kv + h) % 3 == b % 3,
        "nothing for some": lambda b, h, q, kv: (q > 9) & (kv > 30),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("score", "mask"), [*((s, None) for s in score_mods(corelib)), *(("relative", m) for m in mask_mods(corelib)), ("table", "near")])
def test_flexible_attention(score: str, mask: str | None) -> None:
    found = []
    for T in (corelib, torch):
        F = T.nn.attention.flex_attention
        q, k, v = given(T, 2, 3, 60, 16), given(T, 2, 3, 50, 16, seed=2), given(T, 2, 3, 50, 8, seed=3)
        blocks = None if mask is None else F.create_block_mask(mask_mods(T)[mask], 2, 3, 60, 50, device="cpu", BLOCK_SIZE=16)
        out = F.flex_attention(q, k, v, score_mods(T)[score], blocks, scale=0.3)
        found.append(out.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("mask", list(mask_mods(corelib)))
@pytest.mark.parametrize("sizes", [(16, True), ((8, 32), True), ((8, 32), False)])
def test_block_mask(mask: str, sizes: tuple[Any, bool]) -> None:
    found = []
    for T in (corelib, torch):
        F = T.nn.attention.flex_attention
        blocks = F.create_block_mask(mask_mods(T)[mask], 2, None, 60, 50, device="cpu", BLOCK_SIZE=sizes[0], separate_full_blocks=sizes[1])
        cut = blocks[1, :, T.tensor([2])]
        found.append([
            *(tensors(b) for b in (blocks, cut, blocks.to("cpu"), *([blocks._adjust(32, 32)] if mask != "all" else []))), blocks.to_dense().tolist(), tuple(blocks.shape), blocks.numel(),
            blocks.sparsity(), str(blocks), repr(blocks).replace("corelib", "torch"), blocks.to_string(limit=1), blocks.to_string(2), len(blocks.as_tuple()),
            F.create_mask(mask_mods(T)[mask], 2, 3, 6, 5, device="cpu").tolist(), F.create_mask(score_mods(T)["causal"], 1, 1, 4, 4, device="cpu").tolist(),
        ])  # fmt: skip
        with pytest.raises(RuntimeError, match="sliced"):
            cut.mask_mod(*(T.tensor(0),) * 4)
    assert found[0] == found[1]


def tensors(blocks: Any) -> list[Any]:
    found = [getattr(blocks, name) for name in blocks.__class__.__dict__.get("_TENSORS", ()) or [
        "kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices", "q_num_blocks", "q_indices", "full_q_num_blocks", "full_q_indices",
    ]]  # fmt: skip
    return [blocks.seq_lengths, blocks.BLOCK_SIZE, *(None if t is None else (str(t.dtype), t.tolist()) for t in found)]


@pytest.mark.filterwarnings("ignore")
def test_flexible_attention_gives_more() -> None:
    found = []
    for T in (corelib, torch):
        F = T.nn.attention.flex_attention
        q, k = given(T, 2, 4, 6, 8), given(T, 2, 2, 6, 8, seed=2)
        out, lse = F.flex_attention(q, k, k, enable_gqa=True, return_lse=True)
        also, aux = F.flex_attention(q, k, k, enable_gqa=True, return_aux=F.AuxRequest(lse=True))
        assert isinstance(aux, F.AuxOutput) and aux.max_scores is None
        found.append([t.numpy() for t in (out, lse, also, aux.lse)])
        for wrong in ((q[0], k, k), (q, k, k), (q, given(T, 2, 4, 6, 7), k), (q.double(), k, k)):
            with pytest.raises((ValueError, NotImplementedError)):
                F.flex_attention(*wrong)
        with pytest.raises(RuntimeError):
            F.or_masks(3)
        with pytest.raises(AssertionError):
            F.create_block_mask(lambda score, b, h, q, kv: score, 1, 1, 4, 4, device="cpu")
    for got, want in zip(*found):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)
    F = corelib.nn.attention.flex_attention
    q = given(corelib, 1, 1, 3, 4).requires_grad_()
    out, aux = F.flex_attention(q, q, q, return_aux=F.AuxRequest(max_scores=True))
    out.sum().backward()
    x = torch.from_numpy(q.detach().numpy()).requires_grad_()
    torch.nn.functional.scaled_dot_product_attention(x, x, x).sum().backward()
    np.testing.assert_allclose(q.grad.numpy(), x.grad.numpy(), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(aux.max_scores.detach().numpy(), ((x @ x.mT) / 2).amax(-1).detach().numpy(), rtol=1e-5)
    for name in ("AuxOutput", "AuxRequest", "BlockMask", "FlexKernelOptions"):
        assert F.FlexKernelOptions(BACKEND="AUTO") == torch.nn.attention.flex_attention.FlexKernelOptions(BACKEND="AUTO")
        compared(f"torch.nn.attention.flex_attention.{name}")


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 2)])
@pytest.mark.parametrize("kwargs", [{}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}, {"bias": False}])
def test_sync_batch_norm_of_one_process(shape: tuple[int, ...], kwargs: dict[str, Any]) -> None:
    found = []
    for T in (corelib, torch):
        norm = T.nn.SyncBatchNorm(3, **kwargs)
        first = norm(given(T, *shape))
        second = norm(given(T, *shape, seed=2))
        found.append([t.detach().numpy() for t in (first, second, norm.eval()(given(T, *shape)), *norm.state_dict().values())] + [repr(norm)])
    for got, want in zip(*found):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6) if not isinstance(want, str) else None
    assert found[0][-1] == found[1][-1]


def test_batch_norms_are_converted() -> None:
    found = []
    for T in (corelib, torch):
        model = T.nn.Sequential(T.nn.BatchNorm1d(2), T.nn.Sequential(T.nn.BatchNorm2d(3, affine=False).eval(), T.nn.ReLU()))
        weight = model[0].weight
        made = T.nn.SyncBatchNorm.convert_sync_batchnorm(model)
        assert made is model and made[0].weight is weight and isinstance(T.nn.SyncBatchNorm.convert_sync_batchnorm(T.nn.BatchNorm1d(2)), T.nn.SyncBatchNorm)
        assert not made[1][0].training and made[0].training
        found.append((repr(made), list(made.state_dict())))
        for wrong in ((3,), (2, 0)):
            with pytest.raises(ValueError):
                T.nn.SyncBatchNorm(3)(T.ones(wrong))
    assert found[0] == found[1]
