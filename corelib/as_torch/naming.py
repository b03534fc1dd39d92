"""Where classes and functions say that they are: at PyTorch's path for them, `corelib.` standing for `torch.`, or `torch.` itself under as_torch.

`print(type(x))`, tracebacks, pickles and libraries that look at a class's `__module__` then see what they see with PyTorch. A module is gone
through once, after it has run; what lies where PyTorch has it already (`nn.modules.linear`) needs no line in the table.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from corelib.as_torch.finder import join
from corelib.as_torch.paths import OWN, STARS, VISION, paths

if TYPE_CHECKING:
    from importlib.abc import Loader
else:
    Loader = object

# PyTorch's path: the modules whose classes say so, or, after a colon, those that do. `.` is the package itself.
_TABLE = """
.: capture.tags dispatcher.streams:Event,Stream tensor.device:device tensor.dtype:dtype
.: tensor.layout:layout,memory_format tensor.limits:finfo,iinfo tensor.size:Size tensor.tensor:Tensor
_C: ops.random.generator:Generator overrides.asking:DisableTorchFunction,DisableTorchFunctionSubclass
__future__: nn.future
_lobpcg: ops.linalg.lobpcg
_tensor_str: ops.conversion.printing
_utils: machine.internals
autograd.anomaly_mode: graph.anomaly:detect_anomaly,set_detect_anomaly
autograd.grad_mode: graph.grad_mode:enable_grad,enforce_grad_layout_policy,no_grad,set_grad_enabled,set_multithreading_enabled
autograd.grad_mode: graph.grad_mode:_force_original_view_tracking dispatcher.inference:inference_mode
autograd.graph: graph.edges:GradientEdge graph.node:Node
autograd.profiler: profiler.autograd_profiler dispatcher.regions:record_function
autograd.profiler_util: profiler.events profiler.event_list
backends.cuda: ops.neural.attention:SDPAParams
backends.mkl: backends.libraries.mkl
compiler: capture.compiler
cpu.amp.autocast_mode: amp.cpu:autocast
cpu.amp.grad_scaler: amp.cpu:GradScaler
cuda.amp.autocast_mode: amp.cuda:autocast
cuda.amp.grad_scaler: amp.cuda:GradScaler
cuda.graphs: devices.graphs
cuda.nvtx: devices.nvtx
distributions.transforms: distributions._joined_transforms:CatTransform,StackTransform
distributions.transforms: distributions._transform:ComposeTransform,IndependentTransform,ReshapeTransform,Transform
linalg: contract.kernels:LinAlgError
nn.attention: ops.neural.attention:SDPBackend
optim: optim.adafactor:Adafactor optim.muon:Muon optim.swapping:swap_in_optimizer_params_and_state
optim.lr_scheduler: optim.lr_scheduler.base:LRScheduler,_LRScheduler optim.lr_scheduler.combined:ChainedScheduler,SequentialLR
optim.lr_scheduler: optim.lr_scheduler.cosine:CosineAnnealingLR,CosineAnnealingWarmRestarts optim.lr_scheduler.cyclic:CyclicLR,OneCycleLR
optim.lr_scheduler: optim.lr_scheduler.factors optim.lr_scheduler.plateau
profiler: profiler.activities:ProfilerActivity
profiler.profiler: profiler.schedules profiler.execution_trace:ExecutionTraceObserver
overrides: overrides.asking:enable_reentrant_dispatch,get_default_nowrap_functions,handle_torch_function,has_torch_function,redispatch_function,wrap_torch_function
overrides: overrides.modes:BaseTorchFunctionMode,TorchFunctionMode
overrides: overrides.names:get_ignored_functions,get_overridable_functions,get_testing_overrides,is_tensor_like,is_tensor_method_or_property,resolve_name
random: ops.random.generator
serialization: serialization.config:LoadEndianness,get_crc32_options,get_default_load_endianness,get_default_mmap_options
serialization: serialization.config:set_crc32_options,set_default_load_endianness,set_default_mmap_options,skip_data
serialization: serialization.packages:SourceChangeWarning,check_module_version_greater_or_equal,default_restore_location,location_tag
serialization: serialization.packages:normalize_storage_type,register_package,storage_to_tensor_type,validate_cuda_device
serialization: serialization.rebuild:StorageType serialization.safe_globals:add_safe_globals,clear_safe_globals,get_safe_globals,safe_globals
serialization: serialization.save_load:get_unsafe_globals_in_checkpoint,load,save
signal.windows.windows: signal.windows
storage: tensor.storage:TypedStorage,UntypedStorage
torch_version: as_torch.versions:TorchVersion
utils._contextlib: utils.plumbing.context_decorators
utils._foreach_utils: utils.plumbing.foreach_support
utils.backend_registration: utils.absent.backend_registration
utils.benchmark.utils.common: utils.benchmark.measurement
utils.benchmark.utils.compare: utils.benchmark.compare
utils.benchmark.utils.fuzzer: utils.benchmark.fuzzer
utils.benchmark.utils.timer: utils.benchmark.timer
utils.benchmark.utils.valgrind_wrapper.timer_interface: utils.benchmark.timer:CallgrindStats,CopyIfCallgrind,FunctionCount,FunctionCounts
utils.checkpoint: utils.selective_checkpoint:CheckpointPolicy,SelectiveCheckpointContext utils.surroundings:DefaultDeviceType
utils.cpp_extension: utils.absent.cpp_extension
utils.data._utils.collate: data.collate
utils.data._utils.worker: data.worker
utils.data.dataloader: data.loader data.iterators
utils.data.dataset: data.dataset
utils.data.distributed: data.distributed
utils.data.sampler: data.sampler
utils.file_baton: utils.plumbing.file_baton
utils.hooks: graph.handles:RemovableHandle nn.hooks:BackwardHook
"""

DECLARED: dict[Any, tuple[str, str]] = {}
"""The module that declares a class or a function, and its name there, where it says something else of itself."""
_OURS = frozenset(("capture", "machine", "ops", *(OWN - {VISION})))  # below corelib only, what the table does not name
_prefix = "corelib"


@cache
def _said() -> dict[str, str]:
    """The table by module, or by module:name."""
    found = {}
    for line in _TABLE.strip().splitlines():
        path, _, homes = line.partition(": ")
        for home, colon, names in (home.partition(":") for home in homes.split()):
            found.update(dict.fromkeys((f"{home}:{name}" for name in names.split(",")) if colon else (home,), "" if path == "." else path))
    return found


@cache
def _homes() -> frozenset[str]:
    """The modules of the table."""
    return frozenset(home.partition(":")[0] for home in _said())


def _concerned(path: str) -> bool:
    """Whether anything in a module of corelib's says another place than its own."""
    return _prefix == "torch" or path in _homes()


def _full(path: str) -> str:
    if _prefix == "torch" and path.partition(".")[0] == VISION:
        return f"torch{path}"
    return f"{_prefix}.{path}" if path else _prefix


def name(module: ModuleType) -> None:
    """Let what a module of corelib's declares say where PyTorch has it."""
    declared = module.__name__
    own, said = declared[8:], _said()
    theirs = own.partition(".")[0] not in _OURS and own != ""
    everywhere = said.get(own, own if theirs else None)
    shown: set[str] = set()
    for value in list(vars(module).values()):
        if not isinstance(value, (type, FunctionType)):
            continue
        known = DECLARED.get(value)
        if (value.__module__ if known is None else known[0]) != declared:
            continue
        path = said.get(f"{own}:{value.__name__}", everywhere)
        if path is not None and (full := _full(path)) != value.__module__:
            if known is None:
                DECLARED[value] = declared, value.__qualname__
            value.__module__ = full
            shown.add(path)
    if theirs and _prefix == "torch":
        sys.modules.setdefault(_full(own), module)
    for path in shown:  # for inspect, which looks for a class's file there, and imports nothing
        homes = paths().get(path, ("",))
        if homes == (own,) and path not in STARS:
            sys.modules.setdefault(_full(path), module)
        elif homes[0] == own and _full(path) not in sys.modules:
            sys.modules[_full(path)] = made = ModuleType(_full(path))
            made.__path__ = []
            join(made, path, partial(_imported, homes), module.__file__)


def _imported(homes: Sequence[str]) -> list[ModuleType]:
    return [import_module(f"corelib.{home}") for home in homes]


def show(spaces: dict[str, dict[str, Any]]) -> None:
    """Let functions say that they are in the public namespace ("torch", "nn.functional") that shows them, the first where several do."""
    for space in ("nn.functional", "torch", "linalg", "fft", "special"):
        full = _full("" if space == "torch" else space)
        for called, function in spaces[space].items():
            if isinstance(function, FunctionType) and function not in DECLARED:
                DECLARED[function] = function.__module__, function.__qualname__
                function.__module__, function.__qualname__ = full, called


class _Named(Loader):
    """The loader of a module of corelib's, and what comes after."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        name(module)


class Finder(Loader):
    """Stands before all finders, so that modules of corelib's that have run are gone through."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The import system's question: what the other finders say, for corelib's modules."""
        if name[:8] != "corelib." or not _concerned(name[8:]):
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                if spec.loader is not None and spec.origin is not None:  # a file
                    spec.loader = _Named(spec.loader)
                return spec
        return None


def _loaded() -> None:
    for full, module in list(sys.modules.items()):
        if full[:8] == "corelib." and _concerned(full[8:]) and module.__name__ == full:
            name(module)


def install(later: dict[str, tuple[str, str | None]]) -> None:
    """Go through the modules that have been loaded, and through each that will be. later: where the package has the names that it loads
    when they are asked for; those of corelib's own rooms say that they are the package's."""
    for module, attribute in later.values():
        path = module[8:]
        if attribute and path.partition(".")[0] in _OURS and path not in _said():
            _said().setdefault(f"{path}:{attribute}", "")
    _homes.cache_clear()
    _loaded()
    sys.meta_path.insert(0, Finder())


def say_torch() -> None:
    """From now on `torch.` where it was `corelib.`."""
    global _prefix
    _prefix = "torch"
    for value in DECLARED:
        if value.__module__[:7] == "corelib":
            value.__module__ = _full(value.__module__[8:])
    _loaded()
