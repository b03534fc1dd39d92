"""Whether every run gives the same numbers. Kernels do, unless their backend declares otherwise; then this says what is to happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.as_torch.warned import warn
from corelib.dispatcher.plugins.loaded import AT_WORK

if TYPE_CHECKING:  # start-up: as in loaded.py
    from corelib.contract.backend import Backend

_LEVELS = ("default", "warn", "error")
_level = 0
_warn_only = False  # what was said, also where the mode is off


class Unset:
    """What becomes of memory that nothing has set."""

    __slots__ = ("filled", "wanted")

    def __init__(self) -> None:
        self.wanted = True
        """`torch.utils.deterministic.fill_uninitialized_memory`."""
        self.filled = False
        """Whether it is filled now: in deterministic mode, where that is wanted."""

    def want(self, wanted: bool) -> None:
        """Set `torch.utils.deterministic.fill_uninitialized_memory`. RuntimeError for what is no bool."""
        if not isinstance(wanted, bool):
            raise RuntimeError(f"fill_uninitialized_memory: expected a bool, but got {type(wanted).__name__}")
        self.wanted = wanted
        self.filled = wanted and _level > 0


UNSET = Unset()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Refuse (or, with `warn_only`, warn of) what may give other numbers in another run: devices whose backends declare it of their
    kernels, and on every device what PyTorch refuses on all of its own (`max_unpool`, `put_` without accumulate).

    Every backend of corelib's gives the same numbers, and so must any other that does not declare `deterministic = False`; the
    conformance suite tests it. In this mode `empty`, `resize_` and their kind fill what nothing has set, with nan or the largest integer,
    unless `torch.utils.deterministic.fill_uninitialized_memory` is False. TypeError for what is no bool; RuntimeError where a
    device in use is declared otherwise.

    >>> import corelib as torch
    >>> torch.use_deterministic_algorithms(True)
    >>> torch.are_deterministic_algorithms_enabled()
    True
    >>> torch.use_deterministic_algorithms(False)
    """
    for what, given in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(given, bool):
            raise TypeError(f"use_deterministic_algorithms(): argument '{what}' must be bool, not {type(given).__name__}")
    _set(0 if not mode else 1 if warn_only else 2, warn_only)


def _set(level: int, warn_only: bool) -> None:
    global _level, _warn_only
    before, _level = _level, level
    try:
        for device_type, backend in AT_WORK.items():
            check(device_type, backend)
    except RuntimeError:
        _level = before
        raise
    _warn_only = warn_only
    UNSET.want(UNSET.wanted)


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
    warn(text, UserWarning)


def not_deterministic(name: str) -> None:
    """Refuse or warn of what PyTorch has no deterministic algorithm for, as was asked for."""
    if not _level:
        return
    text = f"{name}() does not have a deterministic implementation, but you set 'torch.use_deterministic_algorithms(True{', warn_only=True' if _level == 1 else ''})'."
    if _level == 2:
        raise RuntimeError(f"{text} You can turn off determinism just for this operation, or you can use the 'warn_only=True' option, if that's acceptable for your application.")
    warn(text, UserWarning)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether devices without the promise of the same numbers are refused or warned of."""
    return _level > 0


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether they are only warned of, where the mode is on."""
    return _warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same by one word or number: "default" (0), "warn" (1) or "error" (2). RuntimeError for anything else."""
    level = _LEVELS.index(debug_mode) if debug_mode in _LEVELS else debug_mode
    if isinstance(level, bool) or not isinstance(level, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode).__name__}")
    if level not in (0, 1, 2):
        raise RuntimeError(f"set_deterministic_debug_mode(): invalid value {debug_mode!r}; accepted are {', '.join(_LEVELS)} and 0 to 2")
    _set(int(level), level == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: nothing, a warning or an error for devices without the promise of the same numbers."""
    return _level
