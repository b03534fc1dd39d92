"""Layout: how a tensor's elements lie in memory. With device and dtype it says what a tensor is."""

from __future__ import annotations


class layout:
    """A memory layout. `corelib.strided` is the only one so far; it is half of the dispatcher's first key."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")


class memory_format:
    """How dense dimensions are ordered. Only contiguous and preserve are stored by corelib."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
