"""Automatic differentiation, as PyTorch's: a graph of nodes recorded by operations and run backwards by the engine.

Loaded lazily name by name, because the nodes and grad modes are part of every tensor operation and the rest is not.
"""

from __future__ import annotations

from typing import Any

_NAMES = {
    "backward": "engine", "grad": "engine", "Function": "function", "no_grad": "grad_mode", "enable_grad": "grad_mode",
    "set_grad_enabled": "grad_mode", "inference_mode": "grad_mode", "set_detect_anomaly": "anomaly",
    "detect_anomaly": "anomaly", "gradcheck": "checking", "gradgradcheck": "checking", "Node": "node",
}
__all__ = sorted(_NAMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    module = _NAMES.get(name)
    from importlib import import_module

    if module is None:
        if name in ("function", "functional", "checking", "graph", "grad_mode", "anomaly", "engine", "node", "hooks"):
            return import_module(f"corelib.autograd.{name}")
        raise AttributeError(f"module 'corelib.autograd' has no attribute {name!r}")
    found = getattr(import_module(f"corelib.autograd.{module}"), name)
    globals()[name] = found
    return found
