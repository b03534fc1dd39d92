"""The columns of a table as NumPy arrays of five kinds, whatever the table is: a pandas frame, or a mapping of names to sequences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corelib.ops.conversion.interchange import host_array
from corelib.tensor.tensor import Tensor

Array = NDArray[Any]

_DAY = np.timedelta64(1, "D")
_KINDS: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("boolean", (bool, np.bool_)), ("number", (Real, Decimal, np.number)), ("text", (str,)), ("date", (date, np.datetime64)), ("duration", (timedelta, np.timedelta64)),
)  # fmt: skip
"""Kinds of single values; the first that fits is the one (a bool is a number too)."""


class Column(NamedTuple):
    """One column: its kind, its values, which of them are missing, and a categorical one's categories in their order.

    kind: "number" (float64), "boolean", "date" (datetime64[us]), "text" and "category" (objects), or "nothing", where all are missing.
    """

    kind: str
    values: Array
    missing: NDArray[np.bool_]
    categories: list[Any] | None = None


def columns_of(table: Any, user: str) -> dict[str, Column]:
    """All columns by their names. TypeError for what is no table and columns that are no data; ValueError for unequal lengths, names used twice and infinities."""
    if isinstance(table, Mapping):
        named = [(str(name), values) for name, values in table.items()]
    elif hasattr(table, "columns") and hasattr(table, "iloc"):
        named = [(str(name), table.iloc[:, i]) for i, name in enumerate(table.columns)]
    else:
        raise TypeError(f"{user}: expected a pandas DataFrame, a mapping of names to columns, or the path of a CSV file, but got {type(table).__name__}")
    found: dict[str, Column] = {}
    for name, values in named:
        if name in found:
            raise ValueError(f"{user}: there are two columns named {name!r}")
        found[name] = _column(name, values, user)
    lengths = {name: len(column.values) for name, column in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{user}: expected columns of one length, but got {lengths}")
    return found


def place(name: str, row: Any) -> str:
    """How messages say where in a table something is; rows are counted from 0."""
    return f"column {name!r}, row {int(row)}"


def plain(value: Any) -> Any:
    """A NumPy scalar as Python's number."""
    return value.item() if isinstance(value, np.generic) else value


def as_dates(name: str, column: Column, user: str) -> Column:
    """A column of texts such as "2024-02-29" or "2024-02-29T12:30" as dates."""
    made = np.full(len(column.values), "NaT", "datetime64[us]")
    for row in np.flatnonzero(~column.missing):
        try:
            made[row] = _moment(datetime.fromisoformat(column.values[row]))
        except ValueError:
            raise ValueError(f"{user}: {place(name, row)}: expected an ISO date such as 2024-02-29, but got {column.values[row]!r}") from None
    return Column("date", made, column.missing)


def _column(name: str, values: Any, user: str) -> Column:
    categories = None
    if isinstance(values, Tensor):
        array, missing = host_array(values.detach()), None
    elif hasattr(values, "isna") and hasattr(values, "to_numpy"):
        array, missing = values.to_numpy(), np.asarray(values.isna(), bool)
        declared = getattr(values.dtype, "categories", None)
        categories = None if declared is None else [plain(value) for value in declared]
    else:
        array, missing = _array(values), None
    if array.ndim != 1:
        raise ValueError(f"{user}: column {name!r} should have one dimension, but has the shape {array.shape}")
    kind = array.dtype.kind
    if categories is not None:
        return Column("category", array.astype(object), _absent(array) if missing is None else missing, categories)
    if kind in "OU":
        return _objects(name, array.astype(object), missing, user)
    if kind == "b":
        return Column("boolean", array, np.zeros(len(array), bool))
    if kind in "iuf":
        return _numbers(name, array.astype(np.float64), np.isnan(array), user)
    if kind == "M":
        return Column("date", array.astype("datetime64[us]"), np.isnat(array))
    if kind == "m":
        return _numbers(name, array / _DAY, np.isnat(array), user)
    raise TypeError(f"{user}: column {name!r} has the dtype {array.dtype}; accepted are numbers, booleans, texts, dates and categories")


def _array(values: Any) -> Array:
    """An array of the values; lists keep Python's own objects, which NumPy would make texts of where one is a text."""
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, str) or not isinstance(values, Iterable):
        return np.asarray(values)  # of no dimension, which is refused
    listed = list(values)
    made = np.empty(len(listed), object)
    for row, value in enumerate(listed):
        made[row] = value
    return made


def _absent(values: Array) -> NDArray[np.bool_]:
    """None, NaN, NaT and pandas' NA."""
    comparable = (Real, Decimal, np.datetime64, np.timedelta64, date)
    known = {of: "always" if of.__name__ in ("NoneType", "NAType") else "perhaps" if issubclass(of, comparable) else "" for of in set(map(type, values))}
    return np.fromiter((known[type(v)] == "always" or (known[type(v)] == "perhaps" and bool(v != v)) for v in values), bool, len(values))


def _objects(name: str, values: Array, missing: NDArray[np.bool_] | None, user: str) -> Column:
    missing = _absent(values) if missing is None else missing
    rows = np.flatnonzero(~missing)
    kinds = {of: next((kind for kind, types in _KINDS if issubclass(of, types)), "") for of in set(map(type, values[rows]))}
    kind = kinds[type(values[rows[0]])] if len(rows) else "nothing"
    for row in rows if set(kinds.values()) - {kind} or not kind else ():
        found = kinds[type(values[row])]
        if not found:
            raise TypeError(f"{user}: {place(name, row)}: accepted are numbers, booleans, texts and dates, but got {type(values[row]).__name__} {values[row]!r}")
        if found != kind:
            raise TypeError(f"{user}: {place(name, row)}: {values[row]!r} is a {found}, but the values before it are a {kind} each")
    if kind in ("text", "nothing"):
        return Column(kind, values, missing)
    if kind == "boolean":
        return Column(kind, np.where(missing, False, values).astype(bool), missing)
    if kind == "date":
        dates = np.full(len(values), "NaT", "datetime64[us]")
        dates[rows] = [_moment(values[row]) for row in rows]
        return Column(kind, dates, missing)
    numbers = np.full(len(values), np.nan)
    numbers[rows] = [float(values[row]) if kind == "number" else np.timedelta64(values[row]) / _DAY for row in rows]
    return _numbers(name, numbers, missing, user)


def _numbers(name: str, values: Array, missing: NDArray[np.bool_], user: str) -> Column:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise ValueError(f"{user}: {place(name, infinite[0])}: {values[infinite[0]]} is not a finite number")
    return Column("number", values, missing)


def _moment(value: Any) -> np.datetime64:
    """A date or a moment; one with a time zone in universal time."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")
