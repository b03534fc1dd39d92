"""A device whose work is done later, by a thread for each queue: order, streams, events, pinned memory, copies on their way.

It computes with the kernels of the cpu, slowly: what does not wait where it must reads memory that has not been written yet.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping

import corelib
import numpy as np
import pytest
from corelib.backend import KernelTable
from corelib.data import DataLoader
from corelib.devices import Accelerator
from corelib.ops.conversion import interchange
from corelib_conformance import check_device
from corelib_cpu_numpy.backend import NumpyBackend


class Queue:
    """Work in order, done by a thread of its own, each piece after a pause."""

    def __init__(self):
        self._work = queue.Queue()
        self.errors = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            work = self._work.get()
            time.sleep(0.002)
            try:
                work()
            except Exception as error:  # told at the next synchronize
                self.errors.append(error)
            self._work.task_done()

    def put(self, work):
        self._work.put(work)

    def finish(self):
        self._work.join()
        if self.errors:
            raise RuntimeError(f"queued work failed: {self.errors.pop()}")


class QueuedBackend(NumpyBackend):
    device_type = "queued"
    indexed = True
    host_memory = False
    asynchronous = True
    small_limit = 0

    def __init__(self):
        super().__init__()
        del self.small_allocation
        self._default = Queue()
        self._all = [self._default]
        self._here = threading.local()
        self.waits = 0

    def _queue(self):
        return getattr(self._here, "queue", self._default)

    def default_queue(self, index):
        return self._default

    def new_queue(self, index):
        self._all.append(Queue())
        return self._all[-1]

    def use_queue(self, queue, index):
        self._here.queue = queue

    def synchronize(self, index):
        for one in self._all:
            one.finish()

    def synchronize_queue(self, queue, index):
        queue.finish()

    def record_event(self, queue, index):
        event = threading.Event()
        event.time = 0.0

        def happen():
            event.time = time.perf_counter()
            event.set()

        queue.put(happen)
        return event

    def event_done(self, event):
        return event.is_set()

    def synchronize_event(self, event):
        event.wait()

    def wait_event(self, event, queue, index):
        queue.put(event.wait)

    def elapsed_time(self, start, end):
        start.wait()
        end.wait()
        return (end.time - start.time) * 1e3

    def pinned(self, nbytes):
        return np.empty(nbytes, np.uint8)

    def host_to_device(self, buffer, offset, data, index):
        data = data.copy()
        self._queue().put(lambda: NumpyBackend.host_to_device(self, buffer, offset, data, index))

    def host_to_device_later(self, buffer, offset, data, index):
        self._queue().put(lambda: NumpyBackend.host_to_device(self, buffer, offset, data, index))

    def device_to_host(self, buffer, offset, nbytes, index):
        self._queue().finish()
        return super().device_to_host(buffer, offset, nbytes, index).copy()

    def device_to_device(self, target, to, source, start, nbytes, index):
        self._queue().put(lambda: NumpyBackend.device_to_device(self, target, to, source, start, nbytes, index))

    def adopt(self, external):
        array = external.array
        if any(s < 0 for s in array.strides):
            raise BufferError("negative strides")
        strides = tuple(s // array.itemsize for s in array.strides)
        span = 1 + sum((n - 1) * s for n, s in zip(array.shape, strides, strict=True))
        flat = np.lib.stride_tricks.as_strided(array, (span,), (array.itemsize,)).view(np.uint8)
        return flat, corelib.float32, array.shape, strides, 0

    def kernels(self):
        made = KernelTable()
        for name, by_dtype in super().kernels().table.items():
            for dtype, kernel in by_dtype.items():
                made.register(name, dtype, self._later(kernel))
        return made

    def _later(self, kernel):
        def queued(out, *args):
            def work():
                if kernel(out, *args) is NotImplemented:
                    raise AssertionError(f"{kernel} passed the call on after it was queued")

            self._queue().put(work)

        return queued


@pytest.fixture(scope="module")
def device():
    with corelib.backends.register(QueuedBackend()) as backend:
        yield backend


@pytest.fixture
def module(device):
    return Accelerator("queued")


def test_work_is_seen_when_it_is_done(device):
    x = corelib.arange(6.0, device="queued")
    y = (x * 2 + 1).reshape(2, 3)
    assert y.sum(1).tolist() == [9.0, 27.0]
    z = corelib.ones(3, device="queued", requires_grad=True)
    (z * z).sum().backward()
    assert z.grad.tolist() == [2.0, 2.0, 2.0]


def test_the_digits_of_a_small_network_are_those_of_the_cpu(device):
    def train(place):
        corelib.manual_seed(0)
        net = corelib.nn.Sequential(corelib.nn.Linear(4, 8), corelib.nn.Tanh(), corelib.nn.Linear(8, 2))
        x = corelib.rand(5, 4)
        net, x = net.to(place), x.to(place)
        optimizer = corelib.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            net(x).square().mean().backward()
            optimizer.step()
        return net[2].weight.detach().cpu().tolist()

    assert train("queued") == train("cpu")


def test_streams_wait_for_each_other_only_when_told(device, module):
    one = module.Stream()
    x = corelib.zeros(1000, device="queued")
    for _ in range(10):
        x = x + 1
    one.wait_stream(module.current_stream())
    with module.stream(one):
        y = x * 2
        event = one.record_event()
    event.wait()
    assert not event.query()
    assert (y + 0).sum().item() == 20000
    assert event.query()


def test_a_block_is_not_given_to_another_before_its_other_stream_is_done(device, module):
    one = module.Stream()
    x = corelib.full((5000,), 3.0, device="queued")
    raw = id(x.untyped_storage()._raw)
    one.wait_stream(module.default_stream())
    with module.stream(one):
        for _ in range(5):
            y = x * 1
    x.record_stream(one)
    del x
    other = corelib.zeros(5000, device="queued")
    assert id(other.untyped_storage()._raw) != raw
    one.synchronize()
    assert y.cpu().sum().item() == 15000
    assert id(corelib.zeros(5000, device="queued").untyped_storage()._raw) == raw


def test_events_tell_how_long_work_took(device, module):
    start, end = module.Event(enable_timing=True), module.Event(enable_timing=True)
    start.record()
    x = corelib.ones(10, device="queued")
    for _ in range(10):
        x = x + 1
    end.record()
    assert start.elapsed_time(end) >= 20  # eleven pieces of 2 ms


def test_an_error_in_queued_work_is_told_by_synchronize(device):
    def fail():
        raise ValueError("mine")

    device._queue().put(fail)
    with pytest.raises(RuntimeError, match="queued work failed: mine"):
        corelib.synchronize("queued")


def test_pinned_memory_goes_without_a_wait_and_other_memory_with_a_copy(device):
    plain = corelib.ones(100)
    assert not plain.is_pinned()
    pinned = plain.pin_memory("queued")
    assert pinned.is_pinned() and pinned.is_pinned("queued") and pinned.pin_memory() is pinned
    assert pinned[3:].is_pinned() and pinned.tolist() == plain.tolist()
    sent, copied = pinned.to("queued", non_blocking=True), plain.to("queued", non_blocking=True)
    waited = pinned.to("queued")
    pinned.fill_(7)  # what a program must not do: the copy that is on its way sees it
    plain.fill_(7)
    assert sent.sum().item() == 700 and copied.sum().item() == 100 and waited.sum().item() == 100
    half = corelib.ones(6, dtype=corelib.bfloat16).pin_memory("queued")
    assert half.dtype is corelib.bfloat16 and half[2:4].to("queued", non_blocking=True).float().tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="cannot pin a tensor on queued:0"):
        sent.pin_memory()


def test_pinned_memory_is_refused_where_no_device_has_it():
    with pytest.raises(RuntimeError, match="pinned memory needs a device that has it"):
        corelib.ones(3).pin_memory("meta")


def test_factories_and_loaders_pin(device):
    made = [
        corelib.zeros(2, pin_memory=True), corelib.rand(2, pin_memory=True), corelib.tensor([1], pin_memory=True),
        corelib.empty(2, pin_memory=True), corelib.zeros(2).new_full((2,), 1, pin_memory=True), corelib.arange(3, pin_memory=True),
        corelib.rand_like(corelib.zeros(2), pin_memory=True), corelib.ones_like(corelib.zeros(2), pin_memory=True),
    ]
    assert all(t.is_pinned() for t in made)

    class Pairs:
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return {"x": corelib.tensor([float(i)]), "y": (i, "name")}

    for batch in DataLoader(Pairs(), batch_size=2, pin_memory=True):
        assert isinstance(batch, Mapping) and batch["x"].is_pinned() and batch["y"][0].is_pinned() and list(batch["y"][1]) == ["name", "name"]


class Foreign:
    """Another library's array on the device."""

    def __init__(self, array):
        self.array = array

    def __dlpack_device__(self):
        return 99, 0

    def __dlpack__(self, **kwargs):
        raise AssertionError("the backend adopts it")


def test_memory_of_another_library_on_the_device_is_shared(device, monkeypatch):
    monkeypatch.setitem(interchange._DLPACK_DEVICES, "queued", 99)
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    t = corelib.from_dlpack(Foreign(array.T))
    assert t.device.type == "queued" and t.shape == (4, 3) and t.stride() == (1, 4)
    t.mul_(2)
    corelib.synchronize("queued")
    assert array[2].tolist() == [16.0, 18.0, 20.0, 22.0] and t.tolist() == array.T.tolist()
    copied = corelib.from_dlpack(Foreign(array), copy=True).add_(1)
    assert copied.sum().item() == array.sum() + 12
    assert corelib.from_dlpack(Foreign(array), device="cpu").tolist() == array.tolist()
    with pytest.raises(BufferError, match="negative strides"):
        corelib.from_dlpack(Foreign(array[::-1]))


def test_the_cuda_array_interface_is_for_cuda_tensors_only(device):
    x = corelib.ones(3, device="queued")
    assert not hasattr(x, "__cuda_array_interface__") and not hasattr(corelib.ones(3), "__cuda_array_interface__")
    with pytest.raises(AttributeError, match="a tensor on queued:0; use tensor.cuda"):
        x.__cuda_array_interface__  # noqa: B018


def test_the_conformance_suite_finds_nothing_in_its_runtime(device):
    found = check_device("queued", level=0)
    assert len(found) > 10 and [(r.case, r.message) for r in found if r.status != "pass"] == []
