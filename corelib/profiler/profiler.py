"""`profile`: a profile in the steps of a schedule, with its trace, its figures and its table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, Self

from corelib.as_torch.warned import warn
from corelib.dispatcher.regions import record_function
from corelib.profiler import autograd_profiler
from corelib.profiler.activities import ProfilerActivity, activity_of, supported_activities
from corelib.profiler.autograd_profiler import KinetoStepTracker
from corelib.profiler.event_list import EventList
from corelib.profiler.execution_trace import ExecutionTraceObserver as ExecutionTraceObserver
from corelib.profiler.schedules import ProfilerAction, always, schedule as schedule, tensorboard_trace_handler as tensorboard_trace_handler
from corelib.tensor.device import DEVICE_TYPES

__all__ = ["ExecutionTraceObserver", "ProfilerAction", "profile", "schedule", "supported_activities", "tensorboard_trace_handler"]

Activities = Iterable[ProfilerActivity | dict[ProfilerActivity, list[str]]]
PROFILER_STEP_NAME = "ProfilerStep"
_NOTED = ("profile_memory", "with_stack", "record_shapes", "with_modules", "with_flops")


def _device_of(activities: set[ProfilerActivity]) -> str | None:
    """The device type that is timed: the first whose activity is asked for and that has a plugin."""
    wanted = [name for name in DEVICE_TYPES.value() if name not in ("cpu", "meta") and activity_of(name) in activities]
    return wanted[0] if wanted else None


class _KinetoProfile:
    """A profile without a schedule: `start`, `stop`, and what can be asked of it. `profile` describes the arguments."""

    def __init__(
        self, *, activities: Activities | None = None, record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False,
        with_flops: bool = False, with_modules: bool = False, experimental_config: Any = None, execution_trace_observer: Any = None,
        acc_events: bool = False, custom_trace_id_callback: Callable[[], str] | None = None, post_processing_timeout_s: float | None = None,
    ) -> None:  # fmt: skip
        self.activities: set[ProfilerActivity] = set()
        for item in supported_activities() if activities is None else activities:
            self.activities |= set(item) if isinstance(item, dict) else {item}
        unknown = [a for a in self.activities if not isinstance(a, ProfilerActivity)]
        if unknown:
            raise TypeError(f"profile(): activities must be ProfilerActivity, got {unknown[0]!r}")
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory
        self.with_stack = with_stack
        self.with_flops = with_flops
        self.with_modules = with_modules
        self.experimental_config = experimental_config
        if execution_trace_observer is not None:
            raise NotImplementedError(
                "profile(): an execution trace is not written beside a profile, as one recorder watches a program at a time. Wrong: profile(execution_trace_observer=observer). "
                "Right: observer.start() before and observer.stop() after a run of its own, without a profile"
            )
        self.execution_trace_observer = execution_trace_observer
        self.acc_events = acc_events
        self.custom_trace_id_callback = custom_trace_id_callback
        self.post_processing_timeout_s = post_processing_timeout_s
        self.profiler: autograd_profiler.profile | None = None
        self.use_device = _device_of(self.activities)
        self.preset_metadata: dict[str, str] = {}
        self._trace_metadata: dict[str, str] = {}

    def start(self) -> None:
        """Begin to record."""
        self.prepare_trace()
        self.start_trace()

    def stop(self) -> None:
        """End the recording."""
        self.stop_trace()

    def prepare_trace(self) -> None:
        """Get ready; nothing is recorded yet."""
        if self.profiler is None or not self.acc_events:
            self.profiler = autograd_profiler.profile(
                use_cpu=ProfilerActivity.CPU in self.activities, use_device=self.use_device, record_shapes=self.record_shapes,
                with_flops=self.with_flops, profile_memory=self.profile_memory, with_stack=self.with_stack, with_modules=self.with_modules,
                use_kineto=True, experimental_config=self.experimental_config, acc_events=self.acc_events,
                custom_trace_id_callback=self.custom_trace_id_callback, post_processing_timeout_s=self.post_processing_timeout_s,
            )  # fmt: skip
        self.profiler._prepare_trace()

    def _begun(self, what: str) -> autograd_profiler.profile:
        if self.profiler is None:
            raise AssertionError(f"Profiler must be initialized before {what}")
        return self.profiler

    def start_trace(self) -> None:
        """Begin to record, after `prepare_trace`."""
        self._begun("starting trace")._start_trace()
        for name in _NOTED:
            if getattr(self, name):
                self.add_metadata_json(name, "1")
        for key, value in self.preset_metadata.items():
            self.add_metadata_json(key, value)

    def stop_trace(self) -> None:
        """End the recording."""
        self._begun("stopping trace").__exit__(None, None, None)

    def export_chrome_trace(self, path: str, use_python_export: bool = False) -> None:
        """Write what was last recorded for `chrome://tracing`, Perfetto or TensorBoard; compressed where the path ends in .gz."""
        self._begun("exporting chrome trace").export_chrome_trace(path, self._trace_metadata, use_python_export=use_python_export)

    def export_stacks(self, path: str, metric: str = "self_cpu_time_total") -> None:
        """Write where events were called and how long they took, for flame graphs; needs with_stack=True."""
        self._begun("exporting stacks").export_stacks(path, metric)

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[ProfilerActivity]) -> None:
        """Stop recording some activities for a while, or go on with them."""
        if self.profiler is not None:
            self.profiler.toggle_collection_dynamic(enable, activities)

    def key_averages(self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False) -> EventList:
        """What is known of all events of a name; also by the shapes of operands, or by where they were called."""
        return self._begun("getting key averages").key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def events(self) -> EventList | None:
        """Every event, in the order in which they began; None before the recording has ended."""
        return self._begun("accessing events").function_events

    def add_metadata(self, key: str, value: str) -> None:
        """Put a text into the trace."""
        escaped = value.replace('"', '\\"')
        self._trace_metadata[key] = f'"{escaped}"'

    def add_metadata_json(self, key: str, value: str) -> None:
        """Put a value, given as JSON, into the trace."""
        self._trace_metadata[key] = value

    def preset_metadata_json(self, key: str, value: str) -> None:
        """Put a value, given as JSON, into the trace of what will be recorded."""
        self.preset_metadata[key] = value

    def export_memory_timeline(self, path: str, device: str | None = None) -> None:
        """NotImplementedError: PyTorch has deprecated it."""
        raise NotImplementedError(
            "export_memory_timeline(): PyTorch has deprecated it, and corelib has none. With profile_memory=True the bytes of each op are in events(), in the "
            "table and in export_chrome_trace(); corelib.cuda.memory_stats() and its like have a device's figures"
        )


class profile(_KinetoProfile):
    """Takes profiles: which ops run, how often and how long, on the host and on a device.

    activities: what to collect; all that is supported here for None. schedule: which steps to record, see `schedule`; all that runs for None.
    on_trace_ready: called with this profile when a cycle has been recorded. record_shapes: the shapes of operands. profile_memory: the bytes that
    ops take and give back. with_stack: where the program was. with_flops: the floating-point operations of products and convolutions. with_modules:
    accepted; PyTorch uses it for TorchScript only. acc_events: keep the events of earlier cycles.
    Only the thread that starts it is recorded. RuntimeError where a profile is being taken already.

    >>> import corelib as torch
    >>> with torch.profiler.profile() as prof:
    ...     y = torch.ones(2, 3) @ torch.ones(3, 4)
    >>> [(event.key, event.count) for event in prof.key_averages() if event.key in ("aten::ones", "aten::mm")]
    [('aten::ones', 2), ('aten::mm', 1)]
    """

    def __init__(
        self, *, activities: Activities | None = None, schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None, record_shapes: bool = False, profile_memory: bool = False, with_stack: bool = False,
        with_flops: bool = False, with_modules: bool = False, experimental_config: Any = None, execution_trace_observer: Any = None,
        acc_events: bool = False, use_cuda: bool | None = None, custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            activities=activities, record_shapes=record_shapes, profile_memory=profile_memory, with_stack=with_stack, with_flops=with_flops,
            with_modules=with_modules, experimental_config=experimental_config, execution_trace_observer=execution_trace_observer,
            acc_events=acc_events, custom_trace_id_callback=custom_trace_id_callback, post_processing_timeout_s=post_processing_timeout_s,
        )  # fmt: skip
        if use_cuda is not None:
            warn("`use_cuda` is deprecated, use `activities` argument instead", FutureWarning)
            self.activities = self.activities | {ProfilerActivity.CUDA} if use_cuda else self.activities - {ProfilerActivity.CUDA}
            self.use_device = _device_of(self.activities)
        if not self.activities:
            raise AssertionError("No valid profiler activities found")
        self.schedule = schedule or always
        self.record_steps = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.step_num = 0
        self.step_rec_fn: record_function | None = None
        self.current_action = self._scheduled(0)
        KinetoStepTracker.init_step_count(PROFILER_STEP_NAME)

    def _scheduled(self, step: int) -> ProfilerAction:
        action = self.schedule(step)
        if action == ProfilerAction.DEVICE_STOPPED:
            raise ValueError(
                "ProfilerAction.DEVICE_STOPPED is set internally by the profiler and must not be returned by a user-provided schedule"
            )
        return action

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        KinetoStepTracker.erase_step_count(PROFILER_STEP_NAME)

    def start(self) -> None:
        """Begin with the first step."""
        self._go_over(ProfilerAction.NONE, self.current_action)
        self._name_step()

    def stop(self) -> None:
        """End the last step; a recording that runs ends too, and `on_trace_ready` is called."""
        self._end_step()
        self._go_over(self.current_action, None)

    def step(self) -> None:
        """The next step begins."""
        self._end_step()
        before = self.current_action
        action = self._scheduled(self.step_num + 1)
        self.step_num += 1
        self.current_action = action
        self._go_over(before, action)
        if os.environ.get("KINETO_USE_DAEMON"):
            KinetoStepTracker.increment_step(PROFILER_STEP_NAME)
        self._name_step()

    def _name_step(self) -> None:
        if self.record_steps:
            self.step_rec_fn = record_function(f"ProfilerStep#{self.step_num}")
            self.step_rec_fn.__enter__()

    def _end_step(self) -> None:
        if self.step_rec_fn is not None:
            self.step_rec_fn.__exit__(None, None, None)
            self.step_rec_fn = None

    def _go_over(self, before: ProfilerAction, after: ProfilerAction | None) -> None:
        """From what the last step did to what the next one does; None after the last."""
        none, warmup = ProfilerAction.NONE, ProfilerAction.WARMUP
        recording = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if before is warmup and after in (none, None):
            if after is none:
                warn("Incorrect schedule: WARMUP followed by NONE")
            self.start_trace()
            self.stop_trace()
            return
        ends = before is ProfilerAction.RECORD_AND_SAVE or (before in recording and after not in recording)
        if ends:
            if before is ProfilerAction.RECORD and after is not None:
                warn(f"Incorrect schedule: RECORD followed by {after.name}")
                self.stop_trace()
                return
            self.stop_trace()
            self._trace_ready()
        if after in (warmup, *recording) and (ends or before is none):
            self.prepare_trace()
        if after in recording and (ends or before in (none, warmup)):
            self.start_trace()

    def _trace_ready(self) -> None:
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def set_custom_trace_id_callback(self, callback: Callable[[], str]) -> None:
        """What gives the next traces their identifiers."""
        self.custom_trace_id_callback = callback
        if self.profiler is not None:
            self.profiler.custom_trace_id_callback = callback

    def get_trace_id(self) -> str | None:
        """The identifier of the trace."""
        return None if self.profiler is None else self.profiler.trace_id
