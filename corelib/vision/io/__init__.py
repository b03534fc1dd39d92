"""torchvision.io: pictures in files and bytes, decoded into tensors and encoded from them.

>>> import corelib as torch, corelib.vision as vision
>>> image = (torch.arange(12, dtype=torch.uint8) * 20).view(3, 2, 2)
>>> bool((vision.io.decode_png(vision.io.encode_png(image)) == image).all())
True
"""

from corelib.vision.io.image import (
    ImageReadMode as ImageReadMode, decode_avif as decode_avif, decode_gif as decode_gif, decode_heic as decode_heic, decode_image as decode_image,
    decode_jpeg as decode_jpeg, decode_png as decode_png, decode_webp as decode_webp, encode_jpeg as encode_jpeg, encode_png as encode_png,
    read_file as read_file, read_image as read_image, write_file as write_file, write_jpeg as write_jpeg, write_png as write_png,
)

__all__ = [
    "ImageReadMode", "decode_avif", "decode_gif", "decode_heic", "decode_image", "decode_jpeg", "decode_png", "decode_webp", "encode_jpeg", "encode_png",
    "read_file", "read_image", "write_file", "write_jpeg", "write_png",
]  # fmt: skip
