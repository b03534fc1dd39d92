"""What the names `torch` and `torchvision` mean while they mean corelib."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

from corelib.as_torch import finder, naming
from corelib.as_torch.paths import OWN, VISION, paths
from corelib.as_torch.versions import __version__

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object

asked: Counter[str] = Counter()
"""How often a name or a path that is not here was asked for."""
NAMES = ("torch", f"torch{VISION}")
"""The packages that are corelib's."""
SHIM = str(Path(__file__).with_name("shim"))
"""A folder with a `torch` and a `torchvision` that are these: by PYTHONPATH, child processes find them."""

PLACE = os.path.join(SHIM, "torch")
"""The folder that the package says it is in, for programs that look for its modules there: `pkgutil.iter_modules(torch.__path__)`."""


class Place:
    """What pkgutil asks for the modules of a folder: those below `torch`."""

    def __init__(self, folder: str) -> None:
        if folder != PLACE:
            raise ImportError(folder)

    def find_spec(self, name: str, target: ModuleType | None = None) -> None:
        """Nothing: the finder of paths has been asked before."""

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """PyTorch's modules that are here, and whether they have some below them."""
        files = {found.name: found.ispkg for found in iter_modules(import_module("corelib").__path__)}
        for name in sorted({*files, *finder.DEVICES, *(path.partition(".")[0] for path in paths())} - OWN):
            yield prefix + name, files.get(name, any(path.startswith(f"{name}.") for path in paths()))


class Torch(ModuleType):
    """The module `torch`: all that the face of corelib has, with PyTorch's version."""

    def __init__(self, face: ModuleType) -> None:
        super().__init__("torch", face.__doc__)
        own = {"__name__", "__spec__", "__loader__", "__path__", "__package__", "__getattr__", "__dir__", *OWN}
        self.__dict__.update({name: value for name, value in vars(face).items() if name not in own or (name in OWN and not isinstance(value, ModuleType))})
        self.__path__: list[str] = [PLACE]
        self.__version__ = __version__
        self.version = import_module("corelib.as_torch.pytorch_version")
        self._face = face

    def __getattr__(self, name: str) -> Any:
        if name in OWN:
            raise finder.absent("corelib", name)
        with finder.LOADING:
            found = getattr(self._face, name)
        self.__dict__[name] = found
        if isinstance(found, ModuleType):
            sys.modules.setdefault(f"torch.{name}", found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *(set(dir(self._face)) - OWN), *(path for path in paths() if "." not in path)} - {"_face"})


class Finder(Loader):
    """Finds below `torch` what is below `corelib`, and as `torchvision` what is `corelib.vision`: the very same modules."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The import system's question. None for what corelib lacks, so that the import fails by that name."""
        if name.partition(".")[0] not in NAMES:
            return None
        own = own_path(name)
        if own is None or (own != "corelib" and _place(own) is None):
            asked[name] += 1
            return None
        return ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """`torch` is a module of its own; the others are made for the import only, and replaced."""
        return Torch(import_module("corelib")) if spec.name == "torch" else None

    def exec_module(self, module: ModuleType) -> None:
        """Put corelib's module in the place of the one made for the import, and beside it those below it that are loaded already."""
        own = own_path(module.__name__) or "corelib"
        with finder.LOADING:
            found = module if own == "corelib" else import_module(own)
        sys.modules[module.__name__] = found
        below = f"{own}."
        for name, loaded in list(sys.modules.items()):
            if name.startswith(below) and own_path(path := module.__name__ + name[len(own) :]) == name:
                sys.modules.setdefault(path, loaded)


def _place(own: str) -> Iterable[str] | None:
    """Where files below a module of corelib would be; None where there is no such module.

    It imports nothing: the import system asks with a lock held that every import takes.
    """
    module = sys.modules.get(own)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        return getattr(module, "__path__", ())
    above = _place(own.rpartition(".")[0])
    if above is None:
        return None
    found = (finder.find_spec(own, list(above)) for finder in sys.meta_path if not isinstance(finder, Finder))
    spec = next((spec for spec in found if spec is not None), None)
    return None if spec is None else spec.submodule_search_locations or ()


def own_path(name: str) -> str | None:
    """Where a path below `torch` or `torchvision` is below `corelib`; None where it is no path of PyTorch's."""
    package, _, path = name.partition(".")
    if package == f"torch{VISION}":
        return f"corelib.{VISION}.{path}" if path else f"corelib.{VISION}"
    if path.partition(".")[0] in OWN:
        return "corelib.as_torch.pytorch_version" if path == "version" else None
    return f"corelib.{path}" if path else "corelib"


def _lacking(tensor: object, name: str) -> Any:
    raise finder.absent("corelib.Tensor", name)


def _told(module: str, name: str) -> None:
    asked[f"{finder.theirs(module)}.{name}"] += 1


def install() -> None:
    """Let `import torch` and `import torchvision`, and every path below them, mean corelib: here, and in the processes that are started from here.

    RuntimeError where PyTorch itself has been imported already: objects of both would meet. PyTorch's files stay as they are.

    >>> import corelib.as_torch
    >>> corelib.as_torch.install()  # doctest: +SKIP
    >>> import torch  # doctest: +SKIP
    """
    if isinstance(sys.modules.get("torch"), Torch):
        return
    for package, said in zip(NAMES, ("PyTorch", "torchvision"), strict=True):
        if package in sys.modules and sys.modules[package].__name__ == package:  # and is not corelib's
            raise RuntimeError(
                f"as_torch.install(): {said} has been imported already, from {getattr(sys.modules[package], '__file__', None)}; "
                "call install() before the first `import torch`, or start the program with `python -m corelib.as_torch`"
            )
    sys.meta_path.insert(0, Finder())
    sys.path_hooks.insert(0, Place)
    sys.path_importer_cache.pop(PLACE, None)
    finder.ABSENT.append(_told)
    naming.say_torch()
    import_module("corelib").Tensor.__getattr__ = _lacking  # only for what no attribute is found for
    if SHIM not in sys.path:
        sys.path.insert(1, SHIM)
    if SHIM not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (SHIM, os.environ.get("PYTHONPATH"))))
    import_module("torch")
