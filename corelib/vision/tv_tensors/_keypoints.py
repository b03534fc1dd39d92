"""Points on a canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from corelib.pytree import tree_flatten
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor
from corelib.vision.tv_tensors._tv_tensor import TVTensor, like_parts


class OnCanvas(TVTensor):
    """What lies on a canvas of a height and a width, and keeps in every operation what it knows of it."""

    _known: ClassVar[Any] = ("canvas_size",)
    canvas_size: tuple[int, int]

    @classmethod
    def _wrap(cls, tensor: Tensor, *, check_dims: bool = True, **known: Any) -> Any:
        raise NotImplementedError

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **kwargs: Any) -> Any:
        """A plain tensor with what `like` knows, or others that are given."""
        return cls._wrap(tensor, **{name: kwargs[name] if name in kwargs else getattr(like, name) for name in cls._known})

    @classmethod
    def _wrap_output(cls, output: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        flat, _ = tree_flatten([*args, *(kwargs or {}).values()])
        like = next(x for x in flat if isinstance(x, cls))
        known = {name: getattr(like, name) for name in cls._known}
        if isinstance(output, Tensor) and not isinstance(output, cls):
            return cls._wrap(output, check_dims=False, **known)
        if isinstance(output, (tuple, list)):
            return like_parts(output, [cls._wrap(part, check_dims=False, **known) for part in output])
        return output


class KeyPoints(OnCanvas):
    """Points (..., 2), x and y in pixels of a canvas of (height, width).

    >>> from corelib.vision import tv_tensors
    >>> tv_tensors.KeyPoints([[1.0, 2.0]], canvas_size=(4, 4))
    KeyPoints([[1., 2.]], canvas_size=(4, 4))
    """

    @classmethod
    def _wrap(cls, tensor: Tensor, *, check_dims: bool = True, canvas_size: tuple[int, int] = (0, 0), **known: Any) -> KeyPoints:
        if check_dims:
            if tensor.ndim == 1:
                tensor = tensor.unsqueeze(0)
            elif tensor.shape[-1] != 2:
                raise ValueError(f"KeyPoints(): expected a shape (..., 2), but got {tuple(tensor.shape)}")
        points: KeyPoints = tensor.as_subclass(cls)
        points.canvas_size = canvas_size
        return points

    def __new__(
        cls, data: Any, *, canvas_size: tuple[int, int], dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None
    ) -> KeyPoints:
        return cls._wrap(cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad), canvas_size=canvas_size)
