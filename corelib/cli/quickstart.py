"""`corelib quickstart`: a small network learns handwritten digits, as a tutorial would write it.

The images are real: 1797 digits of 8 x 8 pixels that scikit-learn ships, so nothing is downloaded. The program trains
and tests with a DataLoader, saves the weights, loads them into a new network, and shows one prediction.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corelib.data import DataLoader, Dataset, random_split
from corelib.graph.grad_mode import no_grad
from corelib.nn import BatchNorm1d, CrossEntropyLoss, Dropout, Linear, Module, ReLU, Sequential
from corelib.ops.construction.construct import tensor
from corelib.ops.random.generator import manual_seed
from corelib.optim import Adam, Optimizer
from corelib.optim.lr_scheduler import ExponentialLR
from corelib.serialization import load, save
from corelib.tensor import dtype as D
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

SHADES = " .:-=+*#%@"

Batches = Iterable[tuple[Tensor, Tensor]]


class MissingPackageError(Exception):
    """A package that only the quickstart needs is not installed; the message says what to install."""


class Digits(Dataset[tuple[Tensor, Tensor]]):
    """scikit-learn's handwritten digits: pixels from 0 to 1, shape (64,), and the digit as int64."""

    def __init__(self) -> None:
        try:
            from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # no types; of the extra `examples`, as tqdm is
        except ImportError as error:
            raise MissingPackageError(_install("scikit-learn", "has the images")) from error
        digits = load_digits()
        self.images = tensor(digits.data / 16, dtype=D.float32)
        self.labels = tensor(digits.target, dtype=D.int64)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]


class Network(Module):
    """Two hidden layers; the output is a score for each digit."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = Sequential(
            Linear(64, 256),
            BatchNorm1d(256),
            ReLU(),
            Dropout(0.3),
            Linear(256, 128),
            BatchNorm1d(128),
            ReLU(),
            Dropout(0.3),
            Linear(128, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Scores of shape (batch, 10) for images of shape (batch, 64)."""
        scores: Tensor = self.layers(x)
        return scores


def train(batches: Batches, model: Module, loss_fn: Module, optimizer: Optimizer, device: Device) -> float:
    """One pass over the training images; returns the mean loss."""
    model.train()
    total, count = 0.0, 0
    for x, y in batches:
        x, y = x.to(device), y.to(device)
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


def test(batches: Batches, model: Module, device: Device) -> float:
    """The part of the test images that the model recognizes."""
    model.eval()
    correct, count = 0, 0
    with no_grad():
        for x, y in batches:
            x, y = x.to(device), y.to(device)
            correct += int((model(x).argmax(1) == y).sum().item())
            count += len(y)
    return correct / count


def draw(image: Tensor) -> str:
    """An image of 64 pixels as eight lines of text; each pixel is two characters wide, for letters are tall."""
    rows = image.reshape(8, 8).tolist()
    return "\n".join("".join(SHADES[round(v * (len(SHADES) - 1))] * 2 for v in row).rstrip() for row in rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `corelib quickstart`."""
    parser.add_argument("--device", default="cpu", help="where to train, such as cpu, cuda or opencl (default cpu)")
    parser.add_argument("--epochs", type=int, default=20, help="passes over the training images (default 20)")
    parser.add_argument("--batch-size", type=int, default=32, help="images a step (default 32)")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's first learning rate (default 0.003)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the split and the shuffles (default 0)")
    parser.add_argument("--save", default=None, metavar="PATH", help="keep the weights here (default: nowhere)")
    parser.add_argument("--no-progress", action="store_true", help="no progress bar, and no need for tqdm")


def run(args: argparse.Namespace) -> int:
    """Run the quickstart; 0, or 1 where a package for it is missing, which standard error then names."""
    try:
        if args.save is not None:
            _quickstart(args, Path(args.save))
        else:
            with tempfile.TemporaryDirectory() as folder:
                _quickstart(args, Path(folder) / "digits.pth")
    except MissingPackageError as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _install(package: str, why: str) -> str:
    return (
        f"corelib quickstart needs {package}, which {why}, and it is not installed. Install it with:\n\n"
        '    pip install "corelib[examples]"\n'
    )


def _progress(epochs: int, shown: bool) -> Any:
    if not shown:
        return None
    try:
        from tqdm import tqdm  # type: ignore[import-untyped]  # no types
    except ImportError as error:
        raise MissingPackageError(_install("tqdm", "draws the progress bar (or pass --no-progress)")) from error
    return tqdm(total=epochs, desc="training", unit="epoch")


def _quickstart(args: argparse.Namespace, path: Path) -> None:
    manual_seed(args.seed)
    device = Device(args.device)
    digits = Digits()
    training, testing = random_split(digits, [1437, 360])
    train_loader = DataLoader(training, batch_size=args.batch_size, shuffle=True)
    test_loader = DataLoader(testing, batch_size=360)

    model = Network().to(device)
    print(f"{len(training)} images to train on, {len(testing)} to test on, device {device}\n{model}")
    loss_fn = CrossEntropyLoss()
    optimizer = Adam(model.parameters(), lr=args.lr)
    scheduler = ExponentialLR(optimizer, gamma=0.85)

    bar = _progress(args.epochs, not args.no_progress)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        loss = train(train_loader, model, loss_fn, optimizer, device)
        scheduler.step()
        if bar is None:
            print(f"epoch {epoch:2}: loss {loss:.4f}")
        else:
            bar.set_postfix(loss=f"{loss:.4f}", accuracy=f"{test(test_loader, model, device):.1%}")
            bar.update()
    if bar is not None:
        bar.close()
    print(f"Trained {args.epochs} epochs in {time.perf_counter() - start:.1f} s.")

    save(model.state_dict(), path)
    print(f"Saved the weights ({path.stat().st_size / 1024:.0f} KiB) and loaded them into a new network.")
    model = Network().to(device)
    model.load_state_dict(load(path, map_location=device))

    accuracy = test(test_loader, model, device)
    image, label = testing[0]
    with no_grad():
        predicted = int(model(image.unsqueeze(0).to(device)).argmax(1).item())
    print(f"\n{draw(image)}\n\nPredicted: {predicted}, actual: {int(label.item())}")
    print(f"Test accuracy: {accuracy:.1%}")
