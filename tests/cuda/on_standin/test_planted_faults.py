"""Each fault that is planted into stream order or a library call is caught, and the same work passes without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
sys.path.insert(0, str(Path(__file__).parent))
from planted_orders import PLANTED

PROGRAM = Path(__file__).with_name("planted_orders.py")
SEEN = {}


def said(name, seed=0):
    env = {**os.environ, "CORELIB_CUDA_STANDIN": f"seed={seed}"}
    done = subprocess.run([sys.executable, str(PROGRAM), name], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("seed", range(3))
def test_the_work_passes_as_it_is(seed):
    assert said("none", seed) == "nothing"


@pytest.mark.parametrize("name", [n for n in PLANTED if n != "none"])
def test_a_planted_fault_is_caught(name):
    SEEN[name] = said(name)
    assert SEEN[name] != "nothing", PLANTED[name][0]


def test_the_table(capsys):
    if len(SEEN) < 2:
        pytest.skip("the faults were not planted in this process")
    with capsys.disabled():
        print(f"\nplanted faults of stream order and library calls: {len(SEEN)}, caught: {sum(s != 'nothing' for s in SEEN.values())}")
        for name, words in SEEN.items():
            print(f"  {name:<36} {PLANTED[name][0]:<62} {words[:110]}")
