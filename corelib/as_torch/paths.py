"""THE TABLE of PyTorch's module paths that are other modules here: `utils.data.dataloader` is `data.loader` with its iterators.

A path with one home is that very module under another name; one with several, with a package (`.` is the face), or with
a path below it, has the public names of all of them. A module of corelib that has PyTorch's path already (`nn.modules.linear`) needs no line. `corelib.` and, under as_torch, `torch.` resolve by the same table.
"""

from __future__ import annotations

from functools import cache

_TABLE = """
_VF: .
_C: machine.c_names
__config__: machine.build
__future__: nn.future
_dynamo: capture.dynamo
_dynamo.eval_frame: capture.optimized
_utils: machine.internals serialization.rebuild
_jit_internal: capture.jit
_lobpcg: ops.linalg.lobpcg
_lowrank: ops.linalg.matrix_norms
_tensor: tensor.tensor
_tensor_str: ops.conversion.printing
_weights_only_unpickler: serialization.unpickling
autograd.profiler: profiler.autograd_profiler
autograd.profiler_util: profiler.events profiler.event_list
backends.cusparselt: backends.libraries.cusparselt
backends.kleidiai: backends.libraries.kleidiai
backends.miopen: backends.libraries.miopen
backends.mkl: backends.libraries.mkl
backends.mkldnn: backends.libraries.mkldnn
backends.nnpack: backends.libraries.nnpack
backends.openmp: backends.libraries.openmp
backends.xnnpack: backends.libraries.xnnpack
compiler: capture.compiler
cpu.amp.autocast_mode: amp.cpu
cpu.amp.grad_scaler: amp.cpu
cpu.amp: amp.cpu
cuda.amp.autocast_mode: amp.cuda
cuda.amp.common: amp.cuda
cuda.amp.grad_scaler: amp.cuda
cuda.amp: amp.cuda
cuda.comm: nn.parallel.comm
cuda.graphs: devices.graphs
cuda.memory: cuda
cuda.nvtx: devices.nvtx
cuda.random: cuda
cuda.streams: cuda
distributed.device_mesh: distributed
distributed.distributed_c10d: distributed
distributed.nn.functional: distributed.nn
functional: .
jit: capture.jit
nn.functional.grad: nn.grad
onnx: capture.onnx
optim._adafactor: optim.adafactor
optim._muon: optim.muon
random: ops.random.generator
return_types: ops.return_types
signal.windows.windows: signal.windows
storage: tensor.storage
testing._comparison: testing
testing._creation: testing
torch_version: as_torch.versions
types: machine.names
utils._contextlib: utils.plumbing.context_decorators
utils._foreach_utils: utils.plumbing.foreach_support
utils._python_dispatch: utils.absent.python_dispatch
utils._pytree: pytree
utils.backend_registration: utils.absent.backend_registration
utils.benchmark.utils.common: utils.benchmark.measurement utils.benchmark.timer
utils.benchmark.utils.compare: utils.benchmark.compare
utils.benchmark.utils.fuzzer: utils.benchmark.fuzzer
utils.benchmark.utils.timer: utils.benchmark.timer
utils.benchmark.utils.valgrind_wrapper.timer_interface: utils.benchmark.timer
utils.benchmark.utils.valgrind_wrapper: utils.benchmark.timer
utils.benchmark.utils: utils.benchmark
utils.bundled_inputs: utils.absent.mobile
utils.cpp_extension: utils.absent.cpp_extension
utils.file_baton: utils.plumbing.file_baton
utils.mobile_optimizer: utils.absent.mobile
utils.data._utils.collate: data.collate
utils.data._utils.fetch: data.worker
utils.data._utils.worker: data.worker
utils.data._utils: data.collate data.worker
utils.data.dataloader: data.loader data.iterators data.collate data.worker
utils.data.dataset: data.dataset
utils.data.distributed: data.distributed
utils.data.sampler: data.sampler
utils.serialization.config: serialization.config
utils.serialization: serialization
utils.model_zoo: hub
"""

VISION = "vision"
"""The room that is a package beside `torch`: `torchvision`."""
OWN = frozenset((
    "as_torch", "backend", "cli", "contract", "data", "datasets", "devices", "dispatcher", "graph", "progress", "pytree", "tensor", "version", "viz", VISION,
))  # fmt: skip
"""What lies below `corelib` and not below `torch`: its own rooms, and names that mean something else there."""

STARS = {
    "functional": """
        atleast_1d atleast_2d atleast_3d block_diag broadcast_shapes broadcast_tensors cartesian_prod cdist chain_matmul einsum
        istft lu meshgrid norm pca_lowrank split stft svd_lowrank tensordot unique unique_consecutive unravel_index
    """,
    "utils.data.dataloader": "DataLoader default_collate default_convert get_worker_info",
    "utils.model_zoo": "load_url",
}
"""What `from path import *` gives where that is not all that its homes do: they have more than PyTorch has there."""

UNLISTED = """
    Any BFloat16Storage BFloat16Tensor ComplexDoubleStorage ComplexFloatStorage HalfStorage HalfTensor Storage annotations broadcast_shapes channels_last
    channels_last_3d compiled_with_cxx11_abi contiguous_format fork_rng from_dlpack jagged legacy_contiguous_format lu max_pool2d_with_indices_backward
    native_dropout_backward ops pca_lowrank preserve_format printoptions segment_reduce set_default_dtype set_grad_enabled strided svd_lowrank synchronize
    to_dlpack unique while_loop
"""
"""What the package has, and `from torch import *` does not bring: nor PyTorch's."""


@cache
def paths() -> dict[str, tuple[str, ...]]:
    """The table as a dictionary, made when it is first asked for: a path and its homes, all without the package's name."""
    found = {}
    for line in _TABLE.strip().splitlines():
        path, _, homes = line.partition(": ")
        found[path] = tuple(homes.split())
    return found
