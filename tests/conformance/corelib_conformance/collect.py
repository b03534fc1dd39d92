"""The data of a report, from the results of a run: schema "corelib-conformance/1"."""

from __future__ import annotations

import datetime
import platform
from collections import Counter
from typing import Any

import numpy as np

import corelib
from corelib.dispatcher.op import TABLE
from corelib_conformance import __version__
from corelib_conformance.plan import digest, plan
from corelib_conformance.result import GOOD, LEVELS, Case, Result
from corelib_conformance.target import Target
from corelib_conformance.tolerances import rules

SCHEMA = "corelib-conformance/1"


def levels(results: list[Result]) -> tuple[list[dict[str, Any]], int]:
    """For each level what was planned, executed and reached; and the highest level reached, -1 for none."""
    by_id = {r.case.id: r for r in results}
    rows, reached = [], -1
    for level, title in enumerate(LEVELS):
        planned = [case for case in plan() if case.level == level]
        found = [by_id.get(case.id) for case in planned]
        executed = [r for r in found if r is not None and r.status != "not_run"]
        good = [r for r in executed if r.status in GOOD]
        complete = len(good) == len(planned) > 0
        if complete and reached == level - 1:
            reached = level
        missing = [case.id for case, r in zip(planned, found, strict=True) if r is None or r.status not in GOOD]
        rows.append({
            "level": level, "title": title, "planned": len(planned), "executed": len(executed),
            "passed": sum(r.status == "pass" for r in good), "verdict": "reached" if reached == level else "partial",
            "missing": missing[:50], "statuses": dict(Counter(r.status for r in executed)),
        })
    return rows, reached


def manifest(target: Target) -> dict[str, dict[str, dict[str, str]]]:
    """For each op of the suite and dtype: by kernel, by body, or unsupported with the reason, forward and backward."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for case in plan():
        if not case.op or not case.dtype:
            continue
        row = found.setdefault(case.op, {}).setdefault(case.dtype, {})
        direction = "forward" if case.direction == "forward" else "backward"
        reason = target.reason(case.op, case.dtype, case.direction)
        if target.declared(case.dtype) == "absent":
            state, reason = "unsupported", f"{target.device.type} has no {case.dtype}"
        elif reason:
            state = "unsupported"
        else:
            op = TABLE.get(case.op)
            state = "kernel" if op is not None and target.kernel(op, getattr(corelib, case.dtype)) is not None else "body"
        row[direction] = state
        if reason:
            row["reason"] = reason
    return found


def collect(
    target: Target, results: list[Result], seed: int, mode: str, selection: dict[str, Any] | None, started: datetime.datetime, seconds: float,
    performance: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The whole report as data that JSON can hold."""
    rows, reached = levels(results)
    provider = next((i for i in corelib.backends.list() if i.device_type == target.device.type), None)
    reported = [
        {"op": r.op, "path": r.path, "calls": r.calls, "bytes": r.nbytes}
        for r in corelib.backends.report() if r.path == "host" and r.device.split(":")[0] == target.device.type
    ]
    capabilities = {k: v for k, v in target.backend.capabilities().items() if k != "dtypes"}
    return {
        "schema": SCHEMA, "suite": {"version": __version__, "plan": digest()}, "seed": seed, "mode": mode, "selection": selection,
        "versions": {
            "corelib": corelib.__version__, "python": platform.python_version(), "numpy": np.__version__, "platform": platform.platform(),
            "api": list(target.backend.api_version),
            "backend": {"distribution": provider.provider if provider else "this process", "version": provider.version if provider else ""},
        },
        "device": {"name": target.name, "type": target.device.type, "title": target.backend.device_name(target.runtime.index)},
        "tier": target.tier, "declared": {d: target.declared(d) for d in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")},
        "capabilities": capabilities, "levels": rows, "level_reached": reached, "manifest": manifest(target), "fallbacks": reported,
        "tolerances": rules(), "performance": performance or [], "results": [r.row(target.name) for r in in_order(results)],
        "started": started.isoformat(timespec="seconds"), "seconds": round(seconds, 1),
    }


def in_order(results: list[Result]) -> list[Result]:
    """Results in the order of the plan."""
    place: dict[Case, int] = {case: n for n, case in enumerate(plan())}
    return sorted(results, key=lambda r: place[r.case])
