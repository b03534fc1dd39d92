"""torch._C: the few of its names that programs and libraries read. AttributeError for the others says that corelib has no C++ of its own."""

from __future__ import annotations

from typing import Any

from corelib.contract.backend import AcceleratorError as AcceleratorError, OutOfMemoryError as OutOfMemoryError
from corelib.graph.grad_mode import is_grad_enabled as is_grad_enabled, is_inference_mode_enabled as is_inference_mode_enabled
from corelib.machine.build import has_lapack as has_lapack, has_mkl as has_mkl, has_openmp as has_openmp, has_spectral as has_spectral
from corelib.machine.threads import get_num_threads as get_num_threads
from corelib.nn import functional as _nn  # torch._C._nn has the functions of nn.functional that are written in C++
from corelib.ops.random.generator import Generator as Generator, default_generator as default_generator
from corelib.tensor.device import device as device
from corelib.tensor.dtype import dtype as dtype
from corelib.tensor.layout import layout as layout, memory_format as memory_format
from corelib.tensor.size import Size as Size
from corelib.tensor.tensor import Tensor as TensorBase
