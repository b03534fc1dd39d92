"""Anomaly mode: nodes remember where forward ran, and a NaN in a gradient is an error that shows it."""

from __future__ import annotations

import os

from corelib.as_torch.warned import warn
from corelib.graph.node import Grads, Node

_ROOT = os.path.dirname(os.path.dirname(__file__))
_OPS = tuple(os.path.join(_ROOT, room, "") for room in ("autograd", "dispatcher", "graph", "ops", "tensor"))
"""The rooms that PyTorch has in C++, where no traceback goes."""


class _Anomaly:
    """Whether nodes remember where they were recorded."""

    __slots__ = ("check_nan", "enabled", "hooks", "watching")

    def __init__(self) -> None:
        self.enabled = False
        self.check_nan = True
        self.hooks = 0
        """How many hooks for saved tensors there are, in all threads."""
        self.watching = False
        """Whether there is anything to be done with a new node: the one question that recording asks."""

    def set(self, enabled: bool, check_nan: bool) -> None:
        """Turn the mode on or off."""
        self.enabled, self.check_nan = enabled, check_nan
        self.watching = enabled or self.hooks > 0

    def hook(self, more: int) -> None:
        """Count hooks for saved tensors that come or go."""
        self.hooks += more
        self.watching = self.enabled or self.hooks > 0


anomaly: _Anomaly = _Anomaly()


class detect_anomaly:
    """Inside, backward raises where a gradient is NaN and warns with the forward call that made the node.

    >>> import corelib as torch
    >>> with torch.autograd.set_detect_anomaly(True):
    ...     torch.is_anomaly_enabled()
    True
    """

    def __init__(self, check_nan: bool = True) -> None:
        warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for debugging."
        )
        self._before = (anomaly.enabled, anomaly.check_nan)
        self._check_nan = check_nan

    def __enter__(self) -> None:
        self._before = (anomaly.enabled, anomaly.check_nan)
        anomaly.set(True, self._check_nan)

    def __exit__(self, *exc: object) -> None:
        anomaly.set(*self._before)


class set_detect_anomaly:
    """Turn anomaly mode on or off, at once or inside a `with`."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (anomaly.enabled, anomaly.check_nan)
        anomaly.set(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        anomaly.set(*self._before)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return anomaly.enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode, where it is on, looks for nan in gradients.

    >>> import corelib as torch
    >>> torch.is_anomaly_check_nan_enabled()
    True
    """
    return anomaly.check_nan


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switch anomaly mode on or off.

    >>> import corelib as torch
    >>> torch.set_anomaly_enabled(False)
    """
    anomaly.set(enabled, check_nan)


def remember(node: Node) -> None:
    """Keep the stack of the forward call on its node."""
    import traceback  # start-up: only anomaly mode needs it

    stack = traceback.extract_stack()[:-1]
    while stack and (stack[-1].filename.startswith(_OPS) or (len(stack) > 1 and stack[-1].filename == "<string>" and stack[-2].filename.startswith(_OPS))):
        stack.pop()
    node.trace = "".join(traceback.format_list(stack))


def check_nan(node: Node, grads: Grads) -> None:
    """RuntimeError where a gradient that a node returned has a NaN."""
    if not anomaly.check_nan:
        return
    for i, g in enumerate(grads):
        if g is not None and (g._dtype.is_floating_point or g._dtype.is_complex) and bool(g.isnan().any()):
            if node.trace:
                warn(
                    f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{node.trace}",
                    UserWarning,
                )
            raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
