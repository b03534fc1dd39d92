"""Hooks on tensors and nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import ref

from corelib.graph.edges import edge_of, retain_at
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
        node.hooked = True
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
    retain_at(edge_of(t), ref(t))


def run_before(node: Node, g: Gradient) -> Gradient:
    """Tensor hooks of a node's outputs, then the node's own pre-hooks."""
    if node.tensor_hooks is not None:
        for number, hooks in node.tensor_hooks.items():
            part = g if node.outputs == 1 else g[number]
            for hook in list(hooks.values()):
                got = hook(part)
                if got is not None:
                    _check_same(part, got, hook)
                    part = got
            if node.outputs == 1:
                g = part
            else:
                g[number] = part
        if node.retained:
            _keep(node.retained, g if node.outputs > 1 else [g])
    if node.pre_hooks is not None:
        for hook in list(node.pre_hooks.values()):
            parts = (g,) if node.outputs == 1 else tuple(g)
            got = hook(parts)
            if got is not None:
                got = _checked(got, parts, hook)
                g = got[0] if node.outputs == 1 else list(got)
    return g


def _keep(retained: dict[int, Any], gs: Sequence[Tensor | None]) -> None:
    """Put gradients where `retain_grad` wants them, as their hooks have left them."""
    for number, weak in retained.items():
        t, g = weak(), gs[number]
        if t is not None and g is not None:
            t._grad = g.clone() if t._grad is None else t._grad + g


def run_after(node: Node, grads: Grads, g: Gradient) -> Grads:
    """A node's post-hooks, which may replace the gradients of its inputs."""
    assert node.post_hooks is not None
    given = (g,) if node.outputs == 1 else tuple(g)
    grads = tuple(grads)
    for hook in list(node.post_hooks.values()):
        got = hook(grads, given)
        if got is not None:
            grads = _checked(got, grads, hook)
    return grads


def _checked(got: Any, given: Sequence[Tensor | None], hook: Hook) -> tuple[Tensor | None, ...]:
    """What a hook of a node returns in place of gradients: as many, each alike the one that it replaces, or None."""
    if not isinstance(got, tuple):
        if len(given) != 1:
            raise TypeError(f"expected tuple, but hook returned '{type(got).__name__}'")
        got = (got,)
    if len(got) != len(given):
        raise RuntimeError(f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(got)}, but expected {len(given)})")
    for before, after in zip(given, got, strict=True):
        if after is not None and before is not after:
            _check_same(before, after, hook)
    found: tuple[Tensor | None, ...] = got
    return found


def _name(hook: Hook) -> str:
    return str(getattr(hook, "__name__", type(hook).__name__))


def _check_same(before: Tensor | None, after: Any, hook: Hook) -> None:
    if not isinstance(after, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(after).__name__}'")
    if before is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if after._dtype is not before._dtype or after._device is not before._device or after.layout is not before.layout:
        was, got = (f"{t._dtype}, {t._device}, {t.layout}" for t in (before, after))
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {was} got {got})")
    if after._shape != before._shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value (was {list(before._shape)} got {list(after._shape)})")


def refuse_returned(returned: object) -> None:
    """The error for a post-accumulate-grad hook that returns something."""
    if isinstance(returned, Tensor):
        raise RuntimeError("Tensor post accumulate grad hooks should return None.")
    raise TypeError(f"post accumulate grad hooks should return None, but hook returned '{type(returned).__name__}'")
