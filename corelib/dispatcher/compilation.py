"""`compile`: there is no compiler yet, so what is compiled stays as it is, and that is said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from corelib.dispatcher.warned import is_warn_always_enabled, warn

P = ParamSpec("P")
R = TypeVar("R")

BACKENDS = ["eager", "cudagraphs", "inductor", "onnxrt", "openxla", "tvm"]
MODES = ["default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs", "lite"]
_said: list[str] = []


def compile(
    model: Callable[P, R] | None = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: str | Callable[..., Any] | None = None,
    mode: str | None = None, options: dict[str, Any] | None = None, name: str | None = None, disable: bool = False, **others: object,
) -> Any:  # fmt: skip
    """The model or function itself, which runs eagerly: corelib has no compiler yet, and warns of it once. Also as a decorator.

    The arguments are PyTorch's, and those that it refuses are refused: RuntimeError for a mode beside options, and for a mode or a backend
    that it does not have.

    >>> import corelib as torch, warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     f = torch.compile(lambda x: x + 1)
    >>> f(torch.ones(1))
    tensor([2.])
    """
    if mode is not None and options is not None:
        raise RuntimeError("compile(): Either mode or options can be specified, but both can't be specified at the same time.")
    if mode is not None and mode not in MODES:
        raise RuntimeError(f"compile(): Unrecognized mode={mode}, should be one of: {', '.join(MODES)}")
    if isinstance(backend, str) and backend not in (*BACKENDS, "aot_eager", "aot_eager_decomp_partition", "eager_noexcept", "ts"):
        raise RuntimeError(f"compile(): invalid backend {backend!r}; accepted are {', '.join(BACKENDS)}, and functions")
    if not disable and (not _said or is_warn_always_enabled()):
        _said.append("eager")
        warn("compile(): corelib has no compiler yet; what is compiled runs eagerly, as it is written. (Said once.)")
    if model is None:
        return lambda given: given
    if not callable(model):
        raise RuntimeError(f"compile(): expected a callable, got {type(model).__name__}")
    return model
