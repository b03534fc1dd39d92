# Written by `python -m tools.stubs`, from the op table. Change that or the source, not this file.
from builtins import bool as _bool, complex as _complex, dict as _dict, float as _float, int as _int, list as _list, object as _object, str as _str, tuple as _tuple
from collections.abc import Sequence as _Sequence
from typing import Any as _Any
from corelib.ops.linalg.results import Geqrf as _Geqrf, OldQR as _OldQR, OldSVD as _OldSVD, OldSlogdet as _OldSlogdet, TriangularSolve as _TriangularSolve, UnpackedLU as _UnpackedLU
from corelib.ops.random.generator import Generator as _Generator
from corelib.ops.return_types import Frexp as _Frexp, Histogram as _Histogram, HistogramOfMany as _HistogramOfMany, MinAndMax as _MinAndMax, ValuesAndIndices as _ValuesAndIndices
from corelib.tensor.device import device as _Device
from corelib.tensor.dtype import dtype as _DType
from corelib.tensor.layout import layout as _Layout, memory_format as _MemoryFormat
from corelib.tensor.size import Size as _Size
from corelib.tensor.tensor import Tensor as _Tensor
from corelib.graph.anomaly import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from corelib.graph.anomaly import is_anomaly_enabled as is_anomaly_enabled
from corelib.graph.anomaly import set_anomaly_enabled as set_anomaly_enabled
from corelib.graph.grad_mode import enable_grad as enable_grad
from corelib.graph.grad_mode import is_grad_enabled as is_grad_enabled
from corelib.graph.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from corelib.graph.grad_mode import no_grad as no_grad
from corelib.graph.grad_mode import set_grad_enabled as set_grad_enabled
from corelib.tensor.device import device as device
from corelib.tensor.device import get_default_device as get_default_device
from corelib.tensor.device import set_default_device as set_default_device
from corelib.tensor.dtype import dtype as dtype
from corelib.ops.conversion.interchange import from_dlpack as from_dlpack
from corelib.tensor.layout import channels_last as channels_last
from corelib.tensor.layout import channels_last_3d as channels_last_3d
from corelib.tensor.layout import contiguous_format as contiguous_format
from corelib.tensor.layout import jagged as jagged
from corelib.tensor.layout import layout as layout
from corelib.tensor.layout import legacy_contiguous_format as legacy_contiguous_format
from corelib.tensor.layout import memory_format as memory_format
from corelib.tensor.layout import preserve_format as preserve_format
from corelib.tensor.layout import strided as strided
from corelib.ops.construction.legacy import BFloat16Tensor as BFloat16Tensor
from corelib.ops.construction.legacy import BoolTensor as BoolTensor
from corelib.ops.construction.legacy import ByteTensor as ByteTensor
from corelib.ops.construction.legacy import CharTensor as CharTensor
from corelib.ops.construction.legacy import DoubleTensor as DoubleTensor
from corelib.ops.construction.legacy import FloatTensor as FloatTensor
from corelib.ops.construction.legacy import HalfTensor as HalfTensor
from corelib.ops.construction.legacy import IntTensor as IntTensor
from corelib.ops.construction.legacy import LongTensor as LongTensor
from corelib.ops.construction.legacy import ShortTensor as ShortTensor
from corelib.ops.construction.legacy import set_default_tensor_type as set_default_tensor_type
from corelib.ops.construction.storages import BFloat16Storage as BFloat16Storage
from corelib.ops.construction.storages import BoolStorage as BoolStorage
from corelib.ops.construction.storages import ByteStorage as ByteStorage
from corelib.ops.construction.storages import CharStorage as CharStorage
from corelib.ops.construction.storages import ComplexDoubleStorage as ComplexDoubleStorage
from corelib.ops.construction.storages import ComplexFloatStorage as ComplexFloatStorage
from corelib.ops.construction.storages import DoubleStorage as DoubleStorage
from corelib.ops.construction.storages import FloatStorage as FloatStorage
from corelib.ops.construction.storages import HalfStorage as HalfStorage
from corelib.ops.construction.storages import IntStorage as IntStorage
from corelib.ops.construction.storages import LongStorage as LongStorage
from corelib.ops.construction.storages import ShortStorage as ShortStorage
from corelib.ops.construction.storages import StorageOfFloats as Storage
from corelib.tensor.limits import finfo as finfo
from corelib.tensor.limits import iinfo as iinfo
from corelib.tensor.promotion import can_cast as can_cast
from corelib.tensor.promotion import get_default_dtype as get_default_dtype
from corelib.tensor.promotion import promote_types as promote_types
from corelib.tensor.promotion import result_type as result_type
from corelib.tensor.promotion import set_default_dtype as set_default_dtype
from corelib.tensor.size import Size as Size
from corelib.tensor.storage import TypedStorage as TypedStorage
from corelib.tensor.storage import UntypedStorage as UntypedStorage
from corelib.tensor.tensor import Tensor as Tensor
from corelib.contract.backend import AcceleratorError as AcceleratorError
from corelib.overrides import DisableTorchFunction as DisableTorchFunction
from corelib.overrides import DisableTorchFunctionSubclass as DisableTorchFunctionSubclass
from corelib.devices import Event as Event
from corelib.contract.backend import FatalError as FatalError
from corelib.ops.random.generator import Generator as Generator
from corelib.amp.grad_scaler import GradScaler as GradScaler
from corelib.contract.backend import OutOfMemoryError as OutOfMemoryError
from corelib.devices import Stream as Stream
from corelib.capture.symbolic import SymBool as SymBool
from corelib.capture.symbolic import SymFloat as SymFloat
from corelib.capture.symbolic import SymInt as SymInt
from corelib.capture.tags import Tag as Tag
from corelib.machine import build as __config__
from corelib.nn import future as __future__
from corelib.amp.scaling import _amp_foreach_non_finite_check_and_unscale_ as _amp_foreach_non_finite_check_and_unscale_
from corelib.amp.scaling import _amp_update_scale_ as _amp_update_scale_
from corelib import accelerator as accelerator
from corelib import amp as amp
from corelib.dispatcher.determinism import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from corelib.amp.autocast_mode import autocast as autocast
from corelib.amp.state import autocast_decrement_nesting as autocast_decrement_nesting
from corelib.amp.state import autocast_increment_nesting as autocast_increment_nesting
from corelib import autograd as autograd
from corelib import backend as backend
from corelib import backends as backends
from corelib.amp.state import clear_autocast_cache as clear_autocast_cache
from corelib import cli as cli
from corelib.capture.optimized import compile as compile
from corelib.machine.build import compiled_with_cxx11_abi as compiled_with_cxx11_abi
from corelib.capture.symbolic import cond as cond
from corelib.devices import cpu as cpu
from corelib.devices import cuda as cuda
from corelib import data as data
from corelib.ops.random.generator import default_generator as default_generator
from corelib import dispatcher as dispatcher
from corelib import distributed as distributed
from corelib import distributions as distributions
from corelib import fft as fft
from corelib.ops.random.generator import fork_rng as fork_rng
from corelib import func as func
from corelib import futures as futures
from corelib.amp.old_names import get_autocast_cpu_dtype as get_autocast_cpu_dtype
from corelib.amp.state import get_autocast_dtype as get_autocast_dtype
from corelib.amp.old_names import get_autocast_gpu_dtype as get_autocast_gpu_dtype
from corelib.amp.old_names import get_autocast_ipu_dtype as get_autocast_ipu_dtype
from corelib.amp.old_names import get_autocast_xla_dtype as get_autocast_xla_dtype
from corelib.dispatcher.determinism import get_deterministic_debug_mode as get_deterministic_debug_mode
from corelib.machine.modules import get_device_module as get_device_module
from corelib.dispatcher.precision import get_float32_matmul_precision as get_float32_matmul_precision
from corelib.machine.threads import get_num_interop_threads as get_num_interop_threads
from corelib.machine.threads import get_num_threads as get_num_threads
from corelib.ops.random.generator import get_rng_state as get_rng_state
from corelib.machine.build import has_lapack as has_lapack
from corelib.machine.build import has_mkl as has_mkl
from corelib.machine.build import has_openmp as has_openmp
from corelib.machine.build import has_spectral as has_spectral
from corelib import hub as hub
from corelib.dispatcher.inference import inference_mode as inference_mode
from corelib.machine.threads import init_num_threads as init_num_threads
from corelib.ops.random.generator import initial_seed as initial_seed
from corelib.amp.state import is_autocast_cache_enabled as is_autocast_cache_enabled
from corelib.amp.old_names import is_autocast_cpu_enabled as is_autocast_cpu_enabled
from corelib.amp.state import is_autocast_enabled as is_autocast_enabled
from corelib.amp.old_names import is_autocast_ipu_enabled as is_autocast_ipu_enabled
from corelib.amp.old_names import is_autocast_xla_enabled as is_autocast_xla_enabled
from corelib.dispatcher.determinism import is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled
from corelib.machine.build import is_vulkan_available as is_vulkan_available
from corelib.dispatcher.warned import is_warn_always_enabled as is_warn_always_enabled
from corelib import linalg as linalg
from corelib.serialization import load as load
from corelib.ops.random.generator import manual_seed as manual_seed
from corelib import masked as masked
from corelib.devices import mps as mps
from corelib.devices import mtia as mtia
from corelib import multiprocessing as multiprocessing
from corelib import nn as nn
from corelib.devices import opencl as opencl
from corelib import optim as optim
from corelib import overrides as overrides
from corelib.ops.conversion.printing import printoptions as printoptions
from corelib import profiler as profiler
from corelib import quasirandom as quasirandom
from corelib.serialization import save as save
from corelib.ops.random.generator import seed as seed
from corelib import serialization as serialization
from corelib.amp.state import set_autocast_cache_enabled as set_autocast_cache_enabled
from corelib.amp.old_names import set_autocast_cpu_dtype as set_autocast_cpu_dtype
from corelib.amp.old_names import set_autocast_cpu_enabled as set_autocast_cpu_enabled
from corelib.amp.state import set_autocast_dtype as set_autocast_dtype
from corelib.amp.state import set_autocast_enabled as set_autocast_enabled
from corelib.amp.old_names import set_autocast_gpu_dtype as set_autocast_gpu_dtype
from corelib.amp.old_names import set_autocast_ipu_dtype as set_autocast_ipu_dtype
from corelib.amp.old_names import set_autocast_ipu_enabled as set_autocast_ipu_enabled
from corelib.amp.old_names import set_autocast_xla_dtype as set_autocast_xla_dtype
from corelib.amp.old_names import set_autocast_xla_enabled as set_autocast_xla_enabled
from corelib.dispatcher.determinism import set_deterministic_debug_mode as set_deterministic_debug_mode
from corelib.dispatcher.precision import set_float32_matmul_precision as set_float32_matmul_precision
from corelib.machine.threads import set_flush_denormal as set_flush_denormal
from corelib.machine.threads import set_num_interop_threads as set_num_interop_threads
from corelib.machine.threads import set_num_threads as set_num_threads
from corelib.ops.conversion.printing import set_printoptions as set_printoptions
from corelib.ops.random.generator import set_rng_state as set_rng_state
from corelib.dispatcher.warned import set_warn_always as set_warn_always
from corelib import signal as signal
from corelib import special as special
from corelib.capture.symbolic import sym_constrain_range as sym_constrain_range
from corelib.capture.symbolic import sym_constrain_range_for_size as sym_constrain_range_for_size
from corelib.capture.symbolic import sym_float as sym_float
from corelib.capture.symbolic import sym_fresh_size as sym_fresh_size
from corelib.capture.symbolic import sym_int as sym_int
from corelib.capture.symbolic import sym_ite as sym_ite
from corelib.capture.symbolic import sym_max as sym_max
from corelib.capture.symbolic import sym_min as sym_min
from corelib.capture.symbolic import sym_not as sym_not
from corelib.capture.symbolic import sym_sqrt as sym_sqrt
from corelib.capture.symbolic import sym_sum as sym_sum
from corelib import testing as testing
from corelib.ops.random.generator import thread_safe_generator as thread_safe_generator
from corelib.utils.dlpack import to_dlpack as to_dlpack
from corelib.dispatcher.determinism import use_deterministic_algorithms as use_deterministic_algorithms
from corelib import utils as utils
from corelib import viz as viz
from corelib.func.mapping import vmap as vmap
from corelib.capture.symbolic import while_loop as while_loop
from corelib.devices import xpu as xpu

def as_tensor(data: _object, dtype: _DType | None = ..., device: _Device | _str | _int | None = ...) -> _Tensor:
    """A tensor that shares `data`'s memory where it can: a tensor or NumPy array of the right dtype and device."""
def asarray(obj: _object, *, dtype: _DType | None = ..., device: _Device | _str | _int | None = ..., copy: _bool | None = ..., requires_grad: _bool = ...) -> _Tensor:
    """A tensor from any array-like, sharing its memory unless `copy` is True; ValueError where copy=False cannot be."""
def from_numpy(array: _object) -> _Tensor:
    """A tensor that shares a NumPy array's memory."""
def frombuffer(buffer: _Any, *, dtype: _DType, count: _int = ..., offset: _int = ..., requires_grad: _bool = ...) -> _Tensor:
    """A 1-d tensor over the memory of an object with the buffer protocol; it warns where that cannot be written."""
def tensor(data: _object, *, dtype: _DType | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """A tensor with a copy of `data`: a number, nested sequences, a NumPy array, or a tensor."""
def is_tensor(obj: _Any) -> _bool:
    """Whether an object is a tensor."""
def is_floating_point(input: _Tensor) -> _bool:
    """Whether a tensor's dtype is a floating-point one."""
def is_complex(input: _Tensor) -> _bool:
    """Whether a tensor's dtype is a complex one."""
def numel(input: _Tensor) -> _int:
    """The number of elements of a tensor."""
def _answer(function: _Any, input: _Any) -> _Any:
    """What an object that stands for a tensor answers; AttributeError for what does not."""
def is_storage(obj: _Any) -> _bool:
    """Whether an object is a storage."""
def synchronize(device: _Any = ...) -> None:
    """Wait until a device has done all that was asked of it."""
def _device(name: _str) -> _Any:
    """The module of a device type, as `torch.cuda`; None for other names."""
def _load() -> _Any: ...
__version__: _Any
inf: _float
nan: _float
pi: _float
e: _float
newaxis: None
bool: _DType
uint8: _DType
int8: _DType
int16: _DType
int32: _DType
int64: _DType
float16: _DType
bfloat16: _DType
float32: _DType
float64: _DType
complex64: _DType
complex128: _DType
int1: _DType
int2: _DType
int3: _DType
int4: _DType
int5: _DType
int6: _DType
int7: _DType
uint1: _DType
uint2: _DType
uint3: _DType
uint4: _DType
uint5: _DType
uint6: _DType
uint7: _DType
bits1x8: _DType
bits2x4: _DType
bits4x2: _DType
bits8: _DType
bits16: _DType
bit: _DType
half: _DType
float: _DType
double: _DType
short: _DType
int: _DType
long: _DType
cfloat: _DType
cdouble: _DType
def _batch_norm_with_update(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, running_mean: _Tensor, running_var: _Tensor, momentum: _float, eps: _float) -> _tuple[_Tensor, _Tensor, _Tensor, _Tensor]:
    """`native_batch_norm` in training, and an empty tensor of bytes, where PyTorch has what a GPU's library keeps."""
def _chunk_cat(tensors: _Sequence[_Tensor], dim: _int, num_chunks: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """Each tensor cut along `dim` into `num_chunks` equal pieces, filled up with zeros, what follows `dim` laid out flat, and all joined: the"""
def _conj(input: _Tensor) -> _Tensor:
    """A view of complex numbers that shows their conjugates."""
def _dirichlet_grad(x: _Tensor, alpha: _Tensor, total: _Tensor) -> _Tensor:
    """How Dirichlet numbers `x` move with their own concentrations `alpha`, of which `total` is the sum, over 1 - x; in float64 within."""
def _log_softmax_backward_data(grad_output: _Tensor, output: _Tensor, dim: _int, input_dtype: _DType) -> _Tensor:
    """The gradient of log_softmax along `dim` from its result, in `input_dtype`, row-major."""
def _native_batch_norm_legit(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, running_mean: _Tensor | _bool | None, running_var: _Tensor | _float | None, training: _float, momentum: _float = ..., eps: _float = ..., *, out: _Any = ...) -> _tuple[_Tensor, _Tensor, _Tensor]:
    """`native_batch_norm`; without running statistics also as (input, weight, bias, training, momentum, eps)."""
def _neg_view(input: _Tensor) -> _Tensor:
    """A view that shows the negatives; the node's gradient is a copy."""
def _safe_softmax(input: _Tensor, dim: _int, dtype: _DType | None = ...) -> _Tensor:
    """softmax, with 0 in place of nan where all of a row is -inf."""
def _sample_dirichlet(input: _Tensor, generator: _Generator | None = ...) -> _Tensor:
    """Dirichlet numbers with the concentrations `input` along its last dimension, which sum up to 1 there; in its floating dtype."""
def _segment_reduce(data: _Tensor, reduce: _str, *, lengths: _Tensor | None = ..., indices: _Tensor | None = ..., offsets: _Tensor | None = ..., axis: _int = ..., unsafe: _bool = ..., initial: _float | None = ...) -> _Tensor:
    """The "sum", "mean", "prod", "max" or "min" of each segment along `axis`: (..., segments, ...)."""
def _softmax_backward_data(grad_output: _Tensor, output: _Tensor, dim: _int, input_dtype: _DType) -> _Tensor:
    """The gradient of softmax along `dim` from its result, in `input_dtype`, row-major."""
def _standard_gamma(input: _Tensor, generator: _Generator | None = ...) -> _Tensor:
    """Gamma numbers of scale 1 with the shapes `input`, in its shape and floating dtype; NaN for negative shapes."""
def _standard_gamma_grad(input: _Tensor, output: _Tensor) -> _Tensor:
    """How gamma numbers `output` move with their shapes `input`: the derivative, to about three digits or more; in float64 within."""
def _unsafe_masked_index(input: _Tensor, mask: _Tensor, indices: _Sequence[_Tensor | None], fill: _int | _float | _bool | _complex) -> _Tensor:
    """`input[indices]` where `mask` is True, `fill` elsewhere; there the indices may lie outside."""
def _unsafe_masked_index_put_accumulate(input: _Tensor, mask: _Tensor, indices: _Sequence[_Tensor | None], values: _Tensor) -> _Tensor:
    """`input` with `values` added at `indices` where `mask` is True; elsewhere the indices may lie outside."""
def _upsample_bilinear2d_aa(input: _Tensor, output_size: _Sequence[_int] | None, align_corners: _bool, scale_factors: _Sequence[_float] | None = ..., *, scales_h: _float | None = ..., scales_w: _float | None = ...) -> _Tensor:
    """`nn.functional.interpolate` of (n, c, h, w), bilinear and antialiased; beside `output_size`, scales_h and scales_w say how far"""
def abs(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The absolute value, elementwise."""
def abs_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `abs`: writes its result into this tensor and returns it."""
def absolute(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The absolute value, elementwise."""
def acos(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc cosine in radians, elementwise; NaN outside -1 to 1."""
def acos_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `acos`: writes its result into this tensor and returns it."""
def acosh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic cosine, elementwise; NaN below 1."""
def acosh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `acosh`: writes its result into this tensor and returns it."""
def adaptive_avg_pool1d(input: _Tensor, output_size: _int | _Sequence[_int | None]) -> _Tensor:
    """The means of `output_size` windows that cover the last dimension evenly."""
def adaptive_max_pool1d(input: _Tensor, output_size: _int | _Sequence[_int]) -> _tuple[_Tensor, _Tensor]:
    """`nn.functional.adaptive_max_pool1d` with the indices of the largest elements."""
def add(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input + alpha * other`, elementwise with broadcasting and promotion."""
def addbmm(input: _Tensor, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`beta * input + alpha *` the sum over the batch of `batch1 @ batch2`."""
def addcdiv(input: _Tensor, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input + value * tensor1 / tensor2`, elementwise. RuntimeError for integers."""
def addcmul(input: _Tensor, tensor1: _Tensor, tensor2: _Tensor, *, value: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input + value * tensor1 * tensor2`, elementwise."""
def addmm(input: _Tensor, mat1: _Tensor, mat2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`; with beta 0 `input` is ignored, NaN and all."""
def addmv(input: _Tensor, mat: _Tensor, vec: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`beta * input + alpha * (mat @ vec)`; with beta 0 `input` is ignored."""
def addmv_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `addmv`: writes its result into this tensor and returns it."""
def addr(input: _Tensor, vec1: _Tensor, vec2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`; with beta 0 `input` is ignored."""
def adjoint(input: _Tensor) -> _Tensor:
    """The conjugate of the transpose of matrices."""
def alias_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `alias` shows."""
def all(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Whether every element, of all or along `dim`, is not zero."""
def allclose(input: _Tensor, other: _Tensor, rtol: _float = ..., atol: _float = ..., equal_nan: _bool = ...) -> _bool:
    """Whether `isclose` holds for every element."""
def alpha_dropout(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.alpha_dropout`, where it must be said whether this is training."""
def alpha_dropout_(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.alpha_dropout` in place."""
def amax(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The largest element of all, or along `dim`; NaN where there is one."""
def amin(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The smallest element of all, or along `dim`; NaN where there is one."""
def aminmax(input: _Tensor, *, dim: _int | None = ..., keepdim: _bool = ..., out: _Any = ...) -> _MinAndMax:
    """The smallest and the largest element, of all or along `dim`."""
def angle(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The angle in radians, elementwise; of real numbers 0, or pi for negative ones."""
def any(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Whether any element, of all or along `dim`, is not zero."""
def arange(start: _Tensor | _float | None = ..., end: _Tensor | _float | None = ..., step: _Tensor | _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The numbers from `start` up to, and without, `end`, `step` apart."""
def arccos(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc cosine in radians, elementwise; NaN outside -1 to 1."""
def arccos_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `acos`: writes its result into this tensor and returns it."""
def arccosh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic cosine, elementwise; NaN below 1."""
def arccosh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `acosh`: writes its result into this tensor and returns it."""
def arcsin(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc sine in radians, elementwise; NaN outside -1 to 1."""
def arcsin_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `asin`: writes its result into this tensor and returns it."""
def arcsinh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic sine, elementwise."""
def arcsinh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `asinh`: writes its result into this tensor and returns it."""
def arctan(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc tangent in radians, elementwise."""
def arctan2(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The angle of the point (other, input) in radians, elementwise, from -pi to pi."""
def arctan_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `atan`: writes its result into this tensor and returns it."""
def arctanh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic tangent, elementwise; ±inf at ±1, NaN beyond."""
def arctanh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `atanh`: writes its result into this tensor and returns it."""
def argmax(input: _Tensor, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Where the largest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is largest."""
def argmin(input: _Tensor, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Where the smallest element is: in the flattened tensor, or along `dim`. The first of equals; NaN is smallest."""
def argsort(input: _Tensor, dim: _int = ..., descending: _bool = ..., *, stable: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The indices that put the elements in order along `dim`."""
def argwhere(input: _Tensor) -> _Tensor:
    """The coordinates of the elements that are not zero, a row for each."""
def as_strided(input: _Tensor, size: _Sequence[_int], stride: _Sequence[_int], storage_offset: _int | None = ...) -> _Tensor:
    """A view of the storage with any shape, strides and offset, in elements; RuntimeError where it would leave the storage."""
def as_strided_(self: _Tensor, *args: _Any, **named: _object) -> _Tensor:
    """The in-place form of `as_strided`."""
def as_strided_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `as_strided` shows."""
def as_strided_scatter(input: _Tensor, src: _Tensor, size: _Sequence[_int], stride: _Sequence[_int], storage_offset: _int | None = ...) -> _Tensor:
    """A copy of `input` with `src` where a view of these sizes, strides and offset lies."""
def asin(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc sine in radians, elementwise; NaN outside -1 to 1."""
def asin_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `asin`: writes its result into this tensor and returns it."""
def asinh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic sine, elementwise."""
def asinh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `asinh`: writes its result into this tensor and returns it."""
def atan(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The arc tangent in radians, elementwise."""
def atan2(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The angle of the point (other, input) in radians, elementwise, from -pi to pi."""
def atan_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `atan`: writes its result into this tensor and returns it."""
def atanh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse hyperbolic tangent, elementwise; ±inf at ±1, NaN beyond."""
def atanh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `atanh`: writes its result into this tensor and returns it."""
def atleast_1d(*tensors: _Any) -> _Tensor:
    """The tensor, or each of several, with at least 1 dimension(s), new ones having size 1."""
def atleast_2d(*tensors: _Any) -> _Tensor:
    """The tensor, or each of several, with at least 2 dimension(s), new ones having size 1."""
def atleast_3d(*tensors: _Any) -> _Tensor:
    """The tensor, or each of several, with at least 3 dimension(s), new ones having size 1."""
def avg_pool1d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., count_include_pad: _bool = ...) -> _Tensor:
    """The mean of each window along the last dimension; `stride` defaults to the window."""
def baddbmm(input: _Tensor, batch1: _Tensor, batch2: _Tensor, *, beta: _int | _float | _bool | _complex = ..., alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
def bartlett_window(window_length: _int, periodic: _bool = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """The Bartlett window: a triangle from 0 up to 1 and down again."""
def batch_norm(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, running_mean: _Tensor | None, running_var: _Tensor | None, training: _bool, momentum: _float, eps: _float, cudnn_enabled: _bool) -> _Tensor:
    """`nn.functional.batch_norm`, with the parameters before the statistics. `cudnn_enabled` changes nothing."""
def bernoulli(input: _Tensor, p: _Tensor | _float | None = ..., *, generator: _Generator | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """Ones with the probability that each element of `input` says (or `p` for all), else zeros."""
def bilinear(input1: _Tensor, input2: _Tensor, weight: _Tensor, bias: _Tensor | None = ...) -> _Tensor:
    """out[..., k] = input1 @ weight[k] @ input2 + bias[k]."""
def binary_cross_entropy_with_logits(input: _Tensor, target: _Tensor, weight: _Tensor | None = ..., pos_weight: _Tensor | None = ..., reduction: _int = ...) -> _Tensor:
    """`nn.functional.binary_cross_entropy_with_logits`, with the reduction as a number."""
def bincount(input: _Tensor, weights: _Tensor | None = ..., minlength: _int = ...) -> _Tensor:
    """How often each number from 0 occurs in a vector of integers, or the sum of its `weights`."""
def binomial(count: _Tensor, prob: _Tensor, generator: _Generator | None = ...) -> _Tensor:
    """Successes in `count` trials of probability `prob`, elementwise; both floating and of one dtype. RuntimeError for probabilities outside [0, 1]."""
def bitwise_and(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """The bits that both have; logical and for bool."""
def bitwise_left_shift(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """Bits moved up by `other` places; 0 for shifts past the width."""
def bitwise_not(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Each bit flipped; logical not for bool. NotImplementedError for floating dtypes."""
def bitwise_or(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """The bits that either has; logical or for bool."""
def bitwise_right_shift(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """Bits moved down by `other` places; the sign is kept."""
def bitwise_xor(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """The bits that just one has."""
def blackman_window(window_length: _int, periodic: _bool = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """The Blackman window: 0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)."""
def block_diag(*tensors: _Any) -> _Tensor:
    """A matrix with the given ones (0-d and 1-d ones as rows) on its diagonal, one after the other, and zeros elsewhere."""
def bmm(input: _Tensor, mat2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The products of two batches of matrices: (b, n, k) by (b, k, m) gives (b, n, m)."""
def broadcast_shapes(*shapes: _Any) -> _Size:
    """The shape that tensors of these shapes broadcast to; RuntimeError where they do not fit."""
def broadcast_tensors(*tensors: _Any) -> _tuple[_Tensor, ...]:
    """Views of all tensors in the shape that they broadcast to; one that has it already is returned itself."""
def broadcast_to(input: _Tensor, size: _int | _Sequence[_int]) -> _Tensor:
    """A view expanded to `size`."""
def bucketize(input: _Tensor | _int | _float | _bool | _complex, boundaries: _Tensor, *, out_int32: _bool = ..., right: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """For each value the bucket it falls in: the place in sorted, one-dimensional `boundaries`, as `searchsorted` finds it."""
def cartesian_prod(*tensors: _Any) -> _Tensor:
    """All combinations of one element of each vector, a row each; a single vector as it is."""
def cat(tensors: _Sequence[_Tensor], dim: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors one behind the other along `dim`; their other sizes must agree. dtypes are promoted."""
def cdist(x1: _Tensor, x2: _Tensor, p: _float = ..., compute_mode: _str | None = ...) -> _Tensor:
    """The p-norms of the differences of all pairs of rows: (..., n, m) and (..., r, m) give (..., n, r). RuntimeError for p < 0."""
def ceil(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The smallest integer not below, elementwise."""
def ceil_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `ceil`: writes its result into this tensor and returns it."""
def celu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """x above 0 and alpha * (exp(x / alpha) - 1) below, elementwise."""
def celu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `celu`."""
def chain_matmul(*matrices: _Any, out: _Tensor | None = ...) -> _Tensor:
    """`linalg.multi_dot` of matrices given one by one."""
def channel_shuffle(input: _Tensor, groups: _int) -> _Tensor:
    """The channels (dimension 1) of (n, c, *) in `groups`, interleaved. RuntimeError where groups do not divide c."""
def cholesky(input: _Tensor, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`linalg.cholesky` by its older name."""
def cholesky_inverse(input: _Tensor, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of the matrix whose Cholesky factor this is."""
def cholesky_solve(input: _Tensor, L: _Tensor, upper: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """X of A @ X = input, where L is the Cholesky factor of A."""
def chunk(input: _Tensor, chunks: _int, dim: _int = ...) -> _tuple[_Tensor, ...]:
    """Views of at most `chunks` pieces of equal size along `dim` (the last may be smaller)."""
def clamp(input: _Tensor, min: _Tensor | _int | _float | _bool | _complex | None = ..., max: _Tensor | _int | _float | _bool | _complex | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with everything below `min` raised to it and everything above `max` lowered to it; NaN stays."""
def clamp_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `clamp`: writes its result into this tensor and returns it."""
def clamp_max(input: _Tensor, max: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with everything above `max` lowered to it."""
def clamp_max_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `clamp_max`: writes its result into this tensor and returns it."""
def clamp_min(input: _Tensor, min: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with everything below `min` raised to it."""
def clamp_min_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `clamp_min`: writes its result into this tensor and returns it."""
def clip(input: _Tensor, min: _Tensor | _int | _float | _bool | _complex | None = ..., max: _Tensor | _int | _float | _bool | _complex | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with everything below `min` raised to it and everything above `max` lowered to it; NaN stays."""
def clip_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `clamp`: writes its result into this tensor and returns it."""
def clone(input: _Tensor, *, memory_format: _MemoryFormat | None = ...) -> _Tensor:
    """A copy with memory of its own; gradients flow through it."""
def column_stack(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors side by side, vectors as columns."""
def combinations(input: _Tensor, r: _int = ..., with_replacement: _bool = ...) -> _Tensor:
    """All combinations of `r` elements of a vector, a row each, in the order of `itertools.combinations`."""
def complex(real: _Tensor, imag: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Complex numbers of their real and imaginary parts, float32 or float64."""
def concat(tensors: _Sequence[_Tensor], dim: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors one behind the other along `dim`; their other sizes must agree. dtypes are promoted."""
def concatenate(tensors: _Sequence[_Tensor], dim: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors one behind the other along `dim`; their other sizes must agree. dtypes are promoted."""
def conj(input: _Tensor) -> _Tensor:
    """The conjugate, elementwise: a view of the same memory, which is marked; the tensor itself where it is real."""
def conj_physical(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The conjugate, elementwise, computed at once."""
def conj_physical_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `conj_physical`: writes its result into this tensor and returns it."""
def constant_pad_nd(input: _Tensor, pad: _Sequence[_int], value: _int | _float | _bool | _complex = ...) -> _Tensor:
    """`nn.functional.pad` with a constant."""
def conv1d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel along one dimension: input (b, c, n) or (c, n), weight (o, c / groups, k)."""
def conv2d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel over two dimensions: input (b, c, h, w) or (c, h, w), weight (o, c / groups, kh, kw)."""
def conv3d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _str | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., groups: _int = ...) -> _Tensor:
    """Slide a kernel over three dimensions: input (b, c, d, h, w), weight (o, c / groups, kd, kh, kw)."""
def conv_tbc(input: _Tensor, weight: _Tensor, bias: _Tensor, pad: _int = ...) -> _Tensor:
    """A convolution over sequences (time, batch, channels) with weights (width, channels, out channels) and a bias (out channels)."""
def conv_transpose1d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv1d`: its gradient with respect to the input. weight: (c, o / groups, k)."""
def conv_transpose2d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv2d`: its gradient with respect to the input. weight: (c, o / groups, kh, kw)."""
def conv_transpose3d(input: _Tensor, weight: _Tensor, bias: _Tensor | None = ..., stride: _int | _Sequence[_int] = ..., padding: _int | _Sequence[_int] = ..., output_padding: _int | _Sequence[_int] = ..., groups: _int = ..., dilation: _int | _Sequence[_int] = ...) -> _Tensor:
    """The transpose of `conv3d`: its gradient with respect to the input. weight: (c, o / groups, kd, kh, kw)."""
def copysign(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _float, *, out: _Tensor | None = ...) -> _Tensor:
    """The size of `input` with the sign of `other`, elementwise."""
def corrcoef(input: _Tensor) -> _Tensor:
    """The correlations of the rows of `input` (variables), whose columns are observations, cut to -1 to 1."""
def cos(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The cosine of radians, elementwise."""
def cos_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `cos`: writes its result into this tensor and returns it."""
def cosh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The hyperbolic cosine, elementwise."""
def cosh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `cosh`: writes its result into this tensor and returns it."""
def cosine_embedding_loss(input1: _Tensor, input2: _Tensor, target: _Tensor, margin: _float = ..., reduction: _int = ...) -> _Tensor:
    """`nn.functional.cosine_embedding_loss`, with the reduction as a number."""
def cosine_similarity(x1: _Tensor, x2: _Tensor, dim: _int = ..., eps: _float = ...) -> _Tensor:
    """The cosine of the angle between vectors along `dim`."""
def count_nonzero(input: _Tensor, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
    """How many elements are not zero, of all or along `dim`."""
def cov(input: _Tensor, *, correction: _int = ..., fweights: _Tensor | None = ..., aweights: _Tensor | None = ...) -> _Tensor:
    """The covariance matrix of the rows of `input` (variables), whose columns are observations; a vector's is its variance."""
def cross(input: _Tensor, other: _Tensor, dim: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """As `linalg.cross`; without `dim` along the first dimension of size 3."""
def ctc_loss(log_probs: _Tensor, targets: _Tensor, input_lengths: _Tensor | _Sequence[_int], target_lengths: _Tensor | _Sequence[_int], blank: _int = ..., reduction: _int = ..., zero_infinity: _bool = ...) -> _Tensor:
    """`nn.functional.ctc_loss`, with the reduction as a number."""
def cummax(input: _Tensor, dim: _int, *, out: _Any = ...) -> _ValuesAndIndices:
    """(values, indices) of the largest elements up to each along `dim`; of equal ones the last counts."""
def cummin(input: _Tensor, dim: _int, *, out: _Any = ...) -> _ValuesAndIndices:
    """(values, indices) of the smallest elements up to each along `dim`; of equal ones the last counts."""
def cumprod(input: _Tensor, dim: _int, *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The product of all elements up to each, along `dim`; integers multiply in int64."""
def cumsum(input: _Tensor, dim: _int, *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The sum of all elements up to each, along `dim`; integers are summed in int64."""
def cumulative_trapezoid(y: _Tensor, x: _Tensor | None = ..., *, dx: _int | _float | _bool | _complex | None = ..., dim: _int = ...) -> _Tensor:
    """The running integrals along `dim` by the trapezoid rule, one fewer than there are places."""
def deg2rad(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Degrees as radians, elementwise."""
def deg2rad_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `deg2rad`: writes its result into this tensor and returns it."""
def det(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The determinant of a square matrix."""
def detach(input: _Tensor) -> _Tensor:
    """The same memory outside the graph: in-place changes are shared, gradients are not."""
def detach_(self: _Tensor) -> _Tensor:
    """Take this tensor out of the graph in place; RuntimeError for views."""
def detach_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `detach` shows."""
def diag(input: _Tensor, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """A square matrix with a vector on one of its diagonals, or a matrix's diagonal as a vector."""
def diag_embed(input: _Tensor, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
    """Matrices with the last dimension of `input` on a diagonal; `offset` above 0 is above the main one."""
def diagflat(input: _Tensor, offset: _int = ...) -> _Tensor:
    """A square matrix with all elements of `input` on a diagonal."""
def diagonal(input: _Tensor, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
    """A view of a diagonal of two dimensions, which becomes the last dimension; `offset` above (below if negative) the main."""
def diagonal_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `diagonal` shows."""
def diagonal_scatter(input: _Tensor, src: _Tensor, offset: _int = ..., dim1: _int = ..., dim2: _int = ...) -> _Tensor:
    """A copy of `input` with `src` on a diagonal."""
def diff(input: _Tensor, n: _int = ..., dim: _int = ..., prepend: _Tensor | None = ..., append: _Tensor | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The differences of neighbours along `dim`, `n` times over, with what is put before and behind first; of bool, whether they differ."""
def digamma(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The derivative of lgamma, elementwise; ∓inf at ±0, NaN at -1, -2, ..."""
def dist(input: _Tensor, other: _Tensor, p: _float = ...) -> _Tensor:
    """The p-norm of `input - other`, broadcast."""
def div(input: _Tensor, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
def divide(input: _Tensor, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
def dot(input: _Tensor, tensor: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inner product of two vectors."""
def dropout(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.dropout`, where it must be said whether this is training."""
def dropout_(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.dropout` in place."""
def dsplit(input: _Tensor, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
    """Views of pieces along the dimension that `dstack` joins: equal ones, or cut at the listed indices."""
def dstack(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors behind each other: along the third dimension."""
def einsum(equation: _str | _Tensor, *operands: _Any) -> _Tensor:
    """The sum of products that `equation` says: letters name dimensions, `->` the output's, `...` any more of them."""
def embedding(weight: _Tensor, indices: _Tensor, padding_idx: _int = ..., scale_grad_by_freq: _bool = ..., sparse: _bool = ...) -> _Tensor:
    """`nn.functional.embedding` with the table before the indices. padding_idx: the row that gets no gradient; -1 means none."""
def embedding_bag(weight: _Tensor, indices: _Tensor, offsets: _Tensor, scale_grad_by_freq: _bool = ..., mode: _int = ..., sparse: _bool = ..., per_sample_weights: _Tensor | None = ..., include_last_offset: _bool = ..., padding_idx: _int | None = ...) -> _tuple[_Tensor, _Tensor, _Tensor, _Tensor]:
    """`nn.functional.embedding_bag` of (total,) indices with the table before them and `mode` as a number, 0 sum, 1 mean, 2 max."""
def empty(*size: _int | _Sequence[_int], dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., memory_format: _MemoryFormat | None = ..., out: _Tensor | None = ..., **names: _int | _Sequence[_int]) -> _Tensor:
    """A tensor of shape `size` whose elements are whatever was in its memory."""
def empty_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
    """As `empty`, with the shape, and unless given the dtype and device, of `input`."""
def empty_permuted(size: _int | _Sequence[_int], physical_layout: _Sequence[_int], *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """A dense tensor whose dimensions lie in memory in the order `physical_layout`, from the slowest; its elements are not set."""
def empty_strided(size: _Sequence[_int], stride: _Sequence[_int], *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """A tensor with the given strides, in elements; its elements are not set."""
def eq(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input == other`, elementwise; False where either is NaN."""
def equal(input: _Tensor, other: _Tensor) -> _bool:
    """Whether two tensors have one shape and the same elements, of whatever dtypes; NaN equals nothing."""
def erf(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The error function, elementwise: 2/sqrt(pi) times the integral of exp(-t²) from 0 to `input`."""
def erf_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `erf`: writes its result into this tensor and returns it."""
def erfc(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """1 - erf(input), elementwise, with all its digits for large inputs."""
def erfc_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `erfc`: writes its result into this tensor and returns it."""
def erfinv(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The number whose erf is `input`, elementwise; ±inf at ±1, NaN beyond."""
def exp(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """e to the power of `input`, elementwise. Integers become the default float."""
def exp2(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """2 to the power of `input`, elementwise. Integers become the default float."""
def exp2_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `exp2`: writes its result into this tensor and returns it."""
def exp_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `exp`: writes its result into this tensor and returns it."""
def expand_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `expand` shows."""
def expm1(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """exp(input) - 1, exact for small inputs, elementwise."""
def expm1_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `expm1`: writes its result into this tensor and returns it."""
def eye(n: _int, m: _int | None = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The n×m matrix with ones on its diagonal."""
def feature_alpha_dropout(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.feature_alpha_dropout`, where it must be said whether this is training."""
def feature_alpha_dropout_(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`nn.functional.feature_alpha_dropout` in place."""
def feature_dropout(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """Dropout of whole channels, dimension 1: all of a channel's elements or none."""
def feature_dropout_(input: _Tensor, p: _float, train: _bool) -> _Tensor:
    """`feature_dropout` in place."""
def fill(input: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
    """A tensor of the input's shape, dtype and device with one value, a number or a 0-d tensor; the input's gradient is 0."""
def fill_(self: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
    """Set every element in place."""
def fix(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The integer part, elementwise."""
def fix_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `trunc`: writes its result into this tensor and returns it."""
def flatten(input: _Tensor, start_dim: _int = ..., end_dim: _int = ...) -> _Tensor:
    """The dimensions from `start_dim` to `end_dim` as one."""
def flip(input: _Tensor, dims: _int | _Sequence[_int]) -> _Tensor:
    """A copy with the elements along `dims` in reverse."""
def fliplr(input: _Tensor) -> _Tensor:
    """A copy with the second dimension in reverse. RuntimeError for a vector."""
def flipud(input: _Tensor) -> _Tensor:
    """A copy with the first dimension in reverse. RuntimeError for a scalar."""
def float_power(input: _Tensor | _int | _float | _bool | _complex, exponent: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` to the power of `exponent` in float64, elementwise; either may be a number."""
def floor(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The largest integer not above, elementwise; integers as they are."""
def floor_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `floor`: writes its result into this tensor and returns it."""
def floor_divide(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """The quotient rounded down, elementwise. RuntimeError where an integer is divided by zero."""
def fmax(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The larger of two, elementwise; where one is NaN, the other."""
def fmin(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The smaller of two, elementwise; where one is NaN, the other."""
def fmod(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _float, *, out: _Tensor | None = ...) -> _Tensor:
    """What is left of `input / other`, with the sign of `input`, as C's fmod. RuntimeError for an integer and zero."""
def frac(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The part behind the point, with the sign of `input`, elementwise. NotImplementedError for integers."""
def frac_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `frac`: writes its result into this tensor and returns it."""
def frexp(input: _Tensor, *, out: _Any = ...) -> _Frexp:
    """(mantissa, exponent) with input = mantissa * 2**exponent and a mantissa of size from 1/2 to 1; floating dtypes only."""
def frobenius_norm(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`norm` with p "fro", by its older name."""
def from_file(filename: _str, shared: _bool | None = ..., size: _int = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """A 1-d tensor of the first `size` elements of a file, in the file's memory: see `UntypedStorage.from_file`."""
def full(size: _Sequence[_int], fill_value: _Tensor | _int | _float | _bool | _complex, *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """A tensor of shape `size` with every element `fill_value`."""
def full_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
    """As `full`, with the shape, and unless given the dtype and device, of `input`."""
def gather(input: _Tensor, dim: _int, index: _Tensor, *, sparse_grad: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """out[i][j][k] = input[index[i][j][k]][j][k] for dim 0, and so on; `index` is int64 and has as many dimensions."""
def gcd(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The greatest common divisor, elementwise, never negative; gcd(0, 0) is 0."""
def gcd_(self: _Tensor, other: _Any) -> _Tensor:
    """The in-place form of `gcd`: writes its result into this tensor and returns it."""
def ge(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input >= other`, elementwise; False where either is NaN."""
def geqrf(input: _Tensor, *, out: _Any = ...) -> _Geqrf:
    """(a, tau): LAPACK's form of a QR decomposition, for `householder_product`."""
def ger(input: _Tensor, vec2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The outer product of two vectors: element (i, j) is input[i] * vec2[j]."""
def get_device(input: _Tensor) -> _int:
    """The index of a tensor's device; -1 where the device type has none."""
def gradient(input: _Tensor, *, spacing: _Tensor | _float | _Sequence[_Tensor | _float] | None = ..., dim: _int | _Sequence[_int] | None = ..., edge_order: _int = ...) -> _tuple[_Tensor, ...]:
    """The slopes of samples along each of the given dimensions (all by default): central differences, and one-sided ones of"""
def greater(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input > other`, elementwise; False where either is NaN."""
def greater_equal(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input >= other`, elementwise; False where either is NaN."""
def grid_sampler(input: _Tensor, grid: _Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> _Tensor:
    """`nn.functional.grid_sample` with numbers for the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros, 1 border, 2 reflection."""
def grid_sampler_2d(input: _Tensor, grid: _Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> _Tensor:
    """`grid_sampler` of (n, c, h, w)."""
def grid_sampler_3d(input: _Tensor, grid: _Tensor, interpolation_mode: _int, padding_mode: _int, align_corners: _bool) -> _Tensor:
    """`grid_sampler` of (n, c, d, h, w)."""
def group_norm(input: _Tensor, num_groups: _int, weight: _Tensor | None = ..., bias: _Tensor | None = ..., eps: _float = ..., cudnn_enabled: _bool = ...) -> _Tensor:
    """`nn.functional.group_norm`. `cudnn_enabled` changes nothing."""
def gru(*args: _Any) -> _tuple[_Tensor, ...]:
    """The layers behind `nn.GRU`: (output, last states)."""
def gru_cell(input: _Tensor, hx: _Tensor, w_ih: _Tensor, w_hh: _Tensor, b_ih: _Tensor | None = ..., b_hh: _Tensor | None = ...) -> _Tensor:
    """The hidden state after one step of a GRU; input (n, i), hx (n, h), w_ih (3h, i), w_hh (3h, h)."""
def gt(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input > other`, elementwise; False where either is NaN."""
def hamming_window(window_length: _int, periodic: _bool = ..., alpha: _float = ..., beta: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """The Hamming window: alpha - beta cos(2 pi n / N), N being `window_length`, or one less for the symmetric window."""
def hann_window(window_length: _int, periodic: _bool = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """The Hann window: sin(pi n / N)**2, N being `window_length`, or one less for the symmetric window."""
def hardshrink(input: _Tensor, lambd: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """x, or 0 where |x| is at most lambd."""
def heaviside(input: _Tensor, values: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """0 where `input` is negative, 1 where positive, and `values` where it is 0, elementwise; both of one dtype."""
def hinge_embedding_loss(input: _Tensor, target: _Tensor, margin: _float = ..., reduction: _int = ...) -> _Tensor:
    """`nn.functional.hinge_embedding_loss`, with the reduction as a number."""
def histc(input: _Tensor, bins: _int = ..., min: _float = ..., max: _float = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """How many elements fall into each of `bins` equal parts of the range from `min` to `max`, or of the data where both are equal."""
def histogram(input: _Tensor, bins: _Tensor | _int = ..., *, range: _tuple[_float, _float] | None = ..., weight: _Tensor | None = ..., density: _bool = ..., out: _Any = ...) -> _Histogram:
    """(hist, bin_edges): the sum of the weights (1 each by default) of the elements in each bin, the last one closed on both sides."""
def histogramdd(input: _Tensor, bins: _int | _Sequence[_int] | _Sequence[_Tensor], *, range: _Sequence[_float] | None = ..., weight: _Tensor | None = ..., density: _bool = ...) -> _HistogramOfMany:
    """(hist, bin_edges): a histogram of vectors, the last dimension of `input`, with as many dimensions as these have numbers."""
def hsplit(input: _Tensor, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
    """Views of pieces along the dimension that `hstack` joins: equal ones, or cut at the listed indices."""
def hstack(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors side by side: along the second dimension, or the first for vectors."""
def hypot(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The square root of `input² + other²` without overflow, elementwise; NotImplementedError for integers and bools."""
def i0(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The modified Bessel function of the first kind and order 0, elementwise."""
def i0_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `i0`: writes its result into this tensor and returns it."""
def igamma(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """P(input, other), the regularized lower incomplete gamma function, elementwise: 1/gamma(a) times the integral from 0 to x of t^(a-1) e^-t."""
def igammac(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Q(input, other) = 1 - P(input, other), the regularized upper incomplete gamma function, elementwise."""
def imag(input: _Tensor) -> _Tensor:
    """The imaginary parts, a view. RuntimeError for a tensor of real numbers."""
def index_add(input: _Tensor, dim: _int, index: _Tensor, source: _Tensor, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input` with each slice of `source` added at its index along `dim`; equal indices add up."""
def index_copy(input: _Tensor, dim: _int, index: _Tensor, source: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with each slice of `source` at its index along `dim`. Which one stays where indices are equal is not said."""
def index_fill(input: _Tensor, dim: _int, index: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
    """`input` with a number, or a 0-d tensor, at every index along `dim`."""
def index_put(input: _Tensor, indices: _tuple[_Tensor | None, ...], values: _Tensor, accumulate: _bool = ...) -> _Tensor:
    """A copy of `input` with `values`, broadcast, put at the places that the index tensors choose."""
def index_put_(self: _Tensor, indices: _Sequence[_Tensor | None], values: _Tensor, accumulate: _bool = ...) -> _Tensor:
    """The in-place form of `index_put`."""
def index_reduce(input: _Tensor, dim: _int, index: _Tensor, source: _Tensor, reduce: _str, *, include_self: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input` with each slice of `source` joined at its index along `dim`, by `reduce`: "prod", "mean", "amax" or "amin"."""
def index_select(input: _Tensor, dim: _int, index: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The places `index` (a vector of integers) along `dim`. IndexError out of bounds."""
def inner(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The sums of products over the last dimensions of both; with a 0-d operand the product."""
def instance_norm(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, running_mean: _Tensor | None, running_var: _Tensor | None, use_input_stats: _bool, momentum: _float, eps: _float, cudnn_enabled: _bool) -> _Tensor:
    """`nn.functional.instance_norm`, with the parameters before the statistics. `cudnn_enabled` changes nothing."""
def inverse(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inverse of a square matrix. LinAlgError if it is singular."""
def is_conj(input: _Tensor) -> _bool:
    """Whether the tensor shows its memory conjugated: what `conj()` of complex numbers returns, and views of that."""
def is_inference(input: _Tensor) -> _bool:
    """Whether a tensor was made under `inference_mode`."""
def is_neg(input: _Tensor) -> _bool:
    """Whether the tensor shows its memory negated: `.imag` of a conjugate, and views of that."""
def is_nonzero(input: _Tensor) -> _bool:
    """Whether the only element of a tensor is not zero; RuntimeError for more or fewer elements."""
def is_same_size(input: _Tensor, other: _Tensor) -> _bool:
    """Whether two tensors have the same shape."""
def is_signed(input: _Tensor) -> _bool:
    """Whether a tensor's dtype has negative values."""
def isclose(input: _Tensor, other: _Tensor, rtol: _float = ..., atol: _float = ..., equal_nan: _bool = ...) -> _Tensor:
    """Whether |input - other| <= atol + rtol * |other|, elementwise; equal infinities are close, NaN only with `equal_nan`."""
def isfinite(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are neither infinite nor NaN."""
def isin(elements: _Tensor | _int | _float | _bool | _complex, test_elements: _Tensor | _int | _float | _bool | _complex, *, assume_unique: _bool = ..., invert: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """Whether each element is among `test_elements` (with `invert`, is not); one of both may be a number."""
def isinf(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are infinite."""
def isnan(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are NaN."""
def isneginf(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are -inf."""
def isposinf(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are inf."""
def isreal(input: _Tensor) -> _Tensor:
    """Whether the imaginary part is 0, elementwise."""
def istft(input: _Tensor, n_fft: _int, hop_length: _int | None = ..., win_length: _int | None = ..., window: _Tensor | None = ..., center: _bool = ..., normalized: _bool = ..., onesided: _bool | None = ..., length: _int | None = ..., return_complex: _bool = ...) -> _Tensor:
    """The signal whose spectra `stft` with the same arguments gives, by least squares where frames overlap: (samples,) or (batch, samples)."""
def kaiser_window(window_length: _int, periodic: _bool = ..., beta: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., pin_memory: _bool = ..., requires_grad: _bool = ...) -> _Tensor:
    """The Kaiser window: i0(beta sqrt(1 - x**2)) / i0(beta), x going from -1 to 1."""
def kl_div(input: _Tensor, target: _Tensor, reduction: _int = ..., *, log_target: _bool = ...) -> _Tensor:
    """`nn.functional.kl_div`, with the reduction as a number."""
def kron(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The Kronecker product: each element of `input` times all of `other`, dimension by dimension."""
def kthvalue(input: _Tensor, k: _int, dim: _int = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
    """(values, indices) of the kth smallest elements along `dim`, k counted from 1."""
def layer_norm(input: _Tensor, normalized_shape: _Sequence[_int], weight: _Tensor | None = ..., bias: _Tensor | None = ..., eps: _float = ..., cudnn_enable: _bool = ...) -> _Tensor:
    """`nn.functional.layer_norm`. `cudnn_enable` changes nothing."""
def lcm(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The least common multiple, elementwise, never negative; 0 where either is 0."""
def lcm_(self: _Tensor, other: _Any) -> _Tensor:
    """The in-place form of `lcm`: writes its result into this tensor and returns it."""
def ldexp(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * 2**other`, elementwise."""
def ldexp_(self: _Tensor, other: _Any) -> _Tensor:
    """The in-place form of `ldexp`: writes its result into this tensor and returns it."""
def le(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input <= other`, elementwise; False where either is NaN."""
def lerp(input: _Tensor, end: _Tensor, weight: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input + weight * (end - input)`, elementwise."""
def less(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input < other`, elementwise; False where either is NaN."""
def less_equal(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input <= other`, elementwise; False where either is NaN."""
def lgamma(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of the gamma function's absolute value, elementwise; inf at 0, -1, -2, ..."""
def linspace(start: _Tensor | _int | _float | _bool | _complex, end: _Tensor | _int | _float | _bool | _complex, steps: _int, *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
def lobpcg(A: _Tensor, k: _int | None = ..., B: _Tensor | None = ..., X: _Tensor | None = ..., n: _int | None = ..., iK: _Tensor | None = ..., niter: _int | None = ..., tol: _float | None = ..., largest: _bool | None = ..., method: _str | None = ..., tracker: _Any = ..., ortho_iparams: _dict[_str, _int] | None = ..., ortho_fparams: _dict[_str, _float] | None = ..., ortho_bparams: _dict[_str, _bool] | None = ...) -> _tuple[_Tensor, _Tensor]:
    """(E, X): the `k` largest eigenvalues (*, k), or smallest, of symmetric positive-definite matrices (*, m, m), and their vectors (*, m, k)."""
def log(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The natural logarithm, elementwise; -inf at 0, NaN below. Integers become the default float."""
def log10(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm to base 10, elementwise."""
def log10_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `log10`: writes its result into this tensor and returns it."""
def log1p(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """log(1 + input), exact for small inputs, elementwise."""
def log1p_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `log1p`: writes its result into this tensor and returns it."""
def log2(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm to base 2, elementwise."""
def log2_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `log2`: writes its result into this tensor and returns it."""
def log_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `log`: writes its result into this tensor and returns it."""
def log_softmax(input: _Tensor, dim: _int, dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of softmax, without its loss of digits. `dtype` casts the input first."""
def logaddexp(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """log(exp(input) + exp(other)) without overflow, elementwise; NotImplementedError for integers and bools."""
def logaddexp2(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """log2(2**input + 2**other) without overflow, elementwise; NotImplementedError for integers and bools."""
def logcumsumexp(input: _Tensor, dim: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of the sum of exponentials of all elements up to each, along `dim`, without overflow."""
def logdet(input: _Tensor) -> _Tensor:
    """The logarithm of the determinant: NaN where it is negative, -inf where it is 0."""
def logical_and(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether both are not zero."""
def logical_not(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether elements are zero."""
def logical_or(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether either is not zero."""
def logical_xor(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether just one is not zero."""
def logit(input: _Tensor, eps: _float | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """log(input / (1 - input)), elementwise, the inverse of sigmoid; with `eps` the input is first cut to [eps, 1 - eps]."""
def logit_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `logit`: writes its result into this tensor and returns it."""
def logspace(start: _Tensor | _int | _float | _bool | _complex, end: _Tensor | _int | _float | _bool | _complex, steps: _int, base: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """`steps` numbers from base**start to base**end, evenly spaced in the exponent, both ends included."""
def logsumexp(input: _Tensor, dim: _int | _Sequence[_int], keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """log(sum(exp(input))) along `dim`, without overflow."""
def lstm(*args: _Any) -> _tuple[_Tensor, ...]:
    """The layers behind `nn.LSTM`: (output, last states)."""
def lstm_cell(input: _Tensor, hx: _Sequence[_Tensor], w_ih: _Tensor, w_hh: _Tensor, b_ih: _Tensor | None = ..., b_hh: _Tensor | None = ...) -> _tuple[_Tensor, _Tensor]:
    """(hidden, cell) after one step of an LSTM; input (n, i), hx two of (n, h), w_ih (4h, i), w_hh (4h, h)."""
def lt(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input < other`, elementwise; False where either is NaN."""
def lu(self: _Tensor, pivot: _bool = ..., get_infos: _bool | _int = ..., *, out: _Any = ...) -> _tuple[_Tensor, ...]:
    """`linalg.lu_factor` by its older name; with `get_infos` the infos too."""
def lu_solve(input: _Tensor, LU_data: _Tensor, LU_pivots: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`linalg.lu_solve` by its older name, the right-hand side first."""
def lu_unpack(LU_data: _Tensor, LU_pivots: _Tensor, unpack_data: _bool = ..., unpack_pivots: _bool = ..., *, out: _Any = ...) -> _UnpackedLU:
    """(P, L, U) of what `lu_factor` gave; what is not asked for is empty."""
def margin_ranking_loss(input1: _Tensor, input2: _Tensor, target: _Tensor, margin: _float = ..., reduction: _int = ...) -> _Tensor:
    """`nn.functional.margin_ranking_loss`, with the reduction as a number."""
def masked_fill(input: _Tensor, mask: _Tensor, value: _Tensor | _int | _float | _bool | _complex) -> _Tensor:
    """`input` with `value` where the bool `mask`, broadcast, is True."""
def masked_scatter(input: _Tensor, mask: _Tensor, source: _Tensor) -> _Tensor:
    """`input` with the first elements of `source`, in their order, where the bool `mask`, broadcast, is True."""
def masked_select(input: _Tensor, mask: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The elements, in order, where the bool `mask`, broadcast, is True."""
def matmul(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The matrix product, as Python's `@`: vectors, matrices and batches of matrices, whose batches broadcast."""
def matrix_exp(input: _Tensor) -> _Tensor:
    """The exponential of a square matrix: the sum of its powers over their factorials."""
def matrix_power(input: _Tensor, n: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """Square matrices (..., m, m) multiplied `n` times; the identity for 0, powers of the inverse for negative ones."""
def max(input: _Tensor, dim: _int | _Tensor | None = ..., keepdim: _bool = ..., *, other: _Tensor | None = ..., out: _Any = ...) -> _Any:
    """The largest element of all; with `dim` the largest along it and their indices; with a tensor, of pairs."""
def max_pool1d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 1 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def max_pool2d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 2 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def max_pool2d_with_indices_backward(grad_output: _Tensor, input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int], padding: _int | _Sequence[_int], dilation: _int | _Sequence[_int], ceil_mode: _bool, indices: _Tensor) -> _Tensor:
    """The gradient of a two-dimensional max pool from the places of its maxima, in the input's shape. The window is not looked at again."""
def max_pool3d(input: _Tensor, kernel_size: _int | _Sequence[_int], stride: _int | _Sequence[_int] | None = ..., padding: _int | _Sequence[_int] = ..., dilation: _int | _Sequence[_int] = ..., ceil_mode: _bool = ..., return_indices: _bool = ...) -> _Any:
    """The largest element of each window over 3 dimension(s), NaN counting as largest; `stride` defaults to the window."""
def maximum(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The larger of two, elementwise; NaN where either is."""
def mean(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The mean of all elements, or along `dim` (an int or several); RuntimeError for integers without `dtype`."""
def median(input: _Tensor, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _Any:
    """The median of all elements, or (values, indices) along `dim`: of an even number the lower of the middle two."""
def meshgrid(*tensors: _Any, indexing: _str | None = ...) -> _tuple[_Tensor, ...]:
    """Views of vectors (or 0-d tensors) as a grid's coordinates: the nth result varies along dimension n, or with indexing="xy" """
def min(input: _Tensor, dim: _int | _Tensor | None = ..., keepdim: _bool = ..., *, other: _Tensor | None = ..., out: _Any = ...) -> _Any:
    """The smallest element of all; with `dim` the smallest along it and their indices; with a tensor, of pairs."""
def minimum(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The smaller of two, elementwise; NaN where either is."""
def mm(input: _Tensor, mat2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The product of two matrices: (n, k) by (k, m) gives (n, m). RuntimeError where the sizes do not fit."""
def mode(input: _Tensor, dim: _int = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
    """(values, indices) of the most frequent elements along `dim`, the smallest where several are, each with its last place."""
def moveaxis(input: _Tensor, source: _int | _Sequence[_int], destination: _int | _Sequence[_int]) -> _Tensor:
    """Another name of `movedim`."""
def movedim(input: _Tensor, source: _int | _Sequence[_int], destination: _int | _Sequence[_int]) -> _Tensor:
    """A view with the dimensions `source` moved to the places `destination`; the others keep their order."""
def msort(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The elements in order along the first dimension."""
def mul(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * other`, elementwise with broadcasting and promotion."""
def multinomial(input: _Tensor, num_samples: _int, replacement: _bool = ..., *, generator: _Generator | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """Indices drawn with probabilities in proportion to `input`, a vector or a matrix whose rows are drawn from apart."""
def multiply(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * other`, elementwise with broadcasting and promotion."""
def mv(input: _Tensor, vec: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The product of a matrix (n, m) and a vector (m)."""
def mvlgamma(input: _Tensor, p: _int, *, out: _Tensor | None = ...) -> _Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, elementwise: the sum of lgamma(input - i/2) for i < p,"""
def nan_to_num(input: _Tensor, nan: _float | None = ..., posinf: _float | None = ..., neginf: _float | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with NaN, inf and -inf replaced, by 0 and the largest and smallest finite numbers unless given."""
def nan_to_num_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `nan_to_num`: writes its result into this tensor and returns it."""
def nanmean(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The mean of the elements that are not NaN, of all or along `dim`."""
def nanmedian(input: _Tensor, dim: _int | None = ..., keepdim: _bool = ..., *, out: _Any = ...) -> _Any:
    """The median of all elements that are not NaN, or (values, indices) along `dim`; as `median`."""
def nanquantile(input: _Tensor, q: _Tensor | _float, dim: _int | None = ..., keepdim: _bool = ..., *, interpolation: _str = ..., out: _Tensor | None = ...) -> _Tensor:
    """As `quantile`, of the elements that are not NaN."""
def nansum(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The sum of the elements that are not NaN, of all or along `dim`."""
def narrow(input: _Tensor, dim: _int, start: _Tensor | _int, length: _int) -> _Tensor:
    """A view of `length` places along `dim` from `start`."""
def narrow_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `narrow` shows."""
def native_batch_norm(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, running_mean: _Tensor | None, running_var: _Tensor | None, training: _bool, momentum: _float, eps: _float, *, out: _Any = ...) -> _tuple[_Tensor, _Tensor, _Tensor]:
    """(result, mean, invstd): `nn.functional.batch_norm`, and in training the batch's mean and one over its deviation, (C,); else two empty tensors."""
def native_channel_shuffle(input: _Tensor, groups: _int) -> _Tensor:
    """`nn.functional.channel_shuffle`."""
def native_dropout(input: _Tensor, p: _float, train: _bool | None) -> _tuple[_Tensor, _Tensor]:
    """(result, mask): `nn.functional.dropout`, and a bool tensor of what was kept."""
def native_dropout_backward(grad_output: _Tensor, mask: _Tensor, scale: _float) -> _Tensor:
    """The gradient of dropout: `grad_output` where `mask` is True, times `scale`."""
def native_group_norm(input: _Tensor, weight: _Tensor | None, bias: _Tensor | None, N: _int, C: _int, HxW: _int, group: _int, eps: _float) -> _tuple[_Tensor, _Tensor, _Tensor]:
    """(result, mean, rstd): `nn.functional.group_norm` of `input` (N, C, ...), and the statistics, (N, group)."""
def native_layer_norm(input: _Tensor, normalized_shape: _Sequence[_int], weight: _Tensor | None, bias: _Tensor | None, eps: _float) -> _tuple[_Tensor, _Tensor, _Tensor]:
    """(result, mean, rstd): `nn.functional.layer_norm`, and the statistics with 1 for each dimension of `normalized_shape`."""
def ne(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input != other`, elementwise; True where either is NaN."""
def neg(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`-input`, elementwise; RuntimeError for bool."""
def neg_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `neg`: writes its result into this tensor and returns it."""
def negative(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`-input`, elementwise; RuntimeError for bool."""
def negative_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `neg`: writes its result into this tensor and returns it."""
def nextafter(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The next floating-point number after `input` towards `other`, elementwise."""
def nonzero(input: _Tensor, *, as_tuple: _bool = ..., out: _Any = ...) -> _Any:
    """The coordinates of the elements that are not zero: a row for each, or, `as_tuple`, a vector for each dimension."""
def nonzero_static(input: _Tensor, *, size: _int, fill_value: _int = ..., out: _Tensor | None = ...) -> _Tensor:
    """The places of the first `size` elements that are not zero, (size, dimensions), with rows of `fill_value` for what is missing."""
def norm(input: _Tensor, p: _float | _str | None = ..., dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The p-norm of all elements, or along `dim`; "fro" is 2, and inf, -inf, 0 and other numbers are accepted."""
def normal(mean: _Tensor | _float, std: _Tensor | _float = ..., size: _int | _Sequence[_int] | None = ..., *, generator: _Generator | None = ..., out: _Tensor | None = ..., dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """Normal numbers; `mean` and `std` are numbers (with `size`) or tensors, elementwise."""
def not_equal(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input != other`, elementwise; True where either is NaN."""
def nuclear_norm(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The sum of the singular values, by its older name."""
def ones(*size: _int | _Sequence[_int], dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ..., **names: _int | _Sequence[_int]) -> _Tensor:
    """A tensor of shape `size`, all ones; dtype defaults to the default float."""
def ones_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
    """As `ones`, with the shape, and unless given the dtype and device, of `input`."""
def orgqr(input: _Tensor, tau: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The first n columns of the product of reflectors I - tau v v.mH, whose v are the columns of input below its diagonal: (*, m, n)."""
def ormqr(input: _Tensor, input2: _Tensor, input3: _Tensor, left: _bool = ..., transpose: _bool = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Q @ input3, or input3 @ Q unless `left`, where Q is the square product of all the reflectors I - tau v v.mH that `geqrf` gave as"""
def outer(input: _Tensor, vec2: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The outer product of two vectors: element (i, j) is input[i] * vec2[j]."""
def pairwise_distance(x1: _Tensor, x2: _Tensor, p: _float = ..., eps: _float = ..., keepdim: _bool = ...) -> _Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
def pca_lowrank(A: _Tensor, q: _int | None = ..., center: _bool | _int = ..., niter: _int = ...) -> _OldSVD:
    """(U, S, V): nearly the `q` principal components of the rows of A, which are centred first."""
def pdist(input: _Tensor, p: _float = ...) -> _Tensor:
    """The p-norms of the differences of all pairs of rows of a matrix, i < j, as one vector. RuntimeError for p < 0."""
def permute(input: _Tensor, dims: _int | _Sequence[_int]) -> _Tensor:
    """A view with the dimensions in another order."""
def permute_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `permute` shows."""
def pinverse(input: _Tensor, rcond: _float = ...) -> _Tensor:
    """`linalg.pinv` by its older name."""
def pixel_shuffle(input: _Tensor, upscale_factor: _int) -> _Tensor:
    """(*, c * r², h, w) as (*, c, h * r, w * r). RuntimeError where r² does not divide the channels."""
def pixel_unshuffle(input: _Tensor, downscale_factor: _int) -> _Tensor:
    """(*, c, h * r, w * r) as (*, c * r², h, w), the inverse of `pixel_shuffle`. RuntimeError where r does not divide h and w."""
def poisson(input: _Tensor, generator: _Generator | None = ...) -> _Tensor:
    """Counts drawn from Poisson distributions with the rates `input`, in its shape and floating dtype. RuntimeError for negative rates."""
def poisson_nll_loss(input: _Tensor, target: _Tensor, log_input: _bool, full: _bool, eps: _float, reduction: _int) -> _Tensor:
    """`nn.functional.poisson_nll_loss`, with the reduction as a number."""
def polar(abs: _Tensor, angle: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Complex numbers of their magnitudes and angles in radians."""
def polygamma(n: _int, input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The nth derivative of digamma, elementwise. RuntimeError for negative n."""
def positive(input: _Tensor) -> _Tensor:
    """`input` itself; RuntimeError for bool."""
def pow(input: _Tensor | _int | _float | _bool | _complex, exponent: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` to the power of `exponent`, elementwise. RuntimeError for integers to negative powers."""
def prelu(input: _Tensor, weight: _Tensor) -> _Tensor:
    """x above 0 and weight * x below; one weight, or one for each channel (dimension 1)."""
def prod(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The product of all elements, or along `dim`; integers multiply in int64."""
def put(input: _Tensor, index: _Tensor, source: _Tensor, accumulate: _bool = ...) -> _Tensor:
    """`input` with elements of `source` at flat places, set or, with `accumulate`, added."""
def qr(input: _Tensor, some: _bool = ..., *, out: _Any = ...) -> _OldQR:
    """`linalg.qr` by its older name; `some` is mode "reduced"."""
def quantile(input: _Tensor, q: _Tensor | _float, dim: _int | None = ..., keepdim: _bool = ..., *, interpolation: _str = ..., out: _Tensor | None = ...) -> _Tensor:
    """The qth quantiles, q from 0 to 1 (a number or a vector, whose dimension comes first), of all elements or along `dim`."""
def rad2deg(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Radians as degrees, elementwise."""
def rad2deg_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `rad2deg`: writes its result into this tensor and returns it."""
def rand(*sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ..., generator: _Generator | None = ..., out: _Tensor | None = ..., dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """Uniform numbers from 0, included, to 1, excluded."""
def rand_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., **names: _object) -> _Tensor:
    """As `rand`, with the shape, and unless given the dtype and device, of `input`."""
def randint(*args: _Any, low: _int | None = ..., high: _int | None = ..., size: _Sequence[_int] | None = ..., generator: _Generator | None = ..., out: _Tensor | None = ..., dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """Uniform integers from `low` (default 0), included, to `high`, excluded: `randint(high, size)`, `randint(low, high, size)`."""
def randint_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., **names: _object) -> _Tensor:
    """As `randint`, with the shape, and unless given the dtype and device, of `input`."""
def randn(*sizes: _int | _Sequence[_int], size: _Sequence[_int] | None = ..., generator: _Generator | None = ..., out: _Tensor | None = ..., dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """Normal numbers with mean 0 and standard deviation 1; of complex numbers each part has half the variance."""
def randn_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., **names: _object) -> _Tensor:
    """As `randn`, with the shape, and unless given the dtype and device, of `input`."""
def randperm(n: _int, *, generator: _Generator | None = ..., out: _Tensor | None = ..., dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """The integers from 0 to n - 1 in a random order."""
def range(start: _float = ..., end: _float | None = ..., step: _float = ..., *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """The numbers from `start` up to `end`, which is one of them where a step ends on it; the default dtype. `arange` takes its place."""
def ravel(input: _Tensor) -> _Tensor:
    """All elements in one dimension, next to each other: a view where they are, else a copy."""
def real(input: _Tensor) -> _Tensor:
    """The real parts, a view; the tensor itself where it is real."""
def reciprocal(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """One over `input`, elementwise."""
def reciprocal_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `reciprocal`: writes its result into this tensor and returns it."""
def relu(input: _Tensor, inplace: _bool = ...) -> _Tensor:
    """max(x, 0), elementwise."""
def relu_(input: _Tensor) -> _Tensor:
    """The in-place form of `relu`."""
def remainder(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """What is left of `input / other`, with the sign of `other`, as Python's `%`. RuntimeError for an integer and zero."""
def renorm(input: _Tensor, p: _float, dim: _int, maxnorm: _float, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with every slice along `dim` whose p-norm is above `maxnorm` scaled down to it."""
def repeat_interleave(input: _Tensor, repeats: _Tensor | _int | _list[_int] | _tuple[_int, ...] | None = ..., dim: _int | None = ..., *, output_size: _int | None = ...) -> _Tensor:
    """Each element repeated in its place, along `dim` or flattened; `repeats` is a number or one for each element."""
def reshape(input: _Tensor, shape: _int | _Sequence[_int]) -> _Tensor:
    """Another shape: a view where the strides allow it, else a copy. One size may be -1."""
def resize_as_(self: _Tensor, the_template: _Tensor, *, memory_format: _MemoryFormat | None = ...) -> _Tensor:
    """Resize in place to another tensor's shape, as `resize_`."""
def resolve_conj(input: _Tensor) -> _Tensor:
    """The tensor itself, or a copy with its conjugates in memory where it is only marked as conjugated."""
def resolve_neg(input: _Tensor) -> _Tensor:
    """The tensor itself, or a copy with its negatives in memory where it is only marked as negated."""
def rms_norm(input: _Tensor, normalized_shape: _Sequence[_int], weight: _Tensor | None = ..., eps: _float | None = ...) -> _Tensor:
    """Divided by the root of the mean square over the last dimensions, then times `weight` (Zhang and Sennrich, 2019)."""
def rnn_relu(*args: _Any) -> _tuple[_Tensor, ...]:
    """The layers behind `nn.RNN`: (output, last states)."""
def rnn_relu_cell(input: _Tensor, hx: _Tensor, w_ih: _Tensor, w_hh: _Tensor, b_ih: _Tensor | None = ..., b_hh: _Tensor | None = ...) -> _Tensor:
    """relu(w_ih x + b_ih + w_hh h + b_hh): one step of a plain recurrent network."""
def rnn_tanh(*args: _Any) -> _tuple[_Tensor, ...]:
    """The layers behind `nn.RNN`: (output, last states)."""
def rnn_tanh_cell(input: _Tensor, hx: _Tensor, w_ih: _Tensor, w_hh: _Tensor, b_ih: _Tensor | None = ..., b_hh: _Tensor | None = ...) -> _Tensor:
    """tanh(w_ih x + b_ih + w_hh h + b_hh): one step of a plain recurrent network."""
def roll(input: _Tensor, shifts: _int | _Sequence[_int], dims: _int | _Sequence[_int] | None = ...) -> _Tensor:
    """A copy with the elements moved by `shifts` places along `dims` (flattened without), the last ones coming round."""
def rot90(input: _Tensor, k: _int = ..., dims: _Sequence[_int] = ...) -> _Tensor:
    """A copy turned by 90 degrees `k` times in the plane of two dimensions, from the first to the second."""
def round(input: _Tensor, *, decimals: _int | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The nearest integer, halves to even, elementwise; `decimals` digits after (or, if negative, before) the point."""
def round_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `round`: writes its result into this tensor and returns it."""
def row_stack(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors below each other, vectors as rows."""
def rrelu(input: _Tensor, lower: _float = ..., upper: _float = ..., training: _bool = ..., inplace: _bool = ...) -> _Tensor:
    """x above 0; below, x times a slope drawn for each element from [lower, upper) in training, their mean otherwise."""
def rrelu_(input: _Tensor, lower: _float = ..., upper: _float = ..., training: _bool = ...) -> _Tensor:
    """`rrelu` in place."""
def rsqrt(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """One over the square root, elementwise."""
def rsqrt_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `rsqrt`: writes its result into this tensor and returns it."""
def rsub(input: _Tensor, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ...) -> _Tensor:
    """`other - alpha * input`, elementwise."""
def scalar_tensor(s: _Tensor | _int | _float | _bool | _complex, *, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ...) -> _Tensor:
    """A 0-d tensor that holds one number."""
def scatter(input: _Tensor, dim: _int, index: _Tensor, src: _Tensor | _int | _float | _bool | _complex | None = ..., *, value: _Tensor | _int | _float | _bool | _complex | None = ..., reduce: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input` with the elements of `src`, or a number, put where `index` says along `dim`."""
def scatter_add(input: _Tensor, dim: _int, index: _Tensor, src: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`input` with every element of `src` added where `index` says along `dim`; equal places add up."""
def scatter_reduce(input: _Tensor, dim: _int, index: _Tensor, src: _Tensor, reduce: _str, *, include_self: _bool = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input` with the elements of `src` joined where `index` says along `dim`, by `reduce`: "sum", "mean", "prod", "amax" or"""
def searchsorted(sorted_sequence: _Tensor, input: _Tensor | _int | _float | _bool | _complex, *, out_int32: _bool = ..., right: _bool = ..., side: _str | None = ..., sorter: _Tensor | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """For each value of `input` the place in the last dimension of `sorted_sequence` before which it would be put to keep the order:"""
def segment_reduce(data: _Tensor, reduce: _str, *, lengths: _Tensor | None = ..., indices: _Tensor | None = ..., offsets: _Tensor | None = ..., axis: _int = ..., unsafe: _bool = ..., initial: _float | None = ...) -> _Tensor:
    """The "sum", "mean", "prod", "max" or "min" of each segment along `axis`: (..., segments, ...)."""
def select(input: _Tensor, dim: _int, index: _int) -> _Tensor:
    """A view of one index along `dim`, which disappears. IndexError where the index is out of range."""
def select_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `select` shows."""
def select_scatter(input: _Tensor, src: _Tensor, dim: _int, index: _int) -> _Tensor:
    """A copy of `input` with `src` at one index of a dimension."""
def selu(input: _Tensor, *args: _Any, inplace: _bool = ..., **names: _float) -> _Tensor:
    """scale * elu(x, alpha) with the constants that keep mean and variance."""
def selu_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `selu`."""
def sgn(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """z / abs(z), elementwise, and 0 for 0; the sign of real numbers."""
def sigmoid(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """1 / (1 + exp(-input)), elementwise."""
def sigmoid_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `sigmoid`: writes its result into this tensor and returns it."""
def sign(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """-1, 0 or 1, elementwise; 0 for NaN."""
def signbit(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Whether the sign is set, which it is for -0."""
def sin(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The sine of radians, elementwise."""
def sin_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `sin`: writes its result into this tensor and returns it."""
def sinc(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """sin(pi x) / (pi x), elementwise; 1 at 0."""
def sinc_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `sinc`: writes its result into this tensor and returns it."""
def sinh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The hyperbolic sine, elementwise."""
def sinh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `sinh`: writes its result into this tensor and returns it."""
def slice_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `slice` shows."""
def slice_scatter(input: _Tensor, src: _Tensor, dim: _int = ..., start: _int | None = ..., end: _int | None = ..., step: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """A copy of `input` with `src` in the slice start:end:step of a dimension."""
def slogdet(input: _Tensor, *, out: _Any = ...) -> _OldSlogdet:
    """`linalg.slogdet` by its older name."""
def softmax(input: _Tensor, dim: _int, dtype: _DType | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """Numbers along `dim` made positive with sum 1: exp(x) / sum(exp(x)). `dtype` casts the input first."""
def sort(input: _Tensor, dim: _int = ..., descending: _bool = ..., stable: _bool | None = ..., *, out: _Any = ...) -> _ValuesAndIndices:
    """The elements in order along `dim`, and where they came from; NaN counts as the largest. Always stable."""
def split(tensor: _Tensor, split_size_or_sections: _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
    """Views of consecutive pieces along `dim`: of a size (the last may be smaller), or of the listed sizes."""
def split_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `split` shows."""
def split_with_sizes(input: _Tensor, split_sizes: _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
    """Views of consecutive pieces of the listed sizes along `dim`."""
def split_with_sizes_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `split_with_sizes` shows."""
def sqrt(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The square root, elementwise; NaN for negative numbers. Integers become the default float."""
def sqrt_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `sqrt`: writes its result into this tensor and returns it."""
def square(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * input`, elementwise."""
def square_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `square`: writes its result into this tensor and returns it."""
def squeeze(input: _Tensor, dim: _int | _Sequence[_int] | None = ...) -> _Tensor:
    """A view without the dimensions of size 1: all of them, or those of `dim` (an int or several) that have size 1."""
def squeeze_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `squeeze` shows."""
def stack(tensors: _Sequence[_Tensor], dim: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors, all of one shape, along a new dimension."""
def std(input: _Tensor, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The standard deviation of all elements, or along `dim`: the root of the variance."""
def std_mean(input: _Tensor, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ...) -> _tuple[_Tensor, _Tensor]:
    """The standard deviation and the mean of all elements, or along `dim`; the arguments are those of `std`."""
def stft(input: _Tensor, n_fft: _int, hop_length: _int | None = ..., win_length: _int | None = ..., window: _Tensor | None = ..., center: _bool | _int = ..., pad_mode: _str = ..., normalized: _bool = ..., onesided: _bool | None = ..., return_complex: _bool | None = ..., align_to_window: _bool | None = ...) -> _Tensor:
    """The spectra of frames of `n_fft` samples that begin `hop_length` (default n_fft // 4) samples apart: (..., frequencies, frames)."""
def sub(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input - alpha * other`, elementwise with broadcasting and promotion. RuntimeError for bool."""
def subtract(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, alpha: _int | _float | _bool | _complex = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input - alpha * other`, elementwise with broadcasting and promotion. RuntimeError for bool."""
def sum(input: _Tensor, dim: _int | _Sequence[_int] | None = ..., keepdim: _bool = ..., *, dtype: _DType | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The sum of all elements, or along `dim` (an int or several)."""
def svd(input: _Tensor, some: _bool = ..., compute_uv: _bool = ..., *, out: _Any = ...) -> _OldSVD:
    """(U, S, V): `linalg.svd` by its older name, V not turned round; zeros for U and V unless `compute_uv`."""
def svd_lowrank(A: _Tensor, q: _int | None = ..., niter: _int | None = ..., M: _Tensor | None = ...) -> _OldSVD:
    """(U, S, V): nearly the `q` largest singular values of A - M and their vectors, by a random projection and `niter` iterations."""
def swapaxes(input: _Tensor, axis0: _int, axis1: _int) -> _Tensor:
    """`transpose` by another name, as NumPy has it."""
def swapdims(input: _Tensor, dim0: _int, dim1: _int) -> _Tensor:
    """A view with two dimensions swapped."""
def t(input: _Tensor) -> _Tensor:
    """The transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError for more dimensions."""
def t_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `t` shows."""
def take(input: _Tensor, index: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """Elements by their places in the flattened tensor; negative places count from the end."""
def take_along_dim(input: _Tensor, indices: _Tensor, dim: _int | None = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """`gather` with broadcasting; without `dim` both are flattened."""
def tan(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The tangent of radians, elementwise."""
def tan_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `tan`: writes its result into this tensor and returns it."""
def tanh(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The hyperbolic tangent, elementwise."""
def tanh_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `tanh`: writes its result into this tensor and returns it."""
def tensor_split(input: _Tensor, indices_or_sections: _Tensor | _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
    """Views of pieces along `dim`: a number of nearly equal ones, or cut at the listed indices."""
def tensordot(a: _Tensor, b: _Tensor, dims: _int | _Sequence[_int | _Sequence[_int] | _Tensor] = ..., out: _Tensor | None = ...) -> _Tensor:
    """The sum of products over `dims`: a number of trailing and leading dimensions, or two lists of dimensions."""
def threshold(input: _Tensor, threshold: _float, value: _float, *, out: _Tensor | None = ...) -> _Tensor:
    """x where it is above `threshold`, else `value`, elementwise."""
def threshold_(input: _Tensor, *args: _Any, **names: _float) -> _Tensor:
    """The in-place form of `threshold`."""
def tile(input: _Tensor, dims: _int | _Sequence[_int]) -> _Tensor:
    """The tensor repeated as `repeat` does; missing leading repeats count as 1."""
def topk(input: _Tensor, k: _int, dim: _int = ..., largest: _bool = ..., sorted: _bool = ..., *, out: _Any = ...) -> _ValuesAndIndices:
    """The `k` largest (or smallest) elements along `dim`, and where they are."""
def trace(input: _Tensor) -> _Tensor:
    """The sum of a matrix's diagonal."""
def transpose(input: _Tensor, dim0: _int, dim1: _int) -> _Tensor:
    """A view with two dimensions swapped."""
def transpose_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `transpose` shows."""
def trapezoid(y: _Tensor, x: _Tensor | None = ..., *, dx: _int | _float | _bool | _complex | None = ..., dim: _int = ...) -> _Tensor:
    """The integral along `dim` by the trapezoid rule, over places `x` or a distance `dx` (default 1)."""
def trapz(y: _Tensor, x: _Tensor | None = ..., *, dx: _int | _float | _bool | _complex | None = ..., dim: _int = ...) -> _Tensor:
    """The integral along `dim` by the trapezoid rule, over places `x` or a distance `dx` (default 1)."""
def triangular_solve(input: _Tensor, A: _Tensor, upper: _bool = ..., transpose: _bool = ..., unitriangular: _bool = ..., *, out: _Any = ...) -> _TriangularSolve:
    """(solution, a copy of A) of A @ X = input, or with `transpose` of A.mT @ X = input; the older form of `linalg.solve_triangular`."""
def tril(input: _Tensor, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The lower triangle of a matrix or batch of matrices, the rest zero."""
def tril_indices(row: _int, col: _int, offset: _int = ..., *, dtype: _DType | None = ..., device: _Device | _str | _int | None = ..., layout: _Layout | None = ...) -> _Tensor:
    """The places, (2, n), of the lower triangle of a matrix of `row` rows and `col` columns, row by row."""
def triplet_margin_loss(anchor: _Tensor, positive: _Tensor, negative: _Tensor, margin: _float = ..., p: _float = ..., eps: _float = ..., swap: _bool = ..., reduction: _int = ...) -> _Tensor:
    """`nn.functional.triplet_margin_loss`, with the reduction as a number."""
def triu(input: _Tensor, diagonal: _int = ..., *, out: _Tensor | None = ...) -> _Tensor:
    """The upper triangle of a matrix or batch of matrices, the rest zero."""
def triu_indices(row: _int, col: _int, offset: _int = ..., *, dtype: _DType | None = ..., device: _Device | _str | _int | None = ..., layout: _Layout | None = ...) -> _Tensor:
    """The places, (2, n), of the upper triangle of a matrix of `row` rows and `col` columns, row by row."""
def true_divide(input: _Tensor, other: _Tensor | _int | _float | _bool | _complex, *, rounding_mode: _str | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """`input / other`, elementwise; `rounding_mode` "floor" or "trunc" rounds and keeps integers."""
def trunc(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The integer part, elementwise."""
def trunc_(self: _Tensor, *args: _Any, **kwargs: _Any) -> _Tensor:
    """The in-place form of `trunc`: writes its result into this tensor and returns it."""
def typename(obj: _object) -> _str:
    """The name of an object's type: a tensor's legacy type name, else module and name."""
def unbind(input: _Tensor, dim: _int = ...) -> _tuple[_Tensor, ...]:
    """Views of every index along `dim`, which disappears."""
def unbind_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `unbind` shows."""
def unflatten(input: _Tensor, dim: _int, sizes: _int | _Sequence[_int]) -> _Tensor:
    """One dimension as several, of the given sizes; one may be -1."""
def unfold_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `unfold` shows."""
def unique(input: _Tensor, sorted: _bool = ..., return_inverse: _bool = ..., return_counts: _bool = ..., dim: _int | None = ...) -> _Any:
    """The distinct elements in order; with the flags also each element's place among them, and how many there are."""
def unique_consecutive(input: _Tensor, return_inverse: _bool = ..., return_counts: _bool = ..., dim: _int | None = ...) -> _Any:
    """The elements without those that equal the one before; with `dim`, the slices along it without those."""
def unravel_index(indices: _Tensor, shape: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
    """The coordinates, one tensor a dimension, of flat places in a tensor of `shape`. ValueError out of bounds."""
def unsafe_chunk(input: _Tensor, chunks: _int, dim: _int = ...) -> _tuple[_Tensor, ...]:
    """As `chunk`, with pieces that may be changed in place as if each had memory of its own."""
def unsafe_split(tensor: _Tensor, split_size_or_sections: _int | _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
    """As `split`, with pieces that may be changed in place as if each had memory of its own."""
def unsafe_split_with_sizes(input: _Tensor, split_sizes: _Sequence[_int], dim: _int = ...) -> _tuple[_Tensor, ...]:
    """As `split_with_sizes`, with pieces that may be changed in place as if each had memory of its own."""
def unsqueeze(input: _Tensor, dim: _int) -> _Tensor:
    """A view with a new dimension of size 1 at `dim`."""
def unsqueeze_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `unsqueeze` shows."""
def vander(x: _Tensor, N: _int | None = ..., increasing: _bool = ...) -> _Tensor:
    """The Vandermonde matrix of a vector: its powers from N - 1 down to 0, or up with `increasing`."""
def var(input: _Tensor, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ..., out: _Tensor | None = ...) -> _Tensor:
    """The variance of all elements, or along `dim`: squared distances from the mean over n - `correction` (default 1)."""
def var_mean(input: _Tensor, dim: _int | _Sequence[_int] | None | _bool = ..., unbiased: _bool | None = ..., keepdim: _bool = ..., *, correction: _float | None = ...) -> _tuple[_Tensor, _Tensor]:
    """The variance and the mean of all elements, or along `dim`; the arguments are those of `var`."""
def vdot(input: _Tensor, other: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """The inner product of two vectors, of the first's conjugate where numbers are complex."""
def view_as_complex(input: _Tensor) -> _Tensor:
    """The same memory as complex numbers: (*, 2), real and imaginary parts, gives (*). RuntimeError where the parts do not lie together."""
def view_as_complex_copy(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """A copy of what `view_as_complex` shows."""
def view_as_real(input: _Tensor) -> _Tensor:
    """The same memory as real numbers: (*) gives (*, 2), real and imaginary parts."""
def view_as_real_copy(input: _Tensor, *, out: _Tensor | None = ...) -> _Tensor:
    """A copy of what `view_as_real` shows."""
def view_copy(input: _Tensor, *args: _Any, out: _Tensor | None = ..., **kwargs: _object) -> _Tensor:
    """A copy of what `view` shows."""
def vsplit(input: _Tensor, indices_or_sections: _int | _Sequence[_int]) -> _tuple[_Tensor, ...]:
    """Views of pieces along the dimension that `vstack` joins: equal ones, or cut at the listed indices."""
def vstack(tensors: _Sequence[_Tensor], *, out: _Tensor | None = ...) -> _Tensor:
    """The tensors below each other, vectors as rows."""
def where(condition: _Tensor, input: _Tensor | _int | _float | _bool | _complex | None = ..., other: _Tensor | _int | _float | _bool | _complex | None = ..., *, out: _Any = ...) -> _Any:
    """`input` where the bool `condition` is True, else `other`, with broadcasting and promotion."""
def xlogy(input: _Tensor | _int | _float | _bool | _complex, other: _Tensor | _int | _float | _bool | _complex, *, out: _Tensor | None = ...) -> _Tensor:
    """`input * log(other)`, elementwise; 0 where input is 0, unless other is NaN. Either may be a number."""
def xlogy_(self: _Tensor, other: _Any) -> _Tensor:
    """The in-place form of `xlogy`: writes its result into this tensor and returns it."""
def zero_(self: _Tensor) -> _Tensor:
    """Set every element to zero in place."""
def zeros(*size: _int | _Sequence[_int], dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., pin_memory: _bool = ..., out: _Tensor | None = ..., **names: _int | _Sequence[_int]) -> _Tensor:
    """A tensor of shape `size`, all zeros; dtype defaults to the default float."""
def zeros_like(input: _Tensor, *args: _Any, dtype: _DType | None = ..., layout: _Layout | None = ..., device: _Device | _str | _int | None = ..., requires_grad: _bool = ..., memory_format: _MemoryFormat | None = ..., pin_memory: _bool = ..., **names: _object) -> _Tensor:
    """As `zeros`, with the shape, and unless given the dtype and device, of `input`."""
