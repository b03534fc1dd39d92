"""nn.parallel's functions between devices, on one device of OpenCL given twice: the values, and gradients that come back added or joined."""

import corelib as T
import pytest
from corelib.nn.parallel import _functions as functions


@pytest.fixture
def device():
    try:
        return T.ones(1, device="opencl").device
    except Exception as error:
        pytest.skip(f"no device of OpenCL: {error}")


def leaf(device, *values):
    return T.tensor(values, device=device, requires_grad=True)


def test_copies_add_their_gradients(device):
    a, b = leaf(device, 1.0, 2.0), leaf(device, 3.0)
    copies = functions.Broadcast.apply([device, device], a, b)
    assert [each.tolist() for each in copies] == [[1, 2], [3], [1, 2], [3]]
    sum(each.sum() * (i + 1) for i, each in enumerate(copies)).backward()
    assert a.grad.tolist() == [4, 4] and b.grad.tolist() == [6]
    assert functions.Broadcast.apply([device]) == ()


def test_sums_give_each_their_gradient(device):
    leaves = [leaf(device, float(i), float(i)) for i in range(4)]
    first, second = functions.ReduceAddCoalesced.apply(device, 2, *leaves)
    assert first.tolist() == [2, 2] and second.tolist() == [4, 4]
    (first.sum() + 3 * second.sum()).backward()
    assert [each.grad.tolist() for each in leaves] == [[1, 1], [3, 3]] * 2


def test_parts_and_their_whole(device):
    x = leaf(device, 1.0, 2.0, 3.0)
    parts = functions.Scatter.apply([device, device], [1, 2], 0, x)
    assert [each.tolist() for each in parts] == [[1], [2, 3]]
    joined = functions.Gather.apply(device, 0, *parts)
    (joined * T.tensor([1.0, 10.0, 100.0], device=device)).sum().backward()
    assert joined.tolist() == [1, 2, 3] and x.grad.tolist() == [1, 10, 100]
