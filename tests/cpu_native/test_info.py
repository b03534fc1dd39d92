"""What `corelib info` says of this package, and the progress of `corelib warm`."""

from __future__ import annotations

import argparse
import io
import os

import pytest
from corelib import progress
from corelib_cpu_native import cache, info, pack, warm_command
from corelib_cpu_native.compilers import compiler


def test_the_facts_are_compiler_cache_and_threads(monkeypatch, tmp_path):
    monkeypatch.setenv("CORELIB_NATIVE_CACHE", str(tmp_path / "cache"))
    facts = info.facts()
    assert facts["compiler"] == " ".join(compiler().command) and facts["its version"]
    assert facts["cache"] == f"{tmp_path / 'cache'}: 0 compiled texts, 0.0 MB" and int(facts["threads"]) >= 1
    assert "-O3" not in facts["flags for the processor"]


def test_where_there_are_no_kernels_they_say_why(monkeypatch):
    monkeypatch.setenv("CORELIB_NATIVE", "0")
    facts = info.facts()
    assert facts["not used"] == "it is switched off by CORELIB_NATIVE=0" and "compiler" not in facts and str(cache.folder()) in facts["cache"]


@pytest.mark.parametrize("terminal", [True, False])
def test_warm_shows_its_progress_in_a_terminal(monkeypatch, capsys, terminal):
    some = [found for found in pack.kernels() if found[1].name == "float32" and found[0] in ("add", "mul")]
    monkeypatch.setattr(pack, "kernels", lambda: iter(some))
    monkeypatch.setattr(progress, "is_terminal", lambda stream: terminal)
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    assert warm_command.run(argparse.Namespace(dtype=None)) == 0
    assert f"{len(some)} kernels for float32 are ready" in capsys.readouterr().out
    assert (f"{len(some)} of {len(some)} kernels" in screen.getvalue()) is terminal and (screen.getvalue() == "") is not terminal
    assert os.path.isdir(cache.folder())
