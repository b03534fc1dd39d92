"""The executor's memory: addresses, bounds, and what was never written or is freed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from executor import Arena, Fault
from executor.runtime import available

pytestmark = pytest.mark.skipif(bool(available()), reason=available())
BASE = 0x7200_0000_0000_0000


@pytest.fixture
def arena():
    return Arena(1 << 30, BASE)


def test_memory_counts_and_runs_out(arena):
    x = arena.allocate(1000)
    assert x % 256 == 0 and arena.in_use == 1000 and arena.allocations == {x: 1000}
    with pytest.raises(MemoryError, match="1000 of"):
        arena.allocate(1 << 30)
    arena.free(x)
    assert arena.in_use == 0 and arena.allocate(1000) != x
    with pytest.raises(Fault, match="freed memory"):
        arena.free(x)


def test_addresses_are_no_ones_of_this_process(arena):
    with pytest.raises(ValueError, match="outside"):
        Arena(1 << 20, 0x7000_0000)
    code = f"import ctypes; ctypes.string_at({arena.allocate(16)}, 1)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == -11


def test_copies_are_checked_and_carry_along_what_was_never_written(arena):
    x, y = arena.allocate(64), arena.allocate(64)
    arena.write(x, np.arange(32, dtype="u1"))
    arena.copy(y, x, 64)
    assert arena.read(y, 32).tolist() == list(range(32)) and arena.read(y, 64, unwritten=True).size == 64
    for wrong, kind in (
        (lambda: arena.read(y, 64), "unwritten"), (lambda: arena.read(y, 65), "outside"), (lambda: arena.write(y + 60, np.zeros(8, "u1")), "outside"),
        (lambda: arena.copy(y, x + 1, 64), "outside"), (lambda: arena.fill(y - 1, 0, 4), "outside"), (lambda: arena.read(5, 1), "copy"),
    ):  # fmt: skip
        with pytest.raises(Fault) as told:
            wrong()
        assert told.value.kind == kind
    arena.free(x)
    with pytest.raises(Fault, match="freed memory"):
        arena.read(x, 1)


@pytest.mark.parametrize("nbytes", [1, 4096, 70000, 1 << 20])
def test_freed_memory_of_every_size_is_known(arena, nbytes):
    before, x, behind = arena.allocate(100), arena.allocate(nbytes), arena.allocate(100)
    for y in (before, x, behind):
        arena.fill(y, 1, 1)
    arena.free(x)
    for at in (0, nbytes // 2, nbytes - 1):
        with pytest.raises(Fault, match="freed memory"):
            arena.read(x + at, 1)
    assert arena.read(before, 1).tolist() == arena.read(behind, 1).tolist() == [1]


def test_address_space_is_used_again_late_and_never_while_it_is_in_use(monkeypatch):
    monkeypatch.setattr("executor.memory.SPACE", 1 << 26)
    arena = Arena(1 << 24, BASE)
    kept, seen = arena.allocate(1000), set()
    for _ in range(200):
        x = arena.allocate(1 << 20)
        assert not x <= kept < x + (1 << 20)
        seen.add(x)
        arena.free(x)
    assert 60 < len(seen) < 70
