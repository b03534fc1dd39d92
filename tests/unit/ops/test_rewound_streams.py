"""The stream of mt19937 goes back to where it was: by the engine's memory, and by its state where NumPy keeps that otherwise."""

import numpy as np
import pytest
from corelib.ops.random.mt19937 import Mt19937


def drawn(stream):
    return [stream.uniform24(3).tolist(), stream.uniform53(2).tolist(), stream.uniform24(5000).tolist(), stream.normal(17, "float32", True).tolist()]


@pytest.mark.parametrize("by_memory", [True, False])
@pytest.mark.parametrize("before", [0, 1, 623, 624, 1000])
def test_rewind(before, by_memory):
    stream, twin = Mt19937(7), Mt19937(7)
    stream.words(before, False)
    twin.words(before + 40, False)
    state = stream.engine_state() if by_memory else stream._started().state
    stream.words(900, False)
    stream.rewind(state, 40)
    assert drawn(stream) == drawn(twin)


def test_the_engines_memory_is_found_and_belongs_to_one_engine():
    stream = Mt19937(1)
    first = stream.engine_state()
    assert isinstance(first, np.ndarray) and first is not stream.engine_state()
    saved = stream.state_bytes()
    stream.seed(2)
    expected = Mt19937(2)
    assert np.array_equal(stream.engine_state(), expected.engine_state())
    assert drawn(stream) == drawn(expected)
    stream.set_state_bytes(saved)
    assert np.array_equal(stream.engine_state()[:-1], first[:-1])
    assert drawn(stream) == drawn(Mt19937(1))
