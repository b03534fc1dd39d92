"""Arrays as pictures, films and sounds, in the bytes that files of them have."""

from __future__ import annotations

import io
import struct
import wave
import zlib
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any

from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor


def as_array(x: Any) -> Any:
    """A tensor, an array, a number or a list as a NumPy array on the host. NotImplementedError for anything else."""
    if isinstance(x, Tensor):
        return x.detach().numpy(force=True)
    if isinstance(x, (np.ndarray, np.generic, int, float, list, tuple)):
        return np.asarray(x)
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def grid(pictures: Any, columns: int = 8) -> Any:
    """Pictures (n, c, h, w) as one, in rows."""
    n, c, h, w = pictures.shape
    columns = min(n, columns)
    rows = -(-n // columns)
    made = np.zeros((c, h * rows, w * columns), pictures.dtype)
    for i in range(n):
        y, x = divmod(i, columns)
        made[:, y * h : (y + 1) * h, x * w : (x + 1) * w] = pictures[i]
    return made


def as_hwc(x: Any, dataformats: str) -> Any:
    """A picture, or several, whose dimensions are named, as one of (height, width, 3); grey is repeated."""
    formats = dataformats.upper()
    if len(set(formats)) != len(formats):
        raise AssertionError(f"You can not use the same dimension shordhand twice.         input_format: {dataformats}")
    if x.ndim != len(formats):
        raise AssertionError(f"size of input tensor and input format are different.         tensor shape: {x.shape}, input_format: {dataformats}")
    if len(formats) == 4:
        x = grid(x.transpose([formats.index(d) for d in "NCHW"])).transpose(1, 2, 0)
    elif len(formats) == 3:
        x = x.transpose([formats.index(d) for d in "HWC"])
    else:
        x = np.stack([x.transpose([formats.index(d) for d in "HW"])] * 3, 2)
    return np.concatenate([x] * 3, 2) if x.shape[2] == 1 else x


def as_bytes(x: Any) -> Any:
    """Numbers of a picture as bytes: floating ones are from 0 to 1."""
    return x.astype(np.uint8) if x.dtype == np.uint8 else np.clip(x.astype(np.float32) * 255, 0, 255).astype(np.uint8)


def png(pixels: Any) -> bytes:
    """A picture (height, width, 3 or 4) of bytes as a PNG file."""
    h, w, c = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", w, h, 8, {3: 2, 4: 6}[c], 0, 0, 0)
    lines = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def gif(frames: Any, fps: float) -> bytes:
    """A film (time, height, width, 3) of bytes as a GIF file. ImportError, with what to install, without Pillow."""
    if find_spec("PIL") is None:
        raise ImportError("add_video(): pictures are made into a film by Pillow: pip install pillow")
    made = [resolve_name("PIL.Image:fromarray")(frame) for frame in frames]
    file = io.BytesIO()
    made[0].save(file, format="GIF", save_all=True, append_images=made[1:], duration=round(1000 / fps), loop=0)
    return file.getvalue()


def wav(samples: Any, rate: int) -> bytes:
    """Numbers from -1 to 1 as a WAV file of one channel."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes((np.clip(samples, -1, 1) * np.iinfo(np.int16).max).astype("<i2").tobytes())
    return file.getvalue()


def film(x: Any) -> Any:
    """Films (batch, time, channels, height, width) as one (time, height, width, channels), side by side."""
    if x.shape[0] & (x.shape[0] - 1):
        more = (1 << x.shape[0].bit_length()) - x.shape[0]
        x = np.concatenate([x, np.zeros((more, *x.shape[1:]), x.dtype)])
    b, t, c, h, w = x.shape
    rows = 1 << ((b.bit_length() - 1) // 2)
    x = x.reshape(rows, b // rows, t, c, h, w).transpose(2, 0, 4, 1, 5, 3)
    return x.reshape(t, rows * h, b // rows * w, c)


def drawn(figure: Any) -> Any:
    """A matplotlib figure as a picture (channels, height, width)."""
    canvas = resolve_name("matplotlib.backends.backend_agg:FigureCanvasAgg")(figure)
    canvas.draw()
    w, h = figure.canvas.get_width_height()
    return np.frombuffer(canvas.buffer_rgba(), np.uint8).reshape(h, w, 4)[:, :, :3].transpose(2, 0, 1)
