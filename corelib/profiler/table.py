"""The table of a profile, in PyTorch's layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.profiler.activities import DeviceType
from corelib.profiler.units import flops_scale, format_memory, format_share, format_time

DEVICE_WORDS = ("cuda", "xpu", "privateuse1")
"""The words that stand for `device` in the names of figures."""
WIDTH = 12
_DEVICES = (DeviceType.CUDA, DeviceType.PrivateUse1, DeviceType.MTIA, DeviceType.XPU)


def device_word(figure: str, *more: str) -> str:
    """The name of a figure with `device` in the place of a device type's name."""
    for word in (*DEVICE_WORDS, *more):
        figure = figure.replace(word, "device")
    return figure


class _Columns:
    """The columns of a table: titles, widths and the side that they are aligned to."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.formats = ""
        self.rule = ""

    def add(self, title: str, width: int, side: str = ">") -> None:
        self.titles.append(title)
        self.formats += f"{{: {side}{width}}}  "
        self.rule += "-" * width + "  "

    def row(self, cells: Sequence[object]) -> str:
        return self.formats.format(*cells)


def build_table(
    events: Any, sort_by: str | None = None, header: str | None = None, row_limit: int = 100, max_src_column_width: int | None = 75,
    max_name_column_width: int | None = 55, max_shapes_column_width: int | None = 80, with_flops: bool = False, profile_memory: bool = False,
    top_level_events_only: bool = False, time_unit: str | None = None,
) -> str:  # fmt: skip
    """The table of some events; `EventList.table` describes the arguments."""
    if len(events) == 0:
        return ""
    device = events[0].use_device
    timed = any(e.self_device_time_total > 0 for e in events)
    if timed and not device:
        raise RuntimeError("use_device is None, but there is device performance data.")
    if sort_by is not None:
        figure = device_word(sort_by, device) if device else device_word(sort_by)
        events = sorted(events, key=lambda e: getattr(e, figure), reverse=True)
    on_device = bool(profile_memory and device and any(e.self_device_memory_usage > 0 for e in events))
    shaped = any(e.input_shapes is not None and len(e.input_shapes) > 0 for e in events)
    overloaded = any(e.overload_name is not None and len(e.overload_name) > 0 for e in events)
    stacks = [e.stack for e in events if e.stack]
    counts = [e.flops for e in events if e.flops is not None and e.flops > 0] if with_flops else []
    numbered = any(e.node_id != -1 for e in events)

    columns = _Columns()
    name_width = _most((len(e.key) for e in events), max_name_column_width)
    shapes_width = _most((len(str(e.input_shapes)) for e in events), max_shapes_column_width)
    source_width = _most((len(entry) for stack in stacks for entry in stack), max_src_column_width) if stacks else 0
    word = device.upper() if device else "None"
    columns.add("Name", name_width)
    if overloaded:
        columns.add("Overload Name", name_width)
    titles = ["Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
    titles += [f"Self {word}", f"Self {word} %", f"{word} total", f"{word} time avg"] if timed else []
    titles += ["CPU Mem", "Self CPU Mem"] if profile_memory else []
    titles += [f"{word} Mem", f"Self {word} Mem"] if on_device else []
    titles += ["# of Calls", *(["Node ID"] if numbered else [])]
    for title in titles:
        columns.add(title, WIDTH)
    if shaped:
        columns.add("Input Shapes", shapes_width)
    if stacks:
        columns.add("Source Location", source_width, "<")
    scale = 1.0
    if counts:
        scale, unit = flops_scale(min(counts))
        columns.add(f"Total {unit}", WIDTH)
    host_total = sum(e.self_cpu_time_total for e in events)
    device_total = sum(
        e.self_device_time_total for e in events
        if (e.device_type == DeviceType.CPU and e.is_legacy) or (e.device_type in _DEVICES and not e.is_user_annotation)
    )  # fmt: skip

    lines: list[str] = []
    double = "=" * (len(columns.rule) - 2)
    if header is not None:
        lines += [double, header]
    if top_level_events_only:
        lines += [double, "This report only display top-level ops statistics"]
    lines += [columns.rule, columns.row(columns.titles), columns.rule]
    shown = 0
    for e in events:
        if shown == row_limit:
            break
        if top_level_events_only and e.cpu_parent is not None:
            continue
        shown += 1
        e.self_cpu_percent = format_share(e.self_cpu_time_total, host_total)
        e.total_cpu_percent = 0 if e.is_async else format_share(e.cpu_time_total, host_total)
        cells: list[object] = [_shortened(e.key, max_name_column_width)]
        if overloaded:
            cells.append(_shortened(e.overload_name, max_name_column_width))
        cells += [
            e.self_cpu_percent, format_time(e.self_cpu_time_total, time_unit), e.total_cpu_percent, format_time(e.cpu_time_total, time_unit),
            format_time(e.cpu_time, time_unit),
        ]  # fmt: skip
        if timed:
            e.total_device_percent = format_share(e.self_device_time_total, device_total)
            cells += [
                format_time(e.self_device_time_total, time_unit), e.total_device_percent, format_time(e.device_time_total, time_unit),
                format_time(e.device_time, time_unit),
            ]  # fmt: skip
        if profile_memory:
            cells += [format_memory(e.cpu_memory_usage), format_memory(e.self_cpu_memory_usage)]
        if on_device:
            cells += [format_memory(e.device_memory_usage), format_memory(e.self_device_memory_usage)]
        cells += [e.count, *([e.node_id] if numbered else [])]
        if shaped:
            cells.append(str(e.input_shapes)[:shapes_width])
        if counts:
            # PyTorch puts the operations where the place of the call stands in the titles, if there are both.
            cells.append("--" if not e.flops or e.flops <= 0 else f"{e.flops * scale:8.3f}")
        if stacks:
            cells.append(_end_of(e.stack[0], source_width) if e.stack else "")
        lines.append(columns.row(cells))
        if stacks:
            blank = [""] * (len(columns.titles) - 1)
            lines += [columns.row([*blank, _end_of(entry, source_width)]) for entry in (e.stack or [])[1:]]
            lines.append(columns.row([*blank, ""]))
    lines += [columns.rule, f"Self CPU time total: {format_time(host_total, time_unit)}"]
    if timed:
        lines.append(f"Self {word} time total: {format_time(device_total, time_unit)}")
    return "\n".join(lines) + "\n"


def _most(lengths: Any, limit: int | None) -> int:
    width: int = max(lengths) + 4
    return width if limit is None else min(width, limit)


def _shortened(name: str, limit: int | None) -> str:
    return name if limit is None or len(name) < limit - 3 else name[: limit - 3] + "..."


def _end_of(path: str, width: int) -> str:
    if len(path) <= width:
        return path
    path = path[len(path) - width :]
    return "..." + path[3:] if len(path) > 3 else path
