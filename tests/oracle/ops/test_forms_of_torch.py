"""Functions that `torch` has beside those of nn.functional, with other signatures: values, and gradients, as PyTorch's."""

from __future__ import annotations

import itertools
from typing import Any

import corelib
import pytest
import torch


def made(T: Any, *shape: int, seed: int = 0, low: float = -1.0) -> Any:
    values = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * (1 - low) + low
    return T.tensor(values.tolist(), dtype=T.float64)


CALLS = """
T.binary_cross_entropy_with_logits(x, y.sigmoid(), reduction=R)
T.binary_cross_entropy_with_logits(x, y.sigmoid(), w.exp().detach(), v.exp().detach(), R)
T.kl_div(x.log_softmax(1), y.softmax(1), R)
T.kl_div(x.log_softmax(1), y.log_softmax(1), reduction=R, log_target=True)
T.hinge_embedding_loss(x, s, 0.5, R)
T.margin_ranking_loss(x, y, s, 0.3, R)
T.cosine_embedding_loss(x, y, s[:, 0], 0.2, R)
T.poisson_nll_loss(x, y.exp(), True, True, 1e-8, R)
T.poisson_nll_loss(x.exp(), y.exp(), False, False, 1e-8, R)
T.triplet_margin_loss(x, y, w, 0.7, 2., 1e-6, True, R)
T.ctc_loss(T.stack([x, y, w, x]).log_softmax(2), T.tensor([[1, 2], [2, 1], [1, 1]]), (4, 4, 3), (2, 1, 1), 0, R, False)
T.ctc_loss(T.stack([x, y, w, x]).log_softmax(2), T.tensor([[1, 2], [2, 1], [1, 1]]), T.tensor([4, 4, 3]), T.tensor([2, 1, 1]), reduction=R, zero_infinity=True)
""".strip().splitlines()
OTHERS = """
T.embedding(x, T.tensor([[0, 2], [1, 0]]))
T.embedding(x, T.tensor([[0, 2], [1, 0]]), 0, True)
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]))
T.embedding_bag(x.float(), T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]))
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]), False, 0, False, x[:, 0].exp()[[0, 1, 2, 0]])
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]), mode=1)
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1, 4]), mode=1, include_last_offset=True)
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]), mode=2)
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]), False, 1, False, None, False, 2)
T.embedding_bag(x, T.tensor([0, 2, 1, 2]), T.tensor([0, 1, 1]), False, 2, False, None, False, 2)
T.adaptive_max_pool1d(T.stack([x, y]), 2)
T.adaptive_max_pool1d(x, (1,))
T.feature_dropout(x, 0.5, False)
T.feature_dropout(x, 0.0, True)
T.feature_dropout(x, 1.0, True)
T.feature_dropout_(x * 1, 1.0, True)
T.conv_tbc(T.stack([x, y, w, x]), T.stack([x, y]), v, 1)
T.conv_tbc(T.stack([x, y, w, x]), T.stack([x, y]), v)
T.nn.functional.conv_tbc(T.stack([x, y, w, x]), T.stack([x, y]), v)
T.nn.functional.native_channel_shuffle(T.stack([x, y, w, x])[None].detach(), 2) + x.sum()
""".strip().splitlines()


def evaluated(T: Any, expression: str, number: int) -> Any:
    x, y, w, v = (made(T, *shape, seed=i).requires_grad_() for i, shape in enumerate([(3, 3), (3, 3), (3, 3), (3,)]))
    s = T.tensor([[1.0, -1, 1], [-1, 1, -1], [1, 1, -1]], dtype=T.float64)
    found = eval(expression, {"T": T, "x": x, "y": y, "w": w, "v": v, "s": s, "R": number})
    results = found if isinstance(found, tuple) else (found,)
    total = sum((r * r).sum() for r in results if r.is_floating_point())
    total.backward()
    return [r.detach().tolist() for r in results], [None if t.grad is None else t.grad.tolist() for t in (x, y, w, v)]


@pytest.mark.parametrize(("expression", "number"), [*itertools.product(CALLS, (0, 1, 2)), *((e, 0) for e in OTHERS)])
def test_values_and_gradients(expression: str, number: int) -> None:
    (values, slopes), (want_values, want_slopes) = (evaluated(T, expression, number) for T in (corelib, torch))
    for a, b in zip(values, want_values, strict=True):
        torch.testing.assert_close(torch.tensor(a), torch.tensor(b), rtol=1e-6, atol=1e-9)
    for a, b in zip(slopes, want_slopes, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(torch.tensor(a), torch.tensor(b), rtol=1e-6, atol=1e-9)


REFUSED = """
T.embedding_bag(x, T.tensor([0]), T.tensor([0]), mode=5)
T.feature_dropout(x[0], 0.5, True)
T.conv_tbc(x, x, x[0])
T.conv_tbc(T.stack([x, x]), T.stack([x, x])[:, :2], x[0])
T.conv_tbc(T.stack([x, x]), T.stack([x, x]), x[0, :2])
""".strip().splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_refused(expression: str) -> None:
    for T in (corelib, torch):
        with pytest.raises((RuntimeError, ValueError)):
            eval(expression, {"T": T, "x": made(T, 3, 3)})
