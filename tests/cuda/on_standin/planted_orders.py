"""Faults planted into stream order and library calls of the cuda backend: `python planted_orders.py NAME` says what caught it.

Each is a small change to one call, as somebody could have written it; the work that it is tried on passes without it (`none`).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable
from typing import Any

import corelib as torch
import cupy
import numpy as np
from corelib.contract.allocator import CachingAllocator
from corelib_cuda_cupy import backend as module, compiler, products
from corelib_cuda_cupy.backend import CupyBackend
from cupy.cuda import driver, runtime
from cupy_backends.cuda.libs import cublas

cuda = torch.cuda
RNG = np.random.default_rng(0)


def products_of_every_form() -> None:
    for dtype, kind in ((torch.float32, "f4"), (torch.float64, "f8"), (torch.float16, "f2"), (torch.bfloat16, "f4")):
        a, b = (RNG.integers(-4, 5, s).astype(kind) for s in ((3, 7, 5), (3, 5, 6)))
        if dtype is torch.float64:
            a += 2.0**-40
        x, y = torch.from_numpy(a).to(dtype).to("cuda"), torch.from_numpy(b).to(dtype).to("cuda")
        wide = RNG.integers(-4, 5, (5, 9)).astype(kind)
        w = torch.from_numpy(wide).to(dtype).to("cuda")
        pairs = [
            (x @ y, a @ b), (x[0] @ y[1], a[0] @ b[1]), (x[0] @ w[:, :4], a[0] @ wide[:, :4]), (y[0].t() @ x[0].t(), b[0].T @ a[0].T),
            (x[1] @ w[:, 2:].contiguous(), a[1] @ wide[:, 2:]), (x.mT @ x, a.swapaxes(1, 2) @ a),
        ]  # fmt: skip
        for got, want in pairs:
            np.testing.assert_allclose(got.cpu().to(torch.float64).numpy(), want, rtol=1e-15 if kind == "f8" else 1e-2)


def work_on_two_streams() -> None:
    x, side, main = torch.ones(4000, device="cuda"), cuda.Stream(), cuda.current_stream()
    for i in range(6):
        side.wait_stream(main)
        with cuda.stream(side):
            y = x * 3
        x.record_stream(side)
        main.wait_stream(side)
        y.record_stream(main)
        x = y - 2 * x + i * 0
        assert x.sum().item() == 4000


def a_stream_waited_for_by_the_host() -> None:
    side, main = cuda.Stream(), cuda.current_stream()
    for _ in range(6):
        x = torch.ones(4000, device="cuda")
        main.synchronize()
        with cuda.stream(side):
            y = x * 3
        side.synchronize()
        assert (y + x).sum().item() == 16000


def numbers_read_in_a_stream() -> None:
    x, side = torch.ones(4000, device="cuda"), cuda.Stream()
    for _ in range(6):
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            assert (x * 3).tolist() == [3] * 4000


def memory_used_again() -> None:
    side, main = cuda.Stream(), cuda.current_stream()
    for _ in range(6):
        x = torch.ones(70001, device="cuda")
        side.wait_stream(main)
        with cuda.stream(side):
            y = x * 2
        x.record_stream(side)
        del x
        z = torch.zeros(70001, device="cuda")
        main.wait_stream(side)
        assert z.sum().item() == 0 and y.sum().item() == 140002


def copies_from_and_to_the_host() -> None:
    for i in range(6):
        data = np.full(5000, i, np.float32)
        x = torch.from_numpy(data).to("cuda")
        data[:] = -1
        assert x.cpu().tolist() == [i] * 5000


def pinned_copies() -> None:
    for i in range(6):
        x = torch.full((5000,), float(i)).pin_memory().to("cuda", non_blocking=True)
        torch.full((5000,), -1.0).pin_memory()
        assert x.sum().item() == 5000 * i


def work_on_two_devices() -> None:
    for device in ("cuda:1", "cuda:0", "cuda:1"):
        x = torch.arange(12.0, device=device).reshape(3, 4)
        assert (x @ x.t() + 1).sum().item() == (torch.arange(12.0).reshape(3, 4) @ torch.arange(12.0).reshape(3, 4).t() + 1).sum().item()


def capsules_of_the_second_device() -> None:
    from cupy.cuda import Device

    with cuda.stream(cuda.Stream(torch.device("cuda", 1))):
        capsule = (torch.full((1000,), 2.0, device="cuda:1") * 3).__dlpack__(stream=1)

    class Given:
        __dlpack__, __dlpack_device__ = (lambda self, **_: capsule), (lambda self: (2, 1))

    array = cupy.from_dlpack(Given())
    with Device(1):
        assert float((array + 1).sum().get()) == 7000


def a_block_copied_within_itself() -> None:
    b = torch.device("cuda").runtime.backend
    buffer = b.allocate(64, 0)
    b.host_to_device(buffer, 0, np.arange(64, dtype=np.uint8), 0)
    b.device_to_device(buffer, 8, buffer, 0, 32, 0)
    assert b.device_to_host(buffer, 0, 64, 0)[8:40].tolist() == list(range(32))


def times() -> None:
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    start.record()
    x = torch.ones(1000, device="cuda")
    for _ in range(5):
        x = x * 2
    end.record()
    assert start.elapsed_time(end) > 0


GEMM = (
    "handle", "transa", "transb", "m", "n", "k", "alpha", "A", "Atype", "lda", "strideA", "B", "Btype", "ldb", "strideB", "beta", "C", "Ctype", "ldc",
    "strideC", "batchCount", "computeType", "algo",
)  # fmt: skip


def gemm(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """cuBLAS is called with other arguments."""
    call = cublas.gemmStridedBatchedEx
    cublas.gemmStridedBatchedEx = lambda *args: call(*((given := dict(zip(GEMM, args))) | change(given)).values())


def method(name: str, instead: Any) -> Callable[[], None]:
    return lambda: setattr(CupyBackend, name, instead)


def without_a_wait(self: Any, buffer: Any, offset: int, data: Any, index: int) -> None:
    data = np.ascontiguousarray(data)
    with self.at(index) as stream:
        runtime.memcpyAsync(buffer.ptr + offset, data.ctypes.data, data.nbytes, 1, stream.ptr)


def read_too_early(self: Any, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
    data = np.empty(nbytes, np.uint8)
    with self.at(index) as stream:
        runtime.memcpyAsync(data.ctypes.data, buffer.ptr + offset, nbytes, 2, stream.ptr)
    return data


def wrong_direction(self: Any, buffer: Any, offset: int, data: Any, index: int) -> None:
    with self.at(index) as stream:
        runtime.memcpyAsync(buffer.ptr + offset, data.ctypes.data, data.nbytes, 2, stream.ptr)
        stream.synchronize()


def in_the_default_stream(self: Any, queue: Any, index: int) -> Any:
    with cupy.cuda.Device(index):
        event = cupy.cuda.Event()
        event.record(cupy.cuda.Stream.null)
        return event


def nowhere(self: Any, index: int) -> Any:
    return contextlib.nullcontext(cupy.cuda.get_current_stream(index))


def dlpack_anywhere(self: Any, native: Any, **kwargs: Any) -> Any:
    return self.as_cupy(native).__dlpack__(**kwargs)


def one_handle(handle: int) -> None:
    CupyBackend.cublas = lambda self, index: handle


def let_go(self: Any, buffer: Any, offset: int, data: Any, index: int) -> None:
    with self.at(index) as stream:
        runtime.memcpyAsync(buffer.ptr + offset, data.ctypes.data, data.nbytes, 1, stream.ptr)


def launched(change: Callable[[list[Any]], list[Any]]) -> None:
    """Kernels are launched with other arguments."""
    call = driver.launchKernel
    driver.launchKernel = lambda *args: call(*change(list(args)))


def other_pointers(args: list[Any]) -> list[Any]:
    """The first two arguments in the other order."""
    places = (ctypes.c_void_p * 2).from_address(args[9])
    places[0], places[1] = places[1], places[0]
    return args


def double_alpha() -> None:
    wide = ctypes.c_double(1)
    gemm(lambda g: {"alpha": ctypes.addressof(wide)} if wide.value and g["computeType"] == 68 else {})


ONTO_ITSELF = CupyBackend.device_to_device.__wrapped__  # type: ignore[attr-defined]  # without what keeps source and target apart


def as_many_as_rows(given: dict[str, Any]) -> dict[str, Any]:
    return {"lda": given["k"] if given["transa"] else given["m"]}


def in_other(kind: int, compute: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda given: {"computeType": compute} if given["Atype"] == kind else {}


Planted = tuple[str, Callable[[], object], Callable[[], None]]
PLANTED: dict[str, Planted] = {
    "none": ("nothing is changed", lambda: None, lambda: [w() for w in WORK]),
    "wait left out": ("a stream does not wait for an event", method("wait_event", lambda *a: None), work_on_two_streams),
    "event on the wrong stream": ("events are recorded in the default stream", method("record_event", in_the_default_stream), work_on_two_streams),
    "launch on the default stream": ("kernels go to stream 0", lambda: launched(lambda a: [*a[:8], 0, *a[9:]]), numbers_read_in_a_stream),
    "synchronization left out": ("the host does not wait for a stream", method("synchronize_queue", lambda *a: None), a_stream_waited_for_by_the_host),
    "free before use on another stream": ("record_stream does nothing", lambda: setattr(CachingAllocator, "seen_in", lambda *a: None), memory_used_again),
    "host memory changed before the copy": ("host_to_device does not wait", method("host_to_device", without_a_wait), copies_from_and_to_the_host),
    "host reads before the copy": ("device_to_host does not wait", method("device_to_host", read_too_early), copies_from_and_to_the_host),
    "wrong direction": ("a copy to the device is said to be one to the host", method("host_to_device", wrong_direction), copies_from_and_to_the_host),
    "pinned memory let go": ("nothing holds pinned memory until it has been copied", method("host_to_device_later", let_go), pinned_copies),
    "wrong device current": ("kernels are launched while another device is current", method("at", nowhere), work_on_two_devices),
    "handle of another device": ("one handle of cuBLAS for all devices", lambda: one_handle(cupy.cuda.get_cublas_handle()), work_on_two_devices),
    "capsule in another device's order": ("DLPack waits for device 0's stream", method("dlpack", dlpack_anywhere), capsules_of_the_second_device),
    "overlapping copy": ("a block is copied onto itself at once", method("device_to_device", ONTO_ITSELF), a_block_copied_within_itself),
    "time before the end": ("elapsed_time does not wait", method("elapsed_time", lambda self, a, b: cupy.cuda.get_elapsed_time(a, b)), times),
    "operands swapped": ("A and B are exchanged", lambda: gemm(lambda g: {"A": g["B"], "B": g["A"]}), products_of_every_form),
    "leading dimension": ("the number of rows for the leading dimension of A", lambda: gemm(as_many_as_rows), products_of_every_form),
    "leading dimension of C": ("C is told one longer", lambda: gemm(lambda g: {"ldc": g["ldc"] + 1}), products_of_every_form),
    "transpose flag": ("B is said to be transposed, or not", lambda: gemm(lambda g: {"transb": 1 - g["transb"]}), products_of_every_form),
    "compute type": ("float32 is computed in TF32", lambda: gemm(in_other(0, 77)), lambda: fine(products_of_every_form)),
    "compute type of float64": ("float64 is computed in float32", lambda: gemm(in_other(1, 68)), products_of_every_form),
    "data type code": ("bfloat16 is told as float16", lambda: products._TYPES.update({torch.bfloat16: 2}), products_of_every_form),
    "batch stride": ("B's matrices are all the first", lambda: gemm(lambda g: {"strideB": 0}), products_of_every_form),
    "batch stride of C": ("the results overlap", lambda: gemm(lambda g: {"strideC": g["strideC"] // 2}), products_of_every_form),
    "alpha of another width": ("alpha is a double where a float is read", double_alpha, products_of_every_form),
    "arguments in another order": ("a kernel's first two pointers are exchanged", lambda: launched(other_pointers), work_on_two_streams),
    "a block too many": ("a grid of one block more", lambda: launched(lambda a: [a[0], a[1] + 1, *a[2:]]), lambda: reduced()),
    "block of no size": ("2048 threads a block", lambda: launched(lambda a: [*a[:4], 2048, *a[5:]]), work_on_two_streams),
}
WORK = (
    products_of_every_form, work_on_two_streams, numbers_read_in_a_stream, a_stream_waited_for_by_the_host, memory_used_again,
    copies_from_and_to_the_host, pinned_copies, work_on_two_devices, capsules_of_the_second_device, a_block_copied_within_itself, times, lambda: reduced(), lambda: fine(products_of_every_form),
)  # fmt: skip


def fine(work: Callable[[], None]) -> None:
    """Numbers that need more than ten bits."""
    x = torch.full((4, 4), 1 + 2.0**-12, device="cuda")
    assert (x @ torch.eye(4, device="cuda")).tolist() == [[1 + 2.0**-12] * 4] * 4
    work()


def reduced() -> None:
    x = torch.arange(6000.0, device="cuda").reshape(6, 1000)
    np.testing.assert_allclose(x.sum(1).tolist(), np.arange(6000.0).reshape(6, 1000).sum(1), rtol=1e-5)


def main() -> None:
    _, plant, work = PLANTED[sys.argv[1]]
    torch.backends.set_fallback("error")
    torch.ones(1, device="cuda")
    assert module and compiler
    plant()
    try:
        work()
        for index in range(2):
            cuda.synchronize(index)
    except Exception as error:
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    else:
        print("nothing")


if __name__ == "__main__":
    main()
