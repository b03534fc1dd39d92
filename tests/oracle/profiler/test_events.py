"""EventList and its events: the same events in both libraries give the same tables, averages and files."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.autograd.profiler_util as theirs

import corelib
import corelib.autograd.profiler_util as mine
from corelib.profiler import DeviceType

LIBRARIES = ((mine, DeviceType), (theirs, torch.autograd.DeviceType))


def events(U: Any, device_type: Any, *, device: bool = False, memory: bool = True, stack: bool = True, flops: bool = True, nodes: bool = False) -> Any:
    """Two steps with ops inside, one op on another thread, one that is asynchronous, one kernel."""
    made = []

    def add(name: str, start: float, end: float, **more: Any) -> Any:
        depth = more.pop("depth", 2)
        event = U.FunctionEvent(
            id=len(made), name=name, thread=more.pop("thread", 1), start_us=start, end_us=end, trace_name=name, overload_name=more.pop("overload_name", ""),
            input_shapes=more.pop("input_shapes", [[2, 3], []]), stack=[f"file.py({i}): {'f' * 30}" for i in range(depth)] if stack else [],
            use_device="opencl" if device else None, cpu_memory_usage=more.pop("bytes", 0), flops=more.pop("flops", 0) * flops,
            device_type=device_type.CPU, node_id=3 if nodes and name == "aten::add" else -1, sequence_nr=more.pop("sequence_nr", -1),
            fwd_thread=more.pop("fwd_thread", 0), **more,
        )  # fmt: skip
        made.append(event)
        return event

    for i, base in enumerate((0.0, 5000.0)):
        add("ProfilerStep*", base, base + 4000, scope=7, is_user_annotation=True, depth=0, input_shapes=[])
        add("aten::linear", base + 10, base + 1510, bytes=4096, sequence_nr=i)
        mm = add("aten::mm", base + 20, base + 1400, bytes=3 << 20, flops=123456 * (i + 1), input_shapes=[[5, 6], [6, 7]], sequence_nr=i)
        if device:
            mm.append_kernel("mm", 0, 100.5 + i)
            mm.is_legacy = True
        add("aten::mm", base + 30, base + 1300, flops=7)
        add("aten::add", base + 1600, base + 1601.25, bytes=-20)
        add("MmBackward0", base + 2000, base + 2500, scope=1, sequence_nr=i, fwd_thread=1)
        add("aten::mm", base + 2010, base + 2400, flops=99)
        add("aten::a_name_that_is_much_longer_than_the_widest_column_of_the_table", base + 2600, base + 2700)
    add("aten::add", 100, 2_000_000, thread=2)
    add("later", 100, 9000, is_async=True)
    listed = U.EventList(made, use_device="opencl" if device else None, profile_memory=memory, with_flops=flops)
    listed._build_tree()
    return listed


def both(make: Any, **options: Any) -> tuple[Any, Any]:
    got, want = (make(events(U, D, **options)) for U, D in LIBRARIES)
    return got, want


SWITCHES = [dict(zip(("device", "memory", "stack", "flops", "nodes"), chosen)) for chosen in itertools.product((False, True), repeat=5)]
TABLES = [
    {}, {"sort_by": "cpu_time_total"}, {"sort_by": "self_cpu_time_total", "row_limit": 3}, {"sort_by": "count"}, {"sort_by": "cpu_memory_usage", "row_limit": -1},
    {"sort_by": "device_time_total"}, {"sort_by": "self_cuda_time_total"}, {"header": "A title"}, {"top_level_events_only": True}, {"time_unit": "s"},
    {"time_unit": "ms"}, {"time_unit": "us"}, {"max_name_column_width": None}, {"max_name_column_width": 12, "max_src_column_width": 9},
    {"max_shapes_column_width": 6}, {"max_src_column_width": None},
]  # fmt: skip


@pytest.mark.parametrize("options", TABLES, ids=str)
@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_table_of_events_and_of_averages(switches: dict[str, bool], options: dict[str, Any]) -> None:
    for make in (lambda e: e.table(**options), lambda e: e.key_averages(group_by_stack_n=1).table(**options), lambda e: str(e)):
        got, want = both(make, **switches)
        assert got == want


FIGURES = (
    "key", "count", "node_id", "is_async", "is_remote", "use_device", "cpu_time_total", "device_time_total", "self_cpu_time_total", "self_device_time_total",
    "input_shapes", "overload_name", "stack", "scope", "cpu_memory_usage", "device_memory_usage", "self_cpu_memory_usage", "self_device_memory_usage", "is_legacy",
    "flops", "is_user_annotation", "cpu_time", "device_time", "cpu_time_str", "device_time_str", "cpu_time_total_str", "device_time_total_str",
    "self_cpu_time_total_str", "self_device_time_total_str",
)  # fmt: skip


@pytest.mark.parametrize("grouping", [(), (True,), (False, 1), (True, 2), (False, 0, True), (True, 1, True)], ids=str)
@pytest.mark.parametrize("device", [False, True])
def test_averages(grouping: tuple[Any, ...], device: bool) -> None:
    got, want = both(lambda e: [[str(getattr(a, name)) for name in FIGURES] + [repr(a)] for a in e.key_averages(*grouping)], device=device)
    assert got == want
    got, want = both(lambda e: repr(e.total_average()), device=device)
    assert got == want


@pytest.mark.parametrize("device", [False, True])
def test_the_tree(device: bool) -> None:
    def tree(e: Any) -> Any:
        return [
            (repr(x).replace("<DeviceType", "<"), x.cpu_parent and x.cpu_parent.id, [c.id for c in x.cpu_children], x.stack, x.self_cpu_memory_usage, [tuple(k) for k in x.kernels], x.key)
            for x in e
        ]  # fmt: skip

    got, want = both(tree, device=device)
    assert got == want
    got, want = both(lambda e: (e.self_cpu_time_total, e.supported_export_stacks_metrics()), device=device)
    assert got == want


@pytest.mark.parametrize("device", [False, True])
def test_files(device: bool, tmp_path: Path) -> None:
    found = []
    for i, (U, D) in enumerate(LIBRARIES):
        e = events(U, D, device=device)
        e.export_chrome_trace(str(tmp_path / f"{i}.json"))
        e.export_stacks(str(tmp_path / f"{i}.txt"), "self_cpu_time_total")
        found.append((json.loads((tmp_path / f"{i}.json").read_text()), (tmp_path / f"{i}.txt").read_text()))
        with pytest.raises(ValueError, match="metric should be one of"):
            e.export_stacks(str(tmp_path / "no.txt"), "time")
    assert found[0] == found[1]
    assert found[0][0] and found[0][1]


def test_what_events_refuse() -> None:
    for U, D in LIBRARIES:
        event = U.FunctionEvent(id=1, name="a", thread=1, start_us=0, end_us=2, use_device="cuda", device_type=D.CUDA)
        assert event.device_time_total == 2 and event.cpu_time_total == 0 and event.self_device_time_total == 2
        with pytest.raises(AssertionError):
            event.append_kernel("k", 0, 1.0)
        with pytest.raises(AssertionError):
            event.append_cpu_child(event)
        with pytest.raises(AssertionError):
            U.FunctionEvent(id=1, name="a", thread=1, start_us=0, end_us=2, use_device="cuda", device_type=D.MPS).device_time_total  # noqa: B018
        with pytest.raises(AssertionError, match="keys to match"):
            U.FunctionEventAvg().add(event).add(U.FunctionEvent(id=2, name="b", thread=1, start_us=0, end_us=2))
        with pytest.warns(FutureWarning, match="device_time_total"):
            assert event.cuda_time_total == 2
        with pytest.raises(AssertionError, match="tree"):
            U.EventList([event]).key_averages()
        assert U.EventList([]).table() == ""


def test_what_a_driver_says() -> None:
    said = {"stream": "7", "grid": "[1, 2, 3]", "dtype": '"Float"', "Is asynchronized op": "true", "blocks per SM": "1.5", "unknown": "x"}
    found = []
    for U, _ in LIBRARIES:
        assert U.FunctionEvent(id=1, name="a", thread=1, start_us=0, end_us=1, extra_meta={"unknown": "x"}).event_metadata is None
        found.append(tuple(U.FunctionEvent(id=1, name="a", thread=1, start_us=0, end_us=1, extra_meta=said).event_metadata))
        assert tuple(U.EventMetadata(*range(35)))[3] == 3
    assert found[0] == found[1]
    assert mine.EventMetadata._fields == theirs.EventMetadata._fields


def test_small_parts() -> None:
    for U, T in ((mine, corelib), (theirs, torch)):
        assert U.Interval(1, 4).elapsed_us() == 3
        assert tuple(U.Kernel("k", 0, 2.5)) == ("k", 0, 2.5)
        assert U.Kernel._fields == ("name", "device", "duration")

        class Record:
            def __init__(self, start: int) -> None:
                self.start = start

            def start_ns(self) -> int:
                return self.start

        records = [(Record(n), i) for i, n in enumerate((5, 1, 9, 3, 3))]
        assert [i for _, i in U.MemRecordsAcc(records).in_interval(3, 5)] == [3, 4, 0]
        assert list(U.MemRecordsAcc([]).in_interval(0, 9)) == []
        unique = T.autograd.profiler.EnforceUnique()
        unique.see(1, "a")
        with pytest.raises(RuntimeError, match="duplicate key"):
            unique.see(1, "a")
    assert mine.StringTable()["a name"] == theirs.StringTable()["a name"] == "a name"
