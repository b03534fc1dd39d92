"""The backend of the README is a real one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import corelib as torch
import pytest
from corelib.dispatcher import runtime
from corelib.dispatcher.kernels import install


@pytest.fixture
def tiny(monkeypatch):
    path = Path(__file__).resolve().parents[3] / "docs" / "first_backend.py"
    spec = importlib.util.spec_from_file_location("first_backend", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    backend = module.corelib_backend()
    monkeypatch.setitem(runtime._backends, "tiny", backend)
    monkeypatch.setattr(sys.modules["corelib.tensor.device"], "_KNOWN", ("cpu", "meta", "tiny"))
    install("tiny", backend.kernels())
    return torch.device("tiny")


def test_it_computes_gradients_with_three_kernels(tiny):
    x = torch.tensor([1.0, 2.0, 3.0], device=tiny).requires_grad_()
    y = x * x + x
    y.backward(torch.ones(3, device=tiny))
    assert y.device.type == "tiny" and x.grad.device.type == "tiny"
    assert x.grad.cpu().tolist() == [3.0, 5.0, 7.0]


def test_what_it_lacks_is_an_error_that_names_the_primitive(tiny):
    with pytest.raises(NotImplementedError, match=r"(?s)exp.*tiny"):
        torch.ones(2, device=tiny).exp()
    with pytest.raises(NotImplementedError, match="float64"):
        torch.ones(2, device=tiny, dtype=torch.float64)
