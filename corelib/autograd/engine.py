"""The engine: runs nodes from the newest to the oldest and hands each its gradient.

A node's inputs are always older than the node, so a heap ordered by sequence number meets every node after all that
contribute to it; no pass to count dependencies is needed. Leaves have negative numbers and come last.

A gradient that comes back in a shape that broadcasting had enlarged is summed to the input's shape here, once for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from math import prod
from threading import get_ident
from typing import Any, TypeAlias

from corelib.dispatcher.calls.primitive import COPY, run_primitive
from corelib.dispatcher.warned import warn
from corelib.graph.anomaly import anomaly, check_nan
from corelib.graph.edges import GradientEdge, alone, dtype_at, edge_at, edge_of, fitted, shape_at
from corelib.graph.grad_mode import grad_mode, tasks
from corelib.graph.hooks import refuse_returned, run_after, run_before
from corelib.dispatcher.regions import watched
from corelib.graph.node import AccumulateGrad, Gradient, Grads, Node, next_number
from corelib.ops.construction.creation import full, zeros, zeros_like
from corelib.ops.shape.joining import stack
from corelib.tensor.device import device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import contiguous_format
from corelib.tensor.size import Shape, Strides, is_dense
from corelib.tensor.tensor import Tensor

Tensors: TypeAlias = Tensor | Sequence[Tensor]
"""One tensor or several."""
Places: TypeAlias = Tensor | GradientEdge | Sequence[Tensor | GradientEdge]
"""One tensor or several, or in the place of each where its gradient arrives in the graph."""
GradTensors: TypeAlias = Tensor | Sequence[Tensor | None] | None
"""The gradients of one tensor or several; None where a tensor has one element, and so a gradient of 1."""
Root: TypeAlias = tuple[tuple[Node, int], Tensor]
"""Where a backward begins: the node and output number of a tensor, and that tensor's gradient."""


def backward(
    tensors: Places,
    grad_tensors: GradTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: GradTensors = None,
    inputs: Places | None = None,
) -> None:
    """Accumulate the gradients of `tensors` into the leaves they were computed from.

    grad_tensors: the gradient of each tensor; needed where a tensor has more than one element.
    retain_graph: keep what the graph saved, for another backward; defaults to `create_graph`.
    create_graph: record the backward too, for derivatives of derivatives.
    inputs: accumulate only into these. grad_variables: the old name of `grad_tensors`, which warns.

    RuntimeError for a tensor that requires no grad, for a missing gradient, and for a graph that was already freed.

    >>> import corelib as torch
    >>> x = torch.tensor([1., 2.], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """
    if type(tensors) is Tensor and grad_tensors is inputs is grad_variables is None and not create_graph and _begins_alone(tensors):
        _run([(edge_of(tensors), _one(tensors))], bool(retain_graph), False, None, accumulate=True, inputs=())
        return
    tensors = _several(tensors)
    if grad_variables is not None:
        warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning)
        if grad_tensors is not None:
            raise RuntimeError("backward(): `grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use `grad_tensors`.")
        grad_tensors = grad_variables
    roots = _roots(tensors, grad_tensors, create_graph)
    captures = None
    if inputs is not None:
        inputs = _several(inputs)
        if not inputs:
            raise RuntimeError("backward(): argument 'inputs' cannot be empty")
        captures = _captures(inputs)
    if create_graph:
        warn(
            "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which can cause a "
            "memory leak. We recommend using autograd.grad when creating the graph to avoid this. If you have to use this function, make sure "
            "to reset the .grad fields of your parameters to None after use to break the cycle and avoid the leak."
        )
    retain = create_graph if retain_graph is None else retain_graph
    _run(roots, retain, create_graph, captures, accumulate=True, inputs=inputs or ())


def grad(
    outputs: Places,
    inputs: Places,
    grad_outputs: GradTensors = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, as a tuple; `.grad` is left alone.

    allow_unused: None for an input that the outputs do not depend on, where otherwise RuntimeError is raised.
    materialize_grads: zeros in place of None.
    is_grads_batched: the first dimension of `grad_outputs` counts gradients, each of which goes back by itself; so does that of the results.

    >>> import corelib as torch
    >>> x = torch.tensor(3., requires_grad=True)
    >>> torch.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    outputs = _several(outputs)
    inputs = _several(inputs)
    if not inputs:
        raise RuntimeError("grad(): `inputs` argument to `grad()` cannot be empty.")
    if is_grads_batched:
        return _grad_of_each(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)
    if allow_unused is None:
        allow_unused = materialize_grads
    elif not allow_unused and materialize_grads:
        raise ValueError("autograd.grad(): expected allow_unused to be True or not passed when materialize_grads=True")
    roots = _roots(outputs, grad_outputs, create_graph)
    captures = _captures(inputs)
    retain = create_graph if retain_graph is None else retain_graph
    found = _run(roots, retain, create_graph, captures, accumulate=False, inputs=inputs)
    results = []
    for i, t in enumerate(inputs):
        edge = edge_at(t)
        g = found.get((id(edge[0]), edge[1]))
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"autograd.grad(): One of the differentiated Tensors (inputs[{i}], shape {shape_at(t)}) appears to "
                    "not have been used in the graph. Set allow_unused=True if this is the desired behavior."
                )
            if materialize_grads:
                g = zeros_like(t) if isinstance(t, Tensor) else zeros(shape_at(t), dtype=dtype_at(t), device=edge[0].device)
        results.append(g)
    return tuple(results)


def _begins_alone(t: Tensor) -> bool:
    """Whether a backward can begin at a tensor with a gradient of 1, as at most losses."""
    return not t._shape and t._requires_grad and t._dtype.is_floating_point


def _several(given: Places) -> tuple[Any, ...]:
    return (given,) if type(given) is Tensor or isinstance(given, (Tensor, GradientEdge)) else tuple(given)


def _grad_of_each(
    outputs: tuple[Any, ...], inputs: tuple[Any, ...], grad_outputs: GradTensors, retain_graph: bool | None, create_graph: bool,
    allow_unused: bool | None, materialize_grads: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """`grad` for every gradient along the first dimension of those given, stacked along the first dimension of the results."""
    given = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs or ())
    sizes = {g._shape[0] if g._shape else 0 for g in given if g is not None}
    if len(sizes) != 1 or 0 in sizes:
        raise ValueError(f"autograd.grad(): is_grads_batched=True expects grad_outputs with one first dimension for all, of at least 1, got {[g if g is None else list(g._shape) for g in given]}")
    n = sizes.pop()
    rows = []
    for k in range(n):
        retain = True if k < n - 1 else retain_graph
        part = [g if g is None else g.select(0, k) for g in given]
        rows.append(grad(outputs, inputs, part, retain, create_graph, True, allow_unused, False, materialize_grads))
    return tuple(None if column[0] is None else stack(list(column)) for column in zip(*rows, strict=True))


def _roots(tensors: Sequence[Tensor | GradientEdge], grads: GradTensors, create_graph: bool) -> list[Root]:
    given: Sequence[Tensor | None]
    if grads is None:
        given = (None,) * len(tensors)
    else:
        given = (grads,) if isinstance(grads, Tensor) else tuple(grads)
    if len(given) != len(tensors):
        raise RuntimeError(f"backward(): got {len(tensors)} tensors and {len(given)} gradients")
    roots = []
    for i, (t, g) in enumerate(zip(tensors, given, strict=True)):
        if type(t) is not Tensor and isinstance(t, GradientEdge):
            roots.append((edge_at(t), _gradient_at(t, g, i)))
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"backward(): element {i} of tensors must be Tensor, not {type(t).__name__}")
        if not t._requires_grad:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        if g is None:
            if t._numel != 1:
                raise RuntimeError(
                    f"grad can be implicitly created only for scalar outputs, but element {i} has shape {list(t._shape)}; "
                    "pass its gradient: y.backward(torch.ones_like(y))"
                )
            if t._dtype.is_complex:
                raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {t._dtype}")
            g = _one(t) if not t._shape else _ones(t)
        elif not isinstance(g, Tensor):
            raise TypeError(f"backward(): gradients can be either Tensors or None, but got {type(g).__name__}")
        elif g._shape != t._shape:
            raise RuntimeError(
                f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of {t.shape}."
            )
        elif g._requires_grad and not create_graph:
            g = g.detach()
        roots.append((edge_of(t), g))
    return roots


def _gradient_at(t: GradientEdge, g: Tensor | None, i: int) -> Tensor:
    """The gradient that a backward begins with at an edge."""
    shape = shape_at(t)
    if g is None:
        if prod(shape) != 1:
            raise RuntimeError(f"grad can be implicitly created only for scalar outputs, but element {i} has shape {shape}")
        made: Tensor = full(shape, 1.0, dtype=dtype_at(t), device=t.node.device)
        return made
    if list(g._shape) != shape:
        raise RuntimeError(f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of {shape}.")
    return g


# The gradient of a scalar with respect to itself, kept for the next backward. One that somebody has changed in place, a
# hook for instance, is not used again.
_kept_ones: dict[tuple[DType, Device], Tensor] = {}


def _one(t: Tensor) -> Tensor:
    kept = _kept_ones.get((t._dtype, t._device))
    if kept is None or (kept._storage is not None and kept._storage._version):
        kept = _kept_ones[t._dtype, t._device] = _ones(t)
    return kept


def _ones(t: Tensor) -> Tensor:
    g = Tensor._empty(t._device, t._dtype, t._shape)
    run_primitive("fill", g, 1.0)
    return g


def _captures(inputs: Sequence[Tensor | GradientEdge]) -> dict[int, set[int]]:
    """The nodes and output numbers whose gradients are wanted, by the node's id."""
    wanted: dict[int, set[int]] = {}
    for i, t in enumerate(inputs):
        if not isinstance(t, (Tensor, GradientEdge)):
            raise TypeError(f"autograd.grad(): inputs[{i}] must be Tensor, not {type(t).__name__}")
        if isinstance(t, Tensor) and not t._requires_grad:
            raise RuntimeError(f"One of the differentiated Tensors (inputs[{i}]) does not require grad")
        node, number = edge_at(t)
        wanted.setdefault(id(node), set()).add(number)
    return wanted


def _needed(roots: list[Root], captures: dict[int, set[int]]) -> set[int]:
    """The ids of nodes from which a captured node can be reached, the captured ones included."""
    needed: set[int] = set(captures)
    seen: set[int] = set()
    stack = [(edge[0], False) for edge, _ in roots]
    while stack:
        node, done = stack.pop()
        if done:
            if any(e is not None and id(e[0]) in needed for e in node.edges):
                needed.add(id(node))
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((e[0], False) for e in node.edges if e is not None)
    return needed


def _run(
    roots: list[Root],
    retain: bool,
    create_graph: bool,
    captures: dict[int, set[int]] | None,
    accumulate: bool,
    inputs: Sequence[Tensor | GradientEdge],
) -> dict[tuple[int, int], Tensor]:
    pending: dict[Node, Gradient] = {}
    owned: set[Node] = set()  # nodes whose pending gradient is a sum made here, so nobody else's
    heap: list[tuple[int, Node]] = []
    undefined: set[Node] = set()  # nodes that a gradient of None has reached, and so far no other
    found: dict[tuple[int, int], Tensor] = {}
    needed = None if captures is None else _needed(roots, captures)
    before, thread = grad_mode.enabled, get_ident()
    grad_mode.enabled, outer = create_graph, tasks.get(thread)
    tasks[thread] = (next_number(), roots, captures)
    recorder = watched.recorder
    try:
        for (node, number), g in roots:
            _give(node, number, g, pending, heap, captures is not None)
        while heap:
            node = heappop(heap)[1]
            g = pending.pop(node, None)
            if g is None:
                if node in undefined:  # else it has run
                    _run_undefined(node, pending, undefined, heap, needed)
                continue
            if owned:
                owned.discard(node)
            if node.hooked:
                g = run_before(node, g)
            if captures is not None:
                numbers = captures.get(id(node))
                if numbers is not None:
                    for number in numbers:
                        part = g if node.outputs == 1 else g[number]
                        if part is not None:
                            found[id(node), number] = part
                            if accumulate:
                                _accumulate_captured(node, number, part, inputs, create_graph)
                if needed is not None and not any(e is not None and id(e[0]) in needed for e in node.edges):
                    continue
            grads: Any = node.apply(g) if recorder is None else recorder.run_node(node, g)
            if node.hooked and node.post_hooks is not None:
                grads = run_after(node, _all_cast(node, grads), g)
            del g
            if anomaly.enabled:
                check_nan(node, grads)
            if not retain:
                node.release()
            i = 0
            for edge in node.edges:
                part = grads[i]
                i += 1
                if edge is None:
                    continue
                next_node, number = edge
                if part is None:
                    if next_node not in pending and next_node.edges and (needed is None or id(next_node) in needed):
                        undefined.add(next_node)
                        heappush(heap, (-next_node.seq, next_node))
                    continue
                if needed is not None and id(next_node) not in needed:
                    continue
                if next_node.outputs != 1:
                    part = _cast_to(part, next_node.shape[number], next_node.dtype[number], node, i - 1)
                    _give(next_node, number, part, pending, heap, True)
                    continue
                if part._shape != next_node.shape or part._dtype is not next_node.dtype:
                    part = _cast_to(part, next_node.shape, next_node.dtype, node, i - 1)
                have = pending.get(next_node)
                if have is None:
                    pending[next_node] = part
                    if type(next_node) is not AccumulateGrad or captures is not None:
                        heappush(heap, (-next_node.seq, next_node))
                elif create_graph or next_node not in owned:
                    pending[next_node] = have + part
                    owned.add(next_node)
                else:
                    have += part
            grads = part = None
        # What is left are leaves, in the order in which their gradients were met.
        if captures is None:
            for node in list(pending):
                g = pending.pop(node)
                if node.hooked:
                    g = run_before(node, g)
                if recorder is not None:
                    recorder.reach(node)
                _accumulate(node, g, create_graph)
                del g
    finally:
        grad_mode.enabled = before
        if outer is None:
            del tasks[thread]
        else:
            tasks[thread] = outer
        if recorder is not None:
            recorder.leave_nodes()
    return found


def _run_undefined(
    node: Node, pending: dict[Node, Gradient], undefined: set[Node], heap: list[tuple[int, Node]], needed: set[int] | None
) -> None:
    """A node none of whose outputs has a gradient: a user's Function may give its inputs some nevertheless."""
    undefined.discard(node)
    g: Gradient = [None] * node.outputs if node.outputs != 1 else None
    if node.hooked:
        g = run_before(node, g)
    grads = node.apply(g) if node.runs_undefined else (None,) * len(node.edges)
    for i, (edge, part) in enumerate(zip(node.edges, grads, strict=True)):
        if edge is None or (needed is not None and id(edge[0]) not in needed):
            continue
        to, number = edge
        if part is not None:
            shape, dtype = (to.shape, to.dtype) if to.outputs == 1 else (to.shape[number], to.dtype[number])
            _give(to, number, _cast_to(part, shape, dtype, node, i), pending, heap, needed is not None)
        elif to not in pending and to not in undefined and to.edges:
            undefined.add(to)
            heappush(heap, (-to.seq, to))


def _all_cast(node: Node, grads: Grads) -> Grads:
    """What a node's hooks see: gradients that look like the tensors they belong to."""
    return [
        g if g is None or e is None
        else _cast_to(g, e[0].shape, e[0].dtype, node, i) if e[0].outputs == 1 else _cast_to(g, e[0].shape[e[1]], e[0].dtype[e[1]], node, i)
        for i, (g, e) in enumerate(zip(grads, node.edges, strict=True))
    ]


def _cast_to(g: Tensor, shape: Shape, dtype: DType, node: Node, i: int) -> Tensor:
    """A gradient in the shape and dtype of the tensor it belongs to."""
    if g._shape != shape or g._dtype.order < 6:
        g = fitted(g, shape, node, i)
    if g._dtype.is_complex and not dtype.is_complex:
        g = g.real.clone()
    return g if g._dtype is dtype else g.to(dtype)


def _give(node: Node, number: int, g: Tensor, pending: dict[Node, Gradient], heap: list[tuple[int, Node]], run_leaves: bool) -> None:
    """Add a gradient to what a node waits for."""
    have = pending.get(node)
    if node.outputs == 1:
        if have is None:
            if run_leaves or type(node) is not AccumulateGrad:
                heappush(heap, (-node.seq, node))
            pending[node] = g
        else:
            pending[node] = have + g
        return
    if have is None:
        heappush(heap, (-node.seq, node))
        have = pending[node] = [None] * node.outputs
    have[number] = g if have[number] is None else have[number] + g


def _accumulate(node: Any, g: Tensor, create_graph: bool) -> None:
    """Add a gradient to its leaf's `.grad`."""
    leaf = node._leaf()
    if leaf is None or not leaf._requires_grad:  # or not any more
        return
    have = leaf._grad
    if have is None:
        strides = leaf._strides if leaf._strides is None or is_dense(leaf._shape, leaf._strides) else None
        if create_graph:
            # Out of the graph's way where the gradient is not differentiable any further.
            leaf._grad = g if g._requires_grad else _own(g, strides)
        else:
            own = alone(g) and (g._strides == strides or not grad_mode.keeps_layout) and g._base is None
            leaf._grad = g if own and not g._requires_grad else _own(g, strides)
    elif create_graph:
        leaf._grad = have + g
    else:
        have += g
    hooks = leaf.__dict__.get("_post_accumulate_hooks")
    if hooks:
        for hook in list(hooks.values()):
            returned = hook(leaf)
            if returned is not None:
                refuse_returned(returned)


def _own(g: Tensor, strides: Strides | None) -> Tensor:
    """A gradient with memory of its own, laid out as its leaf."""
    if strides is None:
        return g.detach().clone(memory_format=contiguous_format)
    made = Tensor._empty(g._device, g._dtype, g._shape, strides)
    COPY.value(made, g)
    return made


def _accumulate_captured(node: Node, number: int, g: Tensor, inputs: Sequence[Tensor | GradientEdge], create_graph: bool) -> None:
    for t in inputs:
        edge = edge_at(t)
        if edge[0] is node and edge[1] == number:
            if type(node) is AccumulateGrad:
                _accumulate(node, g, create_graph)
            elif isinstance(t, Tensor):
                t._grad = g if t._grad is None else t._grad + g
            return
