"""Memory moves to where other processes can have it, with all that lies over it, and is freed with its last holder."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import resource
import signal
import time
import warnings

import numpy as np
import pytest

import corelib as torch
import corelib.multiprocessing as mp
from corelib.multiprocessing import reductions, sharing

FORK = mp.get_context("fork")
DTYPES = (
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128",
)


@pytest.fixture(params=["file_descriptor", "file_system"])
def strategy(request):
    before = mp.get_sharing_strategy()
    mp.set_sharing_strategy(request.param)
    yield request.param
    mp.set_sharing_strategy(before)


def there(value):
    """What a queue gives for a value, by another process that sends it back."""
    ours, theirs = FORK.Pipe()
    child = FORK.Process(target=_echo, args=(theirs,))
    child.start()
    theirs.close()
    ours.send(value)
    found = ours.recv()
    ours.send(None)
    child.join()
    assert child.exitcode == 0
    return found


def _echo(connection):
    value = connection.recv()
    for t in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(t, torch.Tensor) and t.device.type == "cpu":
            with torch.no_grad():
                t.add_(1) if t.dtype is not torch.bool else t.logical_not_()
    connection.send(value)
    connection.recv()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(3,), (200, 300)])
def test_every_dtype_is_the_same_memory_in_the_other_process(dtype, size, strategy):
    x = torch.ones(size).to(getattr(torch, dtype))
    want = torch.logical_not(x) if x.dtype is torch.bool else x + 1
    got = there(x)
    assert x.is_shared() and got.is_shared() and got.data_ptr() == x.data_ptr()
    assert torch.equal(x, want) and got.dtype is x.dtype and got.shape == x.shape


def test_views_keep_storage_offset_and_strides(strategy):
    x = torch.arange(24.0).reshape(4, 6)
    parts = [x, x.t()[1:], x[1:3, ::2], x.data, x.flatten()[5]]
    got = there(parts)
    assert {t.untyped_storage().data_ptr() for t in got} == {x.untyped_storage().data_ptr()}
    assert [(t.stride(), t.storage_offset(), tuple(t.shape)) for t in got] == [(t.stride(), t.storage_offset(), tuple(t.shape)) for t in parts]
    assert all(torch.equal(a, b) for a, b in zip(got, parts))


def test_all_that_lies_over_the_memory_moves_along():
    for size in (4, 100_000):
        x = torch.zeros(size)
        views = [x[1:], x.data, x.view(2, -1), x.detach()]
        (x + 1).sum()  # native arrays are there
        views[2].share_memory_()
        x[1] = 7
        assert x.is_shared() and all(v.is_shared() for v in views)
        assert [v.flatten()[i].item() for v, i in zip(views, (0, 1, 1, 1))] == [7, 7, 7, 7]


def test_a_numpy_array_keeps_the_old_memory():
    for size in (3, 100_000):
        x = torch.ones(size)
        a = x.numpy()
        x.share_memory_()
        x.fill_(5)
        other = [torch.full((size,), 9.0) for _ in range(4)]
        assert a.sum() == size and other[0][0] == 9
        y = torch.from_numpy(a).share_memory_()
        y.fill_(2)
        assert a.sum() == size and y.numpy()[0] == 2
        z = y.numpy()
        del y
        gc.collect()
        assert z.sum() == 2 * size


def test_memory_that_could_not_be_written_can_be_afterwards():
    a = np.ones(3, np.float32)
    a.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = torch.from_numpy(a)
    x.share_memory_().add_(1)
    assert x.tolist() == [2, 2, 2] and a.tolist() == [1, 1, 1]


def test_shared_memory_keeps_its_size_and_a_clone_is_not_shared():
    x = torch.zeros(4).share_memory_()
    with pytest.raises(RuntimeError, match="not resizable"):
        x.untyped_storage().resize_(100)
    with pytest.raises(RuntimeError, match="not resizable"):
        x.resize_(100)
    assert x.resize_(2).is_shared() and not x.clone().is_shared() and not (x + 1).is_shared()
    y = torch.zeros(4)
    y.data = x
    assert y.is_shared()


def test_storages_are_shared_and_sent():
    s = torch.UntypedStorage([1, 2, 3])
    t = torch.FloatStorage([1.0, 2.0])
    assert s.share_memory_() is s and s.is_shared() and not t.is_shared()
    got = there((s, t))
    assert got[0].tolist() == [1, 2, 3] and got[1].tolist() == [1, 2] and got[1].dtype is torch.float32
    assert got[0].data_ptr() == s.data_ptr() and got[1].data_ptr() == t.data_ptr() and t.is_shared()
    assert torch.UntypedStorage._new_shared(8).nbytes() == 8 and torch.FloatStorage._new_shared(8).nbytes() == 32
    assert torch.zeros(2).storage()._new_shared(3).is_shared()


def test_what_has_no_elements():
    x = torch.empty(0, 3)
    assert not x.is_shared() and x.share_memory_().is_shared()
    assert there(torch.empty(0, 3)).shape == (0, 3) and there(torch.UntypedStorage(0)).nbytes() == 0


def test_leaves_parameters_and_buffers_keep_what_they_are():
    leaf = torch.ones(2, requires_grad=True)
    leaf.grad = torch.ones(2)
    p = torch.nn.Parameter(torch.ones(2))
    p.tag = "mine"
    frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    buffer = torch.nn.Buffer(torch.ones(2))
    got = there([leaf, p, frozen, buffer])
    assert [type(t).__name__ for t in got] == ["Tensor", "Parameter", "Parameter", "Buffer"]
    assert [t.requires_grad for t in got] == [True, True, False, False] and all(t.is_leaf for t in got)
    assert got[0].grad is None and got[1].tag == "mine" and got[1].tolist() == [2, 2] and p.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="Cowardly refusing"):
        reductions.reduce_tensor(leaf * 2)
    assert (leaf * 2).share_memory_().grad_fn is not None


def test_hooks_stay_behind_with_a_warning():
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: g)
    with pytest.warns(UserWarning, match="will not be serialized"):
        reductions.reduce_tensor(x)


class Mine(torch.nn.Parameter):
    pass


def test_conjugates_and_subclasses():
    x = torch.tensor([1 + 2j]).conj()
    got = there(x)
    assert got.is_conj() and torch.equal(got, x) and x.tolist() == [2 - 2j]
    p = Mine(torch.zeros(2))
    got = there(p)
    assert type(got) is torch.nn.Parameter and got.requires_grad and got.data_ptr() == p.data_ptr() and p.tolist() == [1, 1]


def test_other_devices_are_refused_and_meta_goes():
    got = there(torch.empty(2, 3, device="meta", dtype=torch.int8))
    assert got.device.type == "meta" and got.shape == (2, 3) and got.dtype is torch.int8
    with pytest.raises(RuntimeError, match="only available on CPU"):
        torch.empty(2, device="meta").share_memory_()
    with pytest.raises(RuntimeError, match="meta"):
        reductions.reduce_storage(torch.empty(2, device="meta").untyped_storage())


def test_what_comes_twice_is_one_storage():
    queue = mp.SimpleQueue()
    x = torch.zeros(3)
    for part in (x, x[1:], x.untyped_storage()):
        queue.put(part)
    a, b, s = queue.get(), queue.get(), queue.get()
    assert a.untyped_storage() is b.untyped_storage() is s is x.untyped_storage()
    ref = reductions.StorageWeakRef(s)
    assert ref == reductions.StorageWeakRef(x.untyped_storage()) and not ref.expired()
    del a, b, s, x, part
    gc.collect()
    assert ref.expired()


def test_the_queues_of_python_know_tensors():
    x = torch.zeros(3)
    queue = multiprocessing.SimpleQueue()
    queue.put(x)
    assert queue.get().data_ptr() == x.data_ptr()
    assert not pickle.loads(pickle.dumps(x)).is_shared()


def test_strategies():
    assert mp.get_all_sharing_strategies() == {"file_descriptor", "file_system"}
    with pytest.raises(AssertionError, match="invalid sharing strategy 'x'"):
        mp.set_sharing_strategy("x")


def descriptors():
    """The files in memory that this process holds open or mapped."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except FileNotFoundError:
            pass
    with open("/proc/self/maps") as maps:
        found += maps.read().splitlines()
    return sum("corelib_shared" in line for line in found)


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs /proc")
def test_a_killed_worker_leaves_nothing_behind(strategy):
    gc.collect()
    sharing._arena.forget()
    before, names = descriptors(), set(os.listdir("/dev/shm"))
    queue, back = FORK.SimpleQueue(), FORK.SimpleQueue()
    x = torch.zeros(100_000).share_memory_()

    def work():
        mine = [torch.ones(50_000).share_memory_() for _ in range(5)]
        held = queue.get()
        back.put(mine[0])
        held.add_(1)
        time.sleep(60)

    child = FORK.Process(target=work)
    child.start()
    queue.put(torch.zeros(1000))
    got = back.get()
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert got.sum() == 50_000 and child.exitcode == -signal.SIGKILL  # the memory outlives its maker
    x.add_(1)
    assert {n for n in os.listdir("/dev/shm") if "corelib" in n} == set() and set(os.listdir("/dev/shm")) - names == set()
    del x, got
    queue.close(), back.close()
    gc.collect()
    sharing._arena.forget()
    assert descriptors() == before


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs /proc")
def test_memory_goes_with_its_last_tensor(strategy):
    gc.collect()
    sharing._arena.forget()
    before = descriptors()
    for _ in range(3):
        x = torch.zeros(100_000).share_memory_()
        v = x[5:]
        del x
        v.add_(1)
    assert descriptors() > before
    del v
    gc.collect()
    sharing._arena.forget()
    assert descriptors() == before


def test_one_file_holds_many_storages_under_file_system():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 40, hard))
    try:
        with pytest.raises(RuntimeError, match="file_system"):
            _ = [torch.zeros(3).share_memory_() for _ in range(100)]
        gc.collect()
        mp.set_sharing_strategy("file_system")
        many = [torch.full((3,), float(i)) for i in range(300)]
        queue = mp.Queue()
        queue.put(many)
        got = queue.get()
        assert all(t.data_ptr() == m.data_ptr() and t[0] == i for i, (t, m) in enumerate(zip(got, many)))
    finally:
        mp.set_sharing_strategy("file_descriptor")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_child_has_files_of_its_own_under_file_system():
    mp.set_sharing_strategy("file_system")
    try:
        x = torch.zeros(3).share_memory_()
        y = there(torch.zeros(3))
        child = FORK.Process(target=lambda: torch.full((3,), 9.0).share_memory_())
        child.start()
        child.join()
        z = torch.zeros(3).share_memory_()
        assert x.tolist() == z.tolist() == [0, 0, 0] and y.tolist() == [1, 1, 1]
    finally:
        mp.set_sharing_strategy("file_descriptor")


def test_after_freeze_it_says_what_to_do():
    x = torch.zeros(3)
    v = x[1:]
    gc.freeze()
    try:
        with pytest.raises(RuntimeError, match="gc.unfreeze"):
            x.share_memory_()
        assert torch.zeros(3).share_memory_().is_shared()
    finally:
        gc.unfreeze()
    assert x.share_memory_().is_shared() and v.is_shared()


def test_a_module_shares_parameters_gradients_and_buffers():
    m = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    weight = m[0].weight
    m(torch.randn(4, 2)).sum().backward()
    grad = weight.grad
    assert m.share_memory() is m and m[0].weight is weight and weight.grad is grad
    assert all(p.is_shared() and p.grad.is_shared() and p.is_leaf for p in m.parameters()) and all(b.is_shared() for b in m.buffers())


def test_adagrad_shares_its_sums():
    m = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adagrad(m.parameters())
    optimizer.share_memory()
    assert all(state["sum"].is_shared() for state in optimizer.state.values())
