"""`corelib new-backend`: what it writes installs, is listed, works for what it has, and grows to level 1 by kernels alone."""

import subprocess
import sys
import tomllib

import pytest
from corelib.cli import main
from corelib.cli.new_backend import create

FIRST = """
import corelib as torch
info = [i for i in torch.backends.list() if i.device_type == "acme"][0]
print(info.available, info.provider, info.devices)
x = torch.ones(3, device="acme")
print((x + x).tolist(), x.view(3, 1).expand(3, 2)[1].tolist())
try:
    x.exp()
except NotImplementedError as error:
    print(error)
"""
LEVELS = """
import collections, sys
from corelib_conformance.plan import selected
from corelib_conformance.run import run
from corelib_conformance.target import Target
found = collections.defaultdict(collections.Counter)
for result in run(Target("acme"), selected(1)):
    found[result.case.level][result.status] += 1
    if result.status not in ("pass", "unsupported") and len(sys.argv) > 1:
        print(result.case.id, result.message)
print({level: sorted(counts) for level, counts in found.items()})
"""
ALL_KERNELS = '''"""Every primitive, from corelib's kernels for NumPy-like modules."""

import numpy as np
from corelib.backend import KernelTable, xp

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float32", "float64")


class Quiet:
    @staticmethod
    def run(function, *args, **names):
        with np.errstate(all="ignore"):
            return function(*args, **names)

    @staticmethod
    def unary(function):
        return lambda out, x: Quiet.run(function, x, out)

    @staticmethod
    def binary(function):
        return lambda out, a, b: Quiet.run(function, a, b, out=out)


table = KernelTable()
shared = KernelTable()
xp.register(shared, np, Quiet)
for name, by_dtype in shared.table.items():
    for dtype, kernel in by_dtype.items():
        if dtype.name in DTYPES:
            table.register(name, dtype, kernel)
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder, files = create("corelib-acme", "acme", tmp_path_factory.mktemp("projects"))
    assert len(files) == 8
    return folder


@pytest.fixture(scope="module")
def installed(project, tmp_path_factory):
    """A wheel of the project, installed into a folder of its own."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    for command in (
        ["wheel", "--no-deps", "--no-index", "--no-build-isolation", "-w", wheels, project],
        ["install", "--no-deps", "--no-index", "--target", target, wheels / "corelib_acme-0.1.0-py3-none-any.whl"],
    ):
        done = subprocess.run([*pip, *map(str, command)], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return target


def run(target, code, *args):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:Missing primitives", "-c", f"import sys; sys.path.insert(0, {str(target)!r})\n{code}", *args],
        capture_output=True, text=True, timeout=300, check=False, cwd=target,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_written_installs_is_listed_and_adds(installed):
    said = run(installed, FIRST)
    assert "True corelib-acme ['acme:0']" in said
    assert "[2.0, 2.0, 2.0] [1.0, 1.0]" in said
    assert "the acme backend has no kernel 'exp', which every backend must have" in said


def test_the_suite_says_level_by_level_what_is_missing(installed):
    pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
    said = run(installed, LEVELS, "tell")
    assert "{0: ['pass', 'unsupported'], 1: ['error', 'pass', 'unsupported']}" in said
    assert "1/sizes/exp/float32/forward NotImplementedError" in said and "a primitive that every backend must have" in said


def test_kernels_alone_bring_it_to_level_1(installed):
    pytest.importorskip("corelib_conformance", reason="a distribution of its own: pip install -e tests/conformance")
    path = installed / "corelib_acme" / "kernels.py"
    before = path.read_text()
    path.write_text(ALL_KERNELS)
    try:
        assert "{0: ['pass', 'unsupported'], 1: ['pass', 'unsupported']}" in run(installed, LEVELS, "tell")
    finally:
        path.write_text(before)


def test_the_projects_files_name_what_was_asked_for(project):
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    assert settings["project"]["entry-points"]["corelib.backends"] == {"acme": "corelib_acme"}
    assert settings["tool"]["pytest"]["ini_options"]["addopts"] == "--device acme"
    assert "corelib_conformance.suite import *" in (project / "tests" / "test_conformance.py").read_text()
    assert (project / ".github" / "workflows" / "test.yml").exists()
    for path in project.rglob("*"):
        assert not path.is_file() or "$" not in path.read_text(), path


@pytest.mark.parametrize(
    ("name", "device_type", "told"),
    [
        ("Acme", "acme", "lower-case letters, digits and single hyphens"), ("a--b", "acme", "single hyphens"), ("json", "acme", "which Python or corelib has already"),
        ("corelib", "acme", "which Python or corelib has already"), ("acme", "Acme", "--device-type"), ("acme", "cuda", "is taken"), ("acme", "meta", "is taken"),
        ("acme", "cpu", "is taken: it belongs to corelib-cpu-numpy"),
    ],
)
def test_names_that_will_not_do_are_refused_and_nothing_is_written(tmp_path, capsys, name, device_type, told):
    assert main(["new-backend", name, "--device-type", device_type, "--into", str(tmp_path)]) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over_a_folder_that_is_there(tmp_path, capsys):
    assert main(["new-backend", "corelib-acme", "--device-type", "acme", "--into", str(tmp_path)]) == 0
    assert "pip install -e" in capsys.readouterr().out
    (tmp_path / "corelib-acme" / "README.md").write_text("mine")
    assert main(["new-backend", "corelib-acme", "--device-type", "acme", "--into", str(tmp_path)]) == 2
    assert (tmp_path / "corelib-acme" / "README.md").read_text() == "mine"
