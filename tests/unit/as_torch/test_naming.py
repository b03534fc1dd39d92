"""What classes and functions say of themselves is where they are."""

import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
from types import FunctionType

import corelib
import pytest
from corelib.as_torch import naming


def everything():
    for found in pkgutil.walk_packages(corelib.__path__, "corelib."):
        if not found.name.endswith("__main__") and ".tensorboard" not in found.name:
            importlib.import_module(found.name)
    return [(value, declared) for value, declared in naming.DECLARED.items() if isinstance(value, (type, FunctionType))]


def at(module, name):
    try:
        found = importlib.import_module(module)
    except ImportError:
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def test_what_says_that_it_is_somewhere_is_there():
    wrong = []
    for value, (module, name) in everything():
        if at(value.__module__, value.__qualname__) is not value and at(module, name) is value:  # what its own module does not show either is nobody's
            wrong.append((module, name, value.__module__, value.__qualname__))
    assert wrong == []


def test_the_table_names_what_is_there():
    for line in naming._TABLE.strip().splitlines():
        path, _, homes = line.partition(": ")
        importlib.import_module("corelib" if path == "." else f"corelib.{path}")
        for home in homes.split():
            module, _, names = home.partition(":")
            found = importlib.import_module(f"corelib.{module}")
            assert all(hasattr(found, name) for name in names.split(",") if name), home


CLASSES = {
    "Tensor": "corelib", "dtype": "corelib", "device": "corelib", "Size": "corelib", "Generator": "corelib._C", "OutOfMemoryError": "corelib",
    "nn.Linear": "corelib.nn.modules.linear", "nn.Parameter": "corelib.nn.parameter", "optim.Adam": "corelib.optim.adam", "optim.Muon": "corelib.optim",
    "optim.lr_scheduler.StepLR": "corelib.optim.lr_scheduler", "utils.data.DataLoader": "corelib.utils.data.dataloader", "no_grad": "corelib.autograd.grad_mode",
    "utils.data.TensorDataset": "corelib.utils.data.dataset", "distributions.Normal": "corelib.distributions.normal",
}  # fmt: skip


@pytest.mark.parametrize(("name", "module"), CLASSES.items())
def test_a_class_says_pytorchs_path_and_is_pickled_by_it(name, module):
    kind = at("corelib", name)
    assert str(kind) == f"<class '{module}.{kind.__name__}'>"
    assert pickle.loads(pickle.dumps(kind)) is kind and module.encode() in pickle.dumps(kind)
    if not module.endswith(("corelib", ".optim", "lr_scheduler", "_C", "grad_mode")):  # those lie in several files here
        assert f"class {kind.__name__}" in inspect.getsource(kind)


def test_functions_say_where_users_find_them():
    assert corelib.add.__module__ == "corelib" and corelib.nn.functional.gelu.__module__ == "corelib.nn.functional"
    assert corelib.linalg.svd.__module__ == "corelib.linalg" and corelib.linalg.svd.__qualname__ == "svd"
    assert pickle.loads(pickle.dumps(corelib.linalg.svd)) is corelib.linalg.svd


def test_old_names_in_pickles_are_read():
    old = b"\x80\x04\x8c\x15corelib.tensor.tensor\x94\x8c\x06Tensor\x94\x93\x94."
    assert pickle.loads(old) is corelib.Tensor


def test_a_tensor_of_a_program_under_as_torch_is_read_without_it():
    code = "import torch, pickle, sys; sys.stdout.buffer.write(pickle.dumps([torch.ones(2), {'a': torch.zeros(1, dtype=torch.int64)}]))"
    written = subprocess.run([sys.executable, "-m", "corelib.as_torch", "-c", code], capture_output=True, check=True).stdout
    one, named = pickle.loads(written)
    assert type(one) is corelib.Tensor and one.tolist() == [1.0, 1.0] and named["a"].dtype is corelib.int64


def test_a_loader_that_another_has_made_is_asked_for_what_is_not_the_imports():
    spec = importlib.util.find_spec("corelib.utils.collect_env")
    assert spec.loader.get_code("corelib.utils.collect_env") is not None and "corelib.utils.collect_env" in spec.loader.get_filename("corelib.utils.collect_env").replace("/", ".")
