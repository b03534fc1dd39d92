"""What `iter(DataLoader)` gives: one pass over the data, in this process or with workers.

The classes, and what programs touch of them, have PyTorch's names. Numbers are drawn, batches given to workers and answers returned in PyTorch's order, so that what follows agrees.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any, NoReturn, Self

from corelib.as_torch.warned import warn
from corelib.data.crew import Crew, default_context
from corelib.data.dataset import IterableDataset
from corelib.data.shared_memory import Blob, unpack
from corelib.data.worker import Fetcher, Job
from corelib.dispatcher.regions import record_function, watched
from corelib.ops.construction.creation import empty
from corelib.ops.conversion.pinning import pinned_batch, pinning_backend
from corelib.ops.random.generator import place_of
from corelib.tensor.dtype import int64

if TYPE_CHECKING:
    from corelib.data.loader import DataLoader


class _BaseDataLoaderIter:
    """What both iterators have in common: the order, the seed, and a count of what a stream has given."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        # No reference to the loader: a loader with persistent workers refers to its iterator, and both should go at once.
        self._dataset = loader.dataset
        self._streams = isinstance(loader.dataset, IterableDataset)
        self._index_sampler = loader._index_sampler
        self._dataset_kind = loader._dataset_kind
        self._auto_collation = loader._auto_collation
        self._drop_last = loader.drop_last
        self._collate_fn = loader.collate_fn
        self._persistent_workers = loader.persistent_workers
        self._num_workers = loader.num_workers
        self._timeout = loader.timeout
        if loader.pin_memory:
            if loader.pin_memory_device:
                warn(
                    "pin_memory_device is deprecated, the current accelerator will be used as the device,"
                    f"ignore pin_memory_device='{loader.pin_memory_device}'.",
                )
            self._pin_memory = pinning_backend() is not None
        else:
            self._pin_memory = False
        if loader.pin_memory and not self._pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
            )
        self._begin(loader)
        generator = loader.generator
        # Drawn with workers or without, as PyTorch does.
        seed = empty((), dtype=int64, device=place_of(generator))
        self._base_seed = int(seed.random_(generator=generator).item())

    def _begin(self, loader: DataLoader[Any]) -> None:
        self._sampler_iter: Iterator[Any] = iter(self._index_sampler)
        self._num_yielded = 0
        self._IterableDataset_len_called = loader._IterableDataset_len_called

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        if watched.recorder is None:
            return self._batch()
        with record_function(f"enumerate(DataLoader)#{type(self).__name__}.__next__"):
            return self._batch()

    def _batch(self) -> Any:
        batch = self._next_data()
        self._num_yielded += 1
        if self._pin_memory:
            batch = pinned_batch(batch)
        if self._streams and self._IterableDataset_len_called is not None and self._num_yielded > self._IterableDataset_len_called:
            advice = "" if self._num_workers == 0 else (
                "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset "
                "replica at each worker: split the stream by get_worker_info()."
            )
            warn(
                f"Length of IterableDataset {self._dataset} was reported to be {self._IterableDataset_len_called}"
                f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. {advice}",
            )
        return batch

    def _next_index(self) -> Any:
        return next(self._sampler_iter)

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __reduce__(self) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """One pass in this process."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError(f"DataLoader: timeout is for workers, got timeout={self._timeout} with num_workers=0")
        self._dataset_fetcher = Fetcher(loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)

    def _next_data(self) -> Any:
        return self._dataset_fetcher.fetch(self._next_index())


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """One pass (or, with persistent workers, one after the other) by worker processes."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        super().__init__(loader)
        assert loader.prefetch_factor is not None
        if loader.prefetch_factor == 0:
            raise AssertionError("DataLoader: prefetch_factor (=0) must be at least 1 with workers")
        self._most = loader.prefetch_factor * loader.num_workers
        self._in_order = loader.in_order
        self._pass = -1
        job = Job(
            loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last, self._base_seed, loader.num_workers,
            loader.worker_init_fn,
        )
        self._crew = Crew(loader.multiprocessing_context or default_context(), job)
        self._finalizer = weakref.finalize(self, self._crew.end)
        self._reset(loader, first_iter=True)

    @property
    def ended(self) -> bool:
        """Whether the workers are gone."""
        return self._crew.ended is not None

    @property
    def _workers(self) -> list[BaseProcess]:
        return self._crew.processes

    def _reset(self, loader: DataLoader[Any], first_iter: bool = False) -> None:
        """Begin another pass with the same workers; what is still on its way will be thrown out."""
        self._begin(loader)
        self._pass += 1
        self._sent = 0  # the number of the next batch to ask for
        self._wanted = 0  # the number of the next batch to give
        self._tasks: dict[int, list[Any]] = {}  # number -> [worker], or [worker, kind, blobs] once it is here
        self._active = [True] * self._num_workers
        self._loads = [0] * self._num_workers
        self._turns = itertools.cycle(range(self._num_workers))
        for _ in range(self._most):
            self._ask()

    def _ask(self) -> None:
        """Send the next indices to the next worker that still has something to give."""
        try:
            index = self._next_index()
        except StopIteration:
            return
        for _ in range(self._num_workers):
            worker = next(self._turns)
            if self._active[worker] and (self._in_order or self._loads[worker] < self._most // sum(self._active)):
                break
        else:
            return
        self._crew.send(worker, self._pass, self._sent, index)
        self._tasks[self._sent] = [worker]
        self._loads[worker] += 1
        self._sent += 1

    def _next_data(self) -> Any:
        if self._crew.failed:  # once a worker has died nothing more is given, not even what others had sent by then
            self._gone()
        while True:
            while self._wanted < self._sent:
                task = self._tasks.get(self._wanted)
                if task is not None:
                    if len(task) > 1 or self._active[task[0]]:
                        break
                    del self._tasks[self._wanted]  # asked of a stream that had already ended
                self._wanted += 1
            else:
                if not self._persistent_workers:
                    self._crew.end()
                raise StopIteration
            if len(self._tasks[self._wanted]) > 1:
                worker, kind, blobs = self._tasks.pop(self._wanted)
                self._wanted += 1
                return self._give(worker, kind, blobs)
            number, kind, blobs = self._receive()
            if kind == "end":
                task = self._tasks.get(number)  # gone where a batch asked for before has told the end
                if task is not None and self._active[task[0]]:
                    worker = task[0]
                    self._active[worker] = False
                    if not self._persistent_workers:
                        self._crew.retire(worker)
                    self._ask()
            elif self._in_order and number != self._wanted:
                self._tasks[number] += (kind, blobs)
            else:
                worker = self._tasks.pop(number)[0]
                self._wanted += number == self._wanted
                return self._give(worker, kind, blobs)

    def _receive(self) -> tuple[int, str, list[Blob]]:
        while True:
            if self._crew.ended is not None:
                self._gone()
            answer = self._crew.receive(self._timeout or None)
            if answer is None:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
            (this_pass, number, kind), blobs = answer
            if this_pass == self._pass:
                return number, kind, blobs

    def _gone(self) -> NoReturn:
        raise RuntimeError(f"DataLoader: the workers of this iterator are gone ({self._crew.ended})")

    def _give(self, worker: int, kind: str, blobs: list[Blob]) -> Any:
        self._loads[worker] -= 1
        self._ask()
        value = unpack(blobs)
        if kind == "error":
            value.reraise()
        return value

    def _shutdown_workers(self) -> None:
        """End the workers now."""
        self._crew.end()
