"""Part "sanitizer": the primitives (level 1) under NVIDIA's compute-sanitizer, where that is installed: accesses out of bounds, and races.

`--inside` is the program that it looks at: the cases in one process, for as long as there is time.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys

from benchmarks.gpu.part import Part

TOOLS = {"memcheck": 0.6, "racecheck": 0.4}
"""And the part of the time that each has."""


def main() -> None:
    """Run both tools."""
    inside = "--inside" in sys.argv
    part = Part([argument for argument in sys.argv[1:] if argument != "--inside"])
    if inside:
        level_one(part)
        return
    found = shutil.which("compute-sanitizer")
    if found is None:
        part.fact("absent", "compute-sanitizer is not installed; it comes with CUDA's toolkit")
        return
    for tool, share in TOOLS.items():
        part.attempt(tool, lambda tool=tool, share=share: under(part, found, tool, part.seconds * share))  # type: ignore[misc]


def under(part: Part, program: str, tool: str, seconds: float) -> None:
    """Level 1 under one tool; what it finds is wrong."""
    own = [sys.executable, "-m", "benchmarks.gpu.sanitizer", "--inside", "--device", part.device, "--seed", str(part.seed)]
    own += ["--seconds", str(max(1.0, seconds - 10)), "--out", part._out.name]
    done = subprocess.run([program, "--tool", tool, "--error-exitcode", "9", *own], capture_output=True, text=True, timeout=seconds, check=False)
    said = re.findall(r"={5,}.*", done.stdout + done.stderr)
    part.row(tool=tool, status=done.returncode, said=said[-1] if said else "")
    if done.returncode:
        part.wrong(f"{tool}: exit status {done.returncode}: {' '.join(said)[:1500] or done.stderr[-500:]}")


def level_one(part: Part) -> None:
    """The cases of level 1 in an order that the seed says."""
    from corelib_conformance.plan import selected
    from corelib_conformance.run import run_case
    from corelib_conformance.target import Target

    cases = [case for case in selected(1, None, None, None) if case.level == 1]
    random.Random(part.seed).shuffle(cases)
    target, count = Target(part.device, part.seed), 0
    for case in cases:
        if part.left < 1:
            break
        result = run_case(target, case)
        count += 1
        if result.status not in ("pass", "unsupported"):
            part.wrong(f"{case.id}: {result.status}: {result.message[:300]}")
    part.fact("cases of level 1 in one process", f"{count} of {len(cases)}")


if __name__ == "__main__":
    main()
