"""Elementwise ops, normalizations and reductions, at sizes where the kernels count."""

from __future__ import annotations

from typing import Any

from benchmarks.registry import case, data

ROWS, COLUMNS = 512, 1024


@case("elementwise", "add, 64 k elements")
def add_64k(T: Any) -> Any:
    a, b = data(T, 1 << 16), data(T, 1 << 16, seed=1)
    return lambda: a + b


@case("elementwise", "add, 16 M elements", goal=1.5)
def add_16m(T: Any) -> Any:
    a, b = data(T, 1 << 24), data(T, 1 << 24, seed=1)
    return lambda: a + b


@case("elementwise", "softmax, 512 x 1024")
def softmax(T: Any) -> Any:
    x = data(T, ROWS, COLUMNS)
    return lambda: T.softmax(x, -1)


@case("elementwise", "layer_norm, 512 x 1024")
def layer_norm(T: Any) -> Any:
    x, weight, bias = data(T, ROWS, COLUMNS), data(T, COLUMNS), data(T, COLUMNS, seed=1)
    return lambda: T.nn.functional.layer_norm(x, (COLUMNS,), weight, bias)


@case("elementwise", "gelu, 512 x 1024")
def gelu(T: Any) -> Any:
    x = data(T, ROWS, COLUMNS)
    return lambda: T.nn.functional.gelu(x)


@case("sums", "sum of all, 512 x 1024")
def sum_all(T: Any) -> Any:
    x = data(T, ROWS, COLUMNS)
    return lambda: x.sum()


@case("sums", "sum over rows, dim 0 of 512 x 1024")
def sum_rows(T: Any) -> Any:
    x = data(T, ROWS, COLUMNS)
    return lambda: x.sum(0)


@case("sums", "sum over columns, dim 1 of 512 x 1024")
def sum_columns(T: Any) -> Any:
    x = data(T, ROWS, COLUMNS)
    return lambda: x.sum(1)


@case("sums", "sum over dims 0 and 2 of 64 x 64 x 128")
def sum_outer_dims(T: Any) -> Any:
    x = data(T, 64, 64, 128)
    return lambda: x.sum((0, 2))
