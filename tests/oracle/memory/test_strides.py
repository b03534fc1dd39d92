"""How results lie in memory: the strides of every op's results for inputs of many layouts, and of gradients, beside PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from corelib_conformance import samples
from ..harness import OPS, Inputs, Named, Op, Problems, Sample, attempt, flatten, invoke, is_tensor, missing, samples_of, subject
from .arrangements import base_dtype

assert samples.FAMILIES

LAPACK = "PyTorch hands out what LAPACK has written, column by column"
FFT = "PyTorch leaves the dimensions in the order in which its library has transformed them"
RESTRIDED = "PyTorch moves indexed dimensions to the front for its loop, and the result keeps that order"
GAPS = "PyTorch's copy keeps the gaps of the input"
FRESH = "PyTorch's result is row-major here although the op is elementwise"
ONE_IMAGE = "for a batch of one PyTorch's library chooses the format"
EXCEPTIONS = {
    **dict.fromkeys((
        "cholesky", "cholesky_inverse", "cholesky_solve", "complex_inv", "complex_solve", "geqrf", "inverse", "linalg_cholesky", "linalg_cholesky_ex",
        "linalg_eigh", "linalg_householder_product", "linalg_inv", "linalg_inv_ex", "linalg_lstsq", "linalg_lu_factor", "linalg_lu_factor_ex",
        "linalg_ldl_factor", "linalg_ldl_factor_ex", "linalg_ldl_solve", "linalg_lu_solve", "linalg_qr", "linalg_solve", "linalg_solve_triangular",
        "linalg_svd", "linalg_tensorinv", "lu_solve", "ormqr", "qr", "triangular_solve",
    ), LAPACK),
    **dict.fromkeys((
        "complex_fft2_all", "complex_fftn_all", "complex_ifft2_all", "complex_ifftn_all", "complex_ihfft2_all", "complex_ihfftn_all", "complex_rfft",
        "complex_rfft4", "complex_rfft7", "complex_stft",
    ), FFT),
    **dict.fromkeys(("select_scatter", "diagonal_scatter", "slice_scatter", "as_strided_scatter"), GAPS),
    **dict.fromkeys(("bernoulli", "logsigmoid", "mvlgamma", "rpow", "local_response_norm", "tril", "triu"), FRESH),
    **dict.fromkeys(("conv3d", "conv_transpose3d", "interpolate_more"), ONE_IMAGE),
    "getitem_advanced": RESTRIDED, "complex_complex": "a view of the real parts is compared", "complex_polar": "a view of the real parts is compared",
}  # fmt: skip


def inverted(t: Any, T: Any, order: tuple[int, ...]) -> Any:
    return t.permute(order).clone(memory_format=T.contiguous_format).permute(order)


def relaid(T: Any, t: Any, kind: str) -> Any:
    """The same numbers, or for the expanded kinds some of them, in another layout; None where the shape has none."""
    n = t.dim()
    if kind == "contiguous":
        return t.clone(memory_format=T.contiguous_format)
    if kind == "transposed" and n > 1:
        return inverted(t, T, (*range(n - 2), n - 1, n - 2))
    if kind == "permuted" and n > 2:
        return inverted(t, T, tuple(reversed(range(n))))
    if kind == "channels_last" and n in (4, 5):
        return t.clone(memory_format=T.contiguous_format).contiguous(memory_format=T.channels_last if n == 4 else T.channels_last_3d)
    if kind == "expanded" and n > 1 and t.numel():
        return t[:1].clone(memory_format=T.contiguous_format).expand(tuple(t.shape))
    if kind == "expanded_last" and n > 1 and t.numel():
        return t[..., :1].clone(memory_format=T.contiguous_format).expand(tuple(t.shape))
    if kind == "sliced" and n:
        wide = T.cat([t, t], -1).contiguous()
        return wide[..., : t.shape[-1]]
    return None


KINDS = ("contiguous", "transposed", "permuted", "channels_last", "expanded", "expanded_last", "sliced")


def steps(t: Any) -> tuple[int, ...]:
    """The strides that say anything."""
    return tuple(s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1)


def results(T: Any, op: Op, sample: Sample, inputs: Inputs, kind: str, which: int) -> list[Any]:
    """The results where the first `which` operands lie in a layout."""
    tensors, found = inputs.build(T), False
    for i, t in enumerate(tensors[:which]):
        made = relaid(T, t, kind)
        if made is not None:
            tensors[i], found = made, True
    if not found:
        return []
    result, error = attempt(lambda: invoke(op, sample, "call" if sample.call else "function", T, tensors))
    return flatten(result) if error is None else []


@pytest.mark.parametrize("name", [op.name for op in OPS.values() if not missing(op) and op.name not in EXCEPTIONS])
def test_results_lie_as_in_pytorch(name: str) -> None:
    op, problems, seen = OPS[name], Problems(), set()
    for number, sample in samples_of(op, base_dtype(op)):
        inputs = Inputs(op, number, sample, base_dtype(op))
        key = (tuple(len(s.shape) for s in inputs.specs), len(sample.args), tuple(sorted(sample.kwargs)))
        if key in seen or not inputs.specs or (sample.call is None and not Named(op.path).stands_in(torch)):
            continue
        if len(seen) > 5 or any(math.prod(s.shape) > 20000 for s in inputs.specs):
            continue
        seen.add(key)
        for kind in KINDS:
            for which in sorted({1, len(inputs.specs)}):
                mine, theirs = results(subject, op, sample, inputs, kind, which), results(torch, op, sample, inputs, kind, which)
                for got, want in zip(mine, theirs, strict=False):
                    if is_tensor(want) and is_tensor(got) and want.numel() > 1 and tuple(got.shape) == tuple(want.shape) and steps(got) != steps(want):
                        text = f"{kind}, {which} operands: strides {tuple(got.stride())}, PyTorch has {tuple(want.stride())} of {tuple(want.shape)}"
                        problems.add(op, number, "call" if sample.call else "function", base_dtype(op), [text])
    problems.check()


LEAVES: list[Callable[[Any], Any]] = [
    lambda T: T.rand(2, 3, 4, 5).contiguous(memory_format=T.channels_last), lambda T: T.rand(3, 4).t(), lambda T: T.rand(3, 8)[:, ::2],
    lambda T: T.rand(3, 1).expand(3, 4), lambda T: T.rand(2, 3, 4).permute(2, 0, 1), lambda T: T.rand(3, 4),
]  # fmt: skip
USES: list[Callable[[Any], Any]] = [lambda x: x.sum(), lambda x: (x * 2).sum(), lambda x: x.contiguous().sum(), lambda x: (x * x.detach().clone()).exp().sum(), lambda x: x[0].sum()]


@pytest.mark.parametrize("use", range(len(USES)))
@pytest.mark.parametrize("leaf", range(len(LEAVES)))
def test_a_gradient_lies_as_its_leaf(leaf: int, use: int) -> None:
    found = []
    for T in (subject, torch):
        x = LEAVES[leaf](T).detach().requires_grad_()
        USES[use](x).backward()
        first = x.grad.stride()
        USES[use](x).backward()
        found.append((tuple(first), tuple(x.grad.stride())))
    assert found[0] == found[1]


STRIDES = """
x.double(memory_format=T.channels_last)  x.float(memory_format=T.channels_last)  c.double(memory_format=T.contiguous_format)  c.double(memory_format=T.preserve_format)
c.to(T.float64, memory_format=T.preserve_format)  c.to(memory_format=T.contiguous_format)  c.cpu(memory_format=T.contiguous_format)  c.half()  c.clone()  x.to(c)
c.clone(memory_format=T.contiguous_format)  T.zeros_like(c)  T.ones_like(c, memory_format=T.contiguous_format)  T.empty_like(x, memory_format=T.channels_last)
T.rand_like(c)  T.full_like(e, 1.)  T.zeros_like(e)  T.zeros_like(s)  e.clone()  s.clone()  e.double()  T.empty(0).resize_(2, 3, 4, 5, memory_format=T.channels_last)
T.rand(120).resize_(2, 3, 4, 5, memory_format=T.channels_last)  c.resize_(2, 3, 4, 5)  c.resize_(4, 5, 6)  c.resize_(2, 3, 4, 5, memory_format=T.contiguous_format)
T.sin(c, out=T.empty(0))  T.add(c, c, out=T.empty(0))  T.sin(x.permute(3, 1, 0, 2), out=T.empty(0))  T.cat([c, c], 1)  T.cat([c, x], 1)  T.cat([c, c], out=T.empty(0))
c + x  x + c  c * c  c.sum(0)  c.mean((2, 3))  c.abs()  c > 0  T.where(c > 0, c, x)  c.flip(0)  c.sort(1).values  c.masked_fill(c > 0, 1.)
F.relu(c)  F.gelu(c)  F.dropout(c)  F.pad(c, (1, 1))  F.pad(c, (1, 1, 1, 1), mode="reflect")  F.interpolate(c, scale_factor=2)  F.max_pool2d(c, 2)  F.avg_pool2d(c, 2)
F.adaptive_avg_pool2d(c, 2)  F.adaptive_max_pool2d(c, 2)  F.batch_norm(c, None, None, training=True)  F.batch_norm(c, m, m)  F.group_norm(c, 3)
F.conv2d(c, w)  F.conv2d(x, w)  F.conv2d(c, w.contiguous(memory_format=T.channels_last))  F.conv_transpose2d(c, w.transpose(0, 1))  F.pixel_shuffle(q, 2)
F.pixel_unshuffle(q, 2)  F.channel_shuffle(q, 2)  T.nn.BatchNorm2d(3)(c)  T.nn.Conv2d(3, 4, 3, padding=1)(c)  F.interpolate(c, size=7, mode="bilinear")
"""  # fmt: skip
STRIDES = [c.strip() for line in STRIDES.splitlines() for c in line.split("  ") if c.strip()]


@pytest.mark.parametrize("text", STRIDES)
def test_calls_lie_as_in_pytorch(text: str) -> None:
    found = []
    for T in (subject, torch):
        x = T.arange(120.0).view(2, 3, 4, 5)
        names = {
            "T": T, "F": T.nn.functional, "x": x, "c": x.contiguous(memory_format=T.channels_last), "e": T.rand(1, 3, 4).expand(2, 3, 4),
            "s": T.rand(3, 8)[:, :4], "m": T.ones(3), "w": T.rand(6, 3, 2, 2), "q": T.rand(2, 4, 4, 4).contiguous(memory_format=T.channels_last),
        }  # fmt: skip
        made = eval(text, names)
        found.append((tuple(made.shape), steps(made)))
    assert found[0] == found[1]


@pytest.mark.parametrize("shape", [(2, 3), (5, 5), (40,), (1,)])
def test_what_was_there_stays_when_a_tensor_grows(shape: tuple[int, ...]) -> None:
    for make in (lambda T: T.arange(12.0).view(3, 4).clone(), lambda T: T.arange(12.0).view(3, 4).t().clone(), lambda T: T.arange(24.0)[::2].clone()):
        kept = [make(T).resize_(shape).flatten()[: min(12, math.prod(shape))].tolist() for T in (subject, torch)]
        assert kept[0] == kept[1]
