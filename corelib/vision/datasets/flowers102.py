"""Oxford 102 Flowers (Nilsback and Zisserman, 2008)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.vision._optional import optional
from corelib.vision.datasets._listed import Listed, Loader, below
from corelib.vision.datasets.folder import default_loader
from corelib.vision.datasets.utils import check_integrity, download_and_extract_archive, download_url, verify_str_arg
from corelib.vision.datasets.vision import Change, Root

__all__ = ["Flowers102"]


class Flowers102(Listed):
    """8,189 pictures of 102 flowers in the folder flowers-102; split: "train", "val" or "test". Reading the lists needs scipy."""

    _download_url_prefix = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
    _file_dict = {
        "image": ("102flowers.tgz", "52808999861908f626f3c1f4e79d11fa"), "label": ("imagelabels.mat", "e0620be6f572b9609742df49c70aed4d"),
        "setid": ("setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c"),
    }  # fmt: skip
    _splits_map = {"train": "trnid", "val": "valid", "test": "tstid"}

    def __init__(
        self, root: Root, split: str = "train", transform: Change | None = None, target_transform: Change | None = None, download: bool = False,
        loader: Loader = default_loader,
    ) -> None:  # fmt: skip
        self._split = verify_str_arg(split, "split", ("train", "val", "test"))
        super().__init__(root, transform, target_transform, download, loader)

    def _there(self) -> bool:
        lists = [self._file_dict[name] for name in ("label", "setid")]
        return below(self.root, "flowers-102", "jpg").is_dir() and all(check_integrity(below(self.root, "flowers-102", name), md5) for name, md5 in lists)

    def _download(self) -> None:
        for number, (name, md5) in enumerate(self._file_dict.values()):
            fetch = download_url if number else download_and_extract_archive
            fetch(self._download_url_prefix + name, below(self.root, "flowers-102"), md5=md5)

    def _found(self) -> tuple[Sequence[Any], Sequence[Any]]:
        read = optional("scipy.io", "Flowers102", "pip install scipy").loadmat
        folder = below(self.root, "flowers-102")
        numbers = read(folder / self._file_dict["setid"][0], squeeze_me=True)[self._splits_map[self._split]].tolist()
        labels = (read(folder / self._file_dict["label"][0], squeeze_me=True)["labels"] - 1).tolist()
        return [folder / "jpg" / f"image_{n:05d}.jpg" for n in numbers], [labels[n - 1] for n in numbers]

    def extra_repr(self) -> str:
        return f"split={self._split}"
