"""The tensorboard package's messages and the writer of its files, imported where they are first needed."""

from __future__ import annotations

from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any


def check() -> None:
    """ImportError, with what to install, where the tensorboard package is not there."""
    if find_spec("tensorboard") is None:
        raise ImportError('corelib.utils.tensorboard needs the tensorboard package: pip install "corelib[tensorboard]" (or: pip install tensorboard)')


def message(name: str) -> Any:
    """A class of tensorboard's messages: its file and its name, as "summary.Summary"."""
    file, _, cls = name.partition(".")
    return resolve_name(f"tensorboard.compat.proto.{file}_pb2:{cls}")


def plugin(name: str) -> Any:
    """The messages of one of tensorboard's plugins."""
    return resolve_name(f"tensorboard.plugins.{name}.plugin_data_pb2")


def event_file_writer(*args: Any) -> Any:
    """The writer of one file of events."""
    return resolve_name("tensorboard.summary.writer.event_file_writer:EventFileWriter")(*args)


def metadata(name: str, content: bytes = b"", description: str = "") -> Any:
    """What says which plugin of tensorboard shows a value."""
    cls = message("summary.SummaryMetadata")
    return cls(plugin_data=cls.PluginData(plugin_name=name, content=content), summary_description=description)


def value(tag: str, **fields: Any) -> Any:
    """A summary of one value."""
    summary = message("summary.Summary")
    return summary(value=[summary.Value(tag=tag, **fields)])


def tensor_value(tag: str, of: Any, shape: tuple[int, ...], **fields: Any) -> Any:
    """A summary of one tensor, of strings or of numbers."""
    dims = message("tensor_shape.TensorShapeProto")
    shaped = {"tensor_shape": dims(dim=[dims.Dim(size=n) for n in shape])} if shape or "string_val" in of else {}
    kind = {"string_val": "DT_STRING", "float_val": "DT_FLOAT"}[next(iter(of))]
    return value(tag, tensor=message("tensor.TensorProto")(dtype=kind, **shaped, **of), **fields)
