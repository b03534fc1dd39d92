"""The classes that name tensors and storages of one dtype on cuda: `torch.cuda.FloatTensor`, `torch.cuda.FloatStorage`."""

from __future__ import annotations

from typing import Any, NoReturn

from corelib.devices.queries import runtime_there
from corelib.dispatcher.streams import runtime_of
from corelib.ops.construction.kinds import types_of
from corelib.ops.construction.legacy import TensorType, made
from corelib.ops.construction.storages import StorageType
from corelib.tensor.device import DeviceLike, resolve
from corelib.tensor.storage import TypedStorage
from corelib.tensor.tensor import Tensor


class CudaTensorType(TensorType):
    """The type of `torch.cuda.FloatTensor` and the others: their instances are the tensors of one dtype on cuda devices.

    TypeError for making one without a cuda device.
    """

    is_cuda = True

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, Tensor) and obj._dtype is cls.dtype and obj._device.type == "cuda"

    def __call__(cls, *args: object, device: DeviceLike = None) -> Tensor:
        if device is not None and resolve(device).type != "cuda":
            raise RuntimeError(f"torch.cuda.{cls.__name__}(): expected a cuda device, but got {device}")
        try:
            place = runtime_of("cuda", device).device
        except RuntimeError as error:
            raise TypeError(f"type torch.cuda.{cls.__name__} not available. Torch not compiled with CUDA enabled, or no device is here: {error}") from None
        return made(f"cuda.{cls.__name__}", cls.dtype, args, place)


class CudaStorageType(StorageType):
    """The type of `torch.cuda.FloatStorage` and the others: their instances are the typed storages of one dtype on cuda devices.

    RuntimeError for making one: `TypedStorage(wrap_storage=x.untyped_storage(), dtype=...)` is one over a tensor's memory.
    """

    is_cuda = True

    def __instancecheck__(cls, obj: object) -> bool:
        return isinstance(obj, TypedStorage) and obj.dtype is cls.dtype and obj.device.type == "cuda"

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        runtime_there("cuda")
        raise RuntimeError(f"torch.cuda.{cls.__name__}(): make a tensor on the device, and take its typed_storage()")


TYPES: dict[str, type] = {
    **types_of(CudaTensorType, "Tensor", "torch.tensor(data, dtype={}, device='cuda')"),
    **types_of(CudaStorageType, "Storage", "torch.tensor(data, dtype={}, device='cuda').typed_storage()", complex_too=True),
}
"""`torch.cuda.FloatTensor` and the others, by name."""
for _kind in TYPES.values():
    _kind.__module__ = "torch.cuda"
