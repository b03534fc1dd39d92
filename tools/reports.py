"""Writes docs/reports/DEVICE.md from a report of the conformance suite: `corelib conformance --device D --report FOLDER`, then
`python -m tools.reports FOLDER/report.json [TITLE]`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corelib_conformance.report.badge import badge

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reports"
NEAREST = 15
"""So many results are shown, those that came nearest to their bounds."""


def _table(head: str, rows: Sequence[tuple[object, ...]]) -> str:
    names = head.split(" | ")
    lines = [f"| {head} |", "|" + "---|" + "---:|" * (len(names) - 1), *("| " + " | ".join(map(str, row)) + " |" for row in rows)]
    return "\n".join(lines) + "\n"


def page(report: dict[str, Any], title: str) -> str:
    """The page of a report."""
    versions, results = report["versions"], report["results"]
    backend = versions["backend"]
    levels = [(f"{x['level']} {x['title']}", x["planned"], x["executed"], x["passed"], x["verdict"]) for x in report["levels"]]
    statuses = Counter(x["status"] for x in results)
    dtypes = Counter(x["dtype"] for x in results if x["dtype"])
    passed = Counter(x["dtype"] for x in results if x["dtype"] and x["status"] == "pass")
    near = sorted((x for x in results if x["over"] is not None and x["status"] == "pass"), key=lambda x: -x["over"])[:NEAREST]
    closest = _table("case | error over its bound", [(f"`{x['id']}`", f"{x['over']:.3f}") for x in near])
    others = [(f"`{x['id']}`", x["status"], x["message"].splitlines()[0] if x["message"] else "") for x in results if x["status"] != "pass"]
    parts = [
        f"# Conformance of {title}\n\n![level {report['level_reached']} of 5]({report['device']['type']}.svg)\n\n{report['started'][:10]}, {backend['distribution']} "
        f"{backend['version']}, corelib {versions['corelib']}, Python {versions['python']}, NumPy {versions['numpy']}, tier {report['tier']}: {len(results)} cases, "
        f"{', '.join(f'{n} {status}' for status, n in statuses.most_common())}, in {report['seconds']:.0f} s. [How to read it](../certify_a_device.md).\n",
        _table("level | planned | executed | passed | verdict", levels),
        "## By dtype\n\n" + _table("dtype | cases | passed", [(name, n, passed[name]) for name, n in sorted(dtypes.items())]),
        f"## Nearest to their bounds\n\nThe error over what the case allows: 1 is the bound.\n\n{closest}",
    ]
    if others:
        parts.append("## Not passed\n\n" + _table("case | status | why", others))
    if report["fallbacks"]:
        parts.append("## Computed by the host\n\n" + "\n".join(f"- {x}" for x in report["fallbacks"]) + "\n")
    return "\n".join(parts)


def main(path: str, title: str | None = None) -> None:
    """Write the page and the badge of one report."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    kind = report["device"]["type"]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{kind}.md").write_text(page(report, title or report["device"]["title"]), encoding="utf-8")
    (FOLDER / f"{kind}.svg").write_text(badge(report), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
