"""Collating: samples joined to a batch, whatever they are made of."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

from corelib.ops.construction.construct import as_tensor, tensor
from corelib.ops.shape.joining import stack
from corelib.tensor.dtype import float64
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

__all__ = [
    "collate", "collate_float_fn", "collate_int_fn", "collate_numpy_array_fn", "collate_numpy_scalar_fn", "collate_str_fn",
    "collate_tensor_fn", "default_collate", "default_collate_err_msg_format", "default_collate_fn_map", "default_convert", "np",
    "np_str_obj_array_pattern",
]

np_str_obj_array_pattern = re.compile(r"[SaUO]")
default_collate_err_msg_format = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"

CollateMap = dict[type | tuple[type, ...], Callable[..., Any]]


def default_convert(data: Any) -> Any:
    """NumPy arrays and scalars, also inside containers, as tensors; everything else as it is.

    >>> import numpy as np
    >>> default_convert({"a": np.array([1, 2]), "b": "text"})
    {'a': tensor([1, 2]), 'b': 'text'}
    """
    kind = type(data)
    if isinstance(data, Tensor):
        return data
    if kind.__module__ == "numpy" and kind.__name__ not in ("str_", "string_"):
        if kind.__name__ == "ndarray" and np_str_obj_array_pattern.search(data.dtype.str) is not None:
            return data
        return as_tensor(data)
    if isinstance(data, Mapping):
        return _mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple):
        parts = [default_convert(item) for item in data]
        return kind(*parts) if hasattr(data, "_fields") else parts
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch: Any) -> Any:
    """Samples joined along a new first dimension: tensors, arrays and numbers stacked, strings listed, containers entered.

    TypeError for what is none of these, RuntimeError for sequences of unequal lengths.

    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    >>> default_collate([{"x": 1.5}, {"x": 2.5}])
    {'x': tensor([1.5000, 2.5000], dtype=torch.float64)}
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """Join samples by a map from element type to a function (batch, *, collate_fn_map), entering containers.

    An element's own type is looked up first, then the types it is an instance of, in the map's order.
    """
    element = batch[0]
    kind = type(element)
    if collate_fn_map is not None:
        join = collate_fn_map.get(kind)
        if join is None:
            join = next((made for known, made in collate_fn_map.items() if isinstance(element, known)), None)
        if join is not None:
            return join(batch, collate_fn_map=collate_fn_map)
    if isinstance(element, Mapping):
        joined = {key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map) for key in element}
        return _mapping(element, joined)
    if isinstance(element, tuple) and hasattr(element, "_fields"):
        return kind(*(collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=False)))
    if isinstance(element, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise RuntimeError(f"each element in list of batch should be of equal size, got sizes {sorted(lengths)}")
        columns = [collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=False)]
        return columns if isinstance(element, tuple) else _sequence(element, columns)
    raise TypeError(default_collate_err_msg_format.format(kind))


def _mapping(like: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """Items in a mapping of the same class, where it can be made; a copy keeps a defaultdict's factory, say."""
    try:
        if isinstance(like, MutableMapping):
            made = copy.copy(like)
            made.update(items)
            return made
        of_its_kind: Callable[..., Any] = type(like)
        return of_its_kind(items)
    except TypeError:
        return items


def _sequence(like: Sequence[Any], items: list[Any]) -> Any:
    """Items in a sequence of the same class, where it can be made."""
    try:
        if isinstance(like, MutableSequence):
            made = copy.copy(like)
            for i, item in enumerate(items):
                made[i] = item
            return made
        of_its_kind: Callable[..., Any] = type(like)
        return of_its_kind(items)
    except TypeError:
        return items


def collate_tensor_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    rows = _rows_of_one(batch) if len(batch) > 4 else None
    if rows is not None:
        return rows
    try:
        return stack(list(batch), 0)
    except RuntimeError as error:
        error.add_note("The samples of a batch are joined by default_collate, which needs one shape; DataLoader(..., collate_fn=...) joins them as you say, such as by padding")
        raise


def _rows_of_one(batch: Any) -> Tensor | None:
    """What stacking comes to where the elements are rows of one tensor, as those of a TensorDataset are: taking rows. None for others."""
    base, shape, n = batch[0]._base, batch[0]._shape, batch[0]._numel
    if base is None or base._strides is not None or base._requires_grad or not n or base._numel % n:
        return None
    dtype, key = base._dtype, base._key
    for t in batch:
        if t._base is not base or t._shape != shape or t._strides is not None or t._dtype is not dtype or t._key is not key or type(t) is not Tensor:
            return None
    start = base._offset
    far = [t._offset - start for t in batch]
    places = [at // n for at in far] if n > 1 else far
    if n > 1 and [at * n for at in places] != far:
        return None
    rows: Tensor = base.detach().view(-1, *shape).index_select(0, tensor(places, device=base._device))
    return rows


def collate_float_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return tensor(batch, dtype=float64)


def collate_int_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return tensor(batch)


def collate_str_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return batch


def collate_numpy_array_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    if np_str_obj_array_pattern.search(batch[0].dtype.str) is not None:
        raise TypeError(default_collate_err_msg_format.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return as_tensor(batch)


# NumPy's come before float: np.float64 is one.
default_collate_fn_map: CollateMap = {
    Tensor: collate_tensor_fn, np.ndarray: collate_numpy_array_fn, (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn, int: collate_int_fn, str: collate_str_fn, bytes: collate_str_fn,
}
"""How `default_collate` joins elements of a type; add to it for types of one's own."""
