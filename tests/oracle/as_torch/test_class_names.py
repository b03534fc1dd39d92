"""What a class says of itself (`print(type(x))`) is what PyTorch's says."""

import importlib
import json
import pkgutil
import subprocess
import sys
import warnings

import pytest
import torch

# Where another place is meant: whose, and why.
ELSEWHERE = {
    "torch._C:_LinAlgError": "torch.linalg:LinAlgError",  # _C has what programs ask it for
    "torch._C:_MobileOptimizerType": "torch.utils.absent.mobile:MobileOptimizerType",
    "torch._C._autograd:DeviceType": "torch.profiler.activities:DeviceType",
    "torch._C._autograd:SavedTensor": "corelib.graph.saved:SavedTensor",
    "torch._C._profiler:ProfilerActivity": "torch.profiler:ProfilerActivity",
    "torch.backends.cuda:_SDPAParams": "torch.backends.cuda:SDPAParams",
    "torch.nn.attention:_SDPBackend": "torch.nn.attention:SDPBackend",
    "torch.cpu:Event": "corelib.devices.accelerator:HostEvent",  # one class of streams and one of events, whatever the device
    "torch.cpu:Stream": "corelib.devices.accelerator:Stream",
    "torch.cpu:StreamContext": "corelib.devices.accelerator:StreamContext",
    "torch.cuda:StreamContext": "corelib.devices.accelerator:StreamContext",
    "torch.cuda.streams:Event": "corelib.devices.accelerator:Event",
    "torch.cuda.streams:Stream": "corelib.devices.accelerator:Stream",
    "torch.jit:Future": "torch.futures:Future",  # its own there where it is shown, TorchScript's where it is made
    "torch.types:Storage": "torch.storage:UntypedStorage",  # a name for it here, an abstract class there
    "torch.multiprocessing.pool:Pool": "multiprocessing.pool:Pool",  # whose tasks need no way of their own here
}

ASK = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
import torch
said = {}
for path, names in json.load(sys.stdin).items():
    try:
        module = importlib.import_module(path)
    except ImportError:
        continue
    for name in names:
        value = getattr(module, name, None)
        if isinstance(value, type):
            said[f"{path}:{name}"] = f"{value.__module__}:{value.__qualname__}", str(value)
print(json.dumps(said))
"""


def classes():
    """PyTorch's classes by the paths that show them."""
    paths = ["torch", *(found.name for package in PACKAGES for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."))]
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in [*paths, *PACKAGES]:
            try:
                module = importlib.import_module(path)
            except Exception:  # what needs something that is not installed
                continue
            kinds = {n: v for n, v in vars(module).items() if isinstance(v, type) and v.__module__.startswith("torch") and (n[0] != "_" or n[1:2] != "_")}
            found[path] = kinds
    return found


PACKAGES = [
    "torch.nn", "torch.optim", "torch.utils.data", "torch.autograd", "torch.distributions", "torch.amp", "torch.cuda", "torch.cpu", "torch.backends",
    "torch.profiler", "torch.multiprocessing", "torch.utils.benchmark", "torch.futures", "torch.func", "torch.linalg", "torch.types", "torch.storage",
    "torch.serialization", "torch.utils.hooks", "torch.utils.checkpoint", "torch._utils",
]  # fmt: skip
PACKAGES = [name for name in PACKAGES if hasattr(importlib.import_module(name), "__path__")]


def test_classes_say_what_pytorchs_say():
    theirs = classes()
    asked = json.dumps({path: list(kinds) for path, kinds in theirs.items()})
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", "-c", ASK], input=asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wrong, compared = {}, set()
    for shown, (said, text) in json.loads(done.stdout).items():
        path, _, name = shown.partition(":")
        kind = theirs[path][name]
        want = f"{kind.__module__}:{kind.__qualname__}"
        compared.add(want)
        if said != ELSEWHERE.get(want, want) or (want not in ELSEWHERE and text != str(kind) and text[:6] != "<enum "):
            wrong[shown] = said, want
    assert not wrong, "\n".join(f"{a} {b}" for a, b in wrong.items())
    assert len(compared) > 400


@pytest.mark.parametrize("what", [
    "type(torch.ones(1))", "type(torch.nn.Parameter(torch.ones(1)))", "type(torch.float32)", "type(torch.device('cpu'))", "type(torch.ones(2).shape)",
    "type(torch.strided)", "type(torch.contiguous_format)", "type(torch.Generator())", "type(torch.nn.Linear(1, 1))", "type(torch.finfo())",
    "type(torch.optim.Adam([torch.ones(1)]))", "type(torch.ones(2).max(0))", "type(torch.ones(1).untyped_storage())", "torch.OutOfMemoryError",
    "type((torch.ones(1, requires_grad=True) * 2).grad_fn)", "torch.ones(1).type()", "torch.add.__module__", "torch.nn.functional.linear.__name__",
    "torch.nn.functional.relu.__module__", "torch.nn.init.zeros_.__module__", "torch.FloatTensor", "torch.typename(torch.nn.ReLU())",
])  # fmt: skip
def test_what_is_printed_is_what_pytorch_prints(what):
    done = subprocess.run([sys.executable, "-m", "corelib.as_torch", "-c", f"import torch; print({what})"], capture_output=True, text=True)
    assert done.stdout.strip() == str(eval(what, {"torch": torch})), done.stderr
