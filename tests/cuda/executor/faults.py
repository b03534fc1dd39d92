"""What was found when a kernel was executed, in words."""

from __future__ import annotations


class Fault(RuntimeError):
    """Names the kernel, the kind of fault, the array and address, block and thread, and the line of the text where it is known.

    `kind` is one of KINDS, `line` a line of the source that was handed over (0: not known).
    """

    def __init__(self, kind: str, message: str, kernel: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.kind = kind
        self.kernel = kernel
        self.line = line


KINDS = (
    "", "outside", "unwritten", "race", "race between blocks", "misaligned", "divergent barrier", "divergent barrier", "divergent warp", "divergent warp",
    "outside", "division", "shift", "crash", "unsupported", "endless",
)  # fmt: skip
"""By the number that runtime.h gives them; those of this side are "freed", "limits", "arguments" and "copy"."""
