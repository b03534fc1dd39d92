"""GIF files: their frames, each unpacked by Pillow as a file of its own, without what browsers do between frames.

As in torchvision every frame is the rectangle that the file has for it: transparency, and where it lies on the canvas, are left out.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any

import numpy as np

from corelib.vision._optional import pillow

SIGNATURES = (b"GIF87a", b"GIF89a")
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B

Array = np.ndarray[Any, Any]


def read(data: bytes) -> Array:
    """The frames as an array of N, H, W, 3. ValueError for what is damaged or ends too early, and for frames of several sizes."""
    if data[:6] not in SIGNATURES:
        raise ValueError("it does not begin as a GIF does")
    try:
        return _frames(data)
    except (struct.error, IndexError):
        raise ValueError("it is truncated") from None


def _palette(data: bytes, at: int, flags: int) -> tuple[bytes, int]:
    """A table of colours, where its flag says that there is one, and where it ends."""
    size = 3 << ((flags & 7) + 1) if flags & 0x80 else 0
    if at + size > len(data):
        raise ValueError("it is truncated")
    return data[at : at + size], at + size


def _past_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _frames(data: bytes) -> Array:
    common, at = _palette(data, 13, data[10])
    found: list[Array] = []
    while (kind := data[at]) != _END:
        if kind == _EXTENSION:
            at = _past_blocks(data, at + 2)
        elif kind == _IMAGE:
            width, height, flags = struct.unpack_from("<HHB", data, at + 5)
            own, start = _palette(data, at + 10, flags)
            at = _past_blocks(data, start + 1)
            colours = own or common
            if not colours:
                raise ValueError("a frame has no colours")
            if not width or not height:
                raise ValueError(f"a frame's size is {width} x {height}")
            if found and found[0].shape[:2] != (height, width):
                raise ValueError(f"its frames have several sizes: {found[0].shape[1]} x {found[0].shape[0]} and {width} x {height}")
            table = np.zeros((256, 3), np.uint8)
            table[: len(colours) // 3] = np.frombuffer(colours, np.uint8).reshape(-1, 3)
            found.append(table[_indices(width, height, flags & 0x40, data[start:at])])
        else:
            raise ValueError(f"a block of the unknown kind {kind}")
    if not found:
        raise ValueError("it has no frame")
    return np.stack(found)


def _indices(width: int, height: int, interlaced: int, packed: bytes) -> Array:
    """One frame's indices: a file with 256 shades of grey and that frame only."""
    head = SIGNATURES[1] + struct.pack("<HHBBB", width, height, 0xF7, 0, 0) + bytes(n for shade in range(256) for n in (shade,) * 3)
    frame = struct.pack("<BHHHHB", _IMAGE, 0, 0, width, height, interlaced)
    with pillow("GifImagePlugin", "decode_gif()").GifImageFile(BytesIO(head + frame + packed + bytes((_END,)))) as image:
        image.load()
        return np.array(image)
