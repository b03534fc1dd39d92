"""The kernel table of the cpu device: the shared NumPy-like kernels, and this backend's own on top."""

from __future__ import annotations

import numpy as np
from corelib.backend import xp
from corelib.contract.kernels import KernelTable
from corelib_cpu_numpy import optim_steps
from corelib_cpu_numpy.guard import guard


def table() -> KernelTable:
    """Every kernel of the cpu device."""
    made = KernelTable()
    xp.register(made, np, guard)
    optim_steps.register(made)
    return made
