"""Whether every run gives the same numbers. Kernels do, unless their backend declares otherwise; then this says what is to happen."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from corelib.dispatcher.plugins.loaded import AT_WORK

if TYPE_CHECKING:  # start-up: as in loaded.py
    from corelib.contract.backend import Backend

_LEVELS = ("default", "warn", "error")
_level = 0


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Refuse (or, with `warn_only`, warn of) devices whose kernels may give other numbers in another run, as their backends declare.

    Every backend of corelib's gives the same numbers, and so must any other that does not declare `deterministic = False`; the
    conformance suite tests it. TypeError for what is no bool; RuntimeError where a device in use is declared otherwise.

    >>> import corelib as torch
    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    for what, given in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(given, bool):
            raise TypeError(f"use_deterministic_algorithms(): argument '{what}' must be bool, not {type(given).__name__}")
    _set(0 if not mode else 1 if warn_only else 2)


def _set(level: int) -> None:
    global _level
    before, _level = _level, level
    try:
        for device_type, backend in AT_WORK.items():
            check(device_type, backend)
    except RuntimeError:
        _level = before
        raise


def check(device_type: str, backend: Backend) -> None:
    """Refuse or warn of a backend that does not promise the same numbers, as was asked for."""
    if not _level or backend.deterministic:
        return
    text = (
        f"device type {device_type!r} has kernels that may give other numbers in another run, as its backend declares; "
        "use_deterministic_algorithms(True) refuses it, with warn_only=True it only warns"
    )
    if _level == 2:
        raise RuntimeError(text)
    warnings.warn(text, UserWarning, stacklevel=4)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether devices without the promise of the same numbers are refused or warned of."""
    return _level > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether they are only warned of."""
    return _level == 1


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same by one word or number: "default" (0), "warn" (1) or "error" (2). RuntimeError for anything else."""
    level = _LEVELS.index(debug_mode) if debug_mode in _LEVELS else debug_mode
    if isinstance(level, bool) or not isinstance(level, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode).__name__}")
    if level not in (0, 1, 2):
        raise RuntimeError(f"set_deterministic_debug_mode(): invalid value {debug_mode!r}; accepted are {', '.join(_LEVELS)} and 0 to 2")
    _set(int(level))


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: nothing, a warning or an error for devices without the promise of the same numbers."""
    return _level
