"""Small methods of tensors that stand for others: other classes over the same memory, older names, and devices by name."""

from __future__ import annotations

from typing import Any, TypeVar

from corelib.as_torch.warned import warn
from corelib.ops.construction.construct import as_subclass as _over
from corelib.ops.conversion.copying import to
from corelib.tensor.base import extend
from corelib.tensor.device import DeviceLike
from corelib.tensor.tensor import Tensor

T = TypeVar("T", bound=Tensor)


@extend
class _Names(Tensor):
    def as_subclass(self, cls: type[T]) -> T:
        """A tensor of a subclass over the same memory, at the same place in the graph. TypeError for what is no subclass of Tensor.

        >>> import corelib as torch
        >>> class Named(torch.Tensor):
        ...     pass
        >>> type(torch.ones(2).as_subclass(Named)).__name__
        'Named'
        """
        if not isinstance(cls, type) or not issubclass(cls, Tensor):
            raise TypeError(f"as_subclass(): cls must be a type that inherits from torch.Tensor, got {cls!r}")
        return _over(self, cls)

    def const_data_ptr(self) -> int:
        """The address of the first element, for who only reads: `data_ptr()`."""
        return self.data_ptr()

    def module_load(self, other: Tensor, assign: bool = False) -> Tensor:
        """What `load_state_dict` puts in the place of this tensor: with `assign` the other, else this one with the other's elements written into it."""
        if not isinstance(other, Tensor):
            raise TypeError(f"module_load(): argument 'other' must be Tensor, not {type(other).__name__}")
        return other.detach() if assign else self.detach().copy_(other.detach())

    def is_distributed(self) -> bool:
        """False: an old question of PyTorch's, which it answers so too."""
        return False

    def resize(self, *sizes: Any) -> Tensor:
        """A tensor over the same memory with other sizes. Deprecated, as in PyTorch: `reshape` is what is meant, or `resize_`."""
        warn("non-inplace resize is deprecated", UserWarning)
        return self.detach().reshape(*sizes) if not self.requires_grad else self.reshape(*sizes)

    def resize_as(self, the_template: Tensor) -> Tensor:
        """A tensor over the same memory with another's sizes. Deprecated, as in PyTorch."""
        warn("non-inplace resize_as is deprecated", UserWarning)
        return self.reshape(the_template.shape)

    @property
    def volatile(self) -> bool:
        """False, with a warning, as in PyTorch: `no_grad()` does what volatile did."""
        warn("volatile was removed (Variable.volatile is always False)", UserWarning)
        return False

    def ipu(self, device: DeviceLike = None, non_blocking: bool = False) -> Tensor:
        """This tensor on an ipu device; RuntimeError where no plugin provides one."""
        return to(self, "ipu" if device is None else device, non_blocking=non_blocking)

    def mtia(self, device: DeviceLike = None, non_blocking: bool = False) -> Tensor:
        """This tensor on an mtia device; RuntimeError where no plugin provides one."""
        return to(self, "mtia" if device is None else device, non_blocking=non_blocking)

    def xpu(self, device: DeviceLike = None, non_blocking: bool = False) -> Tensor:
        """This tensor on an xpu device; RuntimeError where no plugin provides one."""
        return to(self, "xpu" if device is None else device, non_blocking=non_blocking)
