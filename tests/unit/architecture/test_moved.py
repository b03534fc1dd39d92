"""Old paths of modules go on working for one release, with a warning."""

import importlib
import pickle
import subprocess
import sys
import warnings

import corelib
import pytest
from corelib.as_torch.moved import moved


@pytest.mark.parametrize("old", sorted(moved()))
def test_an_old_path_has_its_successors_names_and_warns(old):
    sys.modules.pop(f"corelib.{old}", None)
    with pytest.warns(DeprecationWarning, match=f"corelib.{old} is now corelib"):
        module = importlib.import_module(f"corelib.{old}")
    for new in moved()[old].split():
        home = importlib.import_module(f"corelib.{new}")
        names = [name for name in vars(home) if not name.startswith("_")]
        assert names
        for name in names:
            getattr(module, name)
    with pytest.raises(AttributeError, match="is now corelib"):
        module.no_such_name


@pytest.mark.parametrize(
    ("old", "name", "new"),
    [("dispatcher.plugins", "describe", "dispatcher.plugins.manager"), ("dispatcher.plugins", "BackendError", "dispatcher.plugins.checks"),
     ("ops.random", "rand", "ops.random.random"), ("ops.losses", "mse_loss", "ops.losses.losses"),
     ("ops.products", "matmul", "ops.products.products"), ("ops.indexing", "nonzero", "ops.indexing.indexing")],
)  # fmt: skip
def test_a_folder_has_the_names_of_the_module_that_it_was(old, name, new):
    folder = importlib.import_module(f"corelib.{old}")
    with pytest.warns(DeprecationWarning, match=f"corelib.{old}.{name} is now in corelib.{old}"):
        found = getattr(folder, name)
    assert found is getattr(importlib.import_module(f"corelib.{new}"), name)
    with pytest.raises(AttributeError, match="no_such_name"):
        folder.no_such_name


def test_what_backend_authors_import_today_works():
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from corelib.contract.backend import Backend, KernelTable, Probe, StridedArray, UnsupportedError, OutOfMemoryError, API_VERSION\n"
        "from corelib.contract.meta import MetaBackend\n"
        "from corelib.contract.allocator import CachingAllocator\n"
        "from corelib.dispatcher import Mode\n"
        "from corelib.dispatcher.plugins.hookspecs import hookimpl\n"
        "from corelib.backend import hookimpl as same\n"
        "assert hookimpl is same\n"
        "from corelib.backend.xp import register\n"
        "from corelib.backend.codegen import register\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_path_that_never_was_is_not_found():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        importlib.import_module("corelib.tensor.no_such_module")


def test_pickles_with_the_old_paths_of_layers_load():
    model = corelib.nn.Sequential(corelib.nn.Linear(2, 3), corelib.nn.ReLU(), corelib.nn.BatchNorm1d(3), corelib.nn.LSTM(3, 2))
    data = pickle.dumps(model, protocol=2)
    for new, old in (("modules.linear", "linear"), ("modules.container", "containers"), ("modules.activation", "rectifier"),
                     ("modules.batchnorm", "normalization"), ("modules.rnn", "recurrent")):  # fmt: skip
        assert f"corelib.nn.{new}\n".encode() in data
        data = data.replace(f"corelib.nn.{new}\n".encode(), f"corelib.nn.{old}\n".encode())
    for name in [name for name in sys.modules if name.removeprefix("corelib.") in moved()]:
        del sys.modules[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = pickle.loads(data)
    assert "corelib.nn." "linear is now corelib.nn.modules.linear" in "\n".join(str(w.message) for w in caught)
    assert str(loaded) == str(model) and type(loaded[0]) is corelib.nn.Linear
    assert (loaded[0].weight == model[0].weight).all()
