"""Images, masks and videos: pixels, and nothing to know beside them."""

from __future__ import annotations

from typing import Any

from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import dtype as DType
from corelib.vision.transforms._conversion import pil_to_tensor
from corelib.vision.transforms._functional_pil import _is_pil_image
from corelib.vision.tv_tensors._tv_tensor import TVTensor


class Image(TVTensor):
    """An image or several (..., c, h, w), from anything that a tensor is made of, or from a PIL Image; (h, w) becomes one channel.

    >>> import corelib as torch
    >>> from corelib.vision import tv_tensors
    >>> tv_tensors.Image(torch.zeros(4, 5)).shape
    torch.Size([1, 4, 5])
    """

    _known = ()

    def __new__(cls, data: Any, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None) -> Image:
        pixels = pil_to_tensor(data) if _is_pil_image(data) else data
        tensor = cls._to_tensor(pixels, dtype=dtype, device=device, requires_grad=requires_grad)
        if tensor.ndim < 2:
            raise ValueError(f"Image(): expected 2 dimensions or more, but got {tensor.ndim}")
        made: Image = (tensor.unsqueeze(0) if tensor.ndim == 2 else tensor).as_subclass(cls)
        return made


class Mask(TVTensor):
    """A mask of segmentation or of detection, (h, w) or (..., h, w), from anything that a tensor is made of, or from a PIL Image."""

    def __new__(cls, data: Any, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None) -> Mask:
        pixels = pil_to_tensor(data) if _is_pil_image(data) else data
        made: Mask = cls._to_tensor(pixels, dtype=dtype, device=device, requires_grad=requires_grad).as_subclass(cls)
        return made


class Video(TVTensor):
    """A video or several (..., frames, c, h, w)."""

    _known = ()

    def __new__(cls, data: Any, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool | None = None) -> Video:
        tensor = cls._to_tensor(data, dtype=dtype, device=device, requires_grad=requires_grad)
        if data.ndim < 4:
            raise ValueError(f"Video(): expected 4 dimensions or more, but got {data.ndim}")
        made: Video = tensor.as_subclass(cls)
        return made
