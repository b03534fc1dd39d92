"""Collating: samples joined to a batch, whatever they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import corelib
from corelib import Tensor


def default_convert(data: Any) -> Any:
    """NumPy arrays inside containers as tensors; everything else as it is."""
    if isinstance(data, Tensor):
        return data
    if type(data).__module__ == "numpy":
        if type(data).__name__ == "ndarray" and data.dtype.kind in "SUO":
            return data
        return corelib.as_tensor(data)
    if isinstance(data, Mapping):
        return {k: default_convert(v) for k, v in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*[default_convert(v) for v in data])
    if isinstance(data, tuple):
        return [default_convert(v) for v in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return [default_convert(v) for v in data]
    return data


def default_collate(batch: Any) -> Any:
    """Samples joined along a new first dimension: tensors, arrays and numbers stacked, strings listed, containers entered.

    TypeError for what is none of these, RuntimeError for sequences of unequal lengths.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return corelib.stack(list(batch), 0)
    if type(first).__module__ == "numpy":
        if type(first).__name__ == "ndarray":
            if first.dtype.kind in "SUO":
                raise TypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {first.dtype}")
            return default_collate([corelib.as_tensor(b) for b in batch])
        if first.shape == ():
            return corelib.as_tensor([b.item() for b in batch], dtype=corelib.as_tensor(first.reshape(1)).dtype)
    if isinstance(first, float):
        return corelib.tensor(list(batch), dtype=corelib.float64)
    if isinstance(first, int):
        return corelib.tensor(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        made = {k: default_collate([sample[k] for sample in batch]) for k in first}
        try:
            return type(first)(made)  # type: ignore[call-arg]
        except TypeError:
            return made
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*[default_collate(column) for column in zip(*batch, strict=True)])
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError(f"each element in list of batch should be of equal size, got lengths {[len(s) for s in batch]}")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return columns
        try:
            return type(first)(columns)  # type: ignore[call-arg]
        except TypeError:
            return columns
    raise TypeError(f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first)}")
