"""Dropout: elements, or whole channels, set to zero at random in training, the others scaled up in turn."""

from __future__ import annotations

from collections.abc import Callable

from corelib.as_torch.warned import warn
from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.conversion.copying import kept_strides
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


def _idle(name: str, input: Tensor, p: float, training: bool) -> bool:
    """Whether nothing is dropped; ValueError where `p` is no probability."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}(): dropout probability has to be between 0 and 1, but got {p}")
    return not training or p == 0 or input._numel == 0


def _noise(input: Tensor, p: float, shape: Shape) -> Tensor:
    """Ones with probability 1 - p. For all elements it lies in memory as the input does, and the generator's numbers with it."""
    strides = kept_strides(input) if shape is input._shape else None
    made: Tensor = Tensor._empty(input._device, input._dtype, shape, strides).bernoulli_(1 - p)
    return made


def _dropped(input: Tensor, p: float, shape: Shape, inplace: bool) -> Tensor:
    if p == 1:
        mask = input.new_zeros(shape)
    else:
        mask = _noise(input, p, shape).div_(1 - p)
    return input.mul_(mask) if inplace else input * mask


@op(on=("nn.functional",))
def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element set to zero with probability `p` in training, the others divided by 1 - p (Hinton et al., 2012).

    >>> import corelib as torch
    >>> torch.nn.functional.dropout(torch.ones(2), 0.5, training=False)
    tensor([1., 1.])
    """
    if _idle("dropout", input, p, training):
        return input
    return _dropped(input, p, input._shape, inplace)


def _channelwise(name: str) -> Callable[..., Tensor]:
    unbatched = int(name[-2]) + 1  # dimensions, channels and places

    def function(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        idle = _idle(name, input, p, training)
        ndim = len(input._shape)
        if ndim != unbatched and ndim != unbatched + 1:
            if name == "dropout1d":
                raise RuntimeError(f"dropout1d(): Expected 2D or 3D input, but received a {ndim}D input.")
            warn(
                f"{name}: Received a {ndim}-D input to {name}, which is deprecated and will result in an error in a future release. To retain the "
                f"behavior and silence this warning, please use another form of dropout.",
            )  # fmt: skip
            if ndim < 2:
                raise RuntimeError(f"{name}(): Feature dropout requires at least 2 dimensions in the input, got {ndim}")
        elif name == "dropout2d" and ndim == 3:
            warn(
                "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is interpreted "
                "as shape (N, C, L), where C is the channel dim. To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d.",
            )  # fmt: skip
        if idle:
            return input
        lead = 1 if ndim == unbatched and name != "dropout2d" else 2
        shape = (*input._shape[:lead], *[1] * (len(input._shape) - lead))
        return _dropped(input, p, shape, inplace)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Whole channels set to zero with probability `p` in training, the others divided by 1 - p."
    return function


def dropped_channels(name: str, input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Whole channels, dimension 1, set to zero, whatever the number of dimensions after them."""
    if _idle(name, input, p, training):
        return input
    if len(input._shape) < 2:
        raise RuntimeError(f"{name}(): Feature dropout requires at least 2 dimensions in the input, got {len(input._shape)}")
    return _dropped(input, p, (*input._shape[:2], *[1] * (len(input._shape) - 2)), inplace)


dropout1d, dropout2d, dropout3d = (public("nn.functional")(_channelwise(f"dropout{n}d")) for n in (1, 2, 3))


def _alpha_dropped(input: Tensor, p: float, shape: Shape, inplace: bool) -> Tensor:
    depth = 1.7580993408473766  # minus selu's lowest value
    if p == 1:
        return input.mul_(input.new_zeros(shape)) if inplace else input * input.new_zeros(shape)
    a = ((1 - p) * (1 + p * depth * depth)) ** -0.5
    mask = _noise(input, p, shape)
    made = input * (mask * a) + (mask - 1) * (depth * a) + depth * a * p
    return input.copy_(made) if inplace else made


@op(on=("nn.functional",))
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout for selu: dropped elements take its lowest value, and mean and variance stay (Klambauer et al., 2017)."""
    if _idle("alpha_dropout", input, p, training):
        return input
    return _alpha_dropped(input, p, input._shape, inplace)


@op(on=("nn.functional",))
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels, dimension 1: all of a channel's elements or none."""
    if _idle("feature_alpha_dropout", input, p, training):
        return input
    if len(input._shape) < 2:
        raise RuntimeError(f"feature_alpha_dropout(): Feature dropout requires at least 2 dimensions in the input, got {len(input._shape)}")
    return _alpha_dropped(input, p, (*input._shape[:2], *[1] * (len(input._shape) - 2)), inplace)


def _in_place(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def dropped(input: Tensor, p: float, train: bool) -> Tensor:
        return function(input, p, train, True)

    dropped.__name__ = dropped.__qualname__ = name
    dropped.__doc__ = f"`nn.functional.{name[:-1]}` in place."
    return public("torch")(dropped)


dropout_, alpha_dropout_ = _in_place("dropout_", dropout), _in_place("alpha_dropout_", alpha_dropout)
feature_alpha_dropout_ = _in_place("feature_alpha_dropout_", feature_alpha_dropout)
