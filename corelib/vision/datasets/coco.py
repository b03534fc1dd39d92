"""COCO: objects in context, and captions (Lin et al., 2014). Reading the annotations needs pycocotools."""

from __future__ import annotations

import os
from typing import Any

from corelib.vision._optional import optional
from corelib.vision.datasets.folder import pil_loader
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["CocoCaptions", "CocoDetection"]


class CocoDetection(VisionDataset[tuple[Any, Any]]):
    """The pictures in a folder, each with the list of its annotations in the file `annFile`."""

    def __init__(
        self, root: Root, annFile: str, transform: Change | None = None, target_transform: Change | None = None, transforms: Change | None = None
    ) -> None:
        super().__init__(root, transforms, transform, target_transform)
        self.coco = optional("pycocotools.coco", type(self).__name__, "pip install pycocotools").COCO(annFile)
        self.ids = sorted(self.coco.imgs)

    def _load_image(self, id: int) -> Any:
        return pil_loader(os.path.join(self.root, self.coco.loadImgs(id)[0]["file_name"]))

    def _load_target(self, id: int) -> list[Any]:
        found: list[Any] = self.coco.loadAnns(self.coco.getAnnIds(id))
        return found

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if not isinstance(index, int):
            raise ValueError(f"Index must be of type integer, got {type(index)} instead.")
        id = self.ids[index]
        return self._transformed_together(self._load_image(id), self._load_target(id))

    def __len__(self) -> int:
        return len(self.ids)


class CocoCaptions(CocoDetection):
    """The pictures in a folder, each with the list of its captions in the file `annFile`."""

    def _load_target(self, id: int) -> list[str]:
        return [annotation["caption"] for annotation in super()._load_target(id)]
