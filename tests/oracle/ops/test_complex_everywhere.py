"""Every function of one or two tensors, called with complex ones: what PyTorch gives, or a refusal; never something else in silence."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

import corelib
from corelib.ops import namespace

from ..harness import COUNTS, attempt
from ..pairs import as_array, both

RNG = np.random.default_rng(0)
OPERANDS = [RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3)) for _ in range(2)]
RANDOM = (
    "alpha_dropout bernoulli dropout dropout1d dropout2d dropout3d empty empty_like feature_alpha_dropout feature_dropout fractional_max_pool2d gumbel_softmax normal rand rand_like "
    "randn randn_like rrelu"
).split()
KNOWN = {
    "cholesky_inverse": "of a matrix that is no factor, whose diagonal is not real",
    "cholesky_ex": "of a matrix that is not Hermitian, of which what is left where it fails is nobody's",
    "pca_lowrank": "starts from random numbers, and its vectors have any phase",
    "eig": "corelib.eig is none; linalg.eig is found here, which PyTorch's removed name hides",
    "solve": "as eig",
    "frobenius_norm": "dim has a default here",
}


def found(T: Any, name: str) -> Any:
    return next((f for space in (T, T.Tensor, T.nn.functional, T.special, T.linalg) if (f := getattr(space, name, None)) is not None), None)


NAMES = sorted(
    n for space in (namespace("torch"), corelib.Tensor, corelib.nn.functional, corelib.special, corelib.linalg) for n in (space if isinstance(space, dict) else dir(space))
    if not n.startswith("_") and n not in RANDOM and n not in KNOWN and callable(found(corelib, n)) and not inspect.isclass(found(corelib, n)) and callable(found(torch, n))
)  # fmt: skip


def computed(T: Any, name: str, count: int) -> tuple[Any, Exception | None]:
    def run() -> Any:
        T.manual_seed(0)
        made = found(T, name)(*[T.from_numpy(x.copy()) for x in OPERANDS[:count]])
        return made[0] if isinstance(made, (tuple, list)) and made else made

    return attempt(run)


@pytest.mark.parametrize("name", dict.fromkeys(NAMES))
def test_complex_operands_are_computed_with_or_refused(name: str) -> None:
    for count in (1, 2):
        (mine, refused), (theirs, error) = both(lambda T, count=count: computed(T, name, count))
        if refused is not None:
            continue
        if isinstance(error, TypeError) or not hasattr(theirs, "resolve_conj"):  # a signature that is wider here; no tensor
            continue
        assert error is None, f"{name} of {count} complex tensors gave {mine}; PyTorch raises {type(error).__name__}: {error}"
        assert str(mine.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(as_array(mine), as_array(theirs), rtol=1e-6, atol=1e-8)
        COUNTS["functions of complex tensors compared"] += 1
