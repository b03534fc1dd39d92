"""Reading and writing pictures without another library beside: values, errors, and what is said where Pillow is missing."""

import io
import struct
import zlib

import corelib as torch
import corelib.vision as vision
import numpy as np
import pytest
from PIL import Image

uint8 = torch.uint8


def packed(data):
    return torch.from_numpy(np.frombuffer(bytearray(data), np.uint8))


def encoded(kind, size=(4, 3), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size, 128).save(file, kind, **options)
    return file.getvalue()


PNG, JPEG = encoded("PNG"), encoded("JPEG")


def test_a_picture_comes_back_from_a_file(tmp_path):
    image = torch.arange(24, dtype=uint8).view(3, 2, 4) * 10
    vision.io.write_png(image, tmp_path / "a.png")
    assert vision.io.read_image(tmp_path / "a.png").tolist() == image.tolist()
    vision.io.write_jpeg(image[:1].expand(1, 2, 4), tmp_path / "a.jpg", quality=100)
    assert abs(vision.io.read_image(tmp_path / "a.jpg").int() - image[:1].int()).max() <= 2
    assert vision.io.read_image(tmp_path / "a.png", mode="gray").shape == (1, 2, 4)
    assert vision.io.read_image(tmp_path / "a.png", vision.io.ImageReadMode.RGB_ALPHA)[3].unique().tolist() == [255]


def test_modes_are_torchvisions():
    assert [(mode.name, mode.value) for mode in vision.io.ImageReadMode] == [("UNCHANGED", 0), ("GRAY", 1), ("GRAY_ALPHA", 2), ("RGB", 3), ("RGB_ALPHA", 4)]
    assert vision.io.ImageReadMode.RGBA is vision.io.ImageReadMode.RGB_ALPHA
    with pytest.raises(KeyError):
        vision.io.decode_image(packed(PNG), "BGR")


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: vision.io.read_file("/no/such"), RuntimeError, r"\[Errno 2\] No such file or directory: '/no/such'"),
        (lambda: vision.io.read_image("/no/such.png"), RuntimeError, "No such file"),
        (lambda: vision.io.write_file("/no/such/folder", torch.ones(2, dtype=uint8)), RuntimeError, "No such file"),
        (lambda: vision.io.write_file("a", torch.ones(2)), RuntimeError, "dtype should be uint8, got torch.float32"),
        (lambda: vision.io.write_file("a", torch.ones(2, 1, dtype=uint8)), RuntimeError, "1-dimensional"),
        (lambda: vision.io.decode_png(torch.ones(4)), RuntimeError, "Expected a torch.uint8 tensor"),
        (lambda: vision.io.decode_jpeg(torch.ones(2, 2, dtype=uint8)), RuntimeError, "non empty 1-dimensional"),
        (lambda: vision.io.decode_image(torch.ones(0, dtype=uint8)), RuntimeError, "non empty 1-dimensional"),
        (lambda: vision.io.decode_image(packed(b"BM not a kind that is read")), RuntimeError, "Unsupported image file"),
        (lambda: vision.io.decode_png(packed(JPEG)), RuntimeError, "does not begin as a PNG"),
        (lambda: vision.io.decode_jpeg(packed(PNG)), RuntimeError, "does not begin as a JPEG"),
        (lambda: vision.io.decode_gif(packed(PNG)), RuntimeError, "does not begin as a GIF"),
        (lambda: vision.io.decode_webp(packed(PNG)), RuntimeError, "cannot be decoded"),
        (lambda: vision.io.decode_jpeg(packed(JPEG), "RGBA"), RuntimeError, "not supported for JPEG files: RGB_ALPHA"),
        (lambda: vision.io.decode_jpeg([]), ValueError, "at least one element"),
        (lambda: vision.io.decode_jpeg([1]), ValueError, "must be tensors"),
        (lambda: vision.io.decode_image(packed(PNG[:-20])), RuntimeError, "truncated"),
        (lambda: vision.io.decode_image(packed(JPEG[:-20])), RuntimeError, "truncated"),
        (lambda: vision.io.decode_image(packed(JPEG[:20])), RuntimeError, "truncated"),
        (lambda: vision.io.decode_heic(packed(PNG)), RuntimeError, "reads no HEIC"),
        (lambda: vision.io.encode_png(torch.ones(3, 2, 2)), RuntimeError, "dtype should be uint8"),
        (lambda: vision.io.encode_png(torch.ones(2, 2, 2, dtype=uint8)), RuntimeError, "should be 1 or 3, got: 2"),
        (lambda: vision.io.encode_jpeg(torch.ones(2, 2, dtype=uint8)), RuntimeError, "3-dimensional"),
        (lambda: vision.io.encode_png(torch.ones(1, 2, 2, dtype=uint8), 10), RuntimeError, "between 0 and 9, got 10"),
        (lambda: vision.io.encode_jpeg(torch.ones(1, 2, 2, dtype=uint8), 0), ValueError, "between 1 and 100, got 0"),
        (lambda: vision.io.encode_jpeg([]), ValueError, "at least one input tensor"),
        (lambda: vision.io.encode_png(torch.ones(1, 0, 2, dtype=uint8)), RuntimeError, "empty"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(call, error, said):
    with pytest.raises(error, match=said):
        call()


def test_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(RuntimeError, match="Expected a non empty file"):
        vision.io.read_image(tmp_path / "empty")


def changed(header):
    body = PNG[8 + 8 + 13 + 4 :]
    return PNG[:8] + struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + body


@pytest.mark.parametrize("header", [(0, 3, 8, 2), (4, 0, 8, 2), (2_000_000, 3, 8, 2), (4, 3, 3, 0), (4, 3, 16, 3), (4, 3, 8, 5)])
def test_a_png_with_an_impossible_header_is_an_error(header):
    with pytest.raises(RuntimeError, match="its (size|header)"):
        vision.io.decode_png(packed(changed(struct.pack(">IIBBBBB", *header, 0, 0, 0))))


def test_frames_of_several_sizes_are_an_error():
    one, two = encoded("GIF", (4, 3), "P"), encoded("GIF", (2, 3), "P")
    frame = two[two.index(b",") :]
    with pytest.raises(RuntimeError, match="several sizes: 4 x 3 and 2 x 3"):
        vision.io.decode_gif(packed(one[:-1] + frame))


def test_an_animated_webp_is_an_error():
    file = io.BytesIO()
    Image.new("RGB", (4, 4), 10).save(file, "WEBP", save_all=True, append_images=[Image.new("RGB", (4, 4), 200)])
    with pytest.raises(RuntimeError, match="animated"):
        vision.io.decode_webp(packed(file.getvalue()))


def test_without_pillow_it_is_said_what_to_install(monkeypatch):
    import sys

    for name in ("PIL", "PIL.Image", "PIL.JpegImagePlugin"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'decode_jpeg\(\) needs Pillow, which is not installed: pip install "corelib\[vision\]"'):
        vision.io.decode_image(packed(JPEG))
    with pytest.raises(ImportError, match="encode_png"):
        vision.io.encode_png(torch.ones(1, 2, 2, dtype=uint8))


@pytest.mark.skipif("not __import__('PIL.features').features.check('avif')")
def test_avif_where_pillow_reads_it():
    found = vision.io.decode_avif(packed(encoded("AVIF", (8, 6))))
    assert found.shape == (3, 6, 8) and vision.io.decode_avif(packed(encoded("AVIF", (8, 6))), "RGBA")[3].unique().tolist() == [255]
