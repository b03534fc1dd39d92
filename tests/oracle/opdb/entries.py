"""Which entries of op_db are compared, for which dtypes, and how each is called in either library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo

from ..harness import subject
from .translate import Translation, at

DTYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128,
)  # fmt: skip
LEFT_OUT = ("sparse", "to_sparse", "jiterator_", "quantized")  # other layouts and dtypes, and a compiler of CUDA's


@dataclass(frozen=True)
class Entry:
    """One entry of op_db."""

    info: OpInfo

    @property
    def name(self) -> str:
        return f"{self.info.name}.{self.info.variant_test_name}".rstrip(".")

    @property
    def family(self) -> str:
        """What stands before the last dot, such as linalg."""
        return self.info.name.rpartition(".")[0] or "torch"

    def dtypes(self, *, gradients: bool = False) -> tuple[torch.dtype, ...]:
        supported = self.info.supported_backward_dtypes("cpu") if gradients else self.info.supported_dtypes("cpu")
        return tuple(d for d in DTYPES if d in supported)


def ours_of(function: Any, name: str) -> Any:
    if isinstance(function, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
        return at(name.removeprefix("torch.ops.aten."), subject.ops.aten)
    try:
        public = at(name, torch)
    except AttributeError:
        public = None
    # What PyTorch picks by a flag, such as max_pool1d with indices or without, is a function of its own at each use.
    if public is function or getattr(function, "__qualname__", "") == "boolean_dispatch.<locals>.fn":
        return at(name, subject)
    return Translation().function(function)


@cache
def entries() -> dict[str, Entry]:
    found = (Entry(info) for info in op_db if not info.name.startswith(LEFT_OUT) and "sparse" not in info.name)
    return {e.name: e for e in found if e.dtypes()}


def cases() -> Iterator[tuple[str, torch.dtype]]:
    """Entry by entry its dtypes."""
    for entry in entries().values():
        for dtype in entry.dtypes():
            yield entry.name, dtype
