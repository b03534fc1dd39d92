"""Tests of the kernel pack for cpu. They run in an environment with the package corelib-cpu-native and a C compiler, in a cache of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corelib_cpu_native import pack

CACHE = Path(os.environ.setdefault("CORELIB_NATIVE_CACHE", os.path.expanduser("~/.cache/corelib-tests/native")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = pack.unavailable()
    if reason:
        raise pytest.UsageError(f"the pack is not available: {reason}")


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a program in a process of its own, with an empty cache unless it is told another."""

    def run(program: str, cache: Path | str | None = None, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
        told = {**os.environ, "CORELIB_NATIVE_CACHE": str(cache if cache is not None else tmp_path / "cache"), **env}
        return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=told, timeout=timeout, check=False)

    return run


@pytest.fixture
def counted() -> Iterator[Callable[[str], str]]:
    """Which path an op took last: "pack corelib-cpu-native", "native" (NumPy) or "body"."""
    import corelib.backends as backends

    backends.set_report(True)
    backends.reset_report()

    def path(op: str) -> str:
        return " ".join(sorted({row.path for row in backends.report() if row.op == op and row.device == "cpu"}))

    yield path
    backends.set_report(False)
