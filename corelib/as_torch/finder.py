"""How a path of PyTorch's becomes a module of corelib's, and what is said of names that are not here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from corelib.as_torch.warned import warn
from corelib.as_torch.moved import moved
from corelib.as_torch.paths import STARS, VISION, paths

if TYPE_CHECKING:  # start-up: importlib.abc is slow to import, and only says what a loader has
    from importlib.abc import Loader
else:
    Loader = object

ABSENT: list[Callable[[str, str], object]] = []
"""Who is told of a module and a name that is not in it: as_torch's report."""
DEVICES = ("cpu", "cuda", "opencl", "mps", "mtia", "xpu")
"""Device types that can be imported (`import torch.cuda`) before they have been asked for; those of other plugins can be afterwards."""
LOADING = RLock()
"""Held while a part of corelib is loaded that was not needed before: parts import each other, and two threads must not meet half way."""


def _free_in_child() -> None:
    lock: Any = LOADING
    if not lock._is_owned():  # by the thread that forked, which goes on loading; any other is not there
        lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_in_child)


class Finder(Loader):
    """Finds below `corelib` what is found nowhere else: devices, PyTorch's paths, and those that corelib's modules had before.

    device: gives the module of a device type (`corelib.cuda`), or None for other names.
    """

    def __init__(self, device: Callable[[str], ModuleType | None]) -> None:
        self.device = device

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The import system's question. It loads nothing: the import system asks with locks held that other imports wait for."""
        if name[:8] != "corelib.":
            return None
        path = name[8:]
        known = path in paths() or path in moved() or path in DEVICES or isinstance(vars(sys.modules["corelib"]).get(path), ModuleType)
        return ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> None:
        """An ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """Put the one module that a path stands for in its place, or let it answer with the names of several."""
        path = module.__name__[8:]
        if path in paths():
            homes = [import_module("corelib" if home == "." else f"corelib.{home}") for home in paths()[path]]
            if is_alias(path, homes):
                sys.modules[module.__name__] = homes[0]
                return
        elif path not in moved():
            sys.modules[module.__name__] = self.device(path) or module
            return
        else:
            now = [f"corelib.{home}" for home in moved()[path].split()]
            warn(
                f"{module.__name__} is now {' and '.join(now)}; the old path will go with the next release", DeprecationWarning
            )
            homes = list(map(import_module, now))

        join(module, path, lambda: homes)
        module.__dict__["__all__"] = module.__getattr__("__all__")


def join(module: ModuleType, path: str, homes: Callable[[], Sequence[ModuleType]], file: str | None = None) -> None:
    """Let a module answer with the names of several, which are asked for when it is; file: where inspect looks for the text of its classes."""

    def get(name: str) -> Any:
        if name == "__all__":
            return STARS[path].split() if path in STARS else sorted({name for home in homes() for name in _public(home)})
        if f"{path}.{name}" in paths():
            return import_module(f"{module.__name__}.{name}")
        for home in homes():
            if hasattr(home, name):
                return getattr(home, name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}; it is now {' and '.join(home.__name__ for home in homes())}")

    module.__doc__, module.__file__ = (None, file) if file else (homes()[0].__doc__, homes()[0].__file__)
    module.__dict__["__getattr__"] = get


def _public(module: ModuleType) -> list[str]:
    """What `from module import *` gives, without modules."""
    listed: list[str] | None = getattr(module, "__all__", None)
    return [name for name, value in vars(module).items() if name[0] != "_" and not isinstance(value, ModuleType)] if listed is None else listed


def module_at(path: str) -> Any:
    """The module of corelib that PyTorch's path below `torch` stands for; "" is the package itself. ImportError where there is none."""
    return import_module(f"corelib.{path}" if path else "corelib")


def is_alias(path: str, homes: Sequence[ModuleType]) -> bool:
    """Whether a path is its home under another name: not where its home is a package,
    whose files would be found twice, or has a path below it, nor where it shows fewer names."""
    return len(homes) == 1 and path not in STARS and not getattr(homes[0], "__path__", None) and not any(other.startswith(f"{path}.") for other in paths())


def attribute_of(package: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package: its submodules and PyTorch's paths below it are loaded when they are first asked for."""

    def get(name: str) -> Any:
        path = f"{package}.{name}"
        if not name.startswith("__"):
            try:
                with LOADING:
                    return import_module(path)
            except ModuleNotFoundError as error:
                if error.name != path:  # the module is there, what it imports is not
                    raise
        raise absent(package, name)

    return get


def paths_below(package: str) -> None:
    """Give a package the `__getattr__` of `attribute_of`; not written there, so that type checkers go on refusing what it lacks."""
    space = sys.modules[package].__dict__
    space["__getattr__"] = attribute_of(package)
    space.setdefault("__path__", [])


M = TypeVar("M", bound=type[ModuleType])


def become(module: str) -> Callable[[M], M]:
    """A decorator: the module of that name becomes one of the decorated class, whose properties then are its settings."""

    def apply(kind: M) -> M:
        sys.modules[module].__class__ = kind
        return kind

    return apply


def former(folder: str, home: str, name: str) -> Any:
    """What a module had, in whose place there is a folder of its name now: the folder asks for it, and `home` is the file in it."""
    if not name.startswith("_"):
        module = import_module(f"{folder}.{home}")
        if hasattr(module, name):
            warn(f"{folder}.{name} is now in {module.__name__}; the old path will go with the next release", DeprecationWarning)
            return getattr(module, name)
    raise AttributeError(f"module {folder!r} has no attribute {name!r}")


def absent(module: str, name: str) -> AttributeError:
    """The error for a name that a module or a class lacks: whether PyTorch has it, and where to read more."""
    if not name.startswith("__"):
        for told in ABSENT:
            told(module, name)
    said = theirs(module) if ABSENT and module.startswith("corelib") else module
    of = module.rpartition(".")[2]
    return AttributeError(f"{f'{of!r} object' if of[:1].isupper() else f'module {said!r}'} has no attribute {name!r}{_reason(theirs(module), name)}", name=name)


def theirs(module: str) -> str:
    """What a module below `corelib` is called where `torch` means corelib: below `torch`, or `torchvision` and what is below it."""
    path = module[8:]
    return f"torch{path}" if path.partition(".")[0] == VISION else f"torch{module[7:]}"


def _reason(space: str, name: str) -> str:
    if name.startswith("_"):
        return ""
    found = facts().get(space, {}).get(name)
    if found is None:
        return ""
    return ": PyTorch has it, but not for users" if found == "internal" else ": PyTorch has it, corelib lacks it; docs/coverage.md lists what is missing"


@cache
def facts() -> dict[str, dict[str, str]]:
    """By PyTorch's namespaces, the names that corelib lacks: "missing" or "internal" (not for users)."""
    found: dict[str, dict[str, str]] = {}
    with open(os.path.join(os.path.dirname(__file__), "absent.txt"), encoding="utf-8") as file:
        for line in file:
            what, space, names = line.split(" ", 2)
            found.setdefault(space, {}).update(dict.fromkeys(names.split(), what))
    return found


def install(device: Callable[[str], ModuleType | None]) -> None:
    """Let imports find what is found nowhere else below `corelib`."""
    sys.meta_path.append(Finder(device))
