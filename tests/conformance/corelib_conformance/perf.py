"""How fast a device is, beside the host: recorded, and never a reason to fail."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from typing import Any

import corelib
from corelib.nn import functional as F
from corelib_conformance.target import Target

Setup = Callable[[str, Any], Callable[[], Any]]


def _elementwise(function: Any, n: int) -> Setup:
    def setup(device: str, dtype: Any) -> Callable[[], Any]:
        a, b = [corelib.rand(n, device=device).to(dtype) for _ in range(2)]
        return lambda: function(a, b)

    return setup


def _matmul(n: int) -> Setup:
    def setup(device: str, dtype: Any) -> Callable[[], Any]:
        a, b = [corelib.rand(n, n, device=device).to(dtype) for _ in range(2)]
        return lambda: a @ b

    return setup


def _rows(function: Any) -> Setup:
    def setup(device: str, dtype: Any) -> Callable[[], Any]:
        x = corelib.rand(512, 1024, device=device).to(dtype)
        return lambda: function(x)

    return setup


def _images(function: Any) -> Setup:
    def setup(device: str, dtype: Any) -> Callable[[], Any]:
        x = corelib.rand(16, 32, 32, 32, device=device).to(dtype)
        return lambda: function(x)

    return setup


def _attention(device: str, dtype: Any) -> Callable[[], Any]:
    q, k, v = [corelib.rand(2, 8, 256, 64, device=device).to(dtype) for _ in range(3)]
    return lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True)


def _conv(device: str, dtype: Any) -> Callable[[], Any]:
    x, w = corelib.rand(8, 16, 32, 32, device=device).to(dtype), corelib.rand(32, 16, 3, 3, device=device).to(dtype)
    return lambda: F.conv2d(x, w, padding=1)


M = 1 << 20
# op, size in words, setup, elements that are read and written, floating operations
CASES: list[tuple[str, str, Setup, int, float]] = [
    ("add", "64 k", _elementwise(lambda a, b: a + b, 1 << 16), 3 << 16, 0), ("add", "4 M", _elementwise(lambda a, b: a + b, 4 * M), 12 * M, 0),
    ("exp", "4 M", _elementwise(lambda a, b: a.exp(), 4 * M), 8 * M, 0), ("gelu", "4 M", _elementwise(lambda a, b: F.gelu(a), 4 * M), 8 * M, 0),
    ("mul", "4 M", _elementwise(lambda a, b: a * b, 4 * M), 12 * M, 0), ("tanh", "4 M", _elementwise(lambda a, b: a.tanh(), 4 * M), 8 * M, 0),
    ("where", "4 M", _elementwise(lambda a, b: corelib.where(a > b, a, b), 4 * M), 16 * M, 0),
    ("dropout", "4 M", _elementwise(lambda a, b: F.dropout(a), 4 * M), 12 * M, 0),
    ("sum", "4 M", _elementwise(lambda a, b: a.sum(), 4 * M), 4 * M, 0), ("softmax", "512 x 1024", _rows(lambda x: x.softmax(-1)), M, 0),
    ("layer_norm", "512 x 1024", _rows(lambda x: F.layer_norm(x, (1024,))), M, 0), ("sum", "512 x 1024, dim 0", _rows(lambda x: x.sum(0)), M // 2, 0),
    ("transpose, copied", "512 x 1024", _rows(lambda x: x.t().contiguous()), M, 0),
    ("matmul", "64", _matmul(64), 3 * 64**2, 2 * 64**3), ("matmul", "512", _matmul(512), 3 * 512**2, 2 * 512**3), ("matmul", "1024", _matmul(1024), 3 * M, 2 * 1024**3),
    ("conv2d", "8 x 16 x 32 x 32, 32 filters of 3 x 3", _conv, 8 * 48 * 1024, 2.0 * 8 * 32 * 1024 * 16 * 9),
    ("max_pool2d", "16 x 32 x 32 x 32, 2 x 2", _images(lambda x: F.max_pool2d(x, 2)), 5 * M // 8, 0), ("sort", "512 x 1024", _rows(lambda x: x.sort(-1)), 4 * M // 2, 0),
    ("argmax", "512 x 1024", _rows(lambda x: x.argmax(-1)), M // 2, 0),
    ("attention", "2 x 8 x 256 x 64, causal", _attention, 4 * 2 * 8 * 256 * 64, 2.0 * 2 * 2 * 8 * 256 * 256 * 64 / 2),
]


def measure(target: Target, op: str | None = None, seconds: float = 0.4) -> list[dict[str, Any]]:
    """The median time of each case on the device and on the host, in turns."""
    rows = []
    for name, size, setup, elements, flops in CASES:
        if op is not None and not re.fullmatch(op, name):
            continue
        runs = {device: setup(device, corelib.float32) for device in (target.name, "cpu")}
        times: dict[str, list[float]] = {device: [] for device in runs}
        for device, run in runs.items():
            run()
            corelib.synchronize(device)
        end = time.perf_counter() + seconds * len(runs)
        while time.perf_counter() < end or len(times[target.name]) < 5:
            for device, run in runs.items():
                start = time.perf_counter()
                run()
                corelib.synchronize(device)
                times[device].append(time.perf_counter() - start)
        mine, host = statistics.median(times[target.name]), statistics.median(times["cpu"])
        rows.append({
            "op": name, "dtype": "float32", "size": size, "microseconds": mine * 1e6, "gbytes_per_s": elements * 4 / mine / 1e9,
            "gflops": flops / mine / 1e9, "host_microseconds": host * 1e6,
        })
    return rows
