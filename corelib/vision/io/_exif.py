"""The orientation that a camera wrote into a picture's EXIF data, and the picture turned by it."""

from __future__ import annotations

import struct

from corelib.tensor.tensor import Tensor

_ORIENTATION = 0x0112

# What is done for each of the eight values: whether rows and columns change places, then the dimensions that are reversed.
_TURNS: dict[int, tuple[bool, tuple[int, ...]]] = {
    2: (False, (-1,)), 3: (False, (-2, -1)), 4: (False, (-2,)), 5: (True, ()), 6: (True, (-1,)), 7: (True, (-2, -1)), 8: (True, (-2,)),
}  # fmt: skip


def orientation(tiff: bytes) -> int:
    """The value of the tag in a TIFF header's first directory; 1, upright, where there is none or the data is damaged."""
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        mark, at = struct.unpack_from(f"{order}HI", tiff, 2)
        if mark != 42:
            return 1
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:
        pass
    return 1


def turned(image: Tensor, value: int) -> Tensor:
    """A picture of C, H, W as it was seen, for an orientation; unchanged for values that are none."""
    transposed, flipped = _TURNS.get(value, (False, ()))
    if transposed:
        image = image.transpose(-1, -2)
    return image.flip(*flipped) if flipped else image
