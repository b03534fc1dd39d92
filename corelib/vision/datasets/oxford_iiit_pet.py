"""Oxford-IIIT Pet: cats and dogs of 37 breeds (Parkhi et al., 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.vision._optional import pillow
from corelib.vision.datasets._listed import below
from corelib.vision.datasets.folder import pil_loader
from corelib.vision.datasets.utils import download_and_extract_archive, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["OxfordIIITPet"]

_URL = "https://www.robots.ox.ac.uk/~vgg/data/pets/data/"
_ARCHIVES = {"images.tar.gz": "5c4f3ee8e5d25df40f4fd59a7f44e54c", "annotations.tar.gz": "95a8c909bbe2e81eed6a22bccdf3f68f"}


class OxfordIIITPet(VisionDataset[tuple[Any, Any]]):
    """Pictures in the folder oxford-iiit-pet; split: "trainval" or "test".

    target_types: one or several of "category" (of 37), "binary-category" (cat or dog) and "segmentation" (an image of 1 pet, 2 background, 3 edge);
    none of them for no target.
    """

    _VALID_TARGET_TYPES = ("category", "binary-category", "segmentation")

    def __init__(
        self, root: Root, split: str = "trainval", target_types: Sequence[str] | str = "category", transforms: Change | None = None,
        transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("trainval", "test"))
        kinds = [target_types] if isinstance(target_types, str) else target_types
        self._target_types = [verify_str_arg(kind, "target_types", self._VALID_TARGET_TYPES) for kind in kinds]
        super().__init__(root, transforms=transforms, transform=transform, target_transform=target_transform)
        folder = below(self.root, "oxford-iiit-pet")
        folders = folder / "images", folder / "annotations"
        if download and not all(each.is_dir() for each in folders):
            for name, md5 in _ARCHIVES.items():
                download_and_extract_archive(_URL + name, download_root=folder, md5=md5)
        if not all(each.is_dir() for each in folders):
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        with open(folders[1] / f"{self._split}.txt") as file:
            rows = [line.strip().split() for line in file]
        ids = [row[0] for row in rows]
        self._labels = [int(row[1]) - 1 for row in rows]
        self._bin_labels = [int(row[2]) - 1 for row in rows]
        self.bin_classes = ["Cat", "Dog"]
        breeds = sorted({(label, id.rpartition("_")[0]) for id, label in zip(ids, self._labels, strict=True)})
        self.classes = [" ".join(part.title() for part in name.split("_")) for _, name in breeds]
        self.bin_class_to_idx = {name: n for n, name in enumerate(self.bin_classes)}
        self.class_to_idx = {name: n for n, name in enumerate(self.classes)}
        self._images = [folders[0] / f"{id}.jpg" for id in ids]
        self._segs = [folders[1] / "trimaps" / f"{id}.png" for id in ids]

    def __len__(self) -> int:
        return len(self._images)

    def _target(self, kind: str, idx: int) -> Any:
        if kind == "segmentation":
            return pillow("Image", "OxfordIIITPet").open(self._segs[idx])
        return (self._labels if kind == "category" else self._bin_labels)[idx]

    def __getitem__(self, idx: int) -> tuple[Any, Any]:
        found = tuple([self._target(kind, idx) for kind in self._target_types])
        return self._transformed_together(pil_loader(self._images[idx]), found if len(found) > 1 else found[0] if found else None)
