"""Every name of corelib.nn lives in the module where PyTorch has it, and is found there by PyTorch's path."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import pytest
import torch

import corelib

SPACES = ["nn", "nn.parameter", "nn.init", "nn.utils", *(f"nn.utils.{m}" for m in ("parametrizations", "parametrize", "prune", "rnn", "stateless"))]
FILES = [m.name for m in pkgutil.iter_modules(corelib.nn.modules.__path__) if not m.name.startswith("_")]


def shared(path: str) -> list[tuple[str, Any, Any]]:
    """(name, ours, PyTorch's) of the classes and functions that PyTorch's module defines and both have."""
    mine, theirs = (importlib.import_module(f"{T.__name__}.{path}") for T in (corelib, torch))
    found = []
    for name in sorted({n for n in dir(mine) if not n.startswith("_")} & set(dir(theirs))):
        value = getattr(theirs, name)
        if not isinstance(value, ModuleType) and getattr(value, "__module__", "").startswith("torch.nn"):
            found.append((name, getattr(mine, name), value))
    return found


@pytest.mark.parametrize("path", SPACES)
def test_a_name_reports_the_module_that_pytorch_reports(path: str) -> None:
    names = shared(path)
    assert names
    assert {n: a.__module__ for n, a, _ in names} == {n: b.__module__.replace("torch", "corelib", 1) for n, _, b in names}


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_layers_is_pytorchs_and_has_its_names(file: str) -> None:
    mine, theirs = (importlib.import_module(f"{T.__name__}.nn.modules.{file}") for T in (corelib, torch))
    public = [n for n in theirs.__all__ if hasattr(corelib.nn, n) or n in mine.__all__]
    assert public
    assert [n for n in public if getattr(mine, n).__name__ != n] == []
    # A name of our own in a file of PyTorch's is private.
    assert set(mine.__all__) <= set(theirs.__all__)


def test_what_pytorch_keeps_in_nn_modules_is_there() -> None:
    assert {n for n in torch.nn.modules.__all__ if hasattr(corelib.nn, n)} == set(corelib.nn.modules.__all__)
    assert all(getattr(corelib.nn, n) is getattr(corelib.nn.modules, n) for n in corelib.nn.modules.__all__)
