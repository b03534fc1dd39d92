"""Rooms know only those below them: the contract in pyproject.toml passes, and refuses what it should."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over the package in a folder."""
    return subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True,
    )


@pytest.fixture
def house(tmp_path):
    shutil.copytree(ROOT / "corelib", tmp_path / "corelib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contract_passes_with_nothing_ignored():
    result = checked(ROOT)
    assert result.returncode == 0, result.stdout
    text = (ROOT / "pyproject.toml").read_text()
    assert "ignore_imports" not in text and "exhaustive_ignores" not in text and "exclude_type_checking_imports" not in text
    assert "exhaustive = true" in text


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("tensor/size.py", "from corelib.dispatcher.op import TABLE", "corelib.tensor.size -> corelib.dispatcher.op"),
        ("graph/node.py", "if TYPE_CHECKING:\n    from corelib.ops.shape.views import view", "corelib.graph.node -> corelib.ops.shape.views"),
        ("ops/elementwise/unary.py", "def late():\n    from corelib.nn import Module", "corelib.ops.elementwise.unary -> corelib.nn"),
        ("optim/sgd.py", "import corelib", "corelib.optim.sgd -> corelib "),
    ],
    ids=["a higher room", "for type checking only", "inside a function", "the face"],
)
def test_an_import_that_is_not_allowed_is_refused(house, file, line, told):
    path = house / "corelib" / file
    path.write_text(path.read_text() + f"\nTYPE_CHECKING = False\n{line}\n")
    result = checked(house)
    assert result.returncode == 1 and told in result.stdout, result.stdout


def test_a_room_that_no_floor_names_is_refused(house):
    (house / "corelib" / "attic.py").write_text('"""A room."""\n')
    result = checked(house)
    assert result.returncode == 1 and "attic" in result.stdout + result.stderr, result.stdout
