"""Kernels in generated C, for backends whose devices have a compiler: OpenCL, CUDA and their like.

`register(table, launcher)` fills a backend's kernel table. Elementwise ops and composites whose bodies are elementwise become one
kernel each, made from the op table itself (trace.py, elementwise.py); what moves, reduces or multiplies has a file of its
own. Arrays are `corelib.backend.StridedArray`: a buffer, strides and an offset in elements.
"""

from __future__ import annotations

from typing import Any

from corelib.contract.kernels import KernelTable
from corelib.backend.codegen.launch import Launcher


def register(table: KernelTable, launcher: Launcher, dtypes: tuple[Any, ...]) -> None:
    """Put every generated kernel into a backend's table, for the dtypes that its devices have."""
    from corelib.backend.codegen import tables

    tables.register(table, launcher, dtypes)
