"""Prints how much was compared with PyTorch, summed over the workers of a parallel run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from .harness import COUNTS, OPS, missing

FROM_WORKERS: Counter[str] = Counter()


class SumOverWorkers:
    """Adds up what the workers of pytest-xdist counted."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        FROM_WORKERS.update(getattr(node, "workeroutput", {}).get("oracle", {}))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(SumOverWorkers())


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["oracle"] = dict(COUNTS)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    total = COUNTS + FROM_WORKERS
    if total:
        terminalreporter.section("compared with PyTorch")
        for what in sorted(total):
            terminalreporter.line(f"{total[what]:>8} {what}")
        absent = [op.name for op in OPS.values() if missing(op)]
        if absent:
            terminalreporter.line(
                f"{len(absent):>8} ops have samples, but are not listed and not in corelib: {' '.join(absent)}"
            )
