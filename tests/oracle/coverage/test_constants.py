"""Constants, dtypes, layouts, and the types that users name but do not make, beside PyTorch's."""

from __future__ import annotations

import inspect
import math
import warnings
from typing import Any

import pytest
import torch

import corelib

from . import namespaces
from .calls import compared
from .users import not_for_users


MADE = {"torch.Tensor": lambda T: T.ones(1), "torch.nn.Module": lambda T: T.nn.Module()}
"""Classes whose objects show constants."""


BUILD = {("torch", "has_mkl"), ("torch", "has_openmp")}
"""Facts of a build, which differ; tests/oracle/machine compares what they are."""
OBJECTS = ("reduce_op", "cufft_plan_cache", "conv", "rnn")


def constants() -> list[Any]:
    """The constants of the namespaces that corelib has."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _constants()


def _constants() -> list[Any]:
    found = []
    for path in namespaces.SPACES:
        space = namespaces.mine(path)
        for name in namespaces.names(path) if space is not None else ():
            value = inspect.getattr_static(space, name, len) if inspect.isclass(space) else namespaces.member(namespaces.theirs(path), name)
            if namespaces.has(space, name) and not callable(value) and not hasattr(type(value), "__get__") and not not_for_users(path, name) and (path, name) not in BUILD:
                found.append((path, name))
    return found


@pytest.mark.filterwarnings("ignore:.torch.distributed.reduce_op")
@pytest.mark.parametrize(("path", "name"), constants())
def test_constant_is_as_in_pytorch(path: str, name: str) -> None:
    mine, theirs = (MADE[path](T) for T in (corelib, torch)) if path in MADE else (namespaces.mine(path), namespaces.theirs(path))
    got, want = getattr(mine, name), getattr(theirs, name)
    if name == "matmul":  # an object with settings
        name_of_setting = "allow_tf32" if path == "torch.backends.cuda" else "fp32_precision"
        got, want = getattr(got, name_of_setting), getattr(want, name_of_setting)
    if name in OBJECTS:
        got, want = type(got).__name__.strip("_"), type(want).__name__.strip("_")
    assert type(got).__name__ == type(want).__name__
    if isinstance(want, (int, float, str, type(None))):
        assert got == want or (math.isnan(got) and math.isnan(want))
    elif name == "SAC_IGNORED_OPS":  # PyTorch's overloads, corelib's names: detach is among them, and the rest are views and sizes, which are no ops here
        assert got <= {op.__name__.partition(".")[0] for op in want}
    elif name == "default_generator":
        assert str(got.device) == str(want.device) and got is getattr(namespaces.mine("torch"), name)
    else:
        assert str(got) == str(want)
        assert facts(got) == facts(want)
    compared(f"{path}.{name}")


def facts(value: Any) -> list[Any]:
    """What a dtype says of itself."""
    return [fact_of(value, fact) for fact in ("itemsize", "is_floating_point", "is_complex", "is_signed")]


def fact_of(value: Any, fact: str) -> Any:
    try:
        return getattr(value, fact, None)
    except RuntimeError:  # bits have no sign
        return "refused"


@pytest.mark.parametrize(("name", "example"), [
    ("dtype", "T.float32"), ("layout", "T.strided"), ("memory_format", "T.channels_last"),
])  # fmt: skip
def test_type_names_the_same_objects(name: str, example: str) -> None:
    for T in (corelib, torch):
        assert isinstance(eval(example, {"T": T}), getattr(T, name))
        assert not isinstance(T.ones(1), getattr(T, name))
        with pytest.raises(TypeError):
            getattr(T, name)()
    compared(f"torch.{name}")


@pytest.mark.parametrize(("path", "name"), [("torch", "OutOfMemoryError"), ("torch.cuda", "OutOfMemoryError"), ("torch.linalg", "LinAlgError")])
def test_error_is_caught_by_the_same_names(path: str, name: str) -> None:
    got, want = (getattr(space(path), name) for space in (namespaces.mine, namespaces.theirs))
    assert [base.__name__ for base in got.__mro__[1:]] == [base.__name__ for base in want.__mro__[1:]]
    assert str(got("text")) == str(want("text")) == "text"
    compared(f"{path}.{name}")
