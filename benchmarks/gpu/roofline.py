"""Part "roofline": how near kernels come to what the device can do: bytes moved a second, and operations a second.

The ceilings are measured first: a copy by the driver, and cuBLAS's product of large matrices. Then single ops, whose bytes and operations are known,
and last every kernel of a training step of a small GPT, by what its launch tells: the bytes of its buffers (each counted once), and for a
contraction its sizes. Times are the device's, between two events.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.gpu.part import Part

LARGE = 1 << 24
"""Elements of what is measured, where the device has the room."""


def milliseconds(torch: Any, device: Any, step: Callable[[], Any], calls: int) -> float:
    """A step's time on the device, between two events; warmed up by one."""
    module = getattr(torch, device.type)
    step()
    start, end = module.Event(enable_timing=True), module.Event(enable_timing=True)
    start.record()
    for _ in range(calls):
        step()
    end.record()
    return float(start.elapsed_time(end)) / calls


def main() -> None:
    """Ceilings, ops, kernels."""
    part = Part()
    import corelib as torch

    device = torch.device(part.device)
    free = getattr(torch, device.type).mem_get_info(device)[0]
    n = min(LARGE, 1 << max(12, (free // 64).bit_length() - 1))
    if part.seconds < 60:
        n = min(n, 1 << 16)
    calls = 20 if part.seconds >= 60 else 3
    ceilings = {"GB/s": 0.0, "GFLOP/s": 0.0}

    def ceiling() -> None:
        x, y = torch.empty(4 * n, dtype=torch.uint8, device=device), torch.empty(4 * n, dtype=torch.uint8, device=device)
        backend: Any = x.device.runtime.backend
        a, b = x._array(), y._array()
        ms = milliseconds(torch, device, lambda: backend.device_to_device(b.buffer, 0, a.buffer, 0, 4 * n, a.device_index), calls)
        ceilings["GB/s"] = 8 * n / ms / 1e6
        part.fact("memory, by the driver's copy", f"{ceilings['GB/s']:.1f} GB/s")
        side = 1 << max(5, (n.bit_length() - 1) // 2)
        m = torch.rand(side, side, device=device)
        ms = milliseconds(torch, device, lambda: m @ m, calls)
        ceilings["GFLOP/s"] = 2 * side**3 / ms / 1e6
        part.fact(f"float32, by cuBLAS's product of {side} x {side}", f"{ceilings['GFLOP/s']:.0f} GFLOP/s")

    part.attempt("ceilings", ceiling)
    for name, moved, work, make in ops(n):
        if part.left < 5:
            break
        part.attempt(name, lambda name=name, moved=moved, work=work, make=make: _row(  # type: ignore[misc]
            part, ceilings, name, milliseconds(torch, device, make(torch, device), calls), moved, work, calls
        ))
    if part.left > 5:
        part.attempt("the kernels of a step", lambda: kernels(part, ceilings, torch, device))


def _row(part: Part, ceilings: dict[str, float], name: str, ms: float, moved: float, work: float, calls: int) -> None:
    rate, operations = moved / ms / 1e6 if ms else 0.0, work / ms / 1e6 if ms else 0.0
    shares = {"of memory": rate / ceilings["GB/s"] if ceilings["GB/s"] else 0.0, "of float32": operations / ceilings["GFLOP/s"] if ceilings["GFLOP/s"] else 0.0}
    part.row(
        kernel=name, calls=calls, microseconds=round(ms * 1000, 2), GBs=round(rate, 1), GFLOPs=round(operations, 1),
        **{what: f"{share:.1%}" for what, share in shares.items()},
    )


def ops(n: int) -> list[tuple[str, float, float, Callable[[Any, Any], Callable[[], Any]]]]:
    """(name, bytes, operations, how the step is made) of ops that are one kernel each, or nearly."""
    rows, side = max(n >> 10, 1), 1 << max(5, (n.bit_length() - 1) // 2 - 1)
    batch, channels, width, heads, length = 16, 32, 56 if n >= LARGE else 14, 8, 512 if n >= LARGE else 64
    macs = batch * channels * channels * 9 * width * width
    return [
        ("add", 12 * n, n, lambda T, d: _pair(T, d, n, lambda x, y: x + y)),
        ("gelu", 8 * n, 0, lambda T, d: _one(T, d, (n,), T.nn.functional.gelu)),
        ("exp of float16", 4 * n, 0, lambda T, d: _one(T, d, (n,), lambda x: x.exp(), T.float16)),
        ("sum", 4 * n, n, lambda T, d: _one(T, d, (n,), lambda x: x.sum())),
        ("sum of rows", 4 * n, n, lambda T, d: _one(T, d, (rows, 1024), lambda x: x.sum(1))),
        ("sum of columns", 4 * n, n, lambda T, d: _one(T, d, (rows, 1024), lambda x: x.sum(0))),
        ("softmax", 8 * n, 0, lambda T, d: _one(T, d, (rows, 1024), lambda x: x.softmax(1))),
        ("layer_norm", 8 * n, 0, lambda T, d: _one(T, d, (rows, 1024), lambda x: T.nn.functional.layer_norm(x, (1024,)))),
        ("transposed copy", 8 * n, 0, lambda T, d: _one(T, d, (rows, 1024), lambda x: x.t().contiguous())),
        ("product, float16", 6 * side**2, 2 * side**3, lambda T, d: _one(T, d, (side, side), lambda x: x @ x, T.float16)),
        ("product that cuBLAS does not serve", 12 * side**2, 2 * side**3 // 8, lambda T, d: _one(T, d, (side, side), lambda x: x[::2, ::2] @ x[::2, ::2])),
        ("conv2d, 3 x 3", 8 * batch * channels * width * width, 2 * macs, lambda T, d: _convolution(T, d, batch, channels, width)),
        ("attention", 16 * heads * length * 64, 4 * heads * length * length * 64, lambda T, d: _attention(T, d, heads, length)),
        ("Adam's step", 28 * n, 0, _adam(n)),
    ]


def _one(T: Any, d: Any, shape: tuple[int, ...], f: Callable[[Any], Any], dtype: Any = None) -> Callable[[], Any]:
    x = T.rand(*shape, device=d).to(dtype or T.float32)
    return lambda: f(x)


def _pair(T: Any, d: Any, n: int, f: Callable[[Any, Any], Any]) -> Callable[[], Any]:
    x, y = T.rand(n, device=d), T.rand(n, device=d)
    return lambda: f(x, y)


def _convolution(T: Any, d: Any, batch: int, channels: int, width: int) -> Callable[[], Any]:
    x, w = T.rand(batch, channels, width, width, device=d), T.rand(channels, channels, 3, 3, device=d)
    return lambda: T.nn.functional.conv2d(x, w, padding=1)


def _attention(T: Any, d: Any, heads: int, length: int) -> Callable[[], Any]:
    q = T.rand(1, heads, length, 64, device=d)
    return lambda: T.nn.functional.scaled_dot_product_attention(q, q, q)


def _adam(n: int) -> Callable[[Any, Any], Callable[[], Any]]:
    def make(T: Any, d: Any) -> Callable[[], Any]:
        x = T.zeros(n, device=d, requires_grad=True)
        x.grad = T.ones(n, device=d)
        optimizer = T.optim.Adam([x])
        return lambda: optimizer.step()

    return make


def kernels(part: Part, ceilings: dict[str, float], torch: Any, device: Any) -> None:
    """Each generated kernel of a training step of a small GPT, the longest first."""
    from benchmarks.cases import CASES

    step = CASES["first_train_gpt"](torch, part.device)
    step()
    backend = torch.device(part.device).runtime.backend
    launcher = backend.launcher
    plain, seen = launcher.run, []

    def run(index: int, kernel: Any, items: int, group: int, buffers: list[Any], params: bytes) -> None:
        with backend.at(index) as stream:
            start = backend.record_event(stream, index)
            plain(index, kernel, items, group, buffers, params)
            seen.append((kernel, start, backend.record_event(stream, index), sum({b.ptr: b.nbytes for b in buffers}.values()), _operations(kernel, params)))

    launcher.run = run
    try:
        step()
    finally:
        launcher.run = plain
    times: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for kernel, start, end, moved, work in seen:
        total = times[_name(kernel)]
        for i, value in enumerate((backend.elapsed_time(start, end), moved, work, 1)):
            total[i] += value
    part.fact("launches of generated kernels in a step of a small GPT", len(seen))
    for name, (ms, moved, work, count) in sorted(times.items(), key=lambda item: -item[1][0]):
        _row(part, ceilings, name, ms, moved, work, int(count))


def _name(kernel: Any) -> str:
    return str(getattr(kernel, "name", None) or getattr(kernel, "kernel_name", "kernel"))


def _operations(kernel: Any, params: bytes) -> int:
    """Of a contraction: two for each product, from the sizes that its parameters begin with and its batches (corelib/backend/codegen/contraction.py)."""
    if "contraction" not in _name(kernel):
        return 0
    numbers = struct.unpack_from("27q", params)
    m, n, k = numbers[:3]
    return int(2 * m * n * k * numbers[24] * numbers[25] * numbers[26])


if __name__ == "__main__":
    main()
