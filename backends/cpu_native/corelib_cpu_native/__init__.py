"""A kernel pack for the cpu device of corelib: kernels in C, compiled where they run. This module is import-light; the pack is in `pack.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluggy import HookimplMarker

if TYPE_CHECKING:
    from corelib.contract.kernels import KernelTable

__version__ = "0.1.0"

hookimpl = HookimplMarker("corelib")


@hookimpl
def corelib_kernels(device_type: str, table: KernelTable) -> None:
    """The pack's kernels, each compiled when it is first called."""
    from corelib_cpu_native.pack import register  # which listing plugins must not pay for

    register(table)
