"""Dropout: elements, or whole channels, set to zero at random in training, the others scaled up in turn."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.entries import public
from corelib.dispatcher.op import op
from corelib.tensor.tensor import Tensor


def _checked(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{name}(): dropout probability has to be between 0 and 1, but got {p}")


def _dropped(input: Any, p: float, shape: Any, inplace: bool) -> Any:
    if p == 1:
        mask = input.new_zeros(shape)
    else:
        mask = input.new_empty(shape).bernoulli_(1 - p).div_(1 - p)
    return input.mul_(mask) if inplace else input * mask


@op(on=("torch", "nn.functional"))
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to zero with probability `p` in training, the others divided by 1 - p (Hinton et al., 2012).

    >>> import corelib as torch
    >>> torch.nn.functional.dropout(torch.ones(2), 0.5, training=False)
    tensor([1., 1.])
    """
    _checked("dropout", p)
    if not training or p == 0 or input._numel == 0:
        return input
    return _dropped(input, p, input._shape, inplace)  # type: ignore[no-any-return]


def _channelwise(name: str) -> Any:
    def function(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        _checked(name, p)
        if not training or p == 0 or input._numel == 0:
            return input
        n = int(name[-2])
        lead = 2 if len(input._shape) == n + 2 or (name == "dropout1d" and len(input._shape) == 3) else 1
        shape = (*input._shape[:lead], *[1] * (len(input._shape) - lead))
        made: Tensor = _dropped(input, p, shape, inplace)
        return made

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Whole channels set to zero with probability `p` in training, the others divided by 1 - p."
    return function


dropout1d, dropout2d, dropout3d = (public("nn.functional")(_channelwise(f"dropout{n}d")) for n in (1, 2, 3))


@op(on=("torch", "nn.functional"))
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for selu: dropped elements take its lowest value, and mean and variance stay (Klambauer et al., 2017)."""
    _checked("alpha_dropout", p)
    if not training or p == 0 or input._numel == 0:
        return input
    lowest = -1.7580993408473766
    a = ((1 - p) * (1 + p * lowest * lowest)) ** -0.5 if p < 1 else 0.0
    mask: Any = input.new_empty(input._shape).bernoulli_(1 - p)  # type: ignore[attr-defined]
    made = (input * mask + lowest * (1 - mask)) * a - a * lowest * p
    return input.copy_(made) if inplace else made  # type: ignore[attr-defined,no-any-return]
