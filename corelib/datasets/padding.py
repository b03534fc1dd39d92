"""Batches of sequences of different lengths, for DataLoader's `collate_fn`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from corelib.data.collate import default_collate
from corelib.nn.utils.rnn import pad_sequence
from corelib.ops.construction.construct import as_tensor
from corelib.tensor.dtype import int64
from corelib.tensor.tensor import Tensor

__all__ = ["pad_batch"]


@dataclass(frozen=True)
class pad_batch:
    """A collate function: tensors (length, *) are padded to the longest, by `nn.utils.rnn.pad_sequence`; all else is collated as usual.

    A sample is a tensor, or a tuple or list of tensors and other values, such as (tokens, class). batch_first: (batch, length, *), else
    (length, batch, *). with_lengths: the lengths of each sample's first padded tensor come last, as int64. ValueError for tensors whose other
    dimensions differ.

    >>> import corelib as torch
    >>> from corelib.datasets import pad_batch
    >>> pad_batch(padding_value=-1, with_lengths=True)([(torch.tensor([1, 2]), 0), (torch.tensor([3]), 1)])
    (tensor([[ 1,  2],
            [ 3, -1]]), tensor([0, 1]), tensor([2, 1]))
    """

    padding_value: float = 0.0
    batch_first: bool = True
    with_lengths: bool = False

    def __call__(self, samples: list[Any]) -> Any:
        """The batch of some samples."""
        if not samples:
            raise ValueError("pad_batch(): there are no samples")
        single = not isinstance(samples[0], (tuple, list))
        widths = set() if single else {len(sample) for sample in samples}
        if len(widths) > 1:
            raise ValueError(f"pad_batch(): samples should have equally many fields, but have {sorted(widths)}; sequences of different lengths are padded where they are tensors")
        fields = [samples] if single else list(zip(*samples, strict=True))
        made = [self._padded(field) for field in fields]
        if self.with_lengths:
            first = next((field for field in fields if _is_sequence(field)), None)
            if first is None:
                raise TypeError("pad_batch(): with_lengths needs a tensor of at least one dimension in each sample")
            made.append(as_tensor([len(sequence) for sequence in first], dtype=int64))
        return made[0] if single and not self.with_lengths else tuple(made)

    def _padded(self, field: Any) -> Any:
        if not _is_sequence(field):
            return default_collate(list(field))
        shapes = {(tuple(sequence.shape[1:]), sequence.dtype) for sequence in field}
        if len(shapes) > 1:
            raise ValueError(f"pad_batch(): only the first dimension may differ, but there are tensors of {', '.join(f'{(..., *shape)} {dtype}' for shape, dtype in shapes)}")
        return pad_sequence(field, self.batch_first, self.padding_value)


def _is_sequence(field: Any) -> bool:
    return all(isinstance(value, Tensor) and value.dim() > 0 for value in field)
