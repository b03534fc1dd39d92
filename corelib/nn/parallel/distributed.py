"""DistributedDataParallel: not yet."""

from __future__ import annotations

from typing import Any, NoReturn

from corelib.nn.modules.module import Module

__all__ = ["DistributedDataParallel"]


class DistributedDataParallel(Module):
    """Training in several processes; corelib has no process groups yet, and refuses.

    RuntimeError always. One process: the module itself. Several devices of one process: `nn.DataParallel`.
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "DistributedDataParallel: corelib has no process groups yet. For one process use the module itself; for several devices of one "
            "process, torch.nn.DataParallel(module)"
        )
