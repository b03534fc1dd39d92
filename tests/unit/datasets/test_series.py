"""Windows of series, and parts in the order of time that do not leak."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import corelib as torch
from corelib.datasets import Windows, chronological_split
from corelib.utils.data import DataLoader


def lists(dataset):
    return [tuple(t.tolist() for t in sample) for sample in dataset]


def test_windows_and_what_comes_after():
    assert lists(Windows([0, 1, 2, 3, 4], 2)) == [([0, 1], [2]), ([1, 2], [3]), ([2, 3], [4])]
    assert lists(Windows(range(7), 2, horizon=2, stride=2)) == [([0, 1], [2, 3]), ([2, 3], [4, 5])]
    assert lists(Windows(np.arange(3), 2)) == [([0, 1], [2])]
    assert Windows([0, 1, 2], 2)[0][0].dtype == torch.float32
    assert Windows(np.arange(3.0), 2, dtype=None)[0][0].dtype == torch.float64


def test_windows_of_several_columns():
    series = torch.arange(10.0).reshape(5, 2)
    x, y = Windows(series, 3)[1]
    assert x.tolist() == [[2, 3], [4, 5], [6, 7]] and y.tolist() == [[8, 9]]
    assert Windows(series, 3, target=1)[1][1].tolist() == [9] and Windows(series, 3, target=[-1])[1][1].tolist() == [[9]]
    assert Windows(series, 2, horizon=2, target=[1, 0])[0][1].tolist() == [[5, 4], [7, 6]]
    assert Windows(series, 3)[:][0].data_ptr() == series.data_ptr()


@pytest.mark.parametrize(("length", "horizon", "stride", "steps"), [(3, 1, 1, 20), (3, 2, 2, 20), (1, 1, 5, 17), (4, 3, 7, 7), (2, 1, 3, 11)])
def test_windows_are_those_of_a_loop(length, horizon, stride, steps):
    values = np.arange(steps)
    expected = [(values[i : i + length].tolist(), values[i + length : i + length + horizon].tolist()) for i in range(0, steps - length - horizon + 1, stride)]
    assert lists(Windows(values, length, horizon, stride)) == expected


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: Windows([1, 2, 3], 3), ValueError, "a series of 4, but it has 3"),
        (lambda: Windows([], 1), ValueError, "has 0"),
        (lambda: Windows([1, 2, 3], 0), ValueError, "length should be at least 1, but is 0"),
        (lambda: Windows([1, 2, 3], 1, stride=-1), ValueError, "stride should be at least 1, but is -1"),
        (lambda: Windows([1, 2, 3], 1, horizon=-2), ValueError, "horizon should be at least 1, but is -2"),
        (lambda: Windows([1, float("nan"), 3], 1), ValueError, "row 1: nan is not a finite number"),
        (lambda: Windows([[1, 2], [3, float("inf")]], 1), ValueError, "column 1, row 1: inf"),
        (lambda: Windows([1e39, 1.0], 1), ValueError, "row 0: inf is not a finite number of torch.float32"),
        (lambda: Windows(["a", "b"], 1), TypeError, "series of numbers"),
        (lambda: Windows(np.zeros((2, 2, 2)), 1), ValueError, "shape \\(2, 2, 2\\)"),
        (lambda: Windows([1, 2, 3], 1, target=0), ValueError, "one dimension has no columns"),
        (lambda: Windows([[1, 2], [3, 4]], 1, target=2), ValueError, "no column 2; there are 0, 1"),
        (lambda: Windows([[1, 2], [3, 4]], 1, target="a"), ValueError, "no column 'a'"),
        (lambda: Windows([[1, 2], [3, 4]], 1, target=[]), ValueError, "target has no columns"),
        (lambda: chronological_split(range(10), [0.5, 0.4]), ValueError, "sum to the 10 steps, or to 1"),
        (lambda: chronological_split(range(10), [11, -1]), ValueError, "above 0"),
        (lambda: chronological_split(range(2), [0.4, 0.3, 0.3]), ValueError, "one would be empty"),
        (lambda: chronological_split(Windows(range(10), 4), [0.8, 0.2], shared_past=False), ValueError, "no window of 4 \\+ 1 steps"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3, 4], "b": [5.0, 6.0, 7.0, 8.0]})
    x, y = Windows(frame, 2, target="b")[1]
    assert x.tolist() == [[2, 6], [3, 7]] and y.tolist() == [8] and Windows(frame, 2, target=["b"])[0][1].tolist() == [[7]]
    assert lists(Windows(frame["a"], 3)) == [([1, 2, 3], [4])]
    assert [list(part["a"]) for part in chronological_split(frame, [3, 1])] == [[1, 2, 3], [4]]
    frame.loc[2, "b"] = None
    with pytest.raises(ValueError, match="column 'b', row 2: nan"):
        Windows(frame, 1)
    with pytest.raises(TypeError, match="TableDataset"):
        Windows(pandas.DataFrame({"a": ["x", "y"]}), 1)


def test_series_are_split_in_the_order_of_time():
    assert chronological_split([1, 2, 3, 4, 5], [0.5, 0.5]) == [[1, 2, 3], [4, 5]]
    assert [part.tolist() for part in chronological_split(torch.arange(4), [1, 3])] == [[0], [1, 2, 3]]
    assert [len(part) for part in chronological_split(range(10), [0.7, 0.2, 0.1])] == [7, 2, 1]
    assert chronological_split([1], [1]) == [[1]]


@pytest.mark.parametrize("shared_past", [True, False])
@pytest.mark.parametrize(("length", "horizon", "stride"), [(3, 1, 1), (4, 2, 1), (2, 3, 2), (5, 1, 3)])
def test_no_part_sees_what_is_foretold_in_a_later_one(shared_past, length, horizon, stride):
    windows = Windows(range(60), length, horizon, stride)
    parts = chronological_split(windows, [0.5, 0.25, 0.25], shared_past=shared_past)
    foretold = [{step for _, y in part for step in y.tolist()} for part in parts]
    seen = [set(foretold[k]) | {step for x, _ in part for step in x.tolist()} for k, part in enumerate(parts)]
    for k in range(3):
        assert all(not seen[k] & foretold[later] for later in range(k + 1, 3))
        assert foretold[k] <= set(range((0, 30, 45)[k], (30, 45, 60)[k]))
        assert shared_past or seen[k] <= set(range((0, 30, 45)[k], (30, 45, 60)[k]))
    starts = [int(x[0]) for part in parts for x, _ in part]
    inside = [i for i in range(0, 60 - length - horizon + 1, stride) for b, e in ((0, 30), (30, 45), (45, 60)) if b <= i + length * shared_past and i + length >= b and i + length + horizon <= e]
    assert starts == inside  # no window that belongs to a part is left out


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_batches_them(workers):
    train, _ = chronological_split(Windows(range(20), 3), [0.6, 0.4])
    batches = list(DataLoader(train, batch_size=4, num_workers=workers))
    assert torch.equal(torch.cat([x for x, _ in batches])[:, 0], torch.arange(9.0)) and all(torch.equal(x[:, -1:] + 1, y) for x, y in batches)
    assert lists(pickle.loads(pickle.dumps(train))) == lists(train)
