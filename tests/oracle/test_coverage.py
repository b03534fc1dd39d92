"""The page of PyTorch's names is what the libraries say today."""

from __future__ import annotations

from pathlib import Path

from .coverage import page, table

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew: python -m tests.oracle.coverage > docs/coverage.md"


def test_every_name_is_in_one_place() -> None:
    for rows in table().values():
        names = [name for kind in rows.values() for name in kind]
        assert len(names) == len(set(names)) > 0
