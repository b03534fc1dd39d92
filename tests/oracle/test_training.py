"""Five epochs of training on the digits follow PyTorch's losses: the tutorial's MLP and a small CNN, on every device that is here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import corelib

from .harness import COUNTS

EPOCHS, BATCH = 5, 64


def digits() -> tuple[Any, Any]:
    load = pytest.importorskip("sklearn.datasets", reason="scikit-learn, which ships the digits, is not installed").load_digits
    found = load()
    return (found.images / 16).astype(np.float32)[:1024], found.target.astype(np.int64)[:1024]


def mlp(T: Any) -> Any:
    nn = T.nn
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def cnn(T: Any) -> Any:
    nn = T.nn
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)
    )  # fmt: skip


def curve(T: Any, make: Any, device: str, optimizer: Any, schedule: Any) -> tuple[list[float], float]:
    """The mean loss of every epoch, and the accuracy afterwards."""
    images, labels = digits()
    T.manual_seed(0)
    model = make(T).to(device)
    step = optimizer(T, model.parameters())
    scheduler = schedule(T, step)
    data = T.utils.data.TensorDataset(T.from_numpy(images), T.from_numpy(labels))
    loader = T.utils.data.DataLoader(data, BATCH, shuffle=True, generator=T.Generator().manual_seed(1))
    losses = []
    for _ in range(EPOCHS):
        total = 0.0
        for x, y in loader:
            step.zero_grad()
            loss = T.nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            T.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            step.step()
            total += loss.item()
        scheduler.step()
        losses.append(total / len(loader))
    model.eval()
    with T.no_grad():
        right = (model(T.from_numpy(images).to(device)).argmax(1).cpu() == T.from_numpy(labels)).double().mean().item()
    return losses, right


WAYS = {
    "sgd": (lambda T, p: T.optim.SGD(p, 0.1, momentum=0.9, weight_decay=1e-4), lambda T, o: T.optim.lr_scheduler.StepLR(o, 2, 0.5)),
    "adamw": (lambda T, p: T.optim.AdamW(p, 2e-3), lambda T, o: T.optim.lr_scheduler.CosineAnnealingLR(o, EPOCHS)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [mlp, cnn])
@pytest.mark.parametrize("device", ["cpu", "opencl"])
def test_losses_follow_pytorchs(device: str, make: Any, way: str) -> None:
    if device == "opencl":
        pytest.importorskip("pyopencl", reason="corelib-opencl is not installed")
    before = corelib.backends.set_fallback("error")
    try:
        mine, right = curve(corelib, make, device, *WAYS[way])
    finally:
        corelib.backends.set_fallback(before)
    theirs, other = curve(torch, make, "cpu", *WAYS[way])
    np.testing.assert_allclose(mine, theirs, atol=1e-4)
    assert abs(right - other) < 0.005 and theirs[-1] < theirs[0]
    COUNTS["loss curves of five epochs compared"] += 1
