"""All that a GPU can tell about corelib in ten minutes: `python -m benchmarks.gpu [--device cuda] [--budget SECONDS] [--seed N] [--results DIR]`.

Run it in a checkout, with an interpreter that has NumPy and CuPy, and PyTorch if it is to be compared; nothing is installed and nothing is fetched.
Each part is a process with a time of its own; its results are in the report as soon as it has ended, or was ended. Whatever fails is listed, and
the run goes on. The exit status is 0 where all is right, 1 where something is wrong or a part failed, 2 where nothing could be run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.gpu import report
from benchmarks.gpu.surroundings import ROOT, Surroundings

PARTS = {"environment": 0.04, "sanitizer": 0.14, "conformance": 0.32, "quickstart": 0.08, "cases": 0.24, "roofline": 0.14}
"""And the share of the time that each has; what one leaves, the later ones share. The rest is for starting processes."""
GRACE = 10.0
"""Seconds that a process has beyond its time to come to an end."""


def main(given: list[str] | None = None) -> int:
    """Run the parts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description="Tell all about a GPU in ten minutes.")
    parser.add_argument("--device", default="cuda", help="the device (default cuda)")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds for all parts together (default 600)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the conformance suite's cases and of random numbers (default 0)")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"which parts, with commas between (default {','.join(PARTS)})")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results", help="where the report goes (default benchmarks/results)")
    args = parser.parse_args(given)
    chosen = args.parts.split(",")
    unknown = [name for name in chosen if name not in PARTS]
    if unknown or args.budget <= 0:
        parser.error(f"--parts {','.join(unknown)}: accepted are {', '.join(PARTS)}" if unknown else f"--budget {args.budget:g}: accepted are numbers above 0")
    with Surroundings() as around, tempfile.TemporaryDirectory() as folder:
        if around.lacking:
            print(f"python -m benchmarks.gpu needs {' and '.join(around.lacking)}, which this interpreter ({sys.executable}) does not have", file=sys.stderr)
            return 2
        environment = {**around.environment, "CORELIB_GPU_MISSING": ",".join(around.missing)}
        if around.missing:
            print(f"not installed, and replaced by the little of it that is needed: {', '.join(around.missing)}", flush=True)
        found: list[report.Found] = []
        conditions = {"device": args.device, "name": "?", "seed": args.seed, "budget": args.budget, "command": sys.argv}
        end, paths = time.monotonic() + args.budget, None
        for place, name in enumerate(chosen):
            left = end - time.monotonic()
            shares = [PARTS[later] for later in chosen[place:]]
            seconds = max(1.0, left * shares[0] / (sum(shares) + 0.04))
            print(f"{name}: at most {seconds:.0f} s", flush=True)
            out = Path(folder) / f"{name}.jsonl"
            made = run(name, args, seconds, out, environment)
            found.append(made)
            conditions["name"] = found[0]["facts"].get("name", conditions["name"])
            paths = report.write(args.results, f"gpu-{report.slug(str(conditions['name']))}", conditions, found)
            for text in made["wrong"][:5]:
                print(f"  wrong: {text[:200]}", flush=True)
            print(f"  {made['status']} after {made['seconds']:.0f} s, {len(made['wrong'])} wrong", flush=True)
        for path in paths or ():
            print(path)
    return 0 if all(p["status"] in ("done", "absent") and not p["wrong"] for p in found) else 1


def module_of(name: str) -> list[str]:
    """How the interpreter is told which part to run."""
    return ["-m", f"benchmarks.gpu.{name}"]


def run(name: str, args: argparse.Namespace, seconds: float, out: Path, environment: dict[str, str]) -> report.Found:
    """One part in a process group of its own, ended when its time is up."""
    command = [sys.executable, *module_of(name), "--device", args.device, "--seconds", str(seconds), "--seed", str(args.seed)]
    start = time.monotonic()
    with (out.parent / f"{name}.txt").open("w+b") as said:
        process = subprocess.Popen(
            [*command, "--out", str(out)], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=environment, cwd=ROOT, start_new_session=True
        )
        try:
            code: int | None = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # and what it has started
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        said.seek(0)
        last = said.read()[-2000:].decode(errors="replace").strip()
    made = report.read(out)
    status = "absent" if "absent" in made["facts"] else "done"
    if code is None:
        status = f"ended after {seconds:.0f} s; what it had written counts"
    elif code:
        status = "failed"
        made["wrong"].append(f"exit status {code}: {last[-900:]}")
    return {"name": name, "status": status, "seconds": time.monotonic() - start, **made}


if __name__ == "__main__":
    sys.exit(main())
