"""The data room against PyTorch's torch.utils.data: one program in both libraries, the same results or the same error.

What is compared is the order and the values, the types of containers, the dtypes and shapes, and the type of an error.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import warnings
from collections import OrderedDict, UserDict, UserList, defaultdict, deque, namedtuple
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch

import corelib

Point = namedtuple("Point", "x y")
Program = Callable[[Any], Any]


def plain(value: Any) -> Any:
    """A value as what can be compared between the libraries, with the types of everything in it."""
    if isinstance(value, (torch.Tensor, corelib.Tensor)):
        strides = tuple(value.stride()) if value.numel() else None
        return "Tensor", str(value.dtype), tuple(value.shape), strides, value.tolist()
    if isinstance(value, np.ndarray):
        return "ndarray", str(value.dtype), value.shape, value.tolist()
    if isinstance(value, (dict, MappingProxyType, UserDict)):
        return type(value).__name__, [(k, plain(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple, UserList, deque)):
        return type(value).__name__, [plain(v) for v in value]
    return type(value).__name__, value if isinstance(value, (int, float, str, bytes, type(None), range)) else None


def outcome(program: Program, library: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        library.manual_seed(1234)
        random.seed(5)
        np.random.seed(6)
        try:
            result = plain(program(library))
        except Exception as error:
            result = "raised", type(error).__name__
    # PyTorch's workers outlive a loader that failed, for seconds, and the other library's workers would inherit its rest.
    children = multiprocessing.active_children()
    for child in children:
        child.terminate()
        child.join()
    if children:
        gc.collect()
    return result, sorted({w.category.__name__ for w in caught})


def agree(program: Program) -> Any:
    """The outcome of a program, which must be the same in both libraries."""
    expected, found = outcome(program, torch), outcome(program, corelib)
    assert found == expected
    return found[0]


def D(T: Any) -> Any:
    return T.utils.data


def cases(**programs: Program) -> Any:
    return pytest.mark.parametrize("program", programs.values(), ids=programs)


# Datasets of both libraries


def numbers(T: Any, n: int, give: Callable[[int], Any] = lambda i: i) -> Any:
    class Numbers(D(T).Dataset):
        def __len__(self) -> int:
            return n

        def __getitem__(self, i: int) -> Any:
            return give(i)

    return Numbers()


def stream(T: Any, n: int, split: bool = True, told: int | None = None) -> Any:
    class Stream(D(T).IterableDataset):
        def __iter__(self) -> Any:
            info = D(T).get_worker_info()
            if info is None or not split:
                return iter(range(n))
            return iter(range(info.id, n, info.num_workers))

    if told is not None:
        Stream.__len__ = lambda self: told  # type: ignore[attr-defined]
    return Stream()


def g(T: Any, seed: int = 7) -> Any:
    return T.Generator().manual_seed(seed)


# Orders


@cases(
    random=lambda T: [list(D(T).RandomSampler(range(n))) for n in (1, 2, 7, 100)],
    random_twice=lambda T: (lambda s: [list(s), list(s)])(D(T).RandomSampler(range(9))),
    random_generator=lambda T: (lambda s: [list(s), list(s)])(D(T).RandomSampler(range(9), generator=g(T))),
    random_fewer=lambda T: list(D(T).RandomSampler(range(10), num_samples=4)),
    random_more=lambda T: list(D(T).RandomSampler(range(10), num_samples=33, generator=g(T))),
    random_replacement=lambda T: list(D(T).RandomSampler(range(10), replacement=True, num_samples=70)),
    random_replacement_generator=lambda T: list(D(T).RandomSampler(range(10), True, 32, g(T))),
    random_left_early=lambda T: (
        lambda gen: [[i for i, _ in zip(D(T).RandomSampler(range(50), True, 40, gen), range(3))], T.rand(2, generator=gen)]
    )(g(T)),
    weighted=lambda T: list(D(T).WeightedRandomSampler([0.1, 0.9, 0.4, 0.7], 20)),
    weighted_once=lambda T: list(D(T).WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0], 5, replacement=False)),
    weighted_generator=lambda T: (lambda s: [list(s), list(s)])(D(T).WeightedRandomSampler(T.arange(5.0), 8, True, g(T))),
    weighted_zero=lambda T: list(D(T).WeightedRandomSampler([0.0, 0.0, 1.0], 3)),
    subset=lambda T: list(D(T).SubsetRandomSampler([5, 3, 9, 9, 2])),
    subset_generator=lambda T: list(D(T).SubsetRandomSampler(range(20, 40), g(T))),
    subset_tensor=lambda T: [int(i) for i in D(T).SubsetRandomSampler(T.tensor([4, 6, 8]))],
    sequential=lambda T: list(D(T).SequentialSampler(range(4))),
    batches=lambda T: list(D(T).BatchSampler(D(T).RandomSampler(range(11)), 4, False)),
    batches_dropped=lambda T: list(D(T).BatchSampler(D(T).RandomSampler(range(11)), 4, True)),
    batches_lengths=lambda T: [len(D(T).BatchSampler(range(n), b, d)) for n in (0, 1, 7, 8) for b in (1, 4, 9) for d in (False, True)],
    split=lambda T: [p.indices for p in D(T).random_split(range(10), [3, 5, 2])],
    split_fractions=lambda T: [p.indices for p in D(T).random_split(range(23), [0.3, 0.3, 0.4], g(T))],
    split_empty_part=lambda T: [p.indices for p in D(T).random_split(range(3), [0.9, 0.05, 0.05])],
    split_none=lambda T: [p.indices for p in D(T).random_split(range(4), [0, 4])],
    after=lambda T: [D(T).random_split(range(9), [4, 5])[0].indices, list(D(T).RandomSampler(range(5))), T.rand(3)],
)  # fmt: skip
def test_samplers_and_splits_draw_the_same_order(program: Program) -> None:
    assert agree(program)[0] != "raised"


@cases(
    shuffle=lambda T: [list(D(T).DataLoader(range(10), 3, shuffle=True))],
    shuffle_passes=lambda T: (lambda loader: [list(loader), list(loader)])(D(T).DataLoader(range(10), 3, shuffle=True)),
    shuffle_generator=lambda T: (lambda loader: [list(loader), list(loader)])(D(T).DataLoader(range(10), 3, True, generator=g(T))),
    shuffle_dropped=lambda T: list(D(T).DataLoader(range(10), 3, shuffle=True, drop_last=True)),
    random_state_after=lambda T: [list(D(T).DataLoader(range(4), 2)), T.rand(2), list(D(T).DataLoader(range(4), 2, True)), T.rand(2)],
    random_state_after_iter=lambda T: [iter(D(T).DataLoader(range(4), 2)) is None, T.rand(2)],
    generator_after=lambda T: (lambda gen: [list(D(T).DataLoader(range(4), generator=gen)), T.rand(2, generator=gen)])(g(T)),
    interleaved=lambda T: (lambda a, b: [[x, y] for x, y in zip(a, b)])(
        D(T).DataLoader(range(6), 2, True), D(T).DataLoader(range(6), 2, True)
    ),
    sampler=lambda T: list(D(T).DataLoader(range(9), 2, sampler=D(T).SubsetRandomSampler([1, 5, 7]))),
    batch_sampler=lambda T: list(D(T).DataLoader(range(9), batch_sampler=[[4, 2], [0], [1, 1, 1]])),
    no_batches=lambda T: list(D(T).DataLoader(numbers(T, 3, lambda i: np.full(2, i)), batch_size=None)),
    no_batches_shuffled=lambda T: list(D(T).DataLoader(range(6), batch_size=None, shuffle=True)),
    no_batches_sampled_lists=lambda T: list(D(T).DataLoader(np.arange(9), batch_size=None, sampler=[[1, 2], [8]])),
    tensors=lambda T: list(D(T).DataLoader(D(T).TensorDataset(T.arange(10).view(5, 2), T.rand(5)), 2, shuffle=True)),
    split_loader=lambda T: list(D(T).DataLoader(D(T).random_split(range(12), [8, 4])[0], 3, shuffle=True)),
    collate=lambda T: list(D(T).DataLoader(range(5), 2, collate_fn=tuple)),
    strings=lambda T: list(D(T).DataLoader(["a", "b", "c"], 2)),
    streams=lambda T: list(D(T).DataLoader(stream(T, 5), 2)) + list(D(T).DataLoader(stream(T, 5), 2, drop_last=True)),
    streams_single=lambda T: list(D(T).DataLoader(stream(T, 3), batch_size=None)),
    stream_more_than_told=lambda T: (lambda loader: [len(loader), list(loader)])(D(T).DataLoader(stream(T, 5, told=2), 2)),
)  # fmt: skip
def test_loaders_give_the_same_batches(program: Program) -> None:
    assert agree(program)[0] != "raised"


# Collating


@cases(
    ints=lambda T: [1, 2], floats=lambda T: [1.5, 2], bools=lambda T: [True, False], mixed=lambda T: [1, 2.5],
    strings=lambda T: ["a", "b"], bytes=lambda T: [b"a", b"b"], tensors=lambda T: [T.zeros(2), T.ones(2)],
    scalars=lambda T: [T.tensor(1), T.tensor(2)], np_float32=lambda T: [np.float32(1), np.float32(2)],
    np_float64=lambda T: [np.float64(1), np.float64(2)], np_int8=lambda T: [np.int8(1), np.int8(2)],
    np_bool=lambda T: [np.bool_(True), np.bool_(False)], arrays=lambda T: [np.zeros((2, 3), "f4"), np.ones((2, 3), "f4")],
    arrays_f16=lambda T: [np.zeros(2, "f2")] * 2, arrays_0d=lambda T: [np.array(3), np.array(4)], arrays_empty=lambda T: [np.zeros(0)] * 3,
    tuples=lambda T: [(1, "a", 2.5), (2, "b", 3.5)], lists=lambda T: [[1, 2], [3, 4]], dicts=lambda T: [{"x": 1, "y": [1.5]}] * 2,
    namedtuples=lambda T: [Point(1, T.zeros(1)), Point(2, T.ones(1))], nested=lambda T: [{"p": Point((1, "s"), [np.zeros(2)])}] * 3,
    ordered=lambda T: [OrderedDict(b=1, a=2)] * 2, default=lambda T: [defaultdict(list, a=1)] * 2, proxies=lambda T: [MappingProxyType({"a": 1})] * 2,
    user_dict=lambda T: [UserDict(a=1)] * 2, user_list=lambda T: [UserList([1, 2])] * 2, deques=lambda T: [deque([1, 2])] * 2,
    ranges=lambda T: [range(2), range(2)], empty_tuples=lambda T: [(), ()], empty_dicts=lambda T: [{}, {}], one=lambda T: [3],
    extra_keys=lambda T: [{"a": 1}, {"a": 2, "b": 3}], big=lambda T: [2**40, -(2**40)], transposed=lambda T: [T.zeros(2, 3).t()] * 2,
    parameter=lambda T: [T.zeros(2, dtype=T.float64), T.ones(2, dtype=T.float64)], mixed_dtypes=lambda T: [T.zeros(2), T.ones(2, dtype=T.int64)],
    # What is refused.
    none=lambda T: [None, None], objects=lambda T: [object()], sets=lambda T: [{1}, {2}], complex=lambda T: [slice(1), slice(2)],
    unequal_lists=lambda T: [[1], [1, 2]], unequal_tensors=lambda T: [T.zeros(2), T.zeros(3)], missing_key=lambda T: [{"a": 1}, {"b": 1}],
    text_arrays=lambda T: [np.array(["a"])] * 2, object_arrays=lambda T: [np.array([None])] * 2, nothing=lambda T: [],
    list_then_int=lambda T: [[1], 1],
)  # fmt: skip
def test_batches_are_collated_alike(program: Program) -> None:
    collated = agree(lambda T: D(T).default_collate(program(T)))
    assert collated
    agree(lambda T: D(T).default_convert(program(T)))


@cases(
    subclass=lambda T: D(T).default_collate([type("Text", (str,), {})("a"), "b"]),
    int_subclass=lambda T: D(T).default_collate([type("Count", (int,), {})(3), 4]),
    convert_string=lambda T: D(T).default_convert(["a", {"b": b"c"}, 1, None]),
    convert_array=lambda T: D(T).default_convert((np.zeros(2), np.float32(2), np.array(["a"]))),
)
def test_collating_of_subclasses_and_converting(program: Program) -> None:
    assert agree(program)[0] != "raised"


# Datasets


@cases(
    tensor=lambda T: (lambda d: [d[0], d[-1], d[1:3], len(d), d[[0, 2]]])(D(T).TensorDataset(T.arange(4), T.arange(8).view(4, 2))),
    concat=lambda T: (lambda d: [d[0], d[3], d[-1], d[-5], len(d), d.cumulative_sizes])(D(T).ConcatDataset(["abc", [1, 2]])),
    concat_empty_part=lambda T: (lambda d: [d[0], d[1], len(d)])(D(T).ConcatDataset([[], [1], [], [2]])),
    plus=lambda T: list(D(T).DataLoader(numbers(T, 2) + numbers(T, 3, lambda i: 10 + i), 2)),
    chain=lambda T: (lambda d: [list(d), len(d)])(D(T).ChainDataset([stream(T, 2, told=2), stream(T, 3, told=3)])),
    stream_plus=lambda T: list(stream(T, 2) + stream(T, 1)),
    stack=lambda T: (lambda d: [d[0], d[1], len(d), d.__getitems__([1, 0])])(D(T).StackDataset("ab", [1, 2])),
    stack_named=lambda T: (lambda d: [d[0], len(d), d.__getitems__([1])])(D(T).StackDataset(x="ab", y=[1, 2])),
    subset=lambda T: (lambda d: [d[0], d[-1], len(d), d.__getitems__([0, 1])])(D(T).Subset("abcd", [3, 1])),
    subset_list=lambda T: D(T).Subset(np.arange(9), [8, 7, 6])[[0, 2]],
    subset_nested=lambda T: list(D(T).DataLoader(D(T).Subset(D(T).Subset(range(9), [8, 7, 6]), [2, 0]), 2)),
    stack_loader=lambda T: list(D(T).DataLoader(D(T).StackDataset(x=range(3), y=D(T).TensorDataset(T.rand(3))), 2)),
)  # fmt: skip
def test_datasets_give_the_same_samples(program: Program) -> None:
    assert agree(program)[0] != "raised"


@cases(
    map=lambda T: [len(D(T).DataLoader(range(n), b, drop_last=d)) for n in (0, 1, 5, 6) for b in (1, 3, 10) for d in (False, True)],
    single=lambda T: len(D(T).DataLoader(range(5), batch_size=None)),
    sampler=lambda T: len(D(T).DataLoader(range(5), 2, sampler=[1, 2, 3])),
    batch_sampler=lambda T: len(D(T).DataLoader(range(5), batch_sampler=[[1], [2, 3]])),
    stream=lambda T: [len(D(T).DataLoader(stream(T, 5, told=n), b, drop_last=d)) for n in (0, 7) for b in (None, 1, 3) for d in (False, b is not None)],
    stream_workers=lambda T: len(D(T).DataLoader(stream(T, 5, told=7), 2, num_workers=2)),
    iterator=lambda T: len(iter(D(T).DataLoader(range(5), 2))),
    stream_without=lambda T: len(D(T).DataLoader(stream(T, 5), 2)),
    sampler_without=lambda T: len(D(T).DataLoader(range(5), sampler=iter([1]))),
    dataset_without=lambda T: D(T).DataLoader(D(T).Dataset()),
    dataset_without_len=lambda T: len(D(T).DataLoader(D(T).Dataset())),
)  # fmt: skip
def test_lengths_follow_the_same_rules(program: Program) -> None:
    assert agree(program)


# Refusals


@cases(
    workers_negative=lambda T: D(T).DataLoader(range(3), num_workers=-1),
    timeout_negative=lambda T: D(T).DataLoader(range(3), timeout=-1),
    timeout_no_workers=lambda T: next(iter(D(T).DataLoader(range(3), timeout=1))),
    prefetch_no_workers=lambda T: D(T).DataLoader(range(3), prefetch_factor=2),
    prefetch_negative=lambda T: D(T).DataLoader(range(3), num_workers=1, prefetch_factor=-1),
    persistent_no_workers=lambda T: D(T).DataLoader(range(3), persistent_workers=True),
    sampler_and_shuffle=lambda T: D(T).DataLoader(range(3), sampler=[1], shuffle=True),
    batch_sampler_and_size=lambda T: D(T).DataLoader(range(3), 2, batch_sampler=[[1]]),
    batch_sampler_and_shuffle=lambda T: D(T).DataLoader(range(3), shuffle=True, batch_sampler=[[1]]),
    batch_sampler_and_drop=lambda T: D(T).DataLoader(range(3), drop_last=True, batch_sampler=[[1]]),
    batch_sampler_and_sampler=lambda T: D(T).DataLoader(range(3), sampler=[1], batch_sampler=[[1]]),
    no_size_and_drop=lambda T: D(T).DataLoader(range(3), batch_size=None, drop_last=True),
    size_zero=lambda T: D(T).DataLoader(range(3), 0),
    size_negative=lambda T: D(T).DataLoader(range(3), -1),
    size_float=lambda T: D(T).DataLoader(range(3), 1.5),
    size_bool=lambda T: D(T).DataLoader(range(3), True),
    size_text=lambda T: D(T).DataLoader(range(3), "2"),
    drop_last_int=lambda T: D(T).DataLoader(range(3), 2, drop_last=1),
    stream_shuffle=lambda T: D(T).DataLoader(stream(T, 3), shuffle=True),
    stream_not_shuffled=lambda T: list(D(T).DataLoader(stream(T, 3), shuffle=False)),
    stream_sampler=lambda T: D(T).DataLoader(stream(T, 3), sampler=[1]),
    stream_batch_sampler=lambda T: D(T).DataLoader(stream(T, 3), batch_sampler=[[1]]),
    shuffle_empty=lambda T: list(D(T).DataLoader([], shuffle=True)),
    context_no_workers=lambda T: D(T).DataLoader(range(3), multiprocessing_context="fork"),
    context_unknown=lambda T: D(T).DataLoader(range(3), num_workers=1, multiprocessing_context="thread"),
    context_type=lambda T: D(T).DataLoader(range(3), num_workers=1, multiprocessing_context=3),
    set_batch_size=lambda T: setattr(D(T).DataLoader(range(3)), "batch_size", 2),
    set_sampler=lambda T: setattr(D(T).DataLoader(range(3)), "sampler", None),
    set_num_workers=lambda T: setattr(D(T).DataLoader(range(3)), "num_workers", 0),
    unknown_argument=lambda T: D(T).DataLoader(range(3), colour="red"),
    sample_missing=lambda T: list(D(T).DataLoader({0: 1}, batch_size=2, sampler=[0, 1])),
    index_error=lambda T: list(D(T).DataLoader([1], batch_size=2, sampler=[5])),
    uncollatable=lambda T: list(D(T).DataLoader([None, None])),
    random_size=lambda T: D(T).RandomSampler(range(3), num_samples=0),
    random_size_float=lambda T: D(T).RandomSampler(range(3), num_samples=1.5),
    random_empty=lambda T: D(T).RandomSampler([]),
    random_replacement=lambda T: D(T).RandomSampler(range(3), replacement=1),
    random_no_length=lambda T: D(T).RandomSampler(iter([1])),
    weighted_count=lambda T: D(T).WeightedRandomSampler([1.0], 0),
    weighted_bool=lambda T: D(T).WeightedRandomSampler([1.0], True),
    weighted_replacement=lambda T: D(T).WeightedRandomSampler([1.0], 1, replacement=None),
    weighted_2d=lambda T: D(T).WeightedRandomSampler([[1.0]], 1),
    weighted_too_many=lambda T: list(D(T).WeightedRandomSampler([1.0, 2.0], 3, replacement=False)),
    weighted_negative=lambda T: list(D(T).WeightedRandomSampler([1.0, -2.0], 1)),
    weighted_all_zero=lambda T: list(D(T).WeightedRandomSampler([0.0, 0.0], 1)),
    batch_size=lambda T: D(T).BatchSampler(range(3), 0, False),
    batch_drop=lambda T: D(T).BatchSampler(range(3), 1, 1),
    batch_missing=lambda T: D(T).BatchSampler(range(3), 1),
    split_sum=lambda T: D(T).random_split(range(3), [1, 1]),
    split_fraction_sum=lambda T: D(T).random_split(range(3), [0.5, 0.6]),
    split_fraction_low=lambda T: D(T).random_split(range(3), [0.4, 0.4]),
    split_fraction_negative=lambda T: D(T).random_split(range(3), [1.5, -0.5]),
    tensor_sizes=lambda T: D(T).TensorDataset(T.zeros(2), T.zeros(3)),
    tensor_index=lambda T: D(T).TensorDataset(T.zeros(2))[2],
    tensor_none=lambda T: D(T).TensorDataset(),
    tensor_0d=lambda T: D(T).TensorDataset(T.tensor(1.0)),
    tensor_array=lambda T: D(T).TensorDataset(np.zeros(2)),
    concat_none=lambda T: D(T).ConcatDataset([]),
    concat_stream=lambda T: D(T).ConcatDataset([stream(T, 2)]),
    concat_index=lambda T: D(T).ConcatDataset([[1], [2]])[2],
    concat_negative=lambda T: D(T).ConcatDataset([[1], [2]])[-3],
    chain_map=lambda T: list(D(T).ChainDataset([range(3)])),
    chain_len=lambda T: len(D(T).ChainDataset([stream(T, 2)])),
    stack_none=lambda T: D(T).StackDataset(),
    stack_both=lambda T: D(T).StackDataset([1], x=[1]),
    stack_sizes=lambda T: D(T).StackDataset([1], [1, 2]),
    stack_index=lambda T: D(T).StackDataset([1], [2])[1],
    subset_index=lambda T: D(T).Subset([1, 2], [0])[1],
    subset_subclass=lambda T: type("Own", (D(T).Subset,), {"__getitem__": lambda self, i: 1})([1], [0]),
    base_item=lambda T: D(T).Dataset()[0],
    base_stream=lambda T: next(iter(D(T).IterableDataset())),
    base_sampler=lambda T: next(iter(D(T).Sampler())),
    collate_none=lambda T: list(D(T).DataLoader([1, 2], collate_fn=None)),
)  # fmt: skip
def test_wrong_use_is_refused_with_the_same_type_or_accepted_alike(program: Program) -> None:
    expected, found = outcome(program, torch), outcome(program, corelib)
    if expected[0][0] == "raised":
        assert found[0] == expected[0]
    else:
        assert found[0][0] != "raised" and found[1] == expected[1]


# Workers


def draws(T: Any) -> Callable[[int], Any]:
    return lambda i: (i, T.initial_seed(), T.rand(2), random.random(), float(np.random.rand()), D(T).get_worker_info().id)


def batches(loader: Any, passes: int = 1) -> list[Any]:
    return [list(loader) for _ in range(passes)]


def info(T: Any) -> Callable[[int], Any]:
    def give(i: int) -> Any:
        known = D(T).get_worker_info()
        return known.id, known.num_workers, known.seed, len(known.dataset)

    return give


def fails(i: int) -> Any:
    if i == 3:
        raise KeyError("three")
    return i


@cases(
    numbers_drawn=lambda T: batches(D(T).DataLoader(numbers(T, 5, draws(T)), 2, num_workers=2)),
    numbers_drawn_shuffled=lambda T: batches(D(T).DataLoader(numbers(T, 5, draws(T)), 2, True, num_workers=2), 2),
    numbers_drawn_generator=lambda T: batches(D(T).DataLoader(numbers(T, 3, draws(T)), num_workers=2, generator=g(T)), 2),
    numbers_after=lambda T: [batches(D(T).DataLoader(range(3), num_workers=1)), T.rand(2)],
    persistent=lambda T: batches(D(T).DataLoader(numbers(T, 5, draws(T)), 2, True, num_workers=2, persistent_workers=True), 3),
    info=lambda T: batches(D(T).DataLoader(numbers(T, 4, info(T)), num_workers=2)),
    info_here=lambda T: D(T).get_worker_info(),
    prefetch=lambda T: batches(D(T).DataLoader(range(17), 2, num_workers=2, prefetch_factor=1)),
    drop_last=lambda T: batches(D(T).DataLoader(range(7), 3, num_workers=2, drop_last=True)),
    single=lambda T: batches(D(T).DataLoader(numbers(T, 4, lambda i: np.full(2, i)), batch_size=None, num_workers=2)),
    more_workers_than_batches=lambda T: batches(D(T).DataLoader(range(2), 2, num_workers=2)),
    empty=lambda T: batches(D(T).DataLoader([], num_workers=1)),
    stream_split=lambda T: batches(D(T).DataLoader(stream(T, 9), 2, num_workers=2)),
    stream_twice=lambda T: batches(D(T).DataLoader(stream(T, 3, split=False), 2, num_workers=2)),
    stream_uneven=lambda T: batches(D(T).DataLoader(stream(T, 5), 2, num_workers=2, drop_last=True)),
    stream_single=lambda T: batches(D(T).DataLoader(stream(T, 5), None, num_workers=2)),
    stream_persistent=lambda T: batches(D(T).DataLoader(stream(T, 5), 2, num_workers=2, persistent_workers=True), 2),
    stream_more_than_told=lambda T: (lambda loader: [len(loader), list(loader)])(D(T).DataLoader(stream(T, 6, told=2), 2, num_workers=1)),
    out_of_order=lambda T: sorted(x.item() for x in D(T).DataLoader(range(6), num_workers=2, in_order=False)),
    out_of_order_stream=lambda T: sorted(x.item() for x in D(T).DataLoader(stream(T, 6), num_workers=2, in_order=False)),
    worker_init=lambda T: batches(D(T).DataLoader(numbers(T, 2, draws(T)), num_workers=1, worker_init_fn=lambda i: T.manual_seed(i + 3) and None)),
    structures=lambda T: batches(D(T).DataLoader(numbers(T, 4, lambda i: {"a": Point(i, np.ones(2, "f4")), "b": ["t", 2.5]}), 2, num_workers=1)),
    tensors=lambda T: batches(D(T).DataLoader(D(T).TensorDataset(T.rand(5, 2), T.arange(5)), 2, num_workers=1, shuffle=True)),
    fails=lambda T: batches(D(T).DataLoader(numbers(T, 6, fails), 2, num_workers=2)),
    fails_to_start=lambda T: batches(D(T).DataLoader(range(2), num_workers=1, worker_init_fn=lambda i: [][i])),
    uncollatable=lambda T: batches(D(T).DataLoader([None], num_workers=1)),
    timeout_kept=lambda T: batches(D(T).DataLoader(range(3), num_workers=1, timeout=30)),
)  # fmt: skip
def test_workers_do_the_same(program: Program) -> None:
    assert agree(program)


def test_an_iterator_of_persistent_workers_is_used_again() -> None:
    def program(T: Any) -> Any:
        loader = D(T).DataLoader(range(3), num_workers=1, persistent_workers=True)
        first, second = iter(loader), iter(loader)
        return [first is second, [int(x) for x in second]]

    assert agree(program)[1][0] == ("bool", True)
