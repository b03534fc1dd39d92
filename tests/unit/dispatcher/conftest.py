"""Real plugin distributions, built and installed once a session into folders that only these tests' programs see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "plugins"
collect_ignore_glob = ["plugins/*"]  # distributions to be installed, some of which cannot be imported


def install(target, *folders):
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
            "--no-compile", "--disable-pip-version-check", "--target", str(target), *map(str, folders),
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="session")
def plugins(tmp_path_factory):
    """The folder with every plugin but the kernel packs."""
    folders = [p.parent for p in sorted(PLUGINS.glob("*/pyproject.toml")) if p.parent.name not in ("kernel_packs", "cpu_pack")]
    return install(tmp_path_factory.mktemp("plugins"), *folders)


@pytest.fixture(scope="session")
def packs(tmp_path_factory):
    """The folder with the kernel packs."""
    return install(tmp_path_factory.mktemp("packs"), PLUGINS / "kernel_packs")


@pytest.fixture
def run(plugins):
    """Run a program, or a module's command line, where the plugins are installed; returns what it prints."""

    def run_program(*arguments, code=0, path=(), warnings="error", **environment):
        done = subprocess.run(
            [sys.executable, "-W", warnings, "-W", "ignore:Missing primitives", *(("-c",) if len(arguments) == 1 else ()), *arguments],
            capture_output=True, text=True, timeout=120, check=False,
            env={
                **os.environ, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "160",
                "PYTHONPATH": os.pathsep.join(map(str, (plugins, *path))), **environment,
            },
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    return run_program
