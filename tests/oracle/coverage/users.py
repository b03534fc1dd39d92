"""Which of PyTorch's names are for its users, and which are not and why: by what PyTorch itself says of a name.

A name in a module's `__all__` is for users, and so is a documented one of the module's own. `torch` lists in `__all__` whatever
its C module has, so there PyTorch's stub of that module says what belongs to TorchScript, and a short list names the functions
that stand behind a public one. A name that no rule here excludes is for users.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import types
import typing
from functools import cache
from pathlib import Path
from typing import Any

import torch

from .namespaces import member, theirs

IMPORTED = "imported by PyTorch's module for itself"
TYPING = "only for type checkers"
PRIVATE = "a private function or constant behind a public name"
TORCHSCRIPT = "internal to TorchScript"
REMOVED = "removed from PyTorch: calling it raises an error, or warns, that says so"
PIPES = "the data pipes, which PyTorch documents no longer and has taken out of its data library"
REASONS = (IMPORTED, TYPING, PRIVATE, TORCHSCRIPT, REMOVED, PIPES)

# Functions without documentation that only the public name on the right calls. Each pair is checked.
BEHIND = {
    "affine_grid_generator": "nn.functional.affine_grid", "constant_pad_nd": "nn.functional.pad", "convolution": "nn.functional.conv2d",
    "embedding_renorm_": "nn.functional.embedding", "grid_sampler": "nn.functional.grid_sample", "grid_sampler_2d": "nn.functional.grid_sample",
    "grid_sampler_3d": "nn.functional.grid_sample", "max_pool1d_with_indices": "nn.functional.max_pool1d", "norm_except_dim": "nn.utils.weight_norm",
    "native_batch_norm": "nn.functional.batch_norm", "native_dropout": "nn.functional.dropout", "native_group_norm": "nn.functional.group_norm",
    "native_layer_norm": "nn.functional.layer_norm", "native_norm": "norm", "slice_inverse": "func.functionalize",
    "batch_norm_backward_elemt": "nn.SyncBatchNorm", "batch_norm_backward_reduce": "nn.SyncBatchNorm", "batch_norm_elemt": "nn.SyncBatchNorm",
    "batch_norm_gather_stats": "nn.SyncBatchNorm", "batch_norm_gather_stats_with_counts": "nn.SyncBatchNorm", "batch_norm_stats": "nn.SyncBatchNorm",
    "batch_norm_update_stats": "nn.SyncBatchNorm", "autocast_increment_nesting": "autocast", "autocast_decrement_nesting": "autocast",
    "BenchmarkConfig": "utils.ThroughputBenchmark", "BenchmarkExecutionStats": "utils.ThroughputBenchmark", "ThroughputBenchmark": "utils.ThroughputBenchmark",
    "StorageBase": "UntypedStorage", "nn.utils.rnn.PackedSequence_": "nn.utils.rnn.PackedSequence", "Tensor.slice_inverse": "func.functionalize", "DispatchKey": "library.Library", "DispatchKeySet": "library.Library", "ExcludeDispatchKeyGuard": "library.Library",
}  # fmt: skip
# The entry of one vendor's library, which no documentation names: the public function chooses the library.
VENDORS = r"(cudnn|miopen|mkldnn)_\w+"
# Of the C module's classes and functions that the stub does not place, those of TorchScript's graphs, types and containers.
UNPLACED = {
    "Argument", "ArgumentSpec", "Capsule", "Code", "CompleteArgumentSpec", "DeepCopyMemoTable", "ExecutionPlan", "FunctionSchema", "Gradient", "OperatorInfo",
    "PyObjectType", "ScriptClass", "ScriptClassFunction", "ScriptDictIterator", "ScriptDictKeyIterator", "ScriptListIterator", "ScriptObjectProperty", "StaticModule",
    "AVG", "SUM", "fork", "wait", "unify_type_list", "import_ir_module", "import_ir_module_from_buffer", "merge_type_from_type_comment", "parse_ir", "parse_schema", "parse_type_comment",
}  # fmt: skip
# The whole of the data pipes, and nothing else.
DATA_PIPES = {f"torch.utils.data.{name}" for name in (
    "DFIterDataPipe", "DataChunk", "IterDataPipe", "MapDataPipe", "argument_validation", "functional_datapipe", "guaranteed_datapipes_determinism",
    "non_deterministic", "runtime_validation", "runtime_validation_disabled",
)}  # fmt: skip
# What PyTorch says it has removed, when it is called or read. Each is checked.
GONE = {
    *(f"torch.{name}" for name in ("eig", "lstsq", "matrix_rank", "solve", "symeig")),
    *(f"torch.Tensor.{name}" for name in ("eig", "lstsq", "reinforce", "solve", "symeig", "volatile")),
}
# Names that PyTorch documents where they stand, although they are at home elsewhere or not in `__all__`.
DOCUMENTED = {
    "torch.linalg.LinAlgError", "torch.to_dlpack", "torch.utils.dlpack.to_dlpack", "torch.cuda.OutOfMemoryError", "torch.random.default_generator",
    "torch.utils.model_zoo.load_url", "torch.utils.cmake_prefix_path", *(f"torch.backends.{name}" for name in (
        "cudnn.flags", "cudnn.is_acceptable", "cudnn.set_flags", "mkldnn.flags", "mkldnn.is_available", "mkldnn.set_flags", "opt_einsum.enabled",
        "opt_einsum.flags", "opt_einsum.set_flags", "opt_einsum.strategy",
        "mkl.VERBOSE_OFF", "mkl.VERBOSE_ON", "mkldnn.VERBOSE_OFF", "mkldnn.VERBOSE_ON", "mkldnn.VERBOSE_ON_CREATION",
    )),
}  # fmt: skip


@cache
def places() -> dict[str, str]:
    """Where PyTorch's stub of its C module says that a class or a function is made: a path of its source."""
    found: dict[str, str] = {}
    place = ""
    for line in (Path(torch.__file__).parent / "_C" / "__init__.pyi").read_text(encoding="utf-8").splitlines():
        if made := re.match(r"# Defined in (\S+)", line):
            place = made[1]
        elif named := re.match(r"(?:class|def) (\w+)", line):
            found.setdefault(named[1], place)
    return found


def documented(value: Any) -> bool:
    """Whether it has a docstring of its own."""
    doc = getattr(value, "__doc__", None)
    return bool(doc) and doc != getattr(type(value), "__doc__", None)


@cache
def imports(path: str) -> dict[str, str]:
    """The names that a module's own text imports, and from where."""
    file = getattr(sys.modules.get(path), "__file__", None)
    tree = ast.parse(Path(file).read_text(encoding="utf-8")) if file else ast.Module([], [])
    lines = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    return {(a.asname or a.name).split(".")[0]: getattr(line, "module", None) or a.name for line in lines for a in line.names}


def is_typing(path: str, name: str, value: Any) -> bool:
    """Whether it is a type variable, an alias of types or a name of the typing modules."""
    if imports(path).get(name) in ("typing", "typing_extensions", "__future__") or typing.get_origin(value) is not None or isinstance(value, types.UnionType):
        return True
    return not inspect.isclass(value) and type(value).__module__ in ("typing", "typing_extensions")


def is_private(path: str, name: str, value: Any) -> bool:
    """Whether it is a function that only a public one calls, or the entry of one vendor's library."""
    return f"{path}.{name}".removeprefix("torch.") in BEHIND or (path == "torch" and bool(re.fullmatch(VENDORS, name)) and not documented(value))


def is_torchscript(name: str, value: Any) -> bool:
    """Whether it is a class or a function that `torch` has from TorchScript, under that name or in another namespace too."""
    if getattr(torch, name, None) is not value:
        return False
    return name in UNPLACED or (inspect.isclass(value) and "csrc/jit/" in places().get(name, ""))


def not_for_users(path: str, name: str) -> str:
    """Why a name is not for users; "" where it is."""
    space = theirs(path)
    value = member(space, name)
    if f"{path}.{name}" in DOCUMENTED:
        return ""
    if f"{path}.{name}" in GONE:
        return REMOVED
    if f"{path}.{name}" in DATA_PIPES:
        return PIPES
    if is_private(path, name, value):
        return PRIVATE
    if not inspect.isclass(space) and is_torchscript(name, value):
        return TORCHSCRIPT
    if is_typing(path, name, value):
        return TYPING
    if inspect.isclass(space):
        return ""
    if value is torch.Tensor and path != "torch":
        return IMPORTED
    listed = getattr(space, "__all__", None)
    if listed is not None and name in listed:
        return ""
    return of_module(path, name, value, listed is not None)


def of_module(path: str, name: str, value: Any, listed: bool) -> str:
    """The reason for a name that its module does not list; `listed` is whether the module lists any."""
    home = getattr(value, "__module__", None)
    if not isinstance(home, str):  # a constant
        is_setting = name in dir(type(theirs(path)))
        return "" if is_setting or type(value).__module__.split(".")[0] == "torch" else IMPORTED if name in imports(path) else PRIVATE
    if home == path or (home.startswith(path + ".") and path != "torch"):
        return "" if documented(value) or not inspect.isroutine(value) else PRIVATE
    compiled = home in ("torch", "torch._C._nn", f"torch._C._{path.rpartition('.')[2]}") or home.startswith("torch._C._distributed")
    if compiled and (not listed or (isinstance(value, types.BuiltinFunctionType) and documented(value))):
        return ""
    if path == "torch" and (documented(value) or home.startswith("torch._ops.")):
        return ""
    return IMPORTED
