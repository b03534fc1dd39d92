"""The recorder: a mode that writes down every op of its thread, when it began and ended, and what was asked to be noted of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from time import perf_counter_ns
from typing import Any

from corelib.dispatcher.modes import Mode, below, enter_outermost
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.dispatcher.regions import Recorder, watched
from corelib.dispatcher.streams import Event, current_stream, runtime_of
from corelib.graph.node import AccumulateGrad, Gradient, Grads, Node
from corelib.graph.rule import Args
from corelib.profiler.aten_names import Shaped, aten_calls
from corelib.profiler.operations import operations
from corelib.tensor.tensor import Tensor

FUNCTION, BACKWARD, USER = 0, 1, 7
"""PyTorch's RecordScope: an op, a node of the graph in a backward, and what the program has named."""
_EVALUATE = "autograd::engine::evaluate_function: "
_INNER = ("amp", "dispatcher", "profiler")


METHODS = (
    "bernoulli_", "cauchy_", "copy_", "detach_", "exponential_", "fill_", "geometric_", "item", "log_normal_", "normal_", "random_", "uniform_", "zero_",
)  # fmt: skip
"""Methods that are no ops of the table. While a profile is taken, what records them stands in their place; at other times they are as they are."""


class Span:
    """One stretch of time and what was noted of it; times in nanoseconds."""

    __slots__ = ("args", "concrete", "device", "device_bytes", "dtypes", "elapsed", "end", "events", "flops", "host_bytes", "name", "parent", "scope", "sequence", "shapes", "stack", "start", "strides")

    def __init__(self, name: str, scope: int, parent: Span | None) -> None:
        self.name = name
        self.scope = scope
        self.parent = parent
        self.start = self.end = 0
        self.sequence = -1
        self.args: str | None = None
        self.shapes: list[Any] = []
        self.strides: list[Any] = []
        self.dtypes: list[str] = []
        self.concrete: list[Any] = []
        self.stack: list[str] = []
        self.host_bytes = 0
        self.device_bytes = 0
        self.flops = 0
        self.device: Any = None
        self.events: tuple[Event, Event] | None = None
        self.elapsed = 0.0  # microseconds on the device


class OpRecorder(Mode, Recorder):
    """Records from `start` to `stop`; `spans` has what was recorded, in the order in which it began.

    shapes, memory, stack, flops: whether to note the operands, the bytes that results take, where the program called, and the operations.
    host: whether to record at all what the host does; device: whether to time it on the device too.
    """

    inside = True

    def __init__(self, *, shapes: bool, memory: bool, stack: bool, flops: bool, device: str | None) -> None:
        self.shapes, self.memory, self.stack, self.flops = shapes, memory, stack, flops
        self.device = device
        self.spans: list[Span] = []
        self.thread = threading.get_ident()
        self.native_thread = threading.get_native_id()
        self.collects = True
        self.begun_at = self.ended_at = 0
        self._open: list[Span] = []
        self._nodes: list[tuple[Span, Span, bool]] = []
        self._plain: Op | None = None
        self._methods: list[tuple[type, str, Any]] = []

    def start(self) -> None:
        """Begin; RuntimeError where another profile is being taken."""
        if watched.recorder is not None:
            raise RuntimeError("profile(): another profile is being taken; a profiler cannot run inside another one. Stop that one first.")
        self.thread, self.native_thread = threading.get_ident(), threading.get_native_id()
        watched.recorder = self
        self._methods = [_watched_method(self, name) for name in METHODS if hasattr(Tensor, name)]
        enter_outermost(self)
        self.begun_at = perf_counter_ns()

    def stop(self) -> None:
        """End; what is still open ends now."""
        self.ended_at = perf_counter_ns()
        if self._open:
            self._close(self._open[0])
        watched.recorder = None
        self.__exit__()
        for owner, name, original in self._methods:
            setattr(owner, name, original)
        for span in self.spans:
            if span.events is not None:
                begun, ended = span.events
                ended.synchronize()
                span.elapsed = begun.elapsed_time(ended) * 1e3
                span.events = None

    # Ops

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Record an op, under each of the names that PyTorch has for it."""
        if not self.collects:
            return call(*args, **kwargs)
        if op is self._plain:
            self._plain = None
            return call(*args, **kwargs)
        whole = (*args, *[kwargs.get(p) for p in op.params[len(args) :]])
        spans = []
        for name, operands in aten_calls(op, whole, any(span.scope == BACKWARD for span in self._open)):
            spans.append(self._begin(f"aten::{name}", FUNCTION))
            self._note(spans[-1], name, operands)
        try:
            result = call(*args, **kwargs)
        finally:
            self._close(spans[0])
        self._note_result(spans, whole, result)
        return result

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Record a public function, and inside it the ops that it is made of."""
        if not self.collects:
            with below(self):
                return call(*args, **kwargs)
        span = self._begin(f"aten::{name}", FUNCTION)
        if self.shapes:
            self._note_operands(span, args)
        try:
            with below(self):
                result = call(*args, **kwargs)
        finally:
            self._close(span)
        return result

    def wants_inplace(self, op: Op) -> bool:
        """Whether this is an in-place op that is not known yet."""
        return self.collects and op is not self._plain and threading.get_ident() == self.thread

    @contextmanager
    def inplace(self, op: Op, args: Args) -> Iterator[None]:
        """Record the in-place form of an op, in which its plain form is nothing of its own."""
        name, operands = aten_calls(op, args, False)[0]
        span = self._begin(f"aten::{name}" if name.endswith("_") else f"aten::{name}_", FUNCTION)
        self._note(span, f"{name}_", operands)
        before, self._plain = self._plain, op
        try:
            yield
        finally:
            self._plain = before
            self._close(span)

    # What the program names, and the backward

    def begin(self, name: str, args: str | None = None) -> Span | None:
        """What the program has named begins."""
        if not self.collects or threading.get_ident() != self.thread:
            return None
        span = self._begin(name, USER)
        span.args = args
        return span

    def end(self, begun: Any) -> None:
        """It ends, and with it what began inside it."""
        if begun is not None and begun in self._open:
            self._close(begun)

    def run_node(self, node: Node, g: Gradient) -> Grads:
        """A node of the graph runs: PyTorch shows the engine's work on it, and inside that the node."""
        if not self.collects or threading.get_ident() != self.thread:
            return node.apply(g)
        span = self._enter_node(node.name(), node.seq, False)
        if self.shapes:
            self._note_operands(span, tuple(g) if isinstance(g, list) else (g,))
        try:
            return node.apply(g)
        finally:
            self._close(span)

    def reach(self, node: Node) -> None:
        """A leaf's gradient is about to be accumulated."""
        if self.collects and threading.get_ident() == self.thread:
            self._enter_node("torch::autograd::AccumulateGrad", -1, True)

    def leave_nodes(self) -> None:
        """The backward is over."""
        if threading.get_ident() == self.thread:
            self._leave_node()

    def _enter_node(self, name: str, sequence: int, leaf: bool) -> Span:
        self._leave_node()
        outer = self._begin(_EVALUATE + name, FUNCTION)
        span = self._begin(name, BACKWARD)
        outer.sequence = span.sequence = sequence
        self._nodes.append((outer, span, leaf))
        return span

    def _leave_node(self) -> None:
        """Close the node before: the engine goes on with its gradients until it takes the next. Not one in which a backward of its own runs."""
        if self._nodes:
            outer, span, leaf = self._nodes[-1]
            if leaf or span.end:
                self._nodes.pop()
                if outer in self._open:
                    self._close(outer)

    # Spans

    def _begin(self, name: str, scope: int) -> Span:
        span = Span(name, scope, self._open[-1] if self._open else None)
        self.spans.append(span)
        self._open.append(span)
        if self.stack:
            span.stack = _where()
        span.start = perf_counter_ns()
        return span

    def _close(self, span: Span) -> None:
        now = perf_counter_ns()
        while self._open:
            last = self._open.pop()
            last.end = now
            if last.device is not None and last.events is not None:
                last.events[1].record(current_stream(runtime_of(None, last.device)))
            if last is span:
                break

    def _note(self, span: Span, name: str, args: Args) -> None:
        """What is known before the op runs."""
        if self.shapes or self.flops:
            self._note_operands(span, args)
        if self.flops and not any(outer.flops for outer in self._open):  # what an op is made of is counted with it
            span.flops = operations(name, args)
        if self.device is not None:
            for x in args:
                if isinstance(x, Tensor):
                    if x._device.type == self.device:
                        self._time(span, x)
                    break

    def _time(self, span: Span, x: Tensor) -> None:
        runtime = runtime_of(None, x._device)
        if runtime.backend.capabilities()["elapsed_time"]:
            span.device = x._device
            span.events = Event(enable_timing=True), Event(enable_timing=True)
            span.events[0].record(current_stream(runtime))

    def _note_operands(self, span: Span, args: Args) -> None:
        for x in args:
            if isinstance(x, (Tensor, Shaped)):
                span.shapes.append(list(x._shape))
                span.strides.append(list(x.stride()))
                span.dtypes.append(_type_name(x))
                span.concrete.append(None)
            elif isinstance(x, (list, tuple)) and x and isinstance(x[0], Tensor):
                span.shapes.append([list(each._shape) for each in x])
                span.strides.append([list(each.stride()) for each in x])
                span.dtypes.append("TensorList")
                span.concrete.append(None)
            else:
                span.shapes.append([])
                span.strides.append([])
                several = isinstance(x, (list, tuple))
                span.dtypes.append("" if x is None else "ScalarList" if several else "Scalar")
                span.concrete.append(list(x) if several else x if isinstance(x, (bool, int, float, complex, str)) else None)

    def _note_result(self, spans: list[Span], args: Args, result: Any) -> None:
        """What is known after it."""
        results = [x for x in (result if isinstance(result, (tuple, list)) else (result,)) if isinstance(x, Tensor)]
        if not results:
            return
        edge = results[0]._edge
        if edge is not None and type(edge[0]) is not AccumulateGrad:
            for span in spans:
                span.sequence = edge[0].seq
        if self.memory:
            given = [x for x in args if isinstance(x, Tensor)]
            for made in results:
                if made._base is None and not any(made is x or made._shares(x) for x in given):
                    nbytes = made._numel * made._dtype.itemsize
                    for span in spans:
                        if made._device.type == "cpu":
                            span.host_bytes += nbytes
                        else:
                            span.device_bytes += nbytes


def _watched_method(recorder: OpRecorder, name: str) -> tuple[type, str, Any]:
    """Put what records a method in its place: its class, its name and what was there."""
    owner = next(cls for cls in Tensor.__mro__ if name in vars(cls))
    original = vars(owner)[name]

    @wraps(original)
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not recorder.collects or threading.get_ident() != recorder.thread:
            return original(self, *args, **kwargs)
        span = recorder._begin(f"aten::{name}", FUNCTION)
        recorder._note(span, name, (self, *args))
        try:
            return original(self, *args, **kwargs)
        finally:
            recorder._close(span)

    setattr(owner, name, method)
    return owner, name, original


_TYPES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "int64": "long int", "int32": "int", "int16": "short int",
    "int8": "signed char", "uint8": "unsigned char", "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}


def _type_name(x: Tensor | Shaped) -> str:
    return _TYPES.get(x._dtype.name, x._dtype.name)


def _where() -> list[str]:
    """Where the program is, the innermost call first, without the calls that bring it here."""
    frame: Any = sys._getframe(2)
    found: list[str] = []
    while frame is not None:
        package = frame.f_globals.get("__name__", "").split(".")
        code = frame.f_code
        if not (package[0] == "corelib" and package[1:2] and package[1] in _INNER) and code.co_filename[:1] != "<":
            found.append(f"{code.co_filename}({frame.f_lineno}): {code.co_name}")
        frame = frame.f_back
    return found
