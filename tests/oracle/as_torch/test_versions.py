"""Versions compare as PyTorch's class and as the packaging library compare them."""

import operator

import pytest
from corelib.torch_version import TorchVersion
from torch.torch_version import TorchVersion as Theirs

VERSIONS = [
    "1.0", "1.0.0", "1.13.1", "2.0", "2.0.0a0", "2.0.0rc1", "2.0.0.dev20230101", "2.0.0+cu118", "2.13.0", "2.13.0+cpu", "2.13.0+corelib.0.1.0",
    "2.13.0.post1", "2.13.1", "2.13", "3", "2.13.0a1.dev3", "2.13.0b2", "0.4.1.post2", "1.7.0+git0123", "2.13.0.dev1", "10.0",
]  # fmt: skip


@pytest.mark.parametrize("ours", VERSIONS)
def test_order_is_pytorchs(ours):
    for other in [*VERSIONS, (2, 0), (2, 13), (1, 13, 1), "no version", "2.x", (2, 13, 0, "a1")]:
        for compare in (operator.eq, operator.lt, operator.le, operator.gt, operator.ge):
            try:
                want = compare(Theirs(ours), other)
            except TypeError:
                want = None
            assert compare(TorchVersion(ours), other) is want or want is None, (ours, compare, other)
            if isinstance(other, str) and want is not None:
                assert compare(TorchVersion(ours), TorchVersion(other)) is compare(Theirs(ours), Theirs(other))


def test_unequal_is_the_opposite_of_equal():  # PyTorch's `!=` compares the texts: there "2.13" both equals "2.13.0" and does not
    for ours in VERSIONS:
        assert all((TorchVersion(ours) != other) is not (TorchVersion(ours) == other) for other in VERSIONS)


def test_it_is_a_string():
    assert TorchVersion("2.1") in {"2.1": 0} and TorchVersion("2.1").split(".") == ["2", "1"] and TorchVersion("2.1") == Theirs("2.1")
