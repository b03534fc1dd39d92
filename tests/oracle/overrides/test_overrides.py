"""The same programs with `__torch_function__` in both libraries, each in a process of its own: what they say and give is the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..coverage.calls import compared
from ..coverage.expressions import close
from . import mode_programs as mode_programs
from .programs import PROGRAMS

NAMES = """
torch.DisableTorchFunction torch.DisableTorchFunctionSubclass torch.overrides.BaseTorchFunctionMode torch.overrides.TorchFunctionMode
torch.overrides.enable_reentrant_dispatch torch.overrides.get_default_nowrap_functions torch.overrides.get_ignored_functions torch.overrides.get_overridable_functions
torch.overrides.get_testing_overrides torch.overrides.handle_torch_function torch.overrides.has_torch_function torch.overrides.is_tensor_like
torch.overrides.is_tensor_method_or_property torch.overrides.redispatch_function torch.overrides.resolve_name torch.overrides.wrap_torch_function
""".split()
TEXT = "".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("programs.py", "mode_programs.py"))


@pytest.fixture(scope="module")
def both() -> dict[str, dict[str, Any]]:
    """What the programs give, by library."""
    found = {}
    for library in ("corelib", "torch"):
        done = subprocess.run([sys.executable, "-m", "tests.oracle.overrides", library], capture_output=True, text=True, cwd=Path(__file__).parents[3], timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        found[library] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_the_same(name: str, both: dict[str, dict[str, Any]]) -> None:
    got, want = both["corelib"][name], both["torch"][name]
    if isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
        for i, (mine, theirs) in enumerate(zip(got, want)):
            assert close(mine, theirs), f"{name}, part {i}\n    got {mine}\nPyTorch {theirs}"
    assert close(got, want)


def test_the_programs_use_every_name(both: dict[str, dict[str, Any]]) -> None:
    assert both
    for name in NAMES:
        assert name.rpartition(".")[2] in TEXT
        compared(name)
