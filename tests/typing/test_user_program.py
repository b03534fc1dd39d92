"""The stubs from the table: an editor knows the methods and functions, and mypy flags a user's mistakes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import corelib
from corelib.tensor.base import TensorBase
import pytest
from tools import stubs

HERE = Path(__file__).parent
MYPY = (sys.executable, "-m", "mypy", "--no-incremental")


def mypy(*arguments: object, cwd: Path = HERE) -> str:
    """What mypy prints; it must have run."""
    done = subprocess.run(
        [*MYPY, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=600, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checked() -> str:
    """mypy's report on the user's program, with no settings of ours."""
    return mypy("--config-file=", "--strict", "--follow-imports=silent", HERE / "user_program.py")


def test_the_stubs_are_those_of_the_table() -> None:
    """Written by a process of its own: another test's class with `__torch_function__` may have changed the functions of this one."""
    write = "import json; from tools import stubs; print(json.dumps({str(path): text for path, text in stubs.generate().items()}))"
    done = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    made = json.loads(done.stdout)
    assert len(made) >= 5
    for path, text in made.items():
        assert Path(path).read_text(encoding="utf-8") == text, f"{path} is stale: run python -m tools.stubs"


def test_every_public_function_and_method_is_in_the_stubs() -> None:
    package, tensor, _ = (stubs.ROOT / name for name in ("__init__.pyi", "tensor/base.pyi", "nn/functional.pyi"))
    for path, owner in ((package, corelib), (tensor, TensorBase)):
        known = set(re.findall(r"\b(?:def|as|import) (\w+)|^ *(\w+):", path.read_text(encoding="utf-8"), re.MULTILINE))
        names = {name for pair in known for name in pair}
        public = {n for n in vars(owner) if not n.startswith("_") and n not in ("annotations", "Any", "ops", "tensor")}
        assert not {n for n in public - names if callable(getattr(owner, n))}


def test_the_types_of_a_users_program_are_known(checked: str) -> None:
    shown = re.findall(r'Revealed type is "([^"]+)"', checked)
    assert shown[:2] == ["corelib.tensor.tensor.Tensor"] * 2, checked
    assert shown[2:] == ["corelib.tensor.size.Size", "corelib.tensor.dtype.dtype"]


def test_mistakes_are_flagged_and_nothing_else_is(checked: str) -> None:
    lines = (HERE / "user_program.py").read_text(encoding="utf-8").splitlines()
    first = lines.index('    """Each of these lines is flagged."""') + 2
    flagged = {int(n) for n in re.findall(r"user_program.py:(\d+): error", checked)}
    assert flagged == set(range(first, len(lines) + 1)), checked
    assert '"Tensor" has no attribute "softmx"' in checked


def test_sources_that_stubs_stand_for_are_typed_too(tmp_path: Path) -> None:
    shutil.copytree(stubs.ROOT, tmp_path / "corelib", ignore=shutil.ignore_patterns("*.pyi", "__pycache__"))
    sources = [path.with_suffix(".py").relative_to(stubs.ROOT.parent) for path in stubs.generate()]
    said = mypy(
        "--config-file=", "--strict", "--follow-imports=silent", "--disable-error-code=attr-defined",  # without its stub a Tensor has no ops
        *sources, cwd=tmp_path,
    )  # fmt: skip
    assert "Success" in said, said
