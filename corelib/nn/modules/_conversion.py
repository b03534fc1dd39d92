"""The part of Module that moves and casts its parameters and buffers: ``to``, ``cpu``, ``float`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Self

from corelib.as_torch.warned import warn
from corelib.graph.grad_mode import no_grad
from corelib.nn._arguments import DeviceLike
from corelib.nn.future import get_overwrite_module_params_on_conversion
from corelib.nn.parameter import Parameter
from corelib.ops.construction.creation import empty_like
from corelib.ops.construction.storages import SHARE
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import bfloat16, dtype as DType, float16, float32, float64
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.promotion import as_dtype
from corelib.tensor.tensor import Tensor


class ConversionMixin:
    """``apply``, ``to`` and the casts, for Module. All change the module in place and return it."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    children: Callable[[], Iterator[Any]]

    def apply(self, fn: Callable[[Any], Any]) -> Self:
        """Call ``fn`` with every module below this one and then with this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        if recurse:
            for module in self.children():
                module._apply(fn)
        for name, param in self._parameters.items():
            if param is None:
                continue
            with no_grad():
                applied = fn(param)
                grad = param.grad
                if get_overwrite_module_params_on_conversion():
                    made = self._parameters[name] = Parameter(applied, param.requires_grad)
                    made.grad = None if grad is None else fn(grad).requires_grad_(grad.requires_grad)
                    continue
                # Through ``.data``, so that optimizers and other holders of the tensors see the change.
                param.data = applied
                if grad is not None:
                    grad.data = fn(grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move to a device, cast to a floating point dtype, or both; in place, and returns the module.

        ``to(device, dtype, non_blocking)``, ``to(dtype, non_blocking)`` or ``to(tensor, non_blocking)``. Integer and
        bool tensors keep their dtype. Raises TypeError for a dtype that is not floating point or complex.

        >>> import corelib as torch
        >>> torch.nn.Linear(2, 2).to(torch.float64).weight.dtype
        torch.float64
        """
        device, dtype, non_blocking, memory_format = _parse_to(args, kwargs)
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if dtype is not None and dtype.is_complex:
            warn(
                "Complex modules are a new feature under active development whose design may change, and some modules might not work as "
                "expected when using complex tensors as parameters or buffers.",
                UserWarning,
            )

        def convert(tensor: Tensor) -> Tensor:
            wanted: dict[str, Any] = {"non_blocking": True} if non_blocking else {}
            if device is not None:
                wanted["device"] = device
            if dtype is not None and (tensor.is_floating_point() or tensor.is_complex()):
                wanted["dtype"] = dtype
            if memory_format is not None and tensor.dim() in (4, 5):
                wanted["memory_format"] = memory_format
            if not wanted:
                return tensor
            try:
                converted: Tensor = tensor.to(**wanted)
            except NotImplementedError as error:
                if not tensor.is_meta:
                    raise
                raise NotImplementedError(
                    f"{error} Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving module "
                    "from meta to a different device."
                ) from None
            return converted

        return self._apply(convert)

    def to_empty(self, *, device: DeviceLike, recurse: bool = True) -> Self:
        """Move to a device without copying the values; what the tensors hold afterwards is undefined."""
        return self._apply(lambda tensor: empty_like(tensor, device=device), recurse=recurse)

    def cpu(self) -> Self:
        """Move every parameter and buffer to the CPU."""
        return self._apply(lambda tensor: tensor.to("cpu"))

    def cuda(self, device: DeviceLike = None) -> Self:
        """Move every parameter and buffer to a CUDA device, the current one by default."""
        target = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self._apply(lambda tensor: tensor.to(target))

    def ipu(self, device: DeviceLike = None) -> Self:
        """Move every parameter and buffer to an ipu device; RuntimeError where no plugin provides one."""
        return self._apply(lambda tensor: tensor.ipu(device))

    def mtia(self, device: DeviceLike = None) -> Self:
        """Move every parameter and buffer to an mtia device; RuntimeError where no plugin provides one."""
        return self._apply(lambda tensor: tensor.mtia(device))

    def xpu(self, device: DeviceLike = None) -> Self:
        """Move every parameter and buffer to an xpu device; RuntimeError where no plugin provides one."""
        return self._apply(lambda tensor: tensor.xpu(device))

    def type(self, dst_type: Any) -> Self:
        """Cast every parameter and buffer, integer ones too."""
        return self._apply(lambda tensor: tensor.type(dst_type))

    def _cast_floating(self, dtype: DType) -> Self:
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)

    def float(self) -> Self:
        """Cast every floating point parameter and buffer to float32."""
        return self._cast_floating(float32)

    def double(self) -> Self:
        """Cast every floating point parameter and buffer to float64."""
        return self._cast_floating(float64)

    def half(self) -> Self:
        """Cast every floating point parameter and buffer to float16."""
        return self._cast_floating(float16)

    def bfloat16(self) -> Self:
        """Cast every floating point parameter and buffer to bfloat16."""
        return self._cast_floating(bfloat16)

    def share_memory(self) -> Self:
        """Move parameters, their gradients and buffers to memory that other processes can have: for one model that several of them train.

        >>> import corelib as torch
        >>> torch.nn.Linear(2, 2).share_memory().weight.is_shared()
        True
        """
        found: list[Tensor] = []

        def note(module: Any) -> None:
            parameters = [p for p in module._parameters.values() if p is not None]
            found.extend([*parameters, *(p.grad for p in parameters if p.grad is not None)])
            found.extend(b for b in module._buffers.values() if b is not None)

        self.apply(note)
        SHARE.value(found)  # at once, since those who hold the memory may have to be looked for
        return self


def _parse_to(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Device | None, DType | None, bool, MemoryFormat | None]:
    """(device, dtype, non_blocking, memory_format) of the three forms of ``to``."""
    usage = "to() accepts (device, dtype, non_blocking), (dtype, non_blocking) or (tensor, non_blocking)"
    given = dict(kwargs)
    memory_format = given.pop("memory_format", None)
    tensor_first = "tensor" in given or bool(args and isinstance(args[0], Tensor))
    dtype_first = bool(args and isinstance(args[0], (DType, type)))
    names = ["tensor"] if tensor_first else ["dtype"] if dtype_first else ["device", "dtype"]
    names.append("non_blocking")
    if len(args) > len(names):
        raise TypeError(f"{usage}; got {len(args)} positional arguments")
    for name, value in zip(names, args, strict=False):
        if name in given:
            raise TypeError(f"to() got multiple values for argument '{name}'")
        given[name] = value
    unknown = given.keys() - set(names)
    if unknown:
        raise TypeError(f"{usage}; got an unexpected keyword argument '{min(unknown)}'")
    non_blocking = given.pop("non_blocking", False)
    if not isinstance(non_blocking, bool):
        raise TypeError(f"to(): argument 'non_blocking' must be bool, not {type(non_blocking).__name__}")
    if tensor_first:
        other = given["tensor"]
        if not isinstance(other, Tensor):
            raise TypeError(f"to(): argument 'tensor' must be Tensor, not {type(other).__name__}")
        return other.device, other.dtype, non_blocking, memory_format
    device, dtype = given.get("device"), given.get("dtype")
    if dtype is not None and not isinstance(dtype, DType):
        dtype = as_dtype("to", "dtype", 2, dtype)
    return (None if device is None else Device(device)), dtype, non_blocking, memory_format
