"""torchvision's names: pictures read and written, transforms, data sets, models, and operators on boxes.

The parts are loaded when they are first asked for; those that read or draw pictures need Pillow, `pip install "corelib[vision]"`.

>>> import corelib.vision as vision
>>> vision.__version__.split("+")[0]
'0.28.0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.vision.version import __version__ as __version__

if TYPE_CHECKING:
    from corelib.vision import datasets as datasets, io as io, models as models, ops as ops, transforms as transforms, tv_tensors as tv_tensors, utils as utils

__all__ = ["disable_beta_transforms_warning", "get_image_backend", "get_video_backend", "set_image_backend", "set_video_backend"]

_image_backend = "PIL"


def set_image_backend(backend: str) -> None:
    """Say by which package data sets load pictures: "PIL", or "accimage" where that is installed. ValueError for others."""
    global _image_backend
    if backend not in ("PIL", "accimage"):
        raise ValueError(f"set_image_backend(): Invalid backend {backend!r}; accepted are 'PIL' and 'accimage'")
    _image_backend = backend


def get_image_backend() -> str:
    """The package by which data sets load pictures.

    >>> import corelib.vision as vision
    >>> vision.get_image_backend()
    'PIL'
    """
    return _image_backend


def set_video_backend(backend: str) -> None:
    """There is one, `get_video_backend()`; nothing changes, as in torchvision."""


def get_video_backend() -> str:
    """torchvision's only video backend, "pyav", by which its data sets of videos are read; corelib has none of them."""
    return "pyav"


def disable_beta_transforms_warning() -> None:
    """Nothing: programs of the time when transforms.v2 warned call it."""


_paths_below(__name__)
