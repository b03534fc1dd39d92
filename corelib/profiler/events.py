"""What a profile consists of: FunctionEvent for each call, FunctionEventAvg for what is known of all calls of a name."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

from corelib.as_torch.warned import warn
from corelib.profiler.activities import DeviceType
from corelib.profiler.units import format_time
from corelib.tensor.named import NamedTuple

__all__ = ["EventMetadata", "FormattedTimesMixin", "FunctionEvent", "FunctionEventAvg", "Interval", "Kernel", "MemRecordsAcc", "StringTable"]

_DEVICES = (DeviceType.CUDA, DeviceType.PrivateUse1, DeviceType.MTIA, DeviceType.HPU, DeviceType.XPU)


def _formatted(name: str) -> Any:
    return property(lambda self: format_time(getattr(self, name)), doc=f"`{name}` with its unit.")


def _renamed(old: str, new: str) -> Any:
    def read(self: Any) -> Any:
        warn(f"`{old}` is deprecated, please use `{new}` instead.", FutureWarning)
        return getattr(self, new)

    return property(read, doc=f"The former name of `{new}`.")


class FormattedTimesMixin:
    """Times per call, and times as text; for what has `count` and times in total, in microseconds."""

    count: int
    cpu_time_total: float
    device_time_total: float

    cpu_time_str = _formatted("cpu_time")
    device_time_str = _formatted("device_time")
    cpu_time_total_str = _formatted("cpu_time_total")
    device_time_total_str = _formatted("device_time_total")
    self_cpu_time_total_str = _formatted("self_cpu_time_total")
    self_device_time_total_str = _formatted("self_device_time_total")
    cuda_time = _renamed("cuda_time", "device_time")

    @property
    def cpu_time(self) -> float:
        """Microseconds on the host, per call."""
        return 1.0 * self.cpu_time_total / self.count if self.count else 0.0

    @property
    def device_time(self) -> float:
        """Microseconds on the device, per call."""
        return 1.0 * self.device_time_total / self.count if self.count else 0.0


class Interval:
    """From `start` to `end`, in microseconds."""

    def __init__(self, start: float, end: float) -> None:
        self.start = start
        self.end = end

    def elapsed_us(self) -> float:
        """How long it is."""
        return self.end - self.start


class Kernel(NamedTuple):
    """What an op had a device do: a name, the device's index, microseconds."""

    name: str
    device: int
    duration: float


_METADATA: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
    ("registers per thread", "registers_per_thread", int), ("shared memory", "shared_memory", int), ("grid", "grid", json.loads), ("block", "block", json.loads),
    ("priority", "priority", int), ("blocks per SM", "blocks_per_sm", float), ("warps per SM", "warps_per_sm", float), ("occupancy", "occupancy", json.loads),
    ("est. achieved occupancy %", "est_occupancy_pct", float), ("queued", "queued", int), ("graph id", "graph_id", int), ("graph node id", "graph_node_id", int),
    ("stream", "stream", int), ("context", "context", int), ("channel", "channel", int), ("channel_type", "channel_type", int), ("bytes", "bytes", int),
    ("memory bandwidth (GB/s)", "bandwidth_gb_s", float), ("Collective name", "collective_name", lambda v: v.strip('"')), ("dtype", "dtype", lambda v: v.strip('"')),
    ("In msg nelems", "in_msg_nelems", int), ("Out msg nelems", "out_msg_nelems", int), ("In split size", "in_split_size", lambda v: v.strip('"')),
    ("Out split size", "out_split_size", lambda v: v.strip('"')), ("Global rank start", "global_rank_start", int), ("Global rank stride", "global_rank_stride", int),
    ("Group size", "group_size", int), ("Process Group Name", "process_group_name", lambda v: v.strip('"')),
    ("Process Group Description", "process_group_desc", lambda v: v.strip('"')), ("Process Group Ranks", "group_ranks", lambda v: v.strip('"')), ("Rank", "rank", int),
    ("Src Rank", "src_rank", int), ("Dst Rank", "dst_rank", int), ("Seq", "seq", int), ("Is asynchronized op", "is_async", lambda v: v in ("1", "true")),
)  # fmt: skip
EventMetadata = namedtuple("EventMetadata", """
    registers_per_thread shared_memory grid block priority blocks_per_sm warps_per_sm occupancy est_occupancy_pct queued
    graph_id graph_node_id stream context channel channel_type bytes bandwidth_gb_s collective_name dtype in_msg_nelems
    out_msg_nelems in_split_size out_split_size global_rank_start global_rank_stride group_size process_group_name
    process_group_desc group_ranks rank src_rank dst_rank seq is_async
""")
"""What a device's driver says of a kernel or a copy; None for what it does not say."""


def _metadata(said: dict[str, str]) -> Any:
    found = {name: read(said[key]) if said.get(key) is not None else None for key, name, read in _METADATA}
    return EventMetadata(**found) if any(value is not None for value in found.values()) else None


class FunctionEvent(FormattedTimesMixin):
    """One call. Times are in microseconds from the beginning of the profile; the arguments are PyTorch's."""

    def __init__(
        self, id: int, name: str, thread: int, start_us: float, end_us: float, overload_name: str | None = None, fwd_thread: int | None = None,
        input_shapes: Any = None, stack: list[str] | None = None, scope: int = 0, use_device: str | None = None, cpu_memory_usage: int = 0,
        device_memory_usage: int = 0, is_async: bool = False, is_remote: bool = False, sequence_nr: int = -1, node_id: int = -1,
        device_type: DeviceType = DeviceType.CPU, device_index: int = 0, device_resource_id: int | None = None, is_legacy: bool = False,
        flops: int | None = None, trace_name: str | None = None, concrete_inputs: list[Any] | None = None, kwinputs: dict[str, Any] | None = None,
        is_user_annotation: bool = False, is_python_function: bool = False, activity_type: str | None = None, metadata_json: str | None = None,
        flow_id: int | None = None, flow_type: int | None = None, flow_start: bool | None = None, external_id: int = 0,
        linked_correlation_id: int = 0, extra_meta: dict[str, str] | None = None, structured_input_shapes: Any = None,
        structured_input_strides: Any = None, input_dtypes: list[str] | None = None, python_id: int = -1, python_parent_id: int = -1,
        python_module_id: int = -1,
    ) -> None:  # fmt: skip
        self.id = id
        self.node_id = node_id
        self.name = name
        self.overload_name = overload_name
        self.trace_name = trace_name
        self.time_range = Interval(start_us, end_us)
        self.thread = thread
        self.fwd_thread = fwd_thread
        self.kernels: list[Kernel] = []
        self.count = 1
        self.cpu_children: list[FunctionEvent] = []
        self.cpu_parent: FunctionEvent | None = None
        self.input_shapes = input_shapes
        self.concrete_inputs = concrete_inputs
        self.kwinputs = kwinputs
        self.stack = stack
        self.scope = scope
        self.use_device = use_device
        self.cpu_memory_usage = cpu_memory_usage
        self.device_memory_usage = device_memory_usage
        self.is_async = is_async
        self.is_remote = is_remote
        self.sequence_nr = sequence_nr
        self.device_type = device_type
        self.device_index = device_index
        self.device_resource_id = thread if device_resource_id is None else device_resource_id
        self.is_legacy = is_legacy
        self.flops = flops
        self.is_user_annotation = is_user_annotation
        self.is_python_function = is_python_function
        self.activity_type = activity_type
        self.self_cpu_percent: Any = -1
        self.total_cpu_percent: Any = -1
        self.total_device_percent: Any = -1
        self._metadata_json = metadata_json
        self.flow_id, self.flow_type, self.flow_start = flow_id, flow_type, flow_start
        self.external_id = external_id
        self.linked_correlation_id = linked_correlation_id
        self.event_metadata = _metadata(extra_meta) if extra_meta else None
        self.structured_input_shapes = structured_input_shapes
        self.structured_input_strides = structured_input_strides
        self.input_dtypes = input_dtypes
        self.python_id, self.python_parent_id, self.python_module_id = python_id, python_parent_id, python_module_id

    metadata_json = _renamed("metadata_json", "_metadata_json")
    cuda_time_total = _renamed("cuda_time_total", "device_time_total")
    self_cuda_time_total = _renamed("self_cuda_time_total", "self_device_time_total")
    self_cuda_memory_usage = _renamed("self_cuda_memory_usage", "self_device_memory_usage")

    def append_kernel(self, name: str, device: int, duration: float) -> None:
        """Note what it had a device do."""
        self._must_be_on_host("append_kernel", self)
        self.kernels.append(Kernel(name, device, duration))

    def append_cpu_child(self, child: FunctionEvent) -> None:
        """Note an event directly inside this one."""
        self._must_be_on_host("append_cpu_child", self, child)
        self.cpu_children.append(child)

    def set_cpu_parent(self, parent: FunctionEvent) -> None:
        """Note the event that this one is directly inside of."""
        self._must_be_on_host("set_cpu_parent", self, parent)
        self.cpu_parent = parent

    @staticmethod
    def _must_be_on_host(what: str, *events: Any) -> None:
        for event in events:
            if not isinstance(event, FunctionEvent) or event.device_type != DeviceType.CPU:
                raise AssertionError(f"{what}(): expected a FunctionEvent whose device_type is CPU, got {event!r}")

    @property
    def _on_host(self) -> bool:
        return not self.is_async and self.device_type == DeviceType.CPU

    @property
    def self_cpu_memory_usage(self) -> int:
        """Bytes on the host, without what the events inside took."""
        return self.cpu_memory_usage - sum(c.cpu_memory_usage for c in self.cpu_children) if self._on_host else 0

    @property
    def self_device_memory_usage(self) -> int:
        """Bytes on the device, without what the events inside took."""
        return self.device_memory_usage - sum(c.device_memory_usage for c in self.cpu_children) if self._on_host else 0

    @property
    def cpu_time_total(self) -> float:  # type: ignore[override]  # computed here, a plain figure in FunctionEventAvg
        """Microseconds on the host."""
        return self.time_range.elapsed_us() if self.device_type == DeviceType.CPU else 0

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds on the host, without those of the events inside."""
        return self.cpu_time_total - sum(c.cpu_time_total for c in self.cpu_children) if self._on_host else 0

    @property
    def device_time_total(self) -> float:  # type: ignore[override]  # as cpu_time_total
        """Microseconds on the device."""
        if self.is_async or not self.use_device:
            return 0
        if self.device_type == DeviceType.CPU:
            own = sum(kernel.duration for kernel in self.kernels)
            return own if self.is_legacy else own + sum(c.device_time_total for c in self.cpu_children)
        if self.device_type not in _DEVICES:
            raise AssertionError(f"Expected device_type to be CUDA, PrivateUse1, MTIA, HPU or XPU, but got {self.device_type}")
        return self.time_range.elapsed_us()

    @property
    def self_device_time_total(self) -> float:
        """Microseconds on the device, without those of the events inside."""
        if self.is_async or not self.use_device:
            return 0
        inside = sum(c.device_time_total for c in self.cpu_children) if self.device_type == DeviceType.CPU else 0
        return self.device_time_total - inside

    @property
    def key(self) -> str:
        """What events are grouped by."""
        return self.name

    def __repr__(self) -> str:
        device = self.use_device
        return (
            f"<FunctionEvent id={self.id} name={self.name} overload_name={self.overload_name} device_type={self.device_type} node_id={self.node_id} "
            f"cpu_time={self.cpu_time_str} start_us={self.time_range.start} end_us={self.time_range.end} "
            f"cpu_children={[child.id for child in self.cpu_children]} {device}_time={self.device_time_str} name={self.name} thread={self.thread} "
            f"input_shapes={self.input_shapes} cpu_memory_usage={self.cpu_memory_usage} {device}_memory_usage={self.device_memory_usage} "
            f"is_async={self.is_async} is_remote={self.is_remote} seq_nr={self.sequence_nr} is_legacy={self.is_legacy}>"
        )


_SUMMED = (
    "cpu_time_total", "device_time_total", "self_cpu_time_total", "self_device_time_total", "cpu_memory_usage", "device_memory_usage",
    "self_cpu_memory_usage", "self_device_memory_usage", "count",
)
_TAKEN = (
    "key", "node_id", "is_async", "is_remote", "cpu_parent", "cpu_children", "overload_name", "input_shapes", "stack", "scope", "device_type", "is_legacy",
    "use_device", "is_user_annotation",
)


class FunctionEventAvg(FormattedTimesMixin):
    """What is known of all calls of one key: figures in total, from `add`; per call where the name says no `total`."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.count = 0
        self.node_id = 0
        self.is_async = False
        self.is_remote = False
        self.use_device: str | None = None
        self.cpu_time_total: float = 0
        self.device_time_total: float = 0
        self.self_cpu_time_total: float = 0
        self.self_device_time_total: float = 0
        self.input_shapes: Any = None
        self.overload_name: str | None = None
        self.stack: list[str] | None = None
        self.scope: int | None = None
        self.cpu_memory_usage = 0
        self.device_memory_usage = 0
        self.self_cpu_memory_usage = 0
        self.self_device_memory_usage = 0
        self.cpu_children: list[FunctionEvent] | None = None
        self.cpu_parent: FunctionEvent | None = None
        self.device_type = DeviceType.CPU
        self.is_legacy = False
        self.flops: int | None = 0
        self.is_user_annotation = False
        self.self_cpu_percent: Any = -1
        self.total_cpu_percent: Any = -1
        self.total_device_percent: Any = -1

    def add(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        """Add an event, or what is known of several, of the same key."""
        if not isinstance(other, (FunctionEvent, FunctionEventAvg)):
            raise AssertionError(f"add(): expected a FunctionEvent or a FunctionEventAvg, got {type(other).__name__}")
        if self.key is None:
            for name in _TAKEN:
                setattr(self, name, getattr(other, name))
        if other.key != self.key:
            raise AssertionError(f"Expected keys to match, but got {other.key} vs {self.key}")
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if self.flops is None:
            self.flops = other.flops
        elif other.flops is not None:
            self.flops += other.flops
        return self

    def __iadd__(self, other: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        return self.add(other)

    def __repr__(self) -> str:
        device = self.use_device or "cuda"
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={self.self_cpu_time_total_str} cpu_time={self.cpu_time_str}  "
            f"self_{device}_time={self.self_device_time_total_str} {device}_time={self.device_time_str} input_shapes={self.input_shapes} "
            f"cpu_memory_usage={self.cpu_memory_usage} {device}_memory_usage={self.device_memory_usage}>"
        )


class StringTable(defaultdict[str, str]):
    """Names as they are shown; here they are what they are."""

    def __missing__(self, key: str) -> str:
        self[key] = key
        return key


class MemRecordsAcc:
    """Finds those of many records, each a tuple whose first element has `start_ns()`, that begin in an interval."""

    def __init__(self, mem_records: Any) -> None:
        self._records = sorted(mem_records, key=lambda record: record[0].start_ns())
        self._starts = [record[0].start_ns() for record in self._records]

    def in_interval(self, start_ns: int, end_ns: int) -> Iterator[Any]:
        """The records that begin from `start_ns` to `end_ns`, by time."""
        yield from self._records[bisect_left(self._starts, start_ns) : bisect_right(self._starts, end_ns)]
