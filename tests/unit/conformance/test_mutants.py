"""Every broken backend takes effect and is caught by the case that names its fault; the clean one passes the same cases."""

import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib_conformance.result import GOOD

from .kill_matrix import PAGE, verdict, verdicts
from . import faults_of_memory, faults_of_values, faults_of_word  # noqa: F401  (they declare mutants)
from .mutants import MUTANTS, Clean

KILLED = {}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_takes_effect_and_is_killed_by_the_case_that_names_it(name):
    mutant = MUTANTS[name]
    status = verdict(mutant)
    assert mutant.hits, f"the fault {name!r} did not take effect"
    assert status not in GOOD, f"{mutant.killer} let it live"
    KILLED[name] = (mutant.killer, status, mutant.hits)


@pytest.mark.parametrize("seed", range(5))
def test_the_clean_backend_passes_the_same_cases(seed):
    found = verdicts(Clean(), sorted({m.killer for m in MUTANTS.values()}), seed)
    assert set(found.values()) == {"pass"}, {i: s for i, s in found.items() if s != "pass"}


def test_there_are_enough_of_them_and_the_page_lists_each_with_its_case(capsys):
    assert len(MUTANTS) >= 30
    assert len({m.killer for m in MUTANTS.values()}) >= 25
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line]
    assert {(row.split(" | ")[0][2:], row.split(" | ")[1].strip("`")) for row in rows} == {(m.name, m.killer) for m in MUTANTS.values()}
    with capsys.disabled():
        print("\nkilled in this process: fault, case, status, times it took effect")
        for name, (killer, status, hits) in KILLED.items():
            print(f"  {name:60} {killer:45} {status:8} {hits}")
