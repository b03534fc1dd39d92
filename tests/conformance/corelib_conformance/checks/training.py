"""Level 5: networks are trained, to an accuracy and along the host's losses."""

from __future__ import annotations

from typing import Any

import numpy as np

import corelib
from corelib import nn
from corelib_conformance.checks import check
from corelib_conformance.result import Case, Failure
from corelib_conformance.target import Target

ACCURACY = 0.95


def _digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # no types

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return (data.images[order] / 16).astype(np.float32), data.target[order].astype(np.int64)


def _losses(device: str, make: Any, optimizer: Any, steps: int, image: bool) -> tuple[list[float], Any]:
    corelib.manual_seed(0)
    images, classes = _digits()
    x, y = corelib.from_numpy(images), corelib.from_numpy(classes)
    if image:
        x = x.unsqueeze(1)
    network = make().to(device)
    update = optimizer(network.parameters())
    losses = []
    for step in range(steps):
        at = slice(step % 20 * 64, step % 20 * 64 + 64)
        loss = nn.functional.cross_entropy(network(x[at].to(device)), y[at].to(device))
        update.zero_grad()
        loss.backward()
        update.step()
        losses.append(loss.item())
    return losses, network


def _mlp() -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def _cnn() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.GELU(), nn.Flatten(), nn.Linear(64, 10)
    )


def _attention() -> Any:
    class Rows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.norm = nn.Linear(8, 16), nn.LayerNorm(16)
            self.qkv, self.out = nn.Linear(16, 48), nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            h = self.embed(x)
            q, k, v = self.qkv(self.norm(h)).chunk(3, -1)
            h = h + nn.functional.scaled_dot_product_attention(q, k, v)
            return self.out(h.flatten(1))

    return Rows()


@check(5)
def accuracy(target: Target, case: Case) -> None:
    """A small network on 1,797 handwritten digits, a fifth of them held back, reaches the accuracy."""
    images, classes = _digits()
    _, network = _losses(target.name, _mlp, lambda p: corelib.optim.Adam(p, lr=3e-3), 300, False)
    with corelib.no_grad():
        found = network(corelib.from_numpy(images[1400:]).to(target.name)).argmax(1).cpu().numpy()
    share = float((found == classes[1400:]).mean())
    if share < ACCURACY:
        raise Failure(f"{share:.1%} of the digits that it has not seen were recognized, expected {ACCURACY:.0%}")


def _follows(target: Target, make: Any, optimizer: Any, image: bool, name: str) -> None:
    mine, _ = _losses(target.name, make, optimizer, 40, image)
    host, _ = _losses("cpu", make, optimizer, 40, image)
    off = max(abs(a - b) for a, b in zip(mine, host, strict=True))
    if not off <= 2e-3 or mine[-1] >= 0.9 * mine[0]:
        raise Failure(f"{name}: the losses of 40 steps are up to {off:.3g} from the host's, and go from {mine[0]:.3f} to {mine[-1]:.3f}")


@check(5)
def losses(target: Target, case: Case) -> None:
    """The same seed, the same losses as on the host, step by step: an MLP, a CNN with batch norm, attention with layer norm."""
    kinds = {
        "mlp": (_mlp, lambda p: corelib.optim.SGD(p, lr=0.1, momentum=0.9), False), "cnn": (_cnn, lambda p: corelib.optim.SGD(p, lr=0.05), True),
        "attention": (_attention, lambda p: corelib.optim.AdamW(p, lr=1e-3), False),
    }
    make, optimizer, image = kinds[case.about]
    _follows(target, make, optimizer, image, case.about)


@check(5)
def saved(target: Target, case: Case) -> None:
    """A network's weights, saved from the device, loaded on the host and back, compute the same."""
    import io

    corelib.manual_seed(1)
    network = _mlp().to(target.name)
    x = corelib.rand(3, 8, 8)
    before = network(x.to(target.name)).detach().cpu().tolist()
    file = io.BytesIO()
    corelib.save(network.state_dict(), file)
    file.seek(0)
    other = _mlp()
    other.load_state_dict(corelib.load(file, map_location="cpu"))
    other.to(target.name)
    after = other(x.to(target.name)).detach().cpu().tolist()
    if before != after:
        raise Failure("a network that was saved and loaded computes something else")
