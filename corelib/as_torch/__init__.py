"""`import torch` that means corelib: `python -m corelib.as_torch script.py ARGS`, or `corelib.as_torch.install()` in a program or a notebook.

Every path of PyTorch's (`torch.utils.data.dataloader`) then is corelib's module for it, by one table (`paths`), and processes that are
started from there inherit it. A path that corelib lacks is a ModuleNotFoundError, a name that it lacks an AttributeError that says whether
PyTorch has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.as_torch.torch import install as install

__all__ = ["install"]


def __getattr__(name: str) -> Any:
    if name == "install":  # start-up: every `import corelib` passes here, few go on
        from corelib.as_torch.torch import install

        return install
    raise AttributeError(f"module 'corelib.as_torch' has no attribute {name!r}", name=name)
