"""The namespaces of PyTorch's documentation, and the names in them.

Left out are torch.jit and what belongs to it, and torch.utils.tensorboard, which cannot be imported without another library.
A submodule is a namespace of its own, not a name.
"""

from __future__ import annotations

import importlib
import inspect
import re
import types
import typing
import warnings
from functools import cache
from typing import Any

import torch

import corelib

SPACES = (
    "torch", "torch.Tensor", "torch.UntypedStorage", "torch.TypedStorage", "torch.Generator",
    "torch.nn", "torch.nn.Module", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter", "torch.nn.parallel", "torch.nn.grad",
    "torch.nn.utils", "torch.nn.utils.rnn", "torch.nn.utils.parametrize", "torch.nn.utils.parametrizations", "torch.nn.utils.prune", "torch.nn.utils.stateless",
    "torch.nn.attention", "torch.nn.attention.bias", "torch.nn.attention.flex_attention",
    "torch.optim", "torch.optim.Optimizer", "torch.optim.lr_scheduler", "torch.optim.swa_utils",
    "torch.autograd", "torch.autograd.functional", "torch.autograd.forward_ad", "torch.autograd.graph", "torch.autograd.profiler",
    "torch.autograd.profiler_util", "torch.profiler.itt", "torch.utils.flop_counter", "torch.utils.weak", "torch.utils.throughput_benchmark",
    "torch.linalg", "torch.fft", "torch.special", "torch.signal.windows", "torch.sparse", "torch.masked", "torch.nested", "torch.random", "torch.func",
    "torch.distributions", "torch.distributions.constraints", "torch.distributions.transforms", "torch.distributions.constraint_registry",
    "torch.distributions.kl", "torch.distributions.utils",
    "torch.utils", "torch.utils.data", "torch.utils.checkpoint", "torch.utils.dlpack", "torch.utils.hooks", "torch.utils.benchmark", "torch.utils.cpp_extension",
    "torch.utils.deterministic", "torch.utils.model_zoo", "torch.utils.module_tracker",
    "torch.testing", "torch.serialization", "torch.amp", "torch.accelerator", "torch.cpu", "torch.cuda", "torch.mps", "torch.mtia", "torch.xpu",
    "torch.backends.cpu", "torch.backends.cuda", "torch.backends.cudnn", "torch.backends.mkl", "torch.backends.mkldnn", "torch.backends.mps", "torch.backends.openmp",
    "torch.backends.opt_einsum", "torch.multiprocessing", "torch.futures", "torch.overrides", "torch.library",
    "torch.compiler", "torch.export", "torch.fx", "torch.onnx", "torch.profiler", "torch.monitor", "torch.hub", "torch.package",
    "torch.distributed", "torch.distributed.algorithms.join", "torch.distributed.checkpoint", "torch.distributed.device_mesh", "torch.distributed.fsdp",
    "torch.distributed.optim", "torch.distributed.pipelining", "torch.distributed.rpc", "torch.distributed.tensor", "torch.distributed.tensor.parallel",
    "torch.ao.quantization", "torch.types", "torch.__config__", "torch.__future__",
)  # fmt: skip


# What only some builds of PyTorch have, and what a module has by `from typing import *`, which is another set in every Python.
STARS = {"torch.utils.checkpoint": typing.__all__}
BUILDS = "ProcessGroup(NCCL|UCC|XCCL|MPI)"


@cache
def theirs(path: str) -> Any:
    """PyTorch's namespace: a module, or a class whose methods count one by one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError:
            parent, _, name = path.rpartition(".")
            return getattr(importlib.import_module(parent), name)


def mine(path: str) -> Any:
    """corelib's namespace of the same name, or None."""
    found: Any = corelib
    for part in path.split(".")[1:]:
        found = member(found, part)
    return found


def member(space: Any, name: str) -> Any:
    """What a namespace has under a name, or None: also where looking it up raises, as a property of a class or a lazy module may."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(space, name, None)
        except ImportError:
            return None


def has(space: Any, name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return hasattr(space, name)
        except ImportError:
            return False


@cache
def names(path: str) -> tuple[str, ...]:
    """All names without an underscore that PyTorch's namespace has, submodules and what only some builds have apart."""
    with warnings.catch_warnings():  # some of PyTorch's names warn as soon as they are looked at
        warnings.simplefilter("ignore")
        return _names(path)


def _names(path: str) -> tuple[str, ...]:
    space = theirs(path)
    listed = {*dir(space), *getattr(space, "__all__", ())}
    if isinstance(space, types.ModuleType) and type(space) is not types.ModuleType:  # one whose settings are properties of a class
        listed |= {*dir(type(space)), *dir(getattr(space, "m", None))} - {"m", *dir(types.ModuleType)}
    listed.difference_update(STARS.get(path, ()))
    return tuple(n for n in sorted(listed) if not n.startswith("_") and has(space, n) and not inspect.ismodule(member(space, n)) and not re.fullmatch(BUILDS, n))


VERSION = torch.__version__.partition("+")[0]
