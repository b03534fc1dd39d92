"""viz.graph: what autograd recorded on the way to some tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from corelib.graph.edges import edge_of
from corelib.graph.node import AccumulateGrad, Node
from corelib.nn.modules.module import Module
from corelib.pytree import tree_leaves
from corelib.tensor.tensor import Tensor
from corelib.viz._drawing import Drawing, shape_text


def graph(tensor_or_tensors: Any, params: Any = None, *, saved: bool = False) -> Drawing:
    """A picture of the autograd graph behind tensors: its functions by the names of their `grad_fn`, with the shapes of what they made, and its leaves.

    tensor_or_tensors: a tensor, or a list, tuple or dict of tensors. params: names for leaves: a module, a dict of tensors by name, or pairs
    such as `model.named_parameters()` gives. saved: whether to draw what functions keep for their gradients, where it is still there.
    Arrows go as the numbers went. The graph is looked at only, and stays as it is.

    TypeError where there is no tensor to draw.

    >>> import corelib as torch
    >>> from corelib import viz
    >>> model = torch.nn.Linear(3, 2)
    >>> drawing = viz.graph(model(torch.ones(4, 3)).sum(), params=model)
    >>> [word for word in ("weight", "bias", "AddmmBackward0", "SumBackward0") if word in drawing.dot]
    ['weight', 'bias', 'AddmmBackward0', 'SumBackward0']
    """
    tensors = [t for t in tree_leaves(tensor_or_tensors) if isinstance(t, Tensor)]
    if not tensors:
        raise TypeError(f"viz.graph(): argument 'tensor_or_tensors' must be a tensor or a collection of tensors, got {type(tensor_or_tensors).__name__}")
    drawn = _Graph(_names(params), saved)
    for number, t in enumerate(tensors):
        drawn.output(t, f"output {number}" if len(tensors) > 1 else "output")
    return drawn.drawing


def _names(params: Any) -> dict[int, str]:
    """Names of tensors by their identity; the first name counts."""
    if params is None:
        return {}
    pairs: Iterable[Any] = params.named_parameters() if isinstance(params, Module) else params.items() if isinstance(params, Mapping) else params
    found: dict[int, str] = {}
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], Tensor)):
            raise TypeError(f"viz.graph(): argument 'params' must be a module, a dict of tensors by name, or (name, tensor) pairs; got {type(pair).__name__} in it")
        found.setdefault(id(pair[1]), str(pair[0]))
    return found


class _Graph:
    def __init__(self, names: dict[int, str], saved: bool) -> None:
        self.names, self.saved = names, saved
        self.drawing = Drawing()
        self.boxes: dict[Node, str] = {}
        self.leaves: dict[int, str] = {}  # of tensors that the graph keeps

    def output(self, t: Tensor, label: str) -> None:
        """Draw a tensor and all that is behind it."""
        if not t.requires_grad:
            self.drawing.box("output", label, shape_text(t.shape), "requires no grad")
            return
        node, number = edge_of(t)
        if isinstance(node, AccumulateGrad):
            self.reach(node)
            return
        box = self.drawing.box("output", label, shape_text(t.shape))
        self.reach(node)
        self.arrow(node, number, box)

    def reach(self, root: Node) -> None:
        """Draw a node and those behind it, the first input's first."""
        left = [] if root in self.boxes else [root]
        order = []
        while left:
            node = left.pop()
            if node in self.boxes:
                continue
            self.boxes[node] = self.leaf(node) if isinstance(node, AccumulateGrad) else self.drawing.box("function", node.name(), *_shapes(node))
            order.append(node)
            left.extend([n for n, _ in reversed(node.next_functions) if n is not None])
        for node in order:
            for behind, number in node.next_functions:
                if behind is not None:
                    self.arrow(behind, number, self.boxes[node])
        if self.saved:
            for node in order:
                self.kept(node)

    def arrow(self, start: Node, number: int, end: str) -> None:
        self.drawing.arrow(self.boxes[start], end, f"output {number}" if start.outputs > 1 else "")

    def leaf(self, node: AccumulateGrad) -> str:
        """A leaf stands for the node that collects its gradient."""
        t = node.variable
        name = "" if t is None else self.names.get(id(t), "")
        box = self.drawing.box("leaf", name or "leaf", shape_text(node.shape))
        if t is not None:
            self.leaves[id(t)] = box
        return box

    def kept(self, node: Node) -> None:
        """Draw the tensors that a function keeps."""
        for name, t in _kept(node):
            start = self.leaves.get(id(t)) or self.drawing.box("saved", name, shape_text(t.shape))
            self.drawing.arrow(start, self.boxes[node], f"saved {name}" if id(t) in self.leaves else "", dashed=True)


def _shapes(node: Node) -> list[str]:
    """The shapes of what a function made; none where that is not known."""
    shapes = [node.shape] if node.outputs == 1 else list(node.shape)
    if node.outputs == 1 and isinstance(node.shape, list):  # of a Function of the user's own
        shapes = list(node.shape)
    return [", ".join(filter(None, map(shape_text, shapes)))] if any(map(shape_text, shapes)) else []


def _kept(node: Node) -> list[tuple[str, Tensor]]:
    """What a function keeps, by name; nothing where it has been freed."""
    found: list[tuple[str, Any]] = []
    for name in dir(node):
        if name.startswith("_saved_"):
            found.append((name.removeprefix("_saved_"), _asked(node, name)))
    for number, value in enumerate(_asked(node, "saved_tensors") or ()):  # of a Function of the user's own
        found.append((f"tensor {number}", value))
    several = [(f"{name}[{n}]", v) for name, value in found if isinstance(value, (tuple, list)) for n, v in enumerate(value)]
    return [(name, value) for name, value in (*found, *several) if isinstance(value, Tensor)]


def _asked(node: Node, name: str) -> Any:
    try:
        return getattr(node, name, None)
    except RuntimeError:  # it was freed by a backward, or changed in place since
        return None
