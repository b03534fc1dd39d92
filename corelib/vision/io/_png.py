"""PNG files: their chunks, checked; samples of 16 bits, which Pillow would halve; and palettes.

Pillow unpacks samples of 8 bits and fewer. It is given the chunks that make the picture and no others, so that what is damaged beside them is
neither a warning nor an error. (PNG specification, third edition, W3C 2025.)
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from corelib.vision._optional import pillow

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # by colour type
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MOST = 1_000_000  # libpng's limit of a side
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
"""Adam7: the first row and column of a pass, and its steps in rows and columns."""

Array = np.ndarray[Any, Any]


@dataclass
class Png:
    """What a file says: samples as an array of H, W, C; the colours of a palette, H, W then being indices into it; its EXIF data."""

    samples: Array
    palette: Array | None
    exif: bytes


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def read(data: bytes) -> Png:
    """A file's picture. ValueError for what is damaged or ends too early."""
    if data[:8] != SIGNATURE:
        raise ValueError("it does not begin as a PNG does")
    header, palette, alphas, exif, parts, at = b"", b"", b"", b"", [], 8
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError("it is truncated")
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) < length or at + 12 + length > len(data):
            raise ValueError(f"it is truncated in its chunk {kind!r}")
        whole = zlib.crc32(kind + body) == struct.unpack_from(">I", data, at + 8 + length)[0]
        at += 12 + length
        if not whole:
            if not kind[0] & 0x20:  # without it there is no picture
                raise ValueError(f"its chunk {kind!r} is damaged")
            continue
        if not header and kind != b"IHDR":
            raise ValueError("its header is missing")
        if kind == b"IHDR":
            header = header or body
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            alphas = body
        elif kind == b"eXIf":
            exif = body
        elif kind == b"IDAT":
            parts.append(body)
        elif kind == b"IEND":
            break
        elif not kind[0] & 0x20:
            raise ValueError(f"its chunk {kind!r} is unknown")
    width, height, depth, colour, interlaced = _checked(header)
    if not parts:
        raise ValueError("it has no image data")
    if colour == 3 and not palette:
        raise ValueError("its palette is missing")
    if depth == 16:
        samples = _sixteen(b"".join(parts), width, height, _CHANNELS[colour], interlaced)
    else:
        samples = _by_pillow(header, palette, b"".join(parts))
    return Png(samples, _colours(palette, alphas) if colour == 3 else None, exif)


def _checked(header: bytes) -> tuple[int, int, int, int, bool]:
    if len(header) != 13:
        raise ValueError("its header is missing" if not header else "its header is damaged")
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", header)
    if not (0 < width <= _MOST and 0 < height <= _MOST):
        raise ValueError(f"its size is {width} x {height}; accepted are sides of 1 to {_MOST}")
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise ValueError(f"its header is damaged: colour type {colour}, {depth} bits, methods {compression}, {filters} and {interlace}")
    return width, height, depth, colour, interlace == 1


def _by_pillow(header: bytes, palette: bytes, packed: bytes) -> Array:
    """Samples of up to 8 bits: grey ones scaled to 8, indices as they are."""
    chunks = [_chunk(b"IHDR", header), *([_chunk(b"PLTE", palette)] if palette else []), _chunk(b"IDAT", packed), _chunk(b"IEND", b"")]
    with pillow("PngImagePlugin", "decode_png()").PngImageFile(BytesIO(SIGNATURE + b"".join(chunks))) as image:
        image.load()
        found = np.array(image)
    if found.dtype == np.bool_:
        found = found * np.uint8(255 if image.mode == "1" else 1)
    return found.reshape(found.shape[0], found.shape[1], -1)


def _colours(palette: bytes, alphas: bytes) -> Array:
    """256 colours of red, green, blue and alpha; black where the palette is shorter."""
    found = np.zeros((256, 4), np.uint8)
    found[:, 3] = 255
    known = np.frombuffer(palette[: min(len(palette), 768) // 3 * 3], np.uint8).reshape(-1, 3)
    found[: len(known), :3] = known
    found[: min(len(alphas), 256), 3] = np.frombuffer(alphas[:256], np.uint8)
    return found


def _sixteen(packed: bytes, width: int, height: int, channels: int, interlaced: bool) -> Array:
    """Samples of 16 bits, which stand in the file with the high byte first."""
    pixel = 2 * channels
    found = np.empty((height, width, pixel), np.uint8)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    parts = [found[top::down, left::right] for top, left, down, right in passes]
    need = sum(part.shape[0] * (1 + part.shape[1] * pixel) for part in parts if part.size)
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, need)
    except zlib.error as error:
        raise ValueError(f"its image data is damaged: {error}") from None
    if len(raw) < need:
        raise ValueError(f"its image data is truncated: {len(raw)} of {need} bytes")
    at = 0
    for part in parts:
        if part.size:
            rows, columns = part.shape[:2]
            size = rows * (1 + columns * pixel)
            part[...] = _unfiltered(np.frombuffer(raw, np.uint8, size, at).reshape(rows, -1), columns, pixel)
            at += size
    return found.view(">u2").astype(np.uint16)


def _every(step: int, start: int, count: int) -> slice:
    return slice(start, start + (count - 1) * step + 1, step)


def _unfiltered(rows: Array, width: int, pixel: int) -> Array:
    """Undo the filters of rows, each of which begins with its filter's number.

    A pixel needs those to its left, above it and between: all that lie on one diagonal are done at once.
    """
    height, filters = len(rows), rows[:, 0]
    if filters.max() > 4:
        raise ValueError(f"its image data is damaged: filter {filters.max()}")
    out = np.zeros(((height + 1) * (width + 1), pixel), np.int16)  # with a row and a column of zeros before the first
    given = rows[:, 1:].reshape(height * width, pixel).astype(np.int16)
    kinds = [(filters == number)[:, None] for number in range(5)]
    for diagonal in range(width + height - 1):
        first, last = max(0, diagonal - width + 1), min(height - 1, diagonal)
        count, x = last - first + 1, diagonal - first
        corner = first * (width + 1) + x  # of the pixel above and to the left of the topmost one

        above_left, above, left, here = (out[_every(width, corner + ahead, count)] for ahead in (0, 1, width + 1, width + 2))
        there = slice(first, last + 1)
        by_left, by_above = abs(above - above_left), abs(left - above_left)
        by_both = abs(left + above - 2 * above_left)
        paeth = np.where((by_left <= by_above) & (by_left <= by_both), left, np.where(by_above <= by_both, above, above_left))
        guess = kinds[1][there] * left + kinds[2][there] * above + kinds[3][there] * ((left + above) // 2) + kinds[4][there] * paeth
        here[...] = (given[_every(max(width - 1, 1), first * width + x, count)] + guess) & 255
    return out.reshape(height + 1, width + 1, pixel)[1:, 1:].astype(np.uint8)
