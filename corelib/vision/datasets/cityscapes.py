"""Cityscapes: streets of cities, pixel by pixel (Cordts et al., 2016)."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

from corelib.vision._optional import pillow
from corelib.vision.datasets.folder import pil_loader
from corelib.vision.datasets.utils import extract_archive, iterable_to_str, verify_str_arg
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Cityscapes"]


class CityscapesClass(NamedTuple):
    """What is known of a class: its numbers, its category, whether its instances are told apart, whether it counts, its colour."""

    name: str
    id: int
    train_id: int
    category: str
    category_id: int
    has_instances: bool
    ignore_in_eval: bool
    color: tuple[int, int, int]


_CLASSES = """
    unlabeled 0 255 void 0 0 1 0 0 0
    ego_vehicle 1 255 void 0 0 1 0 0 0
    rectification_border 2 255 void 0 0 1 0 0 0
    out_of_roi 3 255 void 0 0 1 0 0 0
    static 4 255 void 0 0 1 0 0 0
    dynamic 5 255 void 0 0 1 111 74 0
    ground 6 255 void 0 0 1 81 0 81
    road 7 0 flat 1 0 0 128 64 128
    sidewalk 8 1 flat 1 0 0 244 35 232
    parking 9 255 flat 1 0 1 250 170 160
    rail_track 10 255 flat 1 0 1 230 150 140
    building 11 2 construction 2 0 0 70 70 70
    wall 12 3 construction 2 0 0 102 102 156
    fence 13 4 construction 2 0 0 190 153 153
    guard_rail 14 255 construction 2 0 1 180 165 180
    bridge 15 255 construction 2 0 1 150 100 100
    tunnel 16 255 construction 2 0 1 150 120 90
    pole 17 5 object 3 0 0 153 153 153
    polegroup 18 255 object 3 0 1 153 153 153
    traffic_light 19 6 object 3 0 0 250 170 30
    traffic_sign 20 7 object 3 0 0 220 220 0
    vegetation 21 8 nature 4 0 0 107 142 35
    terrain 22 9 nature 4 0 0 152 251 152
    sky 23 10 sky 5 0 0 70 130 180
    person 24 11 human 6 1 0 220 20 60
    rider 25 12 human 6 1 0 255 0 0
    car 26 13 vehicle 7 1 0 0 0 142
    truck 27 14 vehicle 7 1 0 0 0 70
    bus 28 15 vehicle 7 1 0 0 60 100
    caravan 29 255 vehicle 7 1 1 0 0 90
    trailer 30 255 vehicle 7 1 1 0 0 110
    train 31 16 vehicle 7 1 0 0 80 100
    motorcycle 32 17 vehicle 7 1 0 0 0 230
    bicycle 33 18 vehicle 7 1 0 119 11 32
    license_plate -1 -1 vehicle 7 0 1 0 0 142
"""


def _class_of(line: str) -> CityscapesClass:
    name, id, train_id, category, category_id, instances, ignored, *color = line.split()
    r, g, b = (int(c) for c in color)
    return CityscapesClass(name.replace("_", " "), int(id), int(train_id), category, int(category_id), instances == "1", ignored == "1", (r, g, b))


_SUFFIXES = {"instance": "instanceIds.png", "semantic": "labelIds.png", "color": "color.png", "polygon": "polygons.json"}


class Cityscapes(VisionDataset[tuple[Any, Any]]):
    """Pictures below leftImg8bit and what is told of them below gtFine or gtCoarse (mode: "fine" or "coarse"), of the archives that one registers for.

    split: "train", "val", and "test" of the fine, "train_extra" of the coarse ones. target_type: one or a list of "instance", "semantic", "color"
    (images) and "polygon" (a dictionary).
    """

    classes = [_class_of(line) for line in _CLASSES.strip().splitlines()]

    def __init__(
        self, root: Root, split: str = "train", mode: str = "fine", target_type: list[str] | str = "instance", transform: Change | None = None,
        target_transform: Change | None = None, transforms: Change | None = None,
    ) -> None:  # fmt: skip
        super().__init__(root, transforms, transform, target_transform)
        verify_str_arg(mode, "mode", ("fine", "coarse"))
        self.mode = "gtFine" if mode == "fine" else "gtCoarse"
        valid = ("train", "test", "val") if mode == "fine" else ("train", "train_extra", "val")
        self.split = verify_str_arg(
            split, "split", valid, f"Unknown value '{split}' for argument split if mode is '{mode}'. Valid values are {{{iterable_to_str(valid)}}}."
        )
        self.target_type = target_type if isinstance(target_type, list) else [target_type]
        for value in self.target_type:
            verify_str_arg(value, "target_type", tuple(_SUFFIXES))
        self.images_dir = os.path.join(self.root, "leftImg8bit", split)
        self.targets_dir = os.path.join(self.root, self.mode, split)
        if not (os.path.isdir(self.images_dir) and os.path.isdir(self.targets_dir)):
            self._extract()
        self.images: list[str] = []
        self.targets: list[list[str]] = []
        for city in os.listdir(self.images_dir):
            for name in os.listdir(os.path.join(self.images_dir, city)):
                start = f"{name.split('_leftImg8bit')[0]}_{self.mode}_"
                self.images.append(os.path.join(self.images_dir, city, name))
                self.targets.append([os.path.join(self.targets_dir, city, start + _SUFFIXES[kind]) for kind in self.target_type])

    def _extract(self) -> None:
        """Unpack the archives. RuntimeError where they are not there."""
        images = "leftImg8bit_trainextra.zip" if self.split == "train_extra" else "leftImg8bit_trainvaltest.zip"
        targets = "gtFine_trainvaltest.zip" if self.mode == "gtFine" else "gtCoarse.zip"
        archives = [os.path.join(self.root, name) for name in (images, targets)]
        if not all(os.path.isfile(path) for path in archives):
            raise RuntimeError(
                'Dataset not found or incomplete. Please make sure all required folders for the specified "split" and "mode" are inside the "root" directory'
            )
        for path in archives:
            extract_archive(path, self.root)

    def _target(self, kind: str, path: str) -> Any:
        if kind != "polygon":
            return pillow("Image", "Cityscapes").open(path)
        with open(path) as file:
            return json.load(file)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        found = tuple([self._target(kind, path) for kind, path in zip(self.target_type, self.targets[index], strict=True)])
        return self._transformed_together(pil_loader(self.images[index]), found if len(found) > 1 else found[0])

    def __len__(self) -> int:
        return len(self.images)

    def extra_repr(self) -> str:
        return f"Split: {self.split}\nMode: {self.mode}\nType: {self.target_type}"
