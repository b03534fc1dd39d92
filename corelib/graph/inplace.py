"""In-place changes and the graph: leaves refuse, plain tensors move on, views rewrite their base's history.

An in-place op on a view of `base` makes base's new value "base with that region replaced": the node CopySlices. A view's
own edge is then found anew, as a slice of base's new history, when somebody asks for it (`refreshed_edge`).
"""

from __future__ import annotations

from typing import Any

from corelib.graph.anomaly import anomaly, remember
from corelib.graph.edges import AsStridedBackward0, Region, alone, edge_of, move_retained, refreshed_edge
from corelib.graph.grad_mode import grad_mode
from corelib.graph.leaf import is_leaf
from corelib.graph.node import Edge, Grads, Node, next_number
from corelib.graph.recording import OpNode, node_class
from corelib.graph.saved import SECOND_TIME
from corelib.graph.rule import Args, Rule
from corelib.graph.views import refuse_view, spread_requires_grad
from corelib.tensor.tensor import Tensor

_new = object.__new__


def check_leaf(name: str, t: Tensor) -> None:
    """RuntimeError for an in-place change of a leaf in the graph, of a view of one, or of a view that may not be changed."""
    base = t._base
    if base is not None:
        if t._creation:
            refuse_view(t, indirect=False, name=name)
        if is_leaf(base):
            raise RuntimeError(f"{name}(): a view of a leaf Variable that requires grad is being used in an in-place operation.")
    if is_leaf(t):
        raise RuntimeError(f"{name}(): a leaf Variable that requires grad is being used in an in-place operation.")


def check_inference(name: str, t: Tensor) -> None:
    """RuntimeError for an in-place change of an inference tensor outside inference mode."""
    if not grad_mode.inference:
        raise RuntimeError(
            f"{name}(): Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to "
            "get a normal tensor before doing inplace update."
        )


def before_change(rule: Rule, t: Tensor, others: Args) -> Tensor:
    """The tensor as it is before the change by an op of it and of others, for the graph to refer to.

    Its memory is about to be overwritten, so it is a copy where a gradient that is asked for looks at it.
    """
    if t._base is not None and t._creation:
        refuse_view(t, indirect=False, name=f"{rule.name}_")
    edge: Edge = None
    if t._requires_grad:
        edge = _before_edge(t) if t._base is not None else edge_of(t)
    if _looks_at_input(rule, t, others):
        before_mode = grad_mode.enabled
        grad_mode.enabled = False
        try:
            before = t.clone()
        finally:
            grad_mode.enabled = before_mode
    else:
        before = t._alias()
    before._edge = edge
    before._requires_grad = t._requires_grad
    return before


def _looks_at_input(rule: Rule, t: Tensor, others: Args) -> bool:
    if rule.vjps is None:
        return True
    for i, picks in rule.differentiable:
        if 1 in picks:
            if i == 0:
                if t._requires_grad:
                    return True
            elif i > len(others) or isinstance(others[i - 1], (list, tuple)) or getattr(others[i - 1], "_requires_grad", False):
                return True
    return False


def keep_in_graph(rule: Rule, before: Tensor, result: Tensor) -> None:
    """What an op without slope wrote over a tensor of the graph stays in the graph, as in PyTorch: a constant."""
    node = _new(node_class(rule))
    node.edges = (before._edge,)
    node.seq = next_number()
    node.shape = result._shape
    node.dtype = before._dtype
    node.saved = ()
    node.versions = None
    result._edge = (node, 0)
    result._requires_grad = True


def _before_edge(t: Tensor) -> tuple[Node, int]:
    """The edge of a view as it was before a change: straight to its base, so that hooks of the old value do not run, as in PyTorch."""
    edge_of(t)  # a view whose base has changed may not be changed any more
    node = _new(AsStridedBackward0)
    base: Any = t._base
    node.edges = (edge_of(base) if base._requires_grad else None,)
    node.seq = next_number()
    node.shape, node.dtype = t._shape, t._dtype
    node.saved, node.versions = (), None
    node.region = Region(t)
    return node, 0


def adopt(rule: Rule, t: Tensor, result: Tensor, before: Tensor) -> None:
    """Give a tensor the history of the result of an op that was just written into it; `before` is what `before_change` gave."""
    edge = result._edge
    if edge is not None:
        _save_itself(edge[0], t, result)
    shares = before._storage is t._storage
    if t._base is None:
        _move(t, edge, result._requires_grad, 1 + shares)
    elif result._requires_grad or t._base._requires_grad:
        made: Any = None if edge is None else edge[0]
        # The last node of a body of several ops stays one of its own.
        joined = not (made is None or (isinstance(made, OpNode) and (made.rule is rule or before._edge is None)))
        place = None
        if made is not None and not joined and before._edge is not None and before._edge in made.edges:
            place = made.edges.index(before._edge)
        known = None if before._edge is None else before._edge[0]
        region = known.region if type(known) is AsStridedBackward0 else Region(t)
        _rewrite(t, made, place, edge if joined else None, 2 + shares, region)


def rebase(t: Tensor, node: Node, number: int, place: int | None) -> None:
    """Give a tensor that a user's Function has changed in place the Function's node as its history; it is input `place` there."""
    if t._base is None:
        _move(t, (node, number), True, 1)
    else:
        _rewrite(t, node, place, None, 2, Region(t))


def _move(t: Tensor, edge: Edge, requires_grad: bool, holders: int) -> None:
    """Another place in the graph for a tensor that is no view."""
    old, began = t._edge, requires_grad and not t._requires_grad
    t._edge = edge
    t._requires_grad = requires_grad
    if t._retains_grad and old is not None and edge is not None:
        move_retained(old, edge)
    if began:
        spread_requires_grad(t, holders)


def _rewrite(t: Tensor, made: Node | None, place: int | None, joined: Edge, holders: int, region: Region) -> None:
    """A new history for the base of a view that was changed: by node `made`, or by several whose result is at `joined`."""
    base: Any = t._base
    first = edge_of(base) if base._requires_grad else None
    node = _new(CopySlices)
    node.region = region
    node.joined = joined is not None
    node.fn = None if joined is not None else made
    node.place = place
    if joined is not None:
        node.edges = (first, joined)
    else:
        node.edges = (first, *[e for i, e in enumerate(() if made is None else made.edges) if i != place])
    node.seq = next_number()
    node.shape = base._shape
    node.dtype = base._dtype
    node.saved = ()
    node.versions = None
    if anomaly.enabled:
        remember(node)
    began = not base._requires_grad
    if t._requires_grad and base._retains_grad and first is not None:
        move_retained(first, (node, 0))
    base._edge = (node, 0)
    base._requires_grad = t._requires_grad = True
    t._view_version = -1  # so that its edge is found anew
    refreshed_edge(t, region)
    if began:
        spread_requires_grad(base, holders)


def _save_itself(node: Node, t: Tensor, result: Tensor) -> None:
    """Let a node that saved its output save the tensor into which that was written: one memory less, and a later change is noticed."""
    saved = node.saved
    if not isinstance(node, OpNode) or not saved or node.versions is None or type(saved) is not tuple:
        return
    out = saved[0]
    if isinstance(out, Tensor) and out._storage is result._storage and out._dtype is t._dtype and out._shape == t._shape:
        node.saved = (t._alias(), *saved[1:])
        node.versions = (t._version, *node.versions[1:])


class CopySlices(Node):
    """The base's value after one of its views was changed in place: inputs are the old base, and the other operands of the change.

    `fn` is the node of the change, which has the old view at `place` among its inputs (None: not at all). Where the change was made of
    several ops `fn` is None and `joined` True, and the second input is the new region.
    """

    __slots__ = ()
    region: Region
    fn: Node | None
    place: int | None
    joined: bool
    spent = False

    def apply(self, g: Tensor) -> Grads:
        """The old base's gradient is `g` outside the region, and what the change's node gives inside it."""
        if self.spent:
            raise RuntimeError(SECOND_TIME)
        region = self.region
        owned = not grad_mode.enabled and alone(g)
        laid = region.copied(g, owned)
        part = region.of(laid)
        # What an op makes of it alone does not outlast this.
        brief = isinstance(self.fn, OpNode) and not any(self.edges[1:]) and not grad_mode.enabled
        given = region.turned(part if brief else part.clone())
        inside = None
        second: Grads = ()
        if self.joined:
            second = [given]
        elif self.fn is not None:
            second = self.fn.apply(given)
            if self.place is not None:
                inside = second[self.place]
                second = [x for i, x in enumerate(second) if i != self.place]
        if self.edges[0] is None:
            return [None, *second]
        if inside is None:
            part.zero_()
        elif inside is not part:
            part.copy_(region.turned(inside))
        return [laid, *second]

    def release(self) -> None:
        """Forget the change's node with what it saved."""
        if self.fn is not None:
            self.fn = None
            self.spent = True
