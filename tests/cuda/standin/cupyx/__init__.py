"""Stand-in for CuPy, only for tests; see cupy/__init__.py. Whether linear algebra tells of its errors, which costs a wait: by default it does not."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_local = threading.local()


@contextlib.contextmanager
def errstate(
    *, divide: str | None = None, over: str | None = None, under: str | None = None, invalid: str | None = None, linalg: str | None = None
) -> Iterator[None]:
    before = linalg_errors()
    if {divide, over, under, invalid} != {None} or linalg not in (None, "ignore", "raise"):
        raise NotImplementedError("only linalg='ignore' and linalg='raise' are supported")
    _local.linalg = linalg or before
    try:
        yield
    finally:
        _local.linalg = before


def linalg_errors() -> str:
    """ "ignore", or "raise"."""
    found: str = getattr(_local, "linalg", "ignore")
    return found
