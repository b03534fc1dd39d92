"""torch.__future__: how `module.to(...)` and its like put converted parameters in place."""

from __future__ import annotations

__all__ = [
    "get_overwrite_module_params_on_conversion", "get_swap_module_params_on_conversion", "set_overwrite_module_params_on_conversion",
    "set_swap_module_params_on_conversion",
]

_overwrite = False
_swap = False


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Whether `module.to(...)` makes new parameters, and leaves the old ones to whoever else holds them; at first it changes them in place.

    >>> import corelib as torch
    >>> torch.__future__.set_overwrite_module_params_on_conversion(True)
    >>> model = torch.nn.Linear(2, 2)
    >>> before = model.weight
    >>> model.double().weight is before
    False
    >>> torch.__future__.set_overwrite_module_params_on_conversion(False)
    """
    global _overwrite
    _overwrite = value


def get_overwrite_module_params_on_conversion() -> bool:
    """What `set_overwrite_module_params_on_conversion` has set; False at first."""
    return _overwrite


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Whether `module.to(...)` keeps the parameters and exchanges what they are; corelib's way keeps them in either case."""
    global _swap
    _swap = value


def get_swap_module_params_on_conversion() -> bool:
    """What `set_swap_module_params_on_conversion` has set; False at first."""
    return _swap
