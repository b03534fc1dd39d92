"""Copies of a module on several devices, whose gradients lead back to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from corelib.nn.modules.module import Module
from corelib.nn.parallel.comm import DeviceId, device_of
from corelib.tensor.tensor import Tensor

__all__ = ["replicate"]

M = TypeVar("M", bound=Module)


def replicate(network: M, devices: Sequence[DeviceId], detach: bool = False) -> list[M]:
    """The network on each device; the one where it lies shares its parameters and buffers, so that changes of them in place stay.

    Parameters of the replicas are no leaves: they are the network's, copied, so that gradients add up in the network. detach: plain
    copies, without a graph. What the replicas set as attributes is lost with them.

    >>> import corelib as torch
    >>> first, second = torch.nn.parallel.replicate(torch.nn.Linear(2, 1), ["cpu", "cpu"])
    >>> first.weight is second.weight, first.weight.is_leaf
    (False, False)
    """
    tensors = [*network.parameters(), *network.buffers()]
    if not devices:
        return []
    type_ = next((t.device.type for t in tensors if t.device.type != "cpu"), "cpu")
    replicas = []
    for wanted in devices:
        target = device_of(wanted, type_)
        copies: dict[int, Tensor] = {}
        for t in tensors:
            copy = t.to(target)
            copies[id(t)] = copy if not t.requires_grad else copy.detach() if detach else copy.view_as(copy)
        modules = {id(m): m._replicate_for_data_parallel() for m in network.modules()}
        for module in network.modules():
            replica = modules[id(module)]
            held: dict[str, Any] = replica._parameters  # no leaves, so no Parameters
            for name, child in module._modules.items():
                replica._modules[name] = None if child is None else modules[id(child)]
            for name, parameter in module._parameters.items():
                held[name] = None if parameter is None else copies[id(parameter)]
            for name, buffer in module._buffers.items():
                replica._buffers[name] = None if buffer is None else copies[id(buffer)]
        replicas.append(modules[id(network)])
    return replicas  # type: ignore[return-value]  # a replica is of its module's class
