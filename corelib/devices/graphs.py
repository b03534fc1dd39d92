"""Graphs of recorded work, by PyTorch's names: what a program queues once is recorded, and then queued again at the cost of one call.

A graph reads and writes the memory that its capture read and wrote: new inputs are copied into the old tensors, results are read from them. What
it allocates comes from a pool of its own, or one that it shares. Nothing may wait for the device while it is captured.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

from corelib.autograd.engine import grad
from corelib.autograd.function import Function
from corelib.contract.backend import Graph as NativeGraph, UnsupportedError
from corelib.devices.queries import runtime_there
from corelib.dispatcher.runtime import Runtime
from corelib.dispatcher.streams import Stream, current_stream, default_stream, runtime_of
from corelib.ops.construction.creation import empty_like, zeros_like
from corelib.ops.random.generator import Generator, default_of
from corelib.pytree.trees import tree_flatten, tree_unflatten
from corelib.tensor.tensor import Tensor

__all__ = ["CUDAGraph", "graph", "graph_pool_handle", "is_current_stream_capturing", "make_graphed_callables"]

Pool: TypeAlias = tuple[int, int]
"""What names a pool of memory that graphs may share."""
_numbers = count(1)
_MODES = ("global", "thread_local", "relaxed")


def graph_pool_handle() -> Pool:
    """A name for a new pool of memory, for graphs that are replayed in the order in which they were captured to share. NoDeviceError without a device."""
    runtime_there("cuda")
    return (0, next(_numbers))


def is_current_stream_capturing() -> bool:
    """Whether this thread captures a graph. NoDeviceError without a device."""
    return runtime_there("cuda").allocator.pool is not None


class CUDAGraph:
    """A graph of work on the current cuda device: `CUDAGraph(keep_graph=False)`. UnsupportedError for `keep_graph`, whose handle is PyTorch's own.

    Random numbers of the device's default generator are new ones at each replay, as if what was captured had been called.
    """

    def __init__(self, keep_graph: bool = False) -> None:
        if keep_graph:
            raise UnsupportedError("CUDAGraph(): keep_graph=True would hand out a driver's handle, which corelib does not")
        runtime_there("cuda")
        self._native: NativeGraph = None
        self._runtime: Runtime | None = None
        self._pool: Pool | None = None
        self._capturing = False
        self._stream: Stream | None = None
        self._begun = 0
        self._draws = 0

    def capture_begin(self, pool: Pool | None = None, capture_error_mode: str = "global", check_input_liveness: bool = False) -> None:
        """Record what is queued in the current stream from now on. `torch.cuda.graph` calls this.

        pool: another graph's `pool()`, or `graph_pool_handle()`. capture_error_mode: one of "global", "thread_local" and "relaxed"; what this
        thread does is checked in all of them, and what others do in none. RuntimeError in the default stream, and where it captures already.
        """
        if capture_error_mode not in _MODES:
            raise RuntimeError(f"Unknown capture error mode. Expected `global`, `thread_local`, or `relaxed`, got {capture_error_mode}")
        if check_input_liveness:
            raise UnsupportedError("CUDAGraph.capture_begin(): check_input_liveness=True is not supported; keep the inputs that the graph reads")
        if self._native is not None or self._capturing:
            raise RuntimeError("This CUDAGraph instance already owns a captured graph. To capture a new graph, create a new instance.")
        runtime = runtime_there("cuda")
        stream = current_stream(runtime)
        if stream.stream_id == 0:
            raise RuntimeError(
                "CUDA graphs must be captured on a non-default stream. (However, after capture, it's ok to replay them on the default stream.)"
            )
        if runtime.allocator.pool is not None:
            raise RuntimeError("capture_begin(): this thread captures a graph already")
        generator = default_of(runtime.device)
        self._begun = generator.get_offset()
        runtime.backend.begin_capture(stream.queue, runtime.index, generator.initial_seed(), self._begun)
        self._runtime, self._stream, self._capturing = runtime, stream, True
        self._pool = graph_pool_handle() if pool is None else pool
        runtime.allocator.begin_pool(self._pool[1])

    def capture_end(self) -> None:
        """End what `capture_begin` began. RuntimeError where it did not, and where this stream is not the one."""
        if not self._capturing or self._runtime is None or self._stream is None:
            raise RuntimeError("capture_end(): Capture must end on the same stream it began on, and none has begun")
        runtime, self._capturing = self._runtime, False
        runtime.allocator.end_pool()
        generator = default_of(runtime.device)
        self._draws = generator.get_offset() - self._begun
        generator.set_offset(self._begun)  # nothing has run
        try:
            self._native = runtime.backend.end_capture(self._stream.queue, runtime.index)
        finally:
            if self._native is None:
                self.reset()
        if current_stream(runtime) != self._stream:
            self.reset()
            raise RuntimeError("Capture must end on the same stream it began on.")

    def instantiate(self) -> None:
        """Nothing: `capture_end` has done it."""

    def replay(self) -> None:
        """Queue what was captured in the current stream. RuntimeError without a captured graph."""
        if self._native is None or self._runtime is None:
            raise RuntimeError("Called CUDAGraph::replay without a preceding successful capture.")
        runtime, generator = self._runtime, default_of(self._runtime.device)
        draw = generator.get_offset()
        runtime.backend.launch_graph(self._native, current_stream(runtime).queue, runtime.index, generator.initial_seed(), draw)
        if self._draws:
            generator.set_offset(draw + self._draws)

    def reset(self) -> None:
        """Forget what was captured; its pool's memory may go to others when no graph uses it."""
        runtime, pool = self._runtime, self._pool
        self._native, self._runtime, self._stream = None, None, None
        if runtime is not None and pool is not None:
            runtime.allocator.leave_pool(pool[1])

    def __del__(self) -> None:
        if getattr(self, "_runtime", None) is not None:
            self.reset()

    def pool(self) -> Pool:
        """The name of its pool. RuntimeError before a capture."""
        if self._pool is None:
            raise RuntimeError("Called CUDAGraph::pool() without a preceding successful capture.")
        return self._pool

    def register_generator_state(self, generator: Generator) -> None:
        """The device's default generator is there without it; UnsupportedError for another."""
        if generator is not default_of(runtime_of("cuda", None).device):
            raise UnsupportedError("CUDAGraph.register_generator_state(): a graph draws from the device's default generator only")

    def enable_debug_mode(self) -> None:
        """UnsupportedError: see `debug_dump`."""
        raise UnsupportedError("CUDAGraph.enable_debug_mode(): corelib writes no picture of a graph")

    def debug_dump(self, debug_path: str) -> None:
        """UnsupportedError: corelib writes no picture of a graph."""
        raise UnsupportedError("CUDAGraph.debug_dump(): corelib writes no picture of a graph")

    def raw_cuda_graph(self) -> int:
        """RuntimeError, as from PyTorch without `keep_graph`."""
        raise RuntimeError("You cannot access the raw cudaGraph_t instance unless CUDAGraph was initialized with keep_graph=True")


class graph:  # PyTorch's name
    """A context that captures: `with torch.cuda.graph(g, pool=None, stream=None, capture_error_mode="global"):`.

    stream: where to capture; a side stream that all such contexts share for None. Before it, the device is waited for and kept memory given back.
    """

    default_capture_stream: Stream | None = None

    def __init__(
        self, cuda_graph: CUDAGraph, pool: Pool | None = None, stream: Stream | None = None, capture_error_mode: str = "global",
        check_input_liveness: bool = False,
    ) -> None:
        self._runtime = runtime_there("cuda")
        if stream is None:
            cls, shared = type(self), type(self).default_capture_stream
            if shared is None or shared.device != self._runtime.device:
                shared = cls.default_capture_stream = Stream(self._runtime.device)
            stream = shared
        self.cuda_graph = cuda_graph
        self.capture_stream: Stream = stream
        self._given = (pool, capture_error_mode, check_input_liveness)

    def __enter__(self) -> None:
        runtime = self._runtime
        runtime.backend.synchronize(runtime.index)
        gc.collect()
        runtime.allocator.empty_cache()
        self.capture_stream.__enter__()
        try:
            self.cuda_graph.capture_begin(*self._given)
        except BaseException:
            self.capture_stream.__exit__(None, None, None)
            raise

    def __exit__(self, kind: object, error: object, where: object) -> None:
        try:
            self.cuda_graph.capture_end()
            if kind is not None:  # what was captured is not the whole
                self.cuda_graph.reset()
        finally:
            self.capture_stream.__exit__(None, None, None)


def make_graphed_callables(
    callables: Any, sample_args: Any, num_warmup_iters: int = 3, allow_unused_input: bool = False, pool: Pool | None = None,
) -> Any:
    """Functions or modules whose forward and backward passes are graphs: one for one, a tuple for a tuple of them.

    sample_args: tensors of the shapes, dtypes and requires_grad of all later calls, a tuple for each callable. The pools are shared, so
    callables must be called in their order, and backward in the reverse one. RuntimeError for modules with hooks, for buffers that require a
    gradient, for arguments that are no tensors, and while autocast keeps copies of weights.
    """
    single = not isinstance(callables, tuple)
    functions: tuple[Any, ...] = (callables,) if single else callables
    samples: Sequence[Any] = (sample_args,) if single else sample_args
    if single and not isinstance(sample_args, tuple):
        raise TypeError(f"make_graphed_callables(): sample_args must be a tuple of tensors, got {type(sample_args).__name__}")
    shared = graph_pool_handle() if pool is None else pool
    made = [_Graphed(function, args, allow_unused_input) for function, args in zip(functions, samples, strict=True)]
    runtime = runtime_there("cuda")
    runtime.backend.synchronize(runtime.index)
    side = Stream(runtime.device)
    side.wait_stream(current_stream(runtime))
    with side:
        for one in made:
            for _ in range(num_warmup_iters):
                one.warm_up()
    default_stream(runtime).wait_stream(side)
    for one in made:
        with graph(one.forward_graph, pool=shared):
            one.capture_forward()
    for one in reversed(made):
        if one.differentiable:
            with graph(one.backward_graph, pool=shared):
                one.capture_backward()
    results = tuple(one.result() for one in made)
    return results[0] if single else results


def _is_module(function: Any) -> bool:
    """Whether it is a `torch.nn.Module`, a class of a room above this one."""
    return hasattr(function, "_forward_hooks") and hasattr(function, "buffers")


class _Graphed:
    """One callable, with the tensors that its graphs read and write."""

    def __init__(self, function: Any, args: tuple[Any, ...], allow_unused: bool) -> None:
        self.function = function
        self._args = args
        flat, self._structure = tree_flatten(args)
        if not all(isinstance(t, Tensor) for t in flat):
            raise TypeError("make_graphed_callables(): only tensors are allowed in the sample arguments, also inside of structures")
        self._parameters: tuple[Tensor, ...] = ()
        if _is_module(function):
            if function._backward_hooks or function._forward_hooks or function._forward_pre_hooks:
                raise RuntimeError("Modules must not have hooks registered at the time they are passed. However, registering hooks on modules after passing them through make_graphed_callables is allowed.")
            if any(b.requires_grad for b in function.buffers()):
                raise RuntimeError("In any :class:`~torch.nn.Module` passed to :func:`~make_graphed_callables`, only parameters may be trainable. All buffers must have ``requires_grad=False``.")
            self._parameters = tuple(function.parameters())
        self._given: tuple[Tensor, ...] = tuple(flat)
        self._inputs = (*self._given, *self._parameters)
        self._wanted = [t for t in self._inputs if t.requires_grad]
        self._allow_unused = allow_unused
        self.differentiable = bool(self._wanted)
        self.forward_graph, self.backward_graph = CUDAGraph(), CUDAGraph()
        self._results: tuple[Tensor, ...] = ()
        self._shape: Any = None
        self._incoming: list[Tensor | None] = []
        self._gradients: list[Tensor | None] = []

    def _called(self) -> tuple[Tensor, ...]:
        results, self._shape = tree_flatten(self.function(*self._args))
        return tuple(results)

    def _backward(self, results: tuple[Tensor, ...], incoming: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        pairs = [(r, g) for r, g in zip(results, incoming, strict=True) if r.requires_grad]
        found: Sequence[Tensor | None] = grad(
            tuple(r for r, _ in pairs), tuple(self._wanted), tuple(g for _, g in pairs), allow_unused=self._allow_unused
        )
        return found

    def warm_up(self) -> None:
        results = self._called()
        if any(r.requires_grad for r in results):
            self._backward(results, [zeros_like(r) if r.requires_grad else None for r in results])
        else:
            self.differentiable = False

    def capture_forward(self) -> None:
        self._results = self._called()

    def capture_backward(self) -> None:
        self._incoming = [empty_like(r) if r.requires_grad else None for r in self._results]
        found = iter(self._backward(self._results, self._incoming))
        self._gradients = [next(found) if t.requires_grad else None for t in self._inputs]

    def result(self) -> Any:
        """The function that replays; for a module the module itself, whose forward replays while it is in the mode of the capture."""
        run = self._function()

        def call(*args: Any) -> Any:
            flat, _ = tree_flatten(args)
            if len(flat) != len(self._given):
                raise RuntimeError(f"a graphed callable takes {len(self._given)} tensors, as its sample arguments, got {len(flat)}")
            return tree_unflatten(list(run.apply(*flat, *self._parameters)), self._shape)

        function = self.function
        if not _is_module(function):
            return call
        training, plain = function.training, function.forward

        def forward(*args: Any) -> Any:
            return call(*args) if function.training == training else plain(*args)

        function.forward = forward
        return function

    def _function(self) -> Any:
        graphed = self

        class Graphed(Function):
            @staticmethod
            def forward(ctx: Any, *inputs: Tensor) -> tuple[Tensor, ...]:
                for kept, new in zip(graphed._given, inputs, strict=False):
                    if kept.data_ptr() != new.data_ptr():
                        kept.detach().copy_(new)
                graphed.forward_graph.replay()
                return tuple(r.detach() for r in graphed._results)

            @staticmethod
            def backward(ctx: Any, *incoming: Tensor) -> tuple[Tensor | None, ...]:
                for kept, new in zip(graphed._incoming, incoming, strict=True):
                    if kept is not None and kept.data_ptr() != new.data_ptr():
                        kept.copy_(new)
                graphed.backward_graph.replay()
                return tuple(None if g is None else g.detach() for g in graphed._gradients)

        return Graphed
