"""`corelib quickstart`: a small network learns handwritten digits, as a tutorial would write it.

The images are real: 1797 digits of 8 x 8 pixels that scikit-learn ships, so nothing is downloaded. The program trains
and tests with a DataLoader, saves the weights, loads them into a new network, and shows one prediction and the curve of its losses.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from corelib.cli import curve
from corelib.data import DataLoader, Dataset, random_split
from corelib.graph.grad_mode import no_grad
from corelib.nn import BatchNorm1d, CrossEntropyLoss, Dropout, Linear, Module, ReLU, Sequential
from corelib.ops.construction.construct import tensor
from corelib.ops.random.generator import manual_seed
from corelib.optim import Adam, Optimizer
from corelib.optim.lr_scheduler import ExponentialLR
from corelib.progress import Progress
from corelib.serialization import load, save
from corelib.tensor import dtype as D
from corelib.tensor.device import device as Device
from corelib.tensor.tensor import Tensor

_INTRODUCTION = (
    "A small network learns to read handwritten digits, is tested on some that it has not seen, saved and loaded again, as in the first chapter "
    "of a PyTorch tutorial. Nothing is downloaded. First a step is measured; where a device compiles its kernels, that takes a while the first time."
)
SHADES = " .:-=+*#%@"

Batches = Iterable[tuple[Tensor, Tensor]]


class MissingPackageError(Exception):
    """A package that only the quickstart needs is not installed; the message says what to install."""


class Digits(Dataset[tuple[Tensor, Tensor]]):
    """scikit-learn's handwritten digits: pixels from 0 to 1, shape (64,), and the digit as int64."""

    def __init__(self) -> None:
        try:
            from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # no types; of the extra `examples`
        except ImportError as error:
            raise MissingPackageError(
                "corelib quickstart needs scikit-learn, which has the images, and it is not installed. Install it with:\n\n"
                '    pip install "corelib[examples]"\n'
            ) from error
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


def train(batches: Batches, model: Module, loss_fn: Module, optimizer: Optimizer, device: Device) -> list[float]:
    """One pass over the training images; returns the loss of each step."""
    model.train()
    losses = []
    for x, y in batches:
        x, y = x.to(device), y.to(device)
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


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


def seconds_per_step(batches: Batches, loss_fn: Module, device: Device) -> tuple[float, float]:
    """How long the first step takes, which readies kernels, and a later one: the best of three. It draws random numbers."""
    model = Network().to(device)
    optimizer = Adam(model.parameters())
    batch = next(iter(batches))
    times = []
    for _ in range(4):
        start = time.perf_counter()
        train([batch], model, loss_fn, optimizer, device)
        times.append(time.perf_counter() - start)
    return times[0], min(times[1:])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `corelib quickstart`."""
    parser.add_argument("--device", default="cpu", help="where to train, such as cpu, cuda or opencl (default cpu)")
    parser.add_argument("--epochs", type=_at_least(1), default=20, help="passes over the training images (default 20)")
    parser.add_argument("--batch-size", type=_at_least(2), default=32, help="images a step (default 32)")
    parser.add_argument("--lr", type=_positive, default=3e-3, help="Adam's first learning rate (default 0.003)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights, the split and the shuffles (default 0)")
    parser.add_argument("--save", type=_file, default=None, metavar="PATH", help="keep the weights here, and the curve of losses beside them (default: nowhere)")
    parser.add_argument("--no-progress", action="store_true", help="a line for each pass, and no line that is drawn anew")


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return number


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _file(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():  # told now, and not after the training
        raise argparse.ArgumentTypeError(f"{text!r} is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}")
    return path


def run(args: argparse.Namespace) -> int:
    """Run the quickstart; 0, or 1 where a package for it is missing, which standard error then names."""
    try:
        if args.save is not None:
            _quickstart(args, args.save)
        else:
            with tempfile.TemporaryDirectory() as folder:
                _quickstart(args, Path(folder) / "digits.pth")
    except MissingPackageError as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _quickstart(args: argparse.Namespace, path: Path) -> None:
    width = min(shutil.get_terminal_size((80, 24)).columns, 80)
    print(textwrap.fill(_INTRODUCTION, width), flush=True)
    device = Device(args.device)
    digits = Digits()
    loss_fn = CrossEntropyLoss()
    first, each = seconds_per_step(DataLoader(digits, batch_size=args.batch_size), loss_fn, device)

    manual_seed(args.seed)
    training, testing = random_split(digits, [1437, 360])
    # A last batch of one image has no variance, and batch normalization would refuse it.
    train_loader = DataLoader(training, batch_size=args.batch_size, shuffle=True, drop_last=len(training) % args.batch_size == 1)
    test_loader = DataLoader(testing, batch_size=360)

    model = Network().to(device)
    steps = len(train_loader) * args.epochs
    if first - each > 1:
        print(f"The first step took {_roughly(first)}; later ones do not.")
    print(f"{steps} steps of {each * 1000:.1f} ms: about {_roughly(each * steps)} on this machine.\n")
    print(f"{len(training)} images to train on, {len(testing)} to test on, device {device}\n{model}", flush=True)
    optimizer = Adam(model.parameters(), lr=args.lr)
    scheduler = ExponentialLR(optimizer, gamma=0.85)

    losses: list[float] = []
    start = time.perf_counter()
    with Progress("training", args.epochs, "epochs", shown=False if args.no_progress else None) as progress:
        for epoch in range(1, args.epochs + 1):
            losses += train(train_loader, model, loss_fn, optimizer, device)
            scheduler.step()
            mean = sum(losses[-len(train_loader) :]) / len(train_loader)
            if args.no_progress:
                print(f"epoch {epoch:2}: loss {mean:.4f}", flush=True)
            progress.update(note=f"loss {mean:.4f}")
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
    print(f"Test accuracy: {accuracy:.1%}\n")
    _show(losses, args, path, width)


def _show(losses: list[float], args: argparse.Namespace, path: Path, width: int) -> None:
    """The curve of losses, in the terminal and in a file, and what to do next."""
    print(f"Loss, on a logarithmic scale\n{curve.as_text(losses, f'{len(losses)} steps', width)}\n")
    kept = "--save digits.pth"
    if args.save is not None:
        picture = path.with_name(f"{path.stem}_loss.svg")
        picture.write_text(curve.as_svg(curve.averaged(losses, 240), f"Loss of {args.epochs} epochs on {args.device}, logarithmic", f"{len(losses)} steps"), encoding="utf-8")
        print(f"The weights are in {path}, the curve in {picture}.\n")
        kept = "--seed 1"
    print(
        "Next:\n"
        f"  corelib quickstart --lr 0.0003 {kept}\n      the same with another learning rate{'' if args.save is not None else ', weights and curve kept'}\n"
        f"  corelib backends\n      the devices that are here, for --device, and how to get others\n"
        f"  python -m corelib.as_torch PROGRAM.py\n      a program of yours that says `import torch`; this one to begin from: {__file__}"
    )


def _roughly(seconds: float) -> str:
    """A time for people, rounded.

    >>> _roughly(0.4), _roughly(4.2), _roughly(47), _roughly(150)
    ('a second', '4 seconds', '50 seconds', '3 minutes')
    """
    if seconds < 1.5:
        return "a second"
    if seconds < 10:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 10:.0f}0 seconds" if seconds < 95 else f"{-(-seconds // 60):.0f} minutes"
