"""`repr` against PyTorch's: the text of the two must be equal, character for character."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from corelib.tensor import printing

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


def host(t: torch.Tensor) -> np.ndarray[Any, Any]:
    if t.dtype is torch.bfloat16:
        import ml_dtypes

        return t.detach().contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return t.detach().numpy()


def text_of(t: torch.Tensor) -> str:
    return printing.format_array(
        host(t),
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


@pytest.mark.parametrize("seed", range(10))
def test_generated_tensors_print_as_in_pytorch(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(300):
        t = generated(rng)
        options = rng.choice(OPTIONS)
        if t.numel() > 2000 and options.get("profile") == "full":
            options = {}
        with both_options(options):
            assert text_of(t) == repr(t), (t.shape, t.dtype, options)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "values",
    [
        [1.0, 1000.0], [1.0, 1000.5], [1.0, 1001.0], [1e8], [1.00000001e8], [1.5e8, 1e8], [1e-4], [0.99e-4],
        [0.1, 1e-4], [float("nan")], [float("inf"), 1.0], [float("nan"), 0.5], [float("-inf"), 1e-9], [0.0, -0.0], [-0.0, 1.0],
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
