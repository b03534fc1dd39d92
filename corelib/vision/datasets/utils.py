"""Files of data sets: fetched from the network, checked by their MD5, and unpacked."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import tarfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlparse

from corelib.progress import Progress
from corelib.vision._optional import optional

__all__ = [
    "calculate_md5", "check_integrity", "check_md5", "download_and_extract_archive", "download_file_from_google_drive", "download_url", "extract_archive",
    "iterable_to_str", "list_dir", "list_files", "verify_str_arg",
]  # fmt: skip

USER_AGENT = "pytorch/vision"
Path = str | os.PathLike[str]
T = TypeVar("T", str, bytes)


def calculate_md5(fpath: Path, chunk_size: int = 1024 * 1024) -> str:
    """The MD5 of a file, in hexadecimal.

    >>> import corelib.vision as vision, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a"
    >>> _ = file.write_text("a")
    >>> vision.datasets.utils.calculate_md5(file)
    '0cc175b9c0f1b6a831c399e269772661'
    """
    found = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            found.update(chunk)
    return found.hexdigest()


def check_md5(fpath: Path, md5: str, **kwargs: Any) -> bool:
    """Whether a file has that MD5."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: Path, md5: str | None = None) -> bool:
    """Whether there is such a file and it has that MD5, where one is given."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows so many redirections and no more."""

    def __init__(self, most: int) -> None:
        self.most = self.seen = most

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> Any:
        self.seen -= 1
        if self.seen < 0:
            raise RecursionError(f"Request to {req.full_url} exceeded {self.most} redirects. The last redirect points to {newurl}.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _drive_file(url: str) -> str | None:
    """The number of a file on Google Drive that an address points to."""
    parts = urlparse(url)
    found = re.match(r"/file/d/(?P<id>[^/]*)", parts.path) if re.match(r"(drive|docs)[.]google[.]com", parts.netloc) else None
    return found.group("id") if found else None


def download_url(url: str, root: Path, filename: Path | None = None, md5: str | None = None, max_redirect_hops: int = 3) -> None:
    """Fetch a file into the folder `root`, where it is not there already with that MD5; a bar on stderr tells how far it is.

    The file is there only once it is whole. RuntimeError where its MD5 is another, RecursionError for more redirections.
    """
    root = os.path.expanduser(root)
    path = os.path.join(root, filename or os.path.basename(url))
    os.makedirs(root, exist_ok=True)
    if check_integrity(path, md5):
        return
    drive = _drive_file(url)
    if drive is not None:
        download_file_from_google_drive(drive, root, filename, md5)
        return
    partial = f"{path}.partial"
    opener = urllib.request.build_opener(_Redirects(max_redirect_hops))
    with opener.open(urllib.request.Request(url, headers={"User-Agent": USER_AGENT})) as response:
        length = response.headers.get("Content-Length")
        bar = Progress(os.path.basename(path), None if length is None else int(length), "MB", scale=1e6)
        with open(partial, "wb") as file, bar:
            while chunk := response.read(1 << 15):
                file.write(chunk)
                bar.update(len(chunk))
    os.replace(partial, path)
    if not check_integrity(path, md5):
        raise RuntimeError(f"File not found or corrupted: {path}, from {url}")


def download_file_from_google_drive(file_id: str, root: Path, filename: Path | None = None, md5: str | None = None) -> None:
    """Fetch a file from Google Drive, by the package gdown. RuntimeError where that is not installed, and where the MD5 is another."""
    try:
        gdown = optional("gdown", "download_file_from_google_drive()", "pip install gdown")
    except ImportError as error:
        raise RuntimeError(f"To download files from GDrive, 'gdown' is required. {error}") from None
    root = os.path.expanduser(root)
    path = os.path.join(root, filename or file_id)
    os.makedirs(root, exist_ok=True)
    if check_integrity(path, md5):
        return
    gdown.download(id=file_id, output=path, quiet=False, user_agent=USER_AGENT)
    if not check_integrity(path, md5):
        raise RuntimeError(f"File not found or corrupted: {path}")


def list_dir(root: Path, prefix: bool = False) -> list[str]:
    """The names of the folders in a folder; prefix: their paths."""
    return _listed(root, os.path.isdir, "", prefix)


def list_files(root: Path, suffix: str, prefix: bool = False) -> list[str]:
    """The names of the files in a folder that end with `suffix`; prefix: their paths."""
    return _listed(root, os.path.isfile, suffix, prefix)


def _listed(root: Path, counts: Callable[[str], bool], suffix: str, prefix: bool) -> list[str]:
    root = os.path.expanduser(root)
    found = [name for name in os.listdir(root) if name.endswith(suffix) and counts(os.path.join(root, name))]
    return [os.path.join(root, name) for name in found] if prefix else found


def _extract_tar(source: Path, target: Path) -> None:
    with tarfile.open(source) as archive:
        archive.extractall(target, filter="data")  # nothing outside of the folder


def _extract_zip(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as archive:
        archive.extractall(target)


_ARCHIVES: dict[str, Callable[[Path, Path], None]] = {".tar": _extract_tar, ".zip": _extract_zip}
_OPENERS: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open, ".xz": lzma.open}
_SHORT = {".tbz": (".tar", ".bz2"), ".tbz2": (".tar", ".bz2"), ".tgz": (".tar", ".gz")}


def _kind(file: Path) -> tuple[str, str, str]:
    """How a name ends, and by that its kind of archive and its compression, either of which may be ""."""
    suffixes = pathlib.Path(file).suffixes
    if not suffixes:
        raise RuntimeError(f"File '{os.fspath(file)}' has no suffixes that could be used to detect the archive type and compression.")
    last = suffixes[-1]
    if last in _SHORT:
        return last, *_SHORT[last]
    if last in _ARCHIVES:
        return last, last, ""
    if last in _OPENERS:
        before = suffixes[-2] if len(suffixes) > 1 and suffixes[-2] in _ARCHIVES else ""
        return before + last, before, last
    raise RuntimeError(f"Unknown compression or archive type: '{last}'.\nKnown suffixes are: '{sorted({*_SHORT, *_ARCHIVES, *_OPENERS})}'.")


def extract_archive(from_path: Path, to_path: Path | None = None, remove_finished: bool = False) -> Path:
    """Unpack a .tar or .zip, or a single file that is compressed (.gz, .bz2, .xz), by how its name ends, into a folder: by default its own.

    remove_finished: remove the archive then. Gives the folder, or the file. RuntimeError for other endings.
    """
    target = os.path.dirname(from_path) if to_path is None else to_path
    suffix, archive, compression = _kind(from_path)
    found: Path = target
    if archive:
        _ARCHIVES[archive](from_path, target)
    else:
        found = os.path.join(target, os.path.basename(from_path).removesuffix(suffix))
        with _OPENERS[compression](from_path, "rb") as source, open(found, "wb") as file:
            shutil.copyfileobj(source, file)
    if remove_finished:
        os.remove(from_path)
    return os.fspath(found) if isinstance(from_path, str) else pathlib.Path(found)


def download_and_extract_archive(
    url: str, download_root: Path, extract_root: Path | None = None, filename: Path | None = None, md5: str | None = None, remove_finished: bool = False
) -> None:
    """`download_url` into a folder, and `extract_archive` of what has come, into `extract_root` or the same folder."""
    download_root = os.path.expanduser(download_root)
    name = filename or os.path.basename(url)
    download_url(url, download_root, name, md5)
    extract_archive(os.path.join(download_root, name), download_root if extract_root is None else extract_root, remove_finished)


def iterable_to_str(iterable: Iterable[object]) -> str:
    """Words in quotes, with commas between them."""
    return "'" + "', '".join(str(item) for item in iterable) + "'"


def verify_str_arg(value: T, arg: str | None = None, valid_values: Iterable[T] | None = None, custom_msg: str | None = None) -> T:
    """The string that is one of the valid ones; ValueError, which names the argument, for others.

    >>> import corelib.vision as vision
    >>> vision.datasets.utils.verify_str_arg("train", "split", ("train", "test"))
    'train'
    """
    if not isinstance(value, str):
        raise ValueError(f"Expected type str{f' for argument {arg}' if arg is not None else ''}, but got type {type(value)}.")
    if valid_values is not None and value not in valid_values:
        raise ValueError(custom_msg or f"Unknown value '{value}' for argument {arg}. Valid values are {{{iterable_to_str(valid_values)}}}.")
    return value
