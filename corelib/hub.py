"""torch.hub: files from the network into a local folder, whole and checked; and models by the `hubconf.py` of a folder."""

from __future__ import annotations

import builtins
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

from corelib.progress import Progress
from corelib.serialization import load as load_file
from corelib.serialization.locations import MapLocation

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
"""The beginning of a file's SHA-256 in its name: resnet18-bfd8deac.pth."""
READ_DATA_CHUNK = 1 << 17
"""How many bytes of a download are read at once."""
ENV_TORCH_HOME, ENV_XDG_CACHE_HOME, DEFAULT_CACHE_DIR = "TORCH_HOME", "XDG_CACHE_HOME", "~/.cache"
"""Where `get_dir` looks."""
_dir: str | None = None


def get_dir() -> str:
    """The folder for what is downloaded: `set_dir`'s, else $TORCH_HOME/hub, $XDG_CACHE_HOME/torch/hub, or ~/.cache/torch/hub.

    >>> import corelib as torch
    >>> torch.hub.get_dir()[-3:]
    'hub'
    """
    if _dir is not None:
        return _dir
    return os.path.join(_get_torch_home(), "hub")


def _get_torch_home() -> str:
    """The folder above `hub`: $TORCH_HOME, $XDG_CACHE_HOME/torch, or ~/.cache/torch."""
    return os.path.expanduser(os.getenv(ENV_TORCH_HOME) or os.path.join(os.getenv(ENV_XDG_CACHE_HOME) or DEFAULT_CACHE_DIR, "torch"))


def set_dir(d: str | os.PathLike[str]) -> None:
    """Put what is downloaded into another folder from now on."""
    global _dir
    _dir = os.path.expanduser(d)


def download_url_to_file(url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None, progress: bool = True) -> None:
    """Write what a URL gives to the file `dst`, which is there only once it is whole.

    A download that broke goes on where it stopped, if the server can and its file is still the same. hash_prefix: how the SHA-256 of the
    file must begin; RuntimeError where it does not, and where fewer bytes came than were announced. progress: a bar on stderr, where that is a terminal.

    >>> import corelib as torch, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_text("text")
    >>> torch.hub.download_url_to_file((folder / "a").as_uri(), folder / "b", progress=False)
    >>> (folder / "b").read_text()
    'text'
    """
    target = os.path.expanduser(dst)
    partial, facts = target + ".partial", target + ".partial.json"
    begun = _begun(partial, facts, url)
    headers = {"User-Agent": "corelib.hub"}
    if begun:
        headers |= {"Range": f"bytes={begun[0]}-", "If-Range": begun[1]}
    try:
        response = urlopen(Request(url, headers=headers))
    except HTTPError as error:
        if error.code != 416 or not begun:  # what is there is no beginning of the file
            raise
        response, begun = urlopen(Request(url, headers={"User-Agent": headers["User-Agent"]})), None
    with response:
        start = begun[0] if begun and response.status == 206 else 0
        length = response.headers.get("Content-Length")
        whole = None if length is None else start + int(length)
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        Path(facts).write_text(json.dumps({"url": url, "tag": tag}))
        bar = Progress(os.path.basename(target), whole, "MB", scale=1e6, start=start, shown=None if progress else False)
        with open(partial, "ab" if start else "wb") as file, bar:
            while block := response.read(READ_DATA_CHUNK):
                file.write(block)
                bar.update(len(block))
    size = os.path.getsize(partial)
    if whole is not None and size < whole:
        raise RuntimeError(f"download_url_to_file(): {url} gave {size} of {whole} bytes; call again to go on from there")
    if hash_prefix:
        with open(partial, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not digest.startswith(hash_prefix):
            os.remove(partial)
            os.remove(facts)
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{digest}")')
    os.replace(partial, target)
    os.remove(facts)


def _begun(partial: str, facts: str, url: str) -> tuple[int, str] | None:
    """How many bytes of the same file are there already, and what tells that it is the same."""
    try:
        known = json.loads(Path(facts).read_text())
        size = os.path.getsize(partial)
    except (OSError, ValueError):
        return None
    return (size, known["tag"]) if size and known.get("url") == url and known.get("tag") and not known["tag"].startswith("W/") else None


def load_state_dict_from_url(
    url: str, model_dir: str | os.PathLike[str] | None = None, map_location: MapLocation = None, progress: bool = True, check_hash: bool = False,
    file_name: str | None = None, weights_only: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """What `torch.load` reads of a file from the network, which is downloaded once, into `model_dir` (the hub's checkpoints folder).

    check_hash: the name has the beginning of the file's SHA-256 between its last "-" and ".", and it is checked. file_name: the name here.
    weights_only: as `torch.load` has it.
    """
    folder = Path(model_dir) if model_dir is not None else Path(get_dir()) / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    file = folder / name
    if not file.exists():
        sys.stdout.write(f'Downloading: "{url}" to {file}\n')
        found = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, file, found.group(1) if found else None, progress)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) == 1 and not members[0].filename.endswith("data.pkl"):  # a file that was zipped
                with archive.open(members[0]) as source, open(file.with_name(f"{name}.{uuid.uuid4().hex}"), "w+b") as copy:
                    shutil.copyfileobj(source, copy)
                    copy.seek(0)
                    try:
                        return _loaded(copy, map_location, weights_only)
                    finally:
                        os.remove(copy.name)
    return _loaded(file, map_location, weights_only)


load_url = load_state_dict_from_url
"""The older name, of torch.utils.model_zoo."""


def _loaded(file: Path | IO[bytes], map_location: MapLocation, weights_only: bool) -> dict[str, Any]:
    found: dict[str, Any] = load_file(file, map_location=map_location, weights_only=weights_only)
    return found


@contextmanager
def _hubconf(repo_or_dir: str, source: str, name: str) -> Iterator[ModuleType]:
    """The module `hubconf.py` of a folder, which may import from there meanwhile. RuntimeError for repositories on the network."""
    if source not in ("github", "local"):
        raise ValueError(f'hub.{name}(): Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        raise RuntimeError(
            f"hub.{name}(): corelib runs no code from the network. Fetch the repository {repo_or_dir!r} yourself, and say "
            f'torch.hub.{name}("path/to/its/folder", ..., source="local")'
        )
    path = os.path.join(os.path.expanduser(repo_or_dir), "hubconf.py")
    if not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    spec = importlib.util.spec_from_file_location("hubconf", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec.loader.exec_module(module)
        missing = [package for package in getattr(module, "dependencies", ()) if importlib.util.find_spec(package) is None]
        if missing:
            raise RuntimeError(f"hub.{name}(): Missing dependencies: {', '.join(missing)}")
        yield module
    finally:
        sys.path.remove(os.path.dirname(path))


def _entry(module: ModuleType, model: str) -> Callable[..., Any]:
    if not isinstance(model, str):
        raise ValueError(f"Invalid input: model should be a string of function name, got {type(model).__name__}")
    found: Callable[..., Any] | None = module.__dict__.get(model)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def list(
    github: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: object = None, verbose: bool = True, *, source: str = "github"
) -> builtins.list[str]:
    """The names of the models that the `hubconf.py` of a folder offers: its functions without an underscore. Only `source="local"`."""
    with _hubconf(github, source, "list") as module:
        return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]


def help(
    github: str, model: str, force_reload: bool = False, skip_validation: bool = False, trust_repo: object = None, *, source: str = "github"
) -> str | None:
    """The docstring of a model's function in the `hubconf.py` of a folder. Only `source="local"`."""
    with _hubconf(github, source, "help") as module:
        return _entry(module, model).__doc__


def load(
    repo_or_dir: str, model: str, *args: Any, source: str = "github", trust_repo: object = None, force_reload: bool = False, verbose: bool = True,
    skip_validation: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """What a function in the `hubconf.py` of a folder returns for the arguments, usually a model.

    Only `source="local"`: RuntimeError for repositories on the network, FileNotFoundError without a hubconf.py, RuntimeError for
    packages that it names in `dependencies` and that are not here, and for a model that it does not have.
    """
    with _hubconf(repo_or_dir, source, "load") as module:
        return _entry(module, model)(*args, **kwargs)
