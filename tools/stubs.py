"""The type stubs of what the op table puts on `Tensor` and into the packages: `python -m tools.stubs [--check]`.

An editor and a type checker read source, and methods that are put on a class while a program starts are not in it. So
this writes `.pyi` files beside `corelib/__init__.py`, `corelib/tensor/base.py` and `corelib/nn/functional.py`: what
stands in those sources, taken from their syntax, and the table's functions, with the signatures that they have.
Where an op's annotation says Any, the name of the parameter says more (`dtype`, `device`, `dim`, ...).
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import corelib
import corelib.nn
from corelib.dispatcher.op import TABLE
from corelib.ops import namespace, return_types
from corelib.ops.linalg import results
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.base import TensorBase

ROOT = Path(corelib.__file__).parent
HEAD = "# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.\n"

SHOWN = ("nn.functional", "linalg", "fft", "special")
_BUILTINS = ("bool", "bytes", "complex", "dict", "float", "int", "list", "object", "str", "tuple", "type")
_TYPING = {"Any": "typing", "overload": "typing", "Callable": "collections.abc", "Iterator": "collections.abc",
           "Sequence": "collections.abc"}  # fmt: skip
_HOMES = {
    "Tensor": ("corelib.tensor.tensor", "Tensor"), "Size": ("corelib.tensor.size", "Size"),
    "DType": ("corelib.tensor.dtype", "dtype"), "Device": ("corelib.tensor.device", "device"),
    "Layout": ("corelib.tensor.layout", "layout"), "MemoryFormat": ("corelib.tensor.layout", "memory_format"),
    "Generator": ("corelib.ops.random.generator", "Generator"), "Storage": ("corelib.tensor.storage", "Storage"),
    "Node": ("corelib.graph.node", "Node"), "RemovableHandle": ("corelib.graph.handles", "RemovableHandle"),
    "TypedStorage": ("corelib.tensor.storage", "TypedStorage"), "DispatchKey": ("corelib.tensor.keys", "DispatchKey"),
}  # fmt: skip

_NUMBER = "int | float | bool | complex"
# What corelib's own names for types stand for.
_ALIASES = {
    "Number": _NUMBER, "Dims": "int | Sequence[int] | None", "Shape": "tuple[int, ...]", "Strides": "tuple[int, ...]",
    "DeviceLike": "Device | str | int | None",
}  # fmt: skip
_INTS = "int | Sequence[int]"
# What a parameter takes that its op declares as Any.
_BY_NAME = {
    "dtype": "DType | type[Any]", "device": "Device | str | int", "layout": "Layout", "memory_format": "MemoryFormat",
    "generator": "Generator", "dim": _INTS, "dims": _INTS, "shifts": _INTS, "alpha": _NUMBER, "beta": _NUMBER,
    "fill_value": f"Tensor | {_NUMBER}", "normalized_shape": _INTS, "output_size": "int | None | Sequence[int | None]",
    "kernel_size": _INTS, "tensors": "Sequence[Tensor]",
}  # fmt: skip
# Named results; each is imported from where it is declared.
_HOMES.update(
    {name: (module.__name__, name) for module in (results, return_types) for name, value in vars(module).items() if hasattr(value, "_fields")}
)
# What these return depends on their arguments.
_SEVERAL = ("max", "min", "sort", "topk", "aminmax", "unique", "unique_consecutive", "nonzero", "where", "type", "median", "nanmedian")
_LISTS = ("chunk", "unbind")
_SIZES = ("size", "sizes", "dims")


class Names:
    """The names of types in one stub file: each is imported under a private name, for methods and dtypes hide them.

    `Tensor.float` is a method and `corelib.int` a dtype, so an annotation in such a scope cannot say float or int.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self.used: set[str] = set()

    def annotation(self, text: str) -> str:
        """An annotation with the private names in it; what this file does not know becomes Any."""
        text = re.sub(r"\bAside\[(.*?)\](?=\s*(?:\||$))", r"\1", text)  # a type that says only that it is no operand
        for alias, meaning in _ALIASES.items():
            text = re.sub(rf"\b{alias}\b", meaning, text)
        tree = ast.parse(text.strip("'\""), mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                node.id = self._private(node.id)
            elif isinstance(node, ast.Attribute):  # as in builtins.list
                node.attr = self._private(node.attr)
        text = ast.unparse(tree).replace("builtins.", "")
        return "_Any" if "_Any" in text.split(" | ") else text

    def _private(self, name: str) -> str:
        if name in ("None", "builtins", "Self"):
            return name
        if name == "dtype":
            name = "DType"
        known = name in _BUILTINS or name in _TYPING or name in _HOMES
        name = name if known else "Any"
        if name in _HOMES and _HOMES[name][0] == self.module:
            return name
        self.used.add(name)
        return f"_{name}"

    def imports(self) -> str:
        """The import statements of the names used."""
        lines: dict[str, list[str]] = {}
        for name in sorted(self.used):
            module, attribute = _HOMES.get(name, (_TYPING.get(name, "builtins"), name))
            lines.setdefault(module, []).append(f"{attribute} as _{name}")
        order = sorted(lines, key=lambda m: (m.startswith("corelib"), m))
        return "".join(f"from {m} import {', '.join(sorted(lines[m]))}\n" for m in order)


def _signature(name: str, function: Any, names: Names, method: bool) -> str:
    """One function's parameters and result as a stub writes them."""
    op = getattr(function, "op", None)
    notes = dict(getattr(function, "__annotations__", {}))
    shown: list[str] = []
    starred = slash = False
    parameters = list(inspect.signature(function).parameters.values())
    declared = str(notes.get("return", "Any"))
    extends = "." in function.__qualname__  # a method of a class that extends Tensor, which says what it returns
    result = declared if extends else _result(name, declared)
    for i, p in enumerate(parameters):
        if method and i == 0:
            shown.append("self")
            continue
        if slash and p.kind is not p.POSITIONAL_ONLY:
            shown.append("/")
            slash = False
        slash = slash or p.kind is p.POSITIONAL_ONLY
        if p.kind is p.KEYWORD_ONLY and not starred:
            shown.append("*")
        starred = starred or p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        kind = names.annotation(_parameter(p, str(notes.get(p.name, "Any")), op, result))
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        default = "" if p.default is p.empty else " = ..."
        shown.append(f"{stars}{p.name}: {kind}{default}")
    if slash:
        shown.append("/")
    return f"({', '.join(shown)}) -> {names.annotation(result)}"


def _result(name: str, declared: str) -> str:
    if declared != "Any" or name in _SEVERAL or name.startswith(("max_pool", "adaptive_max")):
        return declared
    return "tuple[Tensor, ...]" if name in _LISTS else "Tensor"


def _parameter(p: inspect.Parameter, declared: str, op: Any, result: str) -> str:
    if p.kind is p.VAR_POSITIONAL:
        return _INTS if p.name in _SIZES else "Any"
    if p.name == "out":
        return "Tensor | None" if result == "Tensor" else "Any"
    if op is not None and declared == "Tensor" and op.kind == "binary" and op.facts.numbers:
        return f"Tensor | {_NUMBER}"
    if declared == "Any" and p.name in _BY_NAME:
        return _BY_NAME[p.name] + (" | None" if p.default is None else "")
    if declared == "Tensor | Any":
        return f"Tensor | {_NUMBER}" + (" | None" if p.default is None else "")
    return declared.replace("list[Tensor]", "Sequence[Tensor]")


def _define(name: str, function: Any, names: Names, method: bool = False) -> str:
    """One function's stub with the first line of its manual page."""
    indent = "    " if method else ""
    if isinstance(function, type):  # an error
        return f"class {name}({function.__base__.__name__}): ...\n"  # type: ignore[union-attr]
    ignore = "  # type: ignore[override]" if name in ("__eq__", "__ne__") else ""
    doc = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0].replace('"""', "'''").replace("\\", "\\\\")
    head = f"{indent}def {name}{_signature(name, function, names, method)}:"
    if not doc:
        return f"{head} ...{ignore}\n"
    doc += " " if doc.endswith('"') else ""  # which would end the string early
    return f'{head}{ignore}\n{indent}    """{doc}"""\n'


def _inplace(name: str, entry: Any) -> Any:
    """For an in-place entry that takes anything, a function with the signature that its op gives it."""
    op = TABLE.get(name[:-1])
    if op is None or op.inplace_entry is not entry or op.kind == "binary":
        return entry
    signature = inspect.signature(op.entry)

    def described(*args: Any, **kwargs: Any) -> None:
        raise NotImplementedError  # it has a signature for its only purpose

    kept = [p for p in signature.parameters.values() if p.name != "out"]
    described.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
    described.__annotations__ = {**op.function.__annotations__, "return": "Tensor"}
    described.__doc__ = f"`{op.name}`, in place."
    return described


def _source_function(node: ast.FunctionDef, names: Names, name: str = "", indent: str = "    ") -> str:
    """A function of a source file, as a stub."""
    a = node.args
    every = [*a.posonlyargs, *a.args]
    missing = len(every) - len(a.defaults)
    shown: list[str] = []

    def one(arg: ast.arg, stars: str = "", default: bool = False) -> str:
        if arg.annotation is None:
            return stars + arg.arg
        return f"{stars}{arg.arg}: {names.annotation(ast.unparse(arg.annotation))}{' = ...' if default else ''}"

    for i, arg in enumerate(every):
        shown.append(one(arg, default=i >= missing))
        if a.posonlyargs and arg is a.posonlyargs[-1]:
            shown.append("/")
    if a.vararg is not None:
        shown.append(one(a.vararg, "*"))
    elif a.kwonlyargs:
        shown.append("*")
    for arg, value in zip(a.kwonlyargs, a.kw_defaults, strict=True):
        shown.append(one(arg, default=value is not None))
    if a.kwarg is not None:
        shown.append(one(a.kwarg, "**"))
    result = "Any" if node.returns is None else ast.unparse(node.returns)
    if node.name == "__new__":
        result = "Self"
    decorators = "".join(f"{indent}@{ast.unparse(d)}\n" for d in node.decorator_list)
    head = f"{decorators}{indent}def {name or node.name}({', '.join(shown)}) -> {names.annotation(result)}:"
    doc = (ast.get_docstring(node) or "").partition("\n")[0].replace("\\", "\\\\")
    return f'{head}\n{indent}    """{doc}"""\n' if doc and not name else f"{head} ...\n"


def base_stub() -> str:
    """The stub of corelib/tensor/base.py: what the op table and the graph put on every tensor."""
    names = Names("corelib.tensor.base")
    lines: list[str] = []
    for name, value in vars(TensorBase).items():
        if name in ("__module__", "__annotations__", "__weakref__", "__doc__", "__slots__", "__new__"):
            continue
        if isinstance(value, property):
            lines.append(_property(name, value, names))
        elif inspect.isfunction(value):
            lines.append(_define(name, _inplace(name, value), names, method=True))
    tree = ast.parse((ROOT / "tensor/base.py").read_text(encoding="utf-8"))
    module = "".join(_source_function(node, names, indent="") for node in tree.body if isinstance(node, ast.FunctionDef))
    body = f"class TensorBase:\n    def __new__(cls, *args: {names.annotation('Any')}, **kwargs: {names.annotation('Any')}) -> Self: ...\n{''.join(lines)}"
    return f"{HEAD}from typing import Self\n{names.imports()}\n{module}\n{body}"


def _property(name: str, value: property, names: Names) -> str:
    """A property, with its setter and deleter where it has them."""
    declared = getattr(value.fget, "__annotations__", {}).get("return", "Tensor" if name in ("T", "mT", "H", "mH") else "Any")
    kind = names.annotation(str(declared))
    text = f"    @property\n    def {name}(self) -> {kind}: ...\n"
    if value.fset is not None:
        text += f"    @{name}.setter\n    def {name}(self, value: {kind}) -> None: ...\n"
    if value.fdel is not None:
        text += f"    @{name}.deleter\n    def {name}(self) -> None: ...\n"
    return text


def package_stub() -> str:
    """The stub of corelib/__init__.py: its imports and functions, what it loads later, the dtypes and the table's functions."""
    names = Names("corelib")
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    imports: list[str] = []
    body: list[str] = []
    known = {"__getattr__", "__dir__"}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("corelib"):
            public = [alias for alias in node.names if alias.asname and not alias.asname.startswith("_")]
            known.update(str(alias.asname) for alias in public)
            if node.module == "corelib.ops.construction.construct":  # ways to make tensors, which read like ops
                body += [_define(alias.name, getattr(corelib, alias.name), names) for alias in public]
                continue
            imports += [f"from {node.module} import {alias.name} as {alias.asname}\n" for alias in public]
        elif isinstance(node, ast.FunctionDef) and node.name not in known:
            known.add(node.name)
            body.append(_source_function(node, names, indent=""))
    for name, (module, attribute) in sorted(vars(corelib)["_LATER"].items()):
        known.add(name)
        if attribute is not None:
            imports.append(f"from {module} import {attribute} as {name}\n")
        elif find_spec(module) is not None:
            parent, _, last = module.rpartition(".")
            imports.append(f"from {parent} import {last} as {name}\n")
    for name, value in vars(corelib).items():
        if name in known or (name.startswith("_") and name != "__version__"):
            continue
        if isinstance(value, DType):
            body.append(f"{name}: {names.annotation('DType')}\n")
        elif isinstance(value, (str, float)):
            body.append(f"{name}: {names.annotation(type(value).__name__)}\n")
        elif value is None:
            body.append(f"{name}: None\n")
    body += [_define(name, f, names) for name, f in sorted(namespace("torch").items()) if name not in known]
    return f"{HEAD}{names.imports()}{''.join(imports)}\n{''.join(body)}"


def namespace_stub(name: str) -> str:
    """The stub of a module that shows a namespace of the table, such as nn.functional."""
    names = Names(f"corelib.{name}")
    body = [_define(shown, function, names) for shown, function in sorted(namespace(name).items())]
    return f"{HEAD}{names.imports()}\n{''.join(body)}"


def generate() -> dict[Path, str]:
    """The text of every stub, by where it belongs."""
    return {
        ROOT / "__init__.pyi": package_stub(),
        ROOT / "tensor/base.pyi": base_stub(),
        **{ROOT / f"{name.replace('.', '/')}.pyi": namespace_stub(name) for name in SHOWN},
    }


def main(arguments: list[str]) -> int:
    """Write the stubs; with --check write nothing, and say which are stale (exit status 1)."""
    stale = []
    for path, text in generate().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(str(path.relative_to(ROOT.parent)))
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'stale' if '--check' in arguments else 'written'}: {', '.join(stale)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
