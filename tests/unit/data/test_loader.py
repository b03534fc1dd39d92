"""DataLoader in one process: arguments, order, lengths, and what it refuses."""

from __future__ import annotations

import pickle
import warnings

import corelib as torch
import numpy as np
import pytest
from corelib.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, RandomSampler, TensorDataset


class Numbers(Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i


class Stream(IterableDataset):
    def __init__(self, n, told=None):
        self.n, self.told = n, told

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n if self.told is None else self.told


def lists(loader):
    return [batch.tolist() for batch in loader]


def test_batches_in_order_with_a_shorter_last_one_or_without():
    assert lists(DataLoader(Numbers(5), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Numbers(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert len(DataLoader(Numbers(5), 2)) == 3 and len(DataLoader(Numbers(5), 2, drop_last=True)) == 2


def test_without_batch_size_samples_are_converted_and_not_collated():
    class Arrays(Numbers):
        def __getitem__(self, i):
            return np.full(2, i), "text"

    sample = next(iter(DataLoader(Arrays(2), batch_size=None)))
    assert isinstance(sample[0], torch.Tensor) and sample[0].tolist() == [0, 0] and sample[1] == "text"


def test_an_order_of_ones_own():
    assert lists(DataLoader(Numbers(4), sampler=[3, 1])) == [[3], [1]]
    assert lists(DataLoader(Numbers(4), batch_sampler=[[3, 1], [0]])) == [[3, 1], [0]]
    assert lists(DataLoader(Numbers(4), batch_sampler=BatchSampler([2, 0, 1], 2, True))) == [[2, 0]]


def test_many_samples_are_asked_for_at_once_where_the_dataset_can():
    class Many(Numbers):
        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert lists(DataLoader(Many(3), 3)) == [[0, 10, 20]]


def test_streams_are_batched_and_know_their_length():
    assert lists(DataLoader(Stream(5), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Stream(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert [len(DataLoader(Stream(5), b)) for b in (1, 2, None)] == [5, 3, 5]


def test_a_stream_that_gives_more_than_it_said_is_reported():
    loader = DataLoader(Stream(3, told=2))
    assert len(loader) == 2
    with pytest.warns(UserWarning, match=r"reported to be 2\(when accessing len\(dataloader\)\), but 3 samples"):
        assert len(list(loader)) == 3


def test_an_exception_of_the_dataset_comes_as_it_is():
    class Bad(Numbers):
        def __getitem__(self, i):
            raise LookupError("no such sample")

    with pytest.raises(LookupError, match="^no such sample$"):
        next(iter(DataLoader(Bad(1))))


@pytest.mark.parametrize(("arguments", "message"), [
    (dict(num_workers=-1), "num_workers option should be non-negative"),
    (dict(timeout=-1), "timeout option should be non-negative"),
    (dict(prefetch_factor=2), "prefetch_factor option"),
    (dict(prefetch_factor=-2, num_workers=1), "prefetch_factor option should be non-negative"),
    (dict(persistent_workers=True), "persistent_workers option needs num_workers > 0"),
    (dict(batch_size=0), "batch_size should be a positive integer value, but got batch_size=0"),
    (dict(batch_size=2.0), "batch_size should be a positive integer value"),
    (dict(drop_last=1), "drop_last should be a boolean value"),
    (dict(shuffle=True, sampler=[0]), "sampler option is mutually exclusive with shuffle"),
    (dict(batch_sampler=[[0]], batch_size=2), "batch_sampler option is mutually exclusive"),
    (dict(batch_size=None, drop_last=True), "batch_size=None option disables auto-batching"),
    (dict(num_workers=1, multiprocessing_context="nothing"), "valid start method in"),
    (dict(multiprocessing_context="fork"), "only be used with multi-process loading"),
    (dict(dataset=Stream(2), shuffle=True), "expected unspecified shuffle option, but got shuffle=True"),
    (dict(dataset=Stream(2), sampler=[0]), "expected unspecified sampler option"),
    (dict(dataset=Stream(2), batch_sampler=[[0]]), "expected unspecified batch_sampler option"),
    (dict(dataset=Numbers(0), shuffle=True), "num_samples should be a positive integer value, but got num_samples=0"),
])
def test_arguments_that_exclude_each_other_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(**{"dataset": Numbers(4), **arguments})


def test_a_context_of_the_wrong_type_is_refused():
    with pytest.raises(TypeError, match="valid context object"):
        DataLoader(Numbers(4), num_workers=1, multiprocessing_context=3)


@pytest.mark.parametrize("name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"])
def test_what_the_sampler_was_made_from_stays(name):
    loader = DataLoader(Numbers(4))
    with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
        setattr(loader, name, None)
    loader.timeout = 0
    assert loader.timeout == 0


def test_a_timeout_without_workers_is_refused():
    with pytest.raises(AssertionError, match="timeout=5"):
        iter(DataLoader(Numbers(4), timeout=5))


def test_pinned_memory_without_an_accelerator_is_reported_when_iterated():
    loader = DataLoader(Numbers(2), pin_memory=True)
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert lists(loader) == [[0], [1]]


def test_more_workers_than_processors_are_reported():
    with pytest.warns(UserWarning, match="This DataLoader will create 4096 worker processes in total"):
        assert DataLoader(Numbers(2), num_workers=4096).num_workers == 4096


def test_one_seed_gives_one_order_and_a_generator_has_its_own():
    def order(**arguments):
        torch.manual_seed(5)
        return lists(DataLoader(Numbers(20), 20, shuffle=True, **arguments))

    assert order() == order()
    generators = [torch.Generator().manual_seed(3) for _ in range(2)]
    assert order(generator=generators[0]) == order(generator=generators[1]) != order()


def test_the_default_device_does_not_matter_to_the_order():
    torch.manual_seed(5)
    expected = list(RandomSampler(range(9)))
    torch.set_default_device("meta")
    try:
        torch.manual_seed(5)
        assert list(RandomSampler(range(9))) == expected
    finally:
        torch.set_default_device("cpu")


def test_iterators_are_not_pickled():
    with pytest.raises(NotImplementedError, match="_SingleProcessDataLoaderIter cannot be pickled"):
        pickle.dumps(iter(DataLoader(Numbers(2))))


def test_no_warning_is_given_for_ordinary_use():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(DataLoader(TensorDataset(torch.arange(3))))) == 3
