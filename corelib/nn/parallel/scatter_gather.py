"""Batches cut into parts for several devices, and results put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.nn.parallel import comm
from corelib.nn.parallel.comm import DeviceId
from corelib.tensor.tensor import Tensor

__all__ = ["gather", "scatter", "scatter_kwargs"]


def _is_namedtuple(obj: Any) -> bool:
    return isinstance(obj, tuple) and hasattr(obj, "_asdict") and hasattr(obj, "_fields")


def scatter(inputs: Any, target_gpus: Sequence[DeviceId], dim: int = 0) -> Any:
    """For each device, its part of the tensors in `inputs` along `dim`; what is no tensor goes to each as it is.

    Tuples, named tuples, lists and dicts are gone into. target_gpus: devices, or indices of the tensors' device type.

    >>> import corelib as torch
    >>> torch.nn.parallel.scatter({"x": torch.arange(3), "n": 1}, ["cpu", "cpu"])
    [{'x': tensor([0, 1]), 'n': 1}, {'x': tensor([2]), 'n': 1}]
    """
    if isinstance(inputs, Tensor):
        return comm.scatter(inputs, target_gpus, dim=dim)
    if _is_namedtuple(inputs):
        return [type(inputs)(*parts) for parts in zip(*(scatter(x, target_gpus, dim) for x in inputs), strict=False)]
    if isinstance(inputs, tuple) and inputs:
        return list(zip(*(scatter(x, target_gpus, dim) for x in inputs), strict=False))
    if isinstance(inputs, list) and inputs:
        return [list(parts) for parts in zip(*(scatter(x, target_gpus, dim) for x in inputs), strict=False)]
    if isinstance(inputs, dict) and inputs:
        return [type(inputs)(parts) for parts in zip(*(scatter(item, target_gpus, dim) for item in inputs.items()), strict=False)]
    return [inputs for _ in target_gpus]


def scatter_kwargs(
    inputs: tuple[Any, ...], kwargs: dict[str, Any] | None, target_gpus: Sequence[DeviceId], dim: int = 0
) -> tuple[tuple[Any, ...], tuple[dict[str, Any], ...]]:
    """The positional and the keyword arguments of each device; the shorter list is filled up with empty ones."""
    positional = list(scatter(inputs, target_gpus, dim)) if inputs else []
    named = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    most = max(len(positional), len(named))
    positional += [()] * (most - len(positional))
    named += [{} for _ in range(most - len(named))]
    return tuple(positional), tuple(named)


def gather(outputs: Any, target_device: DeviceId, dim: int = 0) -> Any:
    """The results of several devices as one on `target_device`: tensors along `dim`, containers of them item by item.

    Tensors without dimensions become a vector, with a warning. ValueError for dicts of different lengths.

    >>> import corelib as torch
    >>> torch.nn.parallel.gather([(torch.ones(1), None), (torch.zeros(1), None)], "cpu")
    (tensor([1., 0.]), None)
    """
    first = outputs[0]
    if isinstance(first, Tensor):
        if dim == 0 and all(not t.dim() for t in outputs):
            warn(
                "Was asked to gather along dimension 0, but all input tensors were scalars; will instead unsqueeze and return a vector."
            )
            outputs = [t.view(1) for t in outputs]
        return comm.gather(outputs, dim, target_device)
    if first is None:
        return None
    if isinstance(first, dict):
        if not all(len(first) == len(each) for each in outputs):
            raise ValueError(f"gather(): All dicts must have the same number of keys, got {[len(each) for each in outputs]}")
        return type(first)((key, gather([each[key] for each in outputs], target_device, dim)) for key in first)
    parts = [gather(same, target_device, dim) for same in zip(*outputs, strict=True)]
    return type(first)._make(parts) if _is_namedtuple(first) else type(first)(parts)
