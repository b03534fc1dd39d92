"""The gallery's plots, by matplotlib: where a program's first argument says, or beside the current folder's other files as NAME.svg."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "corelib", "svg.fonttype": "none"})  # the same file for the same numbers, with text as text
import matplotlib.pyplot as plt  # noqa: E402


def target() -> str:
    """Where the plot goes."""
    return sys.argv[1] if len(sys.argv) > 1 else f"{Path(sys.argv[0]).stem}.svg"


def save(figure) -> None:
    """Write a figure."""
    figure.tight_layout()
    figure.savefig(target(), metadata={"Date": None})
    plt.close(figure)


def curves(title, x, y, **lines) -> None:
    """Write a plot of lines by their names."""
    figure, axes = plt.subplots(figsize=(6, 3.4))
    for name, values in lines.items():
        axes.plot(values, label=name.replace("_", " "))
    axes.set(title=title, xlabel=x, ylabel=y)
    if len(lines) > 1:
        axes.legend()
    save(figure)


def grid(title, pictures, columns=8) -> None:
    """Write a grid of small pictures, grey or of three channels last, from 0 to 1."""
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(columns * 0.75, rows * 0.75 + 0.4), squeeze=False)
    for place in axes.flat:
        place.axis("off")
    for place, picture in zip(axes.flat, pictures, strict=False):
        place.imshow(picture, cmap="gray", vmin=0, vmax=1)
    figure.suptitle(title)
    save(figure)
