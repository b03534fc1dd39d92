"""Tables as features and targets: what each kind of column becomes, that nothing is NaN, and that errors name column and row."""

from __future__ import annotations

import datetime
import json
import math
import pickle
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest

import corelib as torch
from corelib.datasets import TableDataset, TableEncoding
from corelib.utils.data import DataLoader

ROWS = {
    "size": [1.0, 2.0, 6.0], "count": [3, 4, 5], "colour": ["red", "blue", "red"], "new": [True, False, True],
    "day": [datetime.date(1970, 1, 2), datetime.date(1970, 1, 3), datetime.date(1970, 1, 4)], "price": [10.0, 20.0, 30.0],
}  # fmt: skip


def only(**columns):
    return {name: list(values) for name, values in columns.items()}


def test_columns_of_each_kind_become_features():
    table = TableDataset(ROWS, target="price")
    assert table.feature_names == ["size", "count", "colour=blue", "colour=red", "new", "day"]
    deviation = math.sqrt(14 / 3)
    expected = [[-2 / deviation, -math.sqrt(1.5), 0, 1, 1, -math.sqrt(1.5)], [-1 / deviation, 0, 1, 0, 0, 0], [3 / deviation, math.sqrt(1.5), 0, 1, 1, math.sqrt(1.5)]]
    assert torch.allclose(table.features, torch.tensor(expected))
    assert table.features.dtype == torch.float32 and table.targets.tolist() == [10, 20, 30] and table.targets.dtype == torch.float32
    assert table.classes is None and len(table) == 3 and [t.shape for t in table[1]] == [(6,), ()]


@pytest.mark.parametrize(("numeric", "expected"), [("minmax", [0.0, 0.2, 1.0]), (None, [1.0, 2.0, 6.0])])
def test_numbers_are_scaled_as_asked(numeric, expected):
    assert torch.allclose(TableDataset(only(size=[1, 2, 6]), numeric=numeric).features[:, 0], torch.tensor(expected))


@pytest.mark.parametrize("numeric", ["standard", "minmax"])
@pytest.mark.parametrize("values", [[0.1] * 10, [7], [1e30, 1e30]])
def test_a_constant_column_and_a_single_row_become_zeros(numeric, values):
    table = TableDataset(only(x=values), numeric=numeric)
    assert table.features.tolist() == [[0.0]] * len(values)
    assert TableDataset(only(x=[values[0]]), fit=table).features.tolist() == [[0.0]]


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_numbers_of_every_size_are_scaled(unit):
    assert torch.allclose(TableDataset(only(x=[unit, 2 * unit, 6 * unit])).features[:, 0], torch.tensor([-2.0, -1.0, 3.0]) / math.sqrt(14 / 3))
    assert torch.allclose(TableDataset(only(x=[unit, 2 * unit, 6 * unit]), numeric="minmax").features[:, 0], torch.tensor([0.0, 0.2, 1.0]))


@pytest.mark.parametrize("seed", range(40))
def test_random_tables_are_scaled_as_by_scikit_learn(seed):
    preprocessing, impute = pytest.importorskip("sklearn.preprocessing"), pytest.importorskip("sklearn.impute")
    rng = np.random.default_rng(seed)
    rows, other = rng.integers(1, 30, 2)
    x, new = (rng.standard_normal((n, 3)) * [1, 1e4, 1e-3] + [0, 1e5, 3] for n in (rows, other))
    words, more = (rng.choice(["a", "ä", "b", "猫"], (n, 1)).astype(object) for n in (rows, other))
    gaps = rng.random((rows, 3)) < 0.3
    gaps[0] = False
    x[gaps] = np.nan
    filled = impute.SimpleImputer().fit(x)
    for numeric, scaler in (("standard", preprocessing.StandardScaler()), ("minmax", preprocessing.MinMaxScaler())):
        scaler.fit(x)  # of what is there
        onehot = preprocessing.OneHotEncoder(sparse_output=False, handle_unknown="ignore").fit(words)
        options = dict(numeric=numeric, missing="mean", unknown="zeros", dtype=torch.float64)
        table = TableDataset({**{f"x{i}": x[:, i] for i in range(3)}, "word": words[:, 0]}, **options)
        again = table.encoding.encode({**{f"x{i}": new[:, i] for i in range(3)}, "word": more[:, 0]}, dtype=torch.float64)
        for features, numbers, texts in ((table.features, x, words), (again, new, more)):
            expected = np.column_stack([scaler.transform(filled.transform(numbers)), onehot.transform(texts)])
            np.testing.assert_allclose(features.numpy(), expected, rtol=1e-9, atol=1e-9)


def test_categories_as_codes_and_targets_as_classes():
    table = TableDataset(only(colour=["red", "blue"], good=[True, False], kind=["b", "a"]), "kind", categories="codes")
    assert table.features.tolist() == [[1, 1], [0, 0]] and table.targets.tolist() == [1, 0] and table.targets.dtype == torch.int64
    assert table.classes == ["a", "b"] and table.feature_names == ["colour", "good"]
    assert TableDataset(only(x=[1, 2], good=[True, True]), "good").classes == [False, True]


def test_the_task_says_what_a_target_is():
    assert TableDataset(only(x=[1, 2, 3], y=[7, 5, 7]), "y").targets.tolist() == [7.0, 5.0, 7.0]
    classes = TableDataset(only(x=[1, 2, 3], y=[7, 5, 7]), "y", task="classes")
    assert classes.classes == [5, 7] and classes.targets.tolist() == [1, 0, 1]
    assert TableDataset(only(x=[1, 2], y=[True, False]), "y", task="numbers").targets.tolist() == [1.0, 0.0]
    with pytest.raises(TypeError, match="'y' has values of the kind text"):
        TableDataset(only(x=[1, 2], y=["a", "b"]), "y", task="numbers")


def test_dates_are_days_or_parts():
    moments = [datetime.datetime(2024, 2, 29, 6, 30), datetime.datetime(1969, 12, 31)]
    assert TableDataset(only(t=moments), numeric=None, dtype=torch.float64).features.tolist() == [[19782 + 6.5 / 24], [-1.0]]
    parts = TableDataset(only(t=moments), numeric=None, dates="parts")
    assert parts.feature_names == ["t year", "t month", "t day", "t weekday", "t hour"]
    assert parts.features.tolist() == [[2024, 2, 29, 3, 6.5], [1969, 12, 31, 2, 0]]
    assert TableDataset({"t": np.array(["1970-01-11"], "datetime64[D]")}, numeric=None).features.tolist() == [[10.0]]
    zone = datetime.timezone(datetime.timedelta(hours=12))
    assert TableDataset(only(t=[datetime.datetime(1970, 1, 2, tzinfo=zone)]), numeric=None).features.tolist() == [[0.5]]
    assert TableDataset({"t": np.array([36], "timedelta64[h]")}, numeric=None).features.tolist() == [[1.5]]
    assert TableDataset(only(t=[datetime.timedelta(hours=12)]), numeric=None).features.tolist() == [[0.5]]


@pytest.mark.parametrize("gap", [None, float("nan"), np.nan])
def test_a_missing_value_is_an_error_that_says_where(gap):
    with pytest.raises(ValueError, match="column 'size', row 1: the value is missing"):
        TableDataset(only(other=[1, 2], size=[1.0, gap]))
    with pytest.raises(ValueError, match="column 'colour', row 0"):
        TableDataset(only(colour=[gap, "red"]))
    with pytest.raises(ValueError, match="column 'y', row 1.*the target"):
        TableDataset(only(x=[1, 2], y=["a", gap]), "y", missing="mean")


def test_missing_values_become_means_and_shares():
    table = TableDataset(only(x=[1.0, None, 3.0], c=["a", "b", None], b=[True, None, False]), numeric=None, missing="mean")
    assert table.features.tolist() == [[1, 1, 0, 1], [2, 0, 1, 0.5], [3, 0.5, 0.5, 0]]
    assert TableDataset(only(x=[None], c=["b"], b=[None]), fit=table).features.tolist() == [[2, 0, 1, 0.5]]
    scaled = TableDataset(only(x=[1.0, None, 3.0]), missing="mean")
    assert scaled.features.flatten().tolist() == [-1, 0, 1]


def test_missing_values_have_indicators():
    table = TableDataset(only(x=[1.0, None, 3.0], c=["a", "b", None], full=[1, 1, 1]), numeric=None, missing="indicator")
    assert table.feature_names == ["x", "x is missing", "c=a", "c=b", "c is missing", "full"]
    assert table.features.tolist() == [[1, 0, 1, 0, 0, 1], [2, 1, 0, 1, 0, 1], [3, 0, 0, 0, 1, 1]]
    with pytest.raises(ValueError, match="column 'full', row 0: the value is missing"):
        TableDataset(only(x=[1.0], c=["a"], full=[None]), fit=table)
    codes = TableDataset(only(c=["a", None, "b"]), categories="codes", missing="indicator")
    assert codes.features.flatten().tolist() == [0, 2, 1] and codes.feature_names == ["c"]


def test_new_rows_are_encoded_in_the_same_way():
    table = TableDataset(ROWS, target="price")
    again = TableDataset({name: ROWS[name][:1] for name in reversed(ROWS)}, fit=table.encoding)
    assert torch.equal(again.features, table.features[:1]) and again.targets.tolist() == [10]
    bare = TableDataset({name: ROWS[name][:1] for name in ROWS if name != "price"}, fit=table)
    assert len(bare[0]) == 1 and bare.targets is None
    empty = TableDataset({name: [] for name in ROWS}, fit=table)
    assert len(empty) == 0 and empty.features.shape == (0, 6)


def test_an_unknown_category_is_an_error_or_zeros():
    known = only(c=["a", "b"])
    with pytest.raises(ValueError, match="column 'c', row 1: 'é' is unknown; known are 'a', 'b'"):
        TableDataset(only(c=["a", "é"]), fit=TableDataset(known))
    assert TableDataset(only(c=["a", "é"]), fit=TableDataset(known, unknown="zeros")).features.tolist() == [[1, 0], [0, 0]]
    with pytest.raises(ValueError, match="column 'y', row 0: 'c' is unknown"):
        TableDataset(only(x=[1], y=["c"]), fit=TableDataset(only(x=[1, 2], y=["a", "b"]), "y", unknown="zeros"))


def test_the_encoding_goes_through_files(tmp_path):
    table = TableDataset({**ROWS, "größe": [None, 2, 3]}, target="colour", missing="indicator", dates="parts")
    torch.save(table.encoding.state_dict(), tmp_path / "encoding.pt")
    loaded = TableEncoding.from_state_dict(torch.load(tmp_path / "encoding.pt", weights_only=True))
    for encoding in (loaded, TableEncoding.from_json(table.encoding.to_json()), pickle.loads(pickle.dumps(table.encoding))):
        again = TableDataset({**ROWS, "größe": [None, 2, 3]}, fit=encoding)
        assert torch.equal(again.features, table.features) and torch.equal(again.targets, table.targets)
        assert again.feature_names == table.feature_names and again.classes == ["blue", "red"]
    assert "größe" in table.encoding.to_json() and json.loads(table.encoding.to_json())["target"]["categories"] == ["blue", "red"]


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: TableDataset({"x": []}), ValueError, "no rows"),
        (lambda: TableDataset({}), ValueError, "no columns"),
        (lambda: TableDataset([1, 2]), TypeError, "got list"),
        (lambda: TableDataset({"x": [1], "y": [1, 2]}), ValueError, "one length, but got {'x': 1, 'y': 2}"),
        (lambda: TableDataset({"x": [[1], [2]]}), TypeError, "column 'x', row 0: .*list"),
        (lambda: TableDataset({"x": np.ones((2, 2))}), ValueError, "one dimension"),
        (lambda: TableDataset({"x": "abc"}), ValueError, "one dimension"),
        (lambda: TableDataset({"x": [1, "a"]}), TypeError, "column 'x', row 1: 'a' is a text, but the values before it are a number"),
        (lambda: TableDataset({"x": [1, True]}), TypeError, "column 'x', row 1: True is a boolean"),
        (lambda: TableDataset({"x": [1j]}), TypeError, "column 'x', row 0"),
        (lambda: TableDataset({"x": np.array([1j])}), TypeError, "complex128"),
        (lambda: TableDataset({"x": [1.0, -math.inf]}), ValueError, "column 'x', row 1: -inf is not a finite number"),
        (lambda: TableDataset({"x": [1.7e308, -1.7e308]}), ValueError, "'x' lie too far apart"),
        (lambda: TableDataset({"x": [None, None]}, missing="mean"), ValueError, "'x' has no value at all"),
        (lambda: TableDataset({"x": [1]}, "y"), ValueError, "no column 'y'; there are 'x'"),
        (lambda: TableDataset({"x": [1, 2]}, numeric="robust"), ValueError, "numeric should be one of 'standard', 'minmax', None, but is 'robust'"),
        (lambda: TableDataset({"x": [1]}, dtype=torch.int64), TypeError, "dtype"),
        (lambda: TableDataset({"x": ["a"]}, categories="codes", missing="mean"), ValueError, "codes have no mean"),
        (lambda: TableDataset({"x": ["a"]}, categories="codes", unknown="zeros"), ValueError, "no column of zeros"),
        (lambda: TableDataset({"x": [1.0, 1e39]}, numeric=None), ValueError, "column 'x', row 1: 1e\\+39 is no number of torch.float32"),
        (lambda: TableDataset({"x": [1.0]}, fit=TableDataset({"y": [1.0]})), ValueError, "no column 'y'"),
        (lambda: TableDataset({"x": [1.0], "y": [2]}, fit=TableDataset({"y": [1.0]})), ValueError, "without the column 'x'"),
        (lambda: TableDataset({"x": ["a"]}, fit=TableDataset({"x": [1.0]})), TypeError, "kind text, but was fitted as number"),
        (lambda: TableDataset({"x": [1.0]}, fit={"columns": []}), TypeError, "fit should be a TableEncoding or a TableDataset, but is a dict"),
        (lambda: TableDataset({"x": [1.0]}, numeric=None, fit=TableDataset({"x": [1.0]})), ValueError, "numeric"),
        (lambda: TableDataset({"x": [1.0], "y": [1]}, "x", fit=TableDataset({"x": [1.0], "y": [1]}, "y")), ValueError, "target is 'x', but that of `fit` is 'y'"),
        (lambda: TableDataset({"x": ["yesterday"]}, fit=TableDataset({"x": [datetime.date(2024, 1, 1)]})), ValueError, "row 0: expected an ISO date"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(make, error, said):
    with pytest.raises(error, match=said):
        make()


def test_what_else_counts_as_a_number_or_a_date():
    assert TableDataset(only(x=[Decimal("1.5"), np.float32(2), 3]), numeric=None).features.flatten().tolist() == [1.5, 2, 3]
    assert TableDataset({"x": torch.tensor([1, 2])}, numeric=None).features.flatten().tolist() == [1, 2]
    dates = TableDataset(only(t=[datetime.date(1970, 1, 2)]), numeric=None)
    assert TableDataset(only(t=["1970-01-03"]), fit=dates).features.tolist() == [[2.0]]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_batches_it(workers):
    table = TableDataset(only(x=range(10), y=["a", "b"] * 5), "y", numeric=None)
    batches = list(DataLoader(table, batch_size=4, num_workers=workers))
    assert torch.equal(torch.cat([x for x, _ in batches])[:, 0], torch.arange(10.0)) and batches[0][1].tolist() == [0, 1, 0, 1]
    assert torch.equal(pickle.loads(pickle.dumps(table)).features, table.features)


def test_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("corelib.datasets._optional.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "corelib\[tables\]"'):
        TableDataset(tmp_path / "x.csv")


def test_what_is_optional_is_not_loaded():
    program = "import sys, corelib; assert 'corelib.datasets' not in sys.modules; import corelib.datasets; print({'pandas', 'tokenizers', 'corelib.vision'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({
        "whole": pandas.array([1, None, 3], dtype="Int64"), "grade": pandas.Categorical(["low", "high", "low"], categories=["low", "mid", "high"]),
        "flag": pandas.array([True, None, False], dtype="boolean"), "zone": pandas.to_datetime(["2024-01-01", "2024-01-02", None]).tz_localize("Europe/Berlin"),
        "text": pandas.array(["x", pandas.NA, "y"], dtype="string"),
    }, index=[7, 7, 9])  # fmt: skip
    table = TableDataset(frame, "grade", numeric=None, missing="mean", dtype=torch.float64)
    assert table.classes == ["low", "mid", "high"] and table.targets.tolist() == [0, 2, 0]
    day = 19723 - 1 / 24
    assert table.features.tolist() == [[1, 1, day, 1, 0], [2, 0.5, day + 1, 0.5, 0.5], [3, 0, day + 0.5, 0, 1]]
    with pytest.raises(ValueError, match="column 'whole', row 1"):
        TableDataset(frame)
    codes = pandas.DataFrame({"zip": pandas.Categorical([10, 20, 10])})
    assert TableDataset(codes).feature_names == ["zip=10", "zip=20"] and TableDataset({"zip": [20]}, fit=TableDataset(codes)).features.tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="two columns named 'a'"):
        TableDataset(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
    assert TableDataset({"x": [pandas.NA, 1, pandas.NaT]}, numeric=None, missing="mean").features.flatten().tolist() == [1, 1, 1]
    with pytest.raises(TypeError, match="Interval"):
        TableDataset({"x": pandas.cut(pandas.Series([1, 2, 3]), 2)})


def test_csv_files(tmp_path):
    pytest.importorskip("pandas")
    path = tmp_path / "wine.csv"
    path.write_text("größe,colour,bottled,good\n1.5,röd,2024-01-01,True\n2.5,vit,2024-01-03,False\n", encoding="utf-8")
    table = TableDataset(str(path), "good")
    assert table.feature_names == ["größe", "colour=röd", "colour=vit", "bottled"] and table.features.tolist() == [[-1, 1, 0, -1], [1, 0, 1, 1]]
    assert table.classes == [False, True] and table.targets.tolist() == [1, 0]
    assert torch.equal(TableDataset(path, fit=table).features, table.features)
    path.write_text("x\n1\noops\n3\n", encoding="utf-8")
    with pytest.raises(TypeError, match="'x' has values of the kind text, but was fitted as number"):
        TableDataset(path, fit=TableDataset({"x": [1, 2]}))
    path.write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="wine.csv"):
        TableDataset(path)
    with pytest.raises(FileNotFoundError):
        TableDataset(tmp_path / "none.csv")
