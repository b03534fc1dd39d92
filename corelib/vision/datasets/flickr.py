"""Flickr8k and Flickr30k: pictures with captions (Hodosh et al., 2013; Young et al., 2014)."""

from __future__ import annotations

import os
from collections import defaultdict
from glob import glob
from html.parser import HTMLParser
from typing import Any

from corelib.vision.datasets._listed import Loader
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.vision import Change, Root, VisionDataset

__all__ = ["Flickr30k", "Flickr8k"]


class Flickr8kParser(HTMLParser):
    """Reads the web page of Flickr8k: `annotations` has the captions of each picture's path."""

    def __init__(self, root: Root) -> None:
        super().__init__()
        self.root = root
        self.annotations: dict[str, list[str]] = {}
        self.in_table = False
        self.current_tag: str | None = None
        self.current_img: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.current_tag = tag
        self.in_table = self.in_table or tag == "table"

    def handle_endtag(self, tag: str) -> None:
        self.current_tag = None
        self.in_table = self.in_table and tag != "table"

    def handle_data(self, data: str) -> None:
        if not self.in_table:
            return
        if data == "Image Not Found":
            self.current_img = None
        elif self.current_tag == "a":
            self.current_img = glob(os.path.join(self.root, f"{data.split('/')[-2]}_*.jpg"))[0]
            self.annotations[self.current_img] = []
        elif self.current_tag == "li" and self.current_img:
            self.annotations[self.current_img].append(data.strip())


class _Flickr(VisionDataset[tuple[Any, Any]]):
    def __init__(
        self, root: Root, ann_file: str, transform: Change | None = None, target_transform: Change | None = None, loader: Loader = default_loader
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.ann_file = os.path.expanduser(ann_file)
        self.annotations = self._read()
        self.ids = sorted(self.annotations)
        self.loader = loader

    def _read(self) -> dict[str, list[str]]:
        raise NotImplementedError

    def _path(self, name: str) -> str:
        raise NotImplementedError

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        name = self.ids[index]
        return self._transformed(self.loader(self._path(name)), self.annotations[name])

    def __len__(self) -> int:
        return len(self.ids)


class Flickr8k(_Flickr):
    """The pictures in a folder with lists of captions, which `ann_file`, the web page, has."""

    def _read(self) -> dict[str, list[str]]:
        parser = Flickr8kParser(self.root)
        with open(self.ann_file) as file:
            parser.feed(file.read())
        return parser.annotations

    def _path(self, name: str) -> str:
        return name  # the page's reader has found the file itself


class Flickr30k(_Flickr):
    """The pictures in a folder with lists of captions, which `ann_file` has: a name with "#" and a number, a tab, a caption."""

    def _read(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        with open(self.ann_file) as file:
            for line in file:
                name, caption = line.strip().split("\t")
                found[name[:-2]].append(caption)
        return found

    def _path(self, name: str) -> str:
        return os.path.join(self.root, name)
