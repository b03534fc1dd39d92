"""torch._dynamo, as far as programs read and set it: there is no tracing of frames, and what is told to it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn, TypeVar

from corelib.capture import compiler
from corelib.capture.compiler import (
    allow_in_graph as allow_in_graph, assume_constant_result as assume_constant_result, disable as disable, is_compiling as is_compiling,
    list_backends as list_backends, reset as reset, set_stance as set_stance, substitute_in_graph as substitute_in_graph,
)  # fmt: skip
from corelib.capture.optimized import OptimizedModule as OptimizedModule
from corelib.dispatcher.compilation import BACKENDS

T = TypeVar("T")


class Settings(SimpleNamespace):
    """Settings that programs write: kept, and read by nobody. Any name may be set; one that was not is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None

    def patch(self, *args: Any, **changes: Any) -> Any:
        """A context that changes nothing that matters."""
        return compiler.unchanged()


config = Settings(
    cache_size_limit=8, recompile_limit=8, accumulated_cache_size_limit=256, suppress_errors=False, verbose=False, dynamic_shapes=True,
    assume_static_by_default=True, automatic_dynamic_shapes=True, capture_scalar_outputs=False, capture_dynamic_output_shape_ops=False,
    optimize_ddp=True, disable=False,
)  # fmt: skip


def optimize(backend: str | Callable[..., Any] = "inductor", **options: Any) -> Callable[[T], T]:
    """A decorator: `compile` with these options."""
    known = {"fullgraph": options.get("nopython", False), "dynamic": options.get("dynamic"), "disable": options.get("disable", False)}
    made: Callable[[T], T] = compiler.compile(backend=backend, **known)
    return made


def optimize_assert(backend: str | Callable[..., Any], **options: Any) -> Callable[[T], T]:
    """The same as `optimize`."""
    return optimize(backend, **options)


def lookup_backend(compiler_fn: str | Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, or for a name one that gives back what it is to compile. RuntimeError for unknown names."""
    if callable(compiler_fn):
        return compiler_fn
    if compiler_fn not in BACKENDS:
        raise RuntimeError(f"lookup_backend(): invalid backend {compiler_fn!r}; accepted are {', '.join(BACKENDS)}")
    return lambda model, *inputs: model


def is_dynamo_supported() -> bool:
    """False."""
    return False


def is_inductor_supported() -> bool:
    """False."""
    return False


def graph_break(msg: str = "") -> None:
    """Nothing: there is no graph to break."""


def mark_dynamic(t: object, index: object, **bounds: object) -> None:
    """Nothing: sizes are never fixed."""


maybe_mark_dynamic = mark_static = mark_static_address = mark_dynamic


def disallow_in_graph(fn: T) -> T:
    """The function as it is."""
    return fn


forbid_in_graph = run = skip_frame = disallow_in_graph


def explain(f: Callable[..., Any], *args: Any, **kwargs: Any) -> NoReturn:
    """RuntimeError: there is no graph to explain."""
    raise RuntimeError("torch._dynamo.explain(): corelib traces no frames, and compile() runs programs as they are written; there is no graph to explain")


def export(f: Callable[..., Any], *args: Any, **kwargs: Any) -> NoReturn:
    """RuntimeError: programs are not turned into graphs."""
    raise RuntimeError("torch._dynamo.export(): corelib does not turn programs into graphs; save the parameters with torch.save(model.state_dict(), path)")
