"""Parameter and Buffer: tensors that a Module registers when they are assigned to one of its attributes; and those whose shape is not known yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NoReturn, Self, SupportsIndex, TypeGuard, TypeVar

from corelib.graph.grad_mode import no_grad
from corelib.graph.leaf import set_requires_grad
from corelib.nn._arguments import DeviceLike
from corelib.ops.construction.creation import empty
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.overrides import no_torch_function
from corelib.tensor.tensor import Tensor

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter", "UninitializedTensorMixin", "is_lazy"]

_T = TypeVar("_T", bound=Tensor)


def _same_memory(cls: type[_T], data: Tensor, requires_grad: bool) -> _T:
    """A leaf of class ``cls`` over the memory of ``data``."""
    made: Any = data.detach()
    # Not a view in autograd's sense: changing it in place must not rewrite the history of ``data``.
    made._base = None
    made.__class__ = cls
    if requires_grad:
        set_requires_grad(made, True, fresh=True)
    result: _T = made
    return result


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
    __torch_function__ = no_torch_function  # type: ignore[assignment]  # it has none, as in PyTorch

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        if data is None:
            data = empty(0)
        elif not isinstance(data, Tensor):
            raise TypeError(
                f"Parameter(): data must be a Tensor, got {type(data).__name__}. "
                f"Wrong: Parameter([1., 2.]). Right: Parameter(torch.tensor([1., 2.]))"
            )
        return _same_memory(cls, data, requires_grad)

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) in memo:
            copied: Self = memo[id(self)]
            return copied
        copied = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self) -> str:  # type: ignore[override]  # mypy drops the name of the base's keyword
        return "Parameter containing:\n" + super().__repr__()

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        # The same three arguments as PyTorch's _rebuild_parameter; hooks are never saved.
        rebuild: tuple[Any, ...] = (_rebuild_parameter, (self.data, self.requires_grad, OrderedDict()))
        # The user's own attributes go along; what the core keeps there (gradient, hooks) does not.
        extra = {name: value for name, value in self.__dict__.items() if not hasattr(Tensor, name)}
        return (*rebuild, extra) if extra else rebuild


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: OrderedDict[int, Any]) -> Parameter:
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
    __torch_function__ = no_torch_function  # type: ignore[assignment]  # it has none, as in PyTorch

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Self:
        if data is None:
            data = empty(0)
        elif not isinstance(data, Tensor):
            raise TypeError(f"Buffer(): data must be a Tensor, got {type(data).__name__}")
        made = _same_memory(cls, data, data.requires_grad)
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

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return (_rebuild_buffer, (self.data, self.persistent, self.requires_grad))


def _rebuild_buffer(data: Tensor, persistent: bool, requires_grad: bool) -> Buffer:
    return Buffer(data.requires_grad_(requires_grad), persistent=persistent)


def _unshaped(self: object) -> NoReturn:
    raise ValueError(
        f"Attempted to use an uninitialized parameter, a torch.nn.parameter.{type(self).__name__}. This error happens when you are using a "
        "`LazyModule` or explicitly manipulating such objects. When using LazyModules call `forward` with a dummy batch to initialize the "
        "parameters before calling torch functions"
    )


class UninitializedTensorMixin(Tensor):
    """What both have in common. Every op asks for the shape first, and gets the error."""

    _shape = property(_unshaped)
    __torch_function__ = no_torch_function  # type: ignore[assignment]  # it has none
    cls_to_become: Any  # Parameter or Buffer

    @property
    def shape(self) -> NoReturn:
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load an "
            "uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes."
        )

    def materialize(self, shape: int | Sequence[int], device: DeviceLike = None, dtype: DType | None = None) -> None:
        """Become an ordinary parameter or buffer of this shape; what it holds is undefined. Its device and dtype are kept by default."""
        made = empty(shape, device=self.device if device is None else device, dtype=self.dtype if dtype is None else dtype)
        needs = self.requires_grad
        self.__class__ = self.cls_to_become
        with no_grad():
            self.requires_grad_(False)
            self.data = made
        self.requires_grad_(needs)

    def _another(self, device: DeviceLike, dtype: DType | None) -> Self:
        raise NotImplementedError

    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """One of another device or dtype, uninitialized too."""
        device, dtype = kwargs.get("device"), kwargs.get("dtype")
        for value in args:
            if isinstance(value, DType):
                dtype = value
            elif isinstance(value, (str, Device)):
                device = value
        return self._another(self.device if device is None else device, self.dtype if dtype is None else dtype)

    def is_floating_point(self) -> bool:
        """Whether it is going to hold floats."""
        return bool(self.dtype.is_floating_point)

    @property
    def data(self) -> Tensor:
        """No elements, of its dtype and on its device."""
        return empty(0, device=self.device, dtype=self.dtype)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, UninitializedTensorMixin):
            self.materialize(value.shape, value.device, value.dtype)
            self.data = value
            return
        fresh = empty(0, device=value.device, dtype=value.dtype)
        kind, needs = type(self), self.requires_grad
        self.__class__ = self.cls_to_become
        self.requires_grad_(False)
        self.data = fresh
        self.requires_grad_(needs)
        self.__class__ = kind

    def __repr__(self) -> str:  # type: ignore[override]  # as Parameter's
        return f"<{type(self).__name__}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made: Self = memo.setdefault(id(self), self._another(self.device, self.dtype))
        return made

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        return (type(self), (self.requires_grad,))


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter that has no shape yet: it can be cast, moved and materialized, and nothing else.

    >>> import corelib as torch
    >>> p = torch.nn.UninitializedParameter()
    >>> p.materialize((2, 3))
    >>> p.shape
    torch.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: DeviceLike = None, dtype: DType | None = None) -> Self:
        made: Any = _same_memory(Parameter, empty(0, device=device, dtype=dtype), requires_grad)
        made.__class__ = cls
        result: Self = made
        return result

    def __init__(self, requires_grad: bool = True, device: DeviceLike = None, dtype: DType | None = None) -> None:
        pass

    def _another(self, device: DeviceLike, dtype: DType | None) -> Self:
        return type(self)(self.requires_grad, device, dtype)


class UninitializedBuffer(UninitializedTensorMixin, Buffer):
    """A buffer that has no shape yet: it can be cast, moved and materialized, and nothing else.

    >>> import corelib as torch
    >>> torch.nn.UninitializedBuffer()
    <UninitializedBuffer>
    """

    cls_to_become = Buffer

    def __new__(cls, requires_grad: bool = False, device: DeviceLike = None, dtype: DType | None = None, persistent: bool = True) -> Self:
        made: Any = _same_memory(Buffer, empty(0, device=device, dtype=dtype), requires_grad)
        made.persistent = persistent
        made.__class__ = cls
        result: Self = made
        return result

    def __init__(self, requires_grad: bool = False, device: DeviceLike = None, dtype: DType | None = None, persistent: bool = True) -> None:
        pass

    def _another(self, device: DeviceLike, dtype: DType | None) -> Self:
        return type(self)(self.requires_grad, device, dtype, self.persistent)


def is_lazy(param: object) -> TypeGuard[UninitializedTensorMixin]:
    """Whether ``param`` is an UninitializedParameter or an UninitializedBuffer."""
    return isinstance(param, UninitializedTensorMixin)
