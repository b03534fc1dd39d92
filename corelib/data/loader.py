"""DataLoader: batches of a dataset, collated here or by worker processes.

Each worker has a pipe of its own, so that one that dies holds no lock of another; the parent waits for the pipes and for
the processes' ends at once.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import warnings
from multiprocessing.connection import wait
from typing import Any

import corelib
from corelib.data.collate import default_collate, default_convert
from corelib.data.dataset import IterableDataset
from corelib.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from corelib.data.shared_memory import discard, sweep, unpack
from corelib.data.worker import Fetcher, work

_loader_numbers = itertools.count()


class _InfiniteSampler(Sampler):
    """None for ever: what drives a stream."""

    def __iter__(self) -> Any:
        while True:
            yield None


class DataLoader:
    """Iterates over a dataset in batches.

    dataset: a Dataset (anything with `__getitem__` and `__len__`) or an IterableDataset.
    batch_size: samples a batch (default 1); None yields single samples, converted but not collated.
    shuffle: a new random order each pass. sampler, batch_sampler: an order of one's own instead.
    num_workers: processes that load (default 0: this one). Batches come in order unless `in_order` is False.
    collate_fn: joins samples to a batch. drop_last: leave out a last, shorter batch.
    timeout: seconds to wait for a worker. worker_init_fn: called in each worker with its id. generator: of the shuffle and
    the workers' seeds. prefetch_factor: batches a worker works ahead (default 2). persistent_workers: keep them for the
    next pass.

    ValueError for arguments that exclude each other.

    >>> import corelib as torch
    >>> from corelib.utils.data import TensorDataset
    >>> for (batch,) in DataLoader(TensorDataset(torch.arange(4)), batch_size=2):
    ...     print(batch)
    tensor([0, 1])
    tensor([2, 3])
    """

    _iterator: Any = None

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None, batch_sampler: Any = None,
        num_workers: int = 0, collate_fn: Any = None, pin_memory: bool = False, drop_last: bool = False, timeout: float = 0,
        worker_init_fn: Any = None, multiprocessing_context: Any = None, generator: Any = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(f"num_workers option should be non-negative; use num_workers=0 to disable multiprocessing. Got {num_workers}")
        if timeout < 0:
            raise ValueError(f"timeout option should be non-negative, got {timeout}")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError("prefetch_factor option could only be specified in multiprocessing. let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None.")
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError(f"prefetch_factor option should be non-negative, got {prefetch_factor}")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
                UserWarning,
                stacklevel=2,
            )
        stream = isinstance(dataset, IterableDataset)
        if stream:
            if shuffle not in (False, None):
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified shuffle option, but got shuffle={shuffle}")
            if sampler is not None:
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified sampler option, but got sampler={sampler}")
            if batch_sampler is not None:
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified batch_sampler option, but got batch_sampler={batch_sampler}")
        else:
            shuffle = bool(shuffle)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last")
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            sampler = _InfiniteSampler() if stream else RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = _context(multiprocessing_context, num_workers)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def __iter__(self) -> Any:
        if self.num_workers == 0:
            return _HereIterator(self)
        if self.persistent_workers:
            if self._iterator is None:
                self._iterator = _WorkersIterator(self)
            else:
                self._iterator.reset()
            return self._iterator
        return _WorkersIterator(self)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            n = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return n
            return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
        return len(self._index_sampler)


def _context(given: Any, num_workers: int) -> Any:
    if given is None:
        return None
    if num_workers == 0:
        raise ValueError("multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got num_workers=0")
    if isinstance(given, str):
        valid = multiprocessing.get_all_start_methods()
        if given not in valid:
            raise ValueError(f"multiprocessing_context option should specify a valid start method in {valid!r}, but got multiprocessing_context={given!r}")
        return multiprocessing.get_context(given)
    if not isinstance(given, multiprocessing.context.BaseContext):
        raise TypeError(f"multiprocessing_context option should be a valid context object or a string specifying the start method, but got multiprocessing_context={given}")
    return given


def _base_seed(loader: DataLoader) -> int:
    # PyTorch draws it for every pass, workers or not, and so must we for later numbers to agree
    return int(corelib.empty((), dtype=corelib.int64).random_(generator=loader.generator).item())


class _HereIterator:
    """One pass in this process."""

    def __init__(self, loader: DataLoader) -> None:
        self._indices = iter(loader._index_sampler)
        _base_seed(loader)
        self._length = loader.__len__
        self._fetcher = Fetcher(loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return self._fetcher.fetch(next(self._indices))

    def __len__(self) -> int:
        return self._length()


class _WorkersIterator:
    """One pass (or, persistent, several) with worker processes."""

    def __init__(self, loader: DataLoader) -> None:
        self._loader = loader
        self._n = loader.num_workers
        self._stream = isinstance(loader.dataset, IterableDataset)
        self._prefix = f"corelib_{os.getpid()}_{next(_loader_numbers)}_"
        self._processes: list[Any] = []
        self._pipes: list[Any] = []
        self._indices = iter(loader._index_sampler)
        seed = _base_seed(loader)
        context = loader.multiprocessing_context or multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
        try:
            for i in range(self._n):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=work,
                    args=(theirs, loader.dataset, loader._auto_collation, loader.collate_fn, loader.drop_last, seed, i, self._n,
                          loader.worker_init_fn, self._prefix, os.getpid()),
                    daemon=True,
                )
                process.start()
                theirs.close()
                self._processes.append(process)
                self._pipes.append(ours)
        except BaseException:
            self.shutdown()
            raise
        self._begin()

    def _begin(self) -> None:
        self._sent = self._received = 0
        self._waiting: dict[int, int] = {}  # batch number -> worker
        self._arrived: dict[int, Any] = {}
        self._owners: dict[int, int] = {}  # batch number -> the worker that answered
        self._active = set(range(self._n))
        self._turn = itertools.cycle(range(self._n))
        for _ in range((self._loader.prefetch_factor or 1) * self._n):
            self._ask()

    def reset(self) -> None:
        """Begin another pass with the same workers; what is still on its way is thrown out."""
        while self._waiting:
            number, kind, value = self._receive()
            if kind == "batch":
                discard(value)
        for number in list(self._arrived):
            kind, value = self._arrived.pop(number)
            if kind == "batch":
                discard(value)
        self._indices = iter(self._loader._index_sampler)
        seed = _base_seed(self._loader)
        for pipe in self._pipes:
            pipe.send(("epoch", seed))
        self._begin()

    def _ask(self) -> None:
        """Send the next indices to the next worker that still has something to give."""
        if not self._active:
            return
        try:
            index = next(self._indices)
        except StopIteration:
            return
        if self._loader.in_order:
            worker = next(w for w in self._turn if w in self._active)
        else:
            load = {w: 0 for w in self._active}
            for w in self._waiting.values():
                if w in load:
                    load[w] += 1
            worker = min(load, key=lambda w: load[w])
        self._waiting[self._sent] = worker
        try:
            self._pipes[worker].send(("fetch", self._sent, index))
        except (BrokenPipeError, OSError):
            self._died([self._processes[worker]])
        self._sent += 1

    def _receive(self) -> Any:
        """The next answer of any worker; RuntimeError where one died or none answers in time."""
        pipes = {self._pipes[w]: w for w in set(self._waiting.values())}
        ends = {p.sentinel: p for p in self._processes}
        ready = wait([*pipes, *ends], timeout=self._loader.timeout or None)
        if not ready:
            self.shutdown()
            raise RuntimeError(f"DataLoader timed out after {self._loader.timeout} seconds")
        for item in ready:
            if item in pipes:
                try:
                    answer = item.recv()  # type: ignore[union-attr,call-arg]
                except (EOFError, OSError):
                    continue
                self._owners[answer[0]] = self._waiting.pop(answer[0], -1)
                return answer
        self._died([ends[item] for item in ready if item in ends] or [self._processes[pipes[r]] for r in ready if r in pipes])
        return None

    def _died(self, processes: list[Any]) -> None:
        for p in processes:
            p.join(1)
        who = ", ".join(f"pid {p.pid} ({_how(p.exitcode)})" for p in processes)
        self.shutdown()
        raise RuntimeError(f"DataLoader worker ({who}) exited unexpectedly")

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        while True:
            if self._loader.in_order:
                number: Any = self._received if self._received in self._arrived else None
            else:
                number = next(iter(self._arrived), None)
            if number is None:
                if self._received >= self._sent or (not self._waiting and not self._arrived):
                    if not self._loader.persistent_workers:
                        self.shutdown()
                    raise StopIteration
                found, kind, value = self._receive()
                self._arrived[found] = (kind, value)
                continue
            kind, value = self._arrived.pop(number)
            owner = self._owners.pop(number, -1)
            self._received += 1
            if kind == "end":  # this worker's stream has ended; the others go on
                self._active.discard(owner)
                self._ask()
                continue
            self._ask()
            if kind == "error":
                if not self._loader.persistent_workers:
                    self.shutdown()
                value.reraise()
            return unpack(value)

    def __len__(self) -> int:
        return len(self._loader)

    def shutdown(self) -> None:
        """End the workers and remove what they left."""
        for pipe in self._pipes:
            try:
                pipe.send(None)
            except (BrokenPipeError, OSError):
                continue
        for pipe in self._pipes:
            pipe.close()
        for p in self._processes:
            p.join(1)
            if p.is_alive():
                p.terminate()
                p.join(1)
            if p.is_alive():
                p.kill()
                p.join()
        self._pipes, self._processes = [], []
        self._waiting = {}
        sweep(self._prefix)

    def __del__(self) -> None:
        if getattr(self, "_processes", None):
            self.shutdown()


def _how(code: int | None) -> str:
    if code is None:
        return "still ending"
    if code < 0:
        import signal

        return f"killed by signal {signal.Signals(-code).name}"
    return f"exit code {code}"
