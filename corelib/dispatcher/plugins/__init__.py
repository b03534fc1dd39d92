"""From entry points to backends: plugins are discovered, checked, loaded and registered here, and described for people."""

from __future__ import annotations

from typing import Any

from corelib.as_torch.finder import former


def __getattr__(name: str) -> Any:
    return former(__name__, "manager", name)
