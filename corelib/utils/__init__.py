"""PyTorch's `torch.utils`: here the data package under its PyTorch name, what deterministic mode does, and DLPack's capsules."""

from __future__ import annotations

from typing import TYPE_CHECKING as _TYPE_CHECKING, Any as _Any

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.utils import data as data, deterministic as deterministic, dlpack as dlpack
from corelib.utils.swapping import set_module as set_module, swap_tensors as swap_tensors
from corelib.utils.absent.backend_registration import (
    generate_methods_for_privateuse1_backend as generate_methods_for_privateuse1_backend, rename_privateuse1_backend as rename_privateuse1_backend,
)
from corelib.utils.throughput_benchmark import ThroughputBenchmark as ThroughputBenchmark

if _TYPE_CHECKING:
    from corelib.nn.modules.module import Module as _Module
    from corelib.tensor.device import DeviceLike as _DeviceLike
    from corelib.utils.model_summary import ModelSummary as _ModelSummary

deterministic.__class__ = deterministic.Setting

__all__ = [
    "ThroughputBenchmark", "backend_registration", "benchmark", "checkpoint", "collect_env", "cpp_extension", "data", "deterministic", "dlpack",
    "file_baton", "flop_counter", "generate_methods_for_privateuse1_backend", "hooks", "module_tracker", "rename_privateuse1_backend", "serialization",
    "set_module", "swap_tensors", "throughput_benchmark", "weak",
]



def summary(
    model: _Module, input_size: _Any = None, input_data: _Any = None, dtypes: _Any = None, device: _DeviceLike = None, depth: int = 3
) -> _ModelSummary:
    """A model's layers, with output shapes, parameters and floating-point operations, and the totals: `print` shows a table.

    input_size: the input's shape, the batch included; a list of shapes for several inputs, a dict for inputs by name. input_data: the inputs
    themselves, in their place: a tensor, a tuple of arguments, or a dict. Without either the model is not called, and there are no shapes
    and FLOPs. dtypes: of the inputs that are made; by default that of the parameters. device: where the model must lie (by default, where it
    lies), and where inputs are put; on meta nothing is computed. depth: how many levels of layers have rows.

    The call is as for evaluation and without gradients. Modules and parameters that are in a model twice are counted once. FLOPs are
    those of `FlopCounterMode`. RuntimeError names the layer that refused the input; ValueError for sizes that are none.

    >>> import corelib as torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    >>> found = torch.utils.summary(model, (5, 8))
    >>> print(found)
    Layer        Output shape  Parameters  Trainable  FLOPs
    -------------------------------------------------------
    Sequential   [5, 2]                 -          -      -
      0: Linear  [5, 4]                36         36    320
      1: ReLU    [5, 4]                 -          -      -
      2: Linear  [5, 2]                10         10     80
    -------------------------------------------------------
    Parameters: 46 (184 bytes), trainable: 46
    FLOPs of one call: 400
    >>> found.flops, [layer.parameters for layer in found.layers]
    (400, [0, 36, 0, 10])
    """
    from corelib.utils.model_summary import summarize  # start-up: with the profiler's tables, which few programs need

    return summarize(model, input_size, input_data, dtypes, device, depth)


_paths_below(__name__)
