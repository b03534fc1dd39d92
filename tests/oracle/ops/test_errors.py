"""Ill-formed calls raise PyTorch's exception type, with a message that says op, argument, got and accepted."""

from __future__ import annotations

import re

import pytest
import torch

from .refusals import REFUSALS, Refusal
from ..harness import COUNTS, attempt, subject


def named(text: str, message: str) -> bool:
    """Whether the message has one of the alternatives."""
    return any(part.lower() in message.lower() for part in text.split("|"))


@pytest.mark.parametrize("case", REFUSALS, ids=[f"{i}-{r.op.split('|')[0]}" for i, r in enumerate(REFUSALS)])
def test_ill_formed_call_raises_as_in_pytorch(case: Refusal) -> None:
    _, want = attempt(lambda: case.call(torch))
    assert want is not None, "PyTorch accepts this call: the case is wrong"
    result, got = attempt(lambda: case.call(subject))
    assert got is not None, f"computed {result!r}; PyTorch raises {type(want).__name__}: {want}"
    assert type(got).__name__ == type(want).__name__, (
        f"{type(got).__name__}: {got}\nPyTorch: {type(want).__name__}: {want}"
    )
    COUNTS["ill-formed calls compared"] += 1
    if subject is not torch and not str(got).startswith("unsupported operand type(s) for"):  # Python's own, once both operands have passed
        absent = [text for text in case.mentions if not named(text, str(got))]
        if not re.search(rf"(?<![A-Za-z_])({case.op})(?![A-Za-z])", str(got)):
            absent.insert(0, case.op)
        assert not absent, f"message lacks {absent}: {got}\nPyTorch: {want}"


def test_there_are_at_least_120_ill_formed_calls() -> None:
    assert len(REFUSALS) >= 120
