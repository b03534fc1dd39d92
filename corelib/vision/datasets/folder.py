"""Data sets that are folders: a folder for each class, and in it, however deep, its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from corelib.vision import get_image_backend
from corelib.vision._optional import optional, pillow
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = [
    "IMG_EXTENSIONS", "DatasetFolder", "ImageFolder", "accimage_loader", "default_loader", "find_classes", "has_file_allowed_extension", "is_image_file",
    "make_dataset", "pil_loader",
]  # fmt: skip

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""How the names of files end that `ImageFolder` takes for pictures."""
Extensions = str | Sequence[str]
Valid = Callable[[str], bool]


def has_file_allowed_extension(filename: str, extensions: Extensions) -> bool:
    """Whether a name ends with one of the extensions, in any case.

    >>> import corelib.vision as vision
    >>> vision.datasets.folder.has_file_allowed_extension("a.PNG", (".jpg", ".png"))
    True
    """
    return filename.lower().endswith(extensions if isinstance(extensions, str) else tuple(extensions))


def is_image_file(filename: str) -> bool:
    """Whether a name ends as a picture's does."""
    return has_file_allowed_extension(filename, IMG_EXTENSIONS)


def find_classes(directory: Root) -> tuple[list[str], dict[str, int]]:
    """The names of the folders in a folder, sorted, and their numbers. FileNotFoundError where there are none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {os.fspath(directory)}.")
    return classes, {name: n for n, name in enumerate(classes)}


def make_dataset(
    directory: Root, class_to_idx: dict[str, int] | None = None, extensions: Extensions | None = None, is_valid_file: Valid | None = None, allow_empty: bool = False
) -> list[tuple[str, int]]:
    """The files below the folders of classes with the classes' numbers: those with one of the extensions, or that `is_valid_file` accepts.

    ValueError without classes, and unless one of the two is given; FileNotFoundError for classes without a file, but for `allow_empty`.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        class_to_idx = find_classes(directory)[1]
    elif not class_to_idx:
        raise ValueError("make_dataset(): 'class_to_idx' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("make_dataset(): Both extensions and is_valid_file cannot be None or not None at the same time")
    found: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        before = len(found)
        for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
            for file in sorted(files):
                path = os.path.join(folder, file)
                if is_valid_file(path) if is_valid_file is not None else has_file_allowed_extension(path, extensions or ()):
                    found.append((path, class_to_idx[name]))
        if len(found) == before:
            empty.append(name)
    if empty and not allow_empty:
        accepted = "" if extensions is None else f"Supported extensions are: {extensions if isinstance(extensions, str) else ', '.join(extensions)}"
        raise FileNotFoundError(f"Found no valid file for the classes {', '.join(empty)}. {accepted}")
    return found


def pil_loader(path: Root) -> Any:
    """A picture of Pillow's, in colours."""
    with open(path, "rb") as file:
        return pillow("Image", "pil_loader()").open(file).convert("RGB")


def accimage_loader(path: Root) -> Any:
    """A picture of the package accimage's; one of Pillow's where that cannot read it."""
    images = optional("accimage", "accimage_loader()", 'set_image_backend("PIL"), or install accimage')
    try:
        return images.Image(path)
    except OSError:
        return pil_loader(path)


def default_loader(path: Root) -> Any:
    """A picture by the package that `set_image_backend` says."""
    return accimage_loader(path) if get_image_backend() == "accimage" else pil_loader(path)


class DatasetFolder(VisionDataset[tuple[Any, Any]]):
    """Files in a folder for each class: root/class/…/file. `loader` reads one; which count is said by `extensions` or `is_valid_file`.

    classes, class_to_idx: the classes and their numbers; samples: files and numbers; targets: the numbers. FileNotFoundError for a class
    without a file, but for `allow_empty`.
    """

    def __init__(
        self, root: Root, loader: Callable[[str], Any], extensions: Sequence[str] | None = None, transform: Change | None = None,
        target_transform: Change | None = None, is_valid_file: Valid | None = None, allow_empty: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader, self.extensions = loader, extensions
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = self.make_dataset(
            self.root, class_to_idx=self.class_to_idx, extensions=extensions, is_valid_file=is_valid_file, allow_empty=allow_empty
        )
        self.targets = [number for _, number in self.samples]

    @staticmethod
    def make_dataset(
        directory: Root, class_to_idx: dict[str, int], extensions: Sequence[str] | None = None, is_valid_file: Valid | None = None, allow_empty: bool = False
    ) -> list[tuple[str, int]]:
        """The samples; a subclass may find them elsewhere."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: Root) -> tuple[list[str], dict[str, int]]:
        """The classes and their numbers; a subclass may choose others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self._transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures in a folder for each class: root/cat/1.png. Items are a picture of Pillow's in colours, and the number of its class.

    imgs: the samples. loader: what reads a file; is_valid_file: which files count, in place of their extension.

    >>> import corelib as torch, corelib.vision as vision, tempfile, os
    >>> root = tempfile.mkdtemp()
    >>> for name in ("cat", "dog"):
    ...     os.mkdir(os.path.join(root, name))
    ...     vision.io.write_png(torch.zeros(3, 2, 2, dtype=torch.uint8), os.path.join(root, name, "1.png"))
    >>> pictures = vision.datasets.ImageFolder(root)
    >>> pictures.class_to_idx, pictures[1][0].size, pictures[1][1]
    ({'cat': 0, 'dog': 1}, (2, 2), 1)
    """

    def __init__(
        self, root: Root, transform: Change | None = None, target_transform: Change | None = None, loader: Callable[[str], Any] = default_loader,
        is_valid_file: Valid | None = None, allow_empty: bool = False,
    ) -> None:  # fmt: skip
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
