"""What moves, picks and orders elements: values against NumPy over shapes, strides and dtypes, and the report says that the pack computed."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import wraps

import corelib as torch
import numpy as np
import pytest
from corelib import backends

INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
REALS = (torch.bool, *INTEGERS, *FLOATS)
LAYOUTS = [((6, 5, 4), (0, 1, 2)), ((6, 5, 4), (2, 0, 1)), ((3, 1, 2, 5), (3, 1, 0, 2)), ((7, 100), (1, 0))]


def by_the_pack(*names):
    """A test in which the pack computes these ops, all their calls."""

    def decorated(test):
        @wraps(test)
        def run(*args, **kwargs):
            before = {(row.op, row.path): row.calls for row in backends.report()}
            backends.set_report(True)
            try:
                test(*args, **kwargs)
            finally:
                backends.set_report(False)
            paths = {(row.op, row.path) for row in backends.report() if row.calls > before.get((row.op, row.path), 0)}
            assert {path for path in paths if path[0] in names} == {(name, "pack corelib-cpu-native") for name in names}

        return run

    return decorated


def numbers(shape, dtype, low=-5, high=6, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(low, high, shape)).to(dtype)


def host(t):
    return t.float().numpy() if t.dtype in (torch.float16, torch.bfloat16) else t.numpy()


def same(got, wanted):
    got = host(got)
    assert got.shape == np.shape(wanted) and np.array_equal(got.astype("f8"), np.asarray(wanted).astype("f8"), equal_nan=True)


@by_the_pack("copy")
@pytest.mark.parametrize("dtype", REALS, ids=str)
def test_copies_of_any_strides(dtype):
    for shape, perm in [*LAYOUTS, ((130, 67), (1, 0)), ((3, 70, 9, 80), (0, 2, 3, 1)), ((2, 300, 300), (2, 1, 0)), ((5, 0), (1, 0))]:
        x = numbers(shape, dtype, 0, 100).permute(perm)
        for view in (x, x[::2], x[..., 1::3], x[..., :1].expand(x.shape)):
            same(view.contiguous() if not view.is_contiguous() else view.clone(), host(view))
            out = torch.zeros(view.shape[::-1], dtype=dtype).permute(*range(view.ndim)[::-1])
            out.copy_(view)
            same(out, host(view))


@by_the_pack("copy")
@pytest.mark.parametrize("source", REALS, ids=str)
def test_casts(source):
    special = [0.0, -0.0, 1.5, -1.5, 100.7, -100.7, 3.0e4, 0.1] + ([float("nan"), float("inf"), -float("inf")] if source.is_floating_point else [])
    for dtype in REALS:
        x = torch.tensor(special[: None if dtype.is_floating_point or dtype is torch.bool else 8], dtype=torch.float64).to(torch.int32 if source in INTEGERS else torch.float64).to(source)
        if source.is_floating_point and dtype is torch.uint8:
            x = x.abs()
        if dtype in (torch.float16, torch.bfloat16):
            wanted = host(x).astype("f4").astype("f2") if dtype is torch.float16 else torch.tensor(host(x).astype("f4").tolist()).to(torch.bfloat16).float().numpy()
        else:
            with np.errstate(all="ignore"):
                wanted = host(x).astype(str(dtype).rsplit(".", 1)[-1])
        same(x.to(dtype), wanted)
        same(torch.stack([x, x], 1)[:, 1].to(dtype), wanted)


def test_a_copy_keeps_the_bits_of_nan():
    bits = np.array([0x7FC1, 0xFFC1, 0x7F81, 0x8000], np.uint16).view(np.int16)
    x = torch.from_numpy(bits).view(torch.bfloat16)
    assert np.array_equal(x[::2].contiguous().view(torch.int16).numpy(), bits[::2]) and np.array_equal(x.clone().view(torch.int16).numpy(), bits)


@by_the_pack("cat", "stack_along", "flip", "fill", "arange_")
@pytest.mark.parametrize("dtype", [d for d in REALS if d is not torch.bool], ids=str)
def test_cat_stack_flip_fill_and_arange(dtype):
    for shape, perm in LAYOUTS:
        x, y = numbers(shape, dtype).permute(perm), numbers(shape, dtype, seed=1).permute(perm)
        for dim in range(-x.ndim, x.ndim):
            parts = [x, y.narrow(dim, 0, 1), torch.zeros(0, dtype=dtype), x]
            same(torch.cat(parts, dim), np.concatenate([host(p) for p in parts if p.ndim > 1], dim))
            same(torch.stack([x, y, x.contiguous()], dim), np.stack([host(x), host(y), host(x)], dim))
            same(x.flip(dim), np.flip(host(x), dim))
        same(x.flip(0, -1), np.flip(host(x), (0, -1)))
        z = x.clone()
        z[..., ::2] = 3
        same(z[..., ::2], np.full(z[..., ::2].shape, 3))
    same(torch.full((40, 1000), 7, dtype=dtype), np.full((40, 1000), 7))
    same(torch.arange(3, 50, 4, dtype=dtype), np.arange(3, 50, 4))
    big = [numbers((200, n), dtype, seed=n) for n in (100, 7, 200)]
    same(torch.cat(big, 1), np.concatenate([host(b) for b in big], 1))


@by_the_pack("index", "index_select", "index_put")
@pytest.mark.parametrize("dtype", REALS, ids=str)
def test_places_chosen_by_index_arrays(dtype):
    rng = np.random.default_rng(0)
    for shape, perm in LAYOUTS:
        x = numbers(shape, dtype).permute(perm)
        have = host(x)
        for dim in range(x.ndim):
            n, before = x.shape[dim], (slice(None),) * dim
            i = rng.integers(0, n, 9)
            same(x.index_select(dim, torch.from_numpy(i)), have.take(i, dim))
            j = rng.integers(-n, n, (3, 4))
            same(x[(*before, torch.from_numpy(j))], have[(*before, j)])
            values = numbers(have[(*before, j)].shape, dtype, seed=2)
            wanted = have.copy()
            wanted[(*before, j)] = host(values)
            made = x.clone()
            made[(*before, torch.from_numpy(j))] = values
            same(made, wanted)
            if dtype is not torch.bool:
                source = numbers(have.take(i, dim).shape, dtype, 0, 3)
                wanted = have.astype("f8")
                np.add.at(wanted, (*before, i), 2 * host(source).astype("f8"))
                same(x.index_add(dim, torch.from_numpy(i), source, alpha=2), wanted % 256 if dtype is torch.uint8 else wanted)
        i, j = rng.integers(-x.shape[0], x.shape[0], (4, 1)), rng.integers(-x.shape[-1], x.shape[-1], 5)
        at = (torch.from_numpy(i), ..., torch.from_numpy(j))
        same(x[at], have[i, ..., j])
        made = x.clone()
        made[at] = 1
        wanted = have.copy()
        wanted[i, ..., j] = 1
        same(made, wanted)
        mask = have > 1
        same(x[torch.from_numpy(mask)], have[mask])


@by_the_pack("index_add", "index_put", "scatter_add")
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS], ids=str)
def test_elements_that_meet_add_up(dtype):
    for count, places, m in [(1, 5, 3), (40, 5, 3), (5000, 7, 1), (5000, 3000, 5), (300, 100000, 2), (5000, 7, 70)]:
        rng = np.random.default_rng(count)
        source, i = rng.integers(0, 2, (count, m)), rng.integers(0, places, count)
        wanted = np.zeros((places, m))
        np.add.at(wanted, i, source)
        wanted = host(torch.from_numpy(wanted).to(torch.float64 if dtype.is_floating_point else torch.int64).to(dtype))
        t, at = torch.from_numpy(source).to(dtype), torch.from_numpy(i)
        zeros = torch.zeros(places, m, dtype=dtype)
        same(zeros.index_add(0, at, t), wanted)
        same(zeros.index_put((at,), t, True), wanted)
        same(zeros.scatter_add(0, at[:, None].expand(count, m), t), wanted)
        same(zeros.t().index_add(1, at, t.t()), wanted.T)
        if dtype.is_floating_point:  # a sum's gradient is one element for all; apart in memory
            ones = torch.from_numpy(np.bincount(i, minlength=places)[:, None] * np.ones(m)).to(dtype)
            same(zeros.index_put((at,), torch.ones(1, 1, dtype=dtype).expand(count, m), True), host(ones))
            same(zeros.index_put((at,), t.repeat_interleave(2, 1)[:, ::2], True), wanted)


def test_long_chains_lose_no_digits():
    n = 1 << 18
    source, at = torch.full((n,), 0.1), torch.zeros(n, dtype=torch.int64)
    wanted = float(np.float32(0.1)) * n
    for made in (torch.zeros(1).index_add(0, at, source), torch.zeros(1).scatter_add(0, at, source), torch.zeros(1).index_put((at,), source, True)):
        assert abs(float(made) - wanted) <= 2e-7 * wanted


@by_the_pack("gather", "scatter_set", "scatter_add")
@pytest.mark.parametrize("dtype", REALS, ids=str)
def test_gather_and_scatter(dtype):
    rng = np.random.default_rng(0)
    for shape, perm in [((5,), (0,)), ((6, 5), (1, 0)), ((4, 5, 6), (2, 0, 1)), ((40, 30, 50), (1, 2, 0))]:
        x = numbers(shape, dtype, -3, 4).permute(perm)
        have = host(x)
        for dim in range(x.ndim):
            for length in (1, 7, 100):
                sizes = [max(1, n - 1) if d != dim else length for d, n in enumerate(x.shape)]
                i = rng.integers(0, x.shape[dim], sizes)
                index, cut = torch.from_numpy(i), tuple(slice(0, n) if d != dim else slice(None) for d, n in enumerate(sizes))
                same(x.gather(dim, index), np.take_along_axis(have[cut], i, dim))
                source = numbers([n + 1 for n in sizes], dtype, 0, 2, seed=length)
                values = host(source)[tuple(slice(0, n) for n in sizes)]
                grid = list(np.ogrid[tuple(slice(0, n) for n in sizes)])
                grid[dim] = i
                wanted = have.copy()
                wanted[tuple(grid)] = values
                same(x.scatter(dim, index, source), wanted)
                wanted = have.copy() if dtype is torch.bool else have.astype("f8")
                (np.logical_or if dtype is torch.bool else np.add).at(wanted, tuple(grid), values)
                same(x.scatter_add(dim, index, source), wanted % 256 if dtype is torch.uint8 else wanted)


@pytest.mark.parametrize("bad", [7, -8])
def test_an_index_out_of_bounds_is_refused(bad):
    x, at = torch.zeros(7, 3), torch.tensor([0, bad])
    for wrong in (lambda: x[at], lambda: x.index_select(0, at), lambda: x.index_put((at,), torch.ones(3)), lambda: x.index_add(0, at, torch.ones(2, 3))):
        with pytest.raises(IndexError, match=f"index {bad} is out of bounds"):
            wrong()
    with pytest.raises(RuntimeError, match=f"index {bad} is out of bounds"):
        x.gather(0, at[:, None])


def in_order(values, descending):
    """Places in stable order, NaN as the largest; a list for one line."""
    keys = [(1, 0.0) if v != v else (0, float(v)) for v in values]
    return sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)


@by_the_pack("sort_along", "topk_along", "kthvalue_along", "median_along", "nanmedian_along")
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS], ids=str)
def test_orders(dtype):
    for n in (1, 2, 31, 33, 200, 3000):
        rng = np.random.default_rng(n)
        a = rng.integers(-50, 50, (4, n)).astype("f8")
        if dtype.is_floating_point:
            a[:2][rng.random((2, n)) < 0.1] = np.nan
            a[rng.random((4, n)) < 0.1] = -0.0
            a[rng.random((4, n)) < 0.05] = -np.inf
        wide = torch.from_numpy(a) if dtype.is_floating_point else torch.from_numpy(a.astype("i8") * (2**55 if dtype is torch.int64 else 1))
        for x, dim in ((wide.to(dtype), 1), (wide.to(dtype).t().contiguous(), 0), (torch.stack([wide.to(dtype)] * 2, 2)[..., 1], 1)):
            have = np.moveaxis(host(x), dim, -1)
            for descending in (False, True):
                order = np.array([in_order(line, descending) for line in have])
                values, places = x.sort(dim, descending, stable=True)
                same(places.movedim(dim, -1), order)
                same(values.movedim(dim, -1), np.take_along_axis(have, order, -1))
                for k in {1, min(n, 5), min(n, 40), n}:
                    values, places = x.topk(k, dim, descending)
                    same(places.movedim(dim, -1), order[:, :k])
                    same(values.movedim(dim, -1), np.take_along_axis(have, order[:, :k], -1))
                if descending:
                    continue
                missing = np.isnan(have).sum(-1) if dtype.is_floating_point else np.zeros(4, int)
                ranks = {"median": np.where(missing > 0, n - missing, (n - 1) // 2), "nanmedian": np.maximum((n - 1 - missing) // 2, 0)}
                for name, rank in ranks.items():
                    same(getattr(torch, name)(x, dim).indices, np.take_along_axis(order, rank[:, None], -1)[:, 0])
                same(torch.kthvalue(x, (n + 1) // 2, dim, True).indices.movedim(dim, -1), order[:, (n - 1) // 2 : (n - 1) // 2 + 1])


@by_the_pack("floor_divide", "remainder")
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_rounded_division_of_integers(dtype):
    kind = np.dtype(str(dtype).rsplit(".", 1)[-1])
    least, most = np.iinfo(kind).min, np.iinfo(kind).max
    rng = np.random.default_rng(0)
    for low, high in ((max(least, -100), 100), (least, most)):
        a, b = (rng.integers(low, high, (40, 700), kind, endpoint=True) for _ in range(2))
        b[b == 0] = 3
        a.flat[:4], b.flat[:3] = (least, most, least, 0), (most if least == 0 else -1, 1, 1)
        x, y = torch.from_numpy(a), torch.from_numpy(b)
        for left, right in ((x, y), (x.t(), y.t()), (x, y[:1]), (x[:, ::2], y[:, 1::2]), (x, 7)):
            p, q = host(left), kind.type(right) if isinstance(right, int) else host(right)
            with np.errstate(all="ignore"):
                same(left // right, p // q)
                same(left % right, p % q)
    y[3, 5] = 0
    kept = x.clone()
    for name, wrong in (("floor_divide", lambda: x.floor_divide_(y)), ("remainder", lambda: x.remainder_(y)), ("remainder", lambda: x % 0)):
        with pytest.raises(RuntimeError, match=rf"{name}\(\): ZeroDivisionError"):
            wrong()
    assert torch.equal(x, kept)


@by_the_pack("floor_divide", "remainder", "fmod")
def test_rounded_division_of_floats():
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((30, 300)) * 10 ** rng.uniform(-3, 3, (30, 300)) for _ in range(2))
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 3, -3]
    a[:9, :9], b[:9, :9] = np.array(special)[:, None], special
    a, b = a.astype("f4"), b.astype("f4")
    x, y = torch.from_numpy(a), torch.from_numpy(b)
    with np.errstate(all="ignore"):
        left = np.fmod(a, b)
        turned = np.where((left != 0) & ((left < 0) != (b < 0)), left + b, left)
        for got, wanted in ((x.fmod(y), left), (x % y, turned)):
            same(got, wanted)
            assert np.array_equal(np.signbit(got.numpy())[~np.isnan(wanted)], np.signbit(wanted)[~np.isnan(wanted)])
        exact = np.floor(a.astype("f8") / b)
        plain = np.isfinite(exact) & (np.abs(exact) < 2**22) & np.isfinite(b)  # 1 // -inf is -1, as PyTorch has it
        assert np.array_equal((x // y).numpy()[plain], exact[plain].astype("f4"))


@by_the_pack("select_where")
@pytest.mark.parametrize("dtype", REALS, ids=str)
def test_where(dtype):
    x, y, mask = numbers((7, 9), dtype), numbers((7, 9), dtype, seed=1), numbers((7, 9), torch.bool, 0, 2)
    for m, a, b in ((mask, x, y), (mask[:1], x, y[:, :1]), (mask.t(), x.t(), y.t())):
        same(torch.where(m, a, b), np.where(host(m), host(a), host(b)))
    same(x.masked_fill(mask, 1), np.where(host(mask), 1, host(x)))


THREADS = """
import hashlib
import corelib as torch, numpy as np
r = np.random.default_rng(0)
x, i = torch.from_numpy(r.standard_normal((60000, 40)).astype("f4")), torch.from_numpy(r.integers(0, 3000, 60000))
made = [torch.zeros(3000, 40).index_add(0, i, x), torch.zeros(3000, 40).index_put((i,), x), torch.zeros(3000, 40).scatter_add(0, i[:, None].expand(60000, 40), x),
    torch.zeros(3000, 40).scatter(0, i[:, None].expand(60000, 40), x), *x.reshape(200, -1).sort(1), *x.reshape(200, -1).topk(50, 1), x % 0.7, x.t().contiguous()]
print(hashlib.sha256(b"".join(t.numpy().tobytes() for t in made)).hexdigest())
"""


def test_results_do_not_depend_on_the_number_of_threads():
    sums = {subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": n}).stdout for n in "12"}
    assert len(sums) == 1 and sums != {""}
