"""The randomized leaky rectifier, whose slope is drawn (Xu et al., 2015)."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.elementwise.where import select_where
from corelib.ops.indexing.placing import in_order
from corelib.ops.neural.activation import refuse_slope
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
    if not input._dtype.is_floating_point:
        raise NotImplementedError(f"rrelu(): floating dtypes are accepted, got {input._dtype}")
    low = input.detach() <= 0 if training else ~(input.detach() > 0)
    slope: Tensor | float = (lower + upper) / 2
    if training:
        # One draw in double precision for each element that needs one, as PyTorch's CPU does.
        needed = input._numel if input._device.type == "meta" else int(low.sum())
        drawn = input.new_empty((needed,), dtype=D.float64).uniform_(lower, upper)
        slope = in_order(drawn.to(input._dtype), low) if needed else input.new_zeros(input._shape)
    made = select_where(low, input * slope, input).contiguous()
    if not inplace:
        return made
    made = input.copy_(made)
    if made._requires_grad and not training:
        refuse_slope("rrelu", made, (lower + upper) / 2)
    return made


@public("torch", "nn.functional")
def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)
