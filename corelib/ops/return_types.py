"""The named tuples in which ops return several results; those of linear algebra are in linalg/results.py.

They show themselves as PyTorch's `torch.return_types` do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from corelib.tensor.named import NamedTuple
from corelib.tensor.tensor import Tensor

T = TypeVar("T", bound=type)
KINDS: dict[str, type] = {}
"""All of them by name, filled by `shown_as`; `torch.return_types` shows them."""


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(KINDS)
    try:
        return KINDS[name]
    except KeyError:
        raise AttributeError(f"module 'torch.return_types' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted(KINDS)


def _text(self: NamedTuple) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{fields})"


def _made(name: str, values: tuple[Any, ...]) -> Any:
    return KINDS[name](*values)


def _reduced(self: NamedTuple) -> tuple[object, tuple[str, tuple[Any, ...]]]:
    return _made, (type(self).__name__, tuple(self))  # its module is PyTorch's, where pickle would look for it


def shown_as(name: str) -> Callable[[T], T]:
    """A decorator for named tuples: what PyTorch calls them, which is often the name of the function that returns one."""

    def named(made: T) -> T:
        kind: Any = made
        for attribute, value in (("__name__", name), ("__qualname__", name), ("__module__", "torch.return_types"), ("__repr__", _text), ("__reduce__", _reduced)):
            setattr(made, attribute, value)
        kind.n_fields = kind.n_sequence_fields = len(kind._fields)  # as of C's sequences
        kind.n_unnamed_fields = 0
        KINDS[name] = made
        return made

    return named


class ValuesAndIndices(NamedTuple):
    """Elements, and where they were found."""

    values: Tensor
    indices: Tensor


def values_and_indices(name: str) -> type[ValuesAndIndices]:
    """The result of the function of that name."""

    class Found(ValuesAndIndices):
        __slots__ = ()

    return shown_as(name)(Found)


@shown_as("aminmax")
class MinAndMax(NamedTuple):
    min: Tensor
    max: Tensor


@shown_as("histogram")
class Histogram(NamedTuple):
    hist: Tensor
    bin_edges: Tensor


@shown_as("histogramdd")
class HistogramOfMany(NamedTuple):
    hist: Tensor
    bin_edges: tuple[Tensor, ...]


@shown_as("frexp")
class Frexp(NamedTuple):
    mantissa: Tensor
    exponent: Tensor
