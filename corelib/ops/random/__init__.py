"""Random numbers: generators, their two algorithms, and the tensors drawn from them."""

from __future__ import annotations

from typing import Any

from corelib.as_torch.finder import former


def __getattr__(name: str) -> Any:
    return former(__name__, "random", name)
