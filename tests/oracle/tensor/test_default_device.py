"""The device of factory functions: `with torch.device(...)`, nested, and `set_default_device`, per thread."""

from __future__ import annotations

import threading
from typing import Any

import corelib
import pytest
import torch

MADE = """
T.ones(2)
T.tensor([1.0])
T.empty(2, 3)
T.arange(4)
T.eye(2)
T.linspace(0, 1, 3)
T.randn(2)
T.randint(3, (2,))
T.full((2,), 1.0)
T.zeros(2, device="cpu")
T.as_tensor([1, 2])
T.nn.Linear(2, 2).weight
T.nn.BatchNorm1d(2).running_mean
T.hann_window(4)
T.randperm(3)
T.tril_indices(2, 2)
T.scalar_tensor(1.0)
T.ones_like(T.zeros(2, device="cpu"))
T.zeros(2, device="cpu").new_ones(2)
""".strip().splitlines()


@pytest.fixture(autouse=True)
def back() -> Any:
    yield
    for T in (corelib, torch):
        T.set_default_device(None)


@pytest.mark.parametrize("made", MADE)
def test_factories_in_a_context(made: str) -> None:
    found = []
    for T in (corelib, torch):
        with T.device("meta") as entered:
            assert entered == T.device("meta")
            inside = str(eval(made).device)
            with T.device("cpu"):
                nested = str(eval(made).device)
            again = str(eval(made).device)
        found.append([inside, nested, again, str(eval(made).device)])
    assert found[0] == found[1]


@pytest.mark.parametrize("made", MADE)
def test_factories_after_set_default_device(made: str) -> None:
    found = []
    for T in (corelib, torch):
        T.set_default_device("meta")
        found.append([str(eval(made).device), str(T.get_default_device())])
        with T.device("cpu"):
            found[-1].append(str(eval(made).device))
        T.set_default_device(None)
        found[-1].append(str(eval(made).device))
    assert found[0] == found[1]


def test_an_error_leaves_the_context() -> None:
    for T in (corelib, torch):
        with pytest.raises(ValueError), T.device("meta"):
            raise ValueError
        assert T.ones(1).device.type == "cpu"


def test_each_thread_has_its_own() -> None:
    for T in (corelib, torch):
        found: list[str] = []
        T.set_default_device("meta")
        with T.device("meta"):
            thread = threading.Thread(target=lambda: found.append(T.ones(1).device.type))
            thread.start()
            thread.join()
        assert found == ["cpu"]
