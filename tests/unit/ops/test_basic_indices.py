"""Ints, slices, None and an ellipsis together: the view that NumPy makes, its memory shared, whatever the tensor's own strides are."""

import random

import numpy as np
import pytest

import corelib as torch

PARTS = [None, Ellipsis, 0, 1, -1, 2, 5, slice(None), slice(1, None), slice(None, -1), slice(0, 9, 2), slice(3, 1), slice(-1, None, 3)]
BASES = {
    "rows": np.arange(24.0).reshape(2, 3, 4),
    "turned": np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
    "stepped": np.arange(48.0).reshape(2, 3, 8)[:, 1:, ::3],
    "empty": np.zeros((2, 0, 3)),
    "number": np.array(5.0),
}


def _indices(seed: int, count: int) -> list[tuple[object, ...]]:
    draw = random.Random(seed)
    return [tuple(draw.choice(PARTS) for _ in range(draw.randrange(5))) for _ in range(count)]


@pytest.mark.parametrize("base", BASES)
def test_the_view_is_numpys(base: str) -> None:
    array = BASES[base]
    x = torch.from_numpy(array)
    seen = 0
    for index in _indices(1, 300):
        try:
            expected = array[index]
        except IndexError:
            if sum(part is Ellipsis for part in index) < 2:  # PyTorch takes several
                with pytest.raises(IndexError):
                    x[index]
            continue
        got = x[index]
        assert tuple(got.shape) == expected.shape, index
        assert got.numel() == expected.size
        assert np.array_equal(got.numpy(), expected), index
        assert got._is_view()
        if expected.size and isinstance(expected, np.ndarray):
            assert got.data_ptr() == expected.__array_interface__["data"][0]
        seen += 1
    assert seen > 40


@pytest.mark.parametrize("base", ["rows", "turned", "stepped"])
def test_writing_goes_where_numpy_writes(base: str) -> None:
    for index in _indices(2, 100):
        ours, theirs = torch.from_numpy(BASES[base]).clone(), BASES[base].copy()
        try:
            theirs[index] = -1
        except IndexError:
            continue
        ours[index] = -1
        assert np.array_equal(ours.numpy(), theirs), index


def test_of_a_recorded_tensor_the_gradient_is_that_of_the_parts() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4).requires_grad_()
    x[1, ..., 1:3, None].sum().backward()
    expected = np.zeros((2, 3, 4))
    expected[1, ..., 1:3] = 1
    assert x.grad is not None and np.array_equal(x.grad.numpy(), expected)
    assert x[1].grad_fn is not None and x[1].grad_fn.name() == "SelectBackward0"
