"""All steps of one direction of an LSTM or a GRU as one op, for sequences of one length.

A backend's kernel keeps the weights near from step to step; elsewhere the body takes one step after the other. What a step has computed is
kept for the derivative, which therefore multiplies once a step, and once for all of them.
"""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.ops.elementwise.exponential import sigmoid
from corelib.ops.elementwise.trigonometric import tanh
from corelib.ops.products.products import addmm, mm
from corelib.ops.shape.joining import cat, stack
from corelib.tensor.tensor import Tensor


def _steps(n: int, backwards: bool) -> range:
    return range(n - 1, -1, -1) if backwards else range(n)


def _in_place(made: list[Tensor], backwards: bool) -> Tensor:
    return stack(made[::-1] if backwards else made)


def _before(first: Tensor, made: Tensor, backwards: bool) -> Tensor:
    """For each step what was there before it: the first, and what the others made."""
    each, n = first.unsqueeze(0), made._shape[0] - 1
    return cat([made.narrow(0, 1, n), each]) if backwards else cat([each, made.narrow(0, 0, n)])


def _infer_lstm(gates: Tensor, hidden: Tensor, cell: Tensor, recurrent: Tensor, backwards: bool) -> Inferred:
    made = ((gates._shape[0], *hidden._shape), gates._dtype)
    return [made, made, (gates._shape, gates._dtype)], (gates, hidden, cell, recurrent, backwards)


def _lstm_vjp(
    gs: tuple[Tensor | None, Tensor | None, Tensor | None], hidden: Tensor, cell: Tensor, recurrent: Tensor, backwards: bool, out0: Tensor, out1: Tensor,
    out2: Tensor,
) -> tuple[Tensor, ...]:
    to_outputs, to_cells, to_parts = gs
    if to_outputs is None:
        to_outputs = out0.new_zeros(out0._shape)
    g = to_outputs.contiguous()  # of a sum it is one element for all
    made: tuple[Tensor, ...] = lstm_steps_backward(g, hidden, cell, recurrent, out0, out1, out2, to_cells, to_parts, backwards)
    return made


@op(on=(), several=True, infer=_infer_lstm, vjp={("gates", "hidden", "cell", "recurrent"): _lstm_vjp})
def lstm_steps(gates: Tensor, hidden: Tensor, cell: Tensor, recurrent: Tensor, backwards: bool) -> tuple[Tensor, Tensor, Tensor]:
    """(hidden states, cells, gates) after each step: (t, n, h), (t, n, h) and (t, n, 4h), of the input's part of the gates (t, n, 4h), the state
    before, two of (n, h), and the weights (4h, h). The gates are those of input, forget, cell and output; `backwards`: the last step comes first."""
    weights = recurrent.t()
    hiddens, cells, parts = [], [], []
    for t in _steps(gates._shape[0], backwards):
        i, f, g, o = addmm(gates.select(0, t), hidden, weights).chunk(4, -1)
        i, f, g, o = sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)
        cell = f * cell + i * g
        hidden = o * tanh(cell)
        hiddens.append(hidden)
        cells.append(cell)
        parts.append(cat([i, f, g, o], -1))
    return _in_place(hiddens, backwards), _in_place(cells, backwards), _in_place(parts, backwards)


def _infer_lstm_backward(
    g: Tensor, hidden: Tensor, cell: Tensor, recurrent: Tensor, outputs: Tensor, cells: Tensor, parts: Tensor, to_cells: Tensor | None,
    to_parts: Tensor | None, backwards: bool,
) -> Inferred:
    kind = g._dtype
    specs = [(parts._shape, kind), (hidden._shape, kind), (cell._shape, kind), (recurrent._shape, kind)]
    return specs, (g, hidden, cell, recurrent, outputs, cells, parts, to_cells, to_parts, backwards)  # type: ignore[return-value]


@op(on=(), several=True, infer=_infer_lstm_backward)
def lstm_steps_backward(
    g: Tensor, hidden: Tensor, cell: Tensor, recurrent: Tensor, outputs: Tensor, cells: Tensor, parts: Tensor, to_cells: Tensor | None,
    to_parts: Tensor | None, backwards: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of `lstm_steps`' gates, state and weights, from those of its outputs, and of the two others or None."""
    before = _before(cell, cells, backwards)
    made: list[Tensor] = []
    carried: Tensor | None = None
    change: Tensor | None = None
    for t in _steps(g._shape[0], not backwards):
        i, f, c, o = parts.select(0, t).chunk(4, -1)
        after = tanh(cells.select(0, t))
        out = g.select(0, t) if carried is None else g.select(0, t) + carried
        here = out * o * (1 - after * after)
        here = here if change is None else here + change
        here = here if to_cells is None else here + to_cells.select(0, t)
        of_parts = [here * c, here * before.select(0, t), here * i, out * after]
        if to_parts is not None:
            of_parts = [a + b for a, b in zip(of_parts, to_parts.select(0, t).chunk(4, -1), strict=True)]
        di, df, dc, do = of_parts
        step = cat([di * i * (1 - i), df * f * (1 - f), dc * (1 - c * c), do * o * (1 - o)], -1)
        made.append(step)
        carried, change = mm(step, recurrent), here * f
    steps = _in_place(made, not backwards)
    rows = steps.reshape((-1, steps._shape[-1]))
    weights = mm(rows.t(), _before(hidden, outputs, backwards).reshape((-1, hidden._shape[-1])))
    assert carried is not None
    assert change is not None  # there is a step
    return steps, carried, change, weights


def _infer_gru(inputs: Tensor, hidden: Tensor, recurrent: Tensor, bias: Tensor | None, backwards: bool) -> Inferred:
    t, n, h = inputs._shape[0], *hidden._shape
    return [((t, n, h), inputs._dtype), ((t, n, 4 * h), inputs._dtype)], (inputs, hidden, recurrent, bias, backwards)


def _gru_vjp(
    gs: tuple[Tensor | None, Tensor | None], hidden: Tensor, recurrent: Tensor, bias: Tensor | None, backwards: bool, out0: Tensor, out1: Tensor,
) -> tuple[Tensor | None, ...]:
    to_outputs, to_parts = gs
    if to_outputs is None:
        to_outputs = out0.new_zeros(out0._shape)
    inputs, first, weights, of_bias = gru_steps_backward(to_outputs.contiguous(), hidden, recurrent, out0, out1, to_parts, backwards)
    return inputs, first, weights, None if bias is None else of_bias


@op(on=(), several=True, infer=_infer_gru, vjp={("inputs", "hidden", "recurrent", "bias"): _gru_vjp})
def gru_steps(inputs: Tensor, hidden: Tensor, recurrent: Tensor, bias: Tensor | None, backwards: bool) -> tuple[Tensor, Tensor]:
    """(hidden states, gates) after each step: (t, n, h) and (t, n, 4h), of the input's part of the gates (t, n, 3h), the hidden state before
    (n, h), the weights (3h, h) and their bias. The gates are those of reset, update and new, and the hidden state's part of the new one."""
    weights = recurrent.t()
    hiddens, parts = [], []
    for t in _steps(inputs._shape[0], backwards):
        hr, hz, hn = (mm(hidden, weights) if bias is None else addmm(bias, hidden, weights)).chunk(3, -1)
        ir, iz, i_n = inputs.select(0, t).chunk(3, -1)
        r, z = sigmoid(ir + hr), sigmoid(iz + hz)
        n = tanh(i_n + r * hn)
        hidden = n + z * (hidden - n)
        hiddens.append(hidden)
        parts.append(cat([r, z, n, hn], -1))
    return _in_place(hiddens, backwards), _in_place(parts, backwards)


def _infer_gru_backward(
    g: Tensor, hidden: Tensor, recurrent: Tensor, outputs: Tensor, parts: Tensor, to_parts: Tensor | None, backwards: bool
) -> Inferred:
    (t, n, h), kind = g._shape, g._dtype
    specs = [((t, n, 3 * h), kind), (hidden._shape, kind), (recurrent._shape, kind), ((3 * h,), kind)]
    return specs, (g, hidden, recurrent, outputs, parts, to_parts, backwards)  # type: ignore[return-value]


@op(on=(), several=True, infer=_infer_gru_backward)
def gru_steps_backward(
    g: Tensor, hidden: Tensor, recurrent: Tensor, outputs: Tensor, parts: Tensor, to_parts: Tensor | None, backwards: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients of `gru_steps`' inputs, hidden state, weights and bias, from those of its outputs, and of the gates or None."""
    before = _before(hidden, outputs, backwards)
    of_inputs: list[Tensor] = []
    of_hiddens: list[Tensor] = []
    carried: Tensor | None = None
    for t in _steps(g._shape[0], not backwards):
        r, z, n, hn = parts.select(0, t).chunk(4, -1)
        out = g.select(0, t) if carried is None else g.select(0, t) + carried
        of_n, of_z = out * (1 - z), out * (before.select(0, t) - n)
        if to_parts is None:
            new = of_n * (1 - n * n)
            of_r, of_hn = new * hn, new * r
        else:
            gr, gz, gn, gh = to_parts.select(0, t).chunk(4, -1)
            new = (of_n + gn) * (1 - n * n)
            of_z, of_r, of_hn = of_z + gz, new * hn + gr, new * r + gh
        reset, update = of_r * r * (1 - r), of_z * z * (1 - z)
        of_inputs.append(cat([reset, update, new], -1))
        of_hiddens.append(cat([reset, update, of_hn], -1))
        carried = mm(of_hiddens[-1], recurrent) + out * z
    inputs, hiddens = _in_place(of_inputs, not backwards), _in_place(of_hiddens, not backwards)
    rows = hiddens.reshape((-1, hiddens._shape[-1]))
    assert carried is not None  # there is a step
    return inputs, carried, mm(rows.t(), before.reshape((-1, hidden._shape[-1]))), rows.sum(0)
