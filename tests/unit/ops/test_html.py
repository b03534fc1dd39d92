"""What notebooks show of tensors: tables of vectors and matrices, the text of others, and never more than printing reads."""

from __future__ import annotations

import html
import re

import corelib
import pytest
from corelib.ops.conversion.printing import printoptions


def cells(t: corelib.Tensor) -> list[list[str]]:
    """The texts of the table's cells, row by row, heads included."""
    rows = re.findall(r"<tr>(.*?)</tr>", t._repr_html_())
    return [[html.unescape(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in rows]


def test_a_matrix_is_a_table_with_numbered_rows_and_columns() -> None:
    assert cells(corelib.tensor([[1.0, -2.5], [3.25, 4.0]])) == [["", "0", "1"], ["0", "1.0000", "-2.5000"], ["1", "3.2500", "4.0000"]]


def test_a_vector_is_one_row() -> None:
    assert cells(corelib.tensor([3, -1])) == [["0", "1"], ["3", "-1"]]


@pytest.mark.parametrize(
    ("values", "dtype", "texts"),
    [
        ([1.5, 2.0], corelib.float16, ["1.5000", "2.0000"]),
        ([1.5, 2.0], corelib.bfloat16, ["1.5000", "2.0000"]),
        ([True, False], corelib.bool, ["True", "False"]),
        ([1 + 2j, -1j], corelib.complex64, ["1.+2.j", "-0.-1.j"]),
        ([float("nan"), float("inf")], corelib.float64, ["nan", "inf"]),
        ([1.0, 2000.5], corelib.float32, ["1.0000e+00", "2.0005e+03"]),
    ],
)
def test_elements_have_the_texts_that_printing_gives_them(values: list[object], dtype: corelib.dtype, texts: list[str]) -> None:
    t = corelib.tensor(values, dtype=dtype)
    assert cells(t)[1] == texts
    assert all(text in repr(t) for text in texts)


def test_long_dimensions_show_their_edges() -> None:
    t = corelib.arange(50 * 30).reshape(50, 30)
    shown = cells(t)
    assert shown[0] == ["", "0", "1", "2", "…", "27", "28", "29"]
    assert [row[0] for row in shown] == ["", "0", "1", "2", "…", "47", "48", "49"]
    assert shown[-1] == ["49", "1470", "1471", "1472", "…", "1497", "1498", "1499"]
    assert shown[4] == ["…"] * 8
    assert cells(t.t())[2][1:] == ["1", "31", "61", "…", "1411", "1441", "1471"]
    assert cells(t[:, ::7])[1] == ["0", "0", "7", "14", "21", "28"]


def test_a_huge_tensor_is_not_read() -> None:
    huge = corelib.ones(1).expand(1 << 40, 1 << 20)
    assert len(huge._repr_html_()) < 5000
    assert cells(huge)[1][:4] == ["0", "1.", "1.", "1."]


def test_print_options_count() -> None:
    t = corelib.linspace(0, 1, 40)
    with printoptions(edgeitems=1, precision=1):
        assert cells(t) == [["0", "…", "39"], ["0.", "…", "1."]]
    with printoptions(profile="full"):
        assert len(cells(t)[0]) == 40


@pytest.mark.parametrize(
    "t", [corelib.tensor(2.5), corelib.zeros(2, 2, 2), corelib.zeros(0, 3), corelib.ones(3, 4, device="meta"), corelib.tensor([])],
    ids=["scalar", "three dimensions", "empty", "meta", "empty vector"],
)
def test_others_are_their_text(t: corelib.Tensor) -> None:
    assert t._repr_html_() == f"<pre>{html.escape(repr(t))}</pre>"


def test_the_caption_says_what_the_text_would() -> None:
    x = corelib.ones(2, requires_grad=True)
    assert "tensor of shape (2,), float32, cpu, requires_grad=True<" in x._repr_html_()
    assert "grad_fn=&lt;MulBackward0&gt;" in (x * 2)._repr_html_()
    assert "Parameter of shape (2,)" in corelib.nn.Parameter(corelib.ones(2))._repr_html_()
    assert x.grad is None and x._version == 0


class Plain(corelib.Tensor):
    pass


class Spoken(corelib.Tensor):
    def __repr__(self) -> str:
        return "<my own>"


class Watched(corelib.Tensor):
    @classmethod
    def __torch_function__(cls, func: object, types: object, args: object = (), kwargs: object = None) -> object:
        raise AssertionError("a notebook that shows it calls nothing")


def test_classes_that_take_functions_over_are_not_called() -> None:
    assert corelib.ones(2).as_subclass(Watched)._repr_html_() is None


def test_subclasses_are_shown_as_they_are_printed() -> None:
    t = corelib.ones(2)
    assert "Plain of shape (2,)" in t.as_subclass(Plain)._repr_html_()
    assert t.as_subclass(Spoken)._repr_html_() is None
    assert repr(t.as_subclass(Plain)) == "Plain([1., 1.])"


def test_conjugated_and_negated_views_show_what_they_are() -> None:
    t = corelib.tensor([1 + 2j])
    assert cells(t.conj())[1] == ["1.-2.j"]
    assert cells(t.conj().imag)[1] == ["-2."]


def test_sparse_tensors_are_their_text() -> None:
    t = corelib.eye(2).to_sparse() if hasattr(corelib.Tensor, "to_sparse") else corelib.zeros(1, 1, 1)
    assert t._repr_html_().startswith("<pre>")


class Weird(corelib.nn.Module):
    def extra_repr(self) -> str:
        return "<b>&"


class Own(corelib.nn.Module):
    def __repr__(self) -> str:
        return "two\nlines <of my own>"


def test_a_module_is_a_tree_whose_text_is_escaped() -> None:
    nn = corelib.nn
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Sequential(Weird())), nn.ModuleList([nn.ReLU()]), Own())
    shown = model._repr_html_()
    assert shown.count("<details") == shown.count("</details>") == 4
    assert shown.count("<details open") == 3  # the innermost is folded
    assert "<summary>(1): Sequential</summary>" in shown and "(0): Linear(in_features=2, out_features=3, bias=True)" in shown
    assert "Weird(&lt;b&gt;&amp;)" in shown and "<b>" not in shown
    assert "<pre>(3): two\nlines &lt;of my own&gt;</pre>" in shown
    assert Own()._repr_html_() is None and nn.ReLU()._repr_html_() == "<div>ReLU()</div>"
