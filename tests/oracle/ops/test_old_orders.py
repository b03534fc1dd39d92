"""The deprecated signatures that PyTorch still takes, with its warning; and the names its signatures of one function have for an argument."""

from __future__ import annotations

import pytest

from ..told import same

TAKEN = [
    "T.add(x, 2, x)", "x.add(2, x)", "x.clone().add_(2, x)", "T.sub(x, 2, x)", "x.sub(2, x)", "x.clone().sub_(2, x)", "T.add(x, 2, x, out=T.empty(2))", "T.add(x, T.tensor(2), x)", "T.add(x, True, x)", "T.add(x, 1j, x)",
    "T.addcmul(x, 2, x, x)", "x.addcmul(2, x, x)", "x.clone().addcmul_(2, x, x)", "T.addcdiv(x, 2, x, x)", "x.addcdiv(2, x, x)", "x.clone().addcdiv_(2, x, x)", "T.addcmul(x, 2, x, x, out=T.empty(2))", "T.addcdiv(x, -0.5, x, x)",
    "T.addmm(2, sq, 3, sq, sq)", "T.addmm(2, sq, sq, sq)", "sq.addmm(2, sq, sq)", "sq.addmm(2, 3, sq, sq)", "sq.clone().addmm_(2, 3, sq, sq)", "sq.clone().addmm_(2, sq, sq)", "T.addmm(T.tensor(2), sq, sq, sq)", "T.addmm(2, sq, sq, sq, out=T.empty(3, 3))",
    "T.addmv(2, v, 3, sq, v)", "T.addmv(2, v, sq, v)", "v.addmv(2, 3, sq, v)", "v.clone().addmv_(2, sq, v)", "T.addr(2, sq, 3, v, v)", "T.addr(2, sq, v, v)", "sq.addr(2, v, v)", "sq.clone().addr_(2, 3, v, v)",
    "T.addbmm(2, sq, 3, b, b)", "T.addbmm(2, sq, b, b)", "sq.addbmm(2, 3, b, b)", "sq.clone().addbmm_(2, b, b)", "T.baddbmm(2, b, 3, b, b)", "T.baddbmm(2, b, b, b)", "b.baddbmm(2, b, b)", "b.clone().baddbmm_(2, 3, b, b)",
    "w = x.clone().requires_grad_(); T.add(w, 3, w).sum().backward(); w.grad",
]  # fmt: skip
REFUSED = [
    "T.add(x, x, 2)", "T.add(2, x, x)", "T.addmm(sq, sq, sq, 2, 3)", "T.addmm(sq, 2, sq, 3, sq)", "T.addcmul(x, x, x, 2)", "x.addcdiv(x, x, 2)", "x.clone().addcmul_(x, x, 2)", "T.add(x, 2, x, 3)", "x.clone().add_(2, x, 3)", "T.mul(x, 2, x)",
    "T.addmm(2, sq, sq, sq, sq, sq)", "T.addmv(2, v, 3, sq, 4)", "x.clone().add_(x, x)", "T.sub(x, 'a', x)", "sq.clone().addmm_(sq, sq, 2)",
]  # fmt: skip
NAMES = [
    "T.tensor_split(m, tensor_indices_or_sections=T.tensor(2), dim=1)", "T.tensor_split(m, tensor_indices_or_sections=T.tensor([1, 2]), dim=1)", "T.tensor_split(m, tensor_indices_or_sections=2, dim=1)", "T.tensor_split(m, indices=(1,), dim=1)",
    "T.tensor_split(m, sections=2, axis=1)", "m.tensor_split(indices=(1,), dim=1)", "m.tensor_split(sections=2, dim=1)", "m.tensor_split(sections=(1, 2), dim=1)", "m.tensor_split(indices=2, dim=1)", "T.hsplit(m, sections=3)", "T.hsplit(m, indices=(1,))",
    "T.vsplit(m, indices=(1,))", "T.vsplit(m, sections=2)", "T.dsplit(b, sections=3)", "T.dsplit(b, indices=[1])", "m.vsplit(sections=2)", "T.tensor_split(m)", "T.tensor_split(m, 2, sections=2)", "T.tensor_split(m, 2, 0, 0)", "T.hsplit(m)",
    "x.softmax(axis=0)", "x.log_softmax(axis=0)", "x.softmax(dim=0, dtype=T.float64)", "x.softmax(None)", "x.softmax('0')", "T.softmax(x, axis=0)", "T.special.log_softmax(x, axis=0)", "F.softmax(x, axis=0)", "F.cosine_similarity(x, x, axis=0)", "T.cosine_similarity(x, x, axis=0)",
    "F.normalize(x, axis=0)", "F.glu(x, axis=0)",
]  # fmt: skip


@pytest.mark.parametrize("piece", TAKEN)
def test_an_old_order_is_taken_with_its_warning(piece: str) -> None:
    mine, theirs = same(piece)
    assert mine[2] and mine[2][0].splitlines()[0] == theirs[2][0].splitlines()[0]


@pytest.mark.parametrize("piece", REFUSED)
def test_other_orders_are_refused(piece: str) -> None:
    mine, _ = same(piece)
    assert mine[0].startswith("raises TypeError")


@pytest.mark.parametrize("piece", NAMES)
def test_names_of_one_argument(piece: str) -> None:
    same(piece)
