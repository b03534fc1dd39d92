"""`from path import *` brings what PyTorch's brings: nothing of a module's own imports, and no name of Python's that PyTorch's leaves alone."""

import builtins
import importlib
import json
import pkgutil
import subprocess
import sys
import types
import typing
import warnings

import torch

ROOMS = [
    "nn", "optim", "autograd", "distributions", "utils", "amp", "cuda", "cpu", "backends", "profiler", "multiprocessing", "futures", "fft", "linalg",
    "special", "signal", "func", "masked", "accelerator", "random", "quasirandom", "serialization", "storage", "types", "hub", "functional", "return_types",
    "version", "testing", "compiler", "jit", "__config__", "__future__", "overrides", "library", "sparse", "nested", "distributed",
]  # fmt: skip

# Names that we bring and PyTorch does not; `*`: all that may come.
MORE = {
    "torch.fft": "hfft2 hfftn ihfft2 ihfftn",  # which PyTorch has, but does not list
    "torch.autograd": "Node kineto_available",
    "torch.nn.utils.clip_grad": "clip_grads_with_norm_ get_total_norm",
    "torch.overrides": "BaseTorchFunctionMode TorchFunctionMode get_default_nowrap_functions",  # which PyTorch has, but does not list
    "torch.jit": "is_scripting is_tracing script_method",
    "torch.utils.dlpack": "to_dlpack",
    "torch.multiprocessing.reductions": "rebuild_storage",
    "torch.cuda": "AcceleratorError OutOfMemoryError XPUGraph XPUPluggableAllocator device_type",
    **dict.fromkeys((f"torch.backends.{name}" for name in ("cudnn", "miopen", "mkldnn", "opt_einsum", "quantized", "xnnpack")), "*"),  # PyTorch's settings objects list nothing
    # One module here is several of PyTorch's.
    **dict.fromkeys(("torch.cuda.memory", "torch.cuda.random", "torch.cuda.streams"), "*"),
    **dict.fromkeys((f"torch.{device}.amp.{name}" for device in ("cpu", "cuda") for name in ("autocast_mode", "common", "grad_scaler")), "*"),
    **dict.fromkeys((f"torch.utils.benchmark.utils{name}" for name in ("", ".common", ".timer", ".valgrind_wrapper", ".valgrind_wrapper.timer_interface")), "*"),
    **dict.fromkeys(("torch.utils.bundled_inputs", "torch.utils.mobile_optimizer", "torch.utils.serialization", "torch.utils.serialization.config"), "*"),
    **dict.fromkeys(("torch.distributed.device_mesh", "torch.distributed.distributed_c10d"), "*"),
}

# Names that PyTorch brings, and we have but do not bring: all modules.
FEWER = {
    "torch.distributed": "device_mesh distributed_c10d nn", "torch.distributed.nn": "functional", "torch.utils": "backcompat bundled_inputs mobile_optimizer model_zoo tensorboard",
    "torch.compiler": "config", "torch.nn.functional": "grad", "torch.cuda": "amp graphs memory nvtx random streams", "torch.cpu.amp": "autocast_mode grad_scaler",
    "torch.utils.benchmark": "utils", "torch.utils.benchmark.utils": "common compare fuzzer valgrind_wrapper",
    "torch.utils.benchmark.utils.valgrind_wrapper": "timer_interface", "torch.utils.serialization": "config",
}  # fmt: skip

ASK = """
import importlib, json, sys, types, warnings
warnings.simplefilter("ignore")
import torch
said = {}
for path, names in json.load(sys.stdin).items():
    try:
        module = importlib.import_module(path)
    except ImportError:
        continue
    brought = {}
    exec(f"from {path} import *", brought)
    files = [name for name, value in brought.items() if isinstance(value, types.ModuleType) and value.__name__.startswith(module.__name__ + ".")]
    said[path] = [name for name in brought if name not in ("__builtins__", *files)], [name for name in names if hasattr(module, name)], files
print(json.dumps(said))
"""


def paths():
    found = ["torch"]
    for room in ROOMS:
        try:
            module = importlib.import_module(f"torch.{room}")
        except ImportError:
            continue
        found.append(module.__name__)
        found += [below.name for below in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{module.__name__}.")]
    return [path for path in dict.fromkeys(found) if not any(part[0] == "_" and part[1] != "_" for part in path.split("."))]


def brought(path):
    """What PyTorch's brings, and which of it its module has only imported."""
    names = {}
    try:
        exec(f"from {path} import *", names)
    except (Exception, SystemExit):  # what needs something that is not installed, and programs
        return None
    del names["__builtins__"]
    foreign = [
        name for name, value in names.items()
        if (isinstance(value, types.ModuleType) and not value.__name__.startswith("torch.")) or getattr(value, "__module__", None) in ("typing", "collections.abc", "abc", "enum")
        or type(value).__module__ in ("typing", "__future__") or name in typing.__all__ or value is torch
    ]  # fmt: skip
    return names.keys() - set(foreign), set(foreign)


def test_stars_bring_what_pytorchs_bring():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = {path: found for path in paths() if (found := brought(path)) is not None}
    asked = json.dumps({path: sorted(names) for path, (names, _) in theirs.items()})
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", "-c", ASK], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wrong, shadows = [], []
    mine = json.loads(done.stdout)
    for path, (ours, there, files) in mine.items():
        names, foreign = theirs[path]
        accepted = MORE.get(path, "").split()
        more = set() if "*" in accepted else set(ours) - names - foreign - set(accepted)
        fewer = set(there) - set(ours) - set(files) - set(FEWER.get(path, "").split())
        shadows += [f"{path}.{name}" for name in {*ours, *files} if hasattr(builtins, name) and name not in names]
        if more or fewer:
            wrong.append(f"{path}: more {sorted(more)}, fewer {sorted(fewer)}")
    assert not shadows
    assert not wrong, "\n".join(wrong)
    assert len(mine) > 180
