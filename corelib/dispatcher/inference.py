"""`inference_mode`: nothing is recorded, and a mode of the dispatcher marks what is made inside."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.modes import Mode
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.graph.grad_mode import GradContext, grad_mode, switch, switched
from corelib.graph.rule import Args, Outs
from corelib.tensor.tensor import Tensor


class MarkInference(Mode):
    """Marks every new tensor; a view of a normal tensor stays normal, as in PyTorch."""

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Outs:
        """Run the op and mark what it made."""
        made: Outs = call(*args, **kwargs)
        if not grad_mode.inference:  # an `inference_mode(False)` inside
            return made
        for t in made if isinstance(made, tuple) else (made,):
            if isinstance(t, Tensor) and not any(t is a or (t._base is None and isinstance(a, Tensor) and t._shares(a)) for a in args):
                t._inference = t._base is None or t._base._inference
        return made


class inference_mode(GradContext):
    """Record nothing and mark what is made inside as inference tensors, which can never enter a graph."""

    def __new__(cls, mode: Any = True) -> Any:
        if not isinstance(mode, bool):
            return cls()(mode)
        return super().__new__(cls)

    def __init__(self, mode: bool = True) -> None:
        self._mode = mode
        self._modes: list[tuple[bool, MarkInference | None]] = []

    def _again(self) -> GradContext:
        return inference_mode(self._mode)

    def __enter__(self) -> None:
        self._before = (switched(), self._before)
        marker = None
        if self._mode:
            marker = MarkInference()
            marker.__enter__()
        self._modes.append((grad_mode.inference, marker))
        grad_mode.inference = self._mode
        switch(not self._mode)

    def __exit__(self, *exc: object) -> None:
        grad_mode.inference, marker = self._modes.pop()
        super().__exit__()
        if marker is not None:
            marker.__exit__()
