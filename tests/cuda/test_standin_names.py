"""The stand-in for CuPy against CuPy itself, as far as that goes without a GPU: it has what corelib uses, by CuPy's signatures.

CuPy's compiled functions keep their signatures in their docstrings; those of libraries that are not installed are read from the compiled file.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

cupy = pytest.importorskip("cupy", reason="corelib-cuda-cupy is not installed")

HERE = Path(__file__).parent
STANDIN = HERE / "standin"
BACKEND = HERE.parents[1] / "backends" / "cuda_cupy" / "corelib_cuda_cupy"
CLASSES = {
    "cupy.cuda.stream": ("Stream", "Event", "ExternalStream", "_BaseStream"), "cupy.cuda.graph": ("Graph",), "cupy.cuda.device": ("Device",),
    "cupy.cuda.memory": ("Memory", "UnownedMemory", "MemoryPointer", "MemoryPool"), "cupy.cuda.function": ("Function",),
    "cupy.cuda.pinned_memory": ("PinnedMemory", "PinnedMemoryPointer", "PinnedMemoryPool"), "cupy._core.core": ("ndarray",),
    "cupy._core.raw": ("RawKernel", "RawModule"), "cupy._core._kernel": ("ufunc",),
}  # fmt: skip
FILES = {"cupy._core.core": "cupy/_core.py", "cupy._core.raw": "cupy/_raw.py", "cupy._core._kernel": "cupy/_functions.py"}
"""Where the stand-in has a module's classes under another name."""
MODULES = {
    "cupy.cuda.stream": ("get_current_stream", "get_elapsed_time"), "cupy.cuda.device": ("get_cublas_handle", "get_device_id", "get_compute_capability"),
    "cupy.cuda.memory": ("alloc", "set_allocator", "get_allocator"), "cupy.cuda.pinned_memory": ("alloc_pinned_memory", "set_pinned_memory_allocator"),
    "cupy_backends.cuda.api.runtime": (), "cupy_backends.cuda.api.driver": (), "cupy_backends.cuda.libs.cublas": (), "cupy_backends.cuda.libs.cusolver": (),
}  # fmt: skip
"""Functions to compare; all public ones where none is named."""


def tree(module: str) -> ast.Module:
    return ast.parse((STANDIN / FILES.get(module, module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))


def public(node: ast.AST) -> list[ast.FunctionDef]:
    return [n for n in node.body if isinstance(n, ast.FunctionDef) and (not n.name.startswith("_") or n.name in ("__init__", "__call__"))]


def parameters(function: ast.FunctionDef) -> list[str]:
    """The names, with a star where the rest goes by keyword; `self` is left out."""
    a = function.args
    named = [x.arg for x in (*a.posonlyargs, *a.args)]
    bare = a.kwonlyargs and a.vararg is None
    return [n for n in named if n not in ("self", "cls")] + (["*"] if bare else []) + [x.arg for x in a.kwonlyargs]


def split(text: str) -> list[str]:
    """Parameter names in a signature as Cython writes it."""
    names = []
    for part in re.sub(r"'[^']*'|\([^()]*\)", "", text).split(","):
        words = part.split("=")[0].split(":")[0].split()
        if words and words[-1] not in ("self", "cls", "/") and not re.match(r"\*\w|\\\*", words[-1]):
            names.append(words[-1])
    return names


def real(owner: object, name: str) -> list[str] | None:
    """A function's parameters from the real CuPy."""
    found = inspect.getattr_static(owner, name, None)
    doc = (getattr(owner, "__doc__", "") or "") if name == "__init__" else getattr(getattr(owner, name, None), "__doc__", "") or ""
    if name == "__init__" and inspect.isclass(owner):
        at = re.match(rf"\s*(?:{owner.__name__}|__init__)\((.*?)\)\s*(?:->.*)?\n", doc + "\n", flags=re.S)
        if at:
            return split(at[1])
    else:
        at = re.match(rf"\s*(?:[\w.]+\.)?{re.escape(name)}\((.*?)\)\s*(?:->.*)?(?:\n|$)", doc)
        if at:
            return split(at[1])
    try:
        signature = inspect.signature(getattr(owner, name))
    except (ValueError, TypeError, AttributeError):
        return None
    assert found is not None
    kinds = inspect.Parameter
    names = [p.name for p in signature.parameters.values() if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD) and p.name != "self"]
    keyed = [p.name for p in signature.parameters.values() if p.kind is kinds.KEYWORD_ONLY and not p.name.startswith("_")]
    return names + (["*", *keyed] if keyed else [])


def compiled_signatures(module: str) -> dict[str, list[str]]:
    """Of a module that cannot be imported without its library: from its file."""
    folder = Path(cupy.__file__).parents[1] / Path(*module.split(".")[:-1])
    data = next(folder.glob(module.split(".")[-1] + ".*.so")).read_bytes()
    found = re.findall(rb"(?<![\w.])(\w+)\(((?:intptr_t|size_t|int|long|float|double|unsigned)[^()]*)\)", data)
    return {name.decode(): split(text.decode()) for name, text in found}


@pytest.mark.parametrize("module", MODULES)
def test_functions_have_cupys_parameters(module):
    mine = {f.name: parameters(f) for f in public(tree(module)) if not MODULES[module] or f.name in MODULES[module]}
    assert set(MODULES[module]) <= set(mine) and mine
    try:
        there = importlib.import_module(module)
    except ImportError:
        found = compiled_signatures(module)
        theirs = {name: found.get(name, []) for name in mine}
        without = {"create"}  # it has none, as its file would say of any name that is not there
    else:
        theirs = {name: real(there, name) for name in mine}
        without = set()
    wrong = {n: (mine[n], theirs[n]) for n in mine if n not in without and mine[n] != theirs[n]}
    assert not wrong, wrong


@pytest.mark.parametrize(("module", "name"), [(m, c) for m, classes in CLASSES.items() for c in classes])
def test_methods_have_cupys_parameters(module, name):
    there = getattr(importlib.import_module(module), name)
    node = next(n for n in tree(module).body if isinstance(n, ast.ClassDef) and n.name == name)
    compared = 0
    for f in public(node):
        if f.decorator_list or f.name == "__call__" or (f.name == "__init__" and name in ("Graph", "ufunc", "PinnedMemoryPointer")):
            continue  # properties, what takes anything, and what users cannot make
        assert hasattr(there, f.name), f"{name}.{f.name} is not CuPy's"
        theirs = real(there, f.name)
        if theirs is not None:
            compared += 1
            mine = parameters(f)
            if name == "RawModule":  # Cython's docstring has the first keyword before the star, its source behind it
                mine, theirs = [[n for n in names if n != "*"] for names in (mine, theirs)]
            assert mine == theirs, f"{name}.{f.name}"
    assert compared or name in ("MemoryPool", "ExternalStream", "Function")


def test_the_functions_of_the_shared_kernels_have_cupys_parameters():
    listed = {}
    for node in tree("cupy._core._kernel").body:
        if isinstance(node, ast.Assign) and node.targets[0].id in ("FUNCTIONS", "VIEWS", "UFUNCS", "NOT_COMPLEX"):
            listed[node.targets[0].id] = ast.literal_eval(node.value)
    compared = 0
    for name, text in (listed["FUNCTIONS"] | listed["VIEWS"]).items():
        owner = cupy
        for part in name.split("."):
            owner = getattr(owner, part)
        theirs = re.sub(r"<no value>", "None", str(inspect.signature(owner)))[1:].rsplit(")", 1)[0]
        assert theirs == text, name
        compared += 1
    for f in public(tree("cupy._core._kernel")):
        if f.name in ("function", "view", "from_dlpack", "as_strided", "matmul"):
            continue
        assert parameters(f) == real(cupy, f.name), f.name
        compared += 1
    assert compared > 45
    for name in listed["UFUNCS"]:
        has = any("F" in t for t in getattr(cupy, name).types)
        assert has == (name not in listed["NOT_COMPLEX"]), name


def used() -> tuple[dict[str, set[str]], set[str]]:
    """What the backend's files use: names of CuPy's modules by the module, and names of anything's attributes."""
    modules, attributes = {}, set()
    for path in BACKEND.rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        names = {"cupy": "cupy"}
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("cupy"):
                modules.setdefault(node.module, set()).update(a.name for a in node.names)
                names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        for node in ast.walk(module):
            if not isinstance(node, ast.Attribute):
                continue
            attributes.add(node.attr)
            parts, at = [node.attr], node.value
            while isinstance(at, ast.Attribute):
                parts.append(at.attr)
                at = at.value
            if isinstance(at, ast.Name) and at.id in names:
                modules.setdefault(names[at.id], set()).add(".".join(reversed(parts)))
    return modules, attributes


def in_standin(program: str, given: object) -> object:
    """What a program says of the stand-in, in a process of its own."""
    path = os.pathsep.join([str(STANDIN), str(HERE), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "CORELIB_CUDA_STANDIN": "", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", program], input=json.dumps(given), capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_everything_that_the_backend_uses_is_there():
    modules, attributes = used()
    assert {"launchKernel"} <= modules["cupy.cuda.driver"] and "gemmStridedBatchedEx" in modules["cupy_backends.cuda.libs.cublas"]
    wanted = sorted({f"{module}:{name}" for module, names in modules.items() for name in names})
    program = """
import importlib, json, sys
missing = []
for item in json.load(sys.stdin):
    module, _, path = item.partition(":")
    try:
        found = importlib.import_module(module)
    except ImportError:
        owner, _, last = module.rpartition(".")
        found = getattr(importlib.import_module(owner), last)
    for part in path.split("."):
        if not hasattr(found, part):
            missing.append(item)
            break
        found = getattr(found, part)
print(json.dumps(missing))
"""
    assert in_standin(program, wanted) == []
    classes = {}
    for module, names in CLASSES.items():
        for name in names:
            there = getattr(importlib.import_module(module), name)
            classes[f"{'cupy' if module in FILES else module}:{name}"] = sorted(a for a in attributes if hasattr(there, a))
    program = """
import importlib, json, sys
missing = []
for item, attributes in json.load(sys.stdin).items():
    module, _, name = item.partition(":")
    there = getattr(importlib.import_module(module), name)
    missing += [f"{item}.{a}" for a in attributes if not hasattr(there, a) and a not in OWN.get(name, ())]
print(json.dumps(missing))
"""
    own = {  # set in __init__, so that only objects have them
        "ndarray": ["dtype", "shape", "strides", "data"], "MemoryPointer": ["ptr", "mem"], "PinnedMemory": ["ptr", "size"], "Device": ["id"],
        "PinnedMemoryPointer": ["ptr", "mem"], "Function": ["ptr", "module"], "ufunc": ["nin", "nout", "name", "types"],
        "RawKernel": ["code", "options", "name", "backend"], "RawModule": ["code", "options", "backend"],
    }  # fmt: skip
    assert in_standin(f"OWN = {own!r}\n" + program, classes) == []


def test_without_the_setting_it_cannot_be_imported():
    env = {k: v for k, v in os.environ.items() if k != "CORELIB_CUDA_STANDIN"} | {"PYTHONPATH": os.pathsep.join([str(STANDIN), str(HERE)])}
    done = subprocess.run([sys.executable, "-c", "import cupy"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode and "is a stand-in for tests, without a GPU" in done.stderr


def test_no_distribution_carries_it():
    root = HERE.parents[1]
    for project in (root / "pyproject.toml", *root.glob("backends/*/pyproject.toml"), root / "tests" / "conformance" / "pyproject.toml"):
        assert "standin" not in project.read_text(encoding="utf-8")
