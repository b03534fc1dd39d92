"""Stochastic depth: residual branches that are left out at random while training."""

from __future__ import annotations

from corelib.nn import Module
from corelib.ops.construction.creation import empty
from corelib.tensor.tensor import Tensor

__all__ = ["StochasticDepth", "stochastic_depth"]


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """The input with samples set to zero with probability `p`, and what is kept divided by 1 - p; the input itself unless `training`.

    mode: "row" draws for each sample of the batch (the first dimension), "batch" once for all. ValueError for another mode, and for p
    outside 0 to 1. Source: Huang et al., Deep Networks with Stochastic Depth, https://arxiv.org/abs/1603.09382.

    >>> import corelib as torch
    >>> from corelib.vision.ops.stochastic_depth import stochastic_depth
    >>> stochastic_depth(torch.ones(3, 1), p=1.0, mode="row").flatten()
    tensor([0., 0., 0.])
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"stochastic_depth(): p, the probability of leaving out, must be between 0 and 1, got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"stochastic_depth(): mode must be 'batch' or 'row', got {mode!r}")
    if not training or p == 0.0:
        return input
    kept = 1.0 - p
    rows = input.shape[0] if mode == "row" else 1
    noise = empty([rows] + [1] * (input.ndim - 1), dtype=input.dtype, device=input.device).bernoulli_(kept)
    if kept > 0.0:
        noise.div_(kept)
    return input * noise


class StochasticDepth(Module):
    """`stochastic_depth` as a layer, which acts while the model trains.

    >>> from corelib.vision.ops.stochastic_depth import StochasticDepth
    >>> StochasticDepth(0.2, "row")
    StochasticDepth(p=0.2, mode=row)
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p}, mode={self.mode})"
