"""The options of LinearCrossEntropyLoss, where PyTorch has them."""

from __future__ import annotations

from dataclasses import dataclass

from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

__all__ = ["LinearCrossEntropyOptions"]


@dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How `linear_cross_entropy` goes through the batch in pieces, so that the (n, classes) logits are never all in memory.

    batch_chunk_size: rows a piece. chunking_method: "aspect_ratio" or "aspect_ratio:N" makes a piece's logits about as large as the
    input, or an N-th of it; "auto" is "aspect_ratio:2"; None, with no chunk size, one piece. acc_dtype: what the gradients of the weight and
    bias are added up in, by default float32 for halves. acc_policy and allow_retain_graph are PyTorch's, checked and not needed: pieces are
    computed again in the backward pass, which may run any number of times.

    >>> import corelib as torch
    >>> torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2).batch_chunk_size
    2
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: DType | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}; accepted are auto, accurate, balanced and compact")
        if self.chunking_method not in (None, "auto"):
            name, colon, factor = self.chunking_method.partition(":")
            if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}; accepted are auto, aspect_ratio, aspect_ratio:N and None")
        size = self.batch_chunk_size
        if not (size is None or (isinstance(size, int) and size > 0)):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype not in (None, D.float16, D.bfloat16, D.float32, D.float64):
            raise ValueError(f"acc_dtype must be one of None, torch.float16, torch.bfloat16, torch.float32, torch.float64, got {self.acc_dtype!r}")

    def rows(self, n: int, features: int, classes: int) -> int:
        """Rows a piece, for a batch of n."""
        method, size = self.chunking_method, self.batch_chunk_size
        if method == "auto":
            method = "aspect_ratio:2" if size is None else None
        found = n if size is None else min(size, n)
        if method is not None:
            target = -(-n // -(-classes // features))
            found = min((1 << (target - 1).bit_length()) // int(method.partition(":")[2] or 1), n)
            if size is not None and size != found:
                raise ValueError(f"batch_chunk_size (={size}) and chunking_method ('{method}') give different chunk sizes ({size} vs {found}); pass only one.")
        return max(found, 1)
