"""Parameter and Buffer: tensors that a Module registers when they are assigned to one of its attributes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Self, TypeVar

import corelib
from corelib import Tensor

__all__ = ["Buffer", "Parameter", "factory_kwargs"]


_T = TypeVar("_T", bound=Tensor)


def _same_memory(cls: type[_T], data: Tensor) -> _T:
    """A leaf of class ``cls`` over the memory of ``data``."""
    made: Any = data.detach()
    # Not a view in autograd's sense: changing it in place must not rewrite the history of ``data``.
    made._base = None
    made.__class__ = cls
    return made  # type: ignore[no-any-return]


class Parameter(Tensor):
    """A tensor that is a parameter of the Module it is assigned to; it requires a gradient unless told otherwise.

    It shares the memory of ``data`` (an empty tensor by default) and is always a leaf.

    Raises TypeError if ``data`` is not a Tensor, RuntimeError if its dtype cannot have a gradient.

    >>> import corelib as torch
    >>> torch.nn.Parameter(torch.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    _shown_as = "Parameter"

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        if data is None:
            data = corelib.empty(0)
        elif not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter(): data must be a Tensor, got {type(data).__name__}. "
                f"Wrong: Parameter([1., 2.]). Right: Parameter(torch.tensor([1., 2.]))"
            )
        made = _same_memory(cls, data)
        if requires_grad:
            made.requires_grad_()
        return made

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) in memo:
            copied: Self = memo[id(self)]
            return copied
        copied = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self) -> str:  # type: ignore[override]  # mypy misreads the base's keyword
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # The same three arguments as PyTorch's _rebuild_parameter; hooks are never saved.
        rebuild: tuple[Any, ...] = (_rebuild_parameter, (self.data, self.requires_grad, OrderedDict()))
        # The user's own attributes go along; what the core keeps there (gradient, hooks) does not.
        extra = {name: value for name, value in self.__dict__.items() if not hasattr(Tensor, name)}
        return (*rebuild, extra) if extra else rebuild


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    return Parameter(data, requires_grad)


class Buffer(Tensor):
    """A tensor that becomes a buffer of the Module it is assigned to: part of its state, but not optimized.

    It shares the memory of ``data`` (an empty tensor by default). ``persistent`` says whether ``state_dict`` holds it.

    Raises TypeError if ``data`` is not a Tensor.

    >>> import corelib as torch
    >>> m = torch.nn.Module()
    >>> m.scale = torch.nn.Buffer(torch.ones(2))
    >>> list(m.state_dict())
    ['scale']
    """

    persistent: bool

    _shown_as = "Buffer"

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Self:
        if data is None:
            data = corelib.empty(0)
        elif not isinstance(data, Tensor):
            raise TypeError(f"Buffer(): data must be a Tensor, got {type(data).__name__}")
        made = _same_memory(cls, data)
        if data.requires_grad:
            made.requires_grad_()
        made.persistent = persistent
        return made

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) in memo:
            copied: Self = memo[id(self)]
            return copied
        copied = type(self)(self.data.clone(), persistent=self.persistent)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return (_rebuild_buffer, (self.data, self.persistent, self.requires_grad))


def _rebuild_buffer(data: Tensor, persistent: bool, requires_grad: bool) -> Buffer:
    return Buffer(data.requires_grad_(requires_grad), persistent=persistent)


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """The keywords for factory functions such as ``corelib.empty`` among a module's: device, dtype and memory_format.

    Under the key ``factory_kwargs`` they may be given apart, where a name is taken. TypeError for any other keyword, or one given twice.

    >>> import corelib as torch
    >>> torch.nn.factory_kwargs({"device": "cpu"})
    {'device': 'cpu'}
    """
    if kwargs is None:
        return {}
    simple = ("device", "dtype", "memory_format")
    unknown = kwargs.keys() - {*simple, "factory_kwargs"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    made = dict(kwargs.get("factory_kwargs", {}))
    for name in simple:
        if name in kwargs:
            if name in made:
                raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
            made[name] = kwargs[name]
    return made
