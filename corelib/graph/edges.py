"""Where gradients flow to: a tensor's edge, found anew for a view whose memory was changed in place."""

from __future__ import annotations

from typing import Any

from corelib.graph.node import AccumulateGrad, Edge, Grads, Node, next_number
from corelib.tensor import dtype as D
from corelib.tensor.keys import DispatchKey
from corelib.tensor.size import Shape, Strides
from corelib.tensor.tensor import Tensor

_new = object.__new__


def edge_of(t: Tensor) -> tuple[Node, int]:
    """Where the gradient of a tensor that requires grad flows to."""
    if t._base is not None and t._version != t._view_version:
        return refreshed_edge(t)
    edge: Edge = t._edge
    if edge is None:
        edge = t._edge = (AccumulateGrad(t), 0)
    return edge


def _overlaps(shape: Shape, strides: Strides) -> bool:
    """Whether elements of a view may share memory, as those of an expanded tensor do."""
    extent = 0
    for s, n in sorted((s, n) for n, s in zip(shape, strides, strict=True) if n > 1):
        if s <= extent:
            return True
        extent += (n - 1) * s
    return False


def turned(g: Tensor, t: DispatchKey, base: DispatchKey) -> Tensor:
    """The gradient of a view's elements as that of its base's, or the other way, where only one shows the memory conjugated or negated."""
    if t.conj is not base.conj and g._dtype.is_complex:
        g = g.conj()
    return -g if t.neg is not base.neg else g


class AsStridedBackward0(Node):
    """A view's history, found anew after its base changed in place."""

    metadata_shape: Shape

    __slots__ = ()

    def apply(self, g: Tensor) -> Grads:
        """The base's gradient: zero, but `g` in the view's region."""
        shape, strides, offset, base_strides, key, base_key = self.saved
        if key is not base_key:
            g = turned(g, key, base_key)
        laid = g.new_empty_strided(self.metadata_shape, base_strides).zero_()
        if not _overlaps(shape, strides):
            laid.as_strided(shape, strides, offset).copy_(g)
            return [laid]
        span = 1 + sum((n - 1) * s for n, s in zip(laid._shape, base_strides, strict=True))
        places = (g.new_ones(span, dtype=D.int64).cumsum(0) - 1).as_strided(shape, strides, offset)
        flat = g.new_zeros(span).scatter_add(0, places.reshape(-1), g.reshape(-1))
        return [flat.as_strided(laid._shape, base_strides, 0)]

    def release(self) -> None:
        """Nothing that was saved holds memory."""


def refreshed_edge(t: Tensor) -> tuple[Node, int]:
    """The edge of a view whose memory was changed in place since the view's edge was made."""
    base: Any = t._base
    storage: Any = t._storage
    if not base._requires_grad:
        t._view_version = storage._version
        return edge_of(t)
    if not t.__dict__.get("_detached_view", False):
        node = _new(AsStridedBackward0)
        node.edges = (edge_of(base),)
        node.seq = next_number()
        node.shape = t._shape
        node.dtype = t._dtype
        node.saved = (t._shape, t.stride(), t._offset - base._offset, base.stride(), t._key, base._key)
        node.metadata_shape = base._shape
        node.versions = None
        t._edge = (node, 0)
        t._requires_grad = True
    t._view_version = storage._version
    return edge_of(t)
