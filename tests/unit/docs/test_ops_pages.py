"""docs/ops is what the op table says."""

import subprocess
import sys
from pathlib import Path

from corelib.as_torch.naming import DECLARED
from corelib.dispatcher.namespaces import NAMESPACES
from tools.pages import pages  # declares all functions

ROOT = Path(__file__).resolve().parents[3]
PATH = ROOT / "docs" / "ops"


def test_the_pages_are_fresh(tmp_path):
    """Written by a process of its own: another test's class with `__torch_function__` may have changed the functions of this one."""
    subprocess.run([sys.executable, "-m", "tools.pages", str(tmp_path)], check=True, cwd=ROOT, capture_output=True)
    made = {page.name: page.read_text(encoding="utf-8") for page in tmp_path.glob("*.md")}
    assert {p.name for p in PATH.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (PATH / name).read_text(encoding="utf-8") == text, "write them anew: python -m tools.pages docs/ops"


def test_every_public_function_is_on_a_page():
    text = "".join(pages().values())
    for space, found in NAMESPACES.items():
        for name, function in found.items():
            if not isinstance(function, type) and DECLARED.get(function, (function.__module__,))[0].startswith(("corelib.ops.", "corelib.nn.")):
                assert f"`torch.{'' if space == 'torch' else space + '.'}{name}`" in text, name


def test_every_function_has_an_example() -> None:
    lacking = [
        entry.partition("\n")[0] for page in PATH.glob("*.md") if page.name != "index.md"
        for entry in page.read_text(encoding="utf-8").split("\n## ")[1:] if ">>>" not in entry
    ]
    assert not lacking
