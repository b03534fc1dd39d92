"""Random programs of views and in-place changes: after every step all that can be seen of every tensor is as in PyTorch."""

from __future__ import annotations

import pytest
import torch

from ..harness import subject
from .view_programs import Run, random_program

# A part that is quick. Of some thousands of others, those that differ do so in the strides of a copy of an expanded tensor.


@pytest.mark.parametrize("start", range(0, 160, 20))
def test_programs_of_views_do_as_in_pytorch(start: int) -> None:
    compared = 0
    for seed in range(start, start + 20):
        theirs, ours = Run(torch), Run(subject)
        for number, step in enumerate(random_program(seed, 6 + seed % 8)):
            want = theirs.do(step)
            if theirs.excused(step, want[1]):
                break
            got = ours.do(step)
            assert got[0] == want[0], f"seed {seed}, step {number} {step}: {got}, PyTorch {want}"
            assert ours.state() == theirs.state(), f"seed {seed}, step {number} {step}"
            compared += 1
    assert compared > 100
