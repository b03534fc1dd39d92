"""LFW: labelled faces in the wild, of people and in pairs (Huang et al., 2007)."""

from __future__ import annotations

import os
from typing import Any

from corelib.vision.datasets._listed import Loader
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import check_integrity, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["LFWPairs", "LFWPeople"]


class _LFW(VisionDataset[Any]):
    base_folder = "lfw-py"
    file_dict = {
        "original": ("lfw", "lfw.tgz", "a17d05bd522c52d84eca14327a23d494"),
        "funneled": ("lfw_funneled", "lfw-funneled.tgz", "1b42dfed7d15c9b2dd63d5e5840c86ad"),
        "deepfunneled": ("lfw-deepfunneled", "lfw-deepfunneled.tgz", "68331da3eb755a505a502b5aacb3c201"),
    }
    checksums = {
        "pairs.txt": "9f1ba174e4e1c508ff7cdf10ac338a7d", "pairsDevTest.txt": "5132f7440eb68cf58910c8a45a2ac10b",
        "pairsDevTrain.txt": "4f27cbf15b2da4a85c1907eb4181ad21", "people.txt": "450f0863dd89e85e73936a6d71a3474b",
        "peopleDevTest.txt": "e4bf5be0a43b5dcd9dc5ccfcb8fb19c5", "peopleDevTrain.txt": "54eaac34beb6d042ed3a7d883e247a21",
        "lfw-names.txt": "a6d0a479bd074669f656265a6e693f6d",
    }  # fmt: skip
    annot_file = {"10fold": "", "train": "DevTrain", "test": "DevTest"}
    names = "lfw-names.txt"

    def __init__(
        self, root: Root, split: str, image_set: str, view: str, transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        super().__init__(os.path.join(root, self.base_folder), transform=transform, target_transform=target_transform)
        self.image_set = verify_str_arg(image_set.lower(), "image_set", self.file_dict)
        folder, self.filename, self.md5 = self.file_dict[self.image_set]
        self.view = verify_str_arg(view.lower(), "view", ["people", "pairs"])
        self.split = verify_str_arg(split.lower(), "split", tuple(self.annot_file))
        self.labels_file = f"{self.view}{self.annot_file[self.split]}.txt"
        if download:
            raise ValueError(f"{type(self).__name__}: the files are no longer where they were published; put them into {self.root} yourself")
        if not self._check_integrity():
            raise RuntimeError(f"Dataset not found or corrupted in {self.root}")
        self.images_dir = os.path.join(self.root, folder)
        self._loader = loader
        self.data: list[Any] = []
        self.targets: list[int] = []

    def _check_integrity(self) -> bool:
        lists = [self.labels_file, *([self.names] if self.view == "people" else [])]
        files = [(self.filename, self.md5), *((name, self.checksums[name]) for name in lists)]
        return all(check_integrity(os.path.join(self.root, name), md5) for name, md5 in files)

    def _rows(self) -> list[list[str]]:
        with open(os.path.join(self.root, self.labels_file)) as file:
            return [line.strip().split("\t") for line in file]

    def _get_path(self, identity: str, no: int | str) -> str:
        return os.path.join(self.images_dir, identity, f"{identity}_{int(no):04d}.jpg")

    def extra_repr(self) -> str:
        return f"Alignment: {self.image_set}\nSplit: {self.split}"

    def __len__(self) -> int:
        return len(self.data)


class LFWPeople(_LFW):
    """Faces and the number of the person, in the folder lfw-py; split: "10fold", "train" or "test"; image_set: "original", "funneled", "deepfunneled".

    The files are no longer where they were published: download=True is a ValueError.
    """

    def __init__(
        self, root: Root, split: str = "10fold", image_set: str = "funneled", transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        super().__init__(root, split, image_set, "people", transform, target_transform, download, loader)
        with open(os.path.join(self.root, self.names)) as file:
            self.class_to_idx = {line.split()[0]: n for n, line in enumerate(file)}
        rows = self._rows()
        folds, at = (int(rows[0][0]), 1) if self.split == "10fold" else (1, 0)
        for _ in range(folds):
            count = int(rows[at][0])
            for identity, pictures in rows[at + 1 : at + 1 + count]:
                self.data += [self._get_path(identity, n + 1) for n in range(int(pictures))]
                self.targets += [self.class_to_idx[identity]] * int(pictures)
            at += count + 1

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(self._loader(self.data[index]), self.targets[index])

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}\nClasses (identities): {len(self.class_to_idx)}"


class LFWPairs(_LFW):
    """Two faces and whether they are of one person (1) or not (0); the arguments are `LFWPeople`'s."""

    def __init__(
        self, root: Root, split: str = "10fold", image_set: str = "funneled", transform: Change | None = None, target_transform: Change | None = None,
        download: bool = False, loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        super().__init__(root, split, image_set, "pairs", transform, target_transform, download, loader)
        self.pair_names: list[tuple[str, str]] = []
        rows = self._rows()
        folds, count = (int(rows[0][0]), int(rows[0][1])) if self.split == "10fold" else (1, int(rows[0][0]))
        for n, row in enumerate(rows[1 : 1 + 2 * count * folds]):
            same = n % (2 * count) < count  # of each fold the first half
            first, one, second, other = (row[0], row[1], row[0], row[2]) if same else row
            self.pair_names.append((first, second))
            self.data.append((self._get_path(first, one), self._get_path(second, other)))
            self.targets.append(int(same))

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        first, second = (self._loader(path) for path in self.data[index])
        if self.transform is not None:
            first, second = self.transform(first), self.transform(second)
        target = self.targets[index]
        return first, second, target if self.target_transform is None else self.target_transform(target)
