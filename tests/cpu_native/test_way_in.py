"""The way into C: what is passed is checked, what is returned is counted, and arrays whose fields lie elsewhere are refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from corelib.tensor import dtype as D
from corelib_cpu_native import api, pack


def kernel(name, dtype):
    return next(k for n, d, k in pack.kernels() if n == name and d is dtype).made()


def test_every_returned_object_is_counted():
    add = kernel("add", D.float32)
    x, out = np.ones(4, "f4"), np.empty(4, "f4")
    before = sys.getrefcount(None), sys.getrefcount(NotImplemented)
    for _ in range(20000):
        add(out, x, x)
        add(out, x, "no")
    after = sys.getrefcount(None), sys.getrefcount(NotImplemented)
    assert abs(after[0] - before[0]) < 200 and abs(after[1] - before[1]) < 200
    assert sys.getrefcount(out) == sys.getrefcount(x) - 0 or sys.getrefcount(out) < 10


class Other(np.ndarray):
    pass


@pytest.mark.parametrize(
    "args", [
        (), (np.empty(3, "f4"),), (np.empty(3, "f4"), np.ones(3, "f4")), (np.empty(3, "f4"),) + (np.ones(3, "f4"),) * 3, (np.empty(3, "f4"), None, np.ones(3, "f4")),
        (np.empty(3, "f4"), np.ones(3, "f8"), np.ones(3, "f4")), (np.empty(3, "f8"), np.ones(3, "f4"), np.ones(3, "f4")), ([0.0], np.ones(1, "f4"), np.ones(1, "f4")),
        (np.empty(3, "f4").view(Other), np.ones(3, "f4"), np.ones(3, "f4")), (np.empty(3, "f4"), np.ones(3, "f4"), "1"), (np.empty(3, "f4"), np.ones(3, ">f4"), 1.0),
        (np.empty(3, "f4"), np.ones(4, "f4"), np.ones(3, "f4")), (np.empty(3, "f4"), np.ones((2, 3), "f4"), 1.0), (np.empty(3, "f4"), 1.0, 2.0),
        (np.empty(3, "f4"), np.ones(3, "f4"), 10**400), (np.empty(3, "f4"), np.ones(3, "f4"), np.float32(1)), (3.0, 1.0, np.ones(3, "f4")),
    ],
)  # fmt: skip
def test_what_a_kernel_does_not_know_it_passes(args):
    assert kernel("add", D.float32)(*args) is NotImplemented


def test_numbers_of_each_exact_type_are_taken():
    out = np.empty(3, "f4")
    for number in (2, 2.0, True, False, -1e300, float("nan")):
        assert kernel("mul", D.float32)(out, np.ones(3, "f4"), number) is None
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(out, np.full(3, number, "f4"))


def test_arrays_that_are_not_aligned_are_computed():
    data = np.zeros(41, np.uint8)
    x = data[1:41].view("f4")
    x[:] = np.arange(10)
    out = np.zeros(41, np.uint8)[1:41].view("f4")
    assert kernel("add", D.float32)(out, x, x) is None
    np.testing.assert_array_equal(out, 2 * np.arange(10))


@pytest.mark.parametrize("name", ["OBJECT_TYPE", "ARRAY_DATA", "ARRAY_NDIM", "ARRAY_DESCR", "ARRAY_FLAGS"])
def test_fields_that_lie_elsewhere_make_the_pack_unavailable(name):
    where = api.layout()
    with pytest.raises(api.Unavailable, match="not where they are expected"):
        api._check(np.zeros((2, 3), "f4"), where | {name: where[name] + (4 if name in ("ARRAY_NDIM", "ARRAY_FLAGS") else 8 if name != "ARRAY_DATA" else -8)})
