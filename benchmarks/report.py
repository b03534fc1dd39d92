"""The results as a Markdown table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.timing import Measured


def conditions(threads: int, ours: str, quick: bool) -> dict[str, Any]:
    """What the figures were measured with."""
    versions = {}
    for name in ("torch", "numpy", ours, "corelib-cpu-numpy"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "absent"
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": _processor(),
        "python": platform.python_version(),
        "threads": threads,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "quick": quick,
        "versions": versions,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _busy(with_conditions: dict[str, Any]) -> list[str]:
    # A run of its own makes a load of about one thread; what is above competed with it.
    load, cores = with_conditions["load"], with_conditions["cores"]
    if load is None or load <= with_conditions["threads"] + 0.5:
        return []
    return [f"**The machine was busy with other work (load {load} on {cores} cores): repeat it on a quiet one.**", ""]


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "us" and value >= 1000:
        return f"{value / 1000:.3g} ms" if value < 1e6 else f"{value / 1e6:.3g} s"
    return f"{value:.3g} {'µs' if unit == 'us' else unit}" if value < 1000 else f"{value:.0f} {unit}"


def markdown(results: list[Measured], with_conditions: dict[str, Any], ours: str) -> str:
    """The table, one row a case."""
    versions = ", ".join(f"{name} {version}" for name, version in with_conditions["versions"].items())
    lines = [
        "# corelib against PyTorch",
        "",
        f"{with_conditions['date']}, {with_conditions['processor']}, Python {with_conditions['python']}, "
        f"{with_conditions['threads']} thread(s) for both libraries; {versions}.",
        "",
        "One process, in turns. *ratio* is PyTorch's median over ours: above 1 corelib is faster, or takes less. The",
        "times are this machine's at that moment; only the ratio means something elsewhere.",
        "",
        *_busy(with_conditions),
        f"| family | case | torch | {ours} | ratio | middle half | goal |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        if r.error is not None:
            error = r.error.replace("|", "/")
            lines.append(f"| {r.family} | {r.name} | - | - | failed: {error} | - | {r.goal or ''} |")
            continue
        assert r.ratio is not None and r.spread is not None
        goal = "" if r.goal is None else f"{r.goal:g} {'met' if r.ratio >= r.goal else '**missed**'}"
        lines.append(
            f"| {r.family} | {r.name} | {_figure(r.torch, r.unit)} | {_figure(r.ours, r.unit)} | **{r.ratio:.2f}** | "
            f"{r.spread[0]:.2f} to {r.spread[1]:.2f} | {goal} |"
        )
    return "\n".join(lines) + "\n"


def as_json(results: list[Measured], with_conditions: dict[str, Any]) -> str:
    """Conditions and results, the times in microseconds."""
    return json.dumps({"conditions": with_conditions, "results": [asdict(r) for r in results]}, indent=2) + "\n"
