"""Single steps of recurrent networks: RNNCell, LSTMCell and GRUCell."""

from __future__ import annotations

import math
from typing import Any

import corelib
from corelib import Tensor
from corelib.nn import init
from corelib.nn.module import Module
from corelib.nn.parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells share: weight_ih, weight_hh, bias_ih and bias_hh of `num_chunks` gates, uniform in ±1/sqrt(hidden_size)."""

    input_size: int
    hidden_size: int
    bias: bool

    def __init__(self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(corelib.empty((gates, input_size), device=device, dtype=dtype))
        self.weight_hh = Parameter(corelib.empty((gates, hidden_size), device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            if bias:
                setattr(self, name, Parameter(corelib.empty(gates, device=device, dtype=dtype)))
            else:
                self.register_parameter(name, None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weights and biases again."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            shown += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            shown += f", nonlinearity={self.nonlinearity}"
        return shown

    def _check(self, input: Tensor, states: Any, names: tuple[str, ...]) -> None:
        cell = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{cell}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for name, state in zip(names, states, strict=False):
            if state.dim() not in (1, 2):
                raise ValueError(f"{cell}: Expected {name} to be 1D or 2D, got {state.dim()}D instead")

    def _step(self, function: Any, input: Tensor, hx: Any) -> Any:
        """A step of a cell with one state, of a batch or of one element."""
        self._check(input, () if hx is None else (hx,), ("hidden",))
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            hx = corelib.zeros(x.size(0), self.hidden_size, dtype=x.dtype, device=x.device)
        elif not batched:
            hx = hx.unsqueeze(0)
        made = function(x, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return made if batched else made.squeeze(0)


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu: input (n, input_size) and hidden (n, hidden_size), zeros by default.

    RuntimeError for an unknown nonlinearity, ValueError for tensors of other dimensions.

    >>> import corelib as torch
    >>> torch.nn.RNNCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(corelib.rnn_tanh_cell if self.nonlinearity == "tanh" else corelib.rnn_relu_cell, input, hx)


class GRUCell(RNNCellBase):
    """A gated recurrent unit: input (n, input_size) and hidden (n, hidden_size), zeros by default, give the next hidden state.

    >>> import corelib as torch
    >>> torch.nn.GRUCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Any:
        return self._step(corelib.gru_cell, input, hx)


class LSTMCell(RNNCellBase):
    """A long short-term memory cell: input (n, input_size) and two states (n, hidden_size), zeros by default, give the next two.

    >>> import corelib as torch
    >>> hidden, cell = torch.nn.LSTMCell(10, 20)(torch.randn(3, 10))
    >>> hidden.shape
    torch.Size([3, 20])
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> Any:
        self._check(input, () if hx is None else hx, ("hx[0]", "hx[1]"))
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            zeros = corelib.zeros(x.size(0), self.hidden_size, dtype=x.dtype, device=x.device)
            state: Any = (zeros, zeros)
        else:
            state = hx if batched else tuple(h.unsqueeze(0) for h in hx)
        made = corelib.lstm_cell(x, state, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return made if batched else tuple(h.squeeze(0) for h in made)
