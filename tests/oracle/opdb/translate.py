"""What PyTorch's tables hand to an op, made into the same thing of corelib's: tensors with their storage, functions with their names."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np
import torch

from ..harness import subject

# Namespaces whose functions are found again by their path.
NAMESPACES = ("", "nn.functional", "linalg", "special", "fft", "masked", "signal.windows", "functional")
# Of a type that both libraries have under one name in their top namespace.
NAMED = (torch.dtype, torch.layout, torch.memory_format)


def at(path: str, root: Any) -> Any:
    """What stands at a dotted path, AttributeError where nothing does."""
    for part in path.split("."):
        root = getattr(root, part)
    return root


def paths_of(function: Any) -> Iterator[str]:
    """The dotted paths under which PyTorch shows a function, the most public first."""
    name = getattr(function, "__name__", "").strip()
    for space in NAMESPACES:
        path = f"{space}.{name}".lstrip(".")
        try:
            if at(path, torch) is function:
                yield path
        except AttributeError:
            continue


def words(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """All elements of a tensor's storage, in NumPy's type of its dtype."""
    storage = tensor.untyped_storage()
    flat = torch.empty(0, dtype=tensor.dtype).set_(storage, 0, (storage.nbytes() // tensor.element_size(),), (1,))
    if tensor.dtype is torch.bfloat16:
        return flat.clone().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return flat.clone().numpy()  # a storage that NumPy has seen cannot be resized any more


def names_in(code: types.CodeType) -> set[str]:
    """The global names that a function and those defined in it use."""
    return set(code.co_names).union(*(names_in(c) for c in code.co_consts if isinstance(c, types.CodeType)))


def seeded(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the tables draw with, without the state of devices that corelib has not."""
    subject.manual_seed(42)
    return function(*args, **kwargs)


class Translation:
    """Values of one sample as corelib has them; tensors that share memory go on sharing it."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device  # where corelib's tensors are, for PyTorch's on the host
        self.storages: dict[tuple[int, torch.dtype], Any] = {}
        self.seen: dict[int, Any] = {}
        self.functions: dict[Any, Any] = {}

    def tensor(self, tensor: torch.Tensor) -> Any:
        if id(tensor) in self.seen:
            return self.seen[id(tensor)]
        if tensor.device.type != "cpu":
            made = subject.empty_strided(tuple(tensor.shape), tensor.stride(), dtype=self(tensor.dtype), device=tensor.device.type)
        else:
            key = (tensor.untyped_storage().data_ptr(), tensor.dtype)
            if key[0] == 0 or key not in self.storages:
                self.storages[key] = subject.from_numpy(words(tensor.detach())).to(self.device)
            made = self.storages[key].as_strided(tuple(tensor.shape), tensor.stride(), tensor.storage_offset()).detach()
            if tensor.is_conj():
                made = made.conj()
            if tensor.is_neg():
                made = made._neg_view()
        if tensor.requires_grad:
            made = made.detach().requires_grad_()
        if isinstance(tensor, torch.nn.Parameter):
            made = subject.nn.Parameter(made, tensor.requires_grad)
        self.seen[id(tensor)] = made
        return made

    def function(self, function: Callable[..., Any]) -> Any:
        """A function of PyTorch's by its path, one of its tests' with corelib where it says torch."""
        if isinstance(function, functools.partial):
            return functools.partial(self.function(function.func), *self(function.args), **self(function.keywords))
        for path in paths_of(function):
            return at(path, subject)
        if str(getattr(function, "__module__", "")).startswith(("torch.masked", "torch.functional", "torch.nn", "torch.signal")):
            return at(function.__name__.lstrip("_"), subject)
        if isinstance(function, (types.MethodDescriptorType, types.WrapperDescriptorType)):
            return getattr(subject.Tensor, function.__name__)
        if isinstance(function, types.MethodType) and isinstance(function.__self__, torch.nn.Module):
            return getattr(self(function.__self__), function.__name__)
        if not isinstance(function, types.FunctionType):
            return at(function.__name__, subject)
        if function.__qualname__.startswith("Tensor."):
            return getattr(subject.Tensor, function.__name__)
        if function not in self.functions:
            spaces: dict[str, Any] = {"__builtins__": __builtins__}
            cells = tuple(types.CellType() for _ in function.__closure__ or ())
            made = types.FunctionType(function.__code__, spaces, function.__name__, function.__defaults__, cells)
            made.__kwdefaults__ = function.__kwdefaults__
            self.functions[function] = made  # before the names in it, which may be its own
            used = names_in(function.__code__)
            spaces |= {k: self.name(v) for k, v in function.__globals__.items() if k in used}
            for cell, theirs in zip(cells, function.__closure__ or (), strict=True):
                cell.cell_contents = self.name(theirs.cell_contents)
        return self.functions[function]

    def name(self, value: Any) -> Any:
        """What a global name or a closed-over one of a test's function stands for."""
        if value is torch:
            return subject
        if value is torch.nn.functional:
            return subject.nn.functional
        if getattr(value, "__name__", "") == "wrapper_set_seed":
            return seeded
        return self(value)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, NAMED):
            return getattr(subject, str(value).removeprefix("torch."))
        if isinstance(value, torch.device):
            return subject.device(self.device if value.type == "cpu" else str(value))
        if isinstance(value, torch.Size):
            return subject.Size(value)
        if isinstance(value, torch.Generator):
            return subject.Generator(self.device)
        if isinstance(value, slice):
            return slice(self(value.start), self(value.stop), self(value.step))
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self, value))
        if isinstance(value, (list, tuple)):
            return type(value)(map(self, value))
        if isinstance(value, dict):
            return {self(k): self.device if (k, v) == ("device", "cpu") else self(v) for k, v in value.items()}
        if isinstance(value, torch.nn.Module):
            return self.module(value)
        if dataclasses.is_dataclass(value) and type(value).__module__.startswith("torch.nn"):
            fields = {f.name: self(getattr(value, f.name)) for f in dataclasses.fields(value)}
            return at(f"{type(value).__module__}.{type(value).__name__}".removeprefix("torch."), subject)(**fields)
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType)):
            return self.function(value) if str(getattr(value, "__module__", "")).startswith("torch") or "torch" in repr(value) else value
        return value

    def module(self, module: torch.nn.Module) -> Any:
        """A module of the same type and settings."""
        cls = next(getattr(subject.nn, c.__name__) for c in type(module).__mro__ if hasattr(subject.nn, c.__name__))
        made = cls.__new__(cls)
        subject.nn.Module.__init__(made)
        for key, value in module.__dict__.items():
            if key not in vars(torch.nn.Module()):
                setattr(made, key, self(value))
        for key, parameter in module._parameters.items():
            made.register_parameter(key, self(parameter))
        for key, buffer in module._buffers.items():
            made.register_buffer(key, self(buffer))
        for key, child in module._modules.items():
            made.add_module(key, self(child))
        return made
