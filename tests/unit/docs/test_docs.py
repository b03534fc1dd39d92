"""Every example in a public docstring, in the README and in the documentation runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import corelib
import corelib_cpu_numpy
import pytest
from corelib.dispatcher.op import TABLE

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def modules():
    for package in (corelib, corelib_cpu_numpy):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith("__main__"):
                yield found.name


def run(tests):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    out = []
    for test in tests:
        runner.run(test, out=out.append, clear_globs=True)
    return runner.summarize(verbose=False), "".join(out)


@pytest.mark.parametrize("name", sorted(modules()))
def test_the_examples_of_a_module_run(name):
    module = importlib.import_module(name)
    (failed, _), text = run([t for t in doctest.DocTestFinder(exclude_empty=True).find(module) if t.examples])
    assert failed == 0, text


@pytest.mark.parametrize("name", sorted(n for n, op in TABLE.items() if ">>>" in (op.function.__doc__ or "")))
def test_the_examples_of_an_op_run(name):
    finder = doctest.DocTestFinder(recurse=False)
    (failed, attempted), text = run(finder.find(TABLE[name].function, name, globs={"torch": corelib, "corelib": corelib}))
    assert attempted > 0 and failed == 0, text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_and_its_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    made = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    (failed, _), said = run([made])
    assert failed == 0, said
    missing = [to for to in re.findall(r"\]\(([^)#:]+)\)", text) if not (page.parent / to).exists()]
    assert not missing


def test_the_backend_in_the_documentation_is_the_one_that_is_tested():
    shown = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
    assert (ROOT / "examples" / "first_backend" / "first_backend.py").read_text(encoding="utf-8") in shown
