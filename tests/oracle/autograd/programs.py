"""One program, run by PyTorch and by corelib: the numbers, names, flags and exception types must be the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ..harness import attempt, subject

Program = Callable[[Any], Any]

# Views that PyTorch's `grad_fn` works out when it is asked; here a view knows what was so when it was made.
DIFFERENT = {
}


def collection() -> tuple[Callable[[Program], Program], Callable[[Program], None]]:
    """The decorator that puts a function of the library among a file's programs, and the test of each of them."""
    programs: list[Any] = []

    def program(function: Program) -> Program:
        programs.append(pytest.param(function, id=function.__name__))
        return function

    @pytest.mark.parametrize("function", programs)
    def test(function: Program) -> None:
        """What a program returns is compared, or the type of what it raises; its name ends in _refused where it is to raise."""
        expected, got = outcome(function, torch), outcome(function, subject)
        if function.__name__ in DIFFERENT:
            assert got == DIFFERENT[function.__name__] != expected
            return
        assert alike(got, expected), (got, expected)
        assert expected[0] == "gives" or function.__name__.endswith("_refused"), f"PyTorch {expected}"

    return program, test


def plain(x: Any) -> Any:
    """Numbers in place of tensors."""
    if hasattr(x, "tolist") and hasattr(x, "requires_grad"):
        return ["tensor", str(x.dtype), list(x.shape), x.requires_grad, rounded(x.detach().tolist())]
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return rounded(x) if isinstance(x, float) else x


def rounded(x: Any) -> Any:
    if isinstance(x, list):
        return [rounded(v) for v in x]
    if not isinstance(x, float):
        return x
    if not math.isfinite(x):
        return str(x)  # NaN is not equal to itself
    return float(f"{x:.5g}") if abs(x) > 1e-5 else 0.0


def outcome(function: Program, T: Any) -> Any:
    """What a program gives: ("gives", data), or ("raises", the name of the exception's type)."""
    found, error = attempt(lambda: plain(function(T)))
    return ("gives", found) if error is None else ("raises", type(error).__name__)


def alike(a: Any, b: Any) -> bool:
    """Whether two outcomes are the same; numbers that were rounded may be neighbours."""
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
    return math.isclose(a, b, rel_tol=1.01e-4) if isinstance(a, float) and isinstance(b, float) else a == b


def raises(function: Callable[[], Any]) -> str:
    """The name of the exception that a part of a program raises; "nothing" where it raises none."""
    try:
        function()
    except Exception as error:
        return type(error).__name__
    return "nothing"


def leaf(T: Any, *values: float) -> Any:
    return T.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)
