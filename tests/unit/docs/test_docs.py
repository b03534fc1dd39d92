"""Every example in a public docstring, in the README and in the documentation runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from importlib.util import find_spec
import re
from pathlib import Path
from types import FunctionType

import corelib
import corelib_cpu_numpy
import pytest
from corelib.as_torch.naming import DECLARED
from corelib.dispatcher.op import TABLE
from corelib.serialization import packages

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """What examples register for loading goes with them."""
    monkeypatch.setattr(packages, "_registry", packages._registry[:])


def modules():
    for package in (corelib, corelib_cpu_numpy):
        yield package.__name__
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith("__main__") and not (found.name.startswith("corelib.utils.tensorboard") and find_spec("tensorboard") is None):
                yield found.name


class Finder(doctest.DocTestFinder):
    """Finds the examples of classes and functions in the file that declares them, whatever they say of themselves."""

    def _from_module(self, module, object):
        if isinstance(object, (type, FunctionType)) and object in DECLARED:
            return DECLARED[object][0] == module.__name__
        return super()._from_module(module, object)


def run(tests):
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    out = []
    for test in tests:
        runner.run(test, out=out.append, clear_globs=True)
    return runner.summarize(verbose=False), "".join(out)


@pytest.mark.parametrize("name", sorted(modules()))
def test_the_examples_of_a_module_run(name):
    module = importlib.import_module(name)
    (failed, _), text = run([t for t in Finder(exclude_empty=True).find(module) if t.examples])
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
    prose = re.sub(r"`[^`\n]*`", "", text)  # code may have brackets before parentheses
    missing = [to for to in re.findall(r"\]\(([^)#:]+)\)", prose) if not (page.parent / to).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_files_and_commands_that_a_page_names_are_there(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w-]+\.(?:py|pyi|md|toml))`", text))
    if page.stem != "programs":  # whose files are those of other repositories
        assert [path for path in sorted(named) if not any((base / path).exists() for base in (ROOT, ROOT / "corelib", page.parent))] == []
    modules = set(re.findall(r"python3? -m ([\w.]+)", text)) - {"pip", "venv", "pytest", "pdb"}
    assert [name for name in sorted(modules) if importlib.util.find_spec(name) is None] == []
    sessions = {word for words in re.findall(r"`nox -s ([\w ]+)`", text) for word in words.split()}
    defined = set(re.findall(r"@nox.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8")))
    assert sessions <= defined


def test_the_backend_in_the_documentation_is_the_one_that_is_tested():
    shown = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
    assert (ROOT / "examples" / "first_backend" / "first_backend.py").read_text(encoding="utf-8") in shown
