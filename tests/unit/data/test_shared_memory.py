"""Batches on their way between processes: what arrives, where it lies, and that nothing stays behind."""

from __future__ import annotations

import multiprocessing
import os
import threading

import corelib as torch
import numpy as np
import pytest
from corelib.data import shared_memory


def passed(value):
    """A value after a way through a pipe."""
    ours, theirs = multiprocessing.Pipe()
    sender = threading.Thread(target=lambda: shared_memory.send(theirs, "header", shared_memory.pack(value)))
    sender.start()
    header, blobs = shared_memory.receive(ours)
    sender.join()
    ours.close()
    theirs.close()
    assert header == "header"
    return shared_memory.unpack(blobs)


@pytest.mark.parametrize("n", [3, 50_000])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64"])
def test_tensors_arrive_with_dtype_and_values_and_can_be_written(dtype, n):
    sent = torch.arange(n).remainder(2).to(getattr(torch, dtype))
    got = passed({"x": [sent]})["x"][0]
    assert got.dtype is sent.dtype and bool((got == sent).all())
    got.fill_(1)
    assert float(got.float().sum()) == n and float(sent.float().sum()) == n // 2


@pytest.mark.parametrize("make", [
    lambda: torch.arange(4 * 30 * 30 * 30).reshape(4, 30, 30, 30).permute(0, 3, 1, 2),
    lambda: torch.arange(90_000).reshape(300, 300).t(),
])
def test_dense_tensors_keep_their_strides(make):
    sent = make()
    got = passed(sent)
    assert got.stride() == sent.stride() and bool((got == sent).all())


@pytest.mark.parametrize("make", [
    lambda: torch.arange(100_000)[::2], lambda: torch.arange(3)[1:], lambda: torch.ones(1).expand(50_000), lambda: torch.ones(0, 3),
    lambda: torch.tensor(5), lambda: torch.ones(3, requires_grad=True),
])
def test_views_and_odd_shapes_arrive(make):
    sent = make()
    got = passed(sent)
    assert got.shape == sent.shape and bool((got == sent).all()) and got.requires_grad == sent.requires_grad


def test_a_view_takes_no_more_than_itself_along():
    blobs = shared_memory.pack(torch.zeros(1000, 1000)[:1])
    assert sum(len(blob) for blob in blobs) < 8000


def test_arrays_and_long_texts_arrive():
    value = {"a": np.arange(100_000), "f": np.asfortranarray(np.ones((200, 300))), "t": "x" * 100_000, "s": np.array(["u", "v"])}
    got = passed(value)
    assert got["a"].sum() == value["a"].sum() and got["t"] == value["t"] and got["s"].tolist() == ["u", "v"]
    assert got["f"].flags.f_contiguous and got["a"].flags.writeable


def test_what_is_not_a_leaf_or_not_on_the_host_is_refused():
    with pytest.raises(RuntimeError, match="leaves"):
        shared_memory.pack(torch.ones(2, requires_grad=True) * 2)
    with pytest.raises(RuntimeError, match="a tensor on meta"):
        shared_memory.pack([torch.ones(2, device="meta")])


def test_the_file_has_no_name_and_its_descriptor_does_not_outlive_the_batch():
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else None
    before = set(os.listdir(folder)) if folder else set()
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    got = passed(torch.ones(100_000))
    assert not folder or not {n for n in set(os.listdir(folder)) - before if "corelib" in n}
    assert float(got.sum()) == 100_000
    del got
    assert not descriptors or len(os.listdir("/proc/self/fd")) == descriptors


def test_many_living_batches_do_not_use_up_the_descriptors():
    resource = pytest.importorskip("resource", reason="limits of processes are POSIX's")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
    try:
        alive = [passed(torch.full((20_000,), float(i))) for i in range(150)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [float(t[-1]) for t in alive] == [float(i) for i in range(150)]
