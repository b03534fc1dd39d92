"""torch.cuda.nvtx: marks for NVIDIA's profilers, which corelib does not set. RuntimeError, as from a PyTorch without CUDA."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["mark", "range", "range_end", "range_pop", "range_push", "range_start"]


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise RuntimeError("NVTX functions not installed: corelib sets no marks for NVIDIA's profilers; the package nvtx (pip install nvtx) does")


mark = range = range_end = range_pop = range_push = range_start = _refuse
