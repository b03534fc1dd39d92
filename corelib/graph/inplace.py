"""In-place changes and the graph: leaves refuse, plain tensors move on, views rewrite their base's history.

An in-place op on a view of `base` makes base's new value "base with that region replaced": the node CopySlices. A view's
own edge is then found anew, as a slice of base's new history, when somebody asks for it (`refreshed_edge`).
"""

from __future__ import annotations

from corelib.graph.edges import edge_of, refreshed_edge, turned
from corelib.graph.grad_mode import grad_mode
from corelib.graph.node import Grads, Node, next_number
from corelib.graph.recording import node_class
from corelib.graph.rule import Rule
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

_new = object.__new__


def check_leaf(name: str, t: Tensor) -> None:
    """RuntimeError for an in-place change of a leaf in the graph, or of a view of one."""
    if t._one_of_several:
        made = t.grad_fn
        raise RuntimeError(
            f"{name}(): Output {t.output_nr} of {'a function' if made is None else made.name()} is a view and is being modified "
            "inplace. This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. "
            "You should replace the inplace operation by an out-of-place one."
        )
    if t.is_leaf and t._base is None:
        raise RuntimeError(f"{name}(): a leaf Variable that requires grad is being used in an in-place operation.")
    base = t._base
    if base is not None and base._requires_grad and base.is_leaf:
        raise RuntimeError(
            f"{name}(): a view of a leaf Variable that requires grad is being used in an in-place operation."
        )


def check_inference(name: str, t: Tensor) -> None:
    """RuntimeError for an in-place change of an inference tensor outside inference mode."""
    if not grad_mode.inference:
        raise RuntimeError(
            f"{name}(): Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to "
            "get a normal tensor before doing inplace update."
        )


def before_change(rule: Rule, t: Tensor) -> Tensor:
    """The tensor as it is before the change, for the graph to refer to.

    Its memory is about to be overwritten, so it is a copy where the op's gradient looks at it.
    """
    uses_input = rule.vjps is None or any(v is not None and 1 in v[1] for v in rule.vjps)
    edge = edge_of(t) if t._requires_grad else None
    if uses_input:
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


def adopt(t: Tensor, result: Tensor) -> None:
    """Give a tensor the history of the result that was just written into it."""
    base = t._base
    if base is None:
        t._edge = result._edge
        t._requires_grad = result._requires_grad
        if t._retains_grad:
            t._retains_grad = False
            t.retain_grad()
        return
    if not (result._requires_grad or base._requires_grad):
        return
    node = _new(CopySlices)
    node.edges = (
        edge_of(base) if base._requires_grad else None,
        edge_of(result) if result._requires_grad else None,
    )
    node.seq = next_number()
    node.shape = base._shape
    node.dtype = base._dtype
    node.saved = (t._shape, t.stride(), t._offset - base._offset, base.stride(), t._key, base._key)
    node.versions = None
    base._edge = (node, 0)
    base._requires_grad = True
    t._requires_grad = True
    t._edge = None
    refreshed_edge(t)


class CopySlices(Node):
    """The base's value after one of its views was changed in place: inputs are the old base and the new region."""

    __slots__ = ()

    def apply(self, g: Tensor) -> Grads:
        """The old base's gradient is zero in the region; the region's is that part of `g`."""
        shape, strides, offset, base_strides, key, base_key = self.saved
        first = second = None
        if self.edges[1] is not None:
            laid = g.new_empty_strided(self.shape, base_strides)
            laid.copy_(g)
            second = turned(laid.as_strided(shape, strides, offset).clone(), key, base_key)
        if self.edges[0] is not None:
            region = g.new_empty_strided(self.shape, base_strides, dtype=D.bool).fill_(False)
            region.as_strided(shape, strides, offset).fill_(True)
            first = g.masked_fill(region, 0.0)
        return [first, second]

    def release(self) -> None:
        """Nothing that was saved holds memory."""
