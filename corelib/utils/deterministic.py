"""`torch.utils.deterministic`: whether deterministic mode fills memory that nothing has set. A module whose setting can be assigned to.

>>> import corelib as torch
>>> torch.utils.deterministic.fill_uninitialized_memory
True
"""

from __future__ import annotations

from types import ModuleType

from corelib.dispatcher.determinism import UNSET

__all__: list[str] = []  # its one name is a setting


class Setting(ModuleType):
    """The class of this module, which `corelib.utils` gives it: a module with a property, as PyTorch's is."""

    @property
    def fill_uninitialized_memory(self) -> bool:
        """Whether `empty`, `resize_` and their kind fill what nothing has set while `use_deterministic_algorithms(True)` holds; True unless set."""
        return UNSET.wanted

    @fill_uninitialized_memory.setter
    def fill_uninitialized_memory(self, mode: bool) -> None:
        UNSET.want(mode)
