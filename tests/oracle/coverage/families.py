"""Headings for the missing names. A family excludes nothing: a name that fits none is missing under "other"."""

from __future__ import annotations

import re

UNCALLED = "there in corelib, but no oracle test calls it and comes back"
OTHER = "other"

# heading; namespaces that are of the family as a whole; names of other namespaces. The first that fits is taken.
FAMILIES: tuple[tuple[str, str, str], ...] = (
    ("sparse and blocked layouts", r"torch\.sparse", r"((.*_)?(sparse|coo|csr|csc|bsr|bsc)(_.*)?|(hs|ds|s|hsp|sp)mm|saddmm|sspaddmm|coalesce|is_coalesced|indices|values|c?(col|row|crow)_indices.*|indices_copy|values_copy|dense_dim|to_dense|SparseAdam|to_mkldnn)"),
    ("nested and masked tensors", r"torch\.(nested|masked)", r"jagged|to_padded_tensor"),
    ("quantization", r"torch\.ao\.quantization", r".*quantize.*|q(u?int|scheme)\w*|q_\w+|quantized_\w+|int_repr|per_(channel|tensor)_\w+|fbgemm_\w+|choose_qparams\w+|fused_moving_avg\w+|Q[IU]\w+Storage|scaled_(grouped_)?mm|ScalingType|SwizzleType"),
    ("mixed precision", r"torch\.amp", r"\w*autocast\w*|GradScaler|custom_[fb]wd"),
    ("function transforms and forward mode", r"torch\.(func|autograd\.forward_ad)", r"vmap"),
    ("compilation, graphs and export", r"torch\.(compiler|export|fx|onnx|library)", r"compile|cond|while_loop|Sym\w+|sym_\w+|Tag"),
    ("distributed and data-parallel training", r"torch\.(distributed|nn\.parallel|futures)\b.*", r"DataParallel|SyncBatchNorm|DistributedSampler|is_distributed"),
    ("processes and shared memory", r"torch\.multiprocessing", r"is_shared|share_memory_?|from_file|filename"),
    ("probability distributions", r"torch\.distributions.*", r""),
    ("special functions", r"torch\.special", r"igammac?_?"),
    ("linear algebra", r"torch\.linalg", r"lobpcg|ormqr"),
    ("windows", r"torch\.signal\.windows", r""),
    ("attention: choice of kernels, biases, flexible attention", r"torch\.nn\.attention.*", r""),
    ("functions of neural networks", r"torch\.nn\.grad", r"adaptive_max_pool1d|binary_cross_entropy_with_logits|conv_tbc|cosine_embedding_loss|ctc_loss|embedding(_bag)?|feature_dropout_?|hinge_embedding_loss|kl_div|margin_ranking_loss|poisson_nll_loss|triplet_margin_loss|native_channel_shuffle|grouped_mm"),
    ("lazy parameters", r"torch\.nn\.parameter", r""),
    ("dtypes", r"", r"u?int[1-7]|bits\d\w*|bit|float8\w*|float4\w*|uint(16|32|64)|chalf|complex32"),
    ("legacy storages and types", r"torch\.(Typed|Untyped)Storage", r"\w*Storage|\w+Tensor|storage_type|legacy_contiguous_format"),
    ("random numbers and statistics", r"torch\.(random|Generator)", r"poisson|binomial|thread_safe_generator|histogramdd|segment_reduce|hash_tensor"),
    ("other devices, and what a device has beyond corelib's", r"torch\.(accelerator|cpu|cuda|mps|mtia|xpu)", r"get_device_module|is_vulkan_available|AcceleratorError|Stream|ipu|mtia|xpu|cuda"),
    ("settings of libraries, threads and warnings; facts of the build", r"torch\.(backends\..*|__config__|__future__|utils\.deterministic)", r"(get|set|init)_num_\w+|set_flush_denormal|(is|set)_warn_always\w*|has_\w+|compiled_with_\w+"),
    ("autograd: graph, anomaly, checkpoints", r"torch\.(autograd(\.graph)?|utils\.(checkpoint|hooks))", r"(is|set)_anomaly\w*|grad_dtype|output_nr"),
    ("profiling, benchmarks and monitoring", r"torch\.(profiler|autograd\.profiler|monitor|utils\.(benchmark|module_tracker))", r"profile_hook_step|ThroughputBenchmark"),
    ("subclasses and overrides", r"torch\.overrides", r"DisableTorchFunction\w*|as_subclass|reinforce|module_load"),
    ("data pipes", r"torch\.utils\.data", r""),
    ("saving, packages and downloads", r"torch\.(serialization|package|hub|utils\.model_zoo)", r""),
    ("exchange with other libraries, and extensions in C++", r"torch\.utils\.(dlpack|cpp_extension)", r"to_dlpack|const_data_ptr|\w+_privateuse1_backend|get_cpp_backtrace"),
)  # fmt: skip


ASIDE = ("sparse and blocked layouts", "quantization")
"""Families of their own kinds of tensors; with the namespaces and names of `aside` they are left out of the second figure."""


def aside(path: str, name: str) -> bool:
    """Whether a name is of sparse or quantized tensors, of graphs of code, of function transforms, or of training by several processes."""
    return bool(re.match(r"torch\.(fx|func|distributed)(\.|$)", path)) or name in ("vmap", "is_distributed") or family(path, name) in ASIDE


def family(path: str, name: str) -> str:
    """The heading under which a missing name stands: that of its namespace, or else that of its name."""
    for heading, spaces, _ in FAMILIES:
        if spaces and re.fullmatch(spaces, path):
            return heading
    return next((heading for heading, _, names in FAMILIES if names and re.fullmatch(names, name)), OTHER)
