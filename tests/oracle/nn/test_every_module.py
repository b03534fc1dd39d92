"""Every module of torch.nn: at least one is made here as in PyTorch, with the same seed, and has its parameters, names, shapes and text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from ..harness import COUNTS
from ..pairs import quiet
from .modules import evaluate, made_after_seed

ABSTRACT = {"Module", "RNNBase", "RNNCellBase"}
"""Those that are there to be subclassed."""


def constructions() -> list[str]:
    """What the tests of this folder construct: every `nn.Name(...)` that stands in a string of theirs and makes a module by itself."""
    found: dict[str, None] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for text in re.findall(r'"(nn\.[A-Z]\w*\([^"]*\))"', path.read_text(encoding="utf-8")):
            found[text.replace("{r}", "reduction='sum'")] = None
    kept = []
    for expression in found:
        try:
            with quiet():
                made = evaluate(expression, torch)
        except Exception:
            continue  # what is refused, and what needs more than its own text
        if isinstance(made, torch.nn.Module):
            kept.append(expression)
    return kept


EXPRESSIONS = [*constructions(), "nn.Sequential(nn.Linear(2, 3), nn.ReLU())", "nn.ModuleList([nn.Linear(2, 3)])", "nn.ModuleDict({'a': nn.Linear(2, 3)})",
               "nn.ParameterList([torch.ones(2)])", "nn.ParameterDict({'a': torch.ones(2)})", "nn.Container(a=nn.ReLU())", "nn.GRU(3, 4, 2)", "nn.NLLLoss2d()",
               "nn.DataParallel(nn.Linear(2, 3))", "nn.SyncBatchNorm(4)"]  # fmt: skip


def test_every_module_is_among_them() -> None:
    names = {n for n in corelib.nn.__all__ if isinstance(getattr(corelib.nn, n), type) and issubclass(getattr(corelib.nn, n), corelib.nn.Module)}
    theirs = {n for n in dir(torch.nn) if isinstance(getattr(torch.nn, n), type) and issubclass(getattr(torch.nn, n), torch.nn.Module)}
    assert theirs - names == set()
    made = {type(evaluate_quietly(e)).__name__ for e in EXPRESSIONS}
    assert names - made - ABSTRACT == set()
    COUNTS["modules made as in PyTorch"] += len(names & made)


def evaluate_quietly(expression: str) -> Any:
    with quiet():
        return evaluate(expression, corelib)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_same_seed_same_module(expression: str) -> None:
    with quiet():
        mine, theirs = made_after_seed(expression)
    assert repr(mine) == repr(theirs)
    ours, others = mine.state_dict(), theirs.state_dict()
    assert list(ours) == list(others)
    for name, value in others.items():
        if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
            assert repr(ours[name]) == repr(value)
            continue
        assert tuple(ours[name].shape) == tuple(value.shape) and str(ours[name].dtype) == str(value.dtype)
        np.testing.assert_allclose(ours[name].detach().double().numpy(), value.detach().double().numpy(), atol=1e-6)
    assert [n for n, _ in mine.named_modules()] == [n for n, _ in theirs.named_modules()]
    assert mine.training == theirs.training
    COUNTS["constructions compared"] += 1
