"""Part "quickstart": the network of `corelib quickstart` learns digits, 1437 of them, with the launches and the waits of a step counted."""

from __future__ import annotations

import os
import time
from typing import Any

from benchmarks.gpu.part import Part

WANTED = 0.9
"""The accuracy that five passes have to reach."""


def main() -> None:
    """Train for half of the time, at most 20 passes over the pictures, and test."""
    part = Part()
    import corelib as torch
    from corelib.cli import quickstart
    from corelib.cli.quickstart import Network

    digits = quickstart.Digits()
    images, labels = digits.images, digits.labels
    real = "sklearn" not in os.environ.get("CORELIB_GPU_MISSING", "").split(",")
    part.fact("digits", "scikit-learn's" if real else "drawn: scikit-learn, which has real ones, is not installed")
    torch.manual_seed(part.seed)
    order = torch.randperm(len(images))
    images, labels = images[order], labels[order]
    device = torch.device(part.device)
    model, loss_fn = Network().to(device), torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    batches = [(images[i : i + 32], labels[i : i + 32]) for i in range(0, 1437 - 32, 32)]
    start = time.perf_counter()
    quickstart.train(batches[:1], model, loss_fn, optimizer, device)
    part.fact("first step, which compiles, seconds", round(time.perf_counter() - start, 2))
    part.attempt("counting", lambda: counted(part, batches, model, loss_fn, optimizer))
    steps, start = 0, time.perf_counter()
    while steps < 20 * len(batches) and (steps == 0 or time.perf_counter() - start < part.seconds / 2):
        some = [batches[(steps + i) % len(batches)] for i in range(4)]
        losses = quickstart.train(some, model, loss_fn, optimizer, device)
        steps += len(some)
    took = time.perf_counter() - start
    part.fact("steps", steps)
    part.fact("loss of the last steps", round(sum(losses) / len(losses), 4))
    part.fact("milliseconds a step, with its read of the loss", round(took / steps * 1000, 3))
    accuracy = quickstart.test([(images[1437:], labels[1437:])], model, device)
    part.fact("test accuracy", f"{accuracy:.1%}")
    if steps >= 5 * len(batches) and accuracy < WANTED:
        part.wrong(f"test accuracy {accuracy:.1%} after {steps} steps; at least {WANTED:.0%} was expected")


def counted(part: Part, batches: Any, model: Any, loss_fn: Any, optimizer: Any) -> None:
    """Launches and waits of one step without `loss.item()`, which is the only wait that there is to be."""
    import corelib as torch

    device = torch.device(part.device)
    backend: Any = device.runtime.backend
    launcher, waits = backend.launcher, backend.waits
    launches = launcher.launches
    x, y = (t.to(device) for t in batches[0])
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    part.fact("launches a step", launcher.launches - launches)
    part.fact("waits a step, without loss.item()", backend.waits - waits)
    if backend.waits != waits:
        part.wrong(f"a step waits {backend.waits - waits} times for the device")


if __name__ == "__main__":
    main()
