"""torch.compile and torch.compiler: programs run as they are written, eagerly; `compile` says so once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar, overload

from corelib.capture.optimized import compile
from corelib.dispatcher.compilation import BACKENDS
from corelib.ops.construction.construct import as_tensor
from corelib.tensor.host import np
from corelib.tensor.tensor import Tensor

__all__ = [
    "allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin", "disable", "get_default_backend", "is_compiling",
    "is_dynamo_compiling", "is_exporting", "list_backends", "nested_compile_region", "reset", "set_default_backend", "set_stance",
    "substitute_in_graph", "wrap_numpy",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

STANCES = ["default", "eager_then_compile", "aot_eager_then_compile", "force_eager", "eager_on_recompile", "fail_on_recompile"]
config = SimpleNamespace(job_id=None, dynamic_sources="", unbacked_sources="", force_disable_caches=False, cudagraph_backend="")
_default: list[str | Callable[..., Any]] = ["eager"]


def is_compiling() -> bool:
    """False: nothing is compiled."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


@overload
def disable(fn: Callable[P, R], recursive: bool = True, *, reason: str | None = None) -> Callable[P, R]: ...
@overload
def disable(fn: None = None, recursive: bool = True, *, reason: str | None = None) -> Callable[[T], T]: ...
def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function as it is: it is not compiled anyway. Also as a decorator with or without arguments.

    >>> import corelib as torch
    >>> torch.compiler.disable(len) is len
    True
    """
    return fn if fn is not None else (lambda given: given)


def allow_in_graph(fn: T) -> T:
    """The function (or list of functions) as it is; AssertionError for what cannot be called."""
    if not isinstance(fn, (list, tuple)) and not callable(fn):
        raise AssertionError(f"allow_in_graph(): allow_in_graph expects a callable, got {type(fn).__name__}")
    return fn


def assume_constant_result(fn: T) -> T:
    """The function as it is: it is called each time."""
    return fn


def nested_compile_region(fn: Callable[P, R] | None = None, **options: object) -> Any:
    """The function as it is."""
    return fn if fn is not None else (lambda given: given)


def substitute_in_graph(original_fn: Callable[..., Any], **options: object) -> Callable[[T], T]:
    """A decorator that leaves its function as it is: there is no graph to put it into."""
    return lambda given: given


def wrap_numpy(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy arrays as one of tensors: arguments become arrays, and arrays in what it returns tensors, which need no gradient.

    >>> import corelib as torch, numpy
    >>> torch.compiler.wrap_numpy(numpy.flip)(torch.arange(3))
    tensor([2, 1, 0])
    """
    def mapped(value: Any, kind: type, convert: Callable[[Any], Any]) -> Any:
        if isinstance(value, kind):
            return convert(value)
        if isinstance(value, (list, tuple)):
            return type(value)(mapped(each, kind, convert) for each in value)
        return {key: mapped(each, kind, convert) for key, each in value.items()} if isinstance(value, dict) else value

    @wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = mapped((args, kwargs), Tensor, lambda t: t.numpy())
        return mapped(fn(*args, **kwargs), np.ndarray, lambda a: as_tensor(a.copy()))

    return wrapped


def reset() -> None:
    """Forget what was compiled: nothing."""


def list_backends(exclude_tags: Sequence[str] | None = ("debug", "experimental")) -> list[str]:
    """The names that `compile` takes for a backend, of which corelib runs the first in place of all: ["eager", ...]."""
    return list(BACKENDS)


def get_default_backend() -> str | Callable[..., Any]:
    """What `set_default_backend` said, "eager" before."""
    return _default[0]


def set_default_backend(backend: str | Callable[..., Any]) -> None:
    """Name the backend of `compile` where none is given; each of them runs eagerly here."""
    if isinstance(backend, str) and backend not in BACKENDS:
        raise RuntimeError(f"set_default_backend(): invalid backend {backend!r}; accepted are {', '.join(BACKENDS)}, and functions")
    _default[0] = backend


class set_stance:
    """Say how compiled functions behave: all of PyTorch's stances are eager here. At once, as a context and as a decorator.

    RuntimeError for a stance that PyTorch does not have.
    """

    def __init__(self, stance: str = "default", *, skip_guard_eval_unsafe: bool = False, force_backend: str | Callable[..., Any] | None = None) -> None:
        if stance not in STANCES:
            raise RuntimeError(f"set_stance(): invalid torch.compile stance {stance!r}; accepted are {', '.join(STANCES)}")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass

    def __call__(self, fn: T) -> T:
        return fn


def cudagraph_mark_step_begin() -> None:
    """Say that a step of training begins; nothing waits for it."""


@contextmanager
def unchanged(*args: object, **kwargs: object) -> Iterator[None]:
    """A context in which everything is as outside of it."""
    yield
