"""How cases are run: what is skipped, flaky, late or crashes is a result; levels need everything that is planned."""

import argparse
import itertools
import os
import signal
import time
import unittest

import corelib
import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib_conformance import check_device, cli
from corelib_conformance.checks import CHECKS
from corelib_conformance.collect import levels
from corelib_conformance.plan import digest, plan, selected
from corelib_conformance.result import Case, Failure, Result
from corelib_conformance.run import run_case
from corelib_conformance.target import Target
from corelib_conformance.workers import run_in_workers


@pytest.fixture
def target():
    return Target("cpu")


@pytest.fixture
def checked(monkeypatch, target):
    """Runs a function as a check and returns the result."""

    def run(function, limit=60.0):
        monkeypatch.setitem(CHECKS, "made_up", function)
        return run_case(target, Case(0, "made_up"), limit)

    return run


def test_a_check_that_wants_to_be_skipped_fails(checked):
    def skips(target, case):
        raise unittest.SkipTest("not today")

    def skips_by_pytest(target, case):
        pytest.skip("not today")

    for check in (skips, skips_by_pytest):
        result = checked(check)
        assert result.status == "fail" and "nothing is skipped" in result.message


def test_a_mixed_outcome_is_flaky(checked):
    turns = itertools.count()

    def sometimes(target, case):
        if next(turns) % 2 == 0:
            raise Failure("off", 2.0)

    assert checked(sometimes).status == "flaky"


def test_a_steady_failure_keeps_its_message_and_measure(checked):
    def fails(target, case):
        raise Failure("off by one", 3.5)

    result = checked(fails)
    assert (result.status, result.message, result.over) == ("fail", "off by one", 3.5)


def test_an_exception_is_an_error_with_its_type(checked):
    def raises(target, case):
        raise KeyError("x")

    result = checked(raises)
    assert result.status == "error" and "KeyError" in result.message


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms on this system")
def test_a_case_that_does_not_end_is_a_timeout(checked):
    assert checked(lambda target, case: time.sleep(30), limit=0.2).status == "timeout"


def test_no_fallback_to_the_host_is_allowed_while_a_case_runs(checked):
    seen = []
    checked(lambda target, case: seen.append(corelib.backends.get_fallback()))
    assert seen == ["error"] and corelib.backends.get_fallback() != "error"


def test_the_plan_is_the_same_each_time_and_has_every_level():
    assert len({c.id for c in plan()}) == len(plan()) > 4000
    assert {c.level for c in plan()} == set(range(6))
    assert digest() == digest()
    assert [c.id for c in selected(1, "neg")] == [f"1/{k}/neg/{d}/forward" for d in NUMBERS for k in ("sizes", "layouts", "values")]


NUMBERS = ("uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def test_every_op_of_the_table_that_users_call_is_planned():
    from corelib_conformance.samples.declare import OPS

    planned = {c.op for c in plan()}
    assert {"add", "softmax", "conv2d", "sort", "cross_entropy", "einsum"} <= planned
    assert len(planned & set(OPS)) > 200


def test_a_level_needs_every_planned_case():
    every = [Result(case, "pass") for case in plan()]
    assert levels(every)[1] == 5
    without = [r for r in every if r.case.id != "2/forward/add/float32/forward"]
    rows, reached = levels(without)
    assert reached == 1 and rows[2]["verdict"] == "partial" and rows[2]["missing"] == ["2/forward/add/float32/forward"]
    assert rows[3]["verdict"] == "partial", "a level stands on those below it"
    assert levels([])[1] == -1
    assert levels([r._replace(status="unsupported") if r.case.dtype == "float64" else r for r in every])[1] == 5
    for bad in ("fail", "error", "crash", "timeout", "flaky", "not_run"):
        spoilt = [r._replace(status=bad) if r.case.id == "0/order" else r for r in every]
        assert levels(spoilt)[1] == -1


def test_plain_python_gets_the_results():
    results = check_device("cpu", level=1, op="neg", seed=3)
    assert len(results) == 27 and {r.status for r in results} == {"pass"}
    with pytest.raises(RuntimeError, match="nosuch"):
        check_device("nosuch")


def test_processes_share_the_work_and_a_crash_is_a_result(tmp_path, monkeypatch):
    package = tmp_path / "corelib_crashing"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import os\nfrom corelib.backend import hookimpl\n"
        "@hookimpl\ndef corelib_backend():\n"
        "    from corelib_cpu_numpy.backend import NumpyBackend\n"
        "    class Crashing(NumpyBackend):\n"
        "        device_type = 'crashing'\n        host_memory = False\n"
        "        def kernels(self):\n"
        "            table = super().kernels()\n"
        "            table.table['neg'] = {d: (lambda out, x: os.abort()) for d in table['neg']}\n"
        "            return table\n"
        "    return Crashing()\n"
    )
    info = tmp_path / "corelib_crashing-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corelib-crashing\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[corelib.backends]\ncrashing = corelib_crashing\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    cases = selected(1, "neg|sub")
    found = {r.case.id: r for r in run_in_workers("crashing", [c for c in cases if c.dtype == "float32"], 2, 0, 60)}
    assert {r.status for r in found.values() if r.case.op == "sub"} == {"pass"}
    crashed = [r for r in found.values() if r.case.op == "neg"]
    assert crashed and all(r.status == "crash" and "SIGABRT" in r.message for r in crashed)


@pytest.mark.parametrize(("option", "value", "said"), [
    ("--op", "(", "is not a regular expression"), ("--dtype", "[", "is not a regular expression"), ("-n", "x", "no number of processes"),
    ("-n", "0", "no number of processes"), ("--report", "/dev/null", "cannot be a folder for the report"),
])  # fmt: skip
def test_wrong_options_are_told_before_the_run(option, value, said, capsys):
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([option, value])
    assert said in capsys.readouterr().err
