"""Level 0: memory, copies, views, order, threads and errors, before anything is computed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import corelib
from corelib.dispatcher.op import TABLE
from corelib_conformance.checks import check
from corelib_conformance.checks.forward import bits
from corelib_conformance.result import Case, Failure
from corelib_conformance.target import Target

SHAPES = [(), (0,), (1,), (255,), (257,), (3, 4), (2, 0, 3), (1025,), (4097,), (3, 5, 7)]


def expect(right: Any, message: str) -> None:
    """Failure unless something is right."""
    if not right:
        raise Failure(message)


def pattern(shape: Any, dtype: str, seed: int = 0) -> Any:
    """Random bits that are numbers of a dtype, as NumPy has them."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.startswith("float"):
        return (rng.standard_normal(shape) * 100).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


@check(0)
def round_trip(target: Target, case: Case) -> None:
    """What is copied to the device comes back bit for bit, for every shape; special values of floats included."""
    target.require(case.dtype)
    kind = getattr(corelib, case.dtype)
    for shape in SHAPES:
        sent = pattern(shape, "float32" if case.dtype == "bfloat16" else case.dtype, target.seed)
        given = corelib.from_numpy(np.array(sent)).to(kind)
        back = given.to(target.name).cpu()
        expect(back.dtype is kind and tuple(back.shape) == shape, f"{shape}: came back as {back.dtype} {list(back.shape)}")
        same = back.untyped_storage().nbytes() == 0 or bits(given) == bits(back)
        expect(same, f"{shape}: other bits came back")
    if kind.is_floating_point:
        special = corelib.tensor([0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1e-40, 6e-8, 65504.0]).to(kind)
        expect(bits(special) == bits(special.to(target.name).cpu()), "special values came back with other bits")


@check(0)
def views_share(target: Target, case: Case) -> None:
    """A view shares its base's memory: what is written through either is seen through the other, and nothing beside it."""
    base = corelib.zeros(4, 6, device=target.name)
    view = base.t()[1:5:2, ::3]
    view.fill_(7)
    seen = base.cpu().numpy().copy()
    wanted = np.zeros((4, 6), np.float32)
    wanted.T[1:5:2, ::3] = 7
    expect(np.array_equal(seen, wanted), f"a view of strides {view.stride()} wrote elsewhere: {seen.tolist()}")
    base[0, 1] = 3
    expect(view[0, 0].item() == 3, "a change of the base is not seen in the view")
    flat = base.view(24)
    expect(flat.data_ptr() == base.data_ptr() or flat.untyped_storage().data_ptr() == base.untyped_storage().data_ptr(), "view() copied")


@check(0)
def copies_are_copies(target: Target, case: Case) -> None:
    """What a copy was made of may change without it: tensors of the device, and arrays of the host."""
    array = np.ones(5000, np.float32)
    there = corelib.tensor(array, device=target.name)
    array[:] = 5
    expect(there.sum().item() == 5000 if _has(target, "sum") else there.cpu().numpy().sum() == 5000, "a change on the host reached the device")
    twin = there.clone()
    there.fill_(2)
    expect(twin.cpu().numpy().max() == 1, "a clone shares its memory")


def _has(target: Target, name: str) -> bool:
    return target.kernel(TABLE[name], corelib.float32) is not None


@check(0)
def order(target: Target, case: Case) -> None:
    """Work is done in the order in which it was asked for, and reading waits for it."""
    x = corelib.zeros(1 << 15, device=target.name)
    kept = []
    for n in range(60):
        x.fill_(float(n))
        kept.append(x.clone())
    for n, y in enumerate(kept):
        expect(np.all(y.cpu().numpy() == n), "a copy was made before what it copies was written")
    for n in range(20):
        x.fill_(float(n))
        expect(np.all(x.cpu().numpy() == n), "a tensor was read before what was written to it last")
    corelib.synchronize(target.name)


@check(0)
def many_sizes(target: Target, case: Case) -> None:
    """Tensors made and dropped in many sizes never show each other's elements."""
    rng = np.random.default_rng(target.seed)
    kept: list[tuple[Any, float]] = []
    for n in range(300):
        t = corelib.empty(int(rng.integers(0, 3000)), device=target.name).fill_(float(n))
        kept.append((t, float(n)))
        if len(kept) > 20:
            old, value = kept.pop(int(rng.integers(0, 20)))
            expect(np.all(old.cpu().numpy() == value), f"a tensor of {value} has other elements after {n} more were made")


@check(0)
def threads(target: Target, case: Case) -> None:
    """Threads that use the device at the same time do not see each other's tensors."""
    wrong: list[str] = []

    def work(number: int) -> None:
        try:
            for i in range(25):
                n = 100 + 37 * number
                t = corelib.empty(n, device=target.name).fill_(float(number * 1000 + i))
                got = t.clone().cpu().numpy()
                if not (got == number * 1000 + i).all():
                    wrong.append(f"thread {number} read {got[got != number * 1000 + i][:3]} in place of {number * 1000 + i}")
        except Exception as error:
            wrong.append(f"thread {number}: {type(error).__name__}: {error}")

    every = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for t in every:
        t.start()
    for t in every:
        t.join()
    expect(not wrong, "; ".join(wrong[:3]))


@check(0)
def nothing_leaks(target: Target, case: Case) -> None:
    """After 1,000 rounds of the same work as many bytes are held as before."""
    def once() -> None:
        x = corelib.zeros(64, 9, device=target.name)
        x[:, 3].fill_(2.0)
        x.t().clone().cpu()

    for _ in range(5):
        once()
    gc.collect()
    allocator = target.runtime.allocator
    before, reserved = allocator.allocated, allocator.reserved
    for _ in range(1000):
        once()
    gc.collect()
    expect(allocator.allocated == before, f"{allocator.allocated - before} bytes more are held after 1,000 rounds of the same work")
    expect(allocator.reserved <= reserved + (1 << 20), f"{allocator.reserved - reserved} bytes more are reserved after 1,000 rounds")


@check(0)
def freed(target: Target, case: Case) -> None:
    """Memory that tensors gave back is given back to the backend when the cache is emptied, block by block."""
    allocator = target.runtime.allocator
    least = max(20_000, target.runtime.small_limit)  # elements: smaller results may be made past the allocator
    kept = [corelib.empty(least + 64 * n, device=target.name) for n in range(20)]
    held = allocator.allocated
    del kept
    gc.collect()
    expect(allocator.allocated < held, "tensors that are gone still hold memory")
    allocator.empty_cache()
    expect(allocator.reserved == allocator.allocated, f"{allocator.reserved - allocator.allocated} bytes were not given back")


@check(0)
def out_of_memory(target: Target, case: Case) -> None:
    """More memory than there is: an error with figures, and the device goes on working."""
    size = 1 << 50
    try:
        corelib.empty(size // 4, dtype=corelib.float32, device=target.name)
    except (RuntimeError, MemoryError) as error:
        expect("out of memory" in str(error) and "Tried to allocate" in str(error), f"the error has no figures: {error}")
    else:
        raise Failure(f"{size} bytes were given")
    expect(corelib.ones(3, device=target.name).cpu().tolist() == [1, 1, 1], "nothing works after running out of memory")


@check(0)
def errors(target: Target, case: Case) -> None:
    """What cannot be done is refused with PyTorch's exception types, and changes nothing."""
    x, y = corelib.ones(2, 3, device=target.name), corelib.ones(4, 5, device=target.name)
    refused: tuple[tuple[str, Callable[[], Any], type[Exception]], ...] = (
        ("shapes that do not fit", lambda: x + y, RuntimeError),
        ("a dimension that there is not", lambda: x.sum(5), IndexError),
        ("an index that there is not", lambda: x[7], IndexError),
        ("a view of another size", lambda: x.view(5), RuntimeError),
        ("two devices", lambda: x + corelib.ones(2, 3, device="meta"), RuntimeError),
        ("a device index that there is not", lambda: corelib.ones(1, device=f"{target.device.type}:99"), RuntimeError),
    )
    for what, wrong, kind in refused:
        try:
            wrong()
        except kind:
            pass
        except Exception as error:
            raise Failure(f"{what}: {type(error).__name__} ({error}) in place of {kind.__name__}") from None
        else:
            raise Failure(f"{what}: no error")
    expect(x.cpu().numpy().sum() == 6, "a refused call changed its operand")


@check(0)
def capabilities(target: Target, case: Case) -> None:
    """Optional functions work where they are declared, and are refused with UnsupportedError where they are not."""
    from corelib.contract.backend import UnsupportedError
    from corelib.dispatcher.runtime import at_work
    from corelib.dispatcher.streams import Stream, current_stream

    backend, index = target.backend, target.runtime.index
    declared = backend.capabilities()

    def timed() -> None:
        queue = backend.default_queue(index)
        start = backend.record_event(queue, index)
        for _ in range(10):
            corelib.ones(100000, device=target.name)
        end = backend.record_event(queue, index)
        expect(backend.elapsed_time(start, end) > 0, "no time between two events with work between them")

    def streams() -> None:
        x = corelib.ones(100000, device=target.name)
        runtime = at_work(x.device)
        here = current_stream(runtime)
        there = Stream(target.name)
        there.wait_stream(here)
        with there:
            expect(current_stream(runtime) == there, "work does not go to the stream that was chosen")
            y = x * 3
            for _ in range(5):
                y = y + x
            event = there.record_event()
        expect(current_stream(runtime) == here, "the stream before is not chosen again")
        event.wait()
        expect((y - x).cpu().numpy().min() == 7, "a stream that waits for an event reads what was there before it")
        there.synchronize()
        expect(event.query(), "an event has not happened when its stream is done")

    def sent() -> None:
        pinned = corelib.arange(5000.0).pin_memory(target.name)
        made = pinned.to(target.name, non_blocking=True) + 1
        expect(made.cpu().tolist() == (pinned + 1).tolist(), "a copy from pinned memory arrives after the work behind it")

    def memory() -> None:
        free, total = backend.memory_info(index)
        expect(0 <= free <= total, f"memory_info says free {free} of {total}")

    tries: dict[str, Callable[[], Any]] = {
        "memory_info": memory, "new_queue": lambda: backend.new_queue(index), "elapsed_time": timed, "use_queue": streams,
        "pinned": lambda: expect(backend.pinned(64).nbytes >= 64, "pinned(64) is smaller"),
    }
    if declared["host_to_device_later"]:
        tries["host_to_device_later"] = sent
    for name, run in tries.items():
        try:
            run()
        except UnsupportedError:
            expect(not declared[name], f"{name} is declared, and refused")
            continue
        expect(declared[name], f"{name} works, and is not declared")
    try:
        queue = backend.default_queue(index)
    except UnsupportedError:
        raise Failure("default_queue is refused, which an asynchronous backend must have") from None
    expect(queue is not None or not backend.asynchronous, "an asynchronous backend has no default queue")
    expect(backend.api_version[0] == 1, f"api_version {backend.api_version}")


@check(0)
def loader_workers(target: Target, case: Case) -> None:
    """Workers of a DataLoader, forked or spawned while the device is in use, bring their batches to it."""
    from corelib.utils.data import DataLoader, TensorDataset

    on_device = corelib.ones(10, device=target.name)
    data = TensorDataset(corelib.arange(24.0).reshape(12, 2))
    got = [batch.to(target.name).cpu().tolist() for (batch,) in DataLoader(data, batch_size=4, num_workers=2)]
    expect(sum(got, []) == corelib.arange(24.0).reshape(12, 2).tolist(), "batches of workers are not the dataset")
    expect(on_device.cpu().tolist() == [1.0] * 10, "a tensor of the device changed while workers ran")
