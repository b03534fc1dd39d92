"""torchvision.datasets.utils beside torchvision's: archives unpacked, and small functions of files."""

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import corelib
import corelib.vision as vision
import pytest
import torch

from ..pairs import both, errors_of
from .beside import torchvision

SETS = {corelib: vision.datasets, torch: torchvision.datasets}


def archives(folder):
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("some text")
    for name, mode in (("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.tbz", "w:bz2"), ("a.tar.xz", "w:xz")):
        with tarfile.open(folder / name, mode) as archive:
            archive.add(folder / "in" / "a.txt", "deep/a.txt")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "in" / "a.txt", "deep/a.txt")
    for name, module in (("b.txt.gz", gzip), ("b.txt.bz2", bz2), ("b.txt.xz", lzma)):
        (folder / name).write_bytes(module.compress(b"some text"))


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tbz", "a.tar.xz", "a.zip", "b.txt.gz", "b.txt.bz2", "b.txt.xz"])
@pytest.mark.parametrize("remove", [False, True])
def test_archives_are_unpacked_as_by_torchvision(tmp_path, name, remove):
    found = []
    for number, sets in enumerate(SETS.values()):
        for kind in (str, Path):
            root = tmp_path / f"{number}{kind.__name__}"
            root.mkdir()
            archives(root)
            for target in (None, kind(root / "there")):
                if target is not None:
                    (root / "there").mkdir()
                    archives_again = root / name
                    if not archives_again.exists():
                        continue
                told = sets.utils.extract_archive(kind(root / name), target, remove)
                found.append((number, kind.__name__, target is None, type(told).__name__, os.path.relpath(told, root), {k: None if k.startswith(("a.", "b.txt.")) else v for k, v in tree(root).items()}))
    half = len(found) // 2
    assert [each[1:] for each in found[:half]] == [each[1:] for each in found[half:]]


def test_small_functions_of_files(tmp_path):
    archives(tmp_path)
    for call in (
        lambda u: u.calculate_md5(tmp_path / "in" / "a.txt"), lambda u: u.check_md5(tmp_path / "in" / "a.txt", "x"), lambda u: u.check_integrity(tmp_path / "in"),
        lambda u: u.check_integrity(tmp_path / "in" / "a.txt"), lambda u: u.check_integrity(tmp_path / "no"), lambda u: sorted(u.list_dir(tmp_path)),
        lambda u: sorted(u.list_files(str(tmp_path), ".gz", prefix=True)), lambda u: u.iterable_to_str([1, "a"]), lambda u: u.verify_str_arg("a", "x", ("a", "b")),
        lambda u: u.verify_str_arg("a"),
    ):  # fmt: skip
        mine, theirs = both(lambda T: call(SETS[T].utils))
        assert mine == theirs
    for wrong in (
        lambda u: u.extract_archive(tmp_path / "noending"), lambda u: u.extract_archive(tmp_path / "a.rar"), lambda u: u.verify_str_arg(1, "x", ("a",)),
        lambda u: u.verify_str_arg("c", "x", ("a",)), lambda u: u.verify_str_arg("c", "x", ("a",), "said so"), lambda u: u.verify_str_arg(1),
        lambda u: u.download_file_from_google_drive("x", tmp_path),
    ):  # fmt: skip
        mine, theirs = errors_of(lambda T: wrong(SETS[T].utils))
        assert type(mine) is type(theirs) and (str(mine) == str(theirs) or "verify" not in str(wrong)), (mine, theirs)
