"""Where PyTorch is installed too: a program without as_torch has PyTorch, one with it corelib, and the two are never mixed."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest
from corelib.as_torch.paths import paths


def run(*arguments, code=0):
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done


def test_without_it_torch_is_pytorch():
    assert "corelib" not in run("-c", "import corelib, torch, importlib.metadata as m; print(torch.__version__, m.version('torch'))").stdout


def test_with_it_torch_is_corelib():
    assert "2.13.0+corelib" in run("-m", "corelib.as_torch", "-c", "import torch, importlib.metadata as m; print(torch.__version__, m.version('torch'))").stdout


def test_pytorch_that_is_imported_is_refused():
    assert "PyTorch has been imported already" in run("-c", "import torch, corelib.as_torch; corelib.as_torch.install()", code=1).stderr


@pytest.mark.parametrize("path", sorted(paths()))
def test_every_path_of_the_table_is_pytorchs(path):
    try:
        importlib.import_module(f"torch.{path}")
    except ModuleNotFoundError:  # a module that PyTorch has as an attribute only
        assert isinstance(pkgutil.resolve_name(f"torch.{path}"), ModuleType)
