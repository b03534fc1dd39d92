"""`corelib.utils.summary` counts what PyTorch's parameters and FLOP counter count."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import corelib

MODELS = {
    "mlp": ("nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4, bias=False))", (5, 8)),
    "batched linear": ("nn.Sequential(nn.Linear(8, 16), nn.LayerNorm(16))", (2, 3, 8)),
    "convolutions": ("nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=4), nn.Flatten(), nn.Linear(288, 5))", (2, 3, 16, 16)),
    "transposed": ("nn.Sequential(nn.ConvTranspose2d(4, 2, 3, stride=2), nn.Tanh())", (1, 4, 5, 5)),
    "one dimension": ("nn.Sequential(nn.Conv1d(2, 6, 3, dilation=2), nn.GELU(), nn.AdaptiveAvgPool1d(4))", (3, 2, 20)),
    "three dimensions": ("nn.Sequential(nn.Conv3d(1, 2, 2), nn.MaxPool3d(2))", (1, 1, 6, 6, 6)),
    "nested": ("nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 3))), nn.Softmax(1))", (7, 4)),
    "bilinear upsampling": ("nn.Sequential(nn.Upsample(scale_factor=2, mode='bilinear'), nn.Conv2d(1, 1, 3))", (1, 1, 4, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_parameters_shapes_and_flops_are_pytorchs(name: str) -> None:
    text, size = MODELS[name]
    shapes: dict[str, list[int]] = {}

    def note(module: Any, args: Any, output: Any) -> None:
        shapes[paths[module]] = list(output.shape)

    theirs = eval(text, {"nn": torch.nn}).eval()
    paths = {module: path for path, module in theirs.named_modules()}
    for module in paths:
        module.register_forward_hook(note)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        theirs(torch.ones(size))
    found = corelib.utils.summary(eval(text, {"nn": corelib.nn}), size)
    assert found.parameters == sum(p.numel() for p in theirs.parameters())
    assert found.buffers == sum(b.numel() for b in theirs.buffers())
    assert found.flops == counter.get_total_flops()
    assert {layer.path: layer.output_shape for layer in found.layers} == {path: str(shape) for path, shape in shapes.items()}
