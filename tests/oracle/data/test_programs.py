"""What programs do with torch.utils.data, in both libraries: loaders of their own, maps for collating, samplers by rank, seeds of workers."""

from __future__ import annotations

import copy
import pickle
import random
import re
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import corelib

from .test_data import D, Point, agree, cases, draws, g, numbers, outcome, stream

BOTH = (torch, corelib)


def rows(T: Any, n: int = 6) -> Any:
    return numbers(T, n, lambda i: (T.full((2,), float(i)), i % 2))


# DistributedSampler


def shares(T: Any, size: int, replicas: int, **options: Any) -> Any:
    found = []
    for rank in range(replicas):
        sampler = D(T).DistributedSampler(range(size), num_replicas=replicas, rank=rank, **options)
        found.append([list(sampler), len(sampler), sampler.total_size, sampler.num_samples])
        sampler.set_epoch(3)
        found.append(list(sampler))
    return found


@cases(
    even=lambda T: shares(T, 8, 2), uneven=lambda T: shares(T, 7, 3), dropped=lambda T: shares(T, 7, 3, drop_last=True), seeded=lambda T: shares(T, 9, 2, seed=5),
    ordered=lambda T: shares(T, 7, 3, shuffle=False), fewer_than_replicas=lambda T: shares(T, 2, 5), one=lambda T: shares(T, 4, 1),
    dropped_even=lambda T: shares(T, 6, 3, drop_last=True), fewer_and_dropped=lambda T: shares(T, 2, 5, drop_last=True, shuffle=False),
    loader=lambda T: list(D(T).DataLoader(rows(T), 2, sampler=D(T).DistributedSampler(rows(T), 2, 1))),
    path=lambda T: __import__("importlib").import_module(f"{T.__name__}.utils.data.distributed").DistributedSampler is D(T).DistributedSampler,
)  # fmt: skip
def test_a_rank_draws_the_same_share(program: Any) -> None:
    assert agree(program)[0] != "raised"


@cases(
    no_group=lambda T: D(T).DistributedSampler(range(4)), no_rank=lambda T: D(T).DistributedSampler(range(4), num_replicas=2),
    no_replicas=lambda T: D(T).DistributedSampler(range(4), rank=0), rank_high=lambda T: D(T).DistributedSampler(range(4), 2, 2),
    rank_negative=lambda T: D(T).DistributedSampler(range(4), 2, -1), no_length=lambda T: D(T).DistributedSampler(iter([1]), 2, 0),
    empty=lambda T: list(D(T).DistributedSampler([], 2, 0)),
)  # fmt: skip
def test_a_rank_is_refused_alike(program: Any) -> None:
    agree(program)


# Loaders of one's own


class Repeat:
    def __init__(self, sampler: Any) -> None:
        self.sampler = sampler

    def __iter__(self) -> Any:
        while True:
            yield from iter(self.sampler)


def infinite(T: Any, **options: Any) -> Any:
    """The loader of YOLO's trainers: workers that live on, by a batch sampler that never ends."""

    class InfiniteDataLoader(D(T).DataLoader):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            object.__setattr__(self, "batch_sampler", Repeat(self.batch_sampler))
            self.iterator = super().__iter__()

        def __len__(self) -> int:
            return len(self.batch_sampler.sampler)

        def __iter__(self) -> Any:
            for _ in range(len(self)):
                yield next(self.iterator)

        def end(self) -> None:
            if hasattr(self.iterator, "_workers"):
                for worker in self.iterator._workers:
                    if worker.is_alive():
                        worker.terminate()
                self.iterator._shutdown_workers()

    loader = InfiniteDataLoader(rows(T), batch_size=4, shuffle=True, **options)
    found = [list(loader), list(loader), type(loader.iterator).__name__]
    loader.end()
    return found


def many_epochs(T: Any, **options: Any) -> Any:
    """timm's."""

    class MultiEpochsDataLoader(D(T).DataLoader):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._DataLoader__initialized = False
            if self.batch_sampler is None:
                self.sampler = Repeat(self.sampler)
            else:
                self.batch_sampler = Repeat(self.batch_sampler)
            self._DataLoader__initialized = True
            self.iterator = super().__iter__()

        def __len__(self) -> int:
            return len(self.sampler) if self.batch_sampler is None else len(self.batch_sampler.sampler)

        def __iter__(self) -> Any:
            for _ in range(len(self)):
                yield next(self.iterator)

    loader = MultiEpochsDataLoader(rows(T), batch_size=4, **options)
    found = [list(loader), list(loader)]
    if hasattr(loader.iterator, "_shutdown_workers"):
        loader.iterator._shutdown_workers()
    return found


def prefetched(T: Any) -> Any:
    """A loader that works one batch ahead."""
    loader, found = D(T).DataLoader(rows(T), 4), []
    it = iter(loader)
    batch = next(it, None)
    while batch is not None:
        following = next(it, None)
        found.append((batch, following is None, it._num_yielded, it._IterableDataset_len_called))
        batch = following
    return found


def state(T: Any) -> Any:
    loader = D(T).DataLoader(rows(T), 2, num_workers=0)
    it = iter(loader)
    return [
        loader._dataset_kind, loader._auto_collation, loader._iterator, loader.multiprocessing_context, loader.pin_memory, loader.in_order, loader.prefetch_factor,
        loader.persistent_workers, loader.timeout, loader.drop_last, loader.num_workers, loader.generator, loader.pin_memory_device, loader.worker_init_fn,
        type(loader.sampler).__name__, type(loader.batch_sampler).__name__, type(it).__name__, type(it).__mro__[1].__name__, it._num_workers, it._timeout, it._pin_memory,
        it._persistent_workers, it._drop_last, it._auto_collation, it._dataset_kind, it._index_sampler is loader.batch_sampler, it._next_index(), it._next_data(), len(it),
    ]  # fmt: skip


@cases(
    infinite=infinite, infinite_workers=lambda T: infinite(T, num_workers=2), many_epochs=many_epochs, many_epochs_workers=lambda T: many_epochs(T, num_workers=2),
    many_epochs_single=lambda T: many_epochs(T) and many_epochs(T, num_workers=1), prefetched=prefetched, state=state,
    copied=lambda T: list(copy.copy(D(T).DataLoader(rows(T), 2))), deep=lambda T: list(copy.deepcopy(D(T).DataLoader(range(4), 2))),
    pickled=lambda T: list(pickle.loads(pickle.dumps(D(T).DataLoader(range(4), 2)))),
    infinite_sampler=lambda T: list(D(T).DataLoader(stream(T, 3)).sampler.__iter__().__next__() or []),
    kinds=lambda T: [D(T).DataLoader(stream(T, 3))._dataset_kind, type(D(T).DataLoader(stream(T, 3)).sampler).__name__],
    attributes_set=lambda T: [setattr(loader := D(T).DataLoader(range(3)), "num_workers", 0), setattr(loader, "anything", 3), loader.anything],
)  # fmt: skip
def test_loaders_of_ones_own(program: Any) -> None:
    assert agree(program)[0] != "raised"


def test_the_paths_that_programs_import() -> None:
    import corelib.utils.data._utils.collate
    import corelib.utils.data._utils.fetch
    import corelib.utils.data._utils.worker
    import corelib.utils.data.dataloader
    import corelib.utils.data.dataset
    import corelib.utils.data.distributed
    import corelib.utils.data.sampler  # noqa: F401

    names = {
        "dataloader": "DataLoader default_collate default_convert get_worker_info _DatasetKind _InfiniteConstantSampler _BaseDataLoaderIter "
        "_SingleProcessDataLoaderIter _MultiProcessingDataLoaderIter Dataset IterableDataset Sampler BatchSampler RandomSampler SequentialSampler",
        "dataset": "Dataset IterableDataset TensorDataset StackDataset ConcatDataset ChainDataset Subset random_split",
        "sampler": "Sampler SequentialSampler RandomSampler SubsetRandomSampler WeightedRandomSampler BatchSampler",
        "_utils.collate": "default_collate default_convert collate collate_tensor_fn collate_numpy_array_fn collate_numpy_scalar_fn collate_float_fn collate_int_fn "
        "collate_str_fn default_collate_fn_map default_collate_err_msg_format np_str_obj_array_pattern",
        "_utils.worker": "WorkerInfo get_worker_info",
        "distributed": "DistributedSampler",
    }
    for path, listed in names.items():
        for name in listed.split():
            theirs, ours = (eval(f"T.utils.data.{path}.{name}", {"T": T}) for T in BOTH)
            assert type(theirs) is type(ours) or callable(ours), (path, name)
            if isinstance(theirs, str):
                assert ours == theirs
    assert corelib.utils.data._utils.collate.np_str_obj_array_pattern.pattern == torch.utils.data._utils.collate.np_str_obj_array_pattern.pattern


# Collating by a map


class Box:
    def __init__(self, x: Any) -> None:
        self.x = x


class Big(Box):
    pass


def C(T: Any) -> Any:
    return T.utils.data._utils.collate


def boxes(batch: Any, *, collate_fn_map: Any = None) -> Any:
    return ["boxes", C(boxes.T).collate([b.x for b in batch], collate_fn_map=collate_fn_map)]  # type: ignore[attr-defined]


def mapped(make: Any, batch: Any) -> Any:
    def program(T: Any) -> Any:
        boxes.T = T  # type: ignore[attr-defined]
        return C(T).collate(batch(T), collate_fn_map=make(T))

    return program


@cases(
    copied=mapped(lambda T: {**C(T).default_collate_fn_map, Box: boxes}, lambda T: [(Box(np.ones(2)), np.float32(1), 2.5, "a"), (Big(np.ones(2)), np.float32(2), 1.5, "b")]),
    copied_object=mapped(lambda T: copy.copy(C(T).default_collate_fn_map), lambda T: [{"a": np.zeros(2), "b": np.int64(3)}] * 2),
    subclass=mapped(lambda T: {Box: boxes, **C(T).default_collate_fn_map}, lambda T: [Big(1), Big(2)]),
    several_types=mapped(lambda T: {(Box, dict): lambda b, *, collate_fn_map: len(b)}, lambda T: [[Box(1), {}], [Box(2), {}]]),
    listed_not_stacked=mapped(lambda T: {T.Tensor: lambda b, *, collate_fn_map: list(b)}, lambda T: [{"x": T.zeros(1)}, {"x": T.zeros(2)}]),
    own_type_first=mapped(lambda T: {Box: lambda b, *, collate_fn_map: "box", Big: lambda b, *, collate_fn_map: "big"}, lambda T: [(Big(1), Box(1))] * 2),
    no_map=mapped(lambda T: None, lambda T: [(), ()]), unknown=mapped(lambda T: {}, lambda T: [1, 2]), unknown_none=mapped(lambda T: None, lambda T: [1.5]),
    named=mapped(lambda T: C(T).default_collate_fn_map, lambda T: [Point(1, "a"), Point(2, "b")]),
    keys=lambda T: [str(k).replace(T.__name__, "") if not isinstance(k, tuple) else len(k) for k in C(T).default_collate_fn_map][1:],
    functions=lambda T: [C(T).collate_float_fn([1, 2]), C(T).collate_int_fn([1, 2]), C(T).collate_str_fn(["a"]), C(T).collate_tensor_fn([T.zeros(2)] * 2),
                         C(T).collate_numpy_array_fn([np.ones(2)] * 2), C(T).collate_numpy_scalar_fn([np.float32(1)] * 2)],
)  # fmt: skip
def test_batches_are_collated_by_a_map_alike(program: Any) -> None:
    agree(program)


def test_the_default_map_can_be_added_to() -> None:
    def program(T: Any) -> Any:
        boxes.T = T  # type: ignore[attr-defined]
        C(T).default_collate_fn_map[Box] = boxes
        try:
            return [D(T).default_collate([Box(1), Box(2)]), list(D(T).DataLoader([Box(1.5), Box(2.5)], 2)), list(D(T).DataLoader([Box(1.5)] * 2, 2, num_workers=1))]
        finally:
            del C(T).default_collate_fn_map[Box]

    assert agree(program)[0] != "raised"


def padded(T: Any) -> Any:
    pad = T.nn.utils.rnn.pad_sequence

    def collate(batch: Any) -> Any:
        xs, ys = zip(*batch)
        return pad(list(xs), batch_first=True), T.tensor(ys), [len(x) for x in xs]

    data = [(T.arange(i + 1), i) for i in range(5)]
    return [list(D(T).DataLoader(data, 2, collate_fn=collate, num_workers=n)) for n in (0, 2)]


# Seeds and workers


def seeded(T: Any, workers: int) -> Any:
    """The recipe of PyTorch's notes on reproducibility."""

    def seed_worker(worker_id: int) -> None:
        seed = T.initial_seed() % 2**32
        np.random.seed(seed)
        random.seed(seed)

    data = numbers(T, 6, lambda i: (i, float(np.random.rand()), random.random(), T.rand(1)))
    loader = D(T).DataLoader(data, 2, shuffle=True, num_workers=workers, worker_init_fn=seed_worker if workers else None, generator=g(T, 0))
    return list(loader), list(loader)


def same_order(T: Any) -> Any:
    found = [[batch.tolist() for batch in D(T).DataLoader(range(11), 3, shuffle=True, num_workers=n, generator=g(T))] for n in (0, 1, 2, 3)]
    return found[0], all(f == found[0] for f in found)


def ranges(T: Any, by: str, workers: int) -> Any:
    """Both ways of PyTorch's documentation to split a stream."""

    class Range(D(T).IterableDataset):
        def __init__(self, start: int, end: int) -> None:
            super().__init__()
            self.start, self.end = start, end

        def __iter__(self) -> Any:
            info, start, end = D(T).get_worker_info(), self.start, self.end
            if info is not None and by == "iter":
                each = -(-(end - start) // info.num_workers)
                start += info.id * each
                end = min(start + each, self.end)
            return iter(range(start, end))

    def split(worker_id: int) -> None:
        info = D(T).get_worker_info()
        data = info.dataset
        each = -(-(data.end - data.start) // info.num_workers)
        data.start, data.end = data.start + worker_id * each, min(data.start + (worker_id + 1) * each, data.end)

    return list(D(T).DataLoader(Range(3, 12), num_workers=workers, worker_init_fn=split if by == "init" else None))


class Many:
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __len__(self) -> int:
        return 5

    def __getitem__(self, i: int) -> int:
        return i

    def __getitems__(self, indices: list[int]) -> list[int]:
        self.calls.append(list(indices))
        return [10 * i for i in indices]


def at_once(T: Any) -> Any:
    data = Many()
    return [list(D(T).DataLoader(data, 2)), data.calls, list(D(T).DataLoader(data, batch_size=None)), list(D(T).DataLoader(data, 2, num_workers=1))]


def worker_told(T: Any) -> Any:
    give = lambda i: (lambda w: (w.id, w.num_workers, w.worker_method, w.rng, len(w.dataset)))(D(T).get_worker_info())  # noqa: E731
    return list(D(T).DataLoader(numbers(T, 2, give), num_workers=2, collate_fn=list))


@cases(
    padded=padded, seeded=lambda T: seeded(T, 0), seeded_workers=lambda T: seeded(T, 2), same_order=same_order, at_once=at_once, worker_told=worker_told,
    ranges=lambda T: ranges(T, "iter", 0), ranges_iter=lambda T: ranges(T, "iter", 2), ranges_init=lambda T: ranges(T, "init", 3), ranges_twice=lambda T: ranges(T, "", 2),
    draws_three=lambda T: list(D(T).DataLoader(numbers(T, 7, draws(T)), 2, num_workers=3, generator=g(T))),
    persistent_draws=lambda T: (lambda loader: [list(loader), list(loader)])(
        D(T).DataLoader(numbers(T, 4, draws(T)), 2, num_workers=2, persistent_workers=True, generator=g(T), prefetch_factor=4)),
    weighted_concat=lambda T: list(D(T).DataLoader(D(T).ConcatDataset([rows(T, 3), rows(T, 4)]), 2, sampler=D(T).WeightedRandomSampler([1.0] * 7, 5, generator=g(T)))),
    contexts=lambda T: [[b.tolist() for b in D(T).DataLoader(range(3), num_workers=1, multiprocessing_context=how)] for how in ("fork", "forkserver")],
    left_early=lambda T: [[next(iter(D(T).DataLoader(range(9), 2, num_workers=2))) for _ in range(2)], T.rand(1)],
    zip_of_two=lambda T: [(a, b) for a, b in zip(D(T).DataLoader(range(5), 2, num_workers=1), D(T).DataLoader(range(5), 2, shuffle=True, num_workers=1))],
    pinned=lambda T: list(D(T).DataLoader(rows(T), 2, pin_memory=True)), random_state=lambda T: [seeded(T, 0) and T.rand(1), random.random()],
)  # fmt: skip
def test_workers_and_seeds(program: Any) -> None:
    assert agree(program)[0] != "raised"


# Texts


class Odd(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)


def raising(error: Any) -> Any:
    def give(i: int) -> Any:
        if i == 2:
            raise error
        return i

    return give


def text(program: Any, T: Any) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            program(T)
        except Exception as error:
            lines = [line for line in str(error).splitlines() if not line.startswith(" ")]
            return f"{type(error).__name__} " + re.sub(r"\d{3,}|\[\]|\S+/\S+", "N", " | ".join([*lines[:2], lines[-1]]))
    return " ".join(str(w.message) for w in caught)


@cases(
    value=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(ValueError("no"))), num_workers=2)),
    key=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(KeyError("no"))), num_workers=2)),
    two_arguments=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(Odd(1, "no"))), num_workers=2)),
    unicode=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(UnicodeDecodeError("utf8", b"a", 0, 1, "no"))), num_workers=1)),
    file=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(FileNotFoundError(2, "No such file", "x.png"))), num_workers=1)),
    here=lambda T: list(D(T).DataLoader(numbers(T, 4, raising(ValueError("no"))))),
    init=lambda T: list(D(T).DataLoader(range(3), num_workers=1, worker_init_fn=lambda i: 1 / i)),
    too_many_workers=lambda T: D(T).DataLoader(range(3), num_workers=999),
    told_too_few=lambda T: list((loader := D(T).DataLoader(stream(T, 3, told=1))) and len(loader) * [0] and loader),
    pinned=lambda T: next(iter(D(T).DataLoader(range(3), pin_memory=True))),
    rank=lambda T: D(T).DistributedSampler(range(3), 2, 5), split=lambda T: D(T).random_split(range(3), [0.99, 0.01]),
    uncollatable=lambda T: D(T).default_collate([None]), sizes=lambda T: D(T).default_collate([[1], [1, 2]]),
    set_after=lambda T: setattr(D(T).DataLoader(range(3)), "sampler", None), iterable_shuffle=lambda T: D(T).DataLoader(stream(T, 3), shuffle=True),
)  # fmt: skip
def test_texts_say_what_pytorchs_say(program: Any) -> None:
    theirs, ours = (text(program, T).replace("corelib.", "torch.") for T in BOTH)
    outcome(lambda T: None, torch)  # ends PyTorch's workers
    start = theirs.split(" | ", 1)[0].split("<", 1)[0].rstrip(".")
    assert ours.startswith(start) if "Caught" not in theirs else ours == theirs, f"\nours {ours}\ntheirs {theirs}"


@pytest.mark.parametrize("name", ["DistributedSampler", "DataLoader", "WeightedRandomSampler", "StackDataset", "RandomSampler", "BatchSampler", "random_split"])
def test_arguments_have_the_same_names(name: str) -> None:
    import inspect

    theirs, ours = (inspect.signature(getattr(T.utils.data, name)) for T in BOTH)
    assert [(p.name, p.kind, p.default is p.empty or repr(p.default)) for p in ours.parameters.values()] == [
        (p.name, p.kind, p.default is p.empty or repr(p.default).replace("<torch._C.Generator object", "")) for p in theirs.parameters.values()
    ] or name == "random_split"
