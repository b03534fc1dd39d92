"""Empty and unbatched inputs of nn.functional and linalg beside PyTorch: shapes, values, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ..harness import attempt
from ..pairs import LIBRARIES, leaves

INF = float("inf")


def slope(x: Any, function: Callable[[Any], Any]) -> Any:
    x.requires_grad_()
    made = function(x)
    (made * made).sum().backward()
    return x.grad


CALLS: list[Callable[[Any, Any], Any]] = [
    lambda T, F: F.batch_norm(T.ones(0, 3), T.zeros(3), T.ones(3), training=True),
    lambda T, F: T.nn.BatchNorm2d(3)(T.ones(0, 3, 2, 2)),
    lambda T, F: slope(T.ones(3), lambda w: F.batch_norm(T.ones(0, 3), None, None, w, w, True)),
    lambda T, F: slope(T.ones(4), lambda w: F.group_norm(T.ones(0, 4, 2), 2, w, w)),
    lambda T, F: F.prelu(T.tensor(-1.0), T.ones(1)),
    lambda T, F: F.grid_sample(T.ones(0, 1, 2, 2), T.ones(0, 1, 1, 2), align_corners=True),
    lambda T, F: F.grid_sample(T.ones(1, 0, 2, 2), T.ones(1, 1, 1, 2), align_corners=True),
    lambda T, F: F.fractional_max_pool2d(T.ones(0, 1, 4, 4), 2, output_size=2),
    lambda T, F: F.fractional_max_pool3d(T.ones(0, 1, 4, 4, 4), 2, output_size=2),
    lambda T, F: F.multi_margin_loss(T.tensor(1.0), T.tensor(0)),
    lambda T, F: F.multilabel_margin_loss(T.tensor(1.0), T.tensor(0)),
    lambda T, F: F.cross_entropy(T.ones(5, 0), T.ones(5, 0)),
    lambda T, F: F.cross_entropy(T.ones(0, 5), T.ones(0, dtype=T.int64)),
    lambda T, F: T.cov(T.tensor([[1, 2, 3], [3, 2, 1]])),
    lambda T, F: T.corrcoef(T.tensor([[1, 2, 3], [3, 2, 1]])),
    lambda T, F: T.unique(T.ones(0, 3), dim=0),
    lambda T, F: T.unique(T.ones(3, 0), dim=0),
    lambda T, F: T.norm(T.ones(0), INF),
    lambda T, F: T.norm(T.ones(0), -1),
    lambda T, F: T.linalg.vector_norm(T.ones(0), -INF),
    lambda T, F: T.linalg.vector_norm(T.ones(3, 0), -1, dim=1),
    lambda T, F: T.linalg.vector_norm(T.ones(3, 0), INF, dim=0),
    lambda T, F: T.linalg.vector_norm(T.ones(3, 0), 2, dim=1),
    *[lambda T, F, p=p: T.linalg.matrix_norm(T.ones(0, 0), p) for p in (1, -1, 2, -2, "nuc", "fro", INF, -INF)],
    *[lambda T, F, s=s: T.linalg.matrix_norm(T.ones(s), 1) for s in ((3, 0), (0, 3), (0, 2, 3))],
    lambda T, F: T.linalg.matrix_norm(T.ones(2, 0, 3), 2),
]


@pytest.mark.parametrize("call", CALLS, ids=[str(i) for i in range(len(CALLS))])
def test_nothing_and_no_batch(call: Callable[[Any, Any], Any]) -> None:
    (mine, my_error), (theirs, their_error) = (attempt(lambda T=T: call(T, T.nn.functional)) for T in LIBRARIES)
    assert type(my_error).__name__ == type(their_error).__name__, (my_error, their_error)
    for got, want in zip(leaves(mine), leaves(theirs), strict=True):
        assert str(got.dtype) == str(want.dtype)
        np.testing.assert_allclose(got.detach().numpy(), want.detach().numpy(), rtol=1e-5)
        assert tuple(got.shape) == tuple(want.shape)
