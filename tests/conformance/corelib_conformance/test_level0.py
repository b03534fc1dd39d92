"""Level 0: what every device must do before anything is computed on it."""

from __future__ import annotations

import corelib
import numpy as np
import pytest

SHAPES = [(), (0,), (1,), (255,), (257,), (3, 4), (2, 0, 3), (1025,), (4097,)]


@pytest.mark.parametrize("shape", SHAPES)
def test_elements_come_back_as_they_were_sent(device, shape):
    sent = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
    assert np.array_equal(corelib.tensor(sent, device=device).cpu().numpy(), sent)


def test_a_view_shares_its_memory(device):
    base = corelib.zeros(3, 4, device=device)
    view = base.t()[1]
    view.fill_(7)
    assert np.array_equal(base.cpu().numpy()[:, 1], np.full(3, 7, np.float32))
    assert base.cpu().numpy().sum() == 21


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name, reference", [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("maximum", np.maximum)])
def test_a_primitive_agrees_with_numpy_in_float64(device, name, reference, shape):
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((2, *shape)).astype(np.float32)
    made = getattr(corelib, name)(corelib.tensor(a, device=device), corelib.tensor(b, device=device)).cpu().numpy()
    exact = reference(a.astype(np.float64), b.astype(np.float64))
    assert made.shape == shape
    assert np.all(np.abs(made - exact) <= np.finfo(np.float32).eps * np.abs(exact))


def test_a_sum_is_within_its_bound(device):
    a = np.random.default_rng(1).standard_normal(4097).astype(np.float32)
    made = float(corelib.tensor(a, device=device).sum())
    assert abs(made - a.astype(np.float64).sum()) <= np.finfo(np.float32).eps * np.sqrt(a.size) * np.abs(a).sum()
