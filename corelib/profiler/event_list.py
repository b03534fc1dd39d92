"""EventList: the events of a profile, what is known of them by name, and where they can be written to."""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import groupby
from operator import attrgetter
from typing import Any

from corelib.profiler.activities import DeviceType
from corelib.profiler.events import FunctionEventAvg
from corelib.profiler.table import DEVICE_WORDS, build_table, device_word

__all__ = ["EventList"]


class EventList(list[Any]):
    """A list of FunctionEvent or FunctionEventAvg, as profilers give it.

    use_device: the type of the device that was timed beside the host; profile_memory, with_flops: what the table shows.
    """

    def __init__(self, *args: Any, use_device: str | None = None, profile_memory: bool = False, with_flops: bool = False) -> None:
        super().__init__(*args)
        self._use_device = use_device
        self._profile_memory = profile_memory
        self._with_flops = with_flops
        self._tree_built = False

    def _build_tree(self) -> None:
        """Find out which events are inside which, by their times."""
        self._find_parents()
        self._drop_repeats()
        self._stacks_of_backward()
        self._tree_built = True

    def _find_parents(self) -> None:
        events = sorted((e for e in self if not e.is_async and e.device_type == DeviceType.CPU), key=attrgetter("thread"))
        for _, of_thread in groupby(events, key=lambda e: (e.thread, e.node_id)):
            around: list[Any] = []
            for event in sorted(of_thread, key=lambda e: (e.time_range.start, -e.time_range.end)):
                while around:
                    parent = around[-1].time_range
                    if event.time_range.start < parent.end and event.time_range.end <= parent.end:
                        break
                    around.pop()
                if around:
                    if event.cpu_parent is not None:
                        raise AssertionError(f"There is already a CPU parent event for {event.key}")
                    around[-1].append_cpu_child(event)
                    event.set_cpu_parent(around[-1])
                around.append(event)

    def _drop_repeats(self) -> None:
        """An event that is alone inside one of its own name is that one."""
        while True:
            repeated = {
                id(e) for e in self if e.cpu_parent is not None and e.cpu_parent.name == e.name and len(e.cpu_parent.cpu_children) == 1
            }
            if not repeated:
                return
            for event in self:
                if id(event) in repeated:
                    parent = event.cpu_parent
                    parent.cpu_children = event.cpu_children
                    parent.kernels = event.kernels
                    for child in event.cpu_children:
                        child.cpu_parent = parent
            self[:] = [e for e in self if id(e) not in repeated]

    def _stacks_of_backward(self) -> None:
        """What runs in a backward was called where its forward was."""
        stacks: dict[tuple[int, int], list[str]] = {}
        backward: list[tuple[Any, Any]] = []
        for event in self:
            node = event
            while node is not None and node.scope != 1:
                node = node.cpu_parent
            if node is not None:
                backward.append((event, node))
            elif event.stack is not None:
                stacks.setdefault((event.sequence_nr, event.thread), event.stack)
        for event, node in backward:
            if node.fwd_thread is None:
                raise AssertionError("Expected fwd_thread to be set for backward parent")
            event.stack = stacks.get((node.sequence_nr, node.fwd_thread), [])

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds on the host, of all events without those inside them."""
        return float(sum(event.self_cpu_time_total for event in self))

    def table(
        self, sort_by: str | None = None, row_limit: int = 100, max_src_column_width: int | None = 75, max_name_column_width: int | None = 55,
        max_shapes_column_width: int | None = 80, header: str | None = None, top_level_events_only: bool = False, time_unit: str | None = None,
    ) -> str:  # fmt: skip
        """The events as a table, one a row.

        sort_by: a figure by which to sort, the largest first: `cpu_time`, `cpu_time_total`, `self_cpu_time_total`, `count`, `cpu_memory_usage`,
        `self_cpu_memory_usage`, and the same of `device` or of the device's type in place of `cpu`; None leaves the order.
        row_limit: how many rows at most; -1 for all. top_level_events_only: only events that are inside no other. time_unit: "s", "ms" or "us".
        """
        return build_table(
            self, sort_by=sort_by, row_limit=row_limit, max_src_column_width=max_src_column_width, max_name_column_width=max_name_column_width,
            max_shapes_column_width=max_shapes_column_width, header=header, profile_memory=self._profile_memory, with_flops=self._with_flops,
            top_level_events_only=top_level_events_only, time_unit=time_unit,
        )  # fmt: skip

    def __str__(self) -> str:
        return self.table()

    def export_chrome_trace(self, path: str) -> None:
        """Write the events into a file that `chrome://tracing` and Perfetto show."""
        written: list[dict[str, Any]] = []
        links = 0
        for event in self:
            if event.trace_name is None:
                continue
            thread = event.thread if not event.is_remote else f" node_id:{event.node_id}, thread_id:{event.thread} "
            start = event.time_range.start
            written.append({
                "name": event.trace_name, "ph": "X", "ts": start, "dur": event.time_range.elapsed_us(), "tid": thread, "pid": "CPU functions", "args": {},
            })  # fmt: skip
            for _ in event.kernels:
                written.append({
                    "name": event.trace_name, "ph": "s", "ts": start, "tid": event.thread, "pid": "CPU functions", "id": links,
                    "cat": f"cpu_to_{self._use_device or 'cuda'}", "args": {},
                })  # fmt: skip
                links += 1
        with open(path, "w", encoding="utf-8") as file:
            json.dump(written, file)

    def supported_export_stacks_metrics(self) -> list[str]:
        """The figures that `export_stacks` takes."""
        return ["self_cpu_time_total", *[f"self_{word}_time_total" for word in DEVICE_WORDS]]

    def export_stacks(self, path: str, metric: str) -> None:
        """Write where events were called and how long they took, one a line, as tools for flame graphs read it."""
        if metric not in self.supported_export_stacks_metrics():
            raise ValueError(f"metric should be one of: {self.supported_export_stacks_metrics()}")
        plain = str.maketrans(" ;\t\n", "____")
        with open(path, "w", encoding="utf-8") as file:
            for event in self:
                value = int(getattr(event, device_word(metric))) if event.stack else 0
                if value > 0:
                    file.write(";".join(entry.translate(plain) for entry in reversed(event.stack)) + f" {value}\n")

    def key_averages(self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False) -> EventList:
        """What is known of all events of a name; of a name and the shapes of its operands, or the first entries of where it was called."""
        if not self._tree_built:
            raise AssertionError("Expected tree to be built before calling key_averages")
        found: dict[tuple[str, ...], FunctionEventAvg] = defaultdict(FunctionEventAvg)
        for event in self:
            key = [event.key, event.node_id, event.device_type, event.is_legacy, event.is_user_annotation]
            if group_by_overload_name:
                key.append(event.overload_name)
            if group_by_input_shapes:
                key.append(event.input_shapes)
            if group_by_stack_n > 0:
                key += event.stack[:group_by_stack_n]
            found[tuple(map(str, key))].add(event)
        averages = EventList(found.values(), use_device=self._use_device, profile_memory=self._profile_memory, with_flops=self._with_flops)
        for average in averages:
            average.stack = average.stack[:group_by_stack_n]
            if not group_by_input_shapes:
                average.input_shapes = ""
            if not group_by_overload_name:
                average.overload_name = ""
        return averages

    def total_average(self) -> FunctionEventAvg:
        """The figures of all events together, under the key "Total"."""
        total = FunctionEventAvg()
        for event in self:
            total += event
            total.key = None
        total.key = "Total"
        return total
