"""Profiles: which ops run, how often and how long, as torch.profiler. docs/profiler.md shows how to take one and how to read it."""

from corelib.as_torch.finder import paths_below as _paths_below
from corelib.dispatcher.regions import kineto_available as kineto_available, record_function as record_function
from corelib.profiler import itt as itt
from corelib.profiler.activities import (
    DeviceType as DeviceType, ProfilerActivity as ProfilerActivity, supported_activities as supported_activities,
)
from corelib.profiler.profiler import (
    ExecutionTraceObserver as ExecutionTraceObserver, _KinetoProfile as _KinetoProfile, profile as profile,
)
from corelib.profiler.schedules import (
    ProfilerAction as ProfilerAction, schedule as schedule, tensorboard_trace_handler as tensorboard_trace_handler,
)

__all__ = [
    "DeviceType", "ExecutionTraceObserver", "ProfilerAction", "ProfilerActivity", "itt", "kineto_available", "profile", "record_function", "schedule",
    "supported_activities", "tensorboard_trace_handler",
]  # fmt: skip

_paths_below(__name__)
