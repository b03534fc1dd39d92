"""The dispatcher's first key: device type and layout together, one object for each pair, compared by identity."""

from __future__ import annotations

from corelib.tensor.layout import layout


class DispatchKey:
    """A (device type, layout) pair. Ask `dispatch_key` for one; there is only one object for a pair."""

    __slots__ = ("device_type", "layout")

    def __init__(self, device_type: str, layout: layout) -> None:
        self.device_type = device_type
        self.layout = layout

    def __repr__(self) -> str:
        return f"DispatchKey({self.device_type!r}, {self.layout!r})"


_KEYS: dict[tuple[str, layout], DispatchKey] = {}


def dispatch_key(device_type: str, layout: layout) -> DispatchKey:
    """The key of a device type and layout."""
    key = _KEYS.get((device_type, layout))
    if key is None:
        key = _KEYS.setdefault((device_type, layout), DispatchKey(device_type, layout))
    return key
