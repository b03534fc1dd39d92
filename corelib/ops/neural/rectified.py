"""The randomized leaky rectifier, whose slope is drawn (Xu et al., 2015)."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.namespaces import public
from corelib.dispatcher.declare import op
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


@op(on=("torch", "nn.functional"))
def rrelu(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False) -> Tensor:
    """x above 0; below, x times a slope drawn for each element from [lower, upper) in training, their mean otherwise.

    >>> import corelib as torch
    >>> torch.nn.functional.rrelu(torch.tensor([-2., 2.]), 0.25, 0.75)
    tensor([-1.,  2.])
    """
    if lower > upper:
        raise RuntimeError(f"rrelu(): Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    x: Any = input
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"rrelu(): floating dtypes are accepted, got {input._dtype}")
    low = x.detach() <= 0
    slope: Any = (lower + upper) / 2
    if training:
        # One draw in double precision for each element that needs one, as PyTorch's CPU does.
        drawn = x.new_empty((int(low.sum()),), dtype=D.float64).uniform_(lower, upper)
        slope = x.new_zeros(x._shape).masked_scatter(low, drawn.to(x._dtype))
    made = select_where(low, x * slope, x)
    return x.copy_(made) if inplace else made


@public("torch", "nn.functional")
def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)
