"""How cases are run: what is skipped, flaky, late or crashes is a result; levels need everything that is planned."""

import argparse
import itertools
import os
import signal
import tempfile
import textwrap
import time
import unittest

import corelib
import pytest
from corelib.cli import main

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
from corelib_conformance import check_device, cli, report, workers
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


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """Runs cases in workers on a device of the source given, whose neg does what it likes."""

    def run(kernel, ops="neg|sub", limit=60, processes=2, before="", most=None):
        package = tmp_path / "corelib_odd"
        package.mkdir()
        (package / "__init__.py").write_text(
            f"import os, sys, time\nfrom corelib.backend import hookimpl\n{before}\n{textwrap.dedent(kernel)}\n"
            "@hookimpl\ndef corelib_backend():\n"
            "    from corelib_cpu_numpy.backend import NumpyBackend\n"
            "    class Odd(NumpyBackend):\n"
            "        device_type = 'odd'\n        host_memory = False\n"
            "        def kernels(self):\n"
            "            table = super().kernels()\n"
            "            table.table['neg'] = {d: (lambda out, x, right=right: neg(right, out, x)) for d, right in table['neg'].items()}\n"
            "            return table\n"
            "    return Odd()\n"
        )
        info = tmp_path / "corelib_odd-0.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: corelib-odd\nVersion: 0.1\n")
        (info / "entry_points.txt").write_text("[corelib.backends]\nodd = corelib_odd\n")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
        cases = [c for c in selected(1, ops) if c.dtype == "float32"][:most]
        found = {r.case.id: r for r in run_in_workers("odd", cases, processes, 0, limit)}
        assert len(found) == len(cases) and {r.status for r in found.values() if r.case.op == "sub"} <= {"pass"}
        return [r for r in found.values() if r.case.op == "neg"]

    return run


def test_processes_share_the_work_and_a_crash_is_a_result(odd):
    crashed = odd("def neg(right, out, x): os.abort()")
    assert crashed and all(r.status == "crash" and "SIGABRT" in r.message for r in crashed)


EVERY = "[int(n) for n in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{n}')]"


@pytest.mark.parametrize("kernel", [
    "print('hello'); os.write(1, b'{\\x22status\\x22: 1}\\n' * 5000); os.write(2, b'\\xff\\xfe no text')",
    "os.write(1, b'x' * 3_000_000)",
    "sys.stdin.read(); os.read(0, 10)",
    "LEFT.append(1); sys.stdout.close(); os.dup2(2, 1); os.close(1); os.close(0)",
    f"for n in {EVERY}: os.stat(n).st_mode & 0o170000 == 0o010000 and n and fcntl.fcntl(n, 3) & 1 and os.write(n, b'no answer, ')",
    "subprocess.Popen(['sleep', '45'], close_fds=False, start_new_session=True); LEFT.append(1)",
])  # fmt: skip
def test_a_worker_answers_whatever_a_kernel_does_with_its_pipes(odd, kernel):
    """What it prints, reads, closes and leaves open; the last but one writes to every pipe that the process has."""
    found = odd(f"import fcntl, subprocess\nLEFT = []\ndef neg(right, out, x):\n    if not LEFT:\n        {kernel}\n    right(out, x)")
    assert [r.status for r in found] == ["pass"] * len(found), found


@pytest.mark.parametrize(("kernel", "status", "said"), [
    (f"for n in {EVERY}: n > 2 and os.close(n)", "crash", "exit status"),
    ("os._exit(0)", "crash", "exit status 0"),
    ("os.kill(os.getpid(), 40)", "crash", "exit status -40"),
    ("sys.stderr.buffer.write(b'\\xff' * 100_000); sys.stderr.flush(); os.abort()", "crash", "\ufffd"),
    ("subprocess.Popen(['sleep', '45'], close_fds=False, start_new_session=True); os.abort()", "crash", "SIGABRT"),
    (f"os.fork() or time.sleep(45)\n    for n in {EVERY}: n > 2 and os.close(n)\n    time.sleep(45)", "timeout", "its process was ended"),
])  # fmt: skip
def test_a_process_that_gives_no_answer_is_a_result_in_time(odd, monkeypatch, kernel, status, said):
    monkeypatch.setattr(workers, "GRACE", 3.0)
    start = time.monotonic()
    before = "import signal, subprocess\nsignal.setitimer = lambda *a: None" if status == "timeout" else "import subprocess"
    found = odd(f"def neg(right, out, x):\n    {kernel}", "neg", 5 if status == "timeout" else 60, 1, before, 1)
    assert {r.status for r in found} == {status} and all(said in r.message for r in found), found
    assert time.monotonic() - start < 40


def test_a_process_that_cannot_start_is_an_error_of_each_case(monkeypatch):
    monkeypatch.setattr(workers.sys, "executable", "/nosuch/python")
    assert {(r.status, "FileNotFoundError" in r.message) for r in run_in_workers("cpu", selected(1, "neg"), 2, 0, 60)} == {("error", True)}


@pytest.mark.parametrize(("option", "value", "said"), [
    ("--op", "(", "is not a regular expression"), ("--dtype", "[", "is not a regular expression"), ("-n", "x", "no number of processes"),
    ("-n", "0", "no number of processes"), ("--report", "/dev/null", "cannot be a folder for the report"),
    ("--limit", "-1", "no number of seconds"), ("--limit", "nan", "no number of seconds"), ("--seed", "-1", "no seed"),
])  # fmt: skip
def test_wrong_options_are_told_before_the_run(option, value, said, capsys):
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([option, value])
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nosuch", "cpu:7", "cpu:99999999999999999999", "", "cpu:x"])
def test_a_device_that_is_none_is_wrong_usage(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["conformance", "--device", name, "--op", "neg", "--level", "1"])
    assert ended.value.code == 2 and "argument --device" in capsys.readouterr().err


def test_a_report_whose_folder_is_lost_meanwhile_is_written_elsewhere(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "report.html").mkdir()  # as good as a full disk
    options = ["conformance", "--device", "cpu", "--op", "^neg$", "--dtype", "float32", "--level", "1", "--no-progress"]
    assert main([*options, "--report", str(tmp_path / "kept")]) == 0
    printed = capsys.readouterr()
    (other,) = tmp_path.glob("corelib-conformance-*")
    assert str(other) in printed.err and str(other / "report.json") in printed.out
    assert {p.name for p in other.iterdir()} == {"report.json", "report.html", "badge.svg"}


def test_a_run_that_is_interrupted_reports_how_far_it_came(tmp_path, monkeypatch, capsys):
    def some(device, cases, *rest):
        yield Result(cases[0], "fail", "[/odd] \udc80", float("nan"))
        raise KeyboardInterrupt

    monkeypatch.setattr(workers, "run_in_workers", some)
    assert main(["conformance", "--device", "cpu", "--op", "^neg$", "--level", "1", "--no-progress", "--report", str(tmp_path)]) == 130
    assert "interrupted after 1 of 27 cases" in capsys.readouterr().err
    assert len(report.read(tmp_path / "report.json")["results"]) == 1
