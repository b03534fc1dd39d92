"""Saved tensors: what a node keeps for its gradient, the check that nothing has changed it since, and hooks that keep it in another form."""

from __future__ import annotations

import threading
from typing import Any, TypeAlias

from corelib.graph.anomaly import anomaly
from corelib.graph.edges import edge_of
from corelib.graph.grad_mode import no_grad
from corelib.graph.handles import Hook
from corelib.graph.node import Edge, Node
from corelib.graph.tangents import FORWARD, keep_tangent
from corelib.tensor.tensor import Tensor

Version: TypeAlias = "int | tuple[Version, ...] | None"
"""The version of a saved tensor, or those of several; None for what has none."""


SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


def check_version(node: Node, value: Any, version: Version) -> None:
    """RuntimeError where a saved tensor has been changed in place since."""
    if type(version) is tuple:
        for v, n in zip(value, version, strict=True):
            if n is not None:
                check_version(node, v, n)
        return
    now = value._version
    if now != version:
        made = value.grad_fn if value._edge is not None else None
        what = f", which is output {value.output_nr} of {made.name()}," if made is not None else ""
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{_type_name(value)} {list(value._shape)}]{what} is at version {now}; expected version {version} instead "
            f"(needed by {node.name()}). Hint: enable anomaly detection to find the operation that failed to compute "
            "its gradient, with torch.autograd.set_detect_anomaly(True)."
        )


def _type_name(t: Tensor) -> str:
    kind = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16"}.get(t._dtype.name)
    return f"torch.{kind or t._dtype.name}Tensor"


def rejoined(saved: Tensor, node: Node, number: int) -> Tensor:
    """A saved output as a part of the graph again, for derivatives of the derivative."""
    if not (saved._dtype.is_floating_point or saved._dtype.is_complex):
        return saved
    t = saved._alias()
    if FORWARD.mode is not None:
        keep_tangent(saved, t)
    t._requires_grad = True
    t._edge = (node, number)
    return t


class _Hooks(threading.local):
    def __init__(self) -> None:
        self.pairs: list[tuple[Hook, Hook]] = []
        self.disabled: str | None = None


default_hooks = _Hooks()


def current_hooks() -> tuple[Hook, Hook] | None:
    """This thread's innermost pair of hooks for saved tensors: (pack, unpack)."""
    return default_hooks.pairs[-1] if default_hooks.pairs else None


def push_hooks(pack: Hook, unpack: Hook) -> None:
    """Let what is saved from now on in this thread go through a pair of hooks. RuntimeError where they are disabled."""
    if default_hooks.disabled is not None:
        raise RuntimeError(default_hooks.disabled)
    default_hooks.pairs.append((pack, unpack))
    anomaly.hook(1)


def pop_hooks() -> None:
    """End what `push_hooks` began."""
    default_hooks.pairs.pop()
    anomaly.hook(-1)


class SavedTensor:
    """A tensor that a node has saved. `register_hooks(pack, unpack)` has it kept as `pack` returns it, until `unpack` gives it back."""

    __slots__ = ("_edge", "_hooks", "_kept", "_node", "_output", "_version")

    def __init__(self, value: Tensor, output: bool, node: Node) -> None:
        self._kept: Any = value
        self._output = output
        self._node = node if output else None  # only to be joined to it again: an input's node is another
        self._version = value._version
        self._hooks: tuple[Hook, Hook] | None = None
        self._edge: Edge = edge_of(value) if value._requires_grad and not output else None

    def register_hooks(self, pack_hook: Hook, unpack_hook: Hook) -> SavedTensor:
        """Keep what `pack_hook(tensor)` returns; `unpack_hook` of that must give a tensor of the same contents. RuntimeError the second time."""
        if not callable(pack_hook) or not callable(unpack_hook):
            raise TypeError("register_hooks(): pack_hook and unpack_hook must be callable")
        if self._hooks is not None:
            raise RuntimeError("Setting hooks on a saved tensor whose hooks have already been set is not allowed")
        value = self._kept
        with no_grad():
            given = value if value._requires_grad and not self._output and value.is_leaf else value._alias()
            before = given._version
            self._kept = pack_hook(given)
            if given._version != before:
                raise RuntimeError(
                    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook can not be modified by "
                    "in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to perform in-place "
                    "operations on the input to a pack hook."
                )
        self._hooks = (pack_hook, unpack_hook)
        return self

    def unpack(self) -> Tensor:
        """The tensor; with its place in the graph, where it is an input. TypeError where the hook returns anything else."""
        if self._hooks is None:
            value: Tensor = self._kept
            return value
        got = self._hooks[1](self._kept)
        if not isinstance(got, Tensor):
            raise TypeError(f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(got).__name__}")
        if self._edge is None and not got._requires_grad:
            return got
        made = got._alias()
        if self._edge is not None:
            made._requires_grad, made._edge = True, self._edge
        return made


def unpacked(value: Any) -> Any:
    """Something that a node has saved, as it was before hooks took it."""
    if isinstance(value, SavedTensor):
        return value.unpack()
    if type(value) in (tuple, list) and any(isinstance(v, SavedTensor) for v in value):
        return tuple([unpacked(v) for v in value])
    return value
