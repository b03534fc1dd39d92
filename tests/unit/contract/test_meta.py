"""The meta device: results have the shape, dtype and strides that the same call has on the cpu, and what needs values raises."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest

import corelib as torch
from corelib import nn
from corelib.nn import functional as F
from corelib_conformance.checks.forward import form_of, present, samples_of
from corelib_conformance.samples.declare import OPS, Inputs, Op, describe, flatten, invoke
from corelib_conformance.target import Placed

RAISE = frozenset(
    "nonzero argwhere masked_select where_one unique unique_consecutive bincount allclose equal repeat_interleave setitem getitem linalg_lstsq lobpcg one_hot "
    "bernoulli multinomial dropout tensor to ctc_loss".split()  # of these some samples only, which look at values themselves or have lengths on meta
)
NEEDS_VALUES = (RuntimeError, NotImplementedError)


class Place(Placed):
    """corelib with a default device; meta has no generators of its own, and takes the cpu's."""

    def Generator(self) -> Any:
        return torch.Generator()


def geometry(value: Any) -> list[Any]:
    return [(tuple(t.shape), t.dtype, t.stride()) if isinstance(t, torch.Tensor) else type(t) for t in flatten(value)]


def on(device: str, op: Op, number: int, dtype: str) -> tuple[Any, Exception | None]:
    place, sample = Place(device), op.samples[number]
    tensors = Inputs(op, number, sample, dtype).build(place)
    found, error = place.attempt(lambda: invoke(op, sample, form_of(op, sample), place, tensors))
    if error is None and device == "meta" and form_of(op, sample) != "call":
        assert all(t.is_meta for t in flatten(found) if isinstance(t, torch.Tensor)), describe(op, sample, "function", dtype)
    return None if error is not None else geometry(found), error


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_the_samples_of_the_whole_table_have_the_geometry_that_they_have_on_the_cpu(dtype):
    wrong, raised = [], set()
    for op in OPS.values():
        if not present(op) or dtype not in op.dtypes:
            continue
        for number in samples_of(op, dtype, True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                (there, refused), (here, expected) = on("meta", op, number, dtype), on("cpu", op, number, dtype)
            if expected is None and isinstance(refused, NEEDS_VALUES) and ("depends on data" in str(refused) or "meta tensor" in str(refused)):
                raised.add(op.name)
            elif refused is not None and type(refused) is not type(expected):
                wrong.append(f"{describe(op, op.samples[number], 'function', dtype)}: {refused!r}, on the cpu {expected!r}")
            elif refused is None and expected is None and there != here:
                wrong.append(f"{describe(op, op.samples[number], 'function', dtype)}: {there}, on the cpu {here}")
    assert wrong == [], "\n".join(wrong)
    assert raised <= RAISE
    assert {"nonzero", "masked_select", "unique"} <= raised


M, S = torch.empty(2, 3, device="meta"), torch.empty((), device="meta")
L = torch.empty(2, dtype=torch.int64, device="meta")
VALUES = {
    "item": (lambda: S.item(), RuntimeError, r"Tensor.item\(\) cannot be called on meta tensors"),
    "bool": (lambda: bool(S), RuntimeError, "cannot be called on meta tensors"),
    "float": (lambda: float(S), RuntimeError, "cannot be called on meta tensors"),
    "in": (lambda: 1 in M, RuntimeError, "cannot be called on meta tensors"),
    "allclose": (lambda: torch.allclose(M, M), RuntimeError, "cannot be called on meta tensors"),
    "full": (lambda: torch.full((2,), S), RuntimeError, "cannot be called on meta tensors"),
    "arange": (lambda: torch.arange(S), RuntimeError, "cannot be called on meta tensors"),
    "one_hot": (lambda: F.one_hot(L), RuntimeError, "cannot be called on meta tensors"),
    "repeat_interleave": (lambda: M.repeat_interleave(L, 0), RuntimeError, "cannot repeat_interleave a meta tensor without output_size"),
    "tolist": (lambda: M.tolist(), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
    "cpu": (lambda: M.cpu(), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
    "copy_": (lambda: torch.ones(2, 3).copy_(M), NotImplementedError, "Cannot copy out of meta tensor; no data!"),
    "numpy": (lambda: M.numpy(), TypeError, "can't convert meta device type tensor to numpy"),
    "nonzero": (lambda: M.nonzero(), NotImplementedError, "depends on data"),
    "argwhere": (lambda: torch.argwhere(M), NotImplementedError, "depends on data"),
    "where": (lambda: torch.where(M > 0), NotImplementedError, "depends on data"),
    "mask": (lambda: M[M > 0], NotImplementedError, "depends on data"),
    "masked_select": (lambda: M.masked_select(M > 0), NotImplementedError, "depends on data"),
    "unique": (lambda: M.unique(), NotImplementedError, "depends on data"),
    "unique_consecutive": (lambda: M.unique_consecutive(), NotImplementedError, "depends on data"),
    "bincount": (lambda: torch.bincount(L), NotImplementedError, "depends on data"),
    "generator": (lambda: torch.Generator("meta"), RuntimeError, "META device type not an accelerator"),
    "mixed": (lambda: M + torch.ones(3), RuntimeError, "Expected all tensors to be on the same device"),
    "cat": (lambda: torch.cat([M, torch.ones(2, 3)]), RuntimeError, "Expected all tensors to be on the same device"),
}


@pytest.mark.parametrize("name", VALUES)
def test_what_needs_values_raises_as_in_pytorch(name):
    call, kind, text = VALUES[name]
    with pytest.raises(kind, match=text):
        call()


GIVEN = {
    "a 0-d tensor of the cpu": (lambda: torch.ones(()) + M, (2, 3)),
    "a mask of the cpu": (lambda: M[torch.tensor([True, False])], (1, 3)),
    "a list of bool": (lambda: M[[True, False]], (1, 3)),
    "True": (lambda: M[True], (1, 2, 3)),
    "a list of numbers": (lambda: M[[1, 0, 1]], (3, 3)),
    "an index of the cpu": (lambda: M[torch.tensor([0])], (1, 3)),
    "index_put with a mask": (lambda: M.index_put((M > 0,), S), (2, 3)),
    "repeat_interleave with output_size": (lambda: M.repeat_interleave(L, 0, output_size=7), (7, 3)),
    "one_hot with classes": (lambda: F.one_hot(L, 3), (2, 3)),
    "histc": (lambda: torch.histc(M), (100,)),
    "multinomial": (lambda: torch.multinomial(M, 2), (2, 2)),
    "bernoulli of a tensor": (lambda: torch.empty(2, 3, device="meta").bernoulli_(M), (2, 3)),
    "normal of tensors": (lambda: torch.normal(M, M), (2, 3)),
    "nonzero_static": (lambda: torch.nonzero_static(M, size=5), (5, 2)),
    "tril_indices": (lambda: torch.tril_indices(3, 4, device="meta"), (2, 6)),
    "triu_indices": (lambda: torch.triu_indices(5, 3, -2, device="meta"), (2, 12)),
    "solve": (lambda: torch.linalg.solve(torch.empty(3, 3, device="meta"), torch.empty(3, 2, device="meta")), (3, 2)),
    "tensor": (lambda: torch.tensor([[1, 2]], device="meta"), (1, 2)),
    "tensor of tensors": (lambda: torch.tensor([S, S], device="meta"), (2,)),
    "as_tensor": (lambda: torch.as_tensor([1.0], device="meta"), (1,)),
    "copy_ from the cpu": (lambda: torch.empty(2, 3, device="meta").copy_(torch.ones(3)), (2, 3)),
    "to": (lambda: torch.ones(2, 3).t().to("meta"), (3, 2)),
    "deepcopy": (lambda: copy.deepcopy(M), (2, 3)),
    "fill_diagonal_": (lambda: torch.empty(7, 2, device="meta").fill_diagonal_(1, wrap=True), (7, 2)),
}


@pytest.mark.parametrize("name", GIVEN)
def test_what_needs_no_values_works(name):
    call, shape = GIVEN[name]
    made = call()
    assert made.is_meta and made.shape == shape


@pytest.mark.parametrize("lower", [True, False])
def test_the_number_of_a_triangles_places_is_known_without_them(lower):
    function = torch.tril_indices if lower else torch.triu_indices
    for row in range(5):
        for col in range(5):
            for offset in range(-6, 7):
                assert function(row, col, offset, device="meta").shape == function(row, col, offset).shape


def test_wrapped_diagonals_are_filled_as_in_pytorch():
    made = torch.zeros(9, 2).fill_diagonal_(1, wrap=True)
    assert made.nonzero().tolist() == [[0, 0], [1, 1], [3, 0], [4, 1], [6, 0], [7, 1]]
    made = torch.zeros(3, 10).t()[:8:2].fill_diagonal_(1, wrap=True)  # four rows: nothing to wrap
    assert made.nonzero().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert torch.zeros(5, 3).fill_diagonal_(1, wrap=True).nonzero().tolist() == [[0, 0], [1, 1], [2, 2], [4, 0]]


def test_drawing_on_meta_leaves_every_generator_as_it_is():
    torch.manual_seed(0)
    before, given = torch.get_rng_state(), torch.Generator()
    state = given.get_state()
    torch.randn(5, device="meta")
    torch.randn(5, device="meta", generator=given)
    nn.Linear(3, 4, device="meta")
    F.dropout(torch.empty(5, device="meta"))
    assert torch.equal(torch.get_rng_state(), before) and torch.equal(given.get_state(), state)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "RMSprop", "Adamax", "NAdam", "RAdam", "Rprop"])
def test_a_model_on_meta_trains_without_values_and_takes_them_by_assignment(optimizer):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(16, 5))
    there = copy.deepcopy(net).to("meta")
    opt = getattr(torch.optim, optimizer)(there.parameters(), lr=0.1)
    for _ in range(2):
        loss = F.cross_entropy(there(torch.empty(6, 3, 8, 8, device="meta")), torch.empty(6, dtype=torch.int64, device="meta"))
        opt.zero_grad()
        loss.backward()
        opt.step()
    assert all(p.is_meta and p.grad.is_meta and p.grad.shape == p.shape for p in there.parameters())
    there.load_state_dict(net.state_dict(), assign=True)
    assert not any(p.is_meta for p in there.parameters())
    x = torch.randn(6, 3, 8, 8)
    assert torch.equal(there.eval()(x), net.eval()(x))
