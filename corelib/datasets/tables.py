"""Tables: the columns of a frame, a mapping or a CSV file as features, and one of them as what is to be foretold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corelib.data.dataset import TensorDataset
from corelib.datasets._columns import Array, Column, as_dates, columns_of, place, plain
from corelib.datasets._optional import optional
from corelib.ops.construction.construct import from_numpy
from corelib.tensor.dtype import dtype as DType, float32
from corelib.tensor.limits import finfo
from corelib.tensor.tensor import Tensor

__all__ = ["ColumnEncoding", "TableDataset", "TableEncoding"]

CHOICES: dict[str, tuple[str | None, ...]] = {
    "numeric": ("standard", "minmax", None), "categories": ("onehot", "codes"), "dates": ("days", "parts"), "missing": ("error", "mean", "indicator"),
    "unknown": ("error", "zeros"), "task": (None, "classes", "numbers"),
}  # fmt: skip
"""What each option accepts; the defaults are the first."""
PARTS = ("year", "month", "day", "weekday", "hour")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")


@dataclass(frozen=True)
class ColumnEncoding:
    """How one column becomes features: (numbers of the column - shift) / scale, with `fill` for numbers of missing values.

    kind: "number", "boolean", "date" or "category". form: "onehot", "codes", "days" or "parts", where there is a choice. A missing value is an
    error where `fill` is None; with `indicator` one more feature is 1 where a value is missing. All of it is plain data.
    """

    name: str
    kind: str
    form: str = ""
    categories: list[Any] = field(default_factory=list)
    unknown: str = "error"
    shift: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)
    fill: list[float] | None = None
    indicator: bool = False

    @property
    def feature_names(self) -> list[str]:
        """The names of the features, as `colour=red`."""
        names = [self.name]
        if self.form == "onehot":
            names = [f"{self.name}={value}" for value in self.categories]
        elif self.form == "parts":
            names = [f"{self.name} {part}" for part in PARTS]
        return [*names, f"{self.name} is missing"] if self.indicator else names

    def numbers(self, column: Column, user: str) -> Array:
        """The numbers of a column before scaling, (rows, numbers); those of missing values are NaN."""
        if column.kind == "text" and self.kind == "date":
            column = as_dates(self.name, column, user)
        accepted = {"category": ("category", "text", "number", "boolean")}.get(self.kind, (self.kind,))
        if column.kind not in (*accepted, "nothing"):
            raise TypeError(f"{user}: column {self.name!r} has values of the kind {column.kind}, but was fitted as {self.kind}")
        width = {"onehot": len(self.categories), "parts": len(PARTS)}.get(self.form, 1)
        made = np.full((len(column.values), width), np.nan)
        rows = np.flatnonzero(~column.missing)
        if not len(rows):
            return made
        values = column.values[rows]
        if self.kind == "category":
            codes = self._codes(values, rows, user)
            made[rows] = codes[:, None] if self.form == "codes" else codes[:, None] == np.arange(width)
        elif self.kind == "date":
            made[rows] = _days(values)[:, None] if self.form == "days" else _parts(values)
        else:
            made[rows] = values[:, None]
        return made

    def encode(self, column: Column, user: str) -> Array:
        """The features of a column, (rows, features)."""
        missing = column.missing
        if self.fill is None and missing.any():
            raise ValueError(f"{user}: {place(self.name, missing.argmax())}: the value is missing, and the encoding has nothing to fill it with")
        made = self.numbers(column, user)
        if self.fill is not None:
            made[missing] = self.fill
        made = (made - self.shift) / self.scale
        return np.column_stack([made, missing]) if self.indicator else made

    def _codes(self, values: Array, rows: NDArray[Any], user: str) -> NDArray[np.int64]:
        known = {value: code for code, value in enumerate(self.categories)}
        codes = np.fromiter((known.get(value, -1) for value in values), np.int64, len(values))
        if self.unknown == "error" and (codes < 0).any():
            at = (codes < 0).argmax()
            raise ValueError(f"{user}: {place(self.name, rows[at])}: {plain(values[at])!r} is unknown; known are {_listed(self.categories)}")
        return codes


class TableEncoding:
    """What was learned of a table, as plain data, which makes features of other tables in the same way.

    `columns` has a ColumnEncoding for each column, `target` that of what is to be foretold, or None. Save it by `to_json()`, or
    `torch.save(encoding.state_dict(), path)`.

    >>> from corelib.datasets import TableDataset, TableEncoding
    >>> encoding = TableDataset({"size": [1., 3.], "colour": ["red", "blue"]}).encoding
    >>> TableEncoding.from_json(encoding.to_json()).encode({"size": [2.], "colour": ["red"]})
    tensor([[0., 0., 1.]])
    """

    def __init__(self, columns: list[ColumnEncoding], target: ColumnEncoding | None = None) -> None:
        self.columns, self.target = columns, target

    @property
    def feature_names(self) -> list[str]:
        """The name of each feature."""
        return [name for column in self.columns for name in column.feature_names]

    @property
    def classes(self) -> list[Any] | None:
        """The classes of the target in the order of their numbers; None for numbers, and where there is no target."""
        return self.target.categories if self.target is not None and self.target.kind == "category" else None

    def encode(self, table: Any, *, dtype: DType = float32) -> Tensor:
        """The features of a table, (rows, features); a column for the target may be there or not.

        ValueError for columns that are not there or were not there before, values that are missing or unknown, and numbers past the dtype's.
        """
        return self._features(_read(table, "TableEncoding.encode()"), dtype, "TableEncoding.encode()")

    def state_dict(self) -> dict[str, Any]:
        """All of it as dictionaries, lists, texts and numbers."""
        return {"columns": [asdict(column) for column in self.columns], "target": None if self.target is None else asdict(self.target)}

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any]) -> TableEncoding:
        """The encoding of which `state_dict()` was made."""
        target = state["target"]
        return cls([ColumnEncoding(**column) for column in state["columns"]], None if target is None else ColumnEncoding(**target))

    def to_json(self) -> str:
        """All of it as JSON."""
        return json.dumps(self.state_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> TableEncoding:
        """The encoding of which `to_json()` was made."""
        return cls.from_state_dict(json.loads(text))

    def _features(self, columns: dict[str, Column], dtype: DType, user: str) -> Tensor:
        target = set() if self.target is None else {self.target.name}
        _same_names({column.name for column in self.columns}, columns.keys() - target, user)
        rows = len(next(iter(columns.values())).values)
        parts = [column.encode(columns[column.name], user) for column in self.columns]
        return _tensor(np.concatenate(parts, 1) if parts else np.empty((rows, 0)), self.feature_names, dtype, user)

    def _targets(self, columns: dict[str, Column], dtype: DType, user: str) -> Tensor | None:
        if self.target is None or self.target.name not in columns:
            return None
        made = self.target.encode(columns[self.target.name], user)
        return from_numpy(made[:, 0].astype(np.int64)) if self.classes is not None else _tensor(made, [self.target.name], dtype, user)[:, 0]


class TableDataset(TensorDataset):
    """The rows of a table as (features, target) tensors, or (features,) without a target: a TensorDataset.

    table: a pandas DataFrame, a mapping of names to columns, or the path of a CSV file (read by pandas; texts that are all ISO dates are dates).
    target: the column to foretell: texts, categories and booleans are classes (int64), numbers are numbers; `task` "classes" or "numbers" says
    otherwise. numeric: numbers are scaled to mean 0 and deviation 1 (over all rows: divided by n), to 0 ... 1 ("minmax"), or not (None); what is
    constant becomes 0. categories: a column for each category, or its number ("codes"). Booleans are 0 and 1. dates: days since 1970-01-01, or
    year, month, day, weekday (0 is Monday) and hour ("parts"), scaled as numbers are. missing: an error, the mean (for categories their shares),
    or that and a column that says where, for each column in which values are missing ("indicator"; of a category the columns are 0, and the
    code is the one past the last). unknown: what a category that was not there before gives, an error or "zeros".
    fit: another table's encoding (or its TableDataset), to encode this one in the same way; it brings the options.

    `features`, `targets`, `feature_names`, `classes` and `encoding` (a TableEncoding) say what was made. ValueError and TypeError name the
    column and the row, counted from 0.

    >>> from corelib.datasets import TableDataset
    >>> flowers = {"height": [1., 2., 3.], "colour": ["red", "white", "red"], "kind": ["rose", "lily", "rose"]}
    >>> table = TableDataset(flowers, target="kind")
    >>> table.feature_names, table.classes
    (['height', 'colour=red', 'colour=white'], ['lily', 'rose'])
    >>> table[0]
    (tensor([-1.2247,  1.0000,  0.0000]), tensor(1))
    >>> TableDataset({"height": [2.], "colour": ["white"]}, fit=table)[0]
    (tensor([0., 0., 1.]),)
    """

    def __init__(
        self, table: Any, target: str | None = None, *, numeric: Literal["standard", "minmax"] | None = "standard",
        categories: Literal["onehot", "codes"] = "onehot", dates: Literal["days", "parts"] = "days", missing: Literal["error", "mean", "indicator"] = "error",
        unknown: Literal["error", "zeros"] = "error", task: Literal["classes", "numbers"] | None = None, dtype: DType = float32,
        fit: TableEncoding | TableDataset | None = None,
    ) -> None:  # fmt: skip
        options = dict(numeric=numeric, categories=categories, dates=dates, missing=missing, unknown=unknown, task=task)
        _check(options, dtype)
        columns = _read(table, "TableDataset()", parse=fit is None)
        if fit is None:
            self.encoding = _fitted(columns, target, options)
        else:
            self.encoding = fit.encoding if isinstance(fit, TableDataset) else fit
            if not isinstance(self.encoding, TableEncoding):
                raise TypeError(f"TableDataset(): fit should be a TableEncoding or a TableDataset, but is a {type(fit).__name__}")
            changed = [name for name, value in options.items() if value != CHOICES[name][0]]
            if changed:
                raise ValueError(f"TableDataset(): `fit` brings the options with it, but {' and '.join(changed)} were given too")
            known = None if self.encoding.target is None else self.encoding.target.name
            if target is not None and target != known:
                raise ValueError(f"TableDataset(): the target is {target!r}, but that of `fit` is {known!r}")
            if target is not None and target not in columns:
                raise ValueError(f"TableDataset(): there is no column {target!r}; there are {_listed(columns)}")
        self.features = self.encoding._features(columns, dtype, "TableDataset()")
        self.targets = self.encoding._targets(columns, dtype, "TableDataset()")
        super().__init__(*[made for made in (self.features, self.targets) if made is not None])

    @property
    def feature_names(self) -> list[str]:
        """The name of each feature."""
        return self.encoding.feature_names

    @property
    def classes(self) -> list[Any] | None:
        """The classes of the target in the order of their numbers; None for numbers, and where there is no target."""
        return self.encoding.classes


def _check(options: dict[str, Any], dtype: DType) -> None:
    for name, value in options.items():
        if value not in CHOICES[name]:
            raise ValueError(f"TableDataset(): {name} should be one of {_listed(CHOICES[name])}, but is {value!r}")
    if options["categories"] == "codes" and options["missing"] == "mean":
        raise ValueError('TableDataset(): codes have no mean; take missing="indicator", which gives missing values a code, or categories="onehot"')
    if options["categories"] == "codes" and options["unknown"] == "zeros":
        raise ValueError('TableDataset(): a code is no column of zeros; take unknown="error", or categories="onehot"')
    if not dtype.is_floating_point:
        raise TypeError(f"TableDataset(): dtype should be a floating-point one, but is {dtype}")


def _read(table: Any, user: str, parse: bool = False) -> dict[str, Column]:
    """The columns of a table. parse: texts of a CSV file that are all dates are dates."""
    if not isinstance(table, (str, PathLike)):
        columns = columns_of(table, user)
    else:
        read = optional("pandas:read_csv", f"{user} of a CSV file", "tables")
        try:
            columns = columns_of(read(Path(table)), user)
        except ValueError as error:
            raise ValueError(f"{user}: {table}: {error}") from error
        for name, column in columns.items() if parse else ():
            if column.kind == "text" and all(_ISO.fullmatch(value) for value in column.values[~column.missing]):
                columns[name] = as_dates(name, column, user)
    if not columns:
        raise ValueError(f"{user}: the table has no columns")
    return columns


def _fitted(columns: dict[str, Column], target: str | None, options: dict[str, Any]) -> TableEncoding:
    if target is not None and target not in columns:
        raise ValueError(f"TableDataset(): there is no column {target!r}; there are {_listed(columns)}")
    if not len(next(iter(columns.values())).values):
        raise ValueError("TableDataset(): the table has no rows, so there is nothing to fit; `fit` takes another table's encoding")
    made = [_fitted_column(name, column, options) for name, column in columns.items() if name != target]
    return TableEncoding(made, None if target is None else _fitted_target(target, columns[target], options["task"]))


def _fitted_column(name: str, column: Column, options: dict[str, Any]) -> ColumnEncoding:
    """What is learned of one column."""
    missing = column.missing.any()
    if column.missing.all() and not column.categories:
        raise ValueError(f"TableDataset(): column {name!r} has no value at all: leave it out")
    if missing and options["missing"] == "error":
        raise ValueError(f"TableDataset(): {place(name, column.missing.argmax())}: the value is missing; missing=\"mean\" or \"indicator\" fills it")
    kind = "category" if column.kind in ("text", "category") else column.kind
    form = {"category": options["categories"], "date": options["dates"]}.get(kind, "")
    bare = ColumnEncoding(name, kind, form, _categories(name, column) if kind == "category" else [], options["unknown"])
    numbers = bare.numbers(column, "TableDataset()")
    present = numbers[~column.missing]
    shift, scale = np.zeros(numbers.shape[1]), np.ones(numbers.shape[1])
    if kind in ("number", "date") and options["numeric"] is not None:
        shift, scale = _scaling(present, options["numeric"])
        if not np.isfinite(scale).all():
            raise ValueError(f"TableDataset(): the numbers of column {name!r} lie too far apart to be scaled: from {present.min():g} to {present.max():g}")
    fill = None
    if options["missing"] == "mean" or (options["missing"] == "indicator" and missing):
        zeros = [float(len(bare.categories))] if form == "codes" else [0.0] * numbers.shape[1]
        fill = zeros if kind == "category" and options["missing"] == "indicator" else present.mean(0).tolist()
    indicator = bool(missing) and options["missing"] == "indicator" and form != "codes"
    return ColumnEncoding(name, kind, form, bare.categories, options["unknown"], shift.tolist(), scale.tolist(), fill, indicator)


def _scaling(present: Array, numeric: str) -> tuple[Array, Array]:
    """What is subtracted and by what is divided; from the first row on and in units of the farthest, so that no square is past float64's ends."""
    with np.errstate(over="ignore", invalid="ignore"):
        away = present - present[0]
        unit = np.abs(away).max(0)
        unit[unit == 0] = 1.0  # constant
        away /= unit
        least, most = (away.mean(0), away.std(0)) if numeric == "standard" else (away.min(0), np.ptp(away, 0))
        return present[0] + least * unit, np.where(most == 0, 1.0, most * unit)


def _fitted_target(name: str, column: Column, task: str | None) -> ColumnEncoding:
    if column.missing.any():
        raise ValueError(f"TableDataset(): {place(name, column.missing.argmax())}: the value is missing, and is the target")
    if task == "classes" or (task is None and column.kind in ("text", "category", "boolean")):
        return ColumnEncoding(name, "category", "codes", _categories(name, column), "error", [0.0], [1.0])
    if column.kind not in ("number", "boolean"):
        raise TypeError(f"TableDataset(): the target {name!r} has values of the kind {column.kind}; numbers are made of numbers and booleans")
    return ColumnEncoding(name, column.kind, shift=[0.0], scale=[1.0])


def _categories(name: str, column: Column) -> list[Any]:
    """The declared categories, else the values in their order."""
    if column.kind == "date":
        raise TypeError(f"TableDataset(): the target {name!r} has dates, which are no classes; make texts of them")
    if column.kind == "boolean":
        return [False, True]
    found = column.categories
    if found is None:
        found = [int(v) if isinstance(v, float) and v.is_integer() else v for v in sorted({plain(v) for v in column.values[~column.missing]})]
    for value in found:
        if not isinstance(value, (str, int, float, bool)):
            raise TypeError(f"TableDataset(): column {name!r} has the category {value!r} of the type {type(value).__name__}; accepted are texts, numbers and booleans")
    return found


def _same_names(expected: set[str], got: set[str], user: str) -> None:
    if expected - got:
        raise ValueError(f"{user}: there is no column {_listed(sorted(expected - got))}, with which the encoding was fitted")
    if got - expected:
        raise ValueError(f"{user}: the encoding was fitted without the column {_listed(sorted(got - expected))}")


def _tensor(made: Array, names: list[str], dtype: DType, user: str) -> Tensor:
    """Numbers in float64 as a tensor; none may be past the dtype's largest."""
    past = np.argwhere(~(np.abs(made) <= finfo(dtype).max))
    if len(past):
        row, at = past[0]
        raise ValueError(f"{user}: {place(names[at], row)}: {made[row, at]} is no number of {dtype}")
    return from_numpy(np.ascontiguousarray(made)).to(dtype)


def _days(moments: Array) -> Array:
    """Days since 1970-01-01."""
    made: Array = moments.astype(np.int64) / 86_400e6
    return made


def _parts(moments: Array) -> Array:
    months = moments.astype("datetime64[M]").astype(np.int64)
    days = moments.astype("datetime64[D]")
    day = (days - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1
    weekday = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    hour = (moments - days) / np.timedelta64(1, "h")
    return np.column_stack([months // 12 + 1970, months % 12 + 1, day, weekday, hour])


def _listed(values: Any) -> str:
    """Up to ten values as text."""
    shown = [repr(value) for value in values]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
