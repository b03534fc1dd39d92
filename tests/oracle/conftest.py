"""Prints how much was compared with PyTorch, and records which names were called, summed over the workers of a parallel run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from corelib.dispatcher.modes import entered

from .coverage import calls
from .harness import COMPARED, COUNTS, DIFFERENT, MOST, OPS, missing, subject

FROM_WORKERS: Counter[str] = Counter()
VISION = Path(__file__).parent / "vision"


class SumOverWorkers:
    """Adds up what the workers of pytest-xdist counted."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        output = getattr(node, "workeroutput", {})
        FROM_WORKERS.update(output.get("oracle", {}))
        calls.CALLED.update(output.get("called", ()))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("oracle")
    group.addoption("--write-called", metavar="FILE", help="write the names that the tests call, if all of them pass")
    group.addoption("--check-called", action="store_true", help="fail if the tests do not call all names of coverage/called.txt")


def wanted(config: pytest.Config) -> bool:
    """Whether calls are recorded; False too where pytest has met this file too late to know the options."""
    return bool(config.getoption("write_called", None) or config.getoption("check_called", False))


RECORDERS: list[calls.Recorder] = []
"""What watches the calls of this run, if anything does."""


@pytest.fixture
def unwatched() -> Iterator[None]:
    """For tests of what looks at functions themselves, as pickle does: they are corelib's own, but for what saves and loads them."""
    if not RECORDERS:
        yield
        return
    with RECORDERS[0].away(but=("torch.serialization.", "torch.save", "torch.load")):
        yield


@pytest.fixture(autouse=True)
def nothing_stays_entered() -> Iterator[None]:
    """A test that leaves a mode entered, such as autocast, changes what the tests after it see."""
    yield
    assert not entered(), f"left entered: {entered()}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pictures have a process of their own, `pytest tests/oracle/vision`: tv_tensors make all functions ask for `__torch_function__`, which other tests see."""
    return True if collection_path == VISION and not any("vision" in given for given in config.args) else None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SumOverWorkers())
    if wanted(config) and subject is not torch:
        RECORDERS.append(calls.Recorder())
        RECORDERS[0].start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["oracle"] = dict(COUNTS)
        output["called"] = sorted(calls.CALLED)
    elif too_many(COUNTS + FROM_WORKERS):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    elif session.config.getoption("check_called", False) and session.exitstatus == 0 and calls.called() - calls.CALLED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def too_many(counts: Counter[str]) -> bool:
    """Whether more of the samples of PyTorch's tables differ than may."""
    return counts[DIFFERENT] > MOST * counts[COMPARED] and counts[DIFFERENT] > 50


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if wanted(config):
        report_called(terminalreporter, exitstatus, config.option)
    total = COUNTS + FROM_WORKERS
    if too_many(total):
        terminalreporter.section(f"more than {MOST:.1%} of the samples of PyTorch's tables differ", red=True)
    if total:
        terminalreporter.section("compared with PyTorch")
        for what in sorted(total):
            terminalreporter.line(f"{total[what]:>8} {what}")
        absent = [op.name for op in OPS.values() if missing(op)]
        if absent:
            terminalreporter.line(
                f"{len(absent):>8} ops have samples, but are not listed and not in corelib: {' '.join(absent)}"
            )


def report_called(terminalreporter: Any, exitstatus: int, option: Any) -> None:
    """Write what was called, or say what was not."""
    if option.check_called and (lost := sorted(calls.called() - calls.CALLED)):
        terminalreporter.section("names of coverage/called.txt that no test of this run calls", red=True)
        terminalreporter.line(" ".join(lost))
    if option.check_called and (new := sorted(calls.CALLED - calls.called())):
        terminalreporter.section("called, and not yet in coverage/called.txt")
        terminalreporter.line(" ".join(new))
    if option.write_called:
        written = exitstatus == 0
        if written:
            Path(option.write_called).write_text("".join(f"{name}\n" for name in sorted(calls.CALLED)), encoding="utf-8")
        terminalreporter.line(f"{len(calls.CALLED):>8} names called, {'written to' if written else 'not written, for a test failed, to'} {option.write_called}")
