"""The gallery's files, generated the first time that a program asks for one: a table, a folder of pictures, a text and a series.

They lie in `gallery_data/` of the current folder. Every number is drawn from a fixed seed.
"""

import math
import random
from pathlib import Path

import numpy as np

FOLDER = Path("gallery_data")


def wines() -> Path:
    """A CSV of 1,600 wines: ten measures, a colour and a quality from 3 to 8 that depends on them."""
    path = FOLDER / "wines.csv"
    if not path.exists():
        rng = np.random.default_rng(0)
        names = ["acidity", "citric", "sugar", "chlorides", "sulfur", "density", "ph", "sulphates", "alcohol", "volatile"]
        x = rng.standard_normal((1600, 10))
        red = rng.random(1600) < 0.5
        score = 0.9 * x[:, 8] - 0.7 * x[:, 9] + 0.4 * x[:, 7] * np.where(red, 1, -1) + 0.1 * rng.standard_normal(1600)
        quality = np.clip(np.round(5.5 + 1.1 * score), 3, 8).astype(int)
        values = x * [1.7, 0.2, 1.4, 0.05, 33, 0.002, 0.15, 0.17, 1.1, 0.18] + [8.3, 0.3, 2.5, 0.09, 46, 0.997, 3.3, 0.66, 10.4, 0.53]
        rows = [",".join([*(f"{v:.4f}" for v in row), "red" if r else "white", str(q)]) for row, r, q in zip(values, red, quality, strict=True)]
        _write(path, "\n".join([",".join([*names, "colour", "quality"]), *rows, ""]))
    return path


def pictures() -> Path:
    """A folder of 1,000 PNG pictures of 32 x 32, each in the folder of its class: circle, cross, square, triangle."""
    path = FOLDER / "pictures"
    if not path.exists():
        from PIL import Image, ImageDraw

        draw = random.Random(0)
        for i in range(1000):
            kind = ("circle", "cross", "square", "triangle")[i % 4]
            image = Image.new("RGB", (32, 32), tuple(draw.randrange(90) for _ in range(3)))
            pen, colour = ImageDraw.Draw(image), tuple(draw.randrange(130, 256) for _ in range(3))
            r, x, y = draw.uniform(5, 10), draw.uniform(11, 21), draw.uniform(11, 21)
            if kind == "circle":
                pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)
            elif kind == "square":
                pen.rectangle((x - r, y - r, x + r, y + r), fill=colour)
            elif kind == "triangle":
                pen.polygon([(x, y - r), (x - r, y + r), (x + r, y + r)], fill=colour)
            else:
                pen.line((x - r, y - r, x + r, y + r), fill=colour, width=3)
                pen.line((x - r, y + r, x + r, y - r), fill=colour, width=3)
            (path / kind).mkdir(parents=True, exist_ok=True)
            image.save(path / kind / f"{i:04d}.png")
    return path


def text() -> Path:
    """A text file of 3,000 sentences that a small grammar makes."""
    path = FOLDER / "sentences.txt"
    if not path.exists():
        draw = random.Random(0)
        who, does = ["the cat", "a bird", "my friend", "the old man"], ["sees", "likes", "follows", "finds"]
        what, where = ["the river", "a small house", "the green hill", "an apple tree"], ["in the morning", "after the rain", "every summer"]
        _write(path, "\n".join(" ".join(draw.choice(part) for part in (who, does, what, where)) + "." for _ in range(3000)))
    return path


def series() -> Path:
    """A CSV of 2,000 days: a trend, the week, the year and chance."""
    path = FOLDER / "visitors.csv"
    if not path.exists():
        rng = np.random.default_rng(0)
        rows = [
            f"{day},{100 + 0.02 * day + 20 * math.sin(2 * math.pi * day / 7) + 30 * math.sin(2 * math.pi * day / 365) + 3 * rng.standard_normal():.2f}"
            for day in range(2000)
        ]
        _write(path, "\n".join(["day,visitors", *rows, ""]))
    return path


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
