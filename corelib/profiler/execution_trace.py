"""ExecutionTraceObserver: every op of a stretch of a program, with its operands and what it was called in, in a file of PyTorch's format."""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from datetime import datetime
from time import perf_counter_ns
from typing import Any, Self
from weakref import ref

from corelib.as_torch.warned import warn
from corelib.graph.rule import Args
from corelib.profiler.recorder import OpRecorder, Span, _type_name
from corelib.tensor.device import device as Device
from corelib.tensor.storage import Storage
from corelib.tensor.tensor import Tensor

_SCHEMA = "1.1.1-chakra.0.0.4"
_KINDS = {bool: "Bool", int: "Int", float: "Double", complex: "ComplexDouble", str: "String", Device: "Device"}
Described = tuple[Any, Any, str, Any]
"""A value, its shape, its type and its strides, as the file has them."""


class _TraceRecorder(OpRecorder):
    """A recorder that keeps what the operands and results of each op are."""

    def __init__(self, numbers: _Numbers) -> None:
        super().__init__(shapes=True, memory=False, stack=False, flops=False, device=None)
        self.numbers = numbers
        self.inputs: dict[Span, list[Described]] = {}
        self.outputs: dict[Span, list[Described]] = {}

    def _note_operands(self, span: Span, args: Args) -> None:
        super()._note_operands(span, args)
        self.inputs.setdefault(span, []).extend(map(self.numbers.described, args))

    def _note_result(self, spans: list[Span], args: Args, result: Any) -> None:
        super()._note_result(spans, args, result)
        if spans and result is not None:
            results = result if isinstance(result, (tuple, list)) else (result,)
            described = [self.numbers.described(each) for each in results]
            span: Span | None = [each for each in spans if each.parent not in spans][-1]
            while span is not None:  # the call itself, and what it calls last
                self.outputs[span] = described
                span = next((each for each in reversed(spans) if each.parent is span), None)


class _Numbers:
    """The numbers of a trace: each op, tensor and storage has one."""

    def __init__(self) -> None:
        self.last = 2  # 1 is the process, 2 the thread
        self._known: dict[int, tuple[ref[Tensor | Storage], int]] = {}  # by identity: tensors compare element by element

    def new(self) -> int:
        self.last += 1
        return self.last

    def of(self, x: Tensor | Storage) -> int:
        known = self._known.get(id(x))
        if known is None or known[0]() is not x:  # or another one's place
            known = self._known[id(x)] = ref(x), self.new()
        return known[1]

    def described(self, x: Any) -> Described:
        """An operand as the file has it."""
        if isinstance(x, Tensor):
            value = [self.of(x), self.of(x._own_storage()), x._offset, x._numel, x._dtype.itemsize, str(x._device)]
            return value, list(x._shape), f"Tensor({_type_name(x)})", list(x.stride())
        if isinstance(x, (list, tuple)):
            parts = [self.described(each) for each in x]
            kind = f"GenericList[{','.join(part[2] for part in parts)}]"
            return [part[0] for part in parts], [part[1] for part in parts], kind, [part[3] for part in parts]
        if x is None:
            return "<None>", [], "None", []
        kind = _KINDS.get(type(x), "Unknown")
        return x if isinstance(x, (bool, int, float, str)) else str(x), [], kind, []


class ExecutionTraceObserver:
    """Writes the ops of what runs between `start` and `stop` into a JSON file (gzipped for a path that ends so) in the format of PyTorch's execution traces.

    `register_callback(path)` names the file, `unregister_callback` writes it. Of each op: its name, what it was called in, the values, shapes, types
    and strides of its operands and results. Only the thread that starts it is recorded; RuntimeError where a profile is being taken. PyTorch's schemas
    of ops and files of kernels are empty, as there are none here.

    >>> import corelib as torch, json, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "trace.json")
    >>> observer = torch.profiler.ExecutionTraceObserver().register_callback(path)
    >>> observer.start()
    >>> x = torch.ones(2, 3).exp()
    >>> observer.stop()
    >>> observer.unregister_callback()
    >>> [node["inputs"]["shapes"] for node in json.loads(path.read_text())["nodes"] if node["name"] == "aten::exp"]
    [[[2, 3]]]
    """

    def __init__(self) -> None:
        self._path = ""
        self._registered = False
        self._recorder: _TraceRecorder | None = None
        self._begun = 0
        self._numbers = _Numbers()
        self._nodes: list[dict[str, Any]] = []
        self.extra_resources_collection = False

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self.unregister_callback()

    @staticmethod
    def build_execution_trace_obs_from_env() -> ExecutionTraceObserver | None:
        """An observer of a temporary file where ENABLE_PYTORCH_EXECUTION_TRACE is 1; else None."""
        if os.environ.get("ENABLE_PYTORCH_EXECUTION_TRACE", "0") != "1":
            return None
        handle, path = tempfile.mkstemp(suffix=".et.json")
        os.close(handle)
        made = ExecutionTraceObserver().register_callback(path)
        made.set_extra_resource_collection(os.environ.get("ENABLE_PYTORCH_EXECUTION_TRACE_EXTRAS", "0") == "1")
        return made

    def register_callback(self, output_file_path: str | os.PathLike[str]) -> Self:
        """Name the file; a second name is not taken before `unregister_callback`."""
        if not self._registered:
            self._path, self._registered = os.fspath(output_file_path), True
            self._begun = perf_counter_ns()
            self._numbers, self._nodes = _Numbers(), []
        return self

    def unregister_callback(self) -> None:
        """Stop, and write the file."""
        if not getattr(self, "_registered", False):
            return
        self.stop()
        self._registered = False
        self._nodes.append(_node(1, "[pytorch|profiler|execution_trace|process]", 1, 7))
        content = {
            "schema": _SCHEMA, "pid": os.getpid(), "time": datetime.now().strftime("%Y-%m-%d %H:%M:%S"), "start_ts": self._begun // 1000, "nodes": self._nodes,
            "finish_ts": perf_counter_ns() // 1000,
        }  # fmt: skip
        opened = gzip.open if self._path.endswith(".gz") else open
        with opened(self._path, "wt", encoding="utf-8") as file:
            json.dump(content, file)

    @property
    def is_registered(self) -> bool:
        """Whether a file has been named and not yet written."""
        return self._registered

    def is_running(self) -> bool:
        """Whether ops are being recorded."""
        return self._recorder is not None

    def start(self) -> None:
        """Record from here on; nothing where no file has been named."""
        if self._registered and self._recorder is None:
            recorder = _TraceRecorder(self._numbers)
            recorder.start()
            self._recorder = recorder
            if not self._nodes:
                self._nodes.append(_node(2, "[pytorch|profiler|execution_trace|thread]", 1, 7))

    def stop(self) -> None:
        """Record no more; `start` goes on in the same file."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.stop()
            self._nodes += _nodes_of(recorder)

    def cleanup(self) -> None:
        """The same as `unregister_callback`."""
        self.unregister_callback()

    def get_output_file_path(self) -> str | None:
        """The file's name; None where none has been given."""
        return self._path or None

    def set_extra_resource_collection(self, val: bool) -> None:
        """Whether the directory for kernels beside the file is made; it stays empty, as no kernels are compiled to files here."""
        self.extra_resources_collection = val
        if val:
            self.get_resources_dir(can_create=True)

    def get_resources_dir(self, can_create: bool = False) -> str | None:
        """The directory for kernels beside the file; None where it is not wanted or not there."""
        return self.get_resources_dir_for_et_path(self._path, create_dir=can_create) if self.extra_resources_collection else None

    @staticmethod
    def get_resources_dir_for_et_path(trace_path: str, create_dir: bool = False) -> str | None:
        """The directory for kernels beside a file."""
        found = os.path.splitext(trace_path)[0] + "_resources"
        if not os.path.exists(found):
            if not create_dir:
                return None
            try:
                os.mkdir(found)
            except OSError as error:
                warn(f"Execution trace exception when creating {found}: {error}", UserWarning)
                return None
        return found


def _nodes_of(recorder: _TraceRecorder) -> list[dict[str, Any]]:
    """The nodes of what was recorded: what an op calls stands before it, as it ends before it."""
    numbers = recorder.numbers
    named = {span: numbers.new() for span in recorder.spans}
    below: dict[Span | None, list[Span]] = {}
    for span in recorder.spans:
        below.setdefault(span.parent if span.parent in named else None, []).append(span)
    found: list[dict[str, Any]] = []

    def walk(span: Span) -> None:
        for inner in below.get(span, ()):
            walk(inner)
        made = _node(named[span], span.name, named.get(span.parent, 2) if span.parent else 2, span.scope, recorder.inputs.get(span, ()), recorder.outputs.get(span, ()), span.sequence)
        found.append(made)

    for span in below.get(None, ()):
        walk(span)
    return found


def _node(number: int, name: str, parent: int, scope: int, inputs: Any = (), outputs: Any = (), sequence: int = -1) -> dict[str, Any]:
    """One node as the file has it."""
    attributes = (
        ("rf_id", "uint64", max(number - 2, 0)), ("fw_parent", "uint64", 0), ("seq_id", "int64", sequence), ("scope", "uint64", scope), ("tid", "uint64", 1),
        ("fw_tid", "uint64", 0), ("op_schema", "string", ""), ("kernel_backend", "string", ""), ("kernel_file", "string", ""), ("tensor_range", "string", ""),
    )  # fmt: skip
    return {
        "id": number, "name": name, "ctrl_deps": parent, "inputs": _columns(inputs), "outputs": _columns(outputs),
        "attrs": [{"name": key, "type": kind, "value": value} for key, kind, value in attributes],
    }  # fmt: skip


def _columns(described: Any) -> dict[str, list[Any]]:
    values, shapes, types, strides = (list(column) for column in zip(*described)) if described else ([], [], [], [])
    return {"values": values, "shapes": shapes, "types": types, "strides": strides}
