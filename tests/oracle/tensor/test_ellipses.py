"""Several ellipses in one index: each skips as many dimensions, and what lies within them is PyTorch's."""

from __future__ import annotations

from math import prod
from typing import Any

import corelib
import pytest
import torch

INDICES: list[Any] = [
    (..., ...), (..., 0, ...), (0, ..., ...), (0, ..., 0, ..., 0), (..., None, ...), (..., [0, 1], ...), (..., True, ...), (..., slice(0, 1), ...),
    (..., ..., ...), (..., 0, 0, ..., 0, ...), (..., 0, ..., 1), (..., 0, ..., [0]), (..., ..., 0), (slice(1), ..., slice(1), ..., slice(1)),
]


@pytest.mark.parametrize("shape", [(2, 3, 4), (2,), (), (2, 2, 2, 2)])
@pytest.mark.parametrize("index", INDICES, ids=str)
def test_several_ellipses(shape: tuple[int, ...], index: Any) -> None:
    def read(T: Any) -> Any:
        try:
            found = T.arange(prod(shape)).reshape(shape)[index]
        except IndexError:
            return IndexError
        return found.shape, found.tolist()

    def written(T: Any) -> Any:
        t = T.zeros(shape)
        try:
            t[index] = 1.0
        except IndexError:
            return IndexError
        return t.tolist()

    assert read(corelib) == read(torch)
    assert written(corelib) == written(torch)
