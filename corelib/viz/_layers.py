"""viz.module: the layers of a model, and what they return for an example."""

from __future__ import annotations

from typing import Any

from corelib.graph.grad_mode import no_grad
from corelib.nn.modules.module import Module
from corelib.nn.parameter import is_lazy
from corelib.pytree import tree_leaves
from corelib.tensor.tensor import Tensor
from corelib.viz._drawing import Drawing, shape_text


def module(model: Module, *example_inputs: Any, depth: int | None = None) -> Drawing:
    """A picture of a module: a box for each layer, with arrows from a module to those in it.

    example_inputs: what to call the model with, once, as for evaluation and without gradients; boxes then have the shapes of what the layers
    returned. depth: how many levels to draw; all by default. A layer that is in several modules is one box with several arrows.
    TypeError for what is no module; what the call raises passes.

    >>> import corelib as torch
    >>> from corelib import viz
    >>> drawing = viz.module(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU()), torch.ones(4, 3))
    >>> drawing
    <Drawing of 3 boxes and 2 arrows; .dot, .svg(), .save(path)>
    >>> "0: Linear(in_features=3, out_features=2, bias=True)" in drawing.dot, "(4, 2)" in drawing.dot
    (True, True)
    """
    if not isinstance(model, Module):
        raise TypeError(f"viz.module(): argument 'model' must be an nn.Module, not {type(model).__name__}")
    returned = _returned(model, example_inputs) if example_inputs else {}
    drawing = Drawing("LR")
    boxes: dict[Module, str] = {}

    def draw(inner: Module, name: str, level: int) -> str:
        if inner in boxes:
            return boxes[inner]
        lines = [f"{name}: {_described(inner)}" if name else _described(inner), *returned.get(inner, [])]
        own = sum(p.numel() for p in inner._parameters.values() if p is not None and not is_lazy(p))
        if own:
            lines.append(f"{own:,} parameters")
        children = [(n, m) for n, m in inner._modules.items() if m is not None]
        boxes[inner] = box = drawing.box("group" if children else "layer", *lines)
        if depth is None or level < depth:
            for child_name, child in children:
                drawing.arrow(box, draw(child, child_name, level + 1))
        return box

    draw(model, "", 0)
    return drawing


def _described(inner: Module) -> str:
    extra = inner.extra_repr()
    return type(inner).__name__ + (f"({extra})" if extra and "\n" not in extra else "")


def _returned(model: Module, inputs: tuple[Any, ...]) -> dict[Module, list[str]]:
    """By layer, a line with the shapes of the tensors that it returned the last time."""
    found: dict[Module, list[str]] = {}

    def after(layer: Module, args: Any, output: Any) -> None:
        found[layer] = [", ".join(shape_text(t.shape) for t in tree_leaves(output) if isinstance(t, Tensor))]

    layers = list(model.modules())
    modes = [layer.training for layer in layers]
    handles = [layer.register_forward_hook(after) for layer in layers]
    try:
        model.eval()
        with no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
        for layer, mode in zip(layers, modes, strict=True):
            layer.training = mode
    return found
