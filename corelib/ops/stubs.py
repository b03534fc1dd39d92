"""Type stubs from the table: `python -m corelib.ops.stubs` writes them.

`corelib/__init__.pyi` and `corelib/tensor/tensor.pyi` say what the table puts on the package and on Tensor at run time, so
that an editor and a type checker know `x.softmax(-1)`.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import corelib
from corelib.ops import torch_names
from corelib.tensor.tensor import Tensor

_HEAD = '"""Written by `python -m corelib.ops.stubs`; do not edit."""\n\nimport builtins\nfrom typing import Any\n\n'
_ROOT = Path(corelib.__file__).parent


def generate() -> dict[Path, str]:
    """Each stub file and its text."""
    return {_ROOT / "tensor" / "tensor.pyi": _tensor_stub(), _ROOT / "__init__.pyi": _package_stub()}


def _parameters(function: Any, method: bool) -> str:
    parts, star = [], False
    for i, p in enumerate(inspect.signature(function).parameters.values()):
        if p.kind is p.VAR_POSITIONAL:
            parts.append(f"*{p.name}: Any")
            star = True
        elif p.kind is p.VAR_KEYWORD:
            parts.append(f"**{p.name}: Any")
        else:
            if p.kind is p.KEYWORD_ONLY and not star:
                parts.append("*")
                star = True
            name = "self" if method and i == 0 else f"{p.name}: {_annotation(p)}"
            parts.append(name if p.default is p.empty else f"{name} = ...")
    return ", ".join(parts)


def _annotation(p: Any) -> str:
    note = str(p.annotation)
    return "Tensor" if note == "Tensor" and p.default is p.empty and p.name in ("input", "self") else "Any"


def _returns(function: Any) -> str:
    if function.__module__ in ("corelib.tensor.construct", "corelib.ops.random") and function.__name__ in corelib.__dict__:
        return "Tensor"
    note = inspect.signature(function).return_annotation
    note = note if isinstance(note, str) else getattr(note, "__name__", "Any")
    return f"builtins.{note}" if note in ("bool", "int", "float", "str") else note if note in ("Tensor", "None") else "Any"


def _define(name: str, function: Any, method: bool) -> str:
    try:
        return f"def {name}({_parameters(function, method)}) -> {_returns(function)}: ..."
    except ValueError:
        return f"def {name}(*args: Any, **kwargs: Any) -> Any: ..."


def _tensor_stub() -> str:
    lines = ["class Tensor:"]
    builtin = {"__class__", "__dict__", "__doc__", "__module__", "__slots__", "__weakref__", "__new__", "__annotations__"}
    for name in sorted(vars(Tensor)):
        value = inspect.getattr_static(Tensor, name)
        if name in builtin:
            continue
        if inspect.ismemberdescriptor(value):
            lines.append(f"    {name}: Any")
            continue
        if isinstance(value, staticmethod):
            lines.append("    @staticmethod\n    " + _define(name, value.__func__, False))
            continue
        if isinstance(value, property):
            lines.append(f"    @property\n    def {name}(self) -> {_property(value)}: ...")
            if value.fset is not None:
                lines.append(f"    @{name}.setter\n    def {name}(self, value: Any) -> None: ...")
        elif callable(value):
            text = _define(name, value, True)
            if name in ("__eq__", "__ne__"):
                text = f"def {name}(self, other: object) -> Tensor: ...  # type: ignore[override]"
            lines.append("    " + text)
        else:
            lines.append(f"    {name}: Any")
    lines.append("    def __init__(self, *args: Any, **kwargs: Any) -> None: ...")
    return _HEAD + "\n".join(lines) + "\n"


def _property(value: property) -> str:
    try:
        note = inspect.signature(value.fget).return_annotation  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "Any"
    return "builtins.bool" if note == "bool" else "Tensor" if note == "Tensor" else "Any"


def _package_stub() -> str:
    lines = ["from types import ModuleType as ModuleType", "", "from corelib.tensor.tensor import Tensor as Tensor", ""]
    functions = torch_names()
    from corelib import _LATER  # type: ignore[attr-defined]

    modules = sorted(n for n, (_, attribute) in _LATER.items() if attribute is None and n not in ("random", "testing", "autograd"))
    lines += [f"from corelib import {n} as {n}" for n in modules if (_ROOT / n).exists() or (_ROOT / f"{n}.py").exists()]
    for name in sorted({*dir(corelib), *_LATER} - set(modules)):
        if (name.startswith("_") and name != "__version__") or name in ("annotations", "Any", "Tensor", "ops"):
            continue
        if name in functions:
            lines.append(_define(name, functions[name], False))
            continue
        value = None if name in _LATER else getattr(corelib, name)
        if inspect.isfunction(value):
            lines.append(_define(name, value, False))
        else:
            lines.append(f"{name}: Any")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path, text in generate().items():
        path.write_text(text)
