"""Pictures between files and tensors of uint8 in C, H, W: `torchvision.io`'s names, by Pillow.

What cannot be read whole is a RuntimeError that says why; no picture is ever filled up with grey.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from io import BytesIO
from typing import Any

import numpy as np

from corelib.ops.construction.construct import from_numpy
from corelib.tensor.device import DeviceLike
from corelib.tensor.dtype import uint8
from corelib.tensor.tensor import Tensor
from corelib.vision._optional import pillow
from corelib.vision.io import _exif, _gif, _jpeg, _png

__all__ = [
    "ImageReadMode", "decode_avif", "decode_gif", "decode_heic", "decode_image", "decode_jpeg", "decode_png", "decode_webp", "encode_jpeg", "encode_png",
    "read_file", "read_image", "write_file", "write_jpeg", "write_png",
]  # fmt: skip

Path = str | os.PathLike[str]
Array = np.ndarray[Any, Any]


class ImageReadMode(Enum):
    """What a picture becomes when it is read: as it is, grey, grey and alpha, colours, or colours and alpha. Functions take its names too.

    >>> import corelib.vision as vision
    >>> vision.io.ImageReadMode.RGBA
    <ImageReadMode.RGB_ALPHA: 4>
    """

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


Mode = ImageReadMode | str


def _mode(mode: Mode) -> ImageReadMode:
    return ImageReadMode[mode.upper()] if isinstance(mode, str) else mode


def _bytes(data: Tensor, function: str) -> bytes:
    if data.dtype is not uint8:
        raise RuntimeError(f"{function}(): Expected a torch.uint8 tensor, got {data.dtype}")
    if data.dim() != 1 or not data.numel():
        raise RuntimeError(f"{function}(): Expected a non empty 1-dimensional tensor, got one of shape {tuple(data.shape)}")
    if data.device.type != "cpu":
        raise RuntimeError(f"{function}(): Expected a tensor on the CPU, got one on {data.device}")
    raw: bytes = data.numpy().tobytes()
    return raw


def _tensor(samples: Array) -> Tensor:
    """Samples of H, W, C as C, H, W; those of 16 bits as int32, for corelib has no uint16."""
    return from_numpy(samples.astype(np.int32) if samples.dtype == np.uint16 else samples).permute(2, 0, 1)


def _whole(function: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; a RuntimeError where the file is damaged, in whichever way Pillow says so."""
    try:
        return read()
    except ImportError:
        raise
    except Exception as error:
        raise RuntimeError(f"{function}(): the image cannot be decoded: {error or type(error).__name__}") from error


def read_file(path: Path) -> Tensor:
    """The bytes of a file, as uint8. RuntimeError where it cannot be read or is empty.

    >>> import corelib as torch, corelib.vision as vision, tempfile, os
    >>> name = os.path.join(tempfile.mkdtemp(), "bytes")
    >>> vision.io.write_file(name, torch.tensor([1, 2, 3], dtype=torch.uint8))
    >>> vision.io.read_file(name)
    tensor([1, 2, 3], dtype=torch.uint8)
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise RuntimeError(f"[Errno {error.errno}] {error.strerror}: '{os.fspath(path)}'") from error
    if not data:
        raise RuntimeError(f"read_file(): Expected a non empty file, got '{os.fspath(path)}'")
    return from_numpy(np.frombuffer(bytearray(data), np.uint8))


def write_file(filename: Path, data: Tensor) -> None:
    """Write a tensor of uint8 with one dimension to a file. RuntimeError for others, and where the file cannot be written."""
    if data.device.type != "cpu":
        raise RuntimeError(f"write_file(): Input tensor should be on CPU, got one on {data.device}")
    if data.dtype is not uint8:
        raise RuntimeError(f"write_file(): Input tensor dtype should be uint8, got {data.dtype}")
    if data.dim() != 1:
        raise RuntimeError(f"write_file(): Input data should be a 1-dimensional tensor, got {data.dim()} dimensions")
    try:
        with open(filename, "wb") as file:
            file.write(data.numpy().tobytes())
    except OSError as error:
        raise RuntimeError(f"[Errno {error.errno}] {error.strerror}: '{os.fspath(filename)}'") from error


def decode_png(input: Tensor, mode: Mode = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """A PNG's picture: uint8, or int32 in 0 to 65535 where its samples have 16 bits (torchvision: uint16, a dtype that corelib lacks).

    mode: UNCHANGED leaves a palette's indices as they are; the others take its colours, and alpha from its transparency.
    """
    data = _bytes(input, "decode_png")
    found: _png.Png = _whole("decode_png", lambda: _png.read(data))
    image = _tensor(_as_asked(found, _mode(mode)))
    return _exif.turned(image, _exif.orientation(found.exif)) if apply_exif_orientation else image


def _as_asked(found: _png.Png, mode: ImageReadMode) -> Array:
    """The samples of a PNG with the channels of a mode. Grey is that of libpng: 15 bits of fraction, cut off for 8 bits and rounded for 16."""
    samples, palette = found.samples, found.palette
    if mode is ImageReadMode.UNCHANGED:
        return samples
    if palette is not None:
        samples = palette[samples[..., 0]]
    colours, alpha = (samples[..., :-1], samples[..., -1:]) if samples.shape[2] in (2, 4) else (samples, None)
    if mode in (ImageReadMode.GRAY, ImageReadMode.GRAY_ALPHA):
        if colours.shape[2] == 3:
            weighed = colours @ np.array([9794, 19235, 3739], np.int64)[:, None]
            colours = ((weighed + (16384 if samples.dtype == np.uint16 else 0)) >> 15).astype(samples.dtype)
    elif colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    if mode in (ImageReadMode.GRAY, ImageReadMode.RGB):
        return np.ascontiguousarray(colours)
    if alpha is None:
        alpha = np.full_like(colours[..., :1], np.iinfo(samples.dtype).max)
    return np.concatenate((colours, alpha), axis=2)


def decode_jpeg(
    input: Tensor | list[Tensor], mode: Mode = ImageReadMode.UNCHANGED, device: DeviceLike = "cpu", apply_exif_orientation: bool = False
) -> Tensor | list[Tensor]:
    """A JPEG's picture, or those of a list of JPEGs, in uint8.

    mode: UNCHANGED, GRAY or RGB; RuntimeError for others. device: where the picture goes after it has been decoded on the host.
    ValueError for an empty list, one with something else than tensors in it, and tensors that are not on the CPU.
    """
    if isinstance(input, list):
        if not input:
            raise ValueError("decode_jpeg(): Input list must contain at least one element")
        if not all(isinstance(one, Tensor) for one in input):
            raise ValueError("decode_jpeg(): All elements of the input list must be tensors.")
        if not all(one.device.type == "cpu" for one in input):
            raise ValueError("decode_jpeg(): Input list must contain tensors on CPU.")
        return [_jpeg_image(one, _mode(mode), apply_exif_orientation).to(device) for one in input]
    if input.device.type != "cpu":
        raise ValueError(f"decode_jpeg(): Input tensor must be a CPU tensor, got one on {input.device}")
    return _jpeg_image(input, _mode(mode), apply_exif_orientation).to(device)


def _jpeg_image(input: Tensor, mode: ImageReadMode, upright: bool) -> Tensor:
    data = _bytes(input, "decode_jpeg")
    if mode not in (ImageReadMode.UNCHANGED, ImageReadMode.GRAY, ImageReadMode.RGB):
        raise RuntimeError(f"decode_jpeg(): The provided mode is not supported for JPEG files: {mode.name}; accepted are UNCHANGED, GRAY and RGB")

    def read() -> tuple[_jpeg.Jpeg, Array]:
        found = _jpeg.read(data)
        return found, found.samples(mode is ImageReadMode.GRAY)

    found, samples = _whole("decode_jpeg", read)
    if mode is not ImageReadMode.UNCHANGED:
        if samples.shape[2] == 4:
            samples = _jpeg.red_green_blue(samples)
            samples = _jpeg.grey(samples) if mode is ImageReadMode.GRAY else samples
        elif samples.shape[2] == 1 and mode is ImageReadMode.RGB:
            samples = np.repeat(samples, 3, axis=2)
    image = _tensor(samples)
    return _exif.turned(image, _exif.orientation(found.exif)) if upright else image


def decode_gif(input: Tensor) -> Tensor:
    """A GIF's picture of 3, H, W; N, 3, H, W where it has several frames, which then must have one size."""
    data = _bytes(input, "decode_gif")
    frames = from_numpy(_whole("decode_gif", lambda: _gif.read(data))).permute(0, 3, 1, 2)
    return frames.squeeze(0)


def decode_webp(input: Tensor, mode: Mode = ImageReadMode.UNCHANGED) -> Tensor:
    """A WebP's picture of 3 channels, or 4 where it has alpha; mode RGB or RGB_ALPHA: 3, or 4. RuntimeError for animations."""
    samples, mode = _by_pillow(_bytes(input, "decode_webp"), "WebPImagePlugin", "WebPImageFile", "decode_webp"), _mode(mode)
    return _tensor(_with_alpha(samples, mode))


def decode_avif(input: Tensor, mode: Mode = ImageReadMode.UNCHANGED) -> Tensor:
    """An AVIF's picture of 3 or 4 channels in uint8, as `decode_webp` has it. RuntimeError where Pillow has been built without AVIF."""
    data = _bytes(input, "decode_avif")
    if not pillow("features", "decode_avif()").check("avif"):
        raise RuntimeError("decode_avif(): this Pillow reads no AVIF; Pillow 11.3 and later do: pip install -U pillow")
    return _tensor(_with_alpha(_by_pillow(data, "AvifImagePlugin", "AvifImageFile", "decode_avif"), _mode(mode)))


def decode_heic(input: Tensor, mode: Mode = ImageReadMode.UNCHANGED) -> Tensor:
    """RuntimeError: HEIC needs decoders that neither Pillow nor corelib has."""
    raise RuntimeError("decode_heic(): corelib reads no HEIC; accepted are JPEG, PNG, GIF, WebP and AVIF, each by its own function")


def _by_pillow(data: bytes, module: str, kind: str, function: str) -> Array:
    """A still picture as an array of H, W and 3 or 4 channels, by one of Pillow's readers."""

    def read() -> Array:
        with getattr(pillow(module, f"{function}()"), kind)(BytesIO(data)) as image:
            if getattr(image, "is_animated", False):
                raise ValueError("animated files are not supported")
            image.load()
            found = np.array(image)
        return found.reshape(*found.shape[:2], -1)

    samples: Array = _whole(function, read)
    return samples


def _with_alpha(samples: Array, mode: ImageReadMode) -> Array:
    if mode is ImageReadMode.RGB:
        return np.ascontiguousarray(samples[..., :3])
    if mode is ImageReadMode.RGB_ALPHA and samples.shape[2] == 3:
        return np.concatenate((samples, np.full_like(samples[..., :1], 255)), axis=2)
    return samples


def decode_image(input: Tensor | Path, mode: Mode = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """The picture of a JPEG, PNG, GIF or WebP, from its bytes or its path, in uint8 (int32, 0 to 65535: a PNG with samples of 16 bits).

    mode: the channels it becomes; GIFs are always RGB. apply_exif_orientation: turn a JPEG or a PNG as the camera was held.
    RuntimeError for other formats, and for files that are damaged or truncated.

    >>> import corelib as torch, corelib.vision as vision
    >>> red = torch.tensor([255, 0, 0], dtype=torch.uint8).view(3, 1, 1).expand(3, 2, 4)
    >>> vision.io.decode_image(vision.io.encode_png(red), mode="RGB_ALPHA")[:, 0, 0]
    tensor([255,   0,   0, 255], dtype=torch.uint8)
    """
    if not isinstance(input, Tensor):
        input = read_file(input)
    data = _bytes(input[:16] if input.dim() == 1 else input, "decode_image")
    if data.startswith(_jpeg.SIGNATURE):
        return _jpeg_image(input, _mode(mode), apply_exif_orientation)
    if data.startswith(_png.SIGNATURE[:4]):
        return decode_png(input, mode, apply_exif_orientation)
    if data.startswith(_gif.SIGNATURES):
        return decode_gif(input)
    if data.startswith(b"RIFF") and data[8:15] == b"WEBPVP8":
        return decode_webp(input, mode)
    raise RuntimeError(
        "decode_image(): Unsupported image file. Only jpeg, png, webp and gif are currently supported; call `decode_avif` for avif"
    )


def read_image(path: Path, mode: Mode = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """The picture in a file: `decode_image` of a path.

    >>> import corelib as torch, corelib.vision as vision, tempfile, os
    >>> name = os.path.join(tempfile.mkdtemp(), "grey.png")
    >>> vision.io.write_png(torch.full((1, 2, 3), 7, dtype=torch.uint8), name)
    >>> vision.io.read_image(name)
    tensor([[[7, 7, 7],
             [7, 7, 7]]], dtype=torch.uint8)
    """
    return decode_image(read_file(path), mode, apply_exif_orientation)


def _encoded(input: Tensor, function: str, kind: str, **options: Any) -> Tensor:
    """A picture of 1 or 3 channels in a format, as bytes."""
    if input.device.type != "cpu":
        raise RuntimeError(f"{function}(): Input tensor should be on CPU, got one on {input.device}")
    if input.dtype is not uint8:
        raise RuntimeError(f"{function}(): Input tensor dtype should be uint8, got {input.dtype}")
    if input.dim() != 3:
        raise RuntimeError(f"{function}(): Input data should be a 3-dimensional tensor, got {input.dim()} dimensions")
    channels, height, width = input.shape
    if channels not in (1, 3):
        raise RuntimeError(f"{function}(): The number of channels should be 1 or 3, got: {channels}")
    if not height or not width:
        raise RuntimeError(f"{function}(): the image is empty, {height} x {width}")
    samples = np.ascontiguousarray(input.permute(1, 2, 0).numpy())
    image = pillow("Image", f"{function}()").frombytes("L" if channels == 1 else "RGB", (width, height), samples.tobytes())
    file = BytesIO()
    try:
        image.save(file, kind, **options)
    except OSError as error:
        raise RuntimeError(f"{function}(): {error}") from error
    return from_numpy(np.frombuffer(bytearray(file.getbuffer()), np.uint8))


def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """The bytes of a PNG of a picture of uint8 with 1 or 3 channels; compression_level: 0, none, to 9. RuntimeError for others."""
    if not 0 <= compression_level <= 9:
        raise RuntimeError(f"encode_png(): Compression level should be between 0 and 9, got {compression_level}")
    return _encoded(input, "encode_png", "PNG", compress_level=compression_level)


def write_png(input: Tensor, filename: Path, compression_level: int = 6) -> None:
    """Write a picture of uint8 with 1 or 3 channels as a PNG."""
    write_file(filename, encode_png(input, compression_level))


def encode_jpeg(input: Tensor | list[Tensor], quality: int = 75) -> Tensor | list[Tensor]:
    """The bytes of a JPEG of a picture of uint8 with 1 or 3 channels, or of each of a list; quality: 1 to 100, ValueError for others.

    >>> import corelib as torch, corelib.vision as vision
    >>> data = vision.io.encode_jpeg(torch.full((3, 16, 16), 90, dtype=torch.uint8))
    >>> vision.io.decode_jpeg(data, "GRAY").float().mean()
    tensor(90.)
    """
    if quality < 1 or quality > 100:
        raise ValueError(f"encode_jpeg(): Image quality should be a positive number between 1 and 100, got {quality}")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [_encoded(one, "encode_jpeg", "JPEG", quality=quality) for one in input]
    return _encoded(input, "encode_jpeg", "JPEG", quality=quality)


def write_jpeg(input: Tensor, filename: Path, quality: int = 75) -> None:
    """Write a picture of uint8 with 1 or 3 channels as a JPEG."""
    data = encode_jpeg(input, quality)
    assert isinstance(data, Tensor)
    write_file(filename, data)
