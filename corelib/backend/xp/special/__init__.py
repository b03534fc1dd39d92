"""Kernels of special functions: written out where programs use them much, and of the bodies of all others."""

from __future__ import annotations

from corelib.backend.xp.guard import Guard, Module
from corelib.backend.xp.special import error_functions, gamma_functions
from corelib.contract.kernels import KernelTable


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """The families that are written out."""
    error_functions.register(table, xp, guard)
    gamma_functions.register(table, xp, guard)
