"""JPEG files: their segments, and the picture by Pillow, that is by libjpeg.

Pillow is given the segments that make the picture, and none that cameras add: it reads those too, and warns where they are damaged.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from corelib.vision._optional import pillow

SIGNATURE = b"\xff\xd8\xff"
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))  # markers without a length
_SCAN, _END, _EXIF, _COMMENT = 0xDA, 0xD9, 0xE1, 0xFE
_ADDED = frozenset((*range(0xE1, 0xEE), 0xEF, _COMMENT))  # all of APP1 to APP15 but Adobe's, which says how colours are stored

Array = np.ndarray[Any, Any]


@dataclass
class Jpeg:
    """What a file says: the segments that make the picture, and its EXIF data."""

    parts: bytes
    exif: bytes

    def samples(self, grey: bool) -> Array:
        """The picture as an array of H, W, C: of one channel, three, or four (cyan, magenta, yellow, black, as they are stored).

        ValueError where its data ends too early, though its end is marked: libjpeg makes the rest grey, and says nothing that is heard here.
        """
        found = _decoded(self.parts, grey)
        end = self.parts.rfind(b"\xff\xd9")
        last = found[(found.shape[0] - 1) // 8 * 8 :, (found.shape[1] - 1) // 8 * 8 :]
        if end > 0 and (last == 128).all():  # what has its last block in that grey is decoded once more, with further data at its end
            further = self.parts[:end] + b"\x55\xaa\x33\xcc" * 8 + self.parts[end:]
            if not np.array_equal(found, _decoded(further, grey)):
                raise ValueError("its image data ends too early")
        return found


def _decoded(data: bytes, grey: bool) -> Array:
    with pillow("JpegImagePlugin", "decode_jpeg()").JpegImageFile(BytesIO(data)) as image:
        if grey:
            image.draft("L", None)  # libjpeg then computes no colours at all
        image.load()
        found = np.array(image)
    if image.mode == "CMYK":
        found = 255 - found  # Pillow has turned them
    return found.reshape(found.shape[0], found.shape[1], -1)


def read(data: bytes) -> Jpeg:
    """Take a file apart. ValueError where it ends too early."""
    if data[:3] != SIGNATURE:
        raise ValueError("it does not begin as a JPEG does")
    kept, exif, at = [data[:2]], b"", 2
    while True:
        start = data.find(b"\xff", at)  # libjpeg too steps over what stands between segments
        while start >= 0 and data[start + 1 : start + 2] == b"\xff":
            start += 1
        if start < 0 or start + 2 > len(data):
            raise ValueError("it is truncated")
        marker = data[start + 1]
        at = start + 2
        if marker == 0:
            continue
        if marker == _END:
            raise ValueError("it has no image data")
        if marker in _ALONE:
            kept.append(data[start:at])
            continue
        if at + 2 > len(data):
            raise ValueError("it is truncated")
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2 or at + length > len(data):
            raise ValueError("it is truncated")
        if marker == _SCAN:
            kept.append(data[start:])
            return Jpeg(b"".join(kept), exif)
        if marker == _EXIF and not exif and data[at + 2 : at + 8] == b"Exif\0\0":
            exif = data[at + 8 : at + length]
        if marker not in _ADDED:
            kept.append(data[start : at + length])
        at += length


def red_green_blue(cmyk: Array) -> Array:
    """Colours of a file that stores cyan, magenta, yellow and black turned, as all do: ink subtracts from the light that black leaves."""
    light = cmyk[..., 3:].astype(np.int32)
    ink = light * (255 - cmyk[..., :3].astype(np.int32)) + 128
    return np.clip(light - (((ink >> 8) + ink) >> 8), 0, 255).astype(np.uint8)


def grey(colours: Array) -> Array:
    """The luminance of red, green and blue (ITU-R 601-2), in 16 bits of fraction as Pillow has it."""
    red, green, blue = (colours[..., c].astype(np.int32) for c in range(3))
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).astype(np.uint8)[..., None]
