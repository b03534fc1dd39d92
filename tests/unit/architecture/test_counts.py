"""The figures that CI holds, counted here from the source, and seen to count."""

import ast

import pytest

from tools import counts, house


@pytest.mark.parametrize("count", counts.COUNTS, ids=lambda c: c.__name__)
def test_no_bound_is_passed(count):
    what, found, most, places = count()
    assert found <= most, f"{what}: {found} of at most {most}\n" + "\n".join(places)


def test_imports_inside_functions_are_seen_in_every_form():
    source = "def f():\n    import corelib.nn\n    from corelib.ops import x\n    from . import y\n    import math\nfrom corelib import z\ng = lambda: 0\n"
    assert list(counts._hidden(ast.parse(source))) == [2, 3, 4]


def test_the_picture_of_the_house_is_fresh():
    assert house.page() == house.PAGE.read_text(encoding="utf-8"), "write it anew: python -m tools.house"


def test_every_slot_is_on_the_page():
    page = house.PAGE.read_text(encoding="utf-8")
    for place in counts.slots().places:
        path, _, line = place.partition(":")
        text = (counts.ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
        name = text.removeprefix("class ").partition(":")[0]
        assert f"| `{name}` | `{path.removeprefix('corelib/')}`" in page, name
