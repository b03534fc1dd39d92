"""PASCAL VOC, the years 2007 to 2012: classes of pixels, and boxes around objects (Everingham et al., 2010)."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any
from xml.etree import ElementTree

from corelib.vision._optional import pillow
from corelib.vision.datasets.folder import pil_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["VOCDetection", "VOCSegmentation"]

_URL = "https://thor.robots.ox.ac.uk/pascal/VOC/"
_ARCHIVES = {
    "2012": ("voc2012/VOCtrainval_11-May-2012.tar", "VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd"),
    "2011": ("voc2011/VOCtrainval_25-May-2011.tar", "VOCtrainval_25-May-2011.tar", "6c3384ef61512963050cb5d687e5bf1e"),
    "2010": ("voc2010/VOCtrainval_03-May-2010.tar", "VOCtrainval_03-May-2010.tar", "da459979d0c395079b5c75ee67908abb"),
    "2009": ("voc2009/VOCtrainval_11-May-2009.tar", "VOCtrainval_11-May-2009.tar", "a3e00b113cfcfebf17e343f59da3caa1"),
    "2008": ("voc2008/VOCtrainval_14-Jul-2008.tar", "VOCtrainval_11-May-2012.tar", "2629fa636546599198acfcfbfcf1904a"),
    "2007": ("voc2007/VOCtrainval_06-Nov-2007.tar", "VOCtrainval_06-Nov-2007.tar", "c52e279531787c972589f7e41ab4ae64"),
    "2007-test": ("voc2007/VOCtest_06-Nov-2007.tar", "VOCtest_06-Nov-2007.tar", "b6e924de25625d8de591ea690078ad9f"),
}
"""Of each year where the archive is, what it is called here, and its MD5."""


class _VOCBase(VisionDataset[tuple[Any, Any]]):
    _SPLITS_DIR: str
    _TARGET_DIR: str
    _TARGET_FILE_EXT: str

    def __init__(
        self, root: Root, year: str = "2012", image_set: str = "train", download: bool = False, transform: Change | None = None,
        target_transform: Change | None = None, transforms: Change | None = None,
    ) -> None:  # fmt: skip
        super().__init__(root, transforms, transform, target_transform)
        self.year = verify_str_arg(year, "year", valid_values=[str(y) for y in range(2007, 2013)])
        self.image_set = verify_str_arg(image_set, "image_set", ["train", "trainval", "val", *(["test"] if year == "2007" else [])])
        file, self.filename, self.md5 = _ARCHIVES["2007-test" if (year, image_set) == ("2007", "test") else year]
        self.url = _URL + file
        if download:
            download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.md5)
        folder = os.path.join(self.root, *(["TrainVal"] if year == "2011" else []), "VOCdevkit", f"VOC{year}")
        if not os.path.isdir(folder):
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        with open(os.path.join(folder, "ImageSets", self._SPLITS_DIR, f"{image_set}.txt")) as file_names:
            names = [line.strip() for line in file_names]
        self.images = [os.path.join(folder, "JPEGImages", name + ".jpg") for name in names]
        self.targets = [os.path.join(folder, self._TARGET_DIR, name + self._TARGET_FILE_EXT) for name in names]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed_together(pil_loader(self.images[index]), self._target(self.targets[index]))

    def _target(self, path: str) -> Any:
        raise NotImplementedError


class VOCSegmentation(_VOCBase):
    """Pictures and the class of each pixel, as an image; year: "2007" to "2012"; image_set: "train", "trainval", "val", of 2007 also "test"."""

    _SPLITS_DIR = "Segmentation"
    _TARGET_DIR = "SegmentationClass"
    _TARGET_FILE_EXT = ".png"

    @property
    def masks(self) -> list[str]:
        """The files of the classes."""
        return self.targets

    def _target(self, path: str) -> Any:
        return pillow("Image", "VOCSegmentation").open(path)


class VOCDetection(_VOCBase):
    """Pictures and what is told of their objects, as a dictionary; the arguments are `VOCSegmentation`'s."""

    _SPLITS_DIR = "Main"
    _TARGET_DIR = "Annotations"
    _TARGET_FILE_EXT = ".xml"

    @property
    def annotations(self) -> list[str]:
        """The files of what is told."""
        return self.targets

    def _target(self, path: str) -> Any:
        return self.parse_voc_xml(ElementTree.parse(path).getroot())

    @staticmethod
    def parse_voc_xml(node: ElementTree.Element) -> dict[str, Any]:
        """A node as {tag: text}, or {tag: what its children are}, those of one tag in a list; an annotation's objects always are one."""
        children = list(node)
        if not children:
            return {node.tag: node.text.strip()} if node.text else {}
        found: dict[str, list[Any]] = defaultdict(list)
        for child in children:
            for tag, value in VOCDetection.parse_voc_xml(child).items():
                found[tag].append(value)
        if node.tag == "annotation":
            found["object"] = [found["object"]]
        return {node.tag: {tag: values[0] if len(values) == 1 else values for tag, values in found.items()}}
