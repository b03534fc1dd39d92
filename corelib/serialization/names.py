"""Under which of PyTorch's names a file knows corelib's classes and functions, and what a name of PyTorch's is here."""

from __future__ import annotations

from typing import Any

from corelib.as_torch.finder import module_at
from corelib.as_torch.paths import OWN
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


def torch_name(value: Any) -> tuple[str, str] | None:
    """PyTorch's module and name for a class or function of corelib's; None for those of others, and for what PyTorch does not have."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "<locals>")
    if not isinstance(module, str) or "<locals>" in name:
        return None
    if module.partition(".")[0] == "torch":  # under as_torch, and classes that always say so, as FloatTensor
        return module, name
    if module == "corelib":
        return "torch", name
    if not module.startswith("corelib.") or module.split(".")[1] in _NOT_NAMED:
        return _face_class(value, name) if isinstance(value, type) and module.startswith("corelib.") else None
    return f"torch.{module[8:]}", name


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

