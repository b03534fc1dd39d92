"""nn.init: what is drawn together is what is drawn one after the other, and matrices of devices without a decomposition."""

import numpy as np
import pytest
from corelib.ops.random.choosing import begun_permutations

import corelib as torch


@pytest.mark.parametrize(("count", "n", "first"), [(3, 1, 1), (5, 7, 3), (4, 9, 9), (2, 3, 0), (700, 600, 60)])
@pytest.mark.parametrize("algorithm", ["mt19937", "philox"])
def test_permutations_that_are_begun_together(algorithm, count, n, first):
    with torch.fork_rng():
        torch.manual_seed(1, algorithm=algorithm)
        together, after = begun_permutations(count, n, first), torch.rand(2)
        torch.manual_seed(1, algorithm=algorithm)
        apart = torch.stack([torch.randperm(n)[:first] for _ in range(count)])
        assert together.dtype == torch.int64 and torch.equal(together, apart) and torch.equal(after, torch.rand(2))


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 2, 2)], ids=str)
def test_orthogonal_weights_without_a_decomposition_of_the_device(shape):
    # half types have none: their columns are made by Gram-Schmidt
    made = torch.nn.init.orthogonal_(torch.empty(shape, dtype=torch.float16)).float().reshape(shape[0], -1)
    rows = made if made.shape[0] <= made.shape[1] else made.t()
    np.testing.assert_allclose((rows @ rows.t()).numpy(), np.eye(rows.shape[0]), atol=0.02)
    full = torch.nn.init.orthogonal_(torch.empty(shape)).reshape(shape[0], -1)
    rows = full if full.shape[0] <= full.shape[1] else full.t()
    np.testing.assert_allclose((rows @ rows.t()).numpy(), np.eye(rows.shape[0]), atol=1e-5)


def test_dirac_of_groups_and_of_memory_with_gaps():
    weight = torch.ones(3, 3, 2, 6).permute(3, 2, 1, 0)
    torch.nn.init.dirac_(weight, groups=3)
    expected = torch.zeros(6, 2, 3, 3)
    for i in range(6):
        expected[i, i % 2, 1, 1] = 1
    assert torch.equal(weight, expected)
