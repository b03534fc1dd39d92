"""DataParallel: a module that cuts its batch into parts for several devices of one process."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from corelib.devices import cuda
from corelib.nn.modules.module import Module
from corelib.nn.parallel.comm import DeviceId, device_of
from corelib.nn.parallel.parallel_apply import parallel_apply
from corelib.nn.parallel.replicate import replicate
from corelib.nn.parallel.scatter_gather import gather, scatter_kwargs
from corelib.tensor.device import device as Device

__all__ = ["DataParallel", "data_parallel"]

M = TypeVar("M", bound=Module)


def _devices(module: Module, wanted: Sequence[DeviceId] | None) -> list[Device]:
    """The devices that are named, or all those of the type that the module lies on; of none for a module on a machine's cpu."""
    given = [d if isinstance(d, int) else Device(d) for d in wanted or ()]
    named = [d.type for d in given if isinstance(d, Device)]
    held = [t.device.type for t in chain(module.parameters(), module.buffers()) if t.device.type != "cpu"]
    type_ = next(iter(named + held), "cuda" if cuda.is_available() else None)
    if type_ is None:
        return []
    if wanted is None:
        count = Device(type_).runtime.backend.device_count()
        return [Device(type_, i) for i in range(count)]
    return [device_of(d, type_) for d in given]


class DataParallel(Module, Generic[M]):
    """A module whose input is cut along `dim` into a part for each device; replicas of the module run side by side, and their results
    are put together on `output_device`. Gradients add up in the module.

    device_ids: devices, or indices of the device type that the module lies on (CUDA's where it lies on the cpu); all of them unless given. Indices
    mean nothing where there is only the cpu.
    output_device: the first of them unless given. With one device, or none, it is the module itself. RuntimeError where the
    module does not lie on the first device.

    >>> import corelib as torch
    >>> model = torch.nn.DataParallel(torch.nn.Linear(2, 1))
    >>> model(torch.ones(3, 2)).shape, [name for name, _ in model.named_parameters()]
    (torch.Size([3, 1]), ['module.weight', 'module.bias'])
    """

    module: M

    def __init__(self, module: M, device_ids: Sequence[DeviceId] | None = None, output_device: DeviceId | None = None, dim: int = 0) -> None:
        super().__init__()
        self.dim = dim
        self.module = module
        self.devices = _devices(module, device_ids)
        self.device_ids = [d.index for d in self.devices]
        if self.devices:
            self.src_device_obj = self.devices[0]
            self.output_device = self.devices[0] if output_device is None else device_of(output_device, self.devices[0].type)
            if len(self.devices) == 1:
                self.module.to(self.src_device_obj)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The module's result for the whole batch."""
        if not self.devices:
            return self.module(*inputs, **kwargs)
        for t in chain(self.module.parameters(), self.module.buffers()):
            if t.device != self.src_device_obj:
                raise RuntimeError(
                    f"module must have its parameters and buffers on device {self.src_device_obj} (device_ids[0]) but found one of them on device: {t.device}"
                )
        parts, named = self.scatter(inputs, kwargs, self.devices)
        if not parts and not named:  # a module without inputs runs once
            parts, named = ((),), ({},)
        if len(self.devices) == 1:
            return self.module(*parts[0], **named[0])
        replicas = self.replicate(self.module, self.devices[: len(parts)])
        return self.gather(self.parallel_apply(replicas, parts, named), self.output_device)

    def replicate(self, module: M, device_ids: Sequence[DeviceId]) -> list[M]:
        """The module on each of the devices."""
        return replicate(module, device_ids)

    def scatter(self, inputs: tuple[Any, ...], kwargs: dict[str, Any] | None, device_ids: Sequence[DeviceId]) -> Any:
        """The arguments of each device."""
        return scatter_kwargs(inputs, kwargs, device_ids, self.dim)

    def parallel_apply(self, replicas: Sequence[M], inputs: Sequence[Any], kwargs: Any) -> list[Any]:
        """The results of the replicas, which run at the same time."""
        return parallel_apply(replicas, inputs, kwargs, self.devices[: len(replicas)])

    def gather(self, outputs: Any, output_device: DeviceId) -> Any:
        """The results as one."""
        return gather(outputs, output_device, self.dim)


def data_parallel(
    module: Module, inputs: Any, device_ids: Sequence[DeviceId] | None = None, output_device: DeviceId | None = None, dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """What `DataParallel(module, ...)` makes of the inputs (a tuple of arguments, or one), for this once.

    >>> import corelib as torch
    >>> torch.nn.parallel.data_parallel(torch.nn.Flatten(), torch.ones(2, 3, 4)).shape
    torch.Size([2, 12])
    """
    given = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    return DataParallel(module, device_ids, output_device, dim)(*given, **(module_kwargs or {}))
