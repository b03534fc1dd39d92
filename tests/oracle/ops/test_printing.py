"""`repr` against PyTorch's: the text of the two must be equal, character for character."""

from __future__ import annotations

import contextlib
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import corelib
from corelib.ops.conversion import printing

from ..pairs import host_array

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
SPECIAL = (float("nan"), float("inf"), float("-inf"), 0.0, -0.0)
SHAPES = (
    (), (0,), (1,), (3,), (7,), (40,), (1001,), (1500,), (0, 3), (3, 0), (2, 0, 4), (1, 1), (2, 3), (5, 30), (40, 50),
    (7, 1, 200), (2, 3, 4), (1, 2, 3, 4), (9, 9, 17), (3, 400, 2), (8, 8, 8, 8), (2, 1, 1, 2, 2), (6, 6, 6, 6),
)  # fmt: skip
OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"precision": 0}, {"precision": 8}, {"precision": 2, "sci_mode": True}, {"sci_mode": False},
    {"sci_mode": True}, {"threshold": 5}, {"threshold": 0}, {"threshold": 10, "edgeitems": 1}, {"edgeitems": 0},
    {"edgeitems": 0, "threshold": 2}, {"linewidth": 20}, {"linewidth": 1}, {"linewidth": 200}, {"profile": "short"},
    {"profile": "full"}, {"profile": "short", "precision": 6}, {"edgeitems": 5, "threshold": 100},
)  # fmt: skip


@contextlib.contextmanager
def both_options(options: dict[str, Any]) -> Iterator[None]:
    from torch._tensor_str import printoptions

    with printing.printoptions(**options), printoptions(**options):
        yield


def text_of(t: torch.Tensor) -> str:
    return printing.format_array(
        host_array(t),
        str(t.dtype).removeprefix("torch."),
        requires_grad=t.requires_grad,
        grad_fn=None if t.grad_fn is None else type(t.grad_fn).__name__,
    )


def generated(rng: random.Random) -> torch.Tensor:
    """A tensor of random dtype and shape whose values have one of many kinds of range."""
    shape = rng.choice(SHAPES)
    kind = rng.random()
    torch.manual_seed(rng.getrandbits(32))
    if kind < 0.08:
        return torch.rand(shape) < 0.5
    if kind < 0.3:
        dtype = rng.choice(INTEGERS)
        info = torch.iinfo(dtype)
        top = min(info.max, 10 ** rng.randrange(19))
        return torch.randint(rng.choice((0, max(info.min, -top))), max(top, 1), shape, dtype=dtype)
    dtype = rng.choice(FLOATS)
    scale = 10.0 ** rng.uniform(*rng.choice(((-6, 6), (-1, 1), (-30, 30))))
    values = torch.randn(shape, dtype=torch.float64) * scale
    how = rng.random()
    if how < 0.25:
        values = values.round()
    elif how < 0.35:
        values = torch.exp(torch.randn(shape, dtype=torch.float64) * 10)
    elif how < 0.45:
        values = torch.randint(-3, 4, shape) / rng.choice((1, 2, 10, 1000, 10000))
    elif how < 0.55:
        values = values.abs()
    elif how < 0.6:
        values = torch.zeros(shape)
    if rng.random() < 0.35 and values.numel():
        flat = values.reshape(-1)
        for _ in range(rng.randrange(1, 4)):
            flat[rng.choice((0, -1, rng.randrange(flat.numel())))] = rng.choice(SPECIAL)
        values = flat.reshape(shape)
    t = values.to(dtype)
    how = rng.random()
    if how < 0.15:
        t.requires_grad_()
    elif how < 0.25:
        t = t.requires_grad_() * 1
    if t.dim() >= 2 and rng.random() < 0.2:
        t = t.detach().transpose(0, 1)
    return t


def generated_with_options(seed: int, count: int) -> Iterator[tuple[torch.Tensor, dict[str, Any]]]:
    rng = random.Random(seed)
    for _ in range(count):
        t, options = generated(rng), rng.choice(OPTIONS)
        yield t, {} if t.numel() > 2000 and options.get("profile") == "full" else options  # the whole of it takes long to print


@pytest.mark.parametrize("seed", range(10))
def test_generated_tensors_print_as_in_pytorch(seed: int) -> None:
    for t, options in generated_with_options(seed, 300):
        with both_options(options):
            assert text_of(t) == repr(t), (t.shape, t.dtype, options)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "values",
    [
        [1.0, 1000.0], [1.0, 1000.5], [1.0, 1001.0], [1e8], [1.00000001e8], [1.5e8, 1e8], [1e-4], [0.99e-4],
        [0.1, 1e-4], [float("nan")], [float("inf"), 1.0],
        [float("nan"), 0.5], [float("-inf"), 1e-9], [0.0, -0.0], [-0.0, 1.0],
        [-0.0, 0.5], [0.00005, 0.00015, 1.0], [0.5, 1.5, 2.5], [1e-45], [5e-324, 1.0], [65504.0, 1.0], [123456.0, 0.0],
        [0.12345, 0.123449999], [99999999.0], [-1.0, 1.0], [1e300, 1.0],
        [float("inf"), float("nan"), float("-inf"), 0.0],
    ],
)  # fmt: skip
def test_notation_changes_at_the_same_values(dtype: torch.dtype, values: list[float]) -> None:
    for options in ({}, {"sci_mode": True}, {"sci_mode": False}, {"precision": 1}):
        with both_options(options):
            t = torch.tensor(values, dtype=torch.float64).to(dtype)
            assert text_of(t) == repr(t)
            assert text_of(t[0]) == repr(t[0])


def test_extreme_integers_print_as_in_pytorch() -> None:
    for dtype in INTEGERS:
        info = torch.iinfo(dtype)
        for t in (torch.tensor([info.min, info.max], dtype=dtype), torch.tensor(info.min, dtype=dtype)):
            assert text_of(t) == repr(t)


def test_suffixes_wrap_where_pytorch_wraps_them() -> None:
    for n in range(1, 40):
        for t in (torch.zeros(n, dtype=torch.int32), torch.zeros(n, dtype=torch.float64, requires_grad=True)):
            assert text_of(t) == repr(t)


@pytest.mark.parametrize("default", FLOATS)
def test_the_default_dtype_decides_which_dtype_is_named(default: torch.dtype) -> None:
    from corelib.tensor import promotion
    from corelib.tensor.dtype import dtype_named

    names = (*INTEGERS, *FLOATS, torch.bool)
    before, ours = torch.get_default_dtype(), promotion.get_default_dtype()
    torch.set_default_dtype(default)
    promotion.set_default_dtype(dtype_named(str(default).removeprefix("torch.")))
    try:
        for dtype in names:
            for shape in ((), (2,), (0,), (0, 2)):
                t = torch.ones(shape, dtype=dtype)
                assert text_of(t) == repr(t)
    finally:
        torch.set_default_dtype(before)
        promotion.set_default_dtype(ours)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (0, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.float16])
def test_meta_tensors_print_their_size(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    t = torch.empty(shape, dtype=dtype, device="meta")
    name = str(dtype).removeprefix("torch.")
    assert printing.format_array(None, name, shape=shape, contents="...", device="meta") == repr(t)


def ported(t: torch.Tensor) -> corelib.Tensor:
    """The same tensor here: over the same memory, with the same strides and a gradient where it has one."""
    if t.grad_fn is not None:
        return corelib.from_numpy(host_array(t.detach())).requires_grad_() * 1
    made = corelib.from_numpy(host_array(t))
    return made.requires_grad_() if t.requires_grad else made


@pytest.mark.parametrize("seed", range(10, 15))
def test_generated_tensors_of_ours_print_as_in_pytorch(seed: int) -> None:
    for t, options in generated_with_options(seed, 200):
        with both_options(options):
            assert repr(ported(t)) == repr(t), (t.shape, t.dtype, options)
            assert str(ported(t)) == str(t)


def test_strided_views_show_their_own_edges() -> None:
    numbers = torch.arange(6_000_000, dtype=torch.float32)
    ours = corelib.arange(6_000_000, dtype=corelib.float32)
    for shape, stride, offset in (
        ((2000,), (3,), 7), ((50, 60), (1, 50), 3), ((5000,), (0,), 9), ((9, 9, 9, 9), (1000, 7, 90000, 2), 11),
        ((7, 100000), (800000, 1), 0), ((1, 2000, 1), (5, 2, 5), 1), ((2000, 6), (10, 1), 0), ((2000, 7), (10, 1), 0),
    ):  # fmt: skip
        for options in ({}, {"edgeitems": 1}, {"edgeitems": 0}, {"threshold": 0}):
            with both_options(options):
                assert repr(ours.as_strided(shape, stride, offset)) == repr(numbers.as_strided(shape, stride, offset))


def test_the_node_and_requires_grad_are_named_as_in_pytorch() -> None:
    for make in (
        lambda m: m.ones(2, requires_grad=True),
        lambda m: m.ones(2, requires_grad=True) + 1,
        lambda m: (m.ones(2, requires_grad=True) * 2).sum(),
        lambda m: m.ones(2, 3, requires_grad=True).t(),
        lambda m: m.ones(2, 3, requires_grad=True) @ m.ones(3, 4),
        lambda m: m.ones(2000, requires_grad=True).exp(),
        lambda m: (m.ones(2, requires_grad=True) + 1).detach(),
    ):
        assert repr(make(corelib)) == repr(make(torch))


def test_a_view_without_grad_fn_still_prints() -> None:
    for m in (corelib, torch):
        base = m.ones(2, requires_grad=True).clone()
        with m.no_grad():
            view = base[:1]
            base += 1
        view_text = repr(view)
        assert view_text.startswith("tensor([2.]"), m


def test_our_meta_tensors_print_their_size() -> None:
    for shape in ((), (0,), (2, 3), (5000,)):
        for name in ("float32", "int64", "float16"):
            ours = corelib.empty(shape, dtype=getattr(corelib, name), device="meta")
            assert repr(ours) == repr(torch.empty(shape, dtype=getattr(torch, name), device="meta"))


def test_contents_given_to_repr_stand_in_for_the_elements() -> None:
    for shape in ((2,), (0, 2)):
        ours, theirs = corelib.zeros(shape, dtype=corelib.int8), torch.zeros(shape, dtype=torch.int8)
        assert ours.__repr__(tensor_contents="X") == theirs.__repr__(tensor_contents="X")


def test_parameters_print_as_in_pytorch() -> None:
    for make in (
        lambda m: m.nn.Parameter(m.ones(2)),
        lambda m: m.nn.Parameter(m.ones(2, 3), requires_grad=False),
        lambda m: m.nn.Parameter(),
        lambda m: m.nn.Buffer(m.ones(2)),
        lambda m: type("Weight", (m.nn.Parameter,), {})(m.ones(2)),
    ):
        assert repr(make(corelib)) == repr(make(torch))


def test_format_specs_go_to_the_item_of_a_0d_tensor() -> None:
    for m in (corelib, torch):
        assert f"{m.tensor(1.23456):.2f}" == "1.23"
        assert f"{m.tensor(7):05d}" == "00007"
        assert f"{m.tensor(1.5, requires_grad=True):.3f}" == "1.500"
        assert f"{m.tensor(2.5)}" == "2.5"
        assert f"{m.tensor([2.5])}" == "tensor([2.5000])"
        with pytest.raises(TypeError):
            f"{m.tensor([2.5]):.2f}"


def test_a_tensor_of_sixteen_million_elements_is_not_copied_to_be_printed() -> None:
    t = corelib.ones(4096, 4096)
    assert repr(t) == repr(torch.ones(4096, 4096))
    tracemalloc.start()
    try:
        repr(t)
        repr(t.t())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < t.nbytes / 100
