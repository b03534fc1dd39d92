"""What families have that are told the chance of an event by `probs` or by `logits`: each is made of the other when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.distributions.utils import broadcast_all, lazy_property, logits_to_probs, probs_to_logits
from corelib.ops.construction.creation import arange
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor


def one_of(probs: Any, logits: Any) -> tuple[str, Any]:
    """Which of the two is given, and what it is; ValueError for both or neither."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return ("probs", probs) if logits is None else ("logits", logits)


def counted(n: int, like: Tensor, batch_shape: Sequence[int], expand: bool, **options: Any) -> Tensor:
    """The numbers 0 .. n - 1 along a first dimension, before those of a batch."""
    values = arange(n, **{"dtype": like.dtype, "device": like.device, **options}).view((-1, *(1,) * len(batch_shape)))
    return values.expand((-1, *batch_shape)) if expand else values


class Chances:
    """The log-odds of an event, or its chance."""

    total_count: Tensor
    _param: Tensor

    def _take(self, probs: Any, logits: Any, total_count: Any = None) -> Size:
        """Keep what is given, broadcast with `total_count`, and return its shape."""
        name, value = one_of(probs, logits)
        if total_count is None:
            (value,) = broadcast_all(value)
        else:
            count, value = broadcast_all(total_count, value)
            self.total_count = count.type_as(value)
        setattr(self, name, value)
        self._param = value
        return Size(value.shape)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-odds of the event."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The chance of the event."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Size:
        """The shape of `probs` and of `logits`."""
        return self._param.shape

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)


PARAMETERS = ("probs", "logits", "_param")
