"""DataLoader with worker processes: the same batches, their exceptions, their seeds and their ends."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import time

import corelib as torch
import numpy as np
import pytest
from corelib.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="fork and /proc"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),  # on machines with few processors
]


class Calls(Dataset):
    """Its samples are what a function gives: the numbers themselves, if nothing else is said."""

    def __init__(self, n, function=int):
        self.n, self.function = n, function

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.function(i)


class Stream(IterableDataset):
    """Worker i gives i, i + workers, ... below n, or, with `counts`, as many as counts[i]."""

    def __init__(self, n=10, counts=None):
        self.n, self.counts = n, counts

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        numbers = range(first, self.n, step)
        return iter(numbers if self.counts is None else range(100 * first, 100 * first + self.counts[first]))


def lists(loader):
    return [batch.tolist() for batch in loader]


def gone(pids, seconds=10.0):
    """Whether no process with these ids is left before long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(autouse=True)
def nothing_left_behind():
    shared = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    yield
    gc.collect()
    import multiprocessing

    assert multiprocessing.active_children() == []
    after = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    assert not {name for name in after - shared if "corelib" in name}


def test_workers_give_the_same_batches_in_the_same_order_as_none():
    data = TensorDataset(torch.arange(50), torch.arange(50 * 3000).reshape(50, 3000).float())
    passes = []
    for workers in (0, 1, 3):
        torch.manual_seed(7)
        passes.append([(a.tolist(), float(b.sum())) for a, b in DataLoader(data, 8, shuffle=True, num_workers=workers)])
        passes[-1].append(torch.rand(1).item())
    assert passes[0] == passes[1] == passes[2]
    assert sorted(i for a, _ in passes[0][:-1] for i in a) == list(range(50))


def test_batches_keep_their_order_though_workers_are_not_equally_fast():
    def slow_when_even(i):
        time.sleep(0.05 if i % 2 == 0 else 0)
        return i

    assert lists(DataLoader(Calls(8, slow_when_even), num_workers=2)) == [[i] for i in range(8)]


def test_out_of_order_a_slow_worker_holds_nobody_up():
    def first_is_slow(i):
        time.sleep(0.5 if i == 0 else 0)
        return i

    got = [batch.item() for batch in DataLoader(Calls(8, first_is_slow), num_workers=2, in_order=False)]
    assert sorted(got) == list(range(8)) and got[0] != 0 and got.index(0) > 3


def test_large_batches_can_be_written_and_do_not_share_memory():
    first, second = [b for (b,) in DataLoader(TensorDataset(torch.ones(4, 256, 256)), 2, num_workers=2)]
    first.add_(1)
    assert float(first.sum()) == 2 * 2 * 256 * 256 and float(second.sum()) == 2 * 256 * 256


def test_long_lists_of_indices_and_of_strings_do_not_block_each_other():
    data = Calls(400_000, lambda i: "text" * 2)
    assert sum(len(batch) for batch in DataLoader(data, 100_000, num_workers=1, prefetch_factor=4)) == 400_000


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_can_be_started_otherwise(method):
    loader = DataLoader(Calls(4), 2, num_workers=1, multiprocessing_context=method)
    assert lists(loader) == [[0, 1], [2, 3]]


def test_what_cannot_be_pickled_is_explained_where_it_must_be():
    with pytest.raises((AttributeError, TypeError)) as caught:
        iter(DataLoader(Calls(4, lambda i: i), num_workers=1, multiprocessing_context="spawn"))
    assert "must be picklable" in caught.value.__notes__[0]


def test_an_exception_keeps_its_type_and_brings_the_workers_traceback():
    def five_is_bad(i):
        if i == 5:
            raise ValueError(f"sample {i} is bad")
        return i

    with pytest.raises(ValueError, match=r"(?s)^Caught ValueError in DataLoader worker process 1\.\nOriginal Traceback.*five_is_bad.*sample 5 is bad"):
        list(DataLoader(Calls(8, five_is_bad), num_workers=2))


def test_after_an_exception_the_next_batches_can_still_be_had():
    iterator = iter(DataLoader(Calls(3, lambda i: 1 // (i - 1)), num_workers=1))
    assert next(iterator).item() == -1
    with pytest.raises(ZeroDivisionError):
        next(iterator)
    assert next(iterator).item() == 1 and next(iterator, None) is None and next(iterator, None) is None


class Demanding(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


@pytest.mark.parametrize(("make", "kind", "text"), [
    (lambda: KeyError("a\nb"), KeyError, "KeyError: 'a\\\\nb'"),
    (lambda: Demanding(1, 2), RuntimeError, "Caught Demanding"),
    (lambda: type("Local", (Exception,), {})("here"), RuntimeError, "Caught Local .*here"),
    (lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "why"), RuntimeError, "Caught UnicodeDecodeError"),
])
def test_exceptions_of_every_make_arrive(make, kind, text):
    def fail(i):
        raise make()

    with pytest.raises(kind, match=f"(?s){text}") as caught:
        list(DataLoader(Calls(1, fail), num_workers=1))
    assert type(caught.value) is kind and "\nOriginal Traceback" in str(caught.value)


def test_a_batch_that_cannot_be_sent_is_an_exception():
    with pytest.raises(Exception, match="Caught .* in DataLoader worker process 0"):
        list(DataLoader(Calls(1, lambda i: lambda: i), batch_size=None, num_workers=1))


def test_a_worker_init_fn_is_called_and_its_exceptions_arrive():
    def set_up(worker_id):
        get_worker_info().dataset.n = 1000 + worker_id

    def fail(worker_id):
        raise OSError(f"no file for {worker_id}")

    class Own(Calls):
        def __getitem__(self, i):
            return self.n

    assert lists(DataLoader(Own(2), num_workers=2, worker_init_fn=set_up)) == [[1000], [1001]]
    with pytest.raises(OSError, match="no file for 0"):
        list(DataLoader(Own(2), num_workers=1, worker_init_fn=fail))


@pytest.mark.parametrize(("end", "how"), [
    (lambda: os.kill(os.getpid(), signal.SIGKILL), r"was killed by signal SIGKILL\. A system that has no memory left ends processes so; .*"), (lambda: os._exit(3), "ended with exit code 3"),
])
def test_a_worker_that_dies_is_reported_with_its_process_and_how(end, how):
    iterator = iter(DataLoader(Calls(8, lambda i: end() if i == 5 else i), num_workers=2))
    with pytest.raises(RuntimeError, match=rf"^DataLoader worker \(pid\(s\) \d+\) exited unexpectedly: worker 1 \(pid \d+\) {how}$"):
        list(iterator)
    with pytest.raises(RuntimeError, match="exited unexpectedly"):
        next(iterator)


def test_a_program_without_a_guard_is_told_what_its_workers_need(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("from corelib.data import DataLoader\nlist(DataLoader([1, 2], num_workers=1, multiprocessing_context='spawn'))\n")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.rstrip().splitlines()[-1].endswith("must stand under `if __name__ == '__main__':`")


def test_samples_of_several_shapes_are_told_of_collate_fn():
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size") as told:
        next(iter(DataLoader(Calls(4, lambda i: torch.ones(i + 1)), batch_size=2)))
    assert "collate_fn=...) joins them as you say" in told.value.__notes__[0]


def test_a_worker_that_is_too_slow_runs_into_the_timeout():
    iterator = iter(DataLoader(Calls(4, lambda i: time.sleep(60)), num_workers=1, timeout=0.2))
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.2 seconds"):
        next(iterator)
    iterator._workers[0].kill()


def test_streams_are_split_by_the_dataset_and_end_one_by_one():
    assert sorted(i for b in DataLoader(Stream(), batch_size=3, num_workers=2) for i in b.tolist()) == list(range(10))
    uneven = DataLoader(Stream(counts=[1, 5, 2]), batch_size=None, num_workers=3)
    assert list(uneven) == [0, 100, 200, 101, 201, 102, 103, 104]


def test_persistent_workers_stay_and_begin_each_pass_anew():
    loader = DataLoader(Stream(counts=[3, 1]), num_workers=2, persistent_workers=True)
    assert lists(loader) == [[0], [100], [1], [2]] == lists(loader)
    pids = [p.pid for p in loader._iterator._workers]
    for batch in loader:  # left early: what was under way does not come up in the next pass
        assert batch.tolist() == [0]
        break
    assert lists(loader) == [[0], [100], [1], [2]] and [p.pid for p in loader._iterator._workers] == pids
    assert all(p.is_alive() for p in loader._iterator._workers)
    del loader
    assert gone(pids)


def test_persistent_workers_that_died_are_replaced_in_the_next_pass():
    loader = DataLoader(Calls(8), num_workers=1, persistent_workers=True)
    iterator = iter(loader)
    iterator._workers[0].kill()
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(iterator)
    assert len(lists(loader)) == 8


@pytest.mark.parametrize("leave", ["break", "exception", "del"])
def test_leaving_a_loop_early_ends_the_workers(leave):
    def loop():
        iterator = iter(DataLoader(TensorDataset(torch.ones(100, 30_000)), 2, num_workers=2))
        pids.extend(p.pid for p in iterator._workers)
        for _ in iterator:
            if leave == "exception":
                raise LookupError
            break

    pids = []
    try:
        loop()
    except LookupError:
        assert leave == "exception"
    assert len(pids) == 2 and gone(pids)


def test_seeds_are_the_base_seed_and_the_worker_and_repeat():
    def draw(i):
        info = get_worker_info()
        return info.id, info.num_workers, info.seed, random.random(), float(np.random.rand()), float(torch.rand(1))

    def run():
        generator = torch.Generator().manual_seed(3)
        return list(DataLoader(Calls(4, draw), batch_size=None, num_workers=2, generator=generator))

    first = run()
    assert first == run()
    assert first[1][2] == first[0][2] + 1 and first[0][:2] == [0, 2]
    assert len({number for sample in first for number in sample[3:]}) == 12
    assert get_worker_info() is None


def test_in_a_worker_the_default_device_is_the_cpu():
    torch.set_default_device("meta")
    try:
        assert [b.device.type for b in DataLoader(Calls(2), num_workers=1)] == ["cpu", "cpu"]
    finally:
        torch.set_default_device("cpu")


def test_a_forked_child_of_the_program_does_not_end_its_workers():
    iterator = iter(DataLoader(Calls(6), num_workers=1))
    first = next(iterator).item()
    child = os.fork()
    if child == 0:
        try:
            iterator.shutdown()
            del iterator
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert [first, *(b.item() for b in iterator)] == list(range(6))


PROGRAM = """
import os, signal, sys, time, corelib as torch
from corelib.utils.data import DataLoader, Dataset
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run where it is ignored: in the background, by nohup
class D(Dataset):
    def __len__(self): return 10**6
    def __getitem__(self, i):
        time.sleep({pause})
        return torch.ones(30_000)
if __name__ == "__main__":
    loader = DataLoader(D(), num_workers=2, persistent_workers={persistent}, multiprocessing_context={context!r})
    it = iter(loader)
    next(it)
    print(*[p.pid for p in it._workers], flush=True)
    {then}
"""


@pytest.mark.parametrize(("then", "how", "pause", "persistent", "context"), [
    ("list(it)", signal.SIGINT, 0.01, False, "fork"),
    ("list(it)", signal.SIGINT, 0.01, True, "forkserver"),
    ("list(it)", signal.SIGTERM, 0.01, False, "fork"),
    ("list(it)", signal.SIGKILL, 0.01, True, "fork"),
    ("list(it)", signal.SIGKILL, 0.01, False, "spawn"),
    ("raise SystemExit", None, 0.01, True, "fork"),
    ("raise ValueError", None, 0.3, False, "fork"),
    ("os._exit(1)", None, 0.01, True, "fork"),
])
def test_however_the_program_ends_no_worker_and_no_memory_stays(tmp_path, then, how, pause, persistent, context):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(pause=pause, then=then, persistent=persistent, context=context))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as program:
        try:
            pids = [int(pid) for pid in program.stdout.readline().split()]
            if how == signal.SIGINT:
                os.killpg(program.pid, how)  # as a terminal does
            elif how is not None:
                program.send_signal(how)
            program.wait(20)
            errors = program.stderr.read()
        except BaseException:  # it has not ended, and leaving the block would wait for it
            os.killpg(program.pid, signal.SIGKILL)
            raise
    assert len(pids) == 2 and gone(pids), errors
    assert "Exception ignored" not in errors and errors.count("Traceback") == (how == signal.SIGINT or then == "raise ValueError"), errors
