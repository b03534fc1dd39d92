"""MNIST and the data sets in its format: files of numbers that say their type and sizes (LeCun et al., 1998)."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import string
from typing import Any, ClassVar
from urllib.error import URLError

import numpy as np

from corelib.as_torch.warned import warn
from corelib.ops.construction.construct import from_numpy
from corelib.serialization import load
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor
from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["EMNIST", "KMNIST", "MNIST", "QMNIST", "FashionMNIST", "read_image_file", "read_label_file", "read_sn3_pascalvincent_tensor"]

_TYPES = {8: np.uint8, 9: np.int8, 11: np.int16, 12: np.int32, 13: np.float32, 14: np.float64}
_DIGITS = ["0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven", "8 - eight", "9 - nine"]
_NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


def read_sn3_pascalvincent_tensor(path: Root, strict: bool = True) -> Tensor:
    """The numbers in an idx file, which may be compressed (.gz, .xz). AssertionError for a head that is none and, if strict, for too many numbers.

    The head: two zero bytes, the type, the number of dimensions, and each size in four bytes; numbers have their high byte first.
    """
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(os.path.splitext(path)[1], open)
    with opener(path, "rb") as file:
        data = file.read()
    kind, dims = int.from_bytes(data[:3], "big"), int.from_bytes(data[3:4], "big")
    if not 1 <= dims <= 3 or kind not in _TYPES:
        raise AssertionError(f"{os.fspath(path)} is no idx file: type {kind}, {dims} dimensions; accepted are types {', '.join(map(str, _TYPES))} and 1 to 3")
    sizes = [int.from_bytes(data[4 * n : 4 * n + 4], "big") for n in range(1, dims + 1)]
    numbers = np.frombuffer(data, np.dtype(_TYPES[kind]).newbyteorder(">"), offset=4 * (dims + 1)).astype(_TYPES[kind])
    if strict and len(numbers) != np.prod(sizes):
        raise AssertionError(f"{os.fspath(path)} has {len(numbers)} numbers, its head says {' x '.join(map(str, sizes))}")
    return from_numpy(numbers).view(*sizes)


def _bytes_of(path: Root, dims: int) -> Tensor:
    found = read_sn3_pascalvincent_tensor(path, strict=False)
    if found.dtype is not D.uint8:
        raise TypeError(f"x should be of dtype torch.uint8 instead of {found.dtype}")
    if found.dim() != dims:
        raise ValueError(f"x should have {dims} dimension instead of {found.dim()}")
    return found


def read_label_file(path: Root) -> Tensor:
    """The labels in an idx file of bytes with one dimension, as int64. TypeError and ValueError for others."""
    return _bytes_of(path, 1).long()


def read_image_file(path: Root) -> Tensor:
    """The pictures in an idx file of bytes with three dimensions. TypeError and ValueError for others."""
    return _bytes_of(path, 3)


class MNIST(VisionDataset[tuple[Any, Any]]):
    """60,000 digits by hand to train with and 10,000 to test (`train=False`), grey, 28 by 28: pictures of Pillow's and their digits.

    root: the folder above MNIST/raw, in which the four files are, or into which `download` puts them. data: all pictures, uint8 (n, 28, 28);
    targets: int64 (n). RuntimeError where the files are not there.
    """

    mirrors = ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"]
    resources: Any = list(zip(_NAMES, (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432", "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c",
    ), strict=True))  # fmt: skip
    training_file = "training.pt"
    test_file = "test.pt"
    classes = _DIGITS

    def __init__(
        self, root: Root, train: bool = True, transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if self._check_legacy_exist():
            self.data, self.targets = self._load_legacy_data()
            return
        if download:
            self.download()
        if not self._check_exists():
            raise RuntimeError(f"Dataset not found in {self.raw_folder}. You can use download=True to download it")
        self.data, self.targets = self._load_data()

    def _check_legacy_exist(self) -> bool:
        return all(check_integrity(os.path.join(self.processed_folder, name)) for name in (self.training_file, self.test_file))

    def _load_legacy_data(self) -> tuple[Tensor, Tensor]:
        data, targets = load(os.path.join(self.processed_folder, self.training_file if self.train else self.test_file), weights_only=True)
        return data, targets

    def _load_data(self) -> tuple[Tensor, Tensor]:
        part = os.path.join(self.raw_folder, "train" if self.train else "t10k")
        return read_image_file(f"{part}-images-idx3-ubyte"), read_label_file(f"{part}-labels-idx1-ubyte")

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self._image(index), int(self.targets[index]))

    def _image(self, index: int) -> Any:
        return pillow("Image", type(self).__name__).fromarray(self.data[index].numpy())

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """Where old versions of torchvision put tensors."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The classes and their numbers."""
        return {name: n for n, name in enumerate(self.classes)}

    def _files(self) -> list[str]:
        """What has to be there."""
        return [os.path.join(self.raw_folder, os.path.splitext(name)[0]) for name, _ in self.resources]

    def _check_exists(self) -> bool:
        return all(check_integrity(file) for file in self._files())

    def download(self) -> None:
        """Fetch the files that are not there, from the first mirror that has them."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for name, md5 in self.resources:
            failed = []
            for mirror in self.mirrors:
                try:
                    download_and_extract_archive(f"{mirror}{name}", self.raw_folder, filename=name, md5=md5)
                    break
                except (RuntimeError, URLError) as error:
                    failed.append(f"Tried {mirror}, got:\n{error}\n")
            else:
                raise RuntimeError(f"Error downloading {name}:\n{''.join(failed)}")

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


def _renamed(old: str, new: str) -> Any:
    def get(self: MNIST) -> Tensor:
        warn(f"{old} has been renamed {new}")
        found: Tensor = getattr(self, new)
        return found

    return property(get, doc=f"The old name of `{new}`.")


for _old, _new in (("train_labels", "targets"), ("test_labels", "targets"), ("train_data", "data"), ("test_data", "data")):
    setattr(MNIST, _old, _renamed(_old, _new))


class FashionMNIST(MNIST):
    """Clothes in MNIST's format (Xiao et al., 2017)."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = list(zip(_NAMES, (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe", "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310",
    ), strict=True))  # fmt: skip
    classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


class KMNIST(MNIST):
    """Ten cursive Japanese characters in MNIST's format (Clanuwat et al., 2018)."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = list(zip(_NAMES, (
        "bdb82020997e1d708af4cf47b453dcf7", "e144d726b3acfaa3e44228e80efcd344", "5c965bf0a639b31b8f53240b1b52f4d7", "7320c461ea6c1c855c0b718fb2a4b134",
    ), strict=True))  # fmt: skip
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


_ALL = frozenset(string.digits + string.ascii_letters)
_MERGED = sorted(_ALL - frozenset("cijklmopsuvwxyz"))  # those whose capitals look the same are one class


class EMNIST(MNIST):
    """Letters and digits in MNIST's format (Cohen et al., 2017), each picture mirrored along its diagonal, as they are in the files.

    split: "byclass", "bymerge", "balanced", "letters", "digits" or "mnist".
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": sorted(_ALL), "bymerge": _MERGED, "balanced": _MERGED, "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits), "mnist": list(string.digits),
    }  # fmt: skip

    def __init__(self, root: Root, split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self.training_file, self.test_file = f"training_{split}.pt", f"test_{split}.pt"
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[self.split]

    def _file(self, what: str) -> str:
        return os.path.join(self.raw_folder, f"emnist-{self.split}-{'train' if self.train else 'test'}-{what}-ubyte")

    @property
    def images_file(self) -> str:
        """The file with the pictures."""
        return self._file("images-idx3")

    @property
    def labels_file(self) -> str:
        """The file with their classes."""
        return self._file("labels-idx1")

    def _files(self) -> list[str]:
        return [self.images_file, self.labels_file]

    def _load_data(self) -> tuple[Tensor, Tensor]:
        return read_image_file(self.images_file), read_label_file(self.labels_file)

    def download(self) -> None:
        """Fetch and unpack all splits, where this one is not there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        download_and_extract_archive(self.url, self.raw_folder, md5=self.md5)
        packed = os.path.join(self.raw_folder, "gzip")
        for name in os.listdir(packed):
            if name.endswith(".gz"):
                extract_archive(os.path.join(packed, name), self.raw_folder)
        shutil.rmtree(packed)


_QMNIST = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"


class QMNIST(MNIST):
    """MNIST's digits made anew from NIST's, with all 60,000 to test (Yadav and Bottou, 2019).

    what: "train", "test", "test10k", "test50k" or "nist"; by default what `train` says. compat: targets are digits, else rows of eight numbers
    that say who wrote them.
    """

    subsets = {"train": "train", "test": "test", "test10k": "test", "test50k": "test", "nist": "nist"}
    resources = {
        "train": [(_QMNIST + "qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
                  (_QMNIST + "qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4")],
        "test": [(_QMNIST + "qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
                 (_QMNIST + "qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa")],
        "nist": [(_QMNIST + "xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
                 (_QMNIST + "xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d")],
    }  # fmt: skip

    def __init__(self, root: Root, what: str | None = None, compat: bool = True, train: bool = True, **kwargs: Any) -> None:
        if what is None:
            what = "train" if train else "test"
        self.what, self.compat = verify_str_arg(what, "what", tuple(self.subsets)), compat
        self.data_file = self.training_file = self.test_file = f"{what}.pt"
        super().__init__(root, train, **kwargs)

    def _files(self) -> list[str]:
        return [os.path.join(self.raw_folder, os.path.splitext(os.path.basename(url))[0]) for url, _ in self.resources[self.subsets[self.what]]]

    @property
    def images_file(self) -> str:
        """The file with the pictures."""
        return self._files()[0]

    @property
    def labels_file(self) -> str:
        """The file with what is said of them."""
        return self._files()[1]

    def _load_data(self) -> tuple[Tensor, Tensor]:
        data, targets = read_sn3_pascalvincent_tensor(self.images_file), read_sn3_pascalvincent_tensor(self.labels_file).long()
        if data.dtype is not D.uint8:
            raise TypeError(f"data should be of dtype torch.uint8 instead of {data.dtype}")
        if data.dim() != 3 or targets.dim() != 2:
            raise ValueError(f"data should have 3 dimensions instead of {data.dim()}, and targets 2 instead of {targets.dim()}")
        some = {"test10k": slice(10000), "test50k": slice(10000, None)}.get(self.what)
        return (data, targets) if some is None else (data[some].clone(), targets[some].clone())

    def download(self) -> None:
        """Fetch the two files, where they are not there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for url, md5 in self.resources[self.subsets[self.what]]:
            download_and_extract_archive(url, self.raw_folder, md5=md5)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        target = self.targets[index]
        return self._transformed(self._image(index), int(target[0]) if self.compat else target)

    def extra_repr(self) -> str:
        return f"Split: {self.what}"
