"""Pictures of graphs and models: `viz.graph` draws what autograd recorded, `viz.module` the layers of a model.

Both return a `Drawing`, whose `dot` is the picture in Graphviz's language, made without any other package; `svg()` and `save()` of other
formats need Graphviz (`pip install "corelib[viz]"`, and its program `dot`). A notebook shows a drawing by itself.
"""

from corelib.viz._autograd import graph as graph
from corelib.viz._drawing import Drawing as Drawing, GraphvizError as GraphvizError
from corelib.viz._layers import module as module

__all__ = ["Drawing", "GraphvizError", "graph", "module"]
