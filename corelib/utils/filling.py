"""`torch.utils.deterministic`: whether deterministic mode fills memory that nothing has set.

>>> import corelib as torch
>>> torch.utils.deterministic.fill_uninitialized_memory
True
"""

from __future__ import annotations

from corelib.dispatcher.determinism import UNSET


class Deterministic:
    """What stands under that name: a setting that can be assigned to."""

    __slots__ = ()

    @property
    def fill_uninitialized_memory(self) -> bool:
        """Whether `empty`, `resize_` and their kind fill what nothing has set while `use_deterministic_algorithms(True)` holds; True unless set."""
        return UNSET.wanted

    @fill_uninitialized_memory.setter
    def fill_uninitialized_memory(self, mode: bool) -> None:
        UNSET.want(mode)


deterministic = Deterministic()
