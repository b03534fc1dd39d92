"""Every broken backend takes effect and is caught by the case that names its fault; the clean one passes the same cases."""

import corelib
import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib_conformance.plan import plan
from corelib_conformance.result import GOOD
from corelib_conformance.run import run_case
from corelib_conformance.target import Target

from .mutants import MUTANTS, Clean

CASES = {case.id: case for case in plan()}
MATRIX = {}


def verdicts(backend, ids, seed=0):
    """The status of cases on a backend, registered for as long as it takes."""
    with corelib.backends.register(backend):
        try:
            target = Target("mutant", seed)
        except Exception as error:  # a device on which nothing can be made is caught by that
            return dict.fromkeys(ids, f"error: {error}")
        return {i: run_case(target, CASES[i], limit=60).status for i in ids}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_takes_effect_and_is_killed_by_the_case_that_names_it(name):
    mutant = MUTANTS[name]
    backend = mutant.backend()
    try:
        with mutant.around():
            found = verdicts(backend, [mutant.killer])
    finally:
        getattr(backend, "undo", lambda: None)()
    assert mutant.hits, f"the fault {name!r} did not take effect"
    assert found[mutant.killer] not in GOOD, f"{mutant.killer} let it live"


@pytest.mark.parametrize("seed", range(5))
def test_the_clean_backend_passes_the_same_cases(seed):
    found = verdicts(Clean(), sorted({m.killer for m in MUTANTS.values()}), seed)
    assert set(found.values()) == {"pass"}, {i: s for i, s in found.items() if s != "pass"}


def test_there_are_enough_of_them():
    assert len(MUTANTS) >= 30
    assert len({m.killer for m in MUTANTS.values()}) >= 25
