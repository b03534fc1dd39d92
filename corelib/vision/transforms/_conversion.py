"""Between Pillow's images, NumPy's arrays and tensors."""

from __future__ import annotations

import sys
from typing import Any

from corelib.ops.construction.construct import from_numpy
from corelib.ops.construction.creation import empty
from corelib.tensor import dtype as D
from corelib.tensor.host import np
from corelib.tensor.promotion import get_default_dtype
from corelib.tensor.tensor import Tensor
from corelib.vision.transforms._functional_pil import _is_pil_image, image_of

_NATIVE_I16 = "I;16" if sys.byteorder == "little" else "I;16B"
_TO_TENSOR_TYPES = {"I": np.int32, _NATIVE_I16: np.int16, "F": np.float32}
_BYTES, _WHITE = ("L", "RGB", "RGBA"), np.float32(255)
_MODES = {1: {"uint8": "L", "int16": _NATIVE_I16, "int32": "I", "float32": "F"}, 2: {"uint8": "LA"}, 3: {"uint8": "RGB"}, 4: {"uint8": "RGBA"}}
"""By the number of channels, the mode of an array of a dtype."""
_ACCEPTED = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}


def to_tensor(pic: Any) -> Tensor:
    """A PIL Image or an array (h, w, c) as a tensor (c, h, w): bytes as floats from 0 to 1, other numbers as they are.

    TypeError for anything else, ValueError for an array that has not two or three dimensions.

    >>> import numpy as np
    >>> from corelib.vision.transforms.functional import to_tensor
    >>> to_tensor(np.array([[[0], [255]]], dtype=np.uint8))
    tensor([[[0., 1.]]])
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"to_tensor(): pic should have 2 or 3 dimensions, but got {pic.ndim}")
        pixels = pic[:, :, None] if pic.ndim == 2 else pic
    elif _is_pil_image(pic):
        pixels = _bytes_of(pic) if pic.mode in _BYTES else np.array(pic, _TO_TENSOR_TYPES.get(pic.mode, np.uint8))
        if pic.mode == "1":
            pixels = 255 * pixels
        pixels = pixels.reshape(pic.height, pic.width, len(pic.getbands()))
    else:
        raise TypeError(f"to_tensor(): pic should be a PIL Image or an ndarray, but got {type(pic)}")
    planes = pixels.transpose(2, 0, 1)
    if planes.dtype != np.uint8:
        return from_numpy(np.ascontiguousarray(planes))
    made = empty(planes.shape, dtype=get_default_dtype())
    if made.dtype is not D.float32:
        return from_numpy(np.ascontiguousarray(planes)).to(made.dtype).div_(255)
    np.divide(planes, _WHITE, out=made.numpy())  # transposed, converted and divided at once
    return made


def _bytes_of(pic: Any) -> Any:
    """The bytes of an image, which cannot be written, (h, w, c)."""
    return np.frombuffer(pic.tobytes(), np.uint8).reshape(pic.height, pic.width, -1)


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL Image as a tensor (c, h, w) of its own dtype. TypeError for anything else."""
    if not _is_pil_image(pic):
        raise TypeError(f"pil_to_tensor(): pic should be a PIL Image, but got {type(pic)}")
    pixels = from_numpy(_bytes_of(pic).copy() if pic.mode in _BYTES else np.array(pic, copy=True))
    return pixels.view(pic.height, pic.width, len(pic.getbands())).permute((2, 0, 1))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (c, h, w) or an array (h, w, c) as a PIL Image; floats are taken as 0 to 1, except for mode "F".

    TypeError for what has no such mode, ValueError for a shape or a mode that does not fit.
    """
    if isinstance(pic, Tensor):
        array = (pic.permute((1, 2, 0)) if pic.ndim == 3 else pic).numpy(force=True)
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"to_pil_image(): pic should be a Tensor or an ndarray, but got {type(pic)}")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"to_pil_image(): pic should have 2 or 3 dimensions, but got {array.ndim}")
    channels = array.shape[-1]
    if channels > 4:
        raise ValueError(f"to_pil_image(): pic should have at most 4 channels, but got {channels}")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    natural = _MODES.get(channels, _MODES[3]).get(str(array.dtype))
    if channels == 1:
        array = array[:, :, 0]
        if mode is not None and mode != natural:
            raise ValueError(f"to_pil_image(): mode {mode!r} does not fit one channel of {array.dtype}, which is {natural!r}")
    elif mode is not None and mode not in _ACCEPTED.get(channels, _ACCEPTED[3]):
        raise ValueError(f"to_pil_image(): mode {mode!r} does not fit {channels} channels; accepted are {_ACCEPTED.get(channels, _ACCEPTED[3])}")
    mode = natural if channels == 1 or mode is None else mode
    if mode is None:
        raise TypeError(f"to_pil_image(): an array of {array.dtype} with {channels} channels has no mode")
    return image_of(array, mode)
