"""Importing without the garbage collector."""

from __future__ import annotations

import gc

__all__ = ["Uncollected"]


class Uncollected:
    """While it is there no garbage is looked for: what an import makes is none, and to look through it again and again takes an eighth of its time.

    It goes with the namespace that holds it, so that an import that fails leaves the collector as it was.
    """

    def __init__(self) -> None:
        self._before = gc.isenabled()
        gc.disable()

    def __del__(self) -> None:
        if self._before:
            gc.enable()
