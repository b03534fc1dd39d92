"""The code in docs/write_a_backend.md is the tiny backend's."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "write_a_backend.md").read_text(encoding="utf-8")
SOURCE = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "examples" / "tiny_backend" / "corelib_tiny_backend").glob("*.py"))


def test_each_line_of_code_is_in_the_example():
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 4
    lines = {line.strip() for line in SOURCE.splitlines()}
    strange = [line for block in blocks for line in block.splitlines() if line.strip() and line.strip() not in lines]
    assert not strange


def test_its_size_is_what_the_page_says():
    files = (ROOT / "examples" / "tiny_backend" / "corelib_tiny_backend").glob("*.py")
    count = sum(len(p.read_text(encoding="utf-8").splitlines()) for p in files)
    assert f"{count} lines of pure Python" in PAGE
