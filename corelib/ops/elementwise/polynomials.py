"""Polynomials and their quotients, of which approximations are made: by Horner's scheme, coefficients from the highest power down."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar


class Numbers(Protocol):
    """What adds, multiplies and divides element by element: a tensor, or a backend's array."""

    def __add__(self, other: Self | float, /) -> Self: ...
    def __mul__(self, other: Self | float, /) -> Self: ...
    def __rmul__(self, other: Self | float, /) -> Self: ...
    def __truediv__(self, other: Self | float, /) -> Self: ...


X = TypeVar("X", bound=Numbers)


def polynomial(x: X, coefficients: tuple[float, ...]) -> X:
    """A polynomial of first degree or higher."""
    total = coefficients[0] * x + coefficients[1]
    for c in coefficients[2:]:
        total = total * x + c
    return total


def quotient(x: X, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> X:
    """The quotient of two polynomials."""
    return polynomial(x, numerator) / polynomial(x, denominator)
