"""Where gradients flow to: a tensor's edge, found anew for a view whose memory was changed in place; and gradients made to fit the tensor
there: broadcasting is undone once, here, for every op; and which gradients nobody else holds."""

from __future__ import annotations

from sys import getrefcount
from typing import Any, NamedTuple

from corelib.graph.grad_mode import grad_mode
from corelib.graph.node import AccumulateGrad, Edge, Grads, Node, next_number, nowhere
from corelib.graph.views import refuse_view
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import contiguous_format
from corelib.tensor.size import Shape, Strides, contiguous_strides
from corelib.tensor.tensor import Tensor

_new = object.__new__


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor arrives: a node of the graph and which of its outputs. Takes the tensor's place in `grad` and `backward`."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def edge_at(t: Tensor | GradientEdge) -> tuple[Node, int]:
    """Where the gradient of a tensor that requires grad flows to, or that of an edge."""
    return edge_of(t) if type(t) is Tensor or not isinstance(t, GradientEdge) else (t.node, t.output_nr)


def shape_at(t: Tensor | GradientEdge) -> list[int]:
    """The shape of the gradient of a tensor, or of the one that arrives at an edge."""
    if isinstance(t, Tensor):
        return list(t._shape)
    return list(t.node.shape if t.node.outputs == 1 else t.node.shape[t.output_nr])


def dtype_at(t: GradientEdge) -> DType:
    """Its dtype."""
    dtype: DType = t.node.dtype if t.node.outputs == 1 else t.node.dtype[t.output_nr]
    return dtype


def edge_of(t: Tensor) -> tuple[Node, int]:
    """Where the gradient of a tensor that requires grad flows to."""
    if t._base is not None and t._version != t._view_version:
        return refreshed_edge(t)
    edge: Edge = t._edge
    if edge is None:
        edge = t._edge = (AccumulateGrad(t), 0)
        if t._borrows_grad:  # its base is a leaf, and it is no part of the graph
            edge[0]._leaf = nowhere
    return edge


def refreshed_edge(t: Tensor, region: Region | None = None) -> tuple[Node, int]:
    """The edge of a view whose memory was changed in place since the view's edge was made; `region` is that of the view, where it is known."""
    base: Any = t._base
    storage: Any = t._storage
    edge: Edge = t._edge
    if not base._requires_grad and (edge is None or type(edge[0]) is AccumulateGrad):
        version, t._view_version = t._view_version, storage._version
        edge = edge_of(t)
        t._view_version = version
        return edge
    if t._creation:
        refuse_view(t, indirect=True)
    node = _new(AsStridedBackward0)
    node.edges = (edge_of(base) if base._requires_grad else None,)
    node.seq = next_number()
    node.shape = t._shape
    node.dtype = t._dtype
    node.saved = ()
    node.versions = None
    node.region = Region(t) if region is None else region
    found: tuple[Node, int] = (node, 0)
    t._edge = found
    t._requires_grad = True
    if t._retains_grad and edge is not None:
        move_retained(edge, found)
    t._view_version = storage._version
    return found


def move_retained(old: tuple[Node, int], new: tuple[Node, int]) -> None:
    """A tensor whose gradient is kept has got another place in the graph: the gradient there is kept from now on."""
    kept = None if old[0].retained is None else old[0].retained.pop(old[1], None)
    if kept is not None:
        retain_at(new, kept)


def retain_at(edge: tuple[Node, int], kept: Any) -> None:
    """Have the gradient at an edge kept in a tensor's `.grad`; `kept` is a weak reference to it."""
    node, number = edge
    if node.retained is None:
        node.retained = {}
    if node.tensor_hooks is None:
        node.tensor_hooks = {}  # the engine looks only there
        node.hooked = True
    node.retained[number] = kept


class Region:
    """The place of a view in its base, and the way from a gradient of the base to that of the view and back.

    The way is the same for a view of another dtype, such as the real numbers in the memory of complex ones.
    """

    __slots__ = ("base_dtype", "base_key", "base_shape", "base_strides", "dtype", "key", "numel", "offset", "shape", "strides")

    def __init__(self, t: Tensor) -> None:
        base: Any = t._base
        self.shape, self.strides, self.dtype, self.key, self.numel = t._shape, t.stride(), t._dtype, t._key, t._numel
        self.base_shape, self.base_strides, self.base_dtype, self.base_key = base._shape, base.stride(), base._dtype, base._key
        self.offset = (t._offset * t._dtype.itemsize - base._offset * base._dtype.itemsize) // t._dtype.itemsize

    def of(self, laid: Tensor) -> Tensor:
        """The view's memory in a tensor that is laid out as the base is."""
        if self.dtype is not self.base_dtype:
            if self.base_dtype.is_complex and not self.dtype.is_complex:
                laid = laid.view_as_real()
            elif self.dtype.is_complex and not self.base_dtype.is_complex:
                span = 1 + sum((n - 1) * s for n, s in zip(laid._shape, laid.stride(), strict=True))
                laid = laid.as_strided((span // 2, 2), (2, 1)).view_as_complex()
        elif not grad_mode.enabled:  # the same without the op
            return laid._as_view(self.shape, self.strides, laid._offset + self.offset, self.numel)
        return laid.as_strided(self.shape, self.strides, self.offset)

    def turned(self, g: Tensor) -> Tensor:
        """What is in the view as what is in the base, or the other way, where only one shows the memory conjugated or negated."""
        if self.key is self.base_key:
            return g
        if self.key.conj is not self.base_key.conj and g._dtype.is_complex:
            g = g.conj()
        return -g if self.key.neg is not self.base_key.neg else g

    def laid(self, g: Tensor) -> Tensor:
        """Memory for a gradient of the base, laid out as the base is."""
        dtype = self.base_dtype
        if dtype.is_complex is self.dtype.is_complex and g._dtype.is_complex is dtype.is_complex:
            dtype = g._dtype
        return g.new_empty_strided(self.base_shape, self.base_strides, dtype=dtype)

    def copied(self, g: Tensor, owned: bool) -> Tensor:
        """A copy of a gradient of the base, laid out as the base is; the gradient itself, if that may be changed and lies so."""
        if owned and g._dtype is self.base_dtype and g._base is None and g.stride() == self.base_strides:
            return g
        if g._dtype is self.base_dtype and self.base_strides == contiguous_strides(self.base_shape):
            return g.clone(memory_format=contiguous_format)
        return self.laid(g).copy_(g)

    def spread(self, g: Tensor) -> Tensor:
        """The gradient of the base from that of the view: zero, but `g` in the view's region."""
        g = self.turned(g)
        laid = self.laid(g).zero_()
        if not _overlaps(self.shape, self.strides):
            self.of(laid).copy_(g)
            return laid
        span = 1 + sum((n - 1) * s for n, s in zip(self.base_shape, self.base_strides, strict=True))
        places = (g.new_ones(span, dtype=D.int64).cumsum(0) - 1).as_strided(self.shape, self.strides, self.offset)
        flat = g.new_zeros(span).scatter_add(0, places.reshape(-1), g.reshape(-1))
        return flat.as_strided(self.base_shape, self.base_strides, 0)


def _overlaps(shape: Shape, strides: Strides) -> bool:
    """Whether elements of a view may share memory, as those of an expanded tensor do."""
    extent = 0
    for s, n in sorted((s, n) for n, s in zip(shape, strides, strict=True) if n > 1):
        if s <= extent:
            return True
        extent += (n - 1) * s
    return False


class AsStridedBackward0(Node):
    """A view's history, found anew after its base changed in place."""

    region: Region

    __slots__ = ()

    def apply(self, g: Tensor) -> Grads:
        """The base's gradient: zero, but `g` in the view's region."""
        return [self.region.spread(g)]

    def release(self) -> None:
        """Nothing that was saved holds memory."""


def fitted(g: Tensor, shape: Shape, node: Node, i: int) -> Tensor:
    """A gradient summed to the shape of the input it belongs to."""
    if not isinstance(g, Tensor):
        raise TypeError(f"{node.name()} returned a {type(g).__name__} as gradient {i}, expected a Tensor or None")
    if g._shape == shape:
        return g
    lead = len(g._shape) - len(shape)
    if lead >= 0 and all(n == m or n == 1 for n, m in zip(shape, g._shape[lead:], strict=True)):
        return summed(g, shape)
    raise RuntimeError(
        f"Function {node.name()} returned an invalid gradient at index {i} - got {list(g._shape)} but expected shape compatible "
        f"with {list(shape)}"
    )


def summed(g: Tensor, shape: Shape) -> Tensor:
    """A gradient summed back over the dimensions in which a tensor of this shape was broadcast to the gradient's."""
    lead = len(g._shape) - len(shape)
    dims = tuple(range(lead)) + tuple(
        lead + d for d, (n, m) in enumerate(zip(shape, g._shape[lead:], strict=True)) if n != m
    )
    g = g.sum(dims, True) if dims else g
    return g.reshape(shape) if lead else g


def alone(g: Tensor) -> bool:
    """Whether a gradient and its memory are held by the engine alone and by the function that it gave the gradient to, which asks."""
    return getrefcount(g) <= _HELD and getrefcount(g._storage if g._storage is not None else g._native) <= _MEMORY


class _Probe:
    __slots__ = ("_native", "_storage")
    _native: object
    _storage: object


def _calibrate() -> tuple[int, int]:
    """What `alone` compares with, measured on an object that is known to be nobody else's: interpreters differ in what they count."""

    def ask(g: _Probe) -> tuple[int, int]:
        return getrefcount(g), getrefcount(g._storage if g._storage is not None else g._native)

    def given(node: None, g: _Probe, create_graph: bool) -> tuple[int, int]:
        return ask(g)

    def run() -> tuple[int, int]:
        pending: dict[int, _Probe] = {0: _Probe()}
        pending[0]._storage, pending[0]._native = object(), None
        g = pending.pop(0)
        return given(None, g, False)

    return run()


_HELD, _MEMORY = _calibrate()
