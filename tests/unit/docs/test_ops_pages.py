"""docs/ops is what the op table says."""

from pathlib import Path

from corelib.as_torch.naming import DECLARED
from corelib.dispatcher.namespaces import NAMESPACES
from tools.pages import pages  # declares all functions

PATH = Path(__file__).resolve().parents[3] / "docs" / "ops"


def test_the_pages_are_fresh():
    made = pages()
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
