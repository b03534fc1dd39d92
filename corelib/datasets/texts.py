"""Texts as data sets: windows with the tokens that come next, and labelled texts of CSV and JSON-lines files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from corelib.data.dataset import Dataset, TensorDataset
from corelib.datasets.tokenizers import Tokenizer
from corelib.ops.construction.construct import as_tensor
from corelib.tensor.tensor import Tensor

__all__ = ["TextClassification", "TextWindows"]


class TextWindows(TensorDataset):
    """Windows of a long text, as (input, target) of `length` tokens each: the target is the input one token later.

    text: the numbers of the tokens (a tensor of integers or a sequence), or a string, of which `tokenizer` makes them. stride: how many tokens
    lie between the beginnings of windows (default `length`: none is an input twice). What is left at the end makes no window. The windows are
    views of one tensor. ValueError for a text shorter than length + 1.

    >>> from corelib.datasets import TextWindows
    >>> windows = TextWindows([1, 2, 3, 4, 5, 6], 2)
    >>> len(windows), windows[1]
    (2, (tensor([3, 4]), tensor([4, 5])))
    """

    def __init__(self, text: str | Tensor | Sequence[int], length: int, stride: int | None = None, *, tokenizer: Tokenizer | None = None) -> None:
        stride = length if stride is None else stride
        if length < 1 or stride < 1:
            raise ValueError(f"TextWindows(): length and stride should be at least 1, but are {length} and {stride}")
        if isinstance(text, str):
            if tokenizer is None:
                raise TypeError("TextWindows(): a string needs a tokenizer: TextWindows(text, length, tokenizer=CharTokenizer(text))")
            text = tokenizer.encode(text)
        elif tokenizer is not None:
            raise TypeError(f"TextWindows(): a tokenizer makes numbers of a string, but the text is a {type(text).__name__}")
        tokens = as_tensor(text)
        if tokens.dim() != 1 or (tokens.numel() and (tokens.is_floating_point() or tokens.is_complex())):
            raise ValueError(f"TextWindows(): expected integers of one dimension, but got {tokens.dtype} of the shape {tuple(tokens.shape)}")
        if len(tokens) < length + 1:
            raise ValueError(f"TextWindows(): a window of length {length} and the token after it need {length + 1} tokens, but the text has {len(tokens)}")
        windows = tokens.unfold(0, length + 1, stride)
        super().__init__(windows[:, :-1], windows[:, 1:])


class TextClassification(Dataset[tuple[Any, int]]):
    """The (text, class) rows of a file: CSV with a header, or JSON lines (`.jsonl`, an object a line).

    text, label: the names of the two columns. tokenizer: makes a tensor of each text (`pad_batch` collates them). classes: labels in the order of
    their numbers, as another file's `.classes` (default: the file's own, sorted as texts). ValueError names the line of what is no row, has no
    text or label, or a label that is none of `classes`.

    >>> import pathlib, tempfile
    >>> from corelib.datasets import TextClassification
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "reviews.csv"
    >>> _ = file.write_text("text,label\\nWhat a day!,good\\n\\"Late, and cold.\\",bad\\n")
    >>> reviews = TextClassification(file)
    >>> reviews.classes, reviews[1]
    (['bad', 'good'], ('Late, and cold.', 0))
    """

    def __init__(
        self, path: str | PathLike[str], text: str = "text", label: str = "label", *, tokenizer: Tokenizer | None = None, classes: Iterable[Any] | None = None,
    ) -> None:  # fmt: skip
        self.tokenizer = tokenizer
        self.texts: list[str] = []
        labels, lines = [], []
        for line, row in _rows(Path(path), (text, label)):
            for name in (text, label):
                if row.get(name) is None:
                    raise ValueError(f"TextClassification(): {path}, line {line}: there is no {name!r}; there are {', '.join(map(repr, row)) or 'no fields'}")
            if not isinstance(row[text], str):
                raise ValueError(f"TextClassification(): {path}, line {line}: {text!r} should be a string, but is {row[text]!r}")
            if not isinstance(row[label], (str, int)):
                raise ValueError(f"TextClassification(): {path}, line {line}: {label!r} should be a string or an integer, but is {row[label]!r}")
            self.texts.append(row[text])
            labels.append(row[label])
            lines.append(line)
        self.classes = sorted(set(labels), key=_order) if classes is None else list(classes)
        known = {value: i for i, value in enumerate(self.classes)}
        for line, value in zip(lines, labels, strict=True):
            if value not in known:
                raise ValueError(f"TextClassification(): {path}, line {line}: {value!r} is none of the classes {', '.join(map(repr, self.classes))}")
        self.labels = [known[value] for value in labels]

    def __getitem__(self, index: int) -> tuple[Any, int]:
        text = self.texts[index]
        return (text if self.tokenizer is None else self.tokenizer.encode(text)), self.labels[index]

    def __len__(self) -> int:
        return len(self.texts)


def _order(label: str | int) -> tuple[bool, str | int]:
    """Integers by size, then texts."""
    return isinstance(label, str), label


def _rows(path: Path, names: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file and the lines on which they end, counted from 1."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".tsv", ".jsonl"):
        raise ValueError(f"TextClassification(): expected a file whose name ends in .csv, .tsv or .jsonl, but got {path}")
    with open(path, encoding="utf-8-sig", newline="") as file:
        try:
            if kind == ".jsonl":
                for line, content in enumerate(file, 1):
                    if content.strip():
                        yield line, _object(path, line, content)
                return
            reader = csv.DictReader(file, delimiter="\t" if kind == ".tsv" else ",", strict=True)
            header = list(reader.fieldnames or ())
            for name in names:
                if header.count(name) != 1:
                    raise ValueError(f"TextClassification(): {path}: expected one column {name!r}, but the header has {', '.join(map(repr, header)) or 'none'}")
            for row in reader:
                if None in row or None in row.values():
                    raise ValueError(f"TextClassification(): {path}, line {reader.line_num}: expected {len(header)} fields, as the header has")
                yield reader.line_num, row
        except UnicodeDecodeError as error:
            raise ValueError(f"TextClassification(): {path} is not UTF-8 text: {error}") from error
        except csv.Error as error:
            raise ValueError(f"TextClassification(): {path}, after line {reader.line_num}: {error}") from error


def _object(path: Path, line: int, content: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"TextClassification(): {path}, line {line}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"TextClassification(): {path}, line {line}: expected an object, but got {content.strip()[:60]}")
    return found
