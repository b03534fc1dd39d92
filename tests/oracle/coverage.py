"""Which of PyTorch's public names corelib has: `python -m tests.oracle.coverage > docs/coverage.md`.

A name is present, absent by decision (with the reason, from the table below), or missing. What PyTorch itself has only for typing, or
shows from other modules, is no name of the namespace.
"""

from __future__ import annotations

import importlib
import inspect
import re
import types
import typing
from typing import Any

import torch

import corelib

SPACES = (
    "torch", "torch.Tensor", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn.utils.rnn", "torch.optim",
    "torch.optim.lr_scheduler", "torch.linalg", "torch.fft", "torch.special",
)

SPARSE = "sparse layouts come later"
QUANTIZED = "quantized dtypes come later"
COMPILER = "part of TorchScript and the compiler, which corelib has no use for"
LIBRARY = "the entry of one vendor's library; corelib's backends choose their libraries themselves"
INTERNAL = "an implementation function behind a public one, which corelib has"
AUTOCAST = "autocast comes later"
TYPES = "a legacy type of tensors or storages; the dtype and device arguments do the same"
HARDWARE = "a device that no backend serves yet; a plugin adds its own names"
BITS = "a dtype that no kernel computes with, in PyTorch neither"
TENSOR_BITS = "a flag of PyTorch's tensors that has no meaning here"
RARE = "outside everyday use: asked for by no program we know of"
THREADS = "a setting of the processor's libraries, which have their own: OMP_NUM_THREADS and threadpoolctl"
DISTRIBUTED = "distributed training comes later"
TYPING = "only for type checkers"
IMPORTED = "a name that PyTorch's module imports or keeps for itself"
REMOVED = "removed from PyTorch, where calling it raises an error that names another"

DECISIONS: list[tuple[str, str]] = [
    (r"(.*_)?(sparse|coo|csr|csc|bsr|bsc)(_.*)?|(hs|ds|s|hsp|sp)mm|saddmm|sspaddmm|coalesce|indices|values|(c)?(col|row|crow)_indices.*|indices_copy|values_copy|dense_dim|to_dense|is_coalesced|sparse_mask|SparseAdam|to_padded_tensor|jagged", SPARSE),
    (r".*quantize.*|q(int|uint)\w+|qscheme|q_\w+|quantized_\w+|int_repr|per_(channel|tensor)_\w+|fbgemm_\w+|choose_qparams\w+|fused_moving_avg\w+|dequantize|scaled_(grouped_)?mm|grouped_mm|ScalingType|SwizzleType", QUANTIZED),
    (r"Alias.*|Any(Type)|Argument.*|Await.*|Benchmark.*|Block|.*Type|CallStack|Capsule|Code|Compil.*|Complete.*|ConcreteModule.*|Deep.*|Deserial.*|Dispatch.*|Error.*|Exclude.*|Execution.*|File.*|Function.*|Future|Graph.*|Gradient|IOD.*|Inferred.*|JITException|Lite.*|LockingLogger|Logger.*|NoopLogger|Node|Operator.*|PyTorchFile.*|Script.*|Serialization.*|Static.*|Sym\w+|sym_\w+|Tag|Throughput.*|Tracing.*|Type|Use|Value|cond|while_loop|compile.*|fork|wait|import_ir.*|merge_type.*|parse_.*|unify_.*|get_file_path|classproperty|Disable.*|PRIVATE_OPS|USE_.*|AVG|SUM|AggregationType|autocast_.*nesting|vmap|thread_safe_generator|Fatal.*|init_num_threads|prepare_multi.*|profiler_.*|hash_tensor|Stream.*|DeviceObjType|slice_inverse|has_\w+|handle_torch_function|boolean_dispatch|assert_int_or_pair|reinforce|set_warn_always|is_warn_always.*", COMPILER),
    (r"(cudnn|miopen|mkldnn|native)_\w+|batch_norm_(backward|elemt|gather|stats|update)\w*|convolution|to_mkldnn|conv_tbc|_\w+|rrelu_with.*|norm_except_dim|embedding_renorm_|constant_pad_nd|grid_sampler\w*|feature_dropout_?|unsafe_\w+", INTERNAL),
    (r".*autocast.*|GradScaler|clear_autocast_cache", AUTOCAST),
    (r".*(Storage|Tensor)|storage_type|legacy_contiguous_format|compiled_with_cxx11_abi|from_file|to_dlpack", TYPES),
    (r"is_(ipu|maia|mps|mtia|vulkan|xla|xpu)\w*|ipu|mtia|xpu|is_vulkan_available|get_device_module|cuda|AcceleratorError", HARDWARE),
    (r"u?int[1-7]|bits\d\w*|bit|float8\w*|float4\w*|uint16|uint32|uint64|chalf|complex32", BITS),
    (r"lobpcg", RARE),
    (r"eig", REMOVED),
    (r"is_shared|share_memory_|is_distributed|volatile|const_data_ptr|grad_dtype|module_load|as_subclass|resize|resize_as|name|names|rename_?|refine_names|align_\w+|has_names|output_nr", TENSOR_BITS),
    (r"DataParallel|SyncBatchNorm|DistributedSampler", DISTRIBUTED),
    (r"TYPE_CHECKING|Optional|Callable|Literal|ParamSpec|TypeVar|TypedDict|Self|SupportsFloat|cast|override|partial|inf|Any|BroadcastingList\d|DType|\w*_notes|common_args|multi_dim_common|factory_common_args|EPOCH_\w+|GRID_\w+|LinAlgError_", TYPING),
    (r"symeig|solve_|lstsq_|matrix_rank_|eig_|Container|NLLLoss2d|clip_grad_norm|remove_\w+|weight_norm|spectral_norm|constant|dirac|eye_|normal|orthogonal|sparse|uniform|xavier_\w+|kaiming_\w+", ""),
    (r"airy_ai|bessel_\w+|chebyshev_\w+|hermite_\w+|laguerre_\w+|legendre_\w+|modified_bessel_\w+|scaled_modified_\w+|shifted_\w+|spherical_\w+|gammaincc?|igammac?_?|segment_reduce|histogramdd|binomial|poisson|range|ormqr|empty_permuted", RARE),
    (r"symeig|solve|lstsq|matrix_rank", REMOVED),
    (r"(Buffer|Module|Parameter)Dict|StorageBase|annotations|bisect_right|ref|Optimizer|PackedSequence_|bind|copy_method_params|swap_in_\w+", IMPORTED),
    (r"(binary_cross_entropy_with_logits|cosine_embedding_loss|ctc_loss|embedding(_bag)?|hinge_embedding_loss|kl_div|margin_ranking_loss|poisson_nll_loss|triplet_margin_loss|max_pool[123]d(_with_indices)?|affine_grid_generator|adaptive_max_pool1d|index)", INTERNAL),
    (r"ldl_\w+", RARE),
    (r"set_anomaly_enabled|is_anomaly_check_nan_enabled|DeviceContext", RARE),
    (r"(get|set)_num_(interop_)?threads|set_flush_denormal", THREADS),
]  # fmt: skip


def decision(name: str) -> str:
    """Why a name is absent by decision; "" where it is not."""
    return next((reason for pattern, reason in DECISIONS if reason and re.fullmatch(pattern, name)), "")


def of(root: Any, path: str) -> Any:
    """The namespace of one library, or None."""
    _, _, rest = path.partition(".")
    for part in rest.split(".") if rest else ():
        root = getattr(root, part, None)
    return root


def public(path: str) -> list[str]:
    """The names that a namespace of PyTorch shows as its own."""
    space = importlib.import_module(path) if path != "torch.Tensor" else torch.Tensor
    found = []
    for name in sorted(set(dir(space))):
        if name.startswith("_"):
            continue
        value = getattr(space, name, None)
        if inspect.ismodule(value) or (path != "torch.Tensor" and typing.get_origin(value) is not None):
            continue
        if path not in ("torch", "torch.Tensor") and getattr(value, "__module__", "").split(".")[0] in ("typing", "collections", "functools", "typing_extensions", "enum"):
            continue
        found.append(name)
    return found


def takes_real_tensors(path: str, name: str) -> bool:
    """Whether a name is a function of tensors: PyTorch's own compiled functions and methods, and its Python functions."""
    value = getattr(of(torch, path), name, None)
    return isinstance(value, (types.BuiltinFunctionType, types.FunctionType, types.MethodDescriptorType)) or callable(value) and not inspect.isclass(value)


def table() -> dict[str, dict[str, list[str]]]:
    """By namespace: the names present, absent by decision, and missing."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in SPACES:
        mine = of(corelib, path)
        rows: dict[str, list[str]] = {"present": [], "absent": [], "missing": []}
        for name in public(path):
            there = mine is not None and hasattr(mine, name)
            rows["present" if there else "absent" if decision(name) else "missing"].append(name)
        found[path] = rows
    return found


def share(path: str, rows: dict[str, list[str]]) -> float:
    """The part of what is not absent by decision that is present: of functions and methods in torch and Tensor, of all names elsewhere."""
    counts = path not in ("torch", "torch.Tensor")
    mine = [n for n in rows["present"] if counts or takes_real_tensors(path, n)]
    lacking = [n for n in rows["missing"] if counts or takes_real_tensors(path, n)]
    return len(mine) / max(len(mine) + len(lacking), 1)


def page() -> str:
    """The table as a page of the documentation."""
    found = table()
    lines = [
        "# Coverage of PyTorch's names", "",
        f"Every public name of PyTorch {torch.__version__.partition('+')[0]}'s namespaces: present in corelib, absent by decision, or missing so far. Written by",
        "`python -m tests.oracle.coverage > docs/coverage.md`; a test says when the page is stale.", "",
        "| namespace | present | absent by decision | missing | share present |", "| --- | ---: | ---: | ---: | ---: |",
    ]
    for path, rows in found.items():
        lines.append(f"| `{path}` | {len(rows['present'])} | {len(rows['absent'])} | {len(rows['missing'])} | {100 * share(path, rows):.1f} % |")
    lines += ["", "## Missing", ""]
    for path, rows in found.items():
        if rows["missing"]:
            lines.append(f"- `{path}`: {', '.join(f'`{n}`' for n in rows['missing'])}")
    lines += ["", "## Absent by decision", ""]
    by_reason: dict[str, list[str]] = {}
    for path, rows in found.items():
        for name in rows["absent"]:
            by_reason.setdefault(decision(name), []).append(f"`{path.removeprefix('torch.').removeprefix('torch')}{'.' if path != 'torch' else ''}{name}`")
    lines += [f"- {reason[0].upper()}{reason[1:]}: {', '.join(names)}" for reason, names in by_reason.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
