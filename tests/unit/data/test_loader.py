"""DataLoader: orders, workers, their exceptions and their ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import corelib as torch
import pytest
from corelib.data.shared_memory import FOLDER
from corelib.utils.data import (
    DataLoader, Dataset, IterableDataset, Subset, TensorDataset, default_collate, get_worker_info, random_split,
)

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


class Numbers(Dataset):
    def __init__(self, n, bad=None, kill=None):
        self.n, self.bad, self.kill = n, bad, kill

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        if i == self.bad:
            raise ValueError(f"sample {i} is bad")
        if i == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return i


class Stream(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, 10, step))


def leftovers():
    return [n for n in os.listdir(FOLDER) if n.startswith(f"corelib_{os.getpid()}_")]


def test_workers_give_the_same_batches_in_the_same_order_as_none():
    data = TensorDataset(torch.arange(50), torch.arange(50 * 1000).reshape(50, 1000).float())
    passes = []
    for workers in (0, 1, 3):
        torch.manual_seed(7)
        passes.append([(a.tolist(), float(b.sum())) for a, b in DataLoader(data, 8, shuffle=True, num_workers=workers)])
    assert passes[0] == passes[1] == passes[2]
    assert sorted(i for a, _ in passes[0] for i in a) == list(range(50))


def test_large_batches_travel_by_shared_memory_and_leave_nothing_there():
    data = TensorDataset(torch.ones(8, 256, 256))
    batches = [b for (b,) in DataLoader(data, 2, num_workers=2)]
    assert leftovers() == []
    batches[0].add_(1)
    assert float(batches[0].sum()) == 2 * 2 * 256 * 256 and float(batches[1].sum()) == 2 * 256 * 256


def test_an_exception_keeps_its_type_and_brings_the_workers_traceback():
    with pytest.raises(ValueError, match=r"(?s)worker process 1.*Traceback.*sample 5 is bad"):
        list(DataLoader(Numbers(8, bad=5), num_workers=2))


def test_a_killed_worker_is_reported_with_its_signal():
    with pytest.raises(RuntimeError, match=r"pid \d+ \(killed by signal SIGKILL\)"):
        list(DataLoader(Numbers(8, kill=5), num_workers=2))


def test_a_worker_that_is_too_slow_runs_into_the_timeout():
    class Slow(Numbers):
        def __getitem__(self, i):
            time.sleep(30)

    with pytest.raises(RuntimeError, match="timed out after 0.2 seconds"):
        list(DataLoader(Slow(4), num_workers=1, timeout=0.2))


def test_streams_are_split_by_the_dataset_and_end_one_by_one():
    loader = DataLoader(Stream(), batch_size=3, num_workers=2)
    assert sorted(i for b in loader for i in b.tolist()) == list(range(10))
    assert [b.tolist() for b in DataLoader(Stream(), batch_size=4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_persistent_workers_stay_the_same_processes():
    class Pid(Numbers):
        def __getitem__(self, i):
            return os.getpid()

    loader = DataLoader(Pid(4), num_workers=2, persistent_workers=True)
    first, second = ({int(b) for b in loader} for _ in range(2))
    assert first == second and os.getpid() not in first
    loader._iterator.shutdown()


def test_leaving_a_loop_early_ends_the_workers():
    iterator = iter(DataLoader(Numbers(100), num_workers=2))
    next(iterator)
    processes = list(iterator._processes)
    del iterator
    assert all(not p.is_alive() for p in processes)


def test_seeds_differ_by_worker_and_repeat_with_the_generator():
    class Random(Numbers):
        def __getitem__(self, i):
            return int(torch.randint(0, 2**31, (1,)))

    def run():
        g = torch.Generator().manual_seed(3)
        return [int(b) for b in DataLoader(Random(4), num_workers=2, generator=g)]

    first = run()
    assert first == run() and len(set(first)) == 4


def test_ctrl_c_leaves_no_worker_behind():
    program = (
        "import os, time, corelib\n"
        "from corelib.utils.data import DataLoader, Dataset\n"
        "class D(Dataset):\n"
        "    def __len__(self): return 10**6\n"
        "    def __getitem__(self, i): time.sleep(0.01); return i\n"
        "it = iter(DataLoader(D(), num_workers=2)); next(it)\n"
        "print(*[p.pid for p in it._processes], flush=True)\n"
        "for _ in it: pass\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    pids = [int(p) for p in child.stdout.readline().split()]
    os.killpg(child.pid, signal.SIGINT)
    assert child.wait(20) != 0
    child.stdout.close()
    deadline = time.time() + 10
    while time.time() < deadline and any(os.path.exists(f"/proc/{p}") for p in pids):
        time.sleep(0.05)
    assert len(pids) == 2 and not any(os.path.exists(f"/proc/{p}") for p in pids)


@pytest.mark.parametrize("arguments", [
    dict(num_workers=-1), dict(timeout=-1), dict(prefetch_factor=2), dict(persistent_workers=True), dict(batch_size=0),
    dict(shuffle=True, sampler=[0]), dict(batch_sampler=[[0]], batch_size=2), dict(batch_size=None, drop_last=True),
    dict(num_workers=1, multiprocessing_context="nothing"),
])
def test_arguments_that_exclude_each_other_are_refused(arguments):
    with pytest.raises(ValueError):
        DataLoader(Numbers(4), **arguments)


def test_random_split_takes_lengths_and_fractions():
    g = torch.Generator().manual_seed(1)
    parts = random_split(Numbers(10), [0.5, 0.3, 0.2], generator=g)
    assert [len(p) for p in parts] == [5, 3, 2]
    assert sorted(i for p in parts for i in p.indices) == list(range(10))
    with pytest.raises(ValueError, match="Sum of input lengths"):
        random_split(Numbers(10), [5, 6])


def test_collate_enters_containers_and_refuses_what_it_cannot_join():
    made = default_collate([{"a": (1, 2.0), "b": "x"}, {"a": (3, 4.0), "b": "y"}])
    assert made["a"][0].tolist() == [1, 3] and made["a"][1].dtype is torch.float64 and made["b"] == ["x", "y"]
    with pytest.raises(TypeError, match="found <class 'object'>"):
        default_collate([object(), object()])
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([[1], [1, 2]])


def test_subset_of_a_subset_keeps_the_right_samples():
    inner = Subset(Numbers(10), [4, 5, 6])
    assert [Subset(inner, [2, 0])[i] for i in range(2)] == [6, 4]
