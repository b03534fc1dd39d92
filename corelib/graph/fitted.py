"""A gradient made to fit the operand it belongs to: broadcasting is undone once, here, for every op."""

from __future__ import annotations

from corelib.graph.node import Node
from corelib.tensor.size import Shape
from corelib.tensor.tensor import Tensor


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
