"""Models that give what is computed between their layers: the outputs of named nodes, and nothing that only later nodes need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from corelib.as_torch.warned import warn
from corelib.nn import Module, Parameter
from corelib.vision import ops
from corelib.vision.models import _tracing, swin_transformer
from corelib.vision.models._tracing import Node, Tracer
from corelib.vision.models._utils import _assert
from corelib.vision.ops.stochastic_depth import stochastic_depth

__all__ = ["create_feature_extractor", "get_graph_node_names"]

_WHOLE = (
    stochastic_depth, swin_transformer._patch_merging_pad, swin_transformer._get_relative_position_bias,
    swin_transformer.shifted_window_attention, _assert,
)  # fmt: skip
"""Functions of models that are one node."""


def _tracer(options: dict[str, Any] | None) -> Tracer:
    options = dict(options or {})
    options["autowrap_functions"] = (*options.get("autowrap_functions", ()), *_WHOLE)
    options["autowrap_modules"] = (*options.get("autowrap_modules", ()), ops)
    return Tracer(**options)


def _nodes(model: Module, training: bool, tracer_kwargs: dict[str, Any] | None, concrete_args: dict[str, Any] | None) -> list[Node]:
    """The nodes of the model in a mode, in which it is not left."""
    before = {module: module.training for module in model.modules()}
    try:
        return _tracer(tracer_kwargs).trace(model.train(training), concrete_args)
    finally:
        for module, mode in before.items():
            module.training = mode


def get_graph_node_names(
    model: Module, tracer_kwargs: dict[str, Any] | None = None, suppress_diff_warning: bool = False, concrete_args: dict[str, Any] | None = None
) -> tuple[list[str], list[str]]:
    """The names of the nodes of a model in the order of execution: while it trains, and when it does not.

    A layer has its path as its name, any other step the path of the module in which it happens and the name of what is called; from the second of
    a name on they are numbered. tracer_kwargs: leaf_modules (classes that are not looked into), autowrap_functions and autowrap_modules
    (functions that are not). concrete_args: arguments of forward that are no tensors and stay as they are. A warning where the two differ, unless suppressed.

    >>> from corelib.vision.models import resnet18
    >>> from corelib.vision.models.feature_extraction import get_graph_node_names
    >>> get_graph_node_names(resnet18())[1][-6:]
    ['layer4.1.bn2', 'layer4.1.add', 'layer4.1.relu_1', 'avgpool', 'flatten', 'fc']
    """
    train, evaluation = ([n.name for n in _nodes(model, mode, tracer_kwargs, concrete_args) if n.name] for mode in (True, False))
    if not suppress_diff_warning:
        _warn_of_difference(train, evaluation)
    return train, evaluation


def _warn_of_difference(train: list[str], evaluation: list[str]) -> None:
    if train == evaluation:
        return
    if _is_part(evaluation, train):
        what = "in evaluation it has only some of the nodes that it has in training"
    elif _is_part(train, evaluation):
        what = "in training it has only some of the nodes that it has in evaluation"
    else:
        what = "its nodes are others in training than in evaluation"
    warn(f"the model depends on its mode: {what}. You may have to name the nodes for each mode (train_return_nodes and eval_return_nodes)")


def _is_part(short: list[str], long: list[str]) -> bool:
    """Whether the one is the other with names left out."""
    rest: Iterator[str] = iter(long)
    return all(name in rest for name in short)


class DualGraphModule(Module):
    """The parts of a model that some of its nodes need, with a list of nodes for training and one for evaluation."""

    def __init__(self, root: Module, train_graph: _Graph, eval_graph: _Graph, class_name: str) -> None:
        super().__init__()
        self.class_name = class_name
        self.graphs = {True: train_graph, False: eval_graph}
        for graph in (train_graph, eval_graph):
            for node in graph.nodes:
                if node.op in ("get_attr", "call_module"):
                    _share(root, self, node.target)
        self.inputs = [node.target for node in train_graph.nodes if node.op == "placeholder"]

    def forward(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        graph = self.graphs[self.training]
        if len(args) > len(self.inputs):
            raise TypeError(f"forward() takes {len(self.inputs)} positional arguments but {len(args)} were given")
        return _tracing.run(graph.nodes, self, {**dict(zip(self.inputs, args)), **kwargs}, graph.wanted)

    def _get_name(self) -> str:
        return self.class_name


class _Graph:
    """Nodes in the order of execution, and those whose values are given out, by the names under which they are."""

    def __init__(self, nodes: Iterable[Node], wanted: dict[str, Node]) -> None:
        needed = {id(node) for node in wanted.values()}
        kept: list[Node] = []
        for node in reversed(list(nodes)):
            if id(node) in needed or node.op == "placeholder" or node.target is _assert:
                kept.append(node)
                needed |= {id(used) for used in node.inputs()}
        self.nodes, self.wanted = kept[::-1], wanted


def _share(root: Module, made: Module, path: str) -> None:
    """Give `made` what `root` has at a path, in modules of the same names."""
    *above, name = path.split(".")
    for part in above:
        root = getattr(root, part)
        if part not in made._modules:
            made.add_module(part, Module())
        made = getattr(made, part)
    value = getattr(root, name)
    if isinstance(value, (Module, Parameter)):
        setattr(made, name, value)
    else:
        made.register_buffer(name, value)


def _by_name(nodes: list[str] | dict[str, str] | None) -> dict[str, str]:
    if nodes is None:
        return {}
    return {str(n): str(n) for n in nodes} if isinstance(nodes, list) else {str(k): str(v) for k, v in nodes.items()}


def create_feature_extractor(
    model: Module,
    return_nodes: list[str] | dict[str, str] | None = None,
    train_return_nodes: list[str] | dict[str, str] | None = None,
    eval_return_nodes: list[str] | dict[str, str] | None = None,
    tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> DualGraphModule:
    """A module that gives the outputs of nodes of a model as a dict, and shares with it the layers that are needed for them.

    return_nodes: names of nodes (see `get_graph_node_names`), or of modules, which mean their last node; a dict says under which names the
    outputs come. Where the modes need others: train_return_nodes and eval_return_nodes. ValueError for names that are not there, and
    for other combinations of arguments. tracer_kwargs, concrete_args: see `get_graph_node_names`.

    >>> import corelib as torch
    >>> from corelib.vision.models import resnet18
    >>> from corelib.vision.models.feature_extraction import create_feature_extractor
    >>> features = create_feature_extractor(resnet18().eval(), {"layer1": "fine", "layer3.0.add": "coarse"})
    >>> {name: tuple(out.shape) for name, out in features(torch.zeros(1, 3, 64, 64)).items()}
    {'fine': (1, 64, 16, 16), 'coarse': (1, 256, 4, 4)}
    """
    if all(nodes is None for nodes in (return_nodes, train_return_nodes, eval_return_nodes)):
        raise ValueError("create_feature_extractor(): return_nodes, or train_return_nodes and eval_return_nodes, must be given")
    if (train_return_nodes is None) != (eval_return_nodes is None):
        raise ValueError("create_feature_extractor(): train_return_nodes and eval_return_nodes must be given together")
    if (return_nodes is None) == (train_return_nodes is None):
        raise ValueError("create_feature_extractor(): return_nodes must not be given beside train_return_nodes and eval_return_nodes")
    graphs, names = {}, {}
    for training, wanted in ((True, train_return_nodes), (False, eval_return_nodes)):
        nodes = _nodes(model, training, tracer_kwargs, concrete_args)
        names[training] = [node.name for node in nodes if node.name]
        graphs[training] = _Graph(nodes, _chosen(nodes, names[training], _by_name(return_nodes if wanted is None else wanted)))
    if not suppress_diff_warning:
        _warn_of_difference(names[True], names[False])
    return DualGraphModule(model, graphs[True], graphs[False], type(model).__name__).train(model.training)


def _chosen(nodes: list[Node], names: list[str], wanted: dict[str, str]) -> dict[str, Node]:
    """The last node of each name that is wanted, in the order of execution, under the name it shall have."""
    for query in wanted:
        if not any(re.match(rf"{query}(\.|$)", name) for name in names):
            raise ValueError(f"create_feature_extractor(): there is no node {query!r} in the model; get_graph_node_names() has those there are")
    left, found = dict(wanted), {}
    for node in reversed(nodes):
        parts = node.name.split(".")
        asked = next((q for q in left if node.name and ".".join(parts[: q.count(".") + 1]) == q), None)
        if asked is not None:
            found[left.pop(asked)] = node
    return dict(reversed(found.items()))
