"""Bags of embeddings, unpooling and random pools, losses of sequences and of very many classes, beside PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..pairs import both, refusals_of, tensors
from .modules import assert_same_gradients, evaluate, started_and_printed_alike

STARTS = [
    "nn.EmbeddingBag(6, 3)", "nn.EmbeddingBag(6, 3, mode='sum', padding_idx=-1)", "nn.EmbeddingBag(6, 3, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)", "nn.CTCLoss(2, 'sum', True)",
    "nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8], 2.0, True)", "nn.AdaptiveLogSoftmaxWithLoss(16, 10, [3])", "nn.LinearCrossEntropyLoss(5, 4, bias=True, out_features=(2,))",
    "nn.LinearCrossEntropyLoss(5, 4, label_smoothing=0.1, ignore_index=1)", "nn.MaxUnpool1d(2)", "nn.MaxUnpool2d(3, 2, 1)", "nn.MaxUnpool3d((2, 1, 2))", "nn.FractionalMaxPool2d(2, 5)",
    "nn.FractionalMaxPool3d((2, 1, 2), output_ratio=0.5, return_indices=True)", "nn.RReLU()", "nn.RReLU(0.1, 0.2, True)", "nn.FeatureAlphaDropout(0.3)", "nn.ConvTranspose3d(4, 6, 2, 2, 1, 1, 2)",
    "nn.CrossMapLRN2d(3)",
]  # fmt: skip


@pytest.mark.parametrize("expression", STARTS)
def test_starts_and_prints_as_pytorch(expression: str) -> None:
    started_and_printed_alike(expression)


def run(expression: str, use: Any, *shapes: tuple[int, ...]) -> None:
    """Compare `use(layer, *inputs, T)` and its gradients of the inputs and the parameters."""

    def make(T: Any) -> Any:
        T.manual_seed(4)
        layer = evaluate(expression, T)
        inputs = tensors(T, *shapes)
        return use(layer, *inputs, T), [*inputs, *layer.parameters()]

    assert_same_gradients(make)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags(mode: str) -> None:
    run(f"nn.EmbeddingBag(6, 3, mode='{mode}', padding_idx=2)", lambda bag, T: bag(T.tensor([[0, 2, 5], [1, 1, 3]])))
    run(f"nn.EmbeddingBag(6, 3, mode='{mode}', include_last_offset=True)", lambda bag, T: bag(T.tensor([0, 2, 5, 4]), T.tensor([0, 1, 1, 4])))


def test_bags_of_a_given_table() -> None:
    for T in (corelib, torch):
        table = T.arange(6.0).reshape(3, 2)
        bag = T.nn.EmbeddingBag.from_pretrained(table, mode="sum")
        assert not bag.weight.requires_grad and bag(T.tensor([[0, 2]])).tolist() == [[4.0, 6.0]]
        assert bag(T.tensor([[0, 2]]), per_sample_weights=T.tensor([[2.0, 1.0]])).tolist() == [[4.0, 7.0]]


def test_ctc() -> None:
    for reduction in ("mean", "sum", "none"):
        run(
            f"nn.CTCLoss(reduction='{reduction}')",
            lambda loss, x, T: loss(x.log_softmax(2), T.tensor([[1, 2, 2], [3, 3, 0]]), T.tensor([6, 5]), T.tensor([3, 2])), (6, 2, 4),
        )  # fmt: skip


def test_adaptive_softmax() -> None:
    targets = [0, 5, 9, 11, 3, 7]
    run("nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8], 2.0)", lambda soft, x, T: list(soft(x, T.tensor(targets))), (6, 8))
    run("nn.AdaptiveLogSoftmaxWithLoss(8, 12, [4, 8], 2.0, True)", lambda soft, x, T: [soft.log_prob(x), soft.predict(x), soft(x[0], T.tensor(9)).output], (6, 8))


def test_linear_cross_entropy() -> None:
    run("nn.LinearCrossEntropyLoss(5, 4, bias=True, out_features=(2,))", lambda loss, x, T: loss(x, T.tensor([[0, 3], [1, 2], [2, 2]])), (3, 5))
    run("nn.LinearCrossEntropyLoss(5, 4, ignore_index=1, reduction='sum')", lambda loss, x, T: loss(x, T.tensor([0, 1, 3])), (3, 5))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", ["batch_chunk_size=2", "chunking_method='aspect_ratio'", "", "chunking_method=None", "batch_chunk_size=3, acc_policy='accurate'"])
def test_linear_cross_entropy_in_pieces_is_the_whole(options: str, reduction: str) -> None:
    arguments = f"5, 4, bias=True, ignore_index=1, reduction='{reduction}', weight=torch.tensor([1.0, 2.0, 0.5, 1.5])"
    expression = f"nn.LinearCrossEntropyLoss({arguments}, options=nn.LinearCrossEntropyOptions({options}))"
    mine, theirs = both(lambda T: evaluate(expression, T))
    assert repr(mine).replace("torch.", "") == repr(theirs).replace("torch.", "")
    run(expression, lambda loss, x, T: loss(x, T.tensor([0, 1, 3, 2, 2])), (5, 5))
    whole = corelib.nn.LinearCrossEntropyLoss(5, 4, bias=True, ignore_index=1, reduction=reduction, weight=mine.weight)
    whole.load_state_dict(mine.state_dict())
    x = corelib.randn(7, 5)
    y = corelib.tensor([0, 1, 3, 2, 2, 1, 0])
    assert abs((mine(x, y) - whole(x, y)).detach().numpy()).max() < 1e-5


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling(n: int) -> None:
    shape = {1: (2, 3, 6), 2: (2, 3, 4, 6), 3: (1, 2, 4, 2, 6)}[n]
    run(f"nn.MaxUnpool{n}d(2)", lambda unpool, x, T: unpool(*getattr(T.nn.functional, f"max_pool{n}d")(x, 2, return_indices=True)), shape)


@pytest.mark.parametrize("expression", ["nn.RReLU(0.2, 0.6)", "nn.FeatureAlphaDropout(0.4)", "nn.FractionalMaxPool2d(2, 3)", "nn.AlphaDropout(0.4)"])
def test_what_is_drawn_is_what_pytorch_draws(expression: str) -> None:
    run(expression, lambda layer, x, T: [layer(x), layer(x), layer.eval()(x)], (3, 4, 6, 6))


REFUSED = [
    "nn.EmbeddingBag(3, 2, padding_idx=3)", "nn.EmbeddingBag(3, 2)(torch.tensor([1, 2]))", "nn.EmbeddingBag(3, 2, _weight=torch.ones(2, 2))", "nn.AdaptiveLogSoftmaxWithLoss(4, 5, [])",
    "nn.AdaptiveLogSoftmaxWithLoss(4, 5, [3, 2])", "nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(torch.ones(2, 4), torch.tensor([0, 5]))", "nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(torch.ones(2, 4), torch.tensor([0]))",
    "nn.AdaptiveLogSoftmaxWithLoss(4, 5, [2])(torch.ones(4), torch.tensor([0]))", "nn.LinearCrossEntropyLoss(4, 5, weight=torch.ones(4))", "nn.LinearCrossEntropyLoss(4, 5, label_smoothing=2)",
    "nn.LinearCrossEntropyOptions(batch_chunk_size=0)", "nn.LinearCrossEntropyOptions(chunking_method='rows')", "nn.LinearCrossEntropyOptions(acc_policy='fast')", "nn.FractionalMaxPool2d(2)",
    "nn.FractionalMaxPool2d(2, 3, 0.5)", "nn.FractionalMaxPool3d(2, output_ratio=1.5)", "nn.CTCLoss()(torch.ones(2, 1, 3), torch.tensor([[1]]), [3], [1])", "nn.FeatureAlphaDropout(1.5)",
    "nn.MaxUnpool2d(2)(torch.ones(1, 2, 2), torch.zeros(1, 2, 3, dtype=torch.int64))", "nn.CrossMapLRN2d(3)(torch.ones(2, 3))", "nn.RReLU(0.5, 0.1)(torch.ones(2))",
    "nn.factory_kwargs({'size': 3})", "nn.factory_kwargs({'dtype': torch.float32, 'factory_kwargs': {'dtype': torch.float64}})",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    refusals_of(lambda T: evaluate(expression, T))


def test_old_names() -> None:
    for T in (corelib, torch):
        with pytest.warns(FutureWarning, match="NLLLoss2d. has been deprecated"):
            T.nn.NLLLoss2d()
        with pytest.warns(FutureWarning, match="nn.Container"):
            assert list(dict(T.nn.Container(a=T.nn.ReLU()).named_children())) == ["a"]
        with pytest.warns(UserWarning, match="upsample"):
            assert np.shape(T.nn.functional.upsample(T.ones(1, 1, 2), 4)) == (1, 1, 4)
        assert T.nn.factory_kwargs({"device": "cpu", "factory_kwargs": {"dtype": T.float64}}) == {"device": "cpu", "dtype": T.float64}
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 2, 2)
    mine, theirs = both(lambda T: T.nn.CrossMapLRN2d(5, 0.1)(T.from_numpy(x)).numpy())
    np.testing.assert_allclose(mine[:, :3], theirs[:, :3], rtol=1e-6)  # the channels from which PyTorch's window has not gone astray
