"""Tracebacks as a user wants them: the program's own frames and those of modules, optimizers and loaders, which PyTorch shows too, without
the ones between an operator and its kernel, which PyTorch has in C++. The environment variable CORELIB_TRACEBACK=full leaves them all.
"""

from __future__ import annotations

import os
from types import FrameType, TracebackType

_HIDDEN = frozenset(("as_torch", "autograd", "backend", "contract", "dispatcher", "graph", "ops", "tensor"))


def _hidden(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__")
    if module is None:  # generated functions have no module
        return frame.f_code.co_filename == "<string>" and frame.f_code.co_name != "<module>"
    package, _, room = module.partition(".")
    return package.startswith("corelib_") or (package == "corelib" and room.partition(".")[0] in _HIDDEN)


def shorten(error: BaseException) -> None:
    """Take the inner frames out of an error's traceback, and out of those of the errors that it came from; not where it has no others."""
    if os.environ.get("CORELIB_TRACEBACK") == "full":
        return
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        left += [one.__cause__, one.__context__]
        kept: list[TracebackType] = []
        here = one.__traceback__
        while here is not None:
            if not _hidden(here.tb_frame):
                kept.append(here)
            here = here.tb_next
        if kept:
            for above, below in zip(kept, [*kept[1:], None], strict=True):
                above.tb_next = below
            one.__traceback__ = kept[0]
