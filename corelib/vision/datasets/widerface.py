"""WIDER FACE: boxes around faces, and how they are seen (Yang et al., 2016)."""

from __future__ import annotations

import os
from typing import Any

from corelib.ops.construction.construct import tensor
from corelib.vision._optional import pillow
from corelib.vision.datasets.utils import download_and_extract_archive, download_file_from_google_drive, extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["WIDERFace"]

_TOLD = ("blur", "expression", "illumination", "occlusion", "pose", "invalid")


class WIDERFace(VisionDataset[tuple[Any, Any]]):
    """Pictures in the folder widerface; split: "train", "val", or "test", of which nothing is told (None). Fetching needs gdown.

    A target has "bbox" (x, y, width, height of each face), "blur", "expression", "illumination", "occlusion", "pose" and "invalid".
    """

    BASE_FOLDER = "widerface"
    FILE_LIST = [  # number at Google Drive, MD5, name
        ("15hGDLhsx8bLgLcIRD5DhYt5iBxnjNF1M", "3fedf70df600953d25982bcd13d91ba2", "WIDER_train.zip"),
        ("1GUCogbp16PMGa39thoMMeWxp7Rp5oM8Q", "dfa7d7e790efa35df3788964cf0bbaea", "WIDER_val.zip"),
        ("1HIfDbVEWKmsYKJZm4lchTBDLW5N7dY5T", "e5d8f4248ed24c334bbd12f49c29dd40", "WIDER_test.zip"),
    ]
    ANNOTATIONS_FILE = (
        "http://shuoyang1213.me/WIDERFACE/support/bbx_annotation/wider_face_split.zip", "0e3767bcf0e326556d407bf5bff5d27c", "wider_face_split.zip",
    )  # fmt: skip

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False
    ) -> None:
        super().__init__(os.path.join(root, self.BASE_FOLDER), transform=transform, target_transform=target_transform)
        self.split = verify_str_arg(split, "split", ("train", "val", "test"))
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download and prepare it")
        self.img_info: list[dict[str, Any]] = []
        list_of = "wider_face_test_filelist.txt" if split == "test" else f"wider_face_{split}_bbx_gt.txt"
        with open(os.path.join(self.root, "wider_face_split", list_of)) as file:
            lines = [line.rstrip() for line in file]
        if split == "test":
            self.img_info = [{"img_path": self._path(line)} for line in lines]
            return
        at = 0
        while at < len(lines):
            count = max(int(lines[at + 1]), 1)  # a picture without faces has a line of zeros
            rows = tensor([[int(number) for number in line.split(" ")] for line in lines[at + 2 : at + 2 + count]])
            told = {"bbox": rows[:, :4].clone(), **{name: rows[:, 4 + n].clone() for n, name in enumerate(_TOLD)}}
            self.img_info.append({"img_path": self._path(lines[at]), "annotations": told})
            at += 2 + count

    def _path(self, name: str) -> str:
        return os.path.abspath(os.path.expanduser(os.path.join(self.root, f"WIDER_{self.split}", "images", name)))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        told = self.img_info[index]
        return self._transformed(pillow("Image", "WIDERFace").open(told["img_path"]), told.get("annotations"))

    def __len__(self) -> int:
        return len(self.img_info)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"

    def _check_integrity(self) -> bool:
        names = [name for _, _, name in (*self.FILE_LIST, self.ANNOTATIONS_FILE)]
        return all(os.path.exists(os.path.join(self.root, name.removesuffix(".zip"))) for name in names)

    def download(self) -> None:
        """Fetch and unpack the archives, where they are not there."""
        if self._check_integrity():
            return
        for number, md5, name in self.FILE_LIST:
            download_file_from_google_drive(number, self.root, name, md5)
            extract_archive(os.path.join(self.root, name))
        download_and_extract_archive(self.ANNOTATIONS_FILE[0], self.root, md5=self.ANNOTATIONS_FILE[1])
