"""What is done for each row: reductions, and what is made of a row's reductions, such as softmax and the norms.

A program is a list of stages that are done for each row: `Reduce` its elements to a value, `Let` a value be computed from
others, `Store` one value a row, `Map` every element to an output. A "row" is any set of dimensions; the others are kept.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Reduce(NamedTuple):
    """One value of all elements of a row: `combine`, over `a` and `b`, starts from `init` and takes each `value`."""

    name: str
    type: str
    init: str
    value: str
    combine: str


class Let(NamedTuple):
    """A value of the row, computed from others."""

    name: str
    type: str
    value: str


class Pick(NamedTuple):
    """A row's value: the element of an array that lies as many times `x0` from the row's start as an index says."""

    name: str
    type: str
    array: int
    by: str


class Store(NamedTuple):
    """Write a row's value into the row's element of an output; it may name arrays that have one element a row."""

    array: int
    value: str


class Map(NamedTuple):
    """Write a value for each element of the row into an output."""

    array: int
    value: str
    statements: tuple[str, ...] = ()


class Scan(NamedTuple):
    """Write for each element what `combine` makes of it and all before it; starts from `init`."""

    array: int
    type: str
    init: str
    value: str
    combine: str


class Put(NamedTuple):
    """Write or add every element of the row where an index says: `to` is the place, `x0` steps from the row's own."""

    array: int
    by: int
    value: str
    add: str = ""
    """How to join what is there, `a`, and the value, `b`; the value replaces it where this is empty."""
    mark: int = -1
    """An array that is raised to x2 where an index is not from 0 to x1 - 1, and nothing is put; none, where indices have been checked."""


Stage: TypeAlias = Reduce | Let | Pick | Store | Map | Scan | Put


class Program(NamedTuple):
    """Stages over arrays `v0`, `v1`, ...: the first `outputs` of them are written, the others read. Where a row is one dimension,
    `i` is an element's place in it."""

    name: str
    outputs: int
    stages: tuple[Stage, ...]
    numbers: tuple[str, ...] = ()
    """The types of numbers given by value, `x0`, `x1`, ...; "i64", "f32" or "f64"."""
