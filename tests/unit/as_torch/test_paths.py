"""The table of paths: every home is there, and no path hides a name that is no module."""

import importlib
import sys
from types import ModuleType

import corelib
import pytest
from corelib.as_torch.finder import is_alias
from corelib.as_torch.paths import OWN, paths


@pytest.mark.parametrize("path", sorted(paths()))
def test_a_path_has_the_names_of_its_homes_and_is_an_attribute(path):
    homes = [importlib.import_module("corelib" if home == "." else f"corelib.{home}") for home in paths()[path]]
    parent, _, name = f"corelib.{path}".rpartition(".")
    before = getattr(importlib.import_module(parent), name)
    module = importlib.import_module(f"corelib.{path}")
    assert isinstance(before, ModuleType) and sys.modules[f"corelib.{path}"] is module
    if is_alias(path, homes):
        assert module is homes[0]
    for home in homes:
        for name in [name for name, value in vars(home).items() if not name.startswith("_") and not isinstance(value, ModuleType)]:
            getattr(module, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name


def test_own_rooms_are_no_paths_of_pytorch():
    assert not OWN & {path.partition(".")[0] for path in paths()} - {"data"}
    for room in OWN:
        importlib.import_module(f"corelib.{room}")


def test_submodules_are_attributes_without_an_import():
    assert corelib.utils.data.dataloader.DataLoader is corelib.utils.data.DataLoader
    assert corelib.nn.modules.linear.Linear is corelib.nn.Linear


@pytest.mark.parametrize("space", ["nn", "optim", "utils", "utils.data", "linalg", "fft", "autograd", "cuda"])
def test_a_name_that_never_was_is_an_attribute_error(space):
    module = importlib.import_module(f"corelib.{space}")
    with pytest.raises(AttributeError, match=f"module 'corelib.{space}' has no attribute 'no_such_name'"):
        module.no_such_name
    with pytest.raises(ImportError):
        importlib.import_module(f"corelib.{space}.no_such_module")
