"""What a tensor answers about its place in the graph."""

from __future__ import annotations

from sys import getrefcount

from corelib.as_torch.warned import warn
from corelib.graph.edges import edge_of
from corelib.graph.grad_mode import grad_mode
from corelib.graph.node import AccumulateGrad, Edge, Node
from corelib.graph.views import spread_requires_grad
from corelib.tensor.tensor import Tensor


def set_requires_grad(t: Tensor, value: bool, fresh: bool = False) -> None:
    """Set `requires_grad` of a leaf; RuntimeError for other tensors and for dtypes without gradients. `fresh`: it was just made, and has no views."""
    value = bool(value)
    if value and not (t._dtype.is_floating_point or t._dtype.is_complex):
        raise RuntimeError(
            f"requires_grad_(): only Tensors of floating point and complex dtype can require gradients, got {t._dtype}"
        )
    if not value and not is_leaf(t):
        raise RuntimeError(
            "requires_grad_(): you can only change requires_grad flags of leaf variables. If you want to use a computed "
            "variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
        )
    if value and t.is_inference() and not grad_mode.inference:
        raise RuntimeError("requires_grad_(): Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
    before = t._requires_grad
    if value and t._borrows_grad:
        t._borrows_grad = False
        t._edge = None if is_leaf(t) else t._edge
    t._requires_grad = value or t._borrows_grad
    if not value:
        t._edge = None
    elif not before and not fresh and t._base is None and getrefcount(t) > 5:  # somebody beside one variable of the caller's holds it
        for v in spread_requires_grad(t):
            v._view_version = v._version  # its edge is not to be found anew: no change was recorded


def is_leaf(t: Tensor) -> bool:
    """Whether no recorded operation made it."""
    edge = _edge(t)
    return edge is None or type(edge[0]) is AccumulateGrad


def grad_fn(t: Tensor) -> Node | None:
    """The node that made it, or None."""
    edge = _edge(t)
    return None if edge is None or type(edge[0]) is AccumulateGrad else edge[0]


def _edge(t: Tensor) -> Edge:
    if t._requires_grad and t._base is not None and not (t._edge is None and t._version == t._view_version):
        return edge_of(t)
    edge: Edge = t._edge
    return edge


def set_grad(t: Tensor, value: Tensor | None) -> None:
    """Set `.grad`; it must look like its tensor."""
    if value is not None:
        if not hasattr(value, "_storage"):
            raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
        for what, a, b in (
            ("shape", list(t._shape), list(value._shape)),
            ("dtype", t._dtype, value._dtype),
            ("device", t._device, value._device),
        ):
            if a != b:
                raise RuntimeError(f"assigned grad has data of a different {what}: expected {a}, got {b}")
        if value is t:
            raise RuntimeError("can't assign Variable as its own grad")
    t._grad = value


def warn_non_leaf_grad(t: Tensor) -> None:
    """Warn about reading `.grad` of a tensor that never gets one."""
    if t._requires_grad and type(t._edge[0]) is not AccumulateGrad:
        warn(
            "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
            "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
            "Tensor, use .retain_grad() on the non-leaf Tensor.",
            UserWarning,
        )
