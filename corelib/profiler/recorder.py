"""The recorder: a mode that writes down every op of its thread, when it began and ended, and what was asked to be noted of it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

from corelib.dispatcher.modes import Mode, below, enter_outermost
from corelib.dispatcher.op import Entry, Kwargs, Op
from corelib.dispatcher.regions import Recorder, watched
from corelib.dispatcher.streams import Event, current_stream, runtime_of
from corelib.graph.node import AccumulateGrad, Gradient, Grads, Node
from corelib.graph.rule import Args
from corelib.profiler.aten.calls import Shaped, aten_steps
from corelib.profiler.aten.functions import BY_RESULT, function_steps
from corelib.profiler.aten.tables import OPEN, Step, node_steps, steps
from corelib.profiler.memory import MemoryWatch
from corelib.profiler.operations import operations
from corelib.profiler.watching import Watch
from corelib.tensor.tensor import Tensor

FUNCTION, BACKWARD, USER = 0, 1, 7
"""PyTorch's RecordScope: an op, a node of the graph in a backward, and what the program has named."""
_EVALUATE = "autograd::engine::evaluate_function: "
MEMORY = "[memory]"
"""What PyTorch calls memory that comes or goes outside of all ops."""
_INNER = ("amp", "dispatcher", "profiler")


class Span:
    """One stretch of time and what was noted of it; times in nanoseconds."""

    __slots__ = ("args", "concrete", "device", "device_bytes", "dtypes", "elapsed", "end", "events", "flops", "host_bytes", "name", "parent", "scope", "sequence", "shapes", "stack", "start", "strides", "works")

    def __init__(self, name: str, scope: int, parent: Span | None) -> None:
        self.name = name
        self.scope = scope
        self.parent = parent
        self.start = self.end = 0
        self.sequence = -1
        self.works = False
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
        self.changes: list[tuple[int, int, int, bool]] = []
        """What memory has come or gone: when, how many bytes, how many all then take, whether on the host."""
        self.thread = threading.get_ident()
        self.native_thread = threading.get_native_id()
        self.collects = True
        self.begun_at = self.ended_at = 0
        self._open: list[Span] = []
        self._nodes: list[tuple[Span, Span, bool]] = []
        self._inside = 0  # how many calls run whose insides are not recorded
        self._following: tuple[tuple[str, str], ...] = ()
        self._functions = Watch(self._function)
        self._tensors = MemoryWatch(self._freed)

    def start(self) -> None:
        """Begin; RuntimeError where another profile is being taken."""
        if watched.recorder is not None:
            raise RuntimeError("profile(): another profile is being taken; a profiler cannot run inside another one. Stop that one first.")
        self.thread, self.native_thread = threading.get_ident(), threading.get_native_id()
        watched.recorder = self
        self._functions.begin()
        enter_outermost(self)
        self.begun_at = perf_counter_ns()

    def stop(self) -> None:
        """End; what is still open ends now."""
        self.ended_at = perf_counter_ns()
        if self._open:
            self._close(self._open[0])
        watched.recorder = None
        self.__exit__()
        self._functions.end()
        self._tensors.end()
        for span in self.spans:
            if span.events is not None:
                begun, ended = span.events
                ended.synchronize()
                span.elapsed = begun.elapsed_time(ended) * 1e3
                span.events = None

    # Ops

    def dispatch(self, op: Op, call: Entry, args: Args, kwargs: Kwargs) -> Any:
        """Record an op, under PyTorch's name and with what PyTorch calls in it."""
        if not self.collects or self._inside:
            return call(*args, **kwargs)
        whole = (*args, *[kwargs.get(p) for p in op.params[len(args) :]])
        in_backward = any(span.scope == BACKWARD for span in self._open)
        if in_backward and op.name == "linear_backward":
            self._following = _nodes_of_linear(whole)
        shown = aten_steps(op, whole, in_backward)
        name = shown[0].name
        by_result = name in BY_RESULT
        return self._run(name, whole, lambda result: function_steps(name, whole, result) if by_result else shown, lambda: call(*args, **kwargs))

    def dispatch_function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Record a public function, and inside it the ops that it is made of."""
        if not self.collects or self._inside:
            with below(self):
                return call(*args, **kwargs)

        def inner() -> Any:
            with below(self):
                return call(*args, **kwargs)

        return self._run(name, args, lambda result: function_steps(name, args, result), inner)

    def _function(self, name: str, call: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Record a function that is no op of the table."""
        if not self.collects or self._inside or threading.get_ident() != self.thread:
            return call(*args, **kwargs)
        if name == "backward":
            if len(args) < 2 and kwargs.get("gradient") is None:
                self._place_all(steps("ones_like(empty_like fill_)"), self._open[-1] if self._open else None, perf_counter_ns(), 0, FUNCTION, None)
            return call(*args, **kwargs)
        whole = (*args, *kwargs.values())
        return self._run(name, whole, lambda result: function_steps(name, whole, result), lambda: call(*args, **kwargs))

    def _run(self, name: str, args: Args, shown: Callable[[Any], tuple[Step, ...]], call: Callable[[], Any]) -> Any:
        """Run something. In it there is what PyTorch calls, as `shown` says of its result; what it calls here is recorded where PyTorch's does the same."""
        opened = name in OPEN
        span = self._begin(f"aten::{name}", FUNCTION)
        if self.device is not None:
            self._time(span, args)
        self._inside += not opened
        try:
            result = call()
        finally:
            self._inside -= not opened
            self._close(span)
        if opened:
            self._note(span, name, args)
            self._note_result([span], args, result)
        else:
            self._show(span, shown(result), args, result)
        return result

    def wants_inplace(self, op: Op) -> bool:
        """Whether this is an in-place op that is not known yet."""
        return self.collects and not self._inside and threading.get_ident() == self.thread

    @contextmanager
    def inplace(self, op: Op, args: Args) -> Iterator[None]:
        """Record the in-place form of an op, in which its plain form is nothing of its own."""
        name = aten_steps(op, args, False)[-1].name
        name = name if name.endswith("_") else f"{name}_"
        span = self._begin(f"aten::{name}", FUNCTION)
        if self.device is not None:
            self._time(span, args)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._close(span)
        self._show(span, function_steps(name, args, None), args, None)

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
        given = tuple(g) if isinstance(g, list) else (g,)
        if self.shapes:
            self._note_operands(span, given)
        shown = None if self._inside else node_steps(node.name(), len(node.edges))
        if getattr(getattr(node, "rule", None), "name", None) == "softmax_nll":
            self._following = (("LogSoftmaxBackward0", "_log_softmax_backward_data"),)
        try:
            if shown is None:
                return node.apply(g)
            grads: Grads = self._run(shown[0].name, given, lambda result: shown, lambda: node.apply(g))
            return grads
        finally:
            self._close(span)

    def reach(self, node: Node) -> None:
        """A leaf's gradient is about to be accumulated."""
        if self.collects and threading.get_ident() == self.thread:
            span = self._enter_node("torch::autograd::AccumulateGrad", -1, True)
            leaf = getattr(node, "variable", None)
            if leaf is not None and leaf.grad is None:
                self._place_all(steps("detach"), span, perf_counter_ns(), 0, FUNCTION, None)

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
                if span.end and not leaf:
                    for name, written in self._following:
                        node = Step(name, steps(written))
                        self._place(Step(_EVALUATE + name, (node,)), outer.parent, perf_counter_ns(), 0, BACKWARD)
                self._following = ()

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

    def _show(self, span: Span, shown: tuple[Step, ...], args: Args, result: Any) -> None:
        """Make of a span, which has ended, what PyTorch shows of it."""
        if not shown:
            self.spans.remove(span)
            return
        made = self._place_all(shown, span.parent, span.start, span.end, FUNCTION, span)
        self._note_result(made, args, result)

    def _place_all(self, shown: tuple[Step, ...], parent: Span | None, start: int, end: int, scope: int, like: Span | None, first: bool = True) -> list[Span]:
        """Spans for steps that follow each other. Of those of a call, `like`, the one that works takes the time to `end`; all others take a tick or two."""
        sizes = [2 * sum(1 for _ in step.walk()) for step in shown]
        heavy = -1 if like is None else next((i for i, step in enumerate(shown) if any(each.works for each in step.walk())), len(shown) - 1)
        end = max(end, start + sum(sizes))
        made: list[Span] = []
        for i, (step, size) in enumerate(zip(shown, sizes, strict=True)):
            stop = end - sum(sizes[i + 1 :]) if i == heavy else start + size
            made += self._place(step, parent, start, stop, scope, like, first and i == 0 and like is not None)
            start = stop
        return made

    def _place(self, step: Step, parent: Span | None, start: int, end: int, scope: int = FUNCTION, like: Span | None = None, itself: bool = False) -> list[Span]:
        """The span of a step, and those of the steps in it. `itself`: that of the call is made into it."""
        name = step.name
        if name[0] == ".":
            name = name[1:]
        elif not name.endswith("Backward0"):
            name = f"aten::{name}"
        if like is not None and itself:
            span = like
            span.name = name
        else:
            span = Span(name, scope if name == step.name and not name.startswith(_EVALUATE) else FUNCTION, parent)
            self.spans.append(span)
            if like is not None:
                span.stack = like.stack
                if step.works:
                    span.device, span.events = like.device, like.events
        span.start, span.works = start, step.works
        inner = 2 * sum(1 for _ in step.walk()) - 2
        span.end = max(end, start + inner + 2)
        if step.args is not None:
            self._note(span, step.name, step.args)
        if not step.inner:
            return [span]
        passes = like is not None and not step.works and any(each.works for each in step.walk())
        return [span, *self._place_all(step.inner, span, start + 1, span.end - 1 if passes else start + 1 + inner, scope, like if passes else None, False)]

    def _note(self, span: Span, name: str, args: Args) -> None:
        """The operands of an op, and the operations on them."""
        if self.shapes or self.flops:
            self._note_operands(span, args)
        outer: Span | None = span.parent
        while self.flops and outer is not None and not outer.flops:  # what an op is made of is counted with it
            outer = outer.parent
        if self.flops and outer is None:
            span.flops = operations(name, args)

    def _time(self, span: Span, args: Args) -> None:
        """Let the device of the operands take the time too, where it can."""
        x = next((x for x in args if isinstance(x, Tensor)), None)
        if x is None or x._device.type != self.device:
            return
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
                    self._count(_allocating(spans), self._tensors.take(made), made._device.type == "cpu")

    def _count(self, span: Span, nbytes: int, host: bool) -> None:
        if nbytes:
            self.changes.append((span.end or perf_counter_ns(), nbytes, self._tensors.allocated, host))
        if host:
            span.host_bytes += nbytes
        else:
            span.device_bytes += nbytes

    def _freed(self, nbytes: int, host: bool) -> None:
        """Memory has been given back: in what runs now, or by the program between two ops."""
        if not self.collects or threading.get_ident() != self.thread:
            return
        if self._open:
            self._count(self._open[-1], -nbytes, host)
            return
        span = Span(MEMORY, FUNCTION, None)
        span.start = span.end = perf_counter_ns()
        self._count(span, -nbytes, host)
        self.spans.append(span)


def _allocating(spans: list[Span]) -> Span:
    """Which of an op's spans takes the memory of its result: an `empty`, but for that of a number that becomes a tensor; else what works."""
    if spans[0].name in ("aten::arange", "aten::eye", "aten::randperm"):  # which resize what `empty` has made without memory
        return next((span for span in spans if span.name == "aten::resize_"), spans[0])
    for span in spans:
        if span.name in ("aten::empty", "aten::empty_strided"):
            outer = span.parent
            if outer is None or outer.name != "aten::_to_copy" or spans[0] in (outer, outer.parent):
                return span
    return next((span for span in spans if span.works), spans[0])


def _nodes_of_linear(args: Args) -> tuple[tuple[str, str], ...]:
    """What PyTorch has for a linear layer beside the node of its product."""
    views = (("ViewBackward0", "reshape(view)"),) * 2 if len(args[0]._shape) > 2 else ()
    return (*views, *((("TBackward0", "t"),) if args[3][1] else ()))


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
