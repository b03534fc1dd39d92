"""PyTorch's version as programs compare it: with strings, with tuples, and by its parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from corelib.version import __version__ as _corelib

_FORM = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?(?:[-_.]?post[-_.]?(\d*))?(?:[-_.]?dev[-_.]?(\d*))?(?:\+([a-z0-9.]+))?", re.I)
_STAGES = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}


def _key(version: str) -> tuple[Any, ...]:
    """What orders versions as PEP 440 has it: 1.0.dev0 < 1.0a1 < 1.0rc1 < 1.0 < 1.0+local < 1.0.post1. ValueError for what is no version."""
    found = _FORM.fullmatch(version.strip())
    if found is None:
        raise ValueError(f"Invalid version: {version!r}")
    release, stage, number, post, dev, local = found.groups()
    numbers = [int(part) for part in release.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    before = (_STAGES[stage.lower()], int(number or 0)) if stage else (-1, 0) if dev is not None and post is None else (9, 0)
    parts = [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in local.lower().split(".")] if local else []
    return numbers, before, -1 if post is None else int(post or 0), float("inf") if dev is None else int(dev or 0), parts


def _said(other: object) -> str | None:
    """A version as a string, of a string, of something like `packaging.version.Version`, or of a tuple `(2, 1)`."""
    if isinstance(other, str):
        return other
    if isinstance(other, Iterable):
        return ".".join(map(str, other))
    return str(other) if hasattr(other, "release") else None


def _compared(version: str, other: object, of: Callable[..., bool]) -> bool:
    said = _said(other)
    if said is not None:
        try:
            return bool(of(_key(version), _key(said)))
        except ValueError:  # no version: strings
            other = said
    return bool(of(str(version), other))


class TorchVersion(str):
    """A version: a string that is ordered as versions are, beside other versions, strings and tuples.

    >>> from corelib.torch_version import TorchVersion
    >>> TorchVersion("2.13.0+corelib.0.1.0") >= (2, 4), TorchVersion("2.13.0") > "2.9", TorchVersion("2.13.0") < "2.13.1"
    (True, True, True)
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return _compared(self, other, eq)

    def __ne__(self, other: object) -> bool:
        return _compared(self, other, ne)

    def __lt__(self, other: object) -> bool:
        return _compared(self, other, lt)

    def __le__(self, other: object) -> bool:
        return _compared(self, other, le)

    def __gt__(self, other: object) -> bool:
        return _compared(self, other, gt)

    def __ge__(self, other: object) -> bool:
        return _compared(self, other, ge)


PYTORCH = "2.13.0"
"""The PyTorch whose names and semantics these are."""
__version__ = TorchVersion(f"{PYTORCH}+corelib.{_corelib}")
