"""Pool under PyTorch's path: multiprocessing's own, whose workers give tensors back as shared memory."""

from __future__ import annotations

import gc
import multiprocessing.pool
from typing import Any


def clean_worker(*args: Any, **kwargs: Any) -> None:
    """A worker that frees at its end whatever only its garbage still held."""
    multiprocessing.pool.worker(*args, **kwargs)  # type: ignore[attr-defined]  # typeshed lacks it
    gc.collect()


class Pool(multiprocessing.pool.Pool):
    """A pool of worker processes."""
