"""The graph of a module as tensorboard's messages."""

from __future__ import annotations

from typing import Any

from corelib.utils.tensorboard.protocol import message
from corelib.utils.tensorboard.traced import Drawn, traced


def graph(model: Any, args: Any, verbose: bool = False) -> tuple[Any, Any]:
    """A module's graph, of one call with `args`, a tensor or a tuple, and where it ran, which tensorboard shows too."""
    try:
        nodes = traced(model, args if isinstance(args, tuple) else (args,))
    except RuntimeError as error:
        print(error)
        print("Error occurs, No graph saved")
        raise
    if verbose:
        for node in nodes:
            print(f"{node.name}: {node.kind}({', '.join(node.inputs)})")
    run = message("config.RunMetadata")(
        step_stats=message("step_stats.StepStats")(dev_stats=[message("step_stats.DeviceStepStats")(device="/device:CPU:0")])
    )
    return message("graph.GraphDef")(node=[_node(node) for node in nodes], versions=message("versions.VersionDef")(producer=22)), run


def _node(node: Drawn) -> Any:
    attribute, dims = message("attr_value.AttrValue"), message("tensor_shape.TensorShapeProto")
    attributes = {"attr": attribute(s=node.attributes.encode())}
    if node.shape is not None:
        shape = dims(dim=[dims.Dim(size=n) for n in node.shape])
        attributes["_output_shapes"] = attribute(list=attribute.ListValue(shape=[shape]))
    return message("node_def.NodeDef")(name=node.name, op=node.kind, input=node.inputs, attr=attributes)
