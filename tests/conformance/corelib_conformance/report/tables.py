"""Tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from corelib_conformance.report.compared import Change


def terminal(data: dict[str, Any]) -> None:
    """The levels with their counts, what failed, and the level that was reached."""
    console = Console()
    if data["performance"]:
        console.print(_performance(data))
        return
    device = data["device"]
    table = Table(title=f"corelib conformance of {device['name']}: {device['title']}")
    for name in ("level", "planned", "executed", "passed", "unsupported", "wrong", "verdict"):
        table.add_column(name, justify="left" if name in ("level", "verdict") else "right")
    for row in data["levels"]:
        statuses = row["statuses"]
        unsupported = statuses.get("unsupported", 0)
        wrong = row["executed"] - row["passed"] - unsupported
        verdict = row["verdict"] if row["executed"] == row["planned"] else f"partial {row['passed'] + unsupported}/{row['planned']}"
        counts = [row["planned"], row["executed"], row["passed"], unsupported, wrong]
        table.add_row(f"{row['level']} {row['title']}", *map(str, counts), verdict)
    console.print(table)
    wrong = [row for row in data["results"] if row["status"] not in ("pass", "unsupported")]
    for row in wrong[:20]:
        console.print(f"{row['status']}: {row['id']}\n    {row['message']}\n    {row['reproduce']}", markup=False, highlight=False, soft_wrap=True)
    if len(wrong) > 20:
        console.print(f"... and {len(wrong) - 20} more")
    by_status = {s: sum(row["status"] == s for row in data["results"]) for s in {row["status"] for row in data["results"]}}
    said = ", ".join(f"{n} {s}" for s, n in sorted(by_status.items()))
    console.print(f"{len(data['results'])} cases in {data['seconds']} s: {said}", highlight=False)
    worst = max((row for row in data["results"] if row["status"] == "pass" and row["over"]), key=lambda row: row["over"], default=None)
    if worst:
        console.print(f"the largest error over its bound that passed: {worst['over']} ({worst['id']})", highlight=False)
    reached = data["level_reached"]
    console.print("a part of the suite was run" if data["selection"] else f"level reached: {reached} of 5" if reached >= 0 else "no level reached", style="bold")


def _performance(data: dict[str, Any]) -> Table:
    table = Table(title=f"performance on {data['device']['name']} (recorded; it never decides)")
    for name in ("op", "dtype", "size", "µs", "GB/s", "GFLOP/s", "host µs", "host / device"):
        table.add_column(name, justify="left" if name in ("op", "dtype", "size") else "right")
    for row in data["performance"]:
        ratio = row["host_microseconds"] / row["microseconds"]
        flops = f"{row['gflops']:.1f}" if row["gflops"] else ""
        table.add_row(
            row["op"], row["dtype"], row["size"], f"{row['microseconds']:.1f}", f"{row['gbytes_per_s']:.2f}", flops, f"{row['host_microseconds']:.1f}", f"{ratio:.2f}"
        )
    return table


def support(target: Any) -> None:
    """What a device declares, and by what each op of the suite would run."""
    from corelib_conformance.collect import manifest

    console = Console()
    found = manifest(target)
    dtypes = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
    table = Table(title=f"{target.name}: k kernel, b body, - unsupported, blank: not an op of the dtype")
    table.add_column("op")
    for dtype in dtypes:
        table.add_column(f"{dtype}\n{target.declared(dtype)}", justify="center")
    letters = {"kernel": "k", "body": "b", "unsupported": "-"}
    for op, by_dtype in found.items():
        cells = [letters.get(by_dtype.get(d, {}).get("forward", ""), "") for d in dtypes]
        if any(cells):
            table.add_row(op, *cells)
    console.print(table)


def print_changes(found: list[Change]) -> None:
    """What a diff found."""
    console = Console()
    for change in found:
        arrow = f"{change.before or 'not there'} -> {change.after or 'not there'}"
        console.print(f"{change.kind}: {change.id}: {arrow} {change.message}".rstrip(), markup=False, highlight=False, soft_wrap=True)
    counts = {kind: sum(c.kind == kind for c in found) for kind in ("regression", "fix", "other", "new", "gone")}
    console.print(", ".join(f"{n} {kind}" for kind, n in counts.items()), highlight=False)
