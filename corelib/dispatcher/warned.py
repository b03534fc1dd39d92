"""How often what warns once warns."""

from __future__ import annotations

from corelib.as_torch.warned import warn as warn

_always = False


def set_warn_always(b: bool, /) -> None:
    """Whether what warns once in a process warns each time. RuntimeError for what is no bool.

    >>> import corelib as torch
    >>> torch.set_warn_always(True)
    >>> torch.is_warn_always_enabled()
    True
    >>> torch.set_warn_always(False)
    """
    global _always
    if not isinstance(b, bool):
        raise RuntimeError(f"set_warn_always(): setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` has set; False at first."""
    return _always
