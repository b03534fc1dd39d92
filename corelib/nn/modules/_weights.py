"""Layers' parameters: made without values, given those that most layers start with, and read without ``__getattr__``."""

from __future__ import annotations

import math
from typing import Any

from corelib.graph.leaf import set_requires_grad
from corelib.nn import init
from corelib.nn._arguments import DeviceLike
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.ops.construction.creation import empty
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

__all__ = ["new_parameter", "start_uniform", "weight_and_bias"]


def new_parameter(shape: int | tuple[int, ...], device: DeviceLike, dtype: DType | None) -> Parameter:
    """A parameter whose values are not set yet."""
    made: Any = empty(shape, device=device, dtype=dtype)
    kind: object = type(made)
    if kind is not Tensor:
        return Parameter(made)
    made.__class__ = Parameter  # nobody else holds it: no second tensor over its memory is needed
    set_requires_grad(made, True, fresh=True)
    result: Parameter = made
    return result


def start_uniform(weight: Tensor, bias: Tensor | None) -> None:
    """Draw a weight and a bias uniformly in ±1/sqrt(fan_in)."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = math.prod(weight._shape[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
        init.uniform_(bias, -bound, bound)


def weight_and_bias(module: Module) -> tuple[Any, Tensor | None]:
    """What ``module.weight`` and ``module.bias`` find by way of __getattr__, at a fraction of the cost."""
    params = module._parameters
    try:
        return params["weight"], params["bias"]
    except KeyError:  # one of them is computed
        return module.weight, module.bias
