"""The dispatcher's first key: device type and layout together, one object for each combination, compared by identity.

A tensor that shows its memory conjugated or negated (`x.conj()`, `x.conj().imag`) has a key of its own as well: its bits are part of
the key, so every look-up of a kernel misses, the slow path resolves it, and no other tensor pays for that.
"""

from __future__ import annotations

from corelib.tensor.layout import layout


class DispatchKey:
    """A device type and a layout, with the bits conj and neg. Ask `dispatch_key` for one; there is only one object for each."""

    __slots__ = ("conj", "device_type", "layout", "lazy", "neg", "plain")

    def __init__(self, device_type: str, layout: layout, conj: bool, neg: bool, plain: DispatchKey | None) -> None:
        self.device_type = device_type
        self.layout = layout
        self.conj = conj
        """Whether the elements are the conjugates of what is in memory."""
        self.neg = neg
        """Whether they are its negatives."""
        self.lazy = conj or neg
        self.plain: DispatchKey = plain or self
        """The key of the same device type and layout without the bits, under which kernels are found."""

    def __repr__(self) -> str:
        bits = ", conj" * self.conj + ", neg" * self.neg
        return f"DispatchKey({self.device_type!r}, {self.layout!r}{bits})"


_KEYS: dict[tuple[str, layout, bool, bool], DispatchKey] = {}


def dispatch_key(device_type: str, layout: layout, conj: bool = False, neg: bool = False) -> DispatchKey:
    """The key of a device type and layout, and of a conjugated or negated view of what has it."""
    key = _KEYS.get((device_type, layout, conj, neg))
    if key is None:
        plain = dispatch_key(device_type, layout) if conj or neg else None
        key = _KEYS.setdefault((device_type, layout, conj, neg), DispatchKey(device_type, layout, conj, neg, plain))
    return key
