"""SBD: semantic boundaries of VOC's pictures (Hariharan et al., 2011)."""

from __future__ import annotations

import os
import shutil
from typing import Any

from corelib.tensor.host import np
from corelib.vision._optional import optional, pillow
from corelib.vision.datasets.folder import pil_loader
from corelib.vision.datasets.utils import download_and_extract_archive, download_url, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["SBDataset"]


class SBDataset(VisionDataset[tuple[Any, Any]]):
    """Pictures in the folder img, and in the folder cls their classes: mode "segmentation" for an image, "boundaries" for an array (20, h, w).

    image_set: "train", "val", or "train_noval", which has none of VOC 2012's val. Reading them needs scipy.
    """

    url = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/semantic_contours/benchmark.tgz"
    md5 = "82b4d87ceb2ed10f6038a1cba92111cb"
    filename = "benchmark.tgz"
    voc_train_url = "https://www.cs.cornell.edu/~bharathh/train_noval.txt"
    voc_split_filename = "train_noval.txt"
    voc_split_md5 = "79bff800c5f0b1ec6b21080a3c066722"

    def __init__(
        self, root: Root, image_set: str = "train", mode: str = "boundaries", download: bool = False, transforms: Change | None = None
    ) -> None:
        try:
            self._loadmat = optional("scipy.io", "SBDataset", "pip install scipy").loadmat
        except ImportError as error:
            raise RuntimeError(str(error)) from None
        super().__init__(root, transforms)
        self.image_set = verify_str_arg(image_set, "image_set", ("train", "val", "train_noval"))
        self.mode = verify_str_arg(mode, "mode", ("segmentation", "boundaries"))
        self.num_classes = 20
        if download:
            self._download()
        if not os.path.isdir(self.root):
            raise RuntimeError("Dataset not found or corrupted. You can use download=True to download it")
        with open(os.path.join(self.root, f"{image_set}.txt")) as file:
            names = [line.strip() for line in file]
        self.images = [os.path.join(self.root, "img", name + ".jpg") for name in names]
        self.masks = [os.path.join(self.root, "cls", name + ".mat") for name in names]

    def _download(self) -> None:
        download_and_extract_archive(self.url, self.root, filename=self.filename, md5=self.md5)
        for name in ("cls", "img", "inst", "train.txt", "val.txt"):
            shutil.move(os.path.join(self.root, "benchmark_RELEASE", "dataset", name), self.root)
        if self.image_set == "train_noval":
            download_url(self.voc_train_url, self.root, self.voc_split_filename, self.voc_split_md5)

    def _get_target(self, path: str) -> Any:
        told = self._loadmat(path)["GTcls"][0]
        if self.mode == "segmentation":
            return pillow("Image", "SBDataset").fromarray(told["Segmentation"][0])
        return np.stack([told["Boundaries"][0][n][0].toarray() for n in range(self.num_classes)])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed_together(pil_loader(self.images[index]), self._get_target(self.masks[index]))

    def __len__(self) -> int:
        return len(self.images)

    def extra_repr(self) -> str:
        return f"Image set: {self.image_set}\nMode: {self.mode}"
