"""`pytest --pyargs corelib_conformance --device D`: a device that can be used is tested, any other ends the run."""

import subprocess
import sys

import pytest

pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")


def conformance(folder, *options, code):
    """The output of a run in an empty folder, whose exit status must be `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "corelib_conformance", *options],
        capture_output=True, text=True, timeout=300, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_cpu_passes(tmp_path):
    said = conformance(tmp_path, "--device", "cpu", "--level", "1", "--op", "add|neg", code=0)
    assert " passed" in said
    assert "skipped" not in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "needs a device: pytest --pyargs corelib_conformance --device cpu"),
        (("--device", "nosuch"), "--device nosuch: "),
        (("--device", "xpu"), "no installed package provides it"),
        (("--device", "cpu", "--op", "nosuch"), "no case is planned"),
        (("--device", "cpu:7"), "--device cpu:7: "),
    ],
)
def test_without_a_usable_device_nothing_runs_and_the_message_says_why(tmp_path, options, told):
    said = conformance(tmp_path, *options, code=int(pytest.ExitCode.USAGE_ERROR))
    assert told in said
    assert "Traceback" not in said
