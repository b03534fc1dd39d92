"""ImageNet of the challenge of 2012 (Russakovsky et al., 2015), of the archives that one registers for."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from corelib.serialization import load, save
from corelib.vision._optional import optional
from corelib.vision.datasets.folder import ImageFolder
from corelib.vision.datasets.utils import check_integrity, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Root

__all__ = ["ImageNet"]

ARCHIVE_META = {
    "train": ("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e"),
    "val": ("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622"),
    "devkit": ("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
}
META_FILE = "meta.bin"


class ImageNet(ImageFolder):
    """Pictures of 1,000 classes in a folder "train" or "val" (split), which is unpacked from the archives beside it where it is not there.

    `classes` are tuples of names, `wnids` WordNet's numbers. Other arguments are `ImageFolder`'s. Reading the devkit needs scipy, once.
    """

    def __init__(self, root: Root, split: str = "train", **kwargs: Any) -> None:
        root = self.root = os.path.expanduser(root)
        self.split = verify_str_arg(split, "split", ("train", "val"))
        self.parse_archives()
        names = load_meta_file(self.root)[0]
        super().__init__(self.split_folder, **kwargs)
        self.root = root
        self.wnids = self.classes
        self.wnid_to_idx = self.class_to_idx
        self.classes: Any = [names[wnid] for wnid in self.wnids]
        self.class_to_idx = {name: n for n, each in enumerate(self.classes) for name in each}

    def parse_archives(self) -> None:
        """Unpack what has not been unpacked."""
        if not check_integrity(os.path.join(self.root, META_FILE)):
            parse_devkit_archive(self.root)
        if not os.path.isdir(self.split_folder):
            (parse_train_archive if self.split == "train" else parse_val_archive)(self.root)

    @property
    def split_folder(self) -> str:
        """The folder of the pictures."""
        return os.path.join(self.root, self.split)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


def load_meta_file(root: Root, file: str | None = None) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The names of each of WordNet's numbers, and the numbers of the pictures for validation. RuntimeError where the file is not there."""
    path = os.path.join(root, META_FILE if file is None else file)
    if not check_integrity(path):
        raise RuntimeError(f"The meta file {path} is not there or is corrupted; ImageNet makes it of the devkit's archive")
    found: tuple[dict[str, tuple[str, ...]], list[str]] = load(path, weights_only=True)
    return found


def _archive(root: Root, kind: str, file: str | None) -> str:
    """The path of an archive. RuntimeError where it is not there."""
    name, md5 = ARCHIVE_META[kind]
    path = os.path.join(root, name if file is None else file)
    if not check_integrity(path, md5):
        raise RuntimeError(f"The archive {path} is not there or is corrupted. It has to be downloaded by hand")
    return path


def parse_devkit_archive(root: Root, file: str | None = None) -> None:
    """Write the meta file of the devkit's archive."""
    path = _archive(root, "devkit", file)
    read = optional("scipy.io", "ImageNet", "pip install scipy").loadmat
    with tempfile.TemporaryDirectory() as folder:
        extract_archive(path, folder)
        data = os.path.join(folder, "ILSVRC2012_devkit_t12", "data")
        leaves = [row for row in read(os.path.join(data, "meta.mat"), squeeze_me=True)["synsets"] if row[4] == 0]  # without children
        wnids = {row[0]: row[1] for row in leaves}
        names = {row[1]: tuple(row[2].split(", ")) for row in leaves}
        with open(os.path.join(data, "ILSVRC2012_validation_ground_truth.txt")) as lines:
            save((names, [wnids[int(line)] for line in lines]), os.path.join(root, META_FILE))


def parse_train_archive(root: Root, file: str | None = None, folder: str = "train") -> None:
    """Unpack the pictures for training, an archive a class, into a folder each."""
    target = os.path.join(root, folder)
    extract_archive(_archive(root, "train", file), target)
    for name in os.listdir(target):
        extract_archive(os.path.join(target, name), os.path.join(target, os.path.splitext(name)[0]), remove_finished=True)


def parse_val_archive(root: Root, file: str | None = None, wnids: list[str] | None = None, folder: str = "val") -> None:
    """Unpack the pictures for validation, each into its class's folder."""
    numbers = load_meta_file(root)[1] if wnids is None else wnids
    target = os.path.join(root, folder)
    extract_archive(_archive(root, "val", file), target)
    pictures = sorted(os.listdir(target))
    for wnid in set(numbers):
        os.mkdir(os.path.join(target, wnid))
    for wnid, name in zip(numbers, pictures, strict=False):
        shutil.move(os.path.join(target, name), os.path.join(target, wnid, name))
