"""torch.testing beside PyTorch's: what passes, what fails and with which words, and the tensors that are made."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch.testing  # noqa: F401  (which PyTorch loads when it is asked for)

from .pairs import LIBRARIES, both, both_seeded, quiet

CALLS = [
    "T.tensor([1., 2, 3]), T.tensor([1., 2.1, 3])", "T.tensor(1.), T.tensor(2.)", "1.0, 2.0", "1.0, 1.0 + 1e-9", "T.tensor([1, 2]), T.tensor([1, 3])", "T.ones(2), T.ones(3)", "T.ones(2), T.ones(2).double()",
    "T.ones(2), T.ones(2).double() * 1.1, check_dtype=False", "{'a': T.ones(2)}, {'a': T.zeros(2)}", "[T.ones(2)], [T.ones(2), T.ones(2)]", "{'a': 1}, {'b': 1}", "{'a': [1, 2.0]}, {'a': [1, 2.5]}",
    "T.tensor([float('nan')]), T.tensor([float('nan')])", "T.tensor([float('nan')]), T.tensor([float('nan')]), equal_nan=True", "T.tensor([float('inf'), 1]), T.tensor([float('inf'), 1])", "T.tensor([float('inf')]), T.tensor([1.])",
    "T.ones(2), 'x'", "T.ones(2), T.ones(2), rtol=1", "T.ones(2), T.ones(2) * 1.5, rtol=1, atol=0", "T.ones(2, 3), T.ones(3, 2).t(), check_stride=True", "T.ones(2, 3), T.ones(3, 2).t()", "None, None", "None, 1", "1, 1.0", "1, 2", "True, False", "True, True",
    "'a', 'b'", "T.ones(2), T.zeros(2), msg='hey'", "T.ones(2), T.zeros(2), msg=lambda m: 'pre ' + m", "T.ones(2), 1.0", "T.ones(2), [1.0, 1.0]", "T.ones(2).half(), T.ones(2).half() * 1.001", "T.ones(2).bfloat16(), T.ones(2).bfloat16() * 1.01",
    "T.ones(2, 2) * 2, T.tensor([[2., 2], [2, 3]])", "T.zeros(0), T.zeros(0)", "T.tensor([True, False]), T.tensor([True, True])", "T.nn.Parameter(T.ones(2)), T.ones(2)", "T.nn.Parameter(T.ones(2)), T.ones(2), allow_subclasses=False",
]  # fmt: skip


def outcome(call: str, T: Any) -> tuple[str, str]:
    try:
        eval(f"T.testing.assert_close({call})", {"T": T})
    except (AssertionError, TypeError, ValueError) as error:
        return type(error).__name__, str(error).replace("'corelib.", "'torch.")
    return "passes", ""


@pytest.mark.parametrize("call", CALLS)
def test_assert_close_says_what_pytorchs_says(call: str) -> None:
    # PyTorch divides in single precision: digits after the sixth are its own.
    mine, theirs = ((kind, re.sub(r"(0\.\d{6})\d+", r"\1", text)) for kind, text in both(lambda T: outcome(call, T)))
    assert mine == theirs


MADE = [
    "(3, 4), dtype=T.float32, device='cpu'", "3, 4, dtype=T.float64, device='cpu', low=0, high=1", "(5,), dtype=T.int64, device='cpu'", "(50,), dtype=T.int8, device='cpu', exclude_zero=True", "(5,), dtype=T.uint8, device='cpu'",
    "(5,), dtype=T.bool, device='cpu'", "(3, 4), dtype=T.float32, device='cpu', noncontiguous=True", "(2, 3, 4, 5), dtype=T.float32, device='cpu', memory_format=T.channels_last", "(3,), dtype=T.float32, device='cpu', requires_grad=True",
    "(3,), dtype=T.int32, device='cpu', low=2, high=2", "(3,), dtype=T.int32, device='cpu', requires_grad=True", "(3,), dtype=T.float32, device='cpu', low=3, high=1", "(3,), dtype=T.uint8, device='cpu', low=300, high=400",
    "(3,), dtype=T.float32, device='cpu', low=float('nan')", "(3,), dtype=T.float32, device='cpu', noncontiguous=True, memory_format=T.channels_last", "(), dtype=T.float16, device='cpu'",
]  # fmt: skip


@pytest.mark.parametrize("call", MADE)
def test_make_tensor_makes_what_pytorch_makes(call: str) -> None:
    def made(T: Any) -> Any:
        try:
            with quiet():
                t = eval(f"T.testing.make_tensor({call})", {"T": T})
        except ValueError as error:
            return str(error)[:40]
        return str(t.dtype), tuple(t.shape), t.stride(), t.requires_grad, t.tolist()

    mine, theirs = both_seeded(0, made)
    assert mine == theirs


def test_the_older_name() -> None:
    for T in LIBRARIES:
        with pytest.warns(FutureWarning, match="assert_allclose"):
            T.testing.assert_allclose(T.ones(2), [1.00001, 1.0])
        with pytest.raises(AssertionError), pytest.warns(FutureWarning):
            T.testing.assert_allclose(T.ones(2), T.zeros(2))
