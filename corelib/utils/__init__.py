"""PyTorch's `torch.utils`: here the data package under its PyTorch name, what deterministic mode does, and DLPack's capsules."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.utils import data as data, deterministic as deterministic, dlpack as dlpack
from corelib.utils.swapping import set_module as set_module, swap_tensors as swap_tensors
from corelib.utils.absent.backend_registration import (
    generate_methods_for_privateuse1_backend as generate_methods_for_privateuse1_backend, rename_privateuse1_backend as rename_privateuse1_backend,
)
from corelib.utils.throughput_benchmark import ThroughputBenchmark as ThroughputBenchmark

deterministic.__class__ = deterministic.Setting

__all__ = [
    "ThroughputBenchmark", "backend_registration", "benchmark", "checkpoint", "collect_env", "cpp_extension", "data", "deterministic", "dlpack",
    "file_baton", "flop_counter", "generate_methods_for_privateuse1_backend", "hooks", "module_tracker", "rename_privateuse1_backend", "serialization",
    "set_module", "swap_tensors", "throughput_benchmark", "weak",
]

_paths_below(__name__)
