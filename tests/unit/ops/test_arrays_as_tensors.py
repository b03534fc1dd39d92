"""NumPy's arrays as tensors: subclasses lose what is theirs, and memory that may not be written is not."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import corelib as T


class Odd(np.ndarray[Any, Any]):
    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> str:
        return "odd"


ENTRANCES: list[Callable[[Any], Any]] = [T.from_numpy, T.as_tensor, T.tensor, T.asarray, lambda a: T.ones(2, 2).copy_(T.from_numpy(a))]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("make", ENTRANCES)
@pytest.mark.parametrize("of", [
    lambda a: np.ma.masked_array(a, [[0, 1], [0, 0]]), np.matrix, lambda a: a.view(Odd),  # type: ignore[no-untyped-call]
])  # fmt: skip
def test_subclasses_become_plain_memory(make: Callable[[Any], Any], of: Callable[[Any], Any]) -> None:
    t = make(of(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)))
    assert type(t.numpy()) is np.ndarray and t.tolist() == [[1, 2], [3, 4]]
    assert (t * t).tolist() == [[1, 4], [9, 16]] and t[0].tolist() == [1, 2] and t.clone().add_(1).tolist() == [[2, 3], [4, 5]]


WRITES: dict[str, Callable[[Any], object]] = {
    "add_": lambda t: t.add_(1), "zero_": lambda t: t.zero_(), "copy_": lambda t: t.copy_(T.ones(3)), "exp_": lambda t: t.exp_(),
    "item": lambda t: t.__setitem__(0, 1), "mask": lambda t: t.__setitem__(t > 0, 1), "view": lambda t: t[1:].mul_(2),
    "out": lambda t: T.add(T.ones(3), 1, out=t), "random": lambda t: t.uniform_(), "data": lambda t: t.data.mul_(2),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("name", WRITES)
def test_memory_that_may_not_be_written_is_refused_in_our_words(name: str) -> None:
    array = np.arange(3, dtype=np.float32)
    array.flags.writeable = False
    t = T.from_numpy(array)
    with pytest.raises(RuntimeError, match="memory of a NumPy array or buffer that is not writable"):
        WRITES[name](t)
    assert array.tolist() == [0, 1, 2] and (t + 1).tolist() == [1, 2, 3] and t.clone().add_(1).tolist() == [1, 2, 3]


def test_arrays_from_pickles_have_the_dtype_that_kernels_know() -> None:
    array = pickle.loads(pickle.dumps(np.ones((2, 3), np.float32)))
    assert array.dtype is not np.dtype(np.float32)
    t = T.from_numpy(array)
    array[0, 0] = 5  # the memory is the array's
    assert t._array().dtype is np.dtype(np.float32) and t.tolist() == [[5, 1, 1], [1, 1, 1]]
