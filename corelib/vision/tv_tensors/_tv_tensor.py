"""What tensors that say what they are have in common: what becomes of them in an operation.

The result of an operation is a plain tensor, except for the few that give the tensor itself once more, or where `set_return_type` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from corelib.ops.construction.construct import as_tensor
from corelib.overrides.asking import DisableTorchFunctionSubclass
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import Size
from corelib.tensor.tensor import Tensor

_RETURN_TYPES = {"tensor": False, "tvtensor": True}


class _Returned:
    """Whether operations give tensors that say what they are."""

    tv = False


class _ReturnTypeCM:
    """Restores, at the end of a `with`, what was so before."""

    def __init__(self, to_restore: bool) -> None:
        self.to_restore = to_restore

    def __enter__(self) -> _ReturnTypeCM:
        return self

    def __exit__(self, *args: object) -> None:
        _Returned.tv = self.to_restore


def set_return_type(return_type: str) -> _ReturnTypeCM:
    """Let operations on images, boxes and so on give the same again ("TVTensor") or plain tensors ("Tensor", the default); also for a `with` alone.

    >>> import corelib as torch
    >>> from corelib.vision import tv_tensors
    >>> image = tv_tensors.Image(torch.rand(3, 2, 2))
    >>> with tv_tensors.set_return_type("TVTensor"):
    ...     type(image + 1).__name__
    'Image'
    >>> type(image + 1).__name__
    'Tensor'
    """
    before = _Returned.tv
    try:
        _Returned.tv = _RETURN_TYPES[return_type.lower()]
    except KeyError:
        raise ValueError(f"return_type must be 'TVTensor' or 'Tensor', but got {return_type!r}") from None
    return _ReturnTypeCM(before)


def like_parts(several: Any, parts: list[Any]) -> Any:
    """Other parts in a list, a tuple or a named tuple like this."""
    kind = type(several)
    return kind._make(parts) if hasattr(kind, "_make") else kind(parts)


class TVTensor(Tensor):
    """The class of all of them."""

    _known: ClassVar[Any] = None
    """The names of what one knows beside its numbers, and shows; None for a class that is shown as any tensor."""

    @staticmethod
    def _to_tensor(data: Any, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None) -> Tensor:
        if requires_grad is None:
            requires_grad = data.requires_grad if isinstance(data, Tensor) else False
        return as_tensor(data, dtype=dtype, device=device).requires_grad_(requires_grad)

    @classmethod
    def _wrap_output(cls, output: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """What an operation on `args` gave, as of this class."""
        if isinstance(output, Tensor) and not isinstance(output, cls):
            return output.as_subclass(cls)
        if isinstance(output, (tuple, list)):
            return like_parts(output, [cls._wrap_output(part, args, kwargs) for part in output])
        return output

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> Any:
        """A plain tensor as of this class."""
        return tensor.as_subclass(cls)

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: tuple[type, ...], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if not all(issubclass(cls, t) for t in types):
            return NotImplemented  # another class may know better
        with DisableTorchFunctionSubclass():
            output = func(*args, **kwargs or {})
        if _Returned.tv or (func in ITSELF and isinstance(args[0], cls)):
            return cls._wrap_output(output, args, kwargs)
        return output.as_subclass(Tensor) if isinstance(output, cls) else output  # in place, it is itself

    def __repr__(self, *, tensor_contents: str | None = None) -> str:  # type: ignore[override]
        return super().__repr__() if self._known is None else self._make_repr(**{name: getattr(self, name) for name in self._known})

    def _make_repr(self, **kwargs: Any) -> str:
        extra = ", ".join(f"{key}={value}" for key, value in kwargs.items())
        return f"{super().__repr__()[:-1]}, {extra})"

    # Asked for all the time, and never other than a tensor's own.
    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    @property
    def device(self) -> Any:
        """Where the elements live."""
        return self._device

    @property
    def dtype(self) -> Any:
        """What one element is."""
        return self._dtype

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.detach().clone().requires_grad_(self.requires_grad)


ITSELF = frozenset((Tensor.clone, Tensor.to, Tensor.detach, Tensor.requires_grad_, Tensor.pin_memory))
"""What gives the tensor once more, and so one of its class."""
