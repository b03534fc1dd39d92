"""Products of matrices, convolution, and ops that move data."""

from __future__ import annotations

from typing import Any

from benchmarks.registry import case, data, indices


def _square(T: Any, n: int) -> Any:
    a, b = data(T, n, n), data(T, n, n, seed=1)
    return lambda: a @ b


@case("products", "matmul, 64")
def matmul_64(T: Any) -> Any:
    return _square(T, 64)


@case("products", "matmul, 512")
def matmul_512(T: Any) -> Any:
    return _square(T, 512)


@case("products", "matmul, 2048")
def matmul_2048(T: Any) -> Any:
    return _square(T, 2048)


@case("products", "conv2d, 8 x 16 x 32 x 32 with 32 filters of 3 x 3")
def conv2d(T: Any) -> Any:
    x, weight, bias = data(T, 8, 16, 32, 32), data(T, 32, 16, 3, 3, seed=1), data(T, 32, seed=2)
    return lambda: T.nn.functional.conv2d(x, weight, bias, padding=1)


@case("movement", "gather, dim 1 of 512 x 1024")
def gather(T: Any) -> Any:
    x, index = data(T, 512, 1024), indices(T, 1024, 512, 1024)
    return lambda: T.gather(x, 1, index)


@case("movement", "cat, 8 of 128 x 256 along dim 1")
def cat(T: Any) -> Any:
    parts = [data(T, 128, 256, seed=i) for i in range(8)]
    return lambda: T.cat(parts, 1)
