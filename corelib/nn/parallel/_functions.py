"""Copies between devices that gradients go through: the functions of PyTorch's `nn.parallel._functions`, on which synchronized norms build."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from corelib.autograd.function import Function
from corelib.nn.parallel import comm
from corelib.nn.parallel.comm import DeviceId
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor


def _beyond_the_host(name: str, tensors: Sequence[Tensor]) -> str:
    """The device type of tensors, which are on devices of one type and not on the host."""
    if not tensors or any(each.device.type == "cpu" for each in tensors):
        raise AssertionError(f"{name} function not implemented for CPU tensors")
    return tensors[0].device.type


def _devices(wanted: Sequence[DeviceId], type_: str) -> list[Device]:
    return [comm.device_of(each, type_) for each in wanted]


class Broadcast(Function):
    """Copies of tensors on several devices, device by device; the gradients are added on the first tensor's device."""

    @staticmethod
    def forward(ctx: Any, target_gpus: Sequence[DeviceId], *inputs: Tensor) -> tuple[Tensor, ...]:
        if not inputs:
            return ()
        ctx.home, ctx.num_inputs = inputs[0].device, len(inputs)
        copies = comm.broadcast_coalesced(inputs, _devices(target_gpus, _beyond_the_host("Broadcast", inputs)))
        ctx.mark_non_differentiable(*(each[i] for i, needed in enumerate(ctx.needs_input_grad[1:]) if not needed for each in copies))
        return tuple(chain.from_iterable(copies))

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return (None, *ReduceAddCoalesced.apply(ctx.home, ctx.num_inputs, *grad_outputs))


class ReduceAddCoalesced(Function):
    """The sums of tensors that lie device by device, `num_inputs` of them on each; the gradient of a sum goes to each device."""

    @staticmethod
    def forward(ctx: Any, destination: DeviceId, num_inputs: int, *grads: Tensor) -> tuple[Tensor, ...]:
        ctx.target_gpus = [each.device for each in grads[::num_inputs]]
        return comm.reduce_add_coalesced([grads[i : i + num_inputs] for i in range(0, len(grads), num_inputs)], destination)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return (None, None, *Broadcast.apply(ctx.target_gpus, *grad_outputs))


class Gather(Function):
    """Tensors of several devices, joined on one; the gradient is cut as they were."""

    @staticmethod
    def forward(ctx: Any, target_device: DeviceId, dim: int, *inputs: Tensor) -> Tensor:
        target = comm.device_of(target_device, _beyond_the_host("Gather", inputs))
        ctx.dim, ctx.input_gpus, ctx.single = dim, [each.device for each in inputs], all(not each.ndim for each in inputs)
        wide = [each.view(1) if ctx.single else each for each in inputs]
        ctx.input_sizes = [each.shape[dim] for each in wide]
        return comm.gather(wide, dim, target)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        parts = Scatter.apply(ctx.input_gpus, ctx.input_sizes, ctx.dim, *grad_outputs)
        return (None, None, *(each[0] if ctx.single else each for each in parts))


class Scatter(Function):
    """A tensor, cut along a dimension over devices; the gradients are joined on the tensor's device."""

    @staticmethod
    def forward(ctx: Any, target_gpus: Sequence[DeviceId], chunk_sizes: Sequence[int] | None, dim: int, input: Tensor) -> tuple[Tensor, ...]:
        ctx.dim, ctx.home = dim, input.device
        return comm.scatter(input, target_gpus, chunk_sizes, dim)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return (None, None, None, comm.gather(grad_outputs, ctx.dim, ctx.home))
