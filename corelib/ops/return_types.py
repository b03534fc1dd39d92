"""The named tuples in which ops return several results. Their module is called `torch.return_types`, as PyTorch's is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeVar

from corelib.tensor.tensor import Tensor

T = TypeVar("T")


class Named(Protocol):
    """A named tuple."""

    def _asdict(self) -> Mapping[str, object]: ...


def text(result: Named) -> str:
    """What PyTorch shows of a named result."""
    fields = ",\n".join(f"{name}={value!r}" for name, value in result._asdict().items())
    return f"torch.return_types.{type(result).__name__}(\n{fields})"


def called(name: str) -> Callable[[type[T]], type[T]]:
    """A decorator for a named tuple: what PyTorch calls it, which is often the name of the function that returns it."""

    def rename(kind: type[T]) -> type[T]:
        kind.__name__ = kind.__qualname__ = name
        kind.__module__ = "torch.return_types"
        return kind

    return rename


class ValuesAndIndices(NamedTuple):
    """Elements, and where they were found."""

    values: Tensor
    indices: Tensor

    def __repr__(self) -> str:
        return text(self)


def values_and_indices(name: str) -> type[ValuesAndIndices]:
    """The result of the function of that name."""

    class Found(ValuesAndIndices):
        __slots__ = ()

    return called(name)(Found)


@called("aminmax")
class MinAndMax(NamedTuple):
    min: Tensor
    max: Tensor

    def __repr__(self) -> str:
        return text(self)


@called("histogram")
class Histogram(NamedTuple):
    hist: Tensor
    bin_edges: Tensor

    def __repr__(self) -> str:
        return text(self)


@called("frexp")
class Frexp(NamedTuple):
    mantissa: Tensor
    exponent: Tensor

    def __repr__(self) -> str:
        return text(self)
