"""The modules of margin losses and distances beside PyTorch's: printing, values, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


from ..pairs import assert_arrays_close, both, both_seeded, refusals_of
from .modules import evaluate

# A module, and the operands it is called with: numbers of (3, 4), signs, classes, rows of classes, probabilities.
ROWS = [
    ("nn.PairwiseDistance()", "x y"), ("nn.PairwiseDistance(p=1, keepdim=True)", "x y"), ("nn.PoissonNLLLoss({r})", "x p"), ("nn.PoissonNLLLoss(False, True, {r})", "p p"),
    ("nn.GaussianNLLLoss({r})", "x y p"), ("nn.GaussianNLLLoss(full=True, eps=0.5, {r})", "x y p"), ("nn.HingeEmbeddingLoss({r})", "x s"), ("nn.HingeEmbeddingLoss(0.3, {r})", "x s"),
    ("nn.MultiLabelMarginLoss({r})", "x m"), ("nn.SoftMarginLoss({r})", "x s"), ("nn.MultiLabelSoftMarginLoss({r})", "x p"),
    ("nn.MultiLabelSoftMarginLoss(torch.tensor([1.0, 2.0, 0.5, 3.0]), {r})", "x p"), ("nn.CosineEmbeddingLoss({r})", "x y t"), ("nn.CosineEmbeddingLoss(0.1, {r})", "x y t"),
    ("nn.MarginRankingLoss({r})", "x y s"), ("nn.MarginRankingLoss(0.4, {r})", "x y s"), ("nn.MultiMarginLoss({r})", "x c"),
    ("nn.MultiMarginLoss(2, 0.5, torch.tensor([1.0, 2.0, 0.5, 3.0]), {r})", "x c"), ("nn.TripletMarginLoss({r})", "x y p"), ("nn.TripletMarginLoss(0.5, p=1, swap=True, {r})", "x y p"),
    ("nn.TripletMarginWithDistanceLoss({r})", "x y p"), ("nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(-1), swap=True, {r})", "x y p"),
]  # fmt: skip


def operands(T: Any) -> dict[str, Any]:
    rng = np.random.default_rng(2)
    arrays = {
        "x": rng.standard_normal((3, 4)), "y": rng.standard_normal((3, 4)), "p": rng.random((3, 4)) + 0.1, "s": np.sign(rng.standard_normal((3, 4))),
        "t": np.array([1.0, -1.0, 1.0]), "c": np.array([0, 3, 1]), "m": np.array([[3, 0, -1, 1], [2, -1, 0, 0], [0, 1, 2, 3]]),
    }  # fmt: skip
    return {k: T.from_numpy(v.astype(np.int64 if k in "cm" else np.float32)) for k, v in arrays.items()}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("expression", "names"), ROWS, ids=[row[0] for row in ROWS])
def test_losses_are_pytorchs(expression: str, names: str, reduction: str) -> None:
    def run(T: Any) -> Any:
        layer = evaluate(expression.format(r=f"reduction='{reduction}'"), T)
        given = operands(T)
        args = [given[n].clone() for n in names.split()]
        args[0].requires_grad_()
        loss = layer(*args)
        loss.sum().backward()
        return (repr(layer), list(layer.state_dict())), (loss.detach().numpy(), args[0].grad.numpy())

    (text, mine), (expected, theirs) = both(run)
    assert text == expected
    assert_arrays_close(mine, theirs, rtol=2e-5, atol=1e-6)


REFUSED = [
    "nn.MultiMarginLoss(3)", "nn.MultiMarginLoss(weight=torch.ones(2, 2))", "nn.TripletMarginLoss(0)", "nn.TripletMarginWithDistanceLoss(margin=-1)",
    "nn.CosineEmbeddingLoss()(x, x, x)", "nn.CosineEmbeddingLoss()(x[0], x, t)", "nn.MarginRankingLoss()(x, x, t)", "nn.GaussianNLLLoss()(x, x, x)", "nn.GaussianNLLLoss()(x, x, p[:, :2])",
    "nn.TripletMarginLoss()(x, x[0], x)", "nn.MultiLabelMarginLoss()(x, m[:2])", "nn.PoissonNLLLoss(reduction='x')(x, p)", "nn.GaussianNLLLoss(reduction='x')(x, x, p)",
    "nn.functional.triplet_margin_with_distance_loss(x, x, x, reduction='x')", "nn.HingeEmbeddingLoss(reduction='x')(x, s)",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    refusals_of(lambda T: evaluate(expression, T, **operands(T)))


def test_gumbel_softmax_is_pytorchs_under_a_seed() -> None:
    def drawn(T: Any) -> list[Any]:
        logits = T.tensor([[0.5, 1.0, -1.0], [0.0, 0.0, 2.0]], requires_grad=True)
        soft = T.nn.functional.gumbel_softmax(logits, tau=0.7)
        hard = T.nn.functional.gumbel_softmax(logits, hard=True, dim=0)
        (soft * T.tensor([1.0, 2.0, 3.0])).sum().backward()
        return [soft.detach().numpy(), hard.detach().numpy(), logits.grad.numpy()]

    assert_arrays_close(*both_seeded(4, drawn), rtol=1e-5, atol=1e-6)
