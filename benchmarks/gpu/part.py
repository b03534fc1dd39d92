"""What the parts share: each is a program, `python -m benchmarks.gpu.NAME --device D --seconds S --seed N --out FILE`, that writes lines as it goes.

A line of FILE is a JSON object. {"row": ...} is a row of the part's table, {"fact": [name, value]} one fact, {"wrong": text} something that is not
right. What was written counts, whatever becomes of the process later.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Part:
    """One part at work."""

    def __init__(self, given: list[str] | None = None) -> None:
        parser = argparse.ArgumentParser()
        parser.add_argument("--device", default="cuda")
        parser.add_argument("--seconds", type=float, default=60.0)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--out", type=Path, required=True)
        args = parser.parse_args(given)
        self.device: str = args.device
        self.seed: int = args.seed
        self.seconds: float = args.seconds
        self._end = time.monotonic() + args.seconds
        self._out = args.out.open("a", encoding="utf-8")

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._end - time.monotonic()

    def _write(self, **line: Any) -> None:
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def row(self, **cells: Any) -> None:
        """A row of the table."""
        self._write(row=cells)

    def fact(self, name: str, value: Any) -> None:
        """One fact."""
        self._write(fact=[name, value])

    def wrong(self, text: str) -> None:
        """Something that is not right."""
        self._write(wrong=text)

    def attempt(self, what: str, work: Callable[[], Any]) -> bool:
        """Do something, and go on without it where it fails; whether it was done."""
        try:
            work()
        except Exception as error:
            self.wrong(f"{what}: {type(error).__name__}: {' '.join(str(error).split())[:500]}")
            traceback.print_exc(file=sys.stderr)
            return False
        return True
