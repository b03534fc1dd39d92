"""Elements chosen by index or mask, read and written: `x[...]`, take and put, gather and scatter, select."""

from __future__ import annotations

from typing import Any

from corelib.as_torch.finder import former


def __getattr__(name: str) -> Any:
    return former(__name__, "indexing", name)
