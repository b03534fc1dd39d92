"""CUDA graphs by CuPy's name."""

from __future__ import annotations

from cupy_backends.cuda.api import runtime


class Graph:
    """What a stream captured, to be launched as often as one likes."""

    graph = graphExec = 0

    def __init__(self, *args: object, **kwargs: object) -> None:
        raise NotImplementedError("currently this class cannot be initiated by the user and must be created via stream capture")

    @classmethod
    def from_stream(cls, handle: int, host_funcargs: object) -> Graph:
        made = cls.__new__(cls)
        made.graph, made.graphExec = handle, runtime.graphInstantiate(handle)
        made.host_funcargs = host_funcargs
        return made

    def __del__(self) -> None:
        if self.graph:
            runtime.graphDestroy(self.graph)
        if self.graphExec:
            runtime.graphExecDestroy(self.graphExec)

    def launch(self, stream: object = None) -> None:
        runtime.graphLaunch(self.graphExec, _pointer(stream))

    def upload(self, stream: object = None) -> None:
        runtime.graphUpload(self.graphExec, _pointer(stream))


def _pointer(stream: object) -> int:
    from cupy.cuda.stream import get_current_stream  # which needs this module

    return int((get_current_stream() if stream is None else stream).ptr)  # type: ignore[attr-defined]
