"""Writes docs/kill_matrix.md: every broken backend against the case that is to catch it, run anew.

    python -m tests.unit.conformance.kill_matrix
"""

from __future__ import annotations

from pathlib import Path

import corelib
from corelib_conformance.plan import plan
from corelib_conformance.result import GOOD
from corelib_conformance.run import run_case
from corelib_conformance.target import Target

from . import faults_of_memory, faults_of_values, faults_of_word  # noqa: F401  (they declare mutants)
from .mutants import MUTANTS, Clean, Mutant

PAGE = Path(__file__).resolve().parents[3] / "docs" / "kill_matrix.md"
CASES = {case.id: case for case in plan()}
HEAD = """# The kill matrix

Each row is a backend with one fault; `python -m tests.unit.conformance.kill_matrix` writes this page by running them. The second column is the case
that has to catch it; the third is what came of it, and the last says how often the fault took effect there. A test runs each fault against its case, and the clean backend against all of the cases over five seeds.

| fault | caught by | with | took effect |
|---|---|---|---:|
"""


def verdicts(backend: object, ids: list[str], seed: int = 0) -> dict[str, str]:
    """The status of cases on a backend, registered for as long as it takes."""
    with corelib.backends.register(backend):
        try:
            target = Target("mutant", seed)
        except Exception as error:  # a device on which nothing can be made is caught by that
            return dict.fromkeys(ids, f"error: {error}")
        return {i: run_case(target, CASES[i], limit=60).status for i in ids}


def verdict(mutant: Mutant) -> str:
    """The status of the case that has to catch a broken backend."""
    backend = mutant.backend()
    try:
        with mutant.around():
            return verdicts(backend, [mutant.killer])[mutant.killer]
    finally:
        getattr(backend, "undo", lambda: None)()


def page() -> str:
    """The page's text, from a run of everything."""
    ids = sorted({m.killer for m in MUTANTS.values()})
    rows = []
    for name, mutant in MUTANTS.items():
        status = verdict(mutant)
        caught = f"`{mutant.killer}`" if status not in GOOD else "**nothing**"
        rows.append(f"| {name} | {caught} | {status.split(':')[0]} | {mutant.hits} |")
    clean = verdicts(Clean(), ids)
    wrong = [i for i, status in clean.items() if status not in GOOD]
    tail = f"\n{len(MUTANTS)} faults, {len(ids)} cases; the clean backend fails {', '.join(wrong) if wrong else 'none of them'}.\n"
    return HEAD + "\n".join(rows) + "\n" + tail


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))
