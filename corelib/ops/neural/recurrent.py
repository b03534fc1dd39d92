"""Recurrent networks: what one time step does to the gates, and layers of such steps over sequences of one or of many lengths.

The input's part of the gates is one product for all steps; a step adds the hidden state's part and goes through one op. Sequences are
packed, a step's rows one after the other, so that step t concerns the first sizes[t] rows; equal lengths are the case
where all sizes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.elementwise.exponential import sigmoid
from corelib.ops.elementwise.trigonometric import tanh
from corelib.ops.neural.dropout import dropout
from corelib.ops.neural.recurrent_steps import gru_steps, lstm_steps
from corelib.ops.products.linear import linear
from corelib.ops.products.products import addmm, mm
from corelib.ops.shape.joining import cat, stack
from corelib.tensor.tensor import Tensor

_State: TypeAlias = tuple[Tensor, ...]
"""What a step changes: the hidden state, and an LSTM's cell after it."""


def _lstm_vjp(gs: tuple[Tensor | None, Tensor | None], gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = _lstm_parts(gates)
    after = tanh(f * cell + i * g)
    to_hidden, to_cell = gs
    change: Tensor | float = 0.0 if to_cell is None else to_cell
    if to_hidden is not None:
        change = to_hidden * o * (1 - after * after) + change
        output = to_hidden * after * o * (1 - o)
    else:
        output = o * 0
    parts = [change * g * i * (1 - i), change * cell * f * (1 - f), change * i * (1 - g * g), output]
    return cat(parts, -1), change * f


def _lstm_parts(gates: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    i, f, g, o = gates.chunk(4, -1)
    return sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)


@op(
    on=(), several=True, vjp={("gates", "cell"): _lstm_vjp},
    infer=lambda gates, cell: ([(cell._shape, cell._dtype), (cell._shape, cell._dtype)], (gates, cell)),
)
def lstm_gates(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """(hidden, cell) after a step, from the sums (n, 4h) of input, forget, cell and output gates, and the cell (n, h) before."""
    i, f, g, o = _lstm_parts(gates)
    after = f * cell + i * g
    return o * tanh(after), after


def _gru_parts(inputs: Tensor, hiddens: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    (ir, iz, i_n), (hr, hz, hn) = inputs.chunk(3, -1), hiddens.chunk(3, -1)
    r, z = sigmoid(ir + hr), sigmoid(iz + hz)
    return r, z, tanh(i_n + r * hn), hn


def _gru_vjp(g: Tensor, inputs: Tensor, hiddens: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r, z, n, hn = _gru_parts(inputs, hiddens)
    new = g * (1 - z) * (1 - n * n)
    reset = new * hn * r * (1 - r)
    update = g * (hidden - n) * z * (1 - z)
    return cat([reset, update, new], -1), cat([reset, update, new * r], -1), g * z


@op(
    on=(), vjp={("inputs", "hiddens", "hidden"): _gru_vjp},
    infer=lambda inputs, hiddens, hidden: ((hidden._shape, hidden._dtype), (inputs, hiddens, hidden)),
)
def gru_gates(inputs: Tensor, hiddens: Tensor, hidden: Tensor) -> Tensor:
    """The hidden state (n, h) after a step, from the input's and the hidden state's parts (n, 3h) of reset, update and new gates."""
    _, z, n, _ = _gru_parts(inputs, hiddens)
    return n + z * (hidden - n)


class _Step:
    """One direction of one layer: its weights, and what a step does to its state (a tuple, the hidden state first)."""

    def __init__(
        self, kind: str, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None, w_hr: Tensor | None = None
    ) -> None:
        self.kind = kind
        self.from_input, self.recurrent, self.weights = w_ih, w_hh.t(), w_hh
        self.projection = None if w_hr is None else w_hr.t()
        # the new gate of a GRU scales its hidden bias, so there it cannot join the input's
        self.hidden_bias = b_hh if kind == "gru" else None
        self.bias = b_ih if kind == "gru" or b_hh is None else b_hh if b_ih is None else b_ih + b_hh

    def inputs(self, rows: Tensor) -> Tensor:
        """The input's part of the gates, for all steps at once."""
        return linear(rows, self.from_input, self.bias)

    def all_steps(self, inputs: Tensor, state: _State, backwards: bool) -> tuple[Tensor, _State] | None:
        """(outputs, last state) for inputs (t, n, gates) of sequences of one length; None where there is no op for it."""
        last = 0 if backwards else inputs._shape[0] - 1
        if self.kind == "lstm" and self.projection is None:
            hiddens, cells, _ = lstm_steps(inputs, state[0], state[1], self.weights, backwards)
            return hiddens, (hiddens.select(0, last), cells.select(0, last))
        if self.kind == "gru":
            hiddens, _ = gru_steps(inputs, state[0], self.weights, self.hidden_bias, backwards)
            return hiddens, (hiddens.select(0, last),)
        return None

    def __call__(self, x: Tensor, state: _State) -> _State:
        hidden = state[0]
        if self.kind == "gru":
            hiddens = mm(hidden, self.recurrent) if self.hidden_bias is None else addmm(self.hidden_bias, hidden, self.recurrent)
            return (gru_gates(x, hiddens, hidden),)
        gates = addmm(x, hidden, self.recurrent)
        if self.kind == "lstm":
            hidden, cell = lstm_gates(gates, state[1])
            return (hidden if self.projection is None else mm(hidden, self.projection), cell)
        return (tanh(gates) if self.kind == "rnn_tanh" else gates.relu(),)


def _direction(step: _Step, rows: Tensor, sizes: list[int], first: _State, backwards: bool) -> tuple[Tensor, _State]:
    """(outputs, last state) of one direction over packed rows; `first` is the state before."""
    if rows._device.type == "meta":  # without values all steps are one
        every = step.inputs(rows)
        wide = step(every, tuple(s.narrow(0, 0, 1).expand((every.shape[0], s.shape[1])) for s in first))
        state = step(every.narrow(0, 0, max(sizes)), first)
        return wide[0], state
    every = step.inputs(rows)
    if sizes[0] == sizes[-1]:  # they never grow
        whole = step.all_steps(every.reshape((len(sizes), sizes[0], every.shape[-1])), first, backwards)
        if whole is not None:
            made, state = whole
            return made.reshape((rows.shape[0], made.shape[-1])), state
    inputs = every.split(sizes)
    outputs: list[Tensor] = []
    finished: list[_State] = []
    at = sizes[-1 if backwards else 0]
    state = tuple(s.narrow(0, 0, at) for s in first)
    for t in range(len(sizes) - 1, -1, -1) if backwards else range(len(sizes)):
        if sizes[t] > at:  # backwards, shorter sequences begin later
            state = tuple(cat([s, f.narrow(0, at, sizes[t] - at)]) for s, f in zip(state, first, strict=True))
        elif sizes[t] < at:  # forwards, they end sooner
            finished.append(tuple(s.narrow(0, sizes[t], at - sizes[t]) for s in state))
            state = tuple(s.narrow(0, 0, sizes[t]) for s in state)
        at = sizes[t]
        state = step(inputs[t], state)
        outputs.append(state[0])
    if finished:
        state = tuple(cat(list(parts)) for parts in zip(state, *finished[::-1], strict=True))
    return cat(outputs[::-1] if backwards else outputs), state


def _layers(
    kind: str, rows: Tensor, sizes: list[int], hx: _State, params: Sequence[Tensor], has_biases: bool, num_layers: int, p: float,
    train: bool, bidirectional: bool,
) -> tuple[Tensor, list[Tensor]]:
    """(outputs of the last layer, states after the last step of every layer and direction) over packed rows."""
    directions = 2 if bidirectional else 1
    each = len(params) // (num_layers * directions)
    projected = each in (3, 5)
    last = []
    for layer in range(num_layers):
        made = []
        for d in range(directions):
            n = layer * directions + d
            weights = params[n * each : (n + 1) * each]
            b_ih, b_hh = (weights[2], weights[3]) if has_biases else (None, None)
            step = _Step(kind, weights[0], weights[1], b_ih, b_hh, weights[-1] if projected else None)
            output, state = _direction(step, rows, sizes, tuple(h.select(0, n) for h in hx), d == 1)
            made.append(output)
            last.append(state)
        rows = cat(made, -1) if bidirectional else made[0]
        if p and layer < num_layers - 1:
            rows = dropout(rows, p, train)
    return rows, [stack(list(states)) for states in zip(*last, strict=True)]


def _recurrent(kind: str, args: tuple[Any, ...]) -> tuple[Tensor, list[Tensor]]:
    """The arguments of PyTorch's two forms: sequences of one length, or packed data with the sizes of its steps."""
    if isinstance(args[3], (list, tuple)):  # the weights come fourth where the sizes come second
        data, batch_sizes, hx, params, has_biases, num_layers, p, train, bidirectional = args
        return _layers(kind, data, batch_sizes.tolist(), hx if kind == "lstm" else (hx,), params, has_biases, num_layers, p, train, bidirectional)
    input, hx, params, has_biases, num_layers, p, train, bidirectional, batch_first = args
    x = input.transpose(0, 1) if batch_first else input
    length, batch, features = x.shape
    if not length:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    rows, states = _layers(
        kind, x.reshape((length * batch, features)), [batch] * (1 if x.is_meta else length), hx if kind == "lstm" else (hx,), params, has_biases, num_layers, p, train,
        bidirectional,
    )
    output = rows.reshape((length, batch, rows.shape[-1]))
    return output.transpose(0, 1) if batch_first else output, states


def _of(name: str) -> Callable[..., tuple[Tensor, ...]]:
    def function(*args: Any) -> tuple[Tensor, ...]:
        output, states = _recurrent(name, args)
        return (output, *states)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The layers behind `nn.{"RNN" if name.startswith("rnn") else name.upper()}`: (output, last states).

    (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first), or for packed sequences
    (data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional).
    """
    return public("torch", whole=True)(function)


lstm, gru, rnn_tanh, rnn_relu = _of("lstm"), _of("gru"), _of("rnn_tanh"), _of("rnn_relu")


def _cell(
    kind: str, input: Tensor, hx: _State, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None, b_hh: Tensor | None
) -> _State:
    step = _Step(kind, w_ih, w_hh, b_ih, b_hh)
    return step(step.inputs(input), hx)


@public("torch", whole=True)
def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """(hidden, cell) after one step of an LSTM; input (n, i), hx two of (n, h), w_ih (4h, i), w_hh (4h, h)."""
    hidden, cell = _cell("lstm", input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    return hidden, cell


@public("torch", whole=True)
def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """The hidden state after one step of a GRU; input (n, i), hx (n, h), w_ih (3h, i), w_hh (3h, h)."""
    return _cell("gru", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@public("torch", whole=True)
def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """tanh(w_ih x + b_ih + w_hh h + b_hh): one step of a plain recurrent network."""
    return _cell("rnn_tanh", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@public("torch", whole=True)
def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """relu(w_ih x + b_ih + w_hh h + b_hh): one step of a plain recurrent network."""
    return _cell("rnn_relu", input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]
