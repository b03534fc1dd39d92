"""Forked children end with an answer or an error, whatever other threads held at the fork."""

from __future__ import annotations

import os
import threading
import traceback
from select import select

import corelib as torch
import pytest
from corelib.backend import Backend
from corelib.contract import forks
from corelib.dispatcher import modes, report
from corelib.dispatcher.plugins import manager
from corelib.ops.random import generator

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def in_child(function):
    """What a forked child says: the repr of the result, or its traceback. An error where it says nothing for a minute."""
    back, there = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = repr(function())
        except BaseException:
            answer = traceback.format_exc()
        os.write(there, answer.encode())
        os._exit(0)
    os.close(there)
    try:
        if not select([back], [], [], 60)[0]:
            os.kill(pid, 9)
            raise TimeoutError("the child hangs")
        with os.fdopen(back, "rb") as answer:
            return answer.read().decode()
    finally:
        os.waitpid(pid, 0)


class Held:
    """With locks held by another thread."""

    def __init__(self, *locks):
        self.locks = locks

    def __enter__(self):
        held, self.done = threading.Event(), threading.Event()

        def hold():
            for lock in self.locks:
                lock.acquire()
            held.set()
            self.done.wait(120)
            for lock in self.locks:
                lock.release()

        self.thread = threading.Thread(target=hold)
        self.thread.start()
        held.wait(60)

    def __exit__(self, *error):
        self.done.set()
        self.thread.join(60)


def test_generators_that_another_thread_holds_at_the_fork_are_free_in_the_child():
    own = torch.Generator().manual_seed(3)
    torch.rand(2, generator=own)
    default = generator.default_of("cpu")
    torch.rand(2)
    with Held(own._lock, default._lock, generator._defaults_lock, own._stream._engine.lock, default._stream._engine.lock):
        assert in_child(lambda: (torch.manual_seed(0).initial_seed(), torch.rand(1).item())) == "(0, 0.49625658988952637)"
        assert in_child(lambda: torch.rand(3, generator=own).shape) == "torch.Size([3])"
    torch.rand(1)


def test_the_locks_of_the_dispatcher_are_free_in_the_child():
    class Seen(modes.Mode):
        pass

    def work():
        with Seen():
            return torch.ones(2).sum().item()

    lock = manager._locks.setdefault("nowhere", forks.free_in_child(threading.RLock()))
    with Held(modes._lock, report._lock, lock):
        assert in_child(work) == "2.0"
        assert "BackendError" in in_child(lambda: manager.load("nowhere"))


def test_locks_that_are_gone_are_forgotten():
    for seed in range(500):
        torch.Generator().manual_seed(seed)
    assert len(forks._locks) <= 2 * len([known for known in forks._locks if known() is not None]) + 64


def test_threads_that_draw_and_workers_that_are_forked(tmp_path):
    """What hung: a loader's workers draw from the generator that a thread of the parent held."""
    stop = threading.Event()

    def draw():
        while not stop.is_set():
            torch.rand(100_000)

    threads = [threading.Thread(target=draw) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert in_child(lambda: torch.randn(40_000).shape) == "torch.Size([40000])"
        data = torch.utils.data.TensorDataset(torch.arange(20.0))
        loader = torch.utils.data.DataLoader(data, batch_size=5, num_workers=2, timeout=60)
        assert sum(batch.sum().item() for (batch,) in loader) == 190
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def test_tensors_and_memory_go_on_in_the_child():
    x = torch.ones(2000, 2000)

    def work():
        y = (x @ x[:, :4]).sum().item()
        return y, torch.device("cpu").runtime.allocator.allocated >= 16_000_000

    assert in_child(work) == "(16000000.0, True)"


def test_a_device_whose_driver_stays_behind_raises_in_the_child():
    class Driver(Backend):
        device_type = "driver"

        def allocate(self, nbytes, index):
            return "memory"

        def free(self, buffer, index):
            raise AssertionError("the parent's memory")

        def launch(self):
            return "launched"

        device_count = host_to_device = device_to_host = device_to_device = synchronize = kernels = None

    driver = Driver()
    driver.stays_behind((driver, "launch"))
    for use in (lambda: driver.allocate(8, 0), lambda: driver.launch(), lambda: driver.record_event(None, 0)):
        said = in_child(lambda use=use: use())
        assert "RuntimeError: Cannot re-initialize driver in forked subprocess" in said
    assert in_child(lambda: driver.free("memory", 0)) == "None"
    assert driver.allocate(8, 0) == "memory" and driver.launch() == "launched"
