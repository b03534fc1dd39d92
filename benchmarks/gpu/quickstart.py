"""Part "quickstart": the network of `corelib quickstart` learns digits, with the launches and the waits of a step counted.

Without scikit-learn, which has the real digits, drawn ones take their place: seven segments each, moved and blurred by noise.
"""

from __future__ import annotations

import time
from typing import Any

from benchmarks.gpu.part import Part

SEGMENTS = {0: "abcdef", 1: "bc", 2: "abged", 3: "abgcd", 4: "fgbc", 5: "afgcd", 6: "afgedc", 7: "abc", 8: "abcdefg", 9: "abcdfg"}
PLACES = {
    "a": (slice(0, 1), slice(1, 5)), "b": (slice(0, 4), slice(5, 6)), "c": (slice(3, 7), slice(5, 6)), "d": (slice(6, 7), slice(1, 5)),
    "e": (slice(3, 7), slice(0, 1)), "f": (slice(0, 4), slice(0, 1)), "g": (slice(3, 4), slice(1, 5)),
}  # fmt: skip


WANTED = 0.9
"""The accuracy that five passes have to reach."""


def drawn(count: int, seed: int) -> tuple[Any, Any]:
    """Pictures (count, 64) from 0 to 1, and the digit that each shows, as NumPy arrays."""
    import numpy as np

    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    pictures = np.zeros((count, 8, 8), np.float32)
    for picture, label in zip(pictures, labels, strict=True):
        down, right = rng.integers(0, 2), rng.integers(0, 3)
        for segment in SEGMENTS[int(label)]:
            rows, columns = PLACES[segment]
            picture[down:, right:][rows, columns] = 1
    return np.clip(pictures + rng.normal(0, 0.2, pictures.shape), 0, 1).reshape(count, 64).astype(np.float32), labels.astype(np.int64)


def main() -> None:
    """Train for half of the time, at most 20 passes over the pictures, and test."""
    part = Part()
    import corelib as torch
    from corelib.cli import quickstart
    from corelib.cli.quickstart import Network

    try:
        digits = quickstart.Digits()
        images, labels = digits.images, digits.labels
        part.fact("digits", "scikit-learn's, 1437 to train on and 360 to test")
    except quickstart.MissingPackageError:
        pictures, numbers = drawn(1797, part.seed)
        images, labels = torch.from_numpy(pictures), torch.from_numpy(numbers)
        part.fact("digits", "drawn, 1437 to train on and 360 to test: scikit-learn, which has real ones, is not installed")
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
