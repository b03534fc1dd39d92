"""How quickly pictures are loaded: a folder of generated JPEGs through ImageFolder, transforms and DataLoader.

`python -m benchmarks.pictures [--pictures N] [--rounds N] [--workers 0 2] [--only WORD]`. Each figure comes from a fresh process that has one
library to itself; the processes take turns, and PyTorch's is run twice. The first epoch of a process warms it up, and the quickest of the next
ones counts. Needs torchvision and Pillow.

Rows: "transforms" are the library's Resize, CenterCrop, ToTensor and Normalize; "by hand" the same done by Pillow and the library's tensors,
which leaves the loader and the tensors to compare.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.rounds import Measured, in_turn, surroundings

ROWS = ("transforms", "by hand")
_OPERATORS = Path(__file__).parents[1] / "tests" / "oracle" / "vision" / "operators.py"

_PROGRAM = """
import importlib, runpy, sys, time
import numpy as np
from PIL import Image
import {library} as T
T.set_num_threads(1)
if "{library}" == "torch":
    try:
        import torchvision as vision
    except RuntimeError:  # beside PyTorch's CPU build its compiled operators do not load; they are declared, and not used here
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        kept = runpy.run_path({operators!r})
        import torchvision as vision
else:
    vision = importlib.import_module("{library}.vision")

def by_hand(image):
    w, h = image.size
    image = image.resize((256 * w // min(w, h), 256 * h // min(w, h)), Image.Resampling.BILINEAR)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    x = T.from_numpy(np.array(image.crop((left, top, left + 224, top + 224)))).permute(2, 0, 1).float() / 255
    return (x - T.tensor(MEAN).view(3, 1, 1)) / T.tensor(STD).view(3, 1, 1)

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
if "{row}" == "transforms":
    t = importlib.import_module(vision.__name__ + ".transforms")
    change = t.Compose([t.Resize(256), t.CenterCrop(224), t.ToTensor(), t.Normalize(MEAN, STD)])
else:
    change = by_hand
pictures = vision.datasets.ImageFolder({folder!r}, change)
took = []
for _ in range(4):
    start = time.perf_counter()
    count = sum(len(labels) for images, labels in T.utils.data.DataLoader(pictures, batch_size=16, num_workers={workers}))
    took.append(time.perf_counter() - start)
print(min(took[1:]) / count * 1e6)
"""


def generate(folder: Path, count: int) -> None:
    """JPEGs of common sizes in two classes, smooth with some noise, as photographs are."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for n in range(count):
        height, width = ((375, 500), (500, 375), (333, 500), (480, 640))[n % 4]
        small = Image.fromarray(rng.integers(0, 256, (12, 16, 3)).astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
        noisy = np.clip(np.asarray(small) + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)
        path = folder / f"class{n % 2}" / f"{n}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noisy).save(path, quality=90)


def figure(library: str, row: str, folder: Path, workers: int) -> float:
    """Microseconds for a picture. RuntimeError where the program fails."""
    program = _PROGRAM.format(library=library, row=row, folder=str(folder), workers=workers, operators=str(_OPERATORS))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=surroundings(1))
    if done.returncode:
        raise RuntimeError(f"{row} with {library}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def measured(row: str, folder: Path, workers: int, rounds: int, library: str) -> Measured:
    """A row of the table: rounds in which each takes its turn."""
    found = Measured(f"{row}, {workers} workers", "us")
    ask = {
        who: (lambda name=name: figure(name, row, folder, workers))
        for who, name in (("torch", "torch"), ("ours", library), ("again", "torch"))
    }  # fmt: skip
    try:
        for number in range(rounds):
            took = in_turn(number, ask)
            found.figures.append((took["torch"], took["ours"], took["again"]))
            print(f"round {number + 1}: {found.name}", file=sys.stderr, flush=True)
    except RuntimeError as error:
        found.error = str(error)
    return found


def main(given: list[str] | None = None) -> int:
    """Measure and print a table. The exit status is 1 where a row failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description="How quickly pictures are loaded, beside torchvision.")
    parser.add_argument("--pictures", type=int, default=128, help="how many there are (default 128)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of fresh processes (default 5)")
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 2], help="processes of the loader (default 0 and 2)")
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    parser.add_argument("--library", default="corelib", help="compare this with torch; torch itself tests the harness")
    args = parser.parse_args(given)
    compileall.compile_dir(str(next(iter(__import__(args.library).__path__))), quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), args.pictures)
        rows = [measured(row, Path(folder), workers, args.rounds, args.library) for row in ROWS if args.only in row for workers in args.workers]
    print(f"{args.pictures} JPEGs, {args.rounds} rounds, {os.cpu_count()} cores. Ratio: torchvision's time over ours, above 1 we are faster; middle half of the rounds.")
    print("| row | torchvision, us a picture | ours | ratio | middle half | torchvision over itself |\n|---|--:|--:|--:|--:|--:|")
    for row in rows:
        if row.error is not None:
            print(f"| {row.name} | {row.error} | | | | |")
            continue
        low, high = row.middle
        print(f"| {row.name} | {row.torch:.0f} | {row.ours:.0f} | {row.ratio:.2f} | {low:.2f} to {high:.2f} | {row.itself:.2f} |")
    return 1 if any(row.error is not None for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
