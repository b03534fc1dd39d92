"""Kernels in generated C, for backends whose devices have a compiler: OpenCL, CUDA and their like.

`register(table, launcher)` fills a backend's kernel table. Elementwise ops and composites whose bodies are elementwise become one
kernel each, made from the op table itself (trace.py, elementwise.py); what moves, reduces or multiplies has a file of its
own. Arrays are `corelib.backend.StridedArray`: a buffer, strides and an offset in elements.
"""

from __future__ import annotations

from corelib.backend.codegen import tables
from corelib.backend.codegen.launch import Launcher
from corelib.contract.kernels import KernelTable
from corelib.tensor.dtype import dtype as DType


def register(table: KernelTable, launcher: Launcher, dtypes: tuple[DType, ...]) -> None:
    """Put every generated kernel into a backend's table, for the dtypes that its devices have."""
    tables.register(table, launcher, dtypes)
