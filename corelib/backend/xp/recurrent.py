"""All steps of an LSTM or a GRU in one kernel: the products of each step, and its gates side by side."""

from __future__ import annotations

from collections.abc import Iterable

from corelib.backend.xp.guard import Guard, guarded, Module, Outs
from corelib.backend.xp.sums import Sums
from corelib.contract.kernels import KernelTable, Native
from corelib.tensor.dtype import float32, float64


def _order(n: int, backwards: bool) -> Iterable[int]:
    return range(n - 1, -1, -1) if backwards else range(n)


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """lstm_steps, lstm_steps_backward, gru_steps, gru_steps_backward."""
    matmul, tanh, multiply, total = getattr(guard, "matmul", xp.matmul), xp.tanh, xp.multiply, Sums(xp).total

    def sigmoid(x: Native) -> None:
        xp.negative(x, x)
        xp.exp(x, x)
        x += x.dtype.type(1)
        xp.reciprocal(x, x)

    def before(first: Native, made: Native, backwards: bool) -> Native:
        """For each step what was there before it."""
        found = xp.empty_like(made)
        if backwards:
            found[:-1], found[-1] = made[1:], first
        else:
            found[1:], found[0] = made[:-1], first
        return found

    def lstm_steps(outs: Outs, gates: Native, hidden: Native, cell: Native, recurrent: Native, backwards: bool) -> None:
        hiddens, cells, parts = outs
        n, weights = hidden.shape[-1], recurrent.T
        xp.copyto(parts, gates)
        for t in _order(len(parts), backwards):
            part, h, c = parts[t], hiddens[t], cells[t]
            part += matmul(hidden, weights)
            new = tanh(part[:, 2 * n : 3 * n])
            sigmoid(part)
            part[:, 2 * n : 3 * n] = new
            multiply(part[:, n : 2 * n], cell, c)
            c += multiply(part[:, :n], new, new)
            tanh(c, h)
            h *= part[:, 3 * n :]
            hidden, cell = h, c

    def lstm_steps_backward(
        outs: Outs, g: Native, hidden: Native, cell: Native, recurrent: Native, outputs: Native, cells: Native, parts: Native, to_cells: Native | None,
        to_parts: Native | None, backwards: bool,
    ) -> None:
        steps, to_hidden, to_cell, to_weights = outs
        n = hidden.shape[-1]
        after, cells = tanh(cells), before(cell, cells, backwards)
        slopes = parts * (1 - parts)
        slopes[..., 2 * n : 3 * n] = 1 - parts[..., 2 * n : 3 * n] ** 2
        through = parts[..., 3 * n :] * (1 - after * after)
        carried = change = None
        for t in _order(len(g), not backwards):
            part, step = parts[t], steps[t]
            out = g[t] if carried is None else g[t] + carried
            here = out * through[t]
            if change is not None:
                here += change
            if to_cells is not None:
                here += to_cells[t]
            multiply(here, part[:, 2 * n : 3 * n], step[:, :n])
            multiply(here, cells[t], step[:, n : 2 * n])
            multiply(here, part[:, :n], step[:, 2 * n : 3 * n])
            multiply(out, after[t], step[:, 3 * n :])
            if to_parts is not None:
                step += to_parts[t]
            step *= slopes[t]
            carried, change = matmul(step, recurrent), here * part[:, n : 2 * n]
        to_hidden[...], to_cell[...] = carried, change
        matmul(steps.reshape(-1, 4 * n).T, before(hidden, outputs, backwards).reshape(-1, n), to_weights)

    def gru_steps(outs: Outs, inputs: Native, hidden: Native, recurrent: Native, bias: Native | None, backwards: bool) -> None:
        hiddens, parts = outs
        n, weights = hidden.shape[-1], recurrent.T
        for t in _order(len(parts), backwards):
            given, part, h = inputs[t], parts[t], hiddens[t]
            of_hidden = matmul(hidden, weights)
            if bias is not None:
                of_hidden += bias
            gates, new = part[:, : 2 * n], part[:, 2 * n : 3 * n]
            xp.add(given[:, : 2 * n], of_hidden[:, : 2 * n], gates)
            sigmoid(gates)
            part[:, 3 * n :] = of_hidden[:, 2 * n :]
            multiply(part[:, :n], part[:, 3 * n :], new)
            new += given[:, 2 * n :]
            tanh(new, new)
            xp.subtract(hidden, new, h)
            h *= part[:, n : 2 * n]
            h += new
            hidden = h

    def gru_steps_backward(
        outs: Outs, g: Native, hidden: Native, recurrent: Native, outputs: Native, parts: Native, to_parts: Native | None, backwards: bool
    ) -> None:
        to_inputs, to_hidden, to_weights, to_bias = outs
        n = hidden.shape[-1]
        hiddens, befores = xp.empty_like(to_inputs), before(hidden, outputs, backwards)
        r, z, new, of_hidden = (parts[..., i * n : (i + 1) * n] for i in range(4))
        slopes = parts[..., : 2 * n] * (1 - parts[..., : 2 * n])
        kept, curve, moved = 1 - z, 1 - new * new, befores - new
        carried = None
        for t in _order(len(g), not backwards):
            step, of_step = to_inputs[t], hiddens[t]
            out = g[t] if carried is None else g[t] + carried
            to_new = out * kept[t]
            if to_parts is not None:
                to_new += to_parts[t, :, 2 * n : 3 * n]
            to_new *= curve[t]
            multiply(to_new, of_hidden[t], step[:, :n])
            multiply(out, moved[t], step[:, n : 2 * n])
            step[:, 2 * n :] = to_new
            multiply(to_new, r[t], of_step[:, 2 * n :])
            if to_parts is not None:
                step[:, : 2 * n] += to_parts[t, :, : 2 * n]
                of_step[:, 2 * n :] += to_parts[t, :, 3 * n :]
            step[:, : 2 * n] *= slopes[t]
            of_step[:, : 2 * n] = step[:, : 2 * n]
            carried = matmul(of_step, recurrent)
            carried += out * z[t]
        to_hidden[...] = carried
        rows = hiddens.reshape(-1, 3 * n)
        matmul(rows.T, befores.reshape(-1, n), to_weights)
        total(rows, (0,), None, False, to_bias)

    for kernel in (lstm_steps, lstm_steps_backward, gru_steps, gru_steps_backward):
        table.register(kernel.__name__, (float32, float64), guarded(guard, kernel))
