"""Recurrent modules beside PyTorch's: parameters, printing, outputs, states and gradients, packed sequences, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import corelib

from ..pairs import both, leaves, quiet, refusals_of, tensors
from .modules import assert_same_gradients, evaluate, started_and_printed_alike

LAYERS = [
    f"nn.{kind}({arguments})"
    for kind in ("RNN", "LSTM", "GRU")
    for arguments in (
        "5, 4", "5, 4, 2", "5, 4, bias=False", "5, 4, batch_first=True", "5, 4, 2, bidirectional=True", "5, 4, 3, dropout=0.3", "input_size=5, hidden_size=4, num_layers=2, bias=False, bidirectional=True",
    )
] + [
    "nn.RNN(5, 4, 2, 'relu')", "nn.RNN(5, 4, nonlinearity='relu', bidirectional=True)", "nn.LSTM(5, 4, proj_size=2)",
    "nn.LSTM(5, 4, 2, bidirectional=True, proj_size=3)", "nn.LSTM(5, 4, 2, bias=False, proj_size=3)",
]  # fmt: skip


@pytest.mark.parametrize("expression", LAYERS)
def test_starts_and_prints_as_pytorch(expression: str) -> None:
    with quiet():
        mine, theirs = started_and_printed_alike(expression)
    assert [[tuple(w.shape) for w in ws] for ws in mine.all_weights] == [[tuple(w.shape) for w in ws] for ws in theirs.all_weights]


def state_shapes(layer: Any, batch: int | None) -> list[tuple[int, ...]]:
    first = layer.num_layers * (2 if layer.bidirectional else 1)
    middle = () if batch is None else (batch,)
    shapes = [(first, *middle, layer.proj_size or layer.hidden_size)]
    return [*shapes, (first, *middle, layer.hidden_size)] if layer.mode == "LSTM" else shapes


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("expression", LAYERS)
def test_outputs_and_gradients_are_pytorchs(expression: str, batched: bool, with_state: bool) -> None:
    def make(T: Any) -> Any:
        T.manual_seed(1)
        layer = evaluate(expression, T).eval()
        shape = ((3, 6, 5) if layer.batch_first else (6, 3, 5)) if batched else (6, 5)
        (x,) = tensors(T, shape)
        hx = tensors(T, *state_shapes(layer, 3 if batched else None), seed=4) if with_state else []
        given = [] if not hx else [tuple(hx) if layer.mode == "LSTM" else hx[0]]
        return layer(x, *given), [x, *hx, *layer.parameters()]

    assert_same_gradients(make)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize("expression", [e for e in LAYERS if "batch_first" not in e])
def test_packed_sequences_are_pytorchs(expression: str, enforce_sorted: bool) -> None:
    lengths = [6, 4, 4, 1] if enforce_sorted else [2, 6, 1, 4]

    def make(T: Any) -> Any:
        T.manual_seed(1)
        layer = evaluate(expression, T).eval()
        (x,) = tensors(T, (6, 4, 5))
        packed = T.nn.utils.rnn.pack_padded_sequence(x, T.tensor(lengths), enforce_sorted=enforce_sorted)
        hx = tensors(T, *state_shapes(layer, 4), seed=4)
        output, state = layer(packed, tuple(hx) if layer.mode == "LSTM" else hx[0])
        assert type(output).__name__ == "PackedSequence"
        padded, sizes = T.nn.utils.rnn.pad_packed_sequence(output, total_length=7, padding_value=-1.0)
        return [padded, sizes, state, output.batch_sizes], [x, *hx, *layer.parameters()]

    assert_same_gradients(make)


def test_dropout_between_layers_is_in_training_only() -> None:
    layer = corelib.nn.LSTM(5, 4, 2, dropout=0.5)
    (x,) = tensors(corelib, (6, 3, 5))
    assert not corelib.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert corelib.equal(layer(x)[0], layer(x)[0])


CELLS = ["nn.RNNCell(5, 4)", "nn.RNNCell(5, 4, nonlinearity='relu')", "nn.RNNCell(5, 4, bias=False)", "nn.LSTMCell(5, 4)", "nn.LSTMCell(5, 4, bias=False)", "nn.GRUCell(5, 4)", "nn.GRUCell(5, 4, False)"]


@pytest.mark.parametrize("form", ["batch", "one", "state"])
@pytest.mark.parametrize("expression", CELLS)
def test_cells_are_pytorchs(expression: str, form: str) -> None:
    started_and_printed_alike(expression)

    def make(T: Any) -> Any:
        T.manual_seed(2)
        cell = evaluate(expression, T)
        x, h, c = tensors(T, *([(5,), (4,), (4,)] if form == "one" else [(3, 5), (3, 4), (3, 4)]))
        if form == "batch":
            return cell(x), [x, cell.weight_ih]
        hx = (h, c) if "LSTM" in expression else h
        return cell(x, hx), [x, *leaves(hx), *cell.parameters()]

    assert_same_gradients(make)


@pytest.mark.parametrize("given", ["both", "input", "hidden"])
@pytest.mark.parametrize("name", ["lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"])
def test_a_cell_takes_either_bias_alone(name: str, given: str) -> None:
    def make(T: Any) -> Any:
        gates = {"lstm_cell": 16, "gru_cell": 12}.get(name, 4)
        x, h, c, w_ih, w_hh, b_ih, b_hh = tensors(T, (3, 5), (3, 4), (3, 4), (gates, 5), (gates, 4), (gates,), (gates,))
        biases = (b_ih if given != "hidden" else None, b_hh if given != "input" else None)
        made = getattr(T, name)(x, (h, c) if name == "lstm_cell" else h, w_ih, w_hh, *biases)
        return made, [x, h, w_ih, w_hh, *(b for b in biases if b is not None)]

    assert_same_gradients(make)


PACKING = [
    "R.pack_padded_sequence(x, [3, 2]).data", "R.pack_padded_sequence(x.transpose(0, 1), [3, 2], batch_first=True)", "R.pack_padded_sequence(x, [1, 3], enforce_sorted=False)",
    "R.pack_sequence([x[:, 0], x[:2, 1]])", "R.pack_sequence([x[:1, 0], x[:, 1]], enforce_sorted=False)",
    "R.pad_packed_sequence(R.pack_sequence([x[:, 0], x[:2, 1]]), batch_first=True)", "R.pad_sequence([x[:, 0], x[:2, 1]])", "R.pad_sequence([x[:2, 0], x[:, 1]], True, 7.0)",
    "R.pad_sequence([x[:2, 0], x[:, 1]], padding_side='left')", "R.unpad_sequence(x.clone(), T.tensor([3, 1]))", "R.unpack_sequence(R.pack_sequence([x[:1, 0], x[:, 1]], enforce_sorted=False))",
    "R.invert_permutation(T.tensor([2, 0, 1]))", "R.invert_permutation(None)", "R.pack_sequence([x[:, 0], x[:2, 1]]).double()", "R.pack_sequence([x[:, 0]]).to(T.float16).data",
    "R.pack_padded_sequence(x, [2, 3])", "R.pack_padded_sequence(x, [3])", "R.pack_padded_sequence(x, [3, 0])", "R.pad_sequence(3)", "R.pad_sequence([x[0]], padding_side='up')",
    "R.pad_packed_sequence(R.pack_sequence([x[:, 0]]), total_length=2)", "R.pack_padded_sequence(x[:0], [3, 2])",
]  # fmt: skip


@pytest.mark.parametrize("text", PACKING)
def test_packing_and_padding_are_pytorchs(text: str) -> None:
    def outcome(T: Any) -> list[Any]:
        (x,) = tensors(T, (3, 2, 4), grad=False)
        try:
            return leaves(eval(text, {"R": T.nn.utils.rnn, "T": T, "x": x}))
        except Exception as error:
            return [type(error).__name__]

    found = both(outcome)
    assert len(found[0]) == len(found[1])
    for mine, theirs in zip(*found, strict=True):
        if isinstance(theirs, str):
            assert mine == theirs
        else:
            assert str(mine.dtype) == str(theirs.dtype)
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


REFUSED = [
    "nn.LSTM(0, 3)", "nn.LSTM(3, 0)", "nn.LSTM(3.0, 3)", "nn.LSTM(3, 3.0)", "nn.GRU(3, 3, 0)", "nn.GRU(3, 3, bias=1)", "nn.GRU(3, 3, batch_first=2)", "nn.RNN(3, 3, dropout=2)",
    "nn.RNN(3, 3, nonlinearity='x')", "nn.RNN(3, 3, proj_size=1)", "nn.GRU(3, 3, proj_size=1)", "nn.LSTM(3, 3, proj_size=3)", "nn.LSTM(3, 3, proj_size=-1)",
    "nn.LSTM(3, 4)(torch.ones(2, 2, 4))", "nn.LSTM(3, 4)(torch.ones(2, 2, 2, 3))", "nn.GRU(3, 4)(torch.ones(3))", "nn.RNN(3, 4)(torch.ones(3))", "nn.LSTM(3, 4)(torch.ones(2, 2, 3).double())",
    "nn.LSTM(3, 4)(torch.ones(2, 2, 3), (torch.ones(1, 3, 4), torch.ones(1, 2, 4)))", "nn.LSTM(3, 4)(torch.ones(2, 2, 3), (torch.ones(1, 2, 4), torch.ones(2, 2, 4)))",
    "nn.LSTM(3, 4)(torch.ones(2, 2, 3), (torch.ones(2, 4), torch.ones(2, 4)))", "nn.LSTM(3, 4)(torch.ones(2, 3), (torch.ones(1, 1, 4), torch.ones(1, 1, 4)))",
    "nn.GRU(3, 4)(torch.ones(2, 2, 3), torch.ones(1, 1, 4))", "nn.GRU(3, 4)(torch.ones(2, 3), torch.ones(1, 1, 4))", "nn.RNN(3, 4)(torch.ones(2, 2, 3), torch.ones(2, 4))",
    "nn.RNN(3, 4)(torch.ones(0, 2, 3))",
    "nn.RNNCell(3, 4, nonlinearity='x')(torch.ones(3))", "nn.RNNCell(3, 4)(torch.ones(1, 1, 3))", "nn.GRUCell(3, 4)(torch.ones(3), torch.ones(1, 1, 4))",
    "nn.LSTMCell(3, 4)(torch.ones(3), (torch.ones(4), torch.ones(1, 1, 4)))",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    mine, theirs = refusals_of(lambda T: evaluate(expression, T))
    assert mine.replace("corelib", "torch") == theirs
