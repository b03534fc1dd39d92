"""Layers that are affine maps of the last dimension: Linear, Bilinear, Identity, LazyLinear."""

from __future__ import annotations

import math
from typing import Any

from corelib.nn import functional as F
from corelib.nn import init
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules._weights import new_parameter, start_uniform
from corelib.nn.modules.lazy import LazyLayer, without_inputs
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear"]


class Identity(Module):
    """Returns its input; takes any arguments and ignores them.

    >>> import corelib as torch
    >>> torch.nn.Identity(54, unused=0.1)(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """y = x Wᵀ + b over the last dimension: (*, in_features) to (*, out_features).

    ``weight`` is (out_features, in_features), ``bias`` (out_features); both start uniform in ±1/sqrt(in_features).

    >>> import corelib as torch
    >>> torch.nn.Linear(20, 30)(torch.randn(128, 20)).shape
    torch.Size([128, 30])
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: DeviceLike = None, dtype: DType | None = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = new_parameter((out_features, in_features), device, dtype)
        self.register_parameter("bias", new_parameter(out_features, device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again."""
        start_uniform(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        params: dict[str, Any] = self._parameters
        try:
            # As weight_and_bias, without the call: the layer that is called most.
            weight, bias = params["weight"], params["bias"]
        except KeyError:
            weight, bias = self.weight, self.bias
        return F.linear(input, weight, bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """y = x₁ᵀ A x₂ + b over the last dimensions: (*, in1_features), (*, in2_features) to (*, out_features).

    ``weight`` is (out_features, in1_features, in2_features); it and ``bias`` start uniform in ±1/sqrt(in1_features).

    >>> import corelib as torch
    >>> torch.nn.Bilinear(2, 3, 4)(torch.randn(8, 2), torch.randn(8, 3)).shape
    torch.Size([8, 4])
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = new_parameter((out_features, in1_features, in2_features), device, dtype)
        self.register_parameter("bias", new_parameter(out_features, device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again."""
        if self.in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={self.in1_features})")
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under another name, as PyTorch has it for the projection inside an attention."""


class LazyLinear(LazyLayer, Linear):
    """Linear whose ``in_features`` is the size of the first input's last dimension.

    >>> import corelib as torch
    >>> torch.nn.LazyLinear(3)
    LazyLinear(in_features=0, out_features=3, bias=True)
    """

    cls_to_become = Linear
    _inputs = "in_features"

    @without_inputs(Linear.__init__)
    def __init__(self, out_features: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, 0, *args, **kwargs)
        self.out_features = out_features
        self._uninitialize()

    def initialize_parameters(self, input: Tensor) -> None:
        """Take ``in_features`` from the input."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self._materialize(weight=(self.out_features, self.in_features), bias=(self.out_features,))
        if self.in_features == 0:
            if input.shape[-1] != self.weight.shape[-1]:
                raise AssertionError(f"The in_features inferred from input: {input.shape[-1]} is not equal to in_features from self.weight: {self.weight.shape[-1]}")
            self.in_features = input.shape[-1]
