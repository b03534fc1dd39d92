"""docs/kernel_contract.md is what the op table says."""

from pathlib import Path

from tools.kernel_contract import RULES, page
from corelib.dispatcher.op import TABLE

PATH = Path(__file__).resolve().parents[3] / "docs" / "kernel_contract.md"


def test_the_page_is_fresh():
    assert PATH.read_text(encoding="utf-8") == page(), "write it anew: python -m tools.kernel_contract > docs/kernel_contract.md"


def test_every_primitive_and_only_they_are_rows_with_rules():
    primitives = {name for name, op in TABLE.items() if op.primitive}
    assert set(RULES) <= primitives
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    extensions = {name for name, op in TABLE.items() if op.kind == "extension"}
    assert {line.split("`")[1].split("(")[0] for line in rows} == primitives | extensions
