"""torch.jit: TorchScript's names on functions and modules that stay what they are in Python.

`script` and `trace` give back the function or module itself, which runs eagerly; what would need TorchScript (archives, its classes and
its interpreter) refuses.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final as Final, NoReturn, ParamSpec, TypeVar

from corelib.as_torch.warned import warn
from corelib.futures import Future as Future, fork as fork, wait as wait
from corelib.nn.modules.module import Module

__all__ = [
    "Attribute", "CompilationUnit", "Error", "Future", "ScriptFunction", "ScriptModule", "annotate", "enable_onednn_fusion", "export", "fork", "freeze",
    "ignore", "interface", "is_scripting", "is_tracing", "isinstance", "load", "onednn_fusion_enabled", "optimize_for_inference", "save", "script",
    "script_if_tracing", "script_method", "set_fusion_strategy", "strict_fusion", "trace", "trace_module", "unused", "wait",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
_isinstance = isinstance
_ARCHIVES = "corelib has no TorchScript: `script` and `trace` give back the Python function or module itself"


class Error(RuntimeError):
    """What TorchScript's interpreter would raise."""


class TracerWarning(Warning):
    """What tracing would warn of."""


class ScriptModule(Module):
    """A base for modules that are written for TorchScript: an ordinary module here, without `save`."""

    def save(self, f: object, **options: object) -> NoReturn:
        """RuntimeError, as `jit.save`."""
        save(self, f)


RecursiveScriptModule = TracedModule = TopLevelTracedModule = ScriptModule


class ScriptFunction:
    """The class of compiled functions; functions stay Python's, so nothing is of it."""


class Attribute(typing.NamedTuple):
    """A value with a type for TorchScript; `annotate` without the call."""

    value: Any
    type: Any


class CompilationUnit:
    """RuntimeError where it is given code: there is no compiler of TorchScript."""

    def __init__(self, lang: str | None = None, _frames_up: int = 0) -> None:
        if lang is not None:
            raise RuntimeError(f"jit.CompilationUnit(): {_ARCHIVES}; write the function in Python")


def script(obj: T, optimize: None = None, _frames_up: int = 0, _rcb: object = None, example_inputs: object = None) -> T:
    """The function, module or class itself, which runs as Python.

    >>> import corelib as torch
    >>> @torch.jit.script
    ... def double(x):
    ...     return 2 * x
    >>> double(torch.ones(1))
    tensor([2.])
    """
    return obj


def trace(func: Callable[P, R], example_inputs: Any = None, *options: object, example_kwarg_inputs: Mapping[str, Any] | None = None, **more: object) -> Callable[P, R]:
    """The function or module itself, after one call with the example inputs, whose errors come through; RuntimeError without example inputs.

    Nothing is recorded: control flow that depends on values goes on doing so.

    >>> import corelib as torch
    >>> torch.jit.trace(torch.relu, torch.zeros(2))(torch.tensor([-1., 1.]))
    tensor([0., 1.])
    """
    if example_inputs is None and example_kwarg_inputs is None:
        raise RuntimeError("jit.trace(): example_inputs or example_kwarg_inputs should be provided")
    given = () if example_inputs is None else tuple(example_inputs) if _isinstance(example_inputs, (tuple, list)) else (example_inputs,)
    run: Any = func
    run(*given, **(example_kwarg_inputs or {}))
    return func


def trace_module(mod: Module, inputs: Mapping[str, Any], *options: object, **more: object) -> Module:
    """The module itself, after a call of each named method with its example inputs."""
    for name, given in inputs.items():
        getattr(mod, name)(*(given if _isinstance(given, tuple) else (given,)))
    return mod


def is_scripting() -> bool:
    """False: code runs as Python.

    >>> import corelib as torch
    >>> torch.jit.is_scripting(), torch.jit.is_tracing()
    (False, False)
    """
    return False


def is_tracing() -> bool:
    """False."""
    return False


def ignore(drop: Any = False, **kwargs: object) -> Any:
    """A decorator, with or without arguments, that leaves a function as it is. RuntimeError for what is neither a function nor a bool."""
    if callable(drop):
        return drop
    if not _isinstance(drop, bool):
        raise RuntimeError(f"jit.ignore(): Argument to @torch.jit.ignore must be a bool or a function but got {drop}")
    if drop:
        warn("ignore(True) has been deprecated. Use torch.jit.unused now.", FutureWarning)
    return lambda fn: fn


def _as_it_is(fn: T) -> T:
    """The function or class as it is."""
    return fn


unused = export = script_method = script_if_tracing = interface = _overload = _overload_method = _as_it_is


def annotate(the_type: Any, the_value: T) -> T:
    """The value.

    >>> import corelib as torch
    >>> torch.jit.annotate(list[int], [])
    []
    """
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether an object is of a type, the types of what a container holds included. A sequence of types: whether it is of one of them.

    >>> import corelib as torch
    >>> torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, "a"], list[int])
    (True, False)
    """
    if _isinstance(target_type, (tuple, list)):
        return any(isinstance(obj, each) for each in target_type)
    origin, held = typing.get_origin(target_type), typing.get_args(target_type)
    if target_type is None or target_type is Any:
        return obj is None if target_type is None else True
    if origin is None:
        if target_type in (list, dict, tuple, typing.List, typing.Dict, typing.Tuple, typing.Optional):  # noqa: UP006
            raise RuntimeError(f"jit.isinstance(): Attempted to use {target_type} without a contained type. Please add a contained type, e.g. list[int]")
        return _isinstance(obj, target_type)
    if origin in (typing.Union, types.UnionType):
        return any(isinstance(obj, each) if each is not type(None) else obj is None for each in held)
    if not _isinstance(obj, origin):
        return False
    if not obj and origin is not tuple:
        warn("The inner type of a container is lost when calling torch.jit.isinstance in eager mode: an empty container is of any.")
        return True
    if origin is tuple:
        if len(held) == 2 and held[1] is Ellipsis:
            return all(isinstance(each, held[0]) for each in obj)
        return len(obj) == len(held) and all(map(isinstance, obj, held))
    if issubclass(origin, collections.abc.Mapping):
        return all(isinstance(key, held[0]) and isinstance(value, held[1]) for key, value in obj.items())
    return all(isinstance(each, held[0]) for each in obj)


def freeze(mod: Module, preserved_attrs: Sequence[str] | None = None, optimize_numerics: bool = True) -> Module:
    """The module itself. RuntimeError for one that is in training, as in PyTorch."""
    if mod.training:
        raise RuntimeError("jit.freeze(): Freezing is currently only implemented for modules in eval mode. Please call .eval() on your module before freezing.")
    return mod


def optimize_for_inference(mod: Module, other_methods: Sequence[str] | None = None) -> Module:
    """The module itself, in evaluation."""
    return mod.eval()


def save(m: object, f: object, _extra_files: object = None) -> NoReturn:
    """RuntimeError: there are no TorchScript archives."""
    raise RuntimeError(
        f"jit.save(): {_ARCHIVES}, and it cannot be written as a TorchScript archive. Save the parameters with "
        "torch.save(model.state_dict(), path), or the whole module with torch.save(model, path)"
    )


def load(f: object, map_location: object = None, _extra_files: object = None, _restore_shapes: bool = False) -> NoReturn:
    """RuntimeError: there are no TorchScript archives."""
    raise RuntimeError(
        f"jit.load(): {_ARCHIVES}, and it reads no TorchScript archives. Let PyTorch write the parameters, torch.save(model.state_dict(), path), and read them with torch.load"
    )


def set_fusion_strategy(strategy: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Nothing is fused; the strategy before, which is none."""
    return []


def enable_onednn_fusion(enabled: bool) -> None:
    """Nothing: corelib uses no oneDNN."""


def onednn_fusion_enabled() -> bool:
    """False."""
    return False


@contextmanager
def strict_fusion() -> Iterator[None]:
    """A context in which everything is as outside of it."""
    yield


@contextmanager
def optimized_execution(should_optimize: bool) -> Iterator[None]:
    """A context in which everything is as outside of it."""
    yield


@contextmanager
def fuser(name: str) -> Iterator[None]:
    """A context in which everything is as outside of it."""
    yield
