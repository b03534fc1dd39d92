"""Layout: how a tensor's elements lie in memory. With device and dtype it says what a tensor is."""

from __future__ import annotations

from corelib.tensor.size import Shape, Strides


class layout:
    """A memory layout. Tensors of `corelib.strided` are the only ones so far; it is half of the dispatcher's first key."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")
jagged = layout("jagged")
"""That of PyTorch's nested tensors, which corelib does not have: no tensor is of it, and whoever asks for one is told."""


class memory_format:
    """How dense dimensions are ordered: row-major, as they are, or with the channels innermost, of four dimensions or five."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format")
legacy_contiguous_format = contiguous_format
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
CHANNELS_INNERMOST = {"channels_last": 4, "channels_last_3d": 5}
"""The formats with the channels innermost, and how many dimensions they are for."""


def innermost_strides(name: str, shape: Shape, format: str) -> Strides:
    """The strides of (n, c, *sizes) with the channels innermost; RuntimeError for another number of dimensions."""
    rank = CHANNELS_INNERMOST[format]
    if len(shape) != rank:
        raise RuntimeError(f"{name}(): required rank {rank} tensor to use {format} format, got shape {list(shape)}")
    steps, step = [1] * rank, shape[1]
    for d in range(rank - 1, 1, -1):
        steps[d] = step
        step *= shape[d]
    steps[0] = step
    return tuple(steps)


def suggested_format(shape: Shape, strides: Strides) -> str | None:
    """The format with the channels innermost that strides of four or five dimensions show; None for row-major and what is neither.

    Strides of dimensions of size 1 count, and where the two formats cannot be told apart it is row-major, as in PyTorch.
    """
    rank = len(shape)
    if rank not in (4, 5) or strides[1] == 0:
        return None
    least = 0
    for d in (1, *range(rank - 1, 1, -1), 0):
        if shape[d] == 0 or strides[d] < least or (d == 0 and least == strides[1]):
            return None
        least = strides[d] * max(shape[d], 1)
    return "channels_last" if rank == 4 else "channels_last_3d"
