"""The stubs from the table: methods and functions are known, misspelt ones are flagged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from corelib.ops import stubs

HERE = Path(__file__).parent


def test_the_stubs_are_those_of_the_table() -> None:
    for path, text in stubs.generate().items():
        assert path.read_text() == text, f"{path.name} is stale: run python -m corelib.ops.stubs"


def test_a_users_program_is_understood() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--follow-imports=silent", str(HERE / "user_program.py")],
        capture_output=True, text=True, cwd=HERE, timeout=600,
    )
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert 'Revealed type is "corelib.tensor.tensor.Tensor"' in done.stdout, done.stdout
    assert len(errors) == 1 and 'has no attribute "softmx"' in errors[0], done.stdout
