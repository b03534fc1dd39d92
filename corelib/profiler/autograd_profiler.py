"""autograd.profiler: the profile of one stretch, without a schedule. `corelib.profiler.profile` is made of these."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, Self

from corelib.as_torch.warned import warn
from corelib.dispatcher.regions import record_function as record_function
from corelib.profiler.activities import ProfilerActivity, activity_of
from corelib.profiler.chrome_trace import export_chrome_trace
from corelib.profiler.event_list import EventList as EventList
from corelib.profiler.events import FunctionEvent as FunctionEvent, FunctionEventAvg, MemRecordsAcc as MemRecordsAcc
from corelib.profiler.recorder import USER, OpRecorder, Span
from corelib.tensor.device import DEVICE_TYPES

__all__ = [
    "EnforceUnique", "EventList", "FunctionEvent", "KinetoStepTracker", "MemRecordsAcc", "emit_itt", "emit_nvtx", "load_nvprof", "parse_nvprof_trace",
    "profile", "record_function",
]  # fmt: skip


class profile:
    """A context in which every op of this thread is recorded.

    enabled: False for a context that does nothing. use_device: a device type whose time is taken too, "opencl" or "cuda".
    record_shapes: note the shapes of operands; with_flops: the floating-point operations; profile_memory: the bytes that results take;
    with_stack: where the program was. use_cpu=False records nothing, as all that is recorded begins on the host.
    RuntimeError where a profile is being taken already.

    >>> import corelib as torch
    >>> x = torch.ones(3, requires_grad=True)
    >>> with torch.autograd.profiler.profile() as prof:
    ...     y = x + 1
    >>> [event.name for event in prof.function_events if event.cpu_parent is None]
    ['aten::add']
    """

    def __init__(
        self, enabled: bool = True, *, use_cuda: bool = False, use_device: str | None = None, record_shapes: bool = False, with_flops: bool = False,
        profile_memory: bool = False, with_stack: bool = False, with_modules: bool = False, use_kineto: bool = False, use_cpu: bool = True,
        experimental_config: Any = None, acc_events: bool = False, custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None, activity_filters: dict[ProfilerActivity, set[str]] | None = None,
    ) -> None:  # fmt: skip
        self.enabled = enabled
        if not enabled:
            return
        self.use_cuda = use_cuda
        if use_cuda:
            warn("The attribute `use_cuda` will be deprecated soon, please use ``use_device = 'cuda'`` instead.", FutureWarning)
            use_device = "cuda"
        if use_device is not None and (use_device in ("cpu", "meta") or use_device not in DEVICE_TYPES.value()):
            usable = sorted(name for name in DEVICE_TYPES.value() if name not in ("cpu", "meta"))
            warn(f"The {use_device} is not a valid device option; device types with a plugin here: {', '.join(usable) or 'none'}.")
            use_device = None
        if not use_cpu and not use_kineto:
            raise AssertionError("Device-only events supported only with Kineto (use_kineto=True)")
        if not use_cpu and use_device is None:
            raise AssertionError("No activities specified for the profiler")
        if post_processing_timeout_s is not None and post_processing_timeout_s < 0:
            raise ValueError("post_processing_timeout_s must be non-negative")
        self.use_device = use_device
        self.record_shapes = record_shapes or with_flops
        self.with_flops = with_flops
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.with_modules = with_modules
        self.use_cpu = use_cpu
        self.acc_events = acc_events
        self.experimental_config = experimental_config
        self.custom_trace_id_callback = custom_trace_id_callback
        self.post_processing_timeout_s = post_processing_timeout_s
        self.activity_filters = activity_filters or {}
        self.entered = False
        self.trace_id = ""
        self.profiling_start_time_ns = self.profiling_end_time_ns = 0
        self._recorder: OpRecorder | None = None
        self._events: EventList | None = None
        self._before: list[Any] = []

    def default_trace_id(self) -> str:
        """A new identifier for a trace."""
        return f"{uuid.uuid4().int:032X}"

    def create_trace_id(self) -> str:
        """An identifier for a trace, from `custom_trace_id_callback` where there is one."""
        return self.custom_trace_id_callback() if self.custom_trace_id_callback else self.default_trace_id()

    def __enter__(self) -> Self | None:
        if not self.enabled:
            return None
        if self.entered:
            raise RuntimeError("Profiler context manager is not reentrant")
        self._prepare_trace()
        self._start_trace()
        return self

    def _prepare_trace(self) -> None:
        self.entered = True
        self.trace_id = self.create_trace_id()

    def _start_trace(self) -> None:
        self.entered = True
        if self._recorder is not None and self.acc_events:
            self._before = list(self.function_events or ())
        self._events = None
        recorder = OpRecorder(
            shapes=self.record_shapes, memory=self.profile_memory, stack=self.with_stack, flops=self.with_flops, device=self.use_device,
        )  # fmt: skip
        recorder.start()
        self._recorder = recorder
        self.profiling_start_time_ns = recorder.begun_at

    def __exit__(self, *exception: object) -> None:
        if self.enabled and self._recorder is not None:
            self._recorder.stop()
            self.profiling_end_time_ns = self._recorder.ended_at

    def toggle_collection_dynamic(self, enabled: bool, activities: Iterable[ProfilerActivity]) -> None:
        """Stop recording for a while, or go on with it: what the host starts (CPU), or what a device does."""
        if self._recorder is None:
            return
        for activity in activities:
            if activity is ProfilerActivity.CPU:
                self._recorder.collects = enabled
            elif self.use_device is not None and activity is activity_of(self.use_device):
                self._recorder.device = self.use_device if enabled else None

    @property
    def function_events(self) -> EventList | None:
        """Every event, in the order in which they began; None before the profile has ended."""
        if self._events is None and self._recorder is not None and self._recorder.ended_at:
            made = EventList(
                self._made_of(self._recorder), use_device=self.use_device, profile_memory=self.profile_memory, with_flops=self.with_flops
            )
            made._build_tree()
            made.extend(self._before)
            self._before = []
            self._events = made
        return self._events

    def _made_of(self, recorder: OpRecorder) -> list[FunctionEvent]:
        events = []
        sizes = _bytes_with_inner(recorder.spans)
        for number, span in enumerate(recorder.spans, 1):
            host, device = sizes[span]
            event = FunctionEvent(
                id=number, name="ProfilerStep*" if span.name.startswith("ProfilerStep#") else span.name, trace_name=span.name, thread=1, start_us=(span.start - recorder.begun_at) / 1e3, end_us=(span.end - recorder.begun_at) / 1e3, overload_name="",
                fwd_thread=1 if span.sequence >= 0 and (span.scope == 1 or span.name.startswith("autograd::engine::")) else 0,
                input_shapes=[[] if dtype == "TensorList" else shape for shape, dtype in zip(span.shapes, span.dtypes, strict=True)],
                stack=span.stack, scope=span.scope, use_device=self.use_device, cpu_memory_usage=host, device_memory_usage=device,
                sequence_nr=span.sequence, flops=span.flops, concrete_inputs=span.concrete, kwinputs={}, is_user_annotation=span.scope == USER,
                activity_type="user_annotation" if span.scope == USER else "cpu_op", external_id=number, structured_input_shapes=span.shapes,
                structured_input_strides=span.strides, input_dtypes=span.dtypes,
            )  # fmt: skip
            if span.elapsed > 0:
                event.append_kernel(span.name, span.device.index or 0, span.elapsed)
                event.is_legacy = True  # the kernel's time is that of the whole op, with those inside
            events.append(event)
        return events

    def _finished(self) -> EventList:
        events = self.function_events
        if events is None:
            raise AssertionError("Expected profiling results: the profile has not ended")
        return events

    def __repr__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self.function_events is None else repr(self.function_events)

    def __str__(self) -> str:
        return "<unfinished torch.autograd.profile>" if self.function_events is None else str(self.function_events)

    def table(self, sort_by: str | None = None, row_limit: int = 100, **options: Any) -> str:
        """The events as a table; see `EventList.table`."""
        return self._finished().table(sort_by=sort_by, row_limit=row_limit, **options)

    def export_chrome_trace(self, path: str, metadata: dict[str, str] | None = None, use_python_export: bool = False) -> None:
        """Write a file for `chrome://tracing`, Perfetto or TensorBoard."""
        if self._recorder is None or not self._recorder.ended_at:
            raise AssertionError("Expected profiling results: the profile has not ended")
        export_chrome_trace(path, self._recorder, self.trace_id, metadata or {})

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write where events were called and how long they took; needs with_stack=True."""
        if not self.with_stack:
            raise AssertionError("export_stacks() requires with_stack=True")
        self._finished().export_stacks(path, metric)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False) -> EventList:
        """What is known of all events of a name; see `EventList.key_averages`."""
        return self._finished().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def total_average(self) -> FunctionEventAvg:
        """The figures of all events together."""
        return self._finished().total_average()

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds on the host, of all events without those inside them."""
        return self._finished().self_cpu_time_total


def _bytes_with_inner(spans: list[Span]) -> dict[Span, tuple[int, int]]:
    """What each span has taken on host and device, less what it has given back, with what is inside it."""
    inner: dict[Span, list[int]] = defaultdict(lambda: [0, 0])
    found: dict[Span, tuple[int, int]] = {}
    for span in reversed(spans):  # the inner ones first
        host, device = inner[span]
        found[span] = (span.host_bytes + host, span.device_bytes + device)
        if span.parent is not None:
            inner[span.parent][0] += found[span][0]
            inner[span.parent][1] += found[span][1]
    return found


class EnforceUnique:
    """Raises RuntimeError for a key that it sees a second time."""

    def __init__(self) -> None:
        self.seen: set[tuple[Any, ...]] = set()

    def see(self, *key: Any) -> None:
        """Look at a key."""
        if key in self.seen:
            raise RuntimeError(f"duplicate key: {key}")
        self.seen.add(key)


class KinetoStepTracker:
    """Counts steps: of several that count, each under a name of its own, the farthest says which step it is."""

    _current_step = 0
    _step_dict: dict[str, int] = defaultdict(int)

    @classmethod
    def init_step_count(cls, requester: str) -> None:
        """Somebody begins to count."""
        cls._step_dict[requester] = cls._current_step

    @classmethod
    def erase_step_count(cls, requester: str) -> bool:
        """Somebody no longer counts; whether it did."""
        return cls._step_dict.pop(requester, None) is not None

    @classmethod
    def increment_step(cls, requester: str) -> int:
        """Somebody is a step farther; the step that it is now."""
        if requester not in cls._step_dict:
            cls.init_step_count(requester)
        cls._step_dict[requester] += 1
        farthest = max(cls._step_dict.values())
        if farthest > cls._current_step + 1:
            warn(
                f"Profiler step count has increased more than 1 - current_step = {cls._current_step} step dict =  {cls._step_dict}"
            )
        cls._current_step = max(farthest, cls._current_step)
        return cls._current_step

    @classmethod
    def current_step(cls) -> int:
        """The step that it is."""
        return cls._current_step


class _Emitter:
    _for, _instead = "", ""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled
        self.record_shapes = record_shapes

    def __enter__(self) -> Self | None:
        if not self.enabled:
            return None
        raise RuntimeError(
            f"{type(self).__name__}(): corelib sends no marks to {self._for}; take a profile and look at its trace: "
            "with corelib.profiler.profile() as prof: ..., then prof.export_chrome_trace(path)"
        )

    def __exit__(self, *exception: object) -> None:
        """Nothing was begun."""


class emit_nvtx(_Emitter):
    """A context that in PyTorch marks ops for NVIDIA's tools. With `enabled=False` it does nothing; else RuntimeError, with what to use instead."""

    _for = "NVIDIA's profilers (NVTX)"


class emit_itt(_Emitter):
    """A context that in PyTorch marks ops for Intel VTune. With `enabled=False` it does nothing; else RuntimeError, with what to use instead."""

    _for = "Intel VTune (ITT)"


def parse_nvprof_trace(path: str) -> NoReturn:
    """RuntimeError: nvprof's files are not read, as corelib puts no marks into them."""
    raise RuntimeError(
        f"load_nvprof(): {path!r} cannot be read: nvprof's traces are of programs that mark their ops (emit_nvtx), which corelib's do not; take a "
        "profile with corelib.profiler.profile() instead"
    )


def load_nvprof(path: str) -> NoReturn:
    """RuntimeError; see `parse_nvprof_trace`."""
    parse_nvprof_trace(path)
