"""The results as a Markdown table and as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.machine import QUIET
from benchmarks.rounds import TRUSTED, Measured

MOST = 3.0
"""What a case counts at most in the mean, so that no outlier hides the others."""


def conditions(threads: int, rounds: int, ours: str, device: str, others: float | None) -> dict[str, Any]:
    """What the figures were measured with; others: how many processors somebody else used meanwhile."""
    versions = {}
    for name in ("torch", "numpy", ours, "corelib-cpu-numpy", "corelib-cpu-native"):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "date": time.strftime("%Y-%m-%d"), "processor": _processor(), "python": platform.python_version(), "threads": threads, "rounds": rounds,
        "device": device, "cores": os.cpu_count(), "others": None if others is None else round(others, 3), "versions": versions,
    }  # fmt: skip


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def mean(rows: list[Measured]) -> float:
    """The geometric mean of the ratios, of which none counts more than three; 0 where a case failed."""
    if any(row.error is not None for row in rows):
        return 0.0
    return math.exp(sum(math.log(min(row.ratio, MOST)) for row in rows) / len(rows))


def doubts(sets: dict[str, list[Measured]], with_conditions: dict[str, Any]) -> list[str]:
    """Why a run means nothing; none where it does."""
    found = []
    if with_conditions["others"] is not None and with_conditions["others"] > QUIET:
        found.append(f"others used {with_conditions['others']:.2f} processors meanwhile, and {QUIET} are allowed")
    void = [row.name for rows in sets.values() for row in rows if row.error is None and row.void]
    if void:
        found.append(f"PyTorch differs from itself by more than {TRUSTED:.0%} in {', '.join(void)}")
    return found


def _figure(value: float, unit: str) -> str:
    if unit == "us" and value >= 1000:
        return f"{value / 1000:.3g} ms" if value < 1e6 else f"{value / 1e6:.3g} s"
    return f"{value:.3g} {'µs' if unit == 'us' else unit}" if value < 1000 else f"{value:.0f} {unit}"


def markdown(sets: dict[str, list[Measured]], with_conditions: dict[str, Any], ours: str) -> str:
    """A table for each set, one row a case, and its mean."""
    versions = ", ".join(f"{name} {version}" for name, version in with_conditions["versions"].items())
    lines = [
        "# corelib beside PyTorch",
        "",
        f"{with_conditions['date']}, {with_conditions['processor']}, {with_conditions['cores']} cores, Python {with_conditions['python']}, "
        f"{with_conditions['threads']} thread(s) for each library, device {with_conditions['device']}, {with_conditions['rounds']} rounds; {versions}.",
        "",
        "Each library alone in its process, processes in turns. *ratio* is the median over rounds of PyTorch's figure over ours: above 1 corelib",
        "is faster, or takes less; *itself* is PyTorch beside PyTorch. The figures are this machine's at that moment; only the ratio means something",
        "elsewhere. `python -m benchmarks` writes this page.",
    ]
    for why in doubts(sets, with_conditions):
        lines += ["", f"**This run is void: {why}.**"]
    for title, rows in sets.items():
        lines += ["", f"## {title}", "", f"| case | torch | {ours} | ratio | middle half | itself | goal |", "|---|---:|---:|---:|---:|---:|---:|"]
        for r in rows:
            if r.error is not None:
                error = r.error.replace("|", "/")
                lines.append(f"| {r.name} | - | - | failed: {error} | - | - | {r.goal or ''} |")
                continue
            goal = "" if r.goal is None else f"{r.goal:g} {'met' if r.ratio >= r.goal else '**missed**'}"
            lines.append(
                f"| {r.name} | {_figure(r.torch, r.unit)} | {_figure(r.ours, r.unit)} | **{r.ratio:.2f}** | {r.middle[0]:.2f} to {r.middle[1]:.2f} | "
                f"{r.itself:.2f}{' **void**' if r.void else ''} | {goal} |"
            )
        if rows and rows[0].unit == "us":
            good = [r for r in rows if r.error is None]
            least = min(good, key=lambda r: r.ratio, default=None)
            lines += ["", f"Geometric mean of {len(rows)}, a case counted at most {MOST:g}: **{mean(rows):.2f}**"
                      + (f"; the least is {least.name}, {least.ratio:.2f}." if least else ".")]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_json(sets: dict[str, list[Measured]], with_conditions: dict[str, Any]) -> str:
    """Conditions and results, the figures of each round as (torch, ours, torch again), times in microseconds."""
    rows = {
        title: [
            {"name": r.name, "unit": r.unit, "goal": r.goal, "error": r.error, "figures": r.figures,
             **({} if r.error is not None else {"ratio": r.ratio, "middle": r.middle, "itself": r.itself, "void": r.void})}
            for r in found
        ]
        for title, found in sets.items()
    }  # fmt: skip
    means = {title: mean(found) for title, found in sets.items() if found and found[0].unit == "us"}
    return json.dumps({"conditions": with_conditions, "doubts": doubts(sets, with_conditions), "means": means, "results": rows}, indent=2) + "\n"
