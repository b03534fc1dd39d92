"""Parameters and buffers whose shape is not known yet; the first batch gives it."""

from __future__ import annotations

from typing import Any, NoReturn, Self

import corelib
from corelib import Tensor
from corelib.nn.parameter import Buffer, Parameter, _same_memory

__all__ = ["UninitializedBuffer", "UninitializedParameter", "is_lazy"]


def _unshaped(self: Any) -> NoReturn:
    raise ValueError(
        f"Attempted to use an uninitialized parameter, a torch.nn.parameter.{type(self).__name__}. This error happens when you are using a "
        "`LazyModule` or explicitly manipulating such objects. When using LazyModules call `forward` with a dummy batch to initialize the "
        "parameters before calling torch functions"
    )


class _Uninitialized(Tensor):
    """What both have in common. Every op asks for the shape first, and gets the error."""

    _shape = property(_unshaped)  # type: ignore[assignment]
    cls_to_become: Any

    @property
    def shape(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load an "
            "uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes."
        )

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape; what it holds is undefined. Its device and dtype are kept by default."""
        made = corelib.empty(shape, device=self.device if device is None else device, dtype=self.dtype if dtype is None else dtype)
        needs = self.requires_grad
        self.__class__ = self.cls_to_become
        with corelib.no_grad():
            self.requires_grad_(False)
            self.data = made
        self.requires_grad_(needs)

    def _another(self, device: Any, dtype: Any) -> Any:
        raise NotImplementedError

    def to(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """One of another device or dtype, uninitialized too."""
        device, dtype = kwargs.get("device"), kwargs.get("dtype")
        for value in args:
            if isinstance(value, corelib.dtype):
                dtype = value
            elif isinstance(value, (str, corelib.device)):
                device = value
        return self._another(self.device if device is None else device, self.dtype if dtype is None else dtype)

    def is_floating_point(self) -> bool:
        """Whether it is going to hold floats."""
        return bool(self.dtype.is_floating_point)

    @property
    def data(self) -> Tensor:
        """No elements, of its dtype and on its device."""
        return corelib.empty(0, device=self.device, dtype=self.dtype)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, _Uninitialized):
            self.materialize(value.shape, value.device, value.dtype)
            self.data = value
            return
        fresh = corelib.empty(0, device=value.device, dtype=value.dtype)
        kind, needs = type(self), self.requires_grad
        self.__class__ = self.cls_to_become
        self.requires_grad_(False)
        self.data = fresh
        self.requires_grad_(needs)
        self.__class__ = kind

    def __repr__(self) -> str:  # type: ignore[override]
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = self._another(self.device, self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (type(self), (self.requires_grad,))


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter that has no shape yet: it can be cast, moved and materialized, and nothing else.

    >>> import corelib as torch
    >>> p = torch.nn.UninitializedParameter()
    >>> p.materialize((2, 3))
    >>> p.shape
    torch.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Self:
        made: Any = _same_memory(Parameter, corelib.empty(0, device=device, dtype=dtype))
        if requires_grad:
            made.requires_grad_()
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        pass

    def _another(self, device: Any, dtype: Any) -> Any:
        return type(self)(self.requires_grad, device, dtype)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer that has no shape yet: it can be cast, moved and materialized, and nothing else.

    >>> import corelib as torch
    >>> torch.nn.UninitializedBuffer()
    <UninitializedBuffer>
    """

    cls_to_become = Buffer

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> Self:
        made: Any = _same_memory(Buffer, corelib.empty(0, device=device, dtype=dtype))
        if requires_grad:
            made.requires_grad_()
        made.persistent = persistent
        made.__class__ = cls
        return made  # type: ignore[no-any-return]

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> None:
        pass

    def _another(self, device: Any, dtype: Any) -> Any:
        return type(self)(self.requires_grad, device, dtype, self.persistent)


def is_lazy(param: Any) -> bool:
    """Whether ``param`` is an UninitializedParameter or an UninitializedBuffer."""
    return isinstance(param, _Uninitialized)
