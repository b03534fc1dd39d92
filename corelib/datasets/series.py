"""Series: windows with what comes after them, and parts of a series in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isclose
from typing import Any

import numpy as np

from corelib.data.dataset import TensorDataset
from corelib.ops.construction.construct import from_numpy
from corelib.tensor.dtype import dtype as DType, float32
from corelib.tensor.tensor import Tensor

__all__ = ["Windows", "chronological_split"]


class Windows(TensorDataset):
    """Windows of a series, as (input, target): `length` steps, and the `horizon` steps after them.

    series: (steps,) or (steps, columns), a tensor, an array, a sequence, or a pandas frame or column of numbers. stride: how many steps lie between
    the beginnings of windows. target: the column (its number, or a frame's name) that is foretold, or a list of columns, which keeps the
    dimension; all by default. dtype: that of the windows (None: the series' own). Inputs are (length,) or (length, columns), targets (horizon,)
    or (horizon, targets), as views of one tensor. ValueError for a series that is too short, and for NaN and infinities, by column and row.

    >>> from corelib.datasets import Windows
    >>> windows = Windows([1., 2., 3., 4., 5.], length=3)
    >>> len(windows), windows[1]
    (2, (tensor([2., 3., 4.]), tensor([5.])))
    """

    def __init__(
        self, series: Any, length: int, horizon: int = 1, stride: int = 1, *, target: int | str | Sequence[int | str] | None = None, dtype: DType | None = float32,
    ) -> None:  # fmt: skip
        for name, value in (("length", length), ("horizon", horizon), ("stride", stride)):
            if value < 1:
                raise ValueError(f"Windows(): {name} should be at least 1, but is {value}")
        values, names = _values(series, dtype)
        self.length, self.horizon, self.stride, self.steps = length, horizon, stride, len(values)
        if self.steps < length + horizon:
            raise ValueError(f"Windows(): {length} steps and the {horizon} after them need a series of {length + horizon}, but it has {self.steps}")
        inputs = _unfolded(values[: self.steps - horizon], length, stride)
        super().__init__(inputs, _unfolded(_foretold(values, names, target)[length:], horizon, stride))


def chronological_split(data: Any, lengths: Sequence[int | float], *, shared_past: bool = True) -> list[Any]:
    """Consecutive parts of a series in the order of time, such that what is foretold in one is never seen in those before it.

    data: Windows, of which each part is a TensorDataset of views; or a series (a tensor, an array, a text, a list or a frame), of which each is a
    slice. lengths: fractions that sum to 1, rounded down, the rest in the first parts, one each; or numbers of steps that sum to the series'. A
    window belongs to the part in which all its targets lie: its inputs may reach back into the part before, which is known by then, unless
    `shared_past` is False. Windows whose targets lie in two parts are left out. ValueError for lengths that do not fit, and for a part without
    a window.

    >>> from corelib.datasets import Windows, chronological_split
    >>> train, test = chronological_split(Windows(range(10), length=2), [0.7, 0.3])
    >>> train[-1], test[0]
    ((tensor([4., 5.]), tensor([6.])), (tensor([5., 6.]), tensor([7.])))
    >>> chronological_split([1, 2, 3], [2, 1])
    [[1, 2], [3]]
    """
    steps = data.steps if isinstance(data, Windows) else len(data)
    ends = np.cumsum([0, *_sizes(steps, lengths)]).tolist()
    parts = list(pairwise(ends))
    if not isinstance(data, Windows):
        source = getattr(data, "iloc", data)
        return [source[begin:end] for begin, end in parts]
    return [_part(data, begin, end, shared_past) for begin, end in parts]


def _part(windows: Windows, begin: int, end: int, shared_past: bool) -> TensorDataset:
    """The windows of which the targets, or all, lie in steps begin ... end - 1."""
    least = max(begin - windows.length, 0) if shared_past else begin
    first = -(-least // windows.stride)
    last = min((end - windows.length - windows.horizon) // windows.stride, len(windows) - 1)
    if last < first:
        raise ValueError(f"chronological_split(): no window of {windows.length} + {windows.horizon} steps lies in the steps {begin} to {end - 1}")
    return TensorDataset(*windows[first : last + 1])


def _sizes(steps: int, lengths: Sequence[int | float]) -> list[int]:
    if any(length <= 0 for length in lengths):
        raise ValueError(f"chronological_split(): lengths should be above 0, but are {list(lengths)}")
    if all(float(length).is_integer() for length in lengths) and sum(lengths) == steps:
        return [int(length) for length in lengths]
    if not isclose(sum(lengths), 1):
        raise ValueError(f"chronological_split(): lengths should sum to the {steps} steps, or to 1, but are {list(lengths)}")
    sizes = [int(steps * length + 1e-9) for length in lengths]  # a tenth of ten is one, whatever rounding says
    rest = steps - sum(sizes)
    sizes = [size + (i < rest) for i, size in enumerate(sizes)]
    if 0 in sizes:
        raise ValueError(f"chronological_split(): {steps} steps are too few for the parts {list(lengths)}: one would be empty")
    return sizes


def _values(series: Any, dtype: DType | None) -> tuple[Tensor, list[Any]]:
    """A series as a tensor, and the names of its columns. Not finite, or not numbers: an error."""
    names = list(series.columns) if hasattr(series, "columns") else []
    if isinstance(series, Tensor):
        values = series
    else:
        array = series.to_numpy() if hasattr(series, "to_numpy") else np.asarray(series)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"Windows(): expected a series of numbers, but got values of the dtype {array.dtype}; TableDataset(frame).features makes numbers of other columns")
        values = from_numpy(np.array(array))  # our own: a frame's arrays may change, or be read-only
    if values.dim() not in (1, 2):
        raise ValueError(f"Windows(): expected a series (steps,) or (steps, columns), but got the shape {tuple(values.shape)}")
    values = values if dtype is None else values.to(dtype)
    odd = (~values.isfinite()).nonzero()
    if len(odd):
        row, *column = odd[0].tolist()
        where = f"column {(names or range(values.shape[1]))[column[0]]!r}, row {row}" if column else f"row {row}"
        raise ValueError(f"Windows(): {where}: {values[tuple(odd[0].tolist())].item()} is not a finite number of {values.dtype}")
    return values, names


def _foretold(values: Tensor, names: list[Any], target: int | str | Sequence[int | str] | None) -> Tensor:
    """The columns that are foretold."""
    if target is None:
        return values
    if values.dim() == 1:
        raise ValueError(f"Windows(): a series of one dimension has no columns, but target is {target!r}")
    single = isinstance(target, (int, str))
    places = []
    for name in [target] if isinstance(target, (int, str)) else target:
        if name in names:
            places.append(names.index(name))
        elif isinstance(name, int) and not isinstance(name, bool) and not any(isinstance(n, int) for n in names) and -values.shape[1] <= name < values.shape[1]:
            places.append(name)
        else:
            raise ValueError(f"Windows(): there is no column {name!r}; there are {', '.join(map(repr, names or range(values.shape[1])))}")
    if not places:
        raise ValueError("Windows(): target has no columns")
    return values[:, places[0]] if single else values[:, places]


def _unfolded(values: Tensor, length: int, stride: int) -> Tensor:
    """(windows, length, *) as a view of (steps, *)."""
    windows = values.unfold(0, length, stride)
    return windows.movedim(-1, 1)
