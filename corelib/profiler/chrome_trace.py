"""A profile as the file that `chrome://tracing`, Perfetto and TensorBoard show, in PyTorch's format."""

from __future__ import annotations

import gzip
import json
import os
import socket
from time import perf_counter_ns, time_ns
from typing import Any

from corelib.profiler.recorder import MEMORY, USER, OpRecorder


def export_chrome_trace(path: str, recorder: OpRecorder, trace_id: str, metadata: dict[str, str]) -> None:
    """Write what was recorded; compressed where the path ends in .gz. metadata: names, and values as JSON."""
    offset = time_ns() - perf_counter_ns()
    pid, tid = os.getpid(), recorder.native_thread

    def about(what: str, thread: Any, **args: Any) -> dict[str, Any]:
        return {"ph": "M", "name": what, "ts": _us(recorder.begun_at + offset), "pid": pid, "tid": thread, "args": args}

    events = [
        about("process_name", 0, name="python"), about("process_labels", 0, labels="CPU"), about("process_sort_index", 0, sort_index=pid),
        about("thread_name", tid, name=f"thread {tid} (python)"), about("thread_sort_index", tid, sort_index=tid),
    ]  # fmt: skip
    sources: dict[int, tuple[int, int]] = {}
    for number, span in enumerate(recorder.spans, 1):
        if span.name == MEMORY:
            continue
        args: dict[str, Any] = {"External id": number, "Record function id": 0, "Ev Idx": number - 1}
        if span.sequence >= 0:
            args |= {"Sequence number": span.sequence, "Fwd thread id": 1 if span.scope == 1 else 0}
        if span.args is not None:
            args["args"] = span.args
        if recorder.shapes:
            args |= {
                "Input Dims": span.shapes, "Input type": span.dtypes, "Input Strides": span.strides,
                "Concrete Inputs": ["" if value is None else str(value) for value in span.concrete],
            }  # fmt: skip
        if recorder.memory:
            args |= {"Bytes": span.host_bytes, "Device bytes": span.device_bytes}
        if span.flops:
            args["flops"] = span.flops
        if span.stack:
            args["Call stack"] = ";".join(span.stack)
        start = _us(span.start + offset)
        kind = "user_annotation" if span.scope == USER else "cpu_op"
        events.append({
            "ph": "X", "cat": kind, "name": span.name, "pid": pid, "tid": tid, "ts": start, "dur": (span.end - span.start) / 1e3, "args": args,
        })  # fmt: skip
        if span.elapsed:
            events.append({
                "ph": "X", "cat": "kernel", "name": span.name, "pid": str(span.device), "tid": 0, "ts": start, "dur": span.elapsed,
                "args": {"External id": number, "device": span.device.index or 0},
            })  # fmt: skip
        if span.sequence >= 0 and span.scope == 0 and span.parent is not None and not span.name.startswith("autograd::"):
            sources[span.sequence] = number, span.start
        elif span.scope == 1 and span.sequence in sources:
            link = {"cat": "fwdbwd", "name": "fwdbwd", "id": span.sequence, "pid": pid, "tid": tid}
            events += [{"ph": "s", **link, "ts": _us(sources[span.sequence][1] + offset)}, {"ph": "f", **link, "ts": start, "bp": "e"}]
    for number, (when, nbytes, total, host) in enumerate(recorder.changes):
        events.append({
            "ph": "i", "cat": "cpu_instant_event", "s": "t", "name": MEMORY, "pid": pid, "tid": tid, "ts": _us(when + offset),
            "args": {"Total Reserved": 0, "Total Allocated": total, "Bytes": nbytes, "Device Id": -1 if host else 0, "Device Type": 0 if host else 20, "Ev Idx": number},
        })  # fmt: skip
    events.append({
        "ph": "X", "cat": "Trace", "name": "PyTorch Profiler (0)", "pid": "Spans", "tid": "PyTorch Profiler", "ts": _us(recorder.begun_at + offset),
        "dur": (recorder.ended_at - recorder.begun_at) / 1e3, "args": {"Op count": 0},
    })  # fmt: skip
    trace: dict[str, Any] = {"schemaVersion": 1, "deviceProperties": [], "trace_id": trace_id}
    for name, value in metadata.items():
        trace[name] = json.loads(value)
    trace |= {"host_name": socket.gethostname(), "displayTimeUnit": "ms", "baseTimeNanoseconds": 0, "traceEvents": events, "traceName": path}
    text = json.dumps(trace)
    if path.endswith(".gz"):
        with gzip.open(path, "wt", encoding="utf-8") as packed:
            packed.write(text)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _us(ns: int) -> float:
    return ns / 1e3
