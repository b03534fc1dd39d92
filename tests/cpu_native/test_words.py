"""The words of mt19937 in C: NumPy's, whatever is drawn of them and wherever the engine stands, and the same numbers as without the pack."""

from __future__ import annotations

import corelib
import numpy as np
import pytest
from corelib.dispatcher.op import TABLE
from corelib.tensor import dtype as D
from corelib_cpu_native import pack

KERNELS = {dtype: kernel for name, dtype, kernel in pack.kernels() if name == "mt19937"}


def memory_of(engine):
    state = engine.state["state"]
    return np.append(state["key"], np.uint32(state["pos"])).view(np.int32)


@pytest.mark.parametrize("dtype", KERNELS, ids=str)
def test_words_in_a_dtype_and_where_the_engine_stands(dtype):
    for begin in (0, 1, 227, 623, 624, 1000):
        engine = np.random.MT19937(7)
        engine.random_raw(begin, output=False)
        by_kernel, by_body = memory_of(engine), corelib.from_numpy(memory_of(engine))
        for n in (1, 2, 300, 0, 623, 1025, 5000):
            made, expected = np.empty(n, dtype.np), corelib.empty(n, dtype=dtype)
            assert KERNELS[dtype](made, by_kernel) is None
            TABLE["mt19937"].body(expected, by_body)
            assert made.tobytes() == expected.numpy().tobytes()
            words = engine.random_raw(2 * n if dtype is D.float64 else n)
            if dtype is D.float64:
                assert (made == ((words[::2] & 0x1FFFFF) * 2.0**32 + words[1::2]) * 2.0**-53).all()
            else:
                assert (made == (words & 0xFFFFFF if dtype is D.float32 else words)).all()
            np.testing.assert_array_equal(by_kernel, memory_of(engine))
            np.testing.assert_array_equal(by_body.numpy(), by_kernel)


def test_a_memory_that_is_none_passes():
    out = np.empty(5, "f4")
    for memory in (np.zeros(624, "i4"), np.zeros(625, "i8"), np.full(625, 1000, "i4"), np.zeros(1250, "i4")[::2]):
        assert KERNELS[D.float32](out, memory) is NotImplemented
    assert KERNELS[D.float32](np.empty((5, 2), "f4")[:, 0], np.zeros(625, "i4")) is NotImplemented


DRAWS = {
    "rand": lambda g: corelib.rand(5000, generator=g), "float64": lambda g: corelib.rand(5000, generator=g, dtype=corelib.float64),
    "randn": lambda g: corelib.randn(5003, generator=g), "randint": lambda g: corelib.randint(1000, (5000,), generator=g),
    "randperm": lambda g: corelib.randperm(5000, generator=g), "bernoulli": lambda g: corelib.bernoulli(corelib.full((5000,), 0.3), generator=g),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWS)
def test_draws_and_states_are_those_of_numpy(name, counted, monkeypatch):
    first, second = (corelib.Generator().manual_seed(11) for _ in range(2))
    made = [DRAWS[name](first) for _ in range(3)]
    assert counted("mt19937") == "pack corelib-cpu-native"
    monkeypatch.setattr(TABLE["mt19937"], "kernels", {})
    assert all(corelib.equal(DRAWS[name](second), drawn) for drawn in made)
    assert corelib.equal(first.get_state(), second.get_state())
