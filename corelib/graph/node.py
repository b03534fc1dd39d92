"""Nodes of the graph: what a recorded operation keeps, and how it turns its output's gradient into its inputs'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeAlias
from weakref import ref

from corelib.graph.handles import Hook, Hooks, RemovableHandle, add_hook, checked
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

Edge: TypeAlias = "tuple[Node, int] | None"
"""Where a gradient flows to: (node, output number); None where none is needed."""
Gradient: TypeAlias = Any
"""The gradient of a node's output, a tensor; where there are several outputs, a list with None for those without one."""
Grads: TypeAlias = Sequence[Tensor | None]
"""The gradients of a node's inputs, in the order of its edges."""

next_number: Callable[[], int] = count().__next__


def nowhere() -> None:
    """The leaf of a gradient that nobody keeps."""


class Node:
    """One recorded operation.

    `edges` has, for each differentiable input, (node, output number) or None; `seq` grows with creation, so a node's
    inputs always have smaller numbers; `shape` and `dtype` are the output's (lists where there are several outputs).
    """

    __slots__ = ("__dict__", "__weakref__", "dtype", "edges", "saved", "seq", "shape", "versions")
    edges: tuple[Edge, ...]
    saved: Any
    versions: Any
    seq: int
    shape: Any
    dtype: Any

    outputs = 1
    runs_undefined = False  # whether it runs although none of its outputs has a gradient
    hooked = False  # whether it has, or had, any of these
    pre_hooks: Hooks | None = None
    post_hooks: Hooks | None = None
    tensor_hooks: dict[int, Hooks] | None = None
    retained: dict[int, Any] | None = None  # by output: a weak reference to the tensor that keeps its gradient
    trace: str | None = None
    shown: tuple[int, ...] | None = None  # which edges users see, where a form of the op has fewer operands
    device: Device | None = None

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """(node, output number) of each input; (None, 0) for one that needs no gradient."""
        edges = self.edges if self.shown is None else [self.edges[i] for i in self.shown]
        return tuple((None, 0) if e is None else e for e in edges)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for the user's notes."""
        notes: dict[Any, Any] = self.__dict__.setdefault("_metadata", {})
        return notes

    def __lt__(self, other: Node) -> bool:
        return False  # in the engine's heap, where one node may stand twice

    def name(self) -> str:
        """The node's name."""
        return type(self).__name__

    def _sequence_nr(self) -> int:
        return self.seq

    def __repr__(self) -> str:
        return f"<{self.name()} object at {hex(id(self))}>"

    def __call__(self, *grads: Tensor | None) -> Tensor | tuple[Tensor | None, ...] | None:
        got = self.apply(grads[0] if self.outputs == 1 else tuple(grads))
        return got[0] if len(got) == 1 else tuple(got)

    def apply(self, g: Gradient) -> Grads:
        """The gradients of the inputs, in the order of `edges`."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget what was saved."""
        self.saved = None

    def __dir__(self) -> list[str]:
        """What users call, and what was saved: tools that draw graphs look for `_saved_...` here."""
        kept = self._kept()
        return sorted({*dir(object), "_sequence_nr", "metadata", "name", "next_functions", "register_hook", "register_prehook",
                       *(f"_saved_{name}" for name in kept), *(f"_raw_saved_{name}" for name, is_tensor in kept.items() if is_tensor)})  # fmt: skip

    def _kept(self) -> dict[str, bool]:
        """The names of what was saved, and whether it is a tensor."""
        return {}

    def register_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after this node has run; what it returns replaces grad_inputs."""
        if self.post_hooks is None:
            self.post_hooks = Hooks()
            self.hooked = True
        return add_hook(self.post_hooks, checked(hook))

    def register_prehook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(grad_outputs)` before this node runs; what it returns replaces grad_outputs."""
        if self.pre_hooks is None:
            self.pre_hooks = Hooks()
            self.hooked = True
        return add_hook(self.pre_hooks, checked(hook))


class AccumulateGrad(Node):
    """Where gradients arrive at a leaf. It knows its leaf weakly: the leaf owns it."""

    __slots__ = ("_leaf",)
    _leaf: Callable[[], Tensor | None]

    def __init__(self, leaf: Tensor) -> None:
        self._leaf = ref(leaf)
        self.edges = ()
        self.saved = ()
        self.versions = None
        self.seq = -next_number() - 1
        self.shape = leaf._shape
        self.dtype = leaf._dtype

    def name(self) -> str:
        """The node's name."""
        return "torch::autograd::AccumulateGrad"

    @property
    def variable(self) -> Tensor | None:
        """The leaf."""
        return self._leaf()
