"""Pictures read and written, beside OpenCV's decoders: PNG exactly, JPEG within 2 of 255; what is damaged is an error or the same picture.

torchvision's own decoders do not load beside PyTorch's CPU build. CORELIB_VISION=whole tries ten times as many damaged files.
"""

import io
import os
import struct
import warnings
import zlib
from pathlib import Path

import corelib as torch
import corelib.vision as vision
import cv2
import numpy as np
import pytest
from PIL import Image

MORE = 10 if os.environ.get("CORELIB_VISION") == "whole" else 1
SIZES = [(1, 1), (1, 7), (5, 1), (3, 9), (17, 16), (40, 61)]
MODES = vision.io.ImageReadMode


def picture(rng, height, width, channels, dtype=np.uint8):
    """Smooth shades under a little noise, so that every filter of PNG's is of use."""
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(y / 7 + c) + np.cos(x / (5 + c)) for c in range(channels)], axis=2)
    most = np.iinfo(dtype).max
    return np.clip((waves + 2) * most / 4 + rng.normal(0, most / 40, waves.shape), 0, most).astype(dtype)


def packed(data):
    return torch.from_numpy(np.frombuffer(bytearray(data), np.uint8))


def by_cv2(data, flags):
    """OpenCV's picture in C, H, W, colours as red, green, blue; None where it reads none."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if found is None:
        return None
    found = found.reshape(*found.shape[:2], -1)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[found.shape[2]]
    return found[..., order].transpose(2, 0, 1)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def made_png(rng, samples, colour, depth=8, interlaced=False, more=()):
    """A PNG with a filter drawn for each row, by the specification; samples: H, W, C of `depth` bits."""
    height, width, channels = samples.shape
    raw = b""
    for top, left, down, right in PASSES if interlaced else ((0, 0, 1, 1),):
        part = samples[top::down, left::right]
        if not part.size:
            continue
        if depth < 8:
            bits = ((part[..., 0, None] >> np.arange(depth - 1, -1, -1)) & 1).reshape(part.shape[0], -1).astype(np.uint8)
            rows, step = np.packbits(bits, axis=1), 1
        else:
            rows = np.ascontiguousarray(part.astype(">u2" if depth == 16 else np.uint8)).view(np.uint8).reshape(part.shape[0], -1)
            step = channels * depth // 8
        above = np.zeros(rows.shape[1], np.int64)
        for row in rows.astype(np.int64):
            left_, corner = np.r_[np.zeros(step, np.int64), row[:-step]][: len(row)], np.r_[np.zeros(step, np.int64), above[:-step]][: len(row)]
            guess = left_ + above - corner
            pa, pb, pc = abs(guess - left_), abs(guess - above), abs(guess - corner)
            paeth = np.where((pa <= pb) & (pa <= pc), left_, np.where(pb <= pc, above, corner))
            kind = int(rng.integers(5))
            raw += bytes([kind]) + ((row - [0 * row, left_, above, (left_ + above) // 2, paeth][kind]) & 255).astype(np.uint8).tobytes()
            above = row
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    body = zlib.compress(raw)
    cut = len(body) // 2
    data = [*more, chunk(b"IDAT", body[:cut]), chunk(b"IDAT", body[cut:])]
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(data) + chunk(b"IEND", b"")


def luminance(colours):
    weighed = colours.astype(np.int64) @ [9794, 19235, 3739]
    return ((weighed + (16384 if colours.dtype == np.uint16 else 0)) >> 15).astype(colours.dtype)[..., None]


def expected(samples, mode):
    """The channels of a mode, by the words of torchvision's documentation."""
    most = np.iinfo(samples.dtype).max
    colours, alpha = (samples[..., :-1], samples[..., -1:]) if samples.shape[2] in (2, 4) else (samples, np.full_like(samples[..., :1], most))
    if mode == "UNCHANGED":
        return samples
    if mode.startswith("GRAY"):
        colours = luminance(colours) if colours.shape[2] == 3 else colours
    elif colours.shape[2] == 1:
        colours = colours.repeat(3, axis=2)
    return np.concatenate((colours, alpha), axis=2) if mode.endswith("ALPHA") else colours


@pytest.mark.parametrize("mode", ["UNCHANGED", "GRAY", "GRAY_ALPHA", "RGB", "RGB_ALPHA"])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("colour", "channels", "depth"), [(0, 1, 8), (2, 3, 8), (4, 2, 8), (6, 4, 8), (0, 1, 16), (2, 3, 16), (4, 2, 16), (6, 4, 16)])
def test_png_of_every_colour_type_is_exact(colour, channels, depth, interlaced, mode):
    rng = np.random.default_rng(colour * 100 + depth + interlaced)
    for height, width in SIZES:
        samples = picture(rng, height, width, channels, np.uint16 if depth == 16 else np.uint8)
        data = made_png(rng, samples, colour, depth, interlaced)
        found = vision.io.decode_image(packed(data), mode)
        assert found.dtype is (torch.int32 if depth == 16 else torch.uint8)
        np.testing.assert_array_equal(found.numpy(), expected(samples, mode).transpose(2, 0, 1))
        if mode == "UNCHANGED" and channels != 2:
            np.testing.assert_array_equal(found.numpy(), by_cv2(data, cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_png_of_few_shades_is_scaled_to_eight_bits(depth, interlaced):
    rng = np.random.default_rng(depth)
    for height, width in SIZES:
        samples = rng.integers(0, 1 << depth, (height, width, 1))
        data = made_png(rng, samples, 0, depth, interlaced)
        found = vision.io.decode_png(packed(data)).numpy()
        np.testing.assert_array_equal(found, (samples * 255 // ((1 << depth) - 1)).transpose(2, 0, 1))
        np.testing.assert_array_equal(found, by_cv2(data, cv2.IMREAD_UNCHANGED))


@pytest.mark.parametrize("alphas", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_png_with_a_palette_is_its_indices_or_its_colours(depth, alphas):
    rng = np.random.default_rng(depth)
    colours = rng.integers(0, 256, (1 << depth, 4)).astype(np.uint8)
    colours[:, 3] = colours[:, 3] if alphas else 255
    more = [chunk(b"PLTE", colours[:, :3].tobytes()), *([chunk(b"tRNS", colours[:, 3].tobytes())] if alphas else [])]
    for height, width in SIZES:
        samples = rng.integers(0, 1 << depth, (height, width, 1))
        data = made_png(rng, samples, 3, depth, more=more)
        np.testing.assert_array_equal(vision.io.decode_png(packed(data)).numpy(), samples.transpose(2, 0, 1))
        for mode in ("RGB", "RGB_ALPHA", "GRAY", "GRAY_ALPHA"):
            np.testing.assert_array_equal(vision.io.decode_png(packed(data), mode).numpy(), expected(colours[samples[..., 0]], mode).transpose(2, 0, 1))
        np.testing.assert_array_equal(vision.io.decode_png(packed(data), "RGB").numpy(), by_cv2(data, cv2.IMREAD_COLOR))


def jpeg(image, **options):
    file = io.BytesIO()
    Image.fromarray(image if image.shape[2] > 1 else image[..., 0]).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"quality": 20}, {"quality": 98, "subsampling": 0}, {"subsampling": 1}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_within_two_of_opencvs(channels, options):
    rng = np.random.default_rng(channels)
    for height, width in SIZES:
        data = jpeg(picture(rng, height, width, channels), **options)
        for mode, flag in (("UNCHANGED", cv2.IMREAD_UNCHANGED), ("RGB", cv2.IMREAD_COLOR), ("GRAY", cv2.IMREAD_GRAYSCALE)):
            found = vision.io.decode_image(packed(data), mode).numpy().astype(int)
            assert abs(found - by_cv2(data, flag)).max() <= 2 and found.shape[0] == {"UNCHANGED": channels, "RGB": 3, "GRAY": 1}[mode]


def test_jpeg_of_four_inks():
    rng = np.random.default_rng(4)
    inks = picture(rng, 24, 40, 4)
    file = io.BytesIO()
    Image.frombytes("CMYK", (40, 24), inks.tobytes()).save(file, "JPEG", quality=97)
    data = file.getvalue()
    raw = vision.io.decode_jpeg(packed(data)).numpy().astype(int)
    assert raw.shape == (4, 24, 40) and abs(255 - raw - inks.transpose(2, 0, 1)).mean() < 6
    colours = vision.io.decode_jpeg(packed(data), "RGB").numpy()
    np.testing.assert_array_equal(colours, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).transpose(2, 0, 1))
    assert abs(colours.astype(int) - by_cv2(data, cv2.IMREAD_COLOR)).max() <= 2
    np.testing.assert_array_equal(vision.io.decode_jpeg(packed(data), "GRAY").numpy()[0], np.asarray(Image.open(io.BytesIO(data)).convert("RGB").convert("L")))


TURNS = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.transpose(1, 0, 2)}
TURNS |= {6: lambda a: np.rot90(a, -1), 7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1], 8: lambda a: np.rot90(a)}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("value", range(1, 9))
def test_the_orientation_that_a_camera_wrote(tmp_path, kind, value):
    image = Image.fromarray(picture(np.random.default_rng(value), 13, 22, 3))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = value, "a camera"
    image.save(tmp_path / "a", kind, exif=exif)
    plain = vision.io.read_image(tmp_path / "a")
    upright = vision.io.read_image(tmp_path / "a", apply_exif_orientation=True)
    np.testing.assert_array_equal(upright.permute(1, 2, 0).numpy(), TURNS[value](plain.permute(1, 2, 0).numpy()))
    if kind == "JPEG":
        assert abs(upright.numpy().astype(int) - by_cv2((tmp_path / "a").read_bytes(), cv2.IMREAD_COLOR)).max() <= 2


def gif(frames, **options):
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


def test_gif_of_one_and_of_several_frames():
    rng = np.random.default_rng(0)
    for height, width in SIZES:
        one = Image.fromarray(picture(rng, height, width, 3)).quantize(60)
        np.testing.assert_array_equal(vision.io.decode_image(packed(gif([one]))).numpy(), np.asarray(one.convert("RGB")).transpose(2, 0, 1))
    frames = [Image.fromarray(picture(rng, 20, 30, 3)[:, ::step]).quantize(30) for step in (1, -1, 1)]
    found = vision.io.decode_gif(packed(gif(frames, disposal=1)))
    assert found.shape == (3, 3, 20, 30)
    np.testing.assert_array_equal(found.numpy(), np.stack([np.asarray(each.convert("RGB")).transpose(2, 0, 1) for each in frames]))


@pytest.mark.parametrize("channels", [3, 4])
def test_webp(channels):
    rng = np.random.default_rng(channels)
    for height, width in SIZES:
        image = picture(rng, height, width, channels)
        for options in ({"lossless": True, "exact": True}, {"quality": 80}):
            file = io.BytesIO()
            Image.fromarray(image).save(file, "WEBP", **options)
            found = vision.io.decode_image(packed(file.getvalue())).numpy()
            assert abs(found.astype(int) - by_cv2(file.getvalue(), cv2.IMREAD_UNCHANGED)).max() <= 2
            assert vision.io.decode_webp(packed(file.getvalue()), "RGB").shape[0] == 3
            assert vision.io.decode_webp(packed(file.getvalue()), "RGBA").shape[0] == 4
            if "lossless" in options:
                np.testing.assert_array_equal(found, image.transpose(2, 0, 1))


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_encoded_is_read_by_opencv(channels, tmp_path):
    rng = np.random.default_rng(channels)
    for height, width in SIZES:
        image = torch.from_numpy(picture(rng, height, width, channels)).permute(2, 0, 1)
        for level in (0, 6, 9):
            np.testing.assert_array_equal(by_cv2(vision.io.encode_png(image, level).numpy().tobytes(), cv2.IMREAD_UNCHANGED), image.numpy())
        for quality in (1, 75, 100):
            ours = vision.io.encode_jpeg(image, quality).numpy().tobytes()
            order = [0] if channels == 1 else [2, 1, 0]
            theirs = cv2.imencode(".jpg", image.permute(1, 2, 0).numpy()[..., order], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
            assert abs(by_cv2(ours, cv2.IMREAD_UNCHANGED).astype(int) - by_cv2(theirs, cv2.IMREAD_UNCHANGED)).max() <= 2
        vision.io.write_jpeg(image, tmp_path / "a.jpg", 90)
        assert vision.io.read_image(str(tmp_path / "a.jpg")).shape == image.shape
    assert len(vision.io.decode_jpeg(vision.io.encode_jpeg([image, image]))) == 2


def damaged(rng, data, count):
    """Beginnings of a file, and the file with some of its bits turned, or a stretch of its bytes doubled, left out or zero."""
    for _ in range(count):
        cut = int(rng.integers(0, len(data)))
        yield data[:cut]
        other = bytearray(data)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            other[at] ^= 1 << int(rng.integers(8))
        yield bytes(other)
        start, length = int(rng.integers(0, len(data))), int(rng.integers(1, 20))
        yield [data[:start] + data[start + length :], data[: start + length] + data[start:], data[:start] + bytes(length) + data[start + length :]][int(rng.integers(3))]


def files():
    rng = np.random.default_rng(9)
    image = picture(rng, 31, 44, 3)
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "jpeg", jpeg(image, exif=exif), 2
    yield "progressive", jpeg(image, progressive=True, quality=60), 2
    yield "grey jpeg", jpeg(image[..., :1], restart_marker_rows=1), 2
    yield "png", made_png(rng, image, 2), 0
    yield "interlaced", made_png(rng, image, 2, interlaced=True), 0
    yield "sixteen", made_png(rng, picture(rng, 15, 20, 3, np.uint16), 2, 16), 0
    yield "palette", made_png(rng, rng.integers(0, 16, (20, 30, 1)), 3, 4, more=[chunk(b"PLTE", rng.bytes(48))]), 0
    yield "gif", gif([Image.fromarray(image).quantize(20)]), None
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", quality=70)
    yield "webp", file.getvalue(), 2


@pytest.mark.parametrize(("name", "data", "near"), list(files()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_damaged_is_an_error_or_the_picture_that_opencv_sees(name, data, near):
    rng = np.random.default_rng(len(data))
    errors = pictures = 0
    for broken in damaged(rng, data, 60 * MORE):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = vision.io.decode_image(packed(broken), "UNCHANGED" if name == "sixteen" else "RGB", apply_exif_orientation=True)
            except RuntimeError as error:
                assert str(error)
                errors += 1
                continue
        pictures += 1
        theirs = by_cv2(broken, (cv2.IMREAD_UNCHANGED if name == "sixteen" else cv2.IMREAD_COLOR)) if near is not None else None
        if theirs is not None:
            assert found.shape == theirs.shape and abs(found.numpy().astype(int) - theirs).max() <= near
    assert errors > 60 * MORE


@pytest.mark.parametrize(("name", "data", "near"), list(files()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_that_ends_too_early_is_an_error_or_whole(name, data, near):
    whole = vision.io.decode_image(packed(data)).numpy()
    for cut in range(1, len(data), max(1, len(data) // (150 * MORE))):
        try:
            found = vision.io.decode_image(packed(data[:cut]))
        except RuntimeError:
            continue
        assert cut > 0.9 * len(data) and abs(found.numpy().astype(int) - whole).max() == 0, cut


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("options", [{}, {"quality": 95, "subsampling": 0}, {"subsampling": 1}], ids=str)
def test_a_jpeg_whose_data_ends_too_early_is_an_error_though_its_end_is_marked(channels, options):
    data = jpeg(picture(np.random.default_rng(3), 53, 90, channels), **options)
    start = data.index(b"\xff\xda") + 20
    for cut in np.linspace(start, len(data) - 250, 40).astype(int):
        broken = data[:cut].rstrip(b"\xff") + b"\xff\xd9"
        with pytest.raises(RuntimeError, match="ends too early|truncated"):
            vision.io.decode_image(packed(broken))
        assert by_cv2(broken, cv2.IMREAD_UNCHANGED) is None or (by_cv2(broken, cv2.IMREAD_UNCHANGED)[..., -1, -1] == 128).all()
    for shade in (127, 128, 129):  # and pictures that are grey are read
        plain = np.full((24, 33, channels), shade, np.uint8)
        assert (vision.io.decode_image(packed(jpeg(plain, **options))).numpy() == shade).all()


def test_paths_of_any_script_and_kind(tmp_path):
    image = torch.arange(12, dtype=torch.uint8).view(3, 2, 2)
    for name in ("bär 图.png", "a b.png"):
        vision.io.write_png(image, tmp_path / name)
        for path in (tmp_path / name, str(tmp_path / name), Path(str(tmp_path)) / name):
            assert (vision.io.read_image(path) == image).all() and (vision.io.decode_image(path) == image).all()
            assert vision.io.read_file(path).numpy().tobytes() == (tmp_path / name).read_bytes()
