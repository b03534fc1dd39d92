"""Spatial modules beside PyTorch's: printing, states, outputs, gradients, refusals."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

import corelib

from ..pairs import assert_close, refusals_of, tensors
from .modules import assert_same_gradients, evaluate, started_and_printed_alike

# A module and the shape of its input.
ROWS: list[tuple[str, tuple[int, ...]]] = [
    ("nn.AvgPool3d(2)", (1, 2, 4, 5, 6)), ("nn.AvgPool3d((2, 3, 1), 2, (1, 1, 0), ceil_mode=True, count_include_pad=False)", (1, 2, 5, 5, 5)), ("nn.AdaptiveAvgPool3d((2, None, 1))", (1, 2, 4, 5, 6)),
    ("nn.AdaptiveMaxPool3d(2)", (1, 2, 4, 5, 6)), ("nn.PixelShuffle(2)", (1, 8, 2, 3)), ("nn.PixelUnshuffle(2)", (1, 2, 4, 6)), ("nn.ChannelShuffle(3)", (2, 6, 2)),
    ("nn.LocalResponseNorm(3)", (2, 5, 4)), ("nn.LocalResponseNorm(2, alpha=0.1, beta=0.5, k=2.0)", (2, 5, 4, 3)),
    ("nn.ConstantPad3d(1, 2.5)", (1, 2, 2, 3, 4)), ("nn.ZeroPad3d((1, 0, 2, 1, 0, 1))", (1, 2, 2, 3, 4)), ("nn.ReflectionPad3d(1)", (1, 2, 2, 3, 4)), ("nn.ReplicationPad3d((1, 2, 0, 1, 1, 0))", (1, 2, 2, 3, 4)),
    ("nn.CircularPad3d(1)", (1, 2, 2, 3, 4)), ("nn.InstanceNorm1d(3)", (2, 3, 5)), ("nn.InstanceNorm1d(3, affine=True)", (3, 5)), ("nn.InstanceNorm2d(3, affine=True, track_running_stats=True)", (2, 3, 4, 5)),
    ("nn.InstanceNorm2d(3, eps=0.1)", (3, 4, 5)), ("nn.InstanceNorm3d(3, momentum=0.5, track_running_stats=True)", (2, 3, 2, 3, 4)),
    ("nn.Unfold(2)", (1, 2, 3, 4)), ("nn.Unfold((2, 3), dilation=2, padding=1, stride=(1, 2))", (1, 2, 6, 7)), ("nn.Fold((3, 4), 2)", (1, 8, 6)), ("nn.Fold(4, kernel_size=3, padding=1, stride=2)", (2, 9, 4)),
    ("nn.LPPool1d(2, 3)", (1, 2, 7)), ("nn.LPPool2d(3, 2, stride=1)", (1, 2, 4, 5)), ("nn.LPPool3d(2, 2, ceil_mode=True)", (1, 2, 3, 4, 5)),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "shape"), ROWS, ids=[row[0] for row in ROWS])
def test_modules_are_pytorchs(expression: str, shape: tuple[int, ...]) -> None:
    started_and_printed_alike(expression)

    def make(T: Any) -> Any:
        layer = evaluate(expression, T)
        (x,) = tensors(T, shape)
        outputs = [layer(x), layer(x), *[b.float() for b in layer.buffers()], layer.eval()(x)]
        return outputs, [x, *layer.parameters()]

    assert_same_gradients(make)


REFUSED = [
    "nn.InstanceNorm1d(3)(torch.ones(2))", "nn.InstanceNorm2d(3, affine=True)(torch.ones(2, 4, 3, 3))", "nn.CircularPad3d(1)(torch.ones(2, 2, 2))", "nn.PixelShuffle(2)(torch.ones(1, 3, 2, 2))",
    "nn.ChannelShuffle(2)(torch.ones(1, 3, 2))", "nn.LocalResponseNorm(2)(torch.ones(2, 2))", "nn.AvgPool3d(2)(torch.ones(2, 2))",
]  # fmt: skip


@pytest.mark.parametrize("expression", REFUSED)
def test_refuses_what_pytorch_refuses(expression: str) -> None:
    refusals_of(lambda T: evaluate(expression, T))


# Outputs whose windows lie beyond the input are left out: PyTorch multiplies what stands behind its memory by 0.
GIVEN_SCALES = [
    (size, scales)
    for size, scales in product(
        [[6, 6], [3, 9], [10, 4]], [(None, None), (2.0, 3.0), (0.5, None), (None, 1.7), (-1.0, 2.0)]
    )
    if all(
        scale is None or scale < 0 or (n - 1.5) / scale < length - 1
        for n, scale, length in zip(size, scales, (5, 7), strict=True)
    )
]


def test_what_lies_beyond_the_input_is_zero() -> None:
    x = tensors(corelib, (1, 2, 5, 7), grad=False)[0]
    found = corelib._upsample_bilinear2d_aa(x, [10, 4], False, scales_h=0.5)
    assert found[:, :, :3].all() and (found[:, :, 3:] == 0).all()


@pytest.mark.parametrize("size, scales", GIVEN_SCALES)
@pytest.mark.parametrize("align_corners", [False, True])
def test_given_scales_say_how_far_apart_the_outputs_lie(
    size: list[int], scales: tuple[float | None, float | None], align_corners: bool
) -> None:
    mine, theirs = tensors(corelib, (1, 2, 5, 7), grad=False)[0], tensors(torch, (1, 2, 5, 7), grad=False)[0]
    wanted = torch._C._nn._upsample_bilinear2d_aa(theirs, size, align_corners, *scales)
    assert_close(
        corelib._upsample_bilinear2d_aa(mine, size, align_corners, scales_h=scales[0], scales_w=scales[1]), wanted
    )


@pytest.mark.parametrize("scales", [(None, None), (2.0, 3.0), (-1.0, 2.0), (0.0, -0.5)])
@pytest.mark.parametrize("align_corners", [False, True])
def test_given_scales_of_bytes(scales: tuple[float | None, float | None], align_corners: bool) -> None:
    pixels = torch.randint(0, 256, (1, 2, 5, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    wanted = torch._C._nn._upsample_bilinear2d_aa(pixels, [3, 9], align_corners, *scales)
    found = corelib._upsample_bilinear2d_aa(
        corelib.tensor(pixels.tolist(), dtype=corelib.uint8),
        [3, 9],
        align_corners,
        scales_h=scales[0],
        scales_w=scales[1],
    )
    assert found.tolist() == wanted.tolist()
