"""Datasets, samplers and collating."""

from __future__ import annotations

from collections import OrderedDict, UserList, defaultdict, namedtuple
from types import MappingProxyType

import corelib as torch
import numpy as np
import pytest
from corelib.data import default_collate_fn_map
from corelib.data.collate import collate
from corelib.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    random_split,
)

Point = namedtuple("Point", "x y")


class Stream(IterableDataset):
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


class Tens:
    """Gives its samples only many at a time."""

    def __len__(self):
        return 5

    def __getitems__(self, indices):
        return [10 * i for i in indices]


def test_the_base_classes_say_what_to_define():
    with pytest.raises(NotImplementedError):
        Dataset()[0]
    with pytest.raises(TypeError, match="abstract"):
        IterableDataset()
    with pytest.raises(NotImplementedError):
        iter(Sampler())
    with pytest.raises(TypeError):
        len(Dataset())


def test_tensor_dataset_gives_slices_of_tensors_of_one_length():
    data = TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([7, 8, 9]))
    assert len(data) == 3 and [t.tolist() for t in data[1]] == [[2, 3], 8]
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        TensorDataset(torch.ones(3), torch.ones(2))


def test_stack_dataset_stands_datasets_side_by_side():
    assert StackDataset([1, 2], "ab")[1] == (2, "b")
    named = StackDataset(a=[1, 2], b="ab")
    assert named[0] == {"a": 1, "b": "a"} and len(named) == 2
    assert StackDataset(Tens(), range(5)).__getitems__([1, 2]) == [(10, 1), (20, 2)]
    assert StackDataset(t=Tens()).__getitems__([3]) == [{"t": 30}]
    for wrong, arguments, keywords in (("Size mismatch", ([1], [1, 2]), {}), ("At least one", (), {}), ("both types", ([1],), {"b": [1]})):
        with pytest.raises(ValueError, match=wrong):
            StackDataset(*arguments, **keywords)


def test_stack_dataset_refuses_a_dataset_that_gives_too_few_samples():
    class Few(Tens):
        def __getitems__(self, indices):
            return [0]

    with pytest.raises(ValueError, match="Expected 2, got 1"):
        StackDataset(Few()).__getitems__([0, 1])


def test_concat_dataset_joins_end_to_end():
    data = ConcatDataset([[1, 2], [], [3]])
    assert [data[i] for i in (0, 1, 2, -1, -3)] == [1, 2, 3, 3, 1] and len(data) == 3
    assert (Subset([5, 6], [1]) + Subset([7], [0]))[1] == 7
    with pytest.raises(ValueError, match="should not exceed dataset length"):
        data[-4]
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        ConcatDataset([Stream(1)])


def test_chain_dataset_joins_streams():
    assert list(Stream(1, 2) + Stream(3)) == [1, 2, 3] and len(ChainDataset([Stream(1, 2), Stream(3)])) == 3
    with pytest.raises(AssertionError, match="only supports IterableDataset, got list"):
        list(ChainDataset([[1]]))


def test_subset_of_a_subset_keeps_the_right_samples():
    inner = Subset(range(10), [4, 5, 6])
    outer = Subset(inner, [2, 0])
    assert [outer[0], outer[1]] == [6, 4] and outer.__getitems__([1, 0]) == [4, 6] and len(outer) == 2
    assert Subset(Tens(), [3, 4]).__getitems__([0]) == [30]
    assert Subset(np.arange(10), [7, 8, 9])[[0, 2]].tolist() == [7, 9]


def test_a_subset_that_would_be_bypassed_is_refused():
    class Doubled(Subset):
        def __getitem__(self, i):
            return 2 * super().__getitem__(i)

    with pytest.raises(NotImplementedError, match="Doubled overrides __getitem__ but not __getitems__"):
        Doubled(range(3), [0])


def test_random_split_takes_lengths_and_fractions():
    parts = random_split(range(10), [0.5, 0.3, 0.2], generator=torch.Generator().manual_seed(1))
    assert [len(p) for p in parts] == [5, 3, 2] and sorted(i for p in parts for i in p.indices) == list(range(10))
    assert [len(p) for p in random_split(range(11), [0.5, 0.5])] == [6, 5]
    with pytest.raises(ValueError, match=r"Sum of input lengths .* \[5, 6\] for 10"):
        random_split(range(10), [5, 6])
    with pytest.raises(ValueError, match="Fraction at index 1"):
        random_split(range(10), [0.5, 1.5, -1.0])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(1), [0.5, 0.5])


def test_samplers_draw_what_they_promise():
    assert sorted(RandomSampler(range(7))) == list(range(7))
    assert len(list(RandomSampler(range(3), num_samples=8))) == 8 == len(RandomSampler(range(3), num_samples=8))
    assert set(RandomSampler(range(3), replacement=True, num_samples=70)) == {0, 1, 2}
    assert sorted(SubsetRandomSampler([4, 2, 9])) == [2, 4, 9]
    assert set(WeightedRandomSampler([0.0, 1.0, 0.0, 3.0], 50)) == {1, 3}
    assert sorted(WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]
    assert list(BatchSampler("abcde", 2, False)) == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(("error", "make"), [
    (TypeError, lambda: RandomSampler([1], replacement=1)), (ValueError, lambda: RandomSampler([1], num_samples=0)),
    (ValueError, lambda: RandomSampler([1], num_samples=1.5)), (ValueError, lambda: WeightedRandomSampler([1.0], True)),
    (ValueError, lambda: WeightedRandomSampler([1.0], 1, replacement=0)), (ValueError, lambda: WeightedRandomSampler([[1.0]], 1)),
    (ValueError, lambda: BatchSampler([1], True, False)), (ValueError, lambda: BatchSampler([1], 1, 0)),
])
def test_samplers_refuse_wrong_arguments(error, make):
    with pytest.raises(error, match=r"should be"):
        make()


def test_collate_stacks_tensors_arrays_and_numbers():
    assert default_collate([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    assert default_collate([np.ones(2, np.float32)]).dtype is torch.float32
    assert default_collate([np.float32(1), np.float32(2)]).dtype is torch.float32
    assert default_collate([np.float64(1)]).dtype is torch.float64 and default_collate([True]).dtype is torch.bool
    assert default_collate([1.0]).dtype is torch.float64 and default_collate([1]).dtype is torch.int64


def test_collated_rows_of_one_tensor_are_those_that_were_given():
    x = torch.arange(120.0).reshape(10, 3, 4)
    for batch in (
        [x[i] for i in (5, 3, 9, 0, 7, 7)], [x[i, 1] for i in range(6)], [x[i][:, 1] for i in range(6)], [x[i][1:] for i in range(6)],
        [x[:, 2][i] for i in range(6)], [x[2:][i] for i in range(6)], [x.view(-1)[i] for i in range(6)], [x.view(-1)[i + 1 : i + 3] for i in range(6)],
    ):  # fmt: skip
        made = default_collate(batch)
        assert made.equal(torch.stack(batch)) and made._base is None
        made.zero_()
    assert x.sum() == sum(range(120))
    leaf = torch.ones(8, 2, requires_grad=True)
    default_collate([leaf[i] for i in range(6)]).sum().backward()
    assert leaf.grad.sum() == 12


def test_collate_enters_containers_and_keeps_their_class():
    made = default_collate([{"a": (1, 2.0), "b": "x"}, {"a": (3, 4.0), "b": "y"}])
    assert made["a"][0].tolist() == [1, 3] and made["a"][1].dtype is torch.float64 and made["b"] == ["x", "y"]
    points = default_collate([Point(1, "a"), Point(2, "b")])
    assert type(points) is Point and points.x.tolist() == [1, 2] and points.y == ("a", "b")
    kept = default_collate([defaultdict(list, a=1)])
    assert type(kept) is defaultdict and kept.default_factory is list
    assert type(default_collate([OrderedDict(a=1)])) is OrderedDict
    assert type(default_collate([MappingProxyType({"a": 1})])) is MappingProxyType
    assert type(default_collate([UserList([1, 2])])) is UserList


def test_collate_refuses_what_it_cannot_join():
    with pytest.raises(TypeError, match="found <class 'object'>"):
        default_collate([object(), object()])
    with pytest.raises(TypeError, match="found <U1"):
        default_collate([np.array(["a"])])
    with pytest.raises(RuntimeError, match=r"equal size, got sizes \[1, 2\]"):
        default_collate([[1], [1, 2]])
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([torch.ones(1), torch.ones(2)])


def test_collate_learns_types_of_ones_own():
    class Box:
        def __init__(self, value):
            self.value = value

    def join(batch, *, collate_fn_map=None):
        return sum(box.value for box in batch)

    assert collate([Box(1), Box(2)], collate_fn_map={Box: join}) == 3
    default_collate_fn_map[Box] = join
    try:
        assert default_collate([{"b": Box(4)}, {"b": Box(5)}]) == {"b": 9}
    finally:
        del default_collate_fn_map[Box]


def test_convert_makes_tensors_of_arrays_only():
    made = default_convert({"a": np.arange(2), "b": [np.float32(1), "x"], "c": (1, b"y"), "d": Point(np.ones(1), 2)})
    assert made["a"].tolist() == [0, 1] and made["b"][0].dtype is torch.float32 and made["b"][1] == "x"
    assert made["c"] == [1, b"y"] and type(made["d"]) is Point and isinstance(made["d"].x, torch.Tensor)
    words = np.array(["a"])
    assert default_convert(words) is words
