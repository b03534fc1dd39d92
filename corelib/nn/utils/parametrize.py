"""Parametrizations: a parameter that is computed, each time it is read, from others that are trained in its place."""

from __future__ import annotations

import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any

from corelib.graph.grad_mode import no_grad
from corelib.nn.modules.container import ModuleDict, ModuleList
from corelib.nn.modules.module import Module
from corelib.nn.parameter import Parameter
from corelib.tensor.tensor import Tensor

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations", "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]  # fmt: skip


class _Cache:
    """What `cached` remembers: by module and name, while at least one of its blocks is entered."""

    depth = 0
    tensors: dict[tuple[int, str], Tensor] = {}  # one for all, as the depth is


@contextmanager
def cached() -> Iterator[None]:
    """Within it every parametrized tensor is computed once, however often it is read.

    >>> import corelib as torch
    >>> with torch.nn.utils.parametrize.cached():
    ...     pass
    """
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.tensors.clear()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _same(what: str, got: object, wanted: Tensor, shape: bool = True) -> None:
    """ValueError unless a tensor has the dtype, and the shape, of another."""
    if not isinstance(got, Tensor):
        raise ValueError(f"{what} must return a tensor. Got {type(got).__name__}.")
    if got.dtype != wanted.dtype:
        raise ValueError(f"{what} may not change the dtype of the tensor, unless the `unsafe` flag is enabled: got {got.dtype}, wanted {wanted.dtype}")
    if shape and got.shape != wanted.shape:
        raise ValueError(f"{what} may not change the shape of the tensor, unless the `unsafe` flag is enabled: got {got.shape}, wanted {wanted.shape}")


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in order, and what they start from: ``original``, or ``original0``, ``original1`` and so on.

    Made by ``register_parametrization``.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        before = original.detach()
        with no_grad():
            new: Any = original
            for module in reversed(list(self.children())):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # the values are then taken for the originals
                        new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got {type(new).__name__}")
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if isinstance(new, Tensor):
            if before.dtype != new.dtype:
                raise ValueError(f"When `right_inverse` outputs one tensor, it may not change the dtype: got {new.dtype}, wanted {before.dtype}")
            if before.device != new.device:
                raise ValueError(f"When `right_inverse` outputs one tensor, it may not change the device: got {new.device}, wanted {before.device}")
            _put(original, new)
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        f"'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element {i} of the sequence with type {type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part, original.requires_grad)
                part.requires_grad_(original.requires_grad)
                _register(self, f"original{i}", part)
        if not unsafe:
            _same("A parametrization", self(), before)

    def right_inverse(self, value: Tensor) -> None:
        """Change the originals so that the parametrized tensor becomes ``value``, as far as the modules can."""
        with no_grad():
            found: Any = value
            for module in reversed(list(self.children())):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                found = module.right_inverse(found)
            if self.is_tensor:
                if not isinstance(found, Tensor):
                    raise ValueError(f"`right_inverse` should return a tensor. Got {type(found).__name__}")
                if found.dtype != self.original.dtype:
                    raise ValueError(f"The tensor returned by `right_inverse` has dtype {found.dtype} while `original` has dtype {self.original.dtype}")
                _put(self.original, found)
                return
            if not isinstance(found, Sequence):
                raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(found).__name__}.")
            if len(found) != self.ntensors:
                raise ValueError(f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length {len(found)}.")
            for i, part in enumerate(found):
                _same(f"Element {i} of what 'right_inverse' returns", part, getattr(self, f"original{i}"), shape=False)
                _put(getattr(self, f"original{i}"), part)

    def forward(self) -> Tensor:
        modules = list(self.children())
        x = modules[0](self.original) if self.is_tensor else modules[0](*[getattr(self, f"original{i}") for i in range(self.ntensors)])
        for module in modules[1:]:
            x = module(x)
        result: Tensor = x
        return result


def _put(kept: Tensor, new: Tensor) -> None:
    """Give a tensor that others hold the values, and the memory, of another."""
    if kept is not new:
        with no_grad():
            kept.data = new.detach()


def _own_class(module: Module) -> None:
    """Give a module a class of its own, on which properties can be put."""
    base = type(module)

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            # A class of its own: what is removed from one must stay on the other.
            own = {k: v for k, v in vars(type(self)).items() if k not in ("__dict__", "__weakref__")}
            replica = memo[id(self)] = self.__new__(type(type(self).__name__, type(self).__bases__, own))
            replica.__dict__ = deepcopy(self.__dict__, memo)
            for slot in copyreg._slotnames(type(self)):  # type: ignore[attr-defined]  # typeshed leaves it out
                if hasattr(self, slot):
                    setattr(replica, slot, deepcopy(getattr(self, slot), memo))
        return memo[id(self)]

    def state(self: Any) -> Any:
        raise RuntimeError("Serialization of parametrized modules is only supported through state_dict().")

    body: dict[str, Any] = {"__getstate__": state}
    if not hasattr(base, "__deepcopy__"):
        body["__deepcopy__"] = copied
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), body)


def _computed(name: str) -> property:
    def get(self: Any) -> Any:
        compute = self.parametrizations[name]
        if not _Cache.depth:
            return compute()
        key = (id(self), name)
        if key not in _Cache.tensors:
            _Cache.tensors[key] = compute()
        return _Cache.tensors[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Module:
    """Have a parameter or buffer computed by ``parametrization`` from the one that is there, which goes on to be trained.

    The tensor is then read as ``parametrization(original)``; several parametrizations follow one another. With a method
    ``right_inverse`` the tensor may also be assigned to. ValueError if there is no such tensor, and if dtype or shape would change, which
    ``unsafe`` allows.

    >>> import corelib as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> m = torch.nn.utils.parametrize.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((m.weight == m.weight.T).all()), m.parametrizations.weight.original.shape
    (True, torch.Size([3, 3]))
    """
    parametrization.train(module.training)
    anyone: Any = module
    if is_parametrized(module, tensor_name):
        if not unsafe:
            value = getattr(module, tensor_name)
            made = parametrization(value)
            _same("A parametrization", made, value)
            if hasattr(parametrization, "right_inverse"):
                with suppress(NotImplementedError):
                    _same("parametrization.right_inverse", parametrization.right_inverse(made), value)
        anyone.parametrizations[tensor_name].append(parametrization)
        anyone.parametrizations[tensor_name].unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        chain = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _own_class(module)
            anyone.parametrizations = ModuleDict()
        setattr(type(module), tensor_name, _computed(tensor_name))
        anyone.parametrizations[tensor_name] = chain
    else:
        raise ValueError(f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'")
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of this tensor."""
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor an ordinary one again, with its computed value, or its original one unless ``leave_parametrized``.

    ValueError if it is not parametrized, or has several originals and no value of its own to go back to.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    anyone: Any = module
    chain = anyone.parametrizations[tensor_name]
    if chain.is_tensor:
        original: Tensor = chain.original
        if leave_parametrized:
            with no_grad():
                _put(original, getattr(module, tensor_name))
    elif leave_parametrized:
        value = getattr(module, tensor_name)
        original = Parameter(value) if value.requires_grad else value
    else:
        raise ValueError("Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors.")
    delattr(type(module), tensor_name)
    del anyone.parametrizations[tensor_name]
    _register(module, tensor_name, original)
    if not is_parametrized(module):
        del anyone.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class a module had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: Module, tensor_name: str | None = None) -> Module:
    """Parametrize another module as this one is, and let both have the same originals. All tensors, or one."""
    if is_parametrized(from_module):
        source: Any = from_module.parametrizations
        target: Any = to_module
        for name in list(source) if tensor_name is None else [tensor_name]:
            if not hasattr(to_module, name):
                setattr(to_module, name, Parameter(getattr(from_module, name)))
            for parametrization in source[name]:
                register_parametrization(to_module, name, parametrization)
            for key in list(source[name]._parameters) + list(source[name]._buffers):
                setattr(target.parametrizations[name], key, getattr(source[name], key))
    return to_module
