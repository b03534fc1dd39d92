"""torch.autograd.graph: the nodes of the graph, hooks on them, and hooks on what they save."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any
from weakref import WeakSet, ref

from corelib.dispatcher.calls.inplace import MUTATION
from corelib.dispatcher.modes import Mode
from corelib.graph.edges import GradientEdge as GradientEdge, edge_at, edge_of
from corelib.graph.grad_mode import enable_grad, grad_mode
from corelib.graph.handles import RemovableHandle
from corelib.graph.node import Node as Node
from corelib.graph.saved import default_hooks, pop_hooks, push_hooks
from corelib.ops.construction.creation import empty
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version",
    "region_activation_memory_budget", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks", "set_warn_on_accumulate_grad_stream_mismatch",
]  # fmt: skip


class saved_tensors_hooks:
    """Inside, what is saved for backward is kept as `pack_hook(tensor)` returns it, and `unpack_hook` of that gives the tensor back.

    The innermost pair is used. The tensor that comes back must have the same contents; pack_hook may not change its argument in place.

    >>> import corelib as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), torch.tensor):
    ...     y = x.exp()
    >>> y.sum().backward(); x.grad
    tensor([2.7183, 7.3891])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        push_hooks(self.pack_hook, self.unpack_hook)

    def __exit__(self, *exc: object) -> None:
        pop_hooks()


class save_on_cpu(saved_tensors_hooks):
    """Inside, what is saved for backward is kept on the cpu and comes back to its device when it is needed.

    pin_memory: whether it is kept in pinned memory, if there is a device of `device_type`.

    >>> import corelib as torch
    >>> x = torch.tensor([3.], requires_grad=True)
    >>> with torch.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.backward(); x.grad
    tensor([6.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Tensor) -> tuple[Device, Tensor]:
            if not pin_memory:
                return t.device, t.cpu()
            packed = empty(t.size(), dtype=t.dtype, pin_memory=_available(device_type))
            packed.copy_(t)
            return t.device, packed

        def unpack(packed: tuple[Device, Tensor]) -> Tensor:
            device, t = packed
            return t.to(device, non_blocking=pin_memory)

        super().__init__(pack, unpack)


def _available(device_type: str) -> bool:
    try:
        return bool(Device(device_type).runtime.backend.device_count())
    except RuntimeError:  # not installed, or unavailable
        return False


def set_warn_on_accumulate_grad_stream_mismatch(enabled: bool) -> None:
    """Set whether to warn where a gradient reaches its leaf in another stream than the one that computed it.

    A backward here runs in one stream, that of its caller, so that there is nothing to warn of; the setting is checked and changes nothing.
    """
    if not isinstance(enabled, bool):
        raise TypeError(f"set_warn_on_accumulate_grad_stream_mismatch(): argument 'enabled' must be bool, not {type(enabled).__name__}")


def region_activation_memory_budget(budget: float) -> None:
    """For compiled regions only, which corelib does not have: RuntimeError, as in PyTorch outside one. TypeError for no number, ValueError
    for one outside [0, 1]."""
    if isinstance(budget, bool) or not isinstance(budget, (int, float)):
        raise TypeError(f"torch.autograd.graph.region_activation_memory_budget: expects a float, got {type(budget).__name__}")
    if not 0.0 <= budget <= 1.0:
        raise ValueError(f"torch.autograd.graph.region_activation_memory_budget: must be in [0, 1], got {budget}")
    raise RuntimeError(
        "torch.autograd.graph.region_activation_memory_budget can only be used inside a torch.compile region; it has no effect in eager "
        "mode. Use torch.utils.checkpoint.checkpoint to save memory."
    )


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, to begin hooks for saved tensors is a RuntimeError with this message, and so is to come here inside such."""
    if default_hooks.pairs:
        raise RuntimeError(error_message)
    before = default_hooks.disabled
    default_hooks.disabled = error_message
    try:
        yield
    finally:
        default_hooks.disabled = before


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where a tensor's gradient arrives: `grad(loss, get_gradient_edge(x))` is `grad(loss, x)`. RuntimeError where it requires no grad.

    >>> import corelib as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> y = x * 3
    >>> torch.autograd.grad(y.sum(), torch.autograd.graph.get_gradient_edge(x))
    (tensor([3., 3.]),)
    """
    if not tensor.requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    node, number = edge_of(tensor)
    token = None
    if hasattr(node, "saved_tensors"):  # a Function's, which only its outputs keep
        with enable_grad():
            token = tensor.view_as(tensor).grad_fn
    return GradientEdge(node, number, token)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Note that tensors have been changed in a way that corelib could not see, so that a backward which needs what they were refuses."""
    for t in (tensor,) if isinstance(tensor, Tensor) else tensor:
        if not t.is_inference():
            t._bump()


class _Handles(RemovableHandle):
    """The handles of hooks that belong together."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        """Take all the hooks away."""
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> tuple[Any, ...]:
        return self.handles

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.handles = state


def _reached() -> set[int]:
    """The ids of the nodes that the backward which runs will come to."""
    assert grad_mode.task is not None
    _, roots, captures = grad_mode.task
    order, seen = [edge[0] for edge, _ in roots], set()
    above: list[Node] = []
    while order:
        node = order.pop()
        if id(node) not in seen:
            seen.add(id(node))
            above.append(node)
            order.extend([e[0] for e in node.edges if e is not None])
    if captures is None:
        return seen
    needed = set(captures)
    for node in sorted(above, key=lambda n: n.seq):
        if any(e is not None and id(e[0]) in needed for e in node.edges):
            needed.add(id(node))
    return needed & seen


def register_multi_grad_hook(tensors: Sequence[Tensor | GradientEdge], fn: Callable[..., None], *, mode: str = "all") -> RemovableHandle:
    """Call `fn` once in a backward that comes to any of the tensors.

    mode: "all" calls fn(gradients), with None for tensors without one, when the last gradient of those that will be computed is there;
    "any" calls fn(gradient) with the first. ValueError for another mode.

    >>> import corelib as torch
    >>> a, b = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> handle = torch.autograd.graph.register_multi_grad_hook((a, b), lambda grads: print([g.item() for g in grads]))
    >>> (a * 2 + b * 3).backward()
    [2.0, 3.0]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    lock = threading.Lock()
    if mode == "any":
        ran: list[int] = []

        @wraps(fn)
        def first(grad: Tensor) -> None:
            number = _task_number()
            with lock:
                if number in ran:
                    return
                ran[:] = [number]
            fn(grad)

        return _Handles(tuple(_hook_at(t, first) for t in tensors if not isinstance(t, Tensor) or t.requires_grad))

    nodes = [edge_at(t)[0] for t in _requiring(tensors)]
    counts: dict[int, list[int]] = {}
    found: dict[int, list[Tensor | None]] = {}

    def hook_of(i: int) -> Callable[[Tensor], None]:
        def hook(grad: Tensor) -> None:
            number = _task_number()
            with lock:
                if number not in counts:
                    reached = _reached()
                    counts[number] = [0, sum(id(node) in reached for node in nodes)]
                    found[number] = [None] * len(nodes)
                counts[number][0] += 1
                found[number][i] = grad
                done = counts[number][0] == counts[number][1]
            if done:
                fn(found.pop(number))
                del counts[number]

        return hook

    return _Handles(tuple(_hook_at(t, hook_of(i)) for i, t in enumerate(tensors)))


def _requiring(tensors: Sequence[Tensor | GradientEdge]) -> Sequence[Tensor | GradientEdge]:
    for t in tensors:
        if isinstance(t, Tensor) and not t.requires_grad:
            raise RuntimeError("register_multi_grad_hook(): cannot register a hook on a tensor that doesn't require gradient")
    return tensors


def _hook_at(t: Tensor | GradientEdge, hook: Callable[[Tensor], None]) -> RemovableHandle:
    if isinstance(t, Tensor):
        return t.register_hook(hook)
    return t.node.register_prehook(lambda grads: None if grads[t.output_nr] is None else hook(grads[t.output_nr]))


def _task_number() -> int:
    if grad_mode.task is None:
        raise AssertionError("expected this hook to be called inside a backward call")
    return grad_mode.task[0]


class _Kept:
    """A saved tensor that is cloned before it is changed."""

    __slots__ = ("__weakref__", "owner", "tensor")

    def __init__(self, tensor: Tensor | None, owner: Any) -> None:
        self.tensor = tensor
        self.owner = owner


class _AllowMutationOnSavedContext(Mode):
    """Clones what was saved, once, before its memory is changed."""

    def __init__(self) -> None:
        self.kept: dict[int, tuple[Any, WeakSet[_Kept]]] = {}

    def keep(self, t: Tensor) -> _Kept:
        """What stands for a tensor that is saved."""
        made = _Kept(t, ref(self))
        storage = t._own_storage() if t._storage is None else t._storage
        self.kept.setdefault(id(storage), (storage, WeakSet()))[1].add(made)
        return made

    def give(self, kept: _Kept) -> Tensor:
        """The tensor as it was when it was saved. AssertionError outside the context it was saved in."""
        if kept.tensor is None or MUTATION.context is not self:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was originally recorded."
            )
        return kept.tensor

    def before(self, t: Tensor) -> None:
        """A tensor is about to be changed."""
        _, found = self.kept.pop(id(t._storage), (None, ()))
        for kept in list(found):
            if kept.tensor is not None:
                with _unhooked():
                    kept.tensor = kept.tensor.clone()

    def clear(self) -> None:
        """Forget all that was saved."""
        for _, found in self.kept.values():
            for kept in list(found):
                kept.tensor = None
        self.kept.clear()


@contextmanager
def _unhooked() -> Iterator[None]:
    pairs, default_hooks.pairs, enabled, grad_mode.enabled = default_hooks.pairs, [], grad_mode.enabled, False
    try:
        yield
    finally:
        default_hooks.pairs, grad_mode.enabled = pairs, enabled


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[_AllowMutationOnSavedContext]:
    """Inside, a tensor that was saved for backward may be changed in place: it is cloned first. Backward must run inside too.

    RuntimeError where such contexts are nested.

    >>> import corelib as torch
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = torch.tensor([2.], requires_grad=True)
    ...     y = x.clone(); z = y ** 2
    ...     _ = y.mul_(10)
    ...     z.backward()
    >>> x.grad
    tensor([4.])
    """
    context = _AllowMutationOnSavedContext()
    if MUTATION.context is not None:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    with saved_tensors_hooks(context.keep, context.give), context:
        MUTATION.context = context
        try:
            yield context
        finally:
            MUTATION.context = None
            context.clear()
