"""Copies between the devices of one process: torch.nn.parallel.comm. Nothing here is recorded for gradients but what `to`, `cat` and `+` record.

Devices are devices, their names, or indices of the tensors' type.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from corelib.ops.shape.joining import cat
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

__all__ = ["broadcast", "broadcast_coalesced", "gather", "reduce_add", "reduce_add_coalesced", "scatter"]

DeviceId = Device | str | int


def device_of(wanted: DeviceId, type_: str) -> Device:
    """A device by itself, its name, or its index among those of a type; -1 is the cpu."""
    if isinstance(wanted, int):
        return Device("cpu") if wanted == -1 else Device(type_, wanted)
    found = Device(wanted)
    return found if found.index is not None or found.type == "cpu" else found.runtime.device


def broadcast(tensor: Tensor, devices: Sequence[DeviceId]) -> tuple[Tensor, ...]:
    """A tensor on each of the devices; where it lies already, itself.

    >>> import corelib as torch
    >>> torch.nn.parallel.comm.broadcast(torch.ones(2), ["cpu", "meta"])[1].device
    device(type='meta')
    """
    return tuple(tensor.to(device_of(d, tensor.device.type)) for d in devices)


def broadcast_coalesced(tensors: Sequence[Tensor], devices: Sequence[DeviceId], buffer_size: int = 10485760) -> list[list[Tensor]]:
    """For each device, the tensors on it. buffer_size: accepted for PyTorch's sake; each tensor is one copy."""
    return [[t.to(device_of(d, t.device.type)) for t in tensors] for d in devices]


def reduce_add(inputs: Sequence[Tensor], destination: DeviceId | None = None) -> Tensor:
    """The sum of tensors of one shape, each on a device of its own, on `destination`: that of the first unless given.

    ValueError for shapes that differ.

    >>> import corelib as torch
    >>> torch.nn.parallel.comm.reduce_add([torch.ones(2), torch.ones(2)])
    tensor([2., 2.])
    """
    target = inputs[0].device if destination is None else device_of(destination, inputs[0].device.type)
    for i, t in enumerate(inputs):
        if t.shape != inputs[0].shape:
            raise ValueError(f"reduce_add(): input {i} has invalid size: got {list(t.shape)}, but expected {list(inputs[0].shape)}")
    total = inputs[0].to(target, copy=len(inputs) == 1)
    for t in inputs[1:]:
        total = total + t.to(target)
    return total


def reduce_add_coalesced(inputs: Sequence[Sequence[Tensor]], destination: DeviceId | None = None, buffer_size: int = 10485760) -> tuple[Tensor, ...]:
    """The sums of the first tensors of each device, of the second ones, and so on. buffer_size: accepted for PyTorch's sake."""
    return tuple(reduce_add(same, destination) for same in zip(*inputs, strict=True))


def scatter(tensor: Tensor, devices: Sequence[DeviceId], chunk_sizes: Sequence[int] | None = None, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts of a tensor along `dim`, one on each device: of `chunk_sizes`, or of equal sizes as `chunk` cuts them, which may be fewer.

    >>> import corelib as torch
    >>> [t.shape for t in torch.nn.parallel.comm.scatter(torch.ones(3, 2), ["cpu", "cpu"])]
    [torch.Size([2, 2]), torch.Size([1, 2])]
    """
    if chunk_sizes is None:
        parts = tensor.chunk(len(devices), dim)
    else:
        if len(chunk_sizes) != len(devices) or sum(chunk_sizes) != tensor.shape[dim]:
            raise RuntimeError(f"scatter(): expected a size for each of {len(devices)} devices that sum to {tensor.shape[dim]} (dimension {dim}), got {list(chunk_sizes)}")
        ends = [sum(chunk_sizes[:i]) for i in range(len(chunk_sizes) + 1)]
        parts = tuple(tensor.narrow(dim, start, end - start) for start, end in pairwise(ends))
    return tuple(part.to(device_of(d, tensor.device.type)) for part, d in zip(parts, devices, strict=False))


def gather(tensors: Sequence[Tensor], dim: int = 0, destination: DeviceId | None = None) -> Tensor:
    """Tensors of several devices as one along `dim`, on `destination`: that of the first unless given.

    >>> import corelib as torch
    >>> torch.nn.parallel.comm.gather([torch.ones(1), torch.zeros(1)])
    tensor([1., 0.])
    """
    target = tensors[0].device if destination is None else device_of(destination, tensors[0].device.type)
    return cat([t.to(target) for t in tensors], dim)
