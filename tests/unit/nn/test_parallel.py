"""nn.parallel: parts of a batch, replicas, threads; on several devices of the cpu here, on two of OpenCL in tests/opencl."""

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import corelib as T
import pytest
from corelib import nn
from corelib.nn import parallel

PROGRAM = Path(__file__).with_name("data_parallel_program.py")
Pair = namedtuple("Pair", "a b")


def test_replicas_give_the_modules_results_and_gradients():
    done = subprocess.run([sys.executable, str(PROGRAM), "cpu", "3"], capture_output=True, text=True)
    assert done.stdout == "right\n", done.stderr


def test_without_devices_it_is_the_module_itself():
    net = nn.Linear(2, 1)
    for ids in (None, [0], [0, 1]):
        model = nn.DataParallel(net, device_ids=ids)
        assert model.device_ids == [] and model.module is net and T.equal(model(T.ones(2, 2)), net(T.ones(2, 2)))
    assert list(model.state_dict()) == ["module.weight", "module.bias"]


def test_scatter_goes_into_containers():
    x = T.arange(5)
    found = parallel.scatter((Pair(x, 1), [x], {"k": x}, "text", ()), ["cpu", "cpu"])
    assert [str(part) for part in found] == [
        "(Pair(a=tensor([0, 1, 2]), b=1), [tensor([0, 1, 2])], {'k': tensor([0, 1, 2])}, 'text', ())",
        "(Pair(a=tensor([3, 4]), b=1), [tensor([3, 4])], {'k': tensor([3, 4])}, 'text', ())",
    ]


def test_arguments_are_filled_up_to_the_longer_list():
    parts, named = parallel.scatter_gather.scatter_kwargs((T.arange(4),), {}, ["cpu", "cpu"])
    assert len(parts) == len(named) == 2 and named == ({}, {})
    parts, named = parallel.scatter_gather.scatter_kwargs((), {"x": T.arange(4)}, ["cpu", "cpu"])
    assert parts == ((), ()) and len(named) == 2


def test_gather():
    assert str(parallel.gather([Pair(T.ones(1), None), Pair(T.zeros(2), None)], "cpu")) == "Pair(a=tensor([1., 0., 0.]), b=None)"
    with pytest.warns(UserWarning, match="all input tensors were scalars"):
        assert parallel.gather([T.tensor(1), T.tensor(2)], "cpu").tolist() == [1, 2]
    with pytest.raises(ValueError, match="same number of keys"):
        parallel.gather([{"a": T.ones(1)}, {}], "cpu")
    assert parallel.gather([T.ones(2, 1), T.ones(2, 2)], "cpu", dim=1).shape == (2, 3)


def test_an_error_in_a_replica_says_which():
    def wrong(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine") as caught:
        parallel.parallel_apply([nn.Identity(), wrong], [T.ones(1), T.ones(1)], devices=["cpu", "cpu"])
    assert caught.value.__notes__ == ["in replica 1 on device cpu"]
    with pytest.raises(ValueError, match="number of inputs 1"):
        parallel.parallel_apply([nn.Identity(), wrong], [T.ones(1)])


def test_threads_record_as_their_caller_does():
    weight = T.ones(1, requires_grad=True)
    for recording in (True, False):
        with T.set_grad_enabled(recording):
            made = parallel.parallel_apply([lambda x: x * weight] * 2, [T.ones(1)] * 2)
        assert [m.requires_grad for m in made] == [recording] * 2


def test_copies_between_devices():
    comm = parallel.comm
    assert [t.device.type for t in comm.broadcast(T.ones(2), ["cpu", "meta"])] == ["cpu", "meta"]
    assert [[t.device.type for t in ts] for ts in comm.broadcast_coalesced([T.ones(2), T.ones(1)], ["cpu", "meta"])] == [["cpu"] * 2, ["meta"] * 2]
    assert [t.tolist() for t in comm.reduce_add_coalesced([[T.ones(2), T.ones(1)], [T.ones(2), T.zeros(1)]], "cpu")] == [[2, 2], [1]]
    assert [t.tolist() for t in comm.scatter(T.arange(4), ["cpu", "cpu"], [1, 3])] == [[0], [1, 2, 3]]
    with pytest.raises(ValueError, match="input 1 has invalid size"):
        comm.reduce_add([T.ones(2), T.ones(3)])
    with pytest.raises(RuntimeError, match="sum to 4"):
        comm.scatter(T.arange(4), ["cpu", "cpu"], [1, 2])
    assert comm.gather([T.ones(1), T.ones(1)], destination="meta").device.type == "meta"


def test_processes_are_refused():
    with pytest.raises(RuntimeError, match="no process groups yet.*DataParallel"):
        parallel.DistributedDataParallel(nn.Linear(1, 1))
