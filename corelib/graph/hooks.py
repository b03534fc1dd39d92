"""Hooks on tensors and nodes."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import ref

from corelib.graph.edges import edge_of
from corelib.graph.handles import Hook, Hooks, RemovableHandle, add_hook, checked
from corelib.graph.node import AccumulateGrad, Gradient, Grads, Node
from corelib.tensor.tensor import Tensor


def register_tensor_hook(t: Tensor, hook: Hook) -> RemovableHandle:
    """Register a hook for the gradient of a tensor."""
    if not t._requires_grad:
        raise RuntimeError("register_hook(): cannot register a hook on a tensor that doesn't require gradient")
    node, number = edge_of(t)
    if node.tensor_hooks is None:
        node.tensor_hooks = {}
    handle = add_hook(node.tensor_hooks.setdefault(number, Hooks()), checked(hook, "register_hook()"))
    if type(node) is AccumulateGrad:
        t._backward_hooks = node.tensor_hooks[number]
    return handle


def register_post_accumulate_hook(t: Tensor, hook: Hook) -> RemovableHandle:
    """Register a hook that runs after a leaf's `.grad` has been updated."""
    if not t._requires_grad:
        raise RuntimeError(
            "register_post_accumulate_grad_hook(): cannot register a hook on a tensor that doesn't require gradient"
        )
    if not t.is_leaf:
        raise RuntimeError("register_post_accumulate_grad_hook(): post accumulate grad hooks cannot be registered on non-leaf tensors")
    if t.__dict__.get("_post_accumulate_hooks") is None:
        t.__dict__["_post_accumulate_hooks"] = Hooks()
    return add_hook(t.__dict__["_post_accumulate_hooks"], hook)


def retain_grad(t: Tensor) -> None:
    """Have a non-leaf's gradient kept in `.grad`."""
    if not t._requires_grad:
        raise RuntimeError("retain_grad(): can't retain_grad on Tensor that has requires_grad=False")
    if t.is_leaf or t._retains_grad:
        return
    t._retains_grad = True
    weak = ref(t)

    def keep(g: Tensor) -> None:
        tensor = weak()
        if tensor is not None:
            tensor._grad = g if tensor._grad is None else tensor._grad + g

    register_tensor_hook(t, _Keeping(keep))


class _Keeping(partial[None]):
    """A hook that runs after all others: it keeps what they make of the gradient."""


def _runs_last(hook: object) -> bool:
    return isinstance(hook, _Keeping)


def run_before(node: Node, g: Gradient) -> Gradient:
    """Tensor hooks of a node's outputs, then the node's own pre-hooks."""
    if node.tensor_hooks is not None:
        for number, hooks in node.tensor_hooks.items():
            part = g if node.outputs == 1 else g[number]
            if part is None:
                continue
            for hook in sorted(hooks.values(), key=_runs_last):
                got = hook(part)
                if got is not None:
                    _check_same(part, got, f"hook '{getattr(hook, '__name__', type(hook).__name__)}'")
                    part = got
            if node.outputs == 1:
                g = part
            else:
                g[number] = part
    if node.pre_hooks is not None:
        for hook in list(node.pre_hooks.values()):
            parts = (g,) if node.outputs == 1 else tuple(g)
            got = hook(parts)
            if got is not None:
                got = got if isinstance(got, tuple) else (got,)
                g = got[0] if node.outputs == 1 else list(got)
    return g


def run_after(node: Node, grads: Grads, g: Gradient) -> Grads:
    """A node's post-hooks, which may replace the gradients of its inputs."""
    assert node.post_hooks is not None
    given = (g,) if node.outputs == 1 else tuple(g)
    grads = tuple(grads)
    for hook in list(node.post_hooks.values()):
        got = hook(grads, given)
        if got is not None:
            got = got if isinstance(got, tuple) else (got,)
            if len(got) != len(grads):
                raise RuntimeError(f"hook of {node.name()} has returned {len(got)} values, expected {len(grads)}")
            grads = got
    return grads


def _check_same(before: Tensor, after: Any, what: str) -> None:
    if not hasattr(after, "_storage"):
        raise TypeError(f"{what}: expected Variable, but hook returned '{type(after).__name__}'; a Tensor or None is accepted")
    if after._shape != before._shape:
        raise RuntimeError(f"{what} has changed the size of value: from {list(before._shape)} to {list(after._shape)}")
    if after._dtype is not before._dtype or after._device is not before._device:
        raise RuntimeError(
            f"{what} has changed the type of value (was {before._dtype} on {before._device}, got {after._dtype} on {after._device})"
        )
