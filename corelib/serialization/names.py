"""Under which of PyTorch's names a file knows corelib's classes and functions, and what a name of PyTorch's is here."""

from __future__ import annotations

from functools import cache
from types import FunctionType
from typing import Any

from corelib.as_torch.finder import module_at
from corelib.as_torch.paths import OWN, paths
from corelib.ops import namespace
from corelib.ops.return_types import KINDS

__all__ = ["resolved", "torch_name"]

# Rooms whose classes no pickle of PyTorch's holds, or that its files have in ways of their own.
_NOT_NAMED = frozenset(("ops", "serialization", "autograd", "testing", "capture", *OWN)) - {"data"}
# Where PyTorch's compiled modules keep what its Python modules show.
_COMPILED = {"torch._C": "torch", "torch._C._nn": "torch.nn.functional", "torch._C._VariableFunctions": "torch"} | {
    f"torch._C._{space}": f"torch.{space}" for space in ("fft", "linalg", "special")
}
# Where PyTorch's modules have a class that they do not show.
_HIDDEN = {"torch._C.Generator": "torch.Generator", "torch._C._VariableFunctionsClass": ""}


@cache
def _homes() -> dict[str, str]:
    """PyTorch's paths by the modules of corelib that they are; the longest where there are several, as it is the most exact."""
    found: dict[str, str] = {}
    for path, homes in paths().items():
        for home in homes:
            if home != "." and len(path) > len(found.get(home, "")):
                found[home] = path
    return found


def _module(name: str) -> str | None:
    """PyTorch's path of a module of corelib's; None where it has no such."""
    if not name.startswith("corelib."):
        return None
    path = name[8:]
    if path.startswith("optim.lr_scheduler."):  # a folder here, a file there
        return "torch.optim.lr_scheduler"
    if path in _homes():
        found, _, last = _homes()[path].rpartition(".")
        return f"torch.{found}" if last[0] == "_" and found else f"torch.{found}.{last}".replace("..", ".")  # classes of a private module say their package's name
    return None if path.partition(".")[0] in _NOT_NAMED else f"torch.{path}"


def torch_name(value: Any) -> tuple[str, str] | None:
    """PyTorch's module and name for a class or function of corelib's; None for those of others, and for what PyTorch does not have."""
    module = getattr(value, "__module__", None)
    if not isinstance(module, str) or not module.startswith(("corelib", "torch")):
        return None
    name = value.__qualname__
    if module.startswith("torch"):  # classes that say so themselves, as FloatTensor
        return module, name
    where = _module(module)
    if where is not None and "<locals>" not in name:
        return where, name
    if isinstance(value, FunctionType):
        for space in ("nn.functional", "torch", "linalg", "fft", "special"):
            for called in (value.__name__, name.removeprefix(f"{space}_")):
                if namespace(space).get(called) is value:
                    return ("torch" if space == "torch" else f"torch.{space}"), called
    return _face_class(value, name) if isinstance(value, type) else None


def _face_class(value: type, name: str) -> tuple[str, str] | None:
    return ("torch", name) if not name.startswith("_") and getattr(module_at(""), name, None) is value else None


def resolved(module: str, name: str) -> Any:
    """What PyTorch's `module.name` is here. AttributeError where corelib has nothing for it."""
    full = f"{module}.{name}"
    if full in _HIDDEN:
        module, _, name = _HIDDEN[full].rpartition(".")
        if not name:
            return module_at("")
    if module == "torch.return_types":  # which PyTorch makes of the values and of what has no place among them
        kind = KINDS[name]
        return lambda values, named=None: kind(*values)
    space = _COMPILED.get(module, module)
    try:
        found: Any = module_at(space[6:])
    except ImportError as error:
        raise AttributeError(f"corelib has nothing for PyTorch's module {module}") from error
    prefix = f"{space.rpartition('.')[2]}_" if space != module else ""
    if prefix and name.startswith(prefix) and not hasattr(found, name):
        name = name.removeprefix(prefix)
    for part in name.split("."):
        found = getattr(found, part)
    return found

