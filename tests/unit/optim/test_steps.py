"""The fused updates of RMSprop and Adagrad: what their ops one after the other do."""

import numpy as np
import pytest
from corelib.ops.neural.optim_steps import _adagrad_step_, _rmsprop_step_, adagrad_update, rmsprop_update

import corelib as torch

SHAPES = ((), (3, 4), (300, 300))


def tensors(shape, count, dtype):
    generator = np.random.default_rng(0)
    return [torch.tensor(generator.random(shape).tolist(), dtype=dtype) + 0.5 for _ in range(count)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("centered", "momentum", "decay"), [(False, 0, 0), (True, 0, 0.1), (False, 0.9, 0), (True, 0.5, 0.1)])
def test_rmsprop(centered, momentum, decay, shape, dtype):
    results = []
    for update in (_rmsprop_step_, rmsprop_update):
        p, g, v, m, b = tensors(shape, 5, dtype)
        v += 1
        update(p, g, v, m * 0.1 if centered else None, b if momentum else None, 0.1, 0.9, 1e-8, decay, momentum)
        results.append((p, v, b))
        assert p._version == 1
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a.double().numpy(), b.double().numpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("decay", [0, 0.1])
def test_adagrad(decay, shape):
    results = []
    for update in (_adagrad_step_, adagrad_update):
        p, g, s = tensors(shape, 3, torch.float32)
        update(p, g, s, 0.1, 1e-10, decay)
        results.append((p, s))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_memory_with_gaps_is_written_too():
    whole, grad, square = torch.ones(4, 6), torch.ones(4, 3), torch.ones(4, 3)
    _rmsprop_step_(whole[:, ::2], grad, square, None, None, 0.5, 0.9, 0.0, 0, 0)
    assert whole.tolist() == [[0.5, 1.0] * 3] * 4
