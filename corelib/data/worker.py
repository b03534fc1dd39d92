"""The worker process of a DataLoader: waits for indices, sends batches, and reports its exceptions."""

from __future__ import annotations

import os
import random
import signal
import traceback
from typing import Any

from corelib.data.dataset import IterableDataset
from corelib.data.shared_memory import pack

_info: WorkerInfo | None = None
_CHECK_SECONDS = 5.0


class WorkerInfo:
    """What a worker knows of itself: `id`, `num_workers`, `seed` and its copy of the `dataset`."""

    def __init__(self, id: int, num_workers: int, seed: int, dataset: Any) -> None:
        self.id = id
        self.num_workers = num_workers
        self.seed = seed
        self.dataset = dataset

    def __repr__(self) -> str:
        return f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed}, dataset={self.dataset!r})"


def get_worker_info() -> WorkerInfo | None:
    """In a worker process, what it knows of itself; None in the main process."""
    return _info


class RemoteError:
    """An exception of a worker, with its traceback as text, to be raised in the parent as the same type."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.type = type(error)
        self.where = where
        self.text = "".join(traceback.format_exception(error))

    def reraise(self) -> None:
        """Raise the exception here; RuntimeError where its type cannot be made from a message."""
        message = f"Caught {self.type.__name__} {self.where}.\nOriginal {self.text}"
        if self.type is KeyError:
            raise KeyError(_Verbatim(message))
        try:
            error = self.type(message)
        except Exception:
            raise RuntimeError(message) from None
        raise error


class _Verbatim(str):
    """Text that KeyError shows with its line breaks."""

    def __repr__(self) -> str:
        return str(self)


class Fetcher:
    """Turns indices into a batch, for both kinds of dataset."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> None:
        self._dataset = dataset
        self._auto = auto_collation
        self._collate = collate_fn
        self._drop_last = drop_last
        self._stream = iter(dataset) if isinstance(dataset, IterableDataset) else None
        self._ended = False

    def fetch(self, index: Any) -> Any:
        """The batch of these indices; StopIteration where a stream has ended."""
        if self._stream is not None:
            if self._ended:
                raise StopIteration
            if not self._auto:
                return self._collate(next(self._stream))
            data = []
            for _ in index:
                try:
                    data.append(next(self._stream))
                except StopIteration:
                    self._ended = True
                    break
            if not data or (self._drop_last and len(data) < len(index)):
                raise StopIteration
            return self._collate(data)
        if not self._auto:
            return self._collate(self._dataset[index])
        many = getattr(self._dataset, "__getitems__", None)
        return self._collate(many(index) if callable(many) else [self._dataset[i] for i in index])


def work(
    connection: Any, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool, seed: int, worker_id: int, num_workers: int,
    init_fn: Any, prefix: str, parent: int,
) -> None:
    """The worker's main function. Messages in: ("epoch", seed), ("fetch", number, indices), None to end."""
    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business; it ends its workers
    import corelib

    def start(epoch_seed: int) -> Any:
        global _info
        own = epoch_seed + worker_id
        random.seed(own)
        corelib.manual_seed(own)
        _seed_numpy(epoch_seed, worker_id)
        _info = WorkerInfo(worker_id, num_workers, own, dataset)
        return None

    start(seed)
    fetcher: Any = None
    error: RemoteError | None = None
    where = f"in DataLoader worker process {worker_id}"
    try:
        if init_fn is not None:
            init_fn(worker_id)
        fetcher = Fetcher(dataset, auto_collation, collate_fn, drop_last)
    except Exception as problem:
        error = RemoteError(problem, where)
    sent = 0
    while True:
        try:
            while not connection.poll(_CHECK_SECONDS):
                if os.getppid() != parent:
                    return
            message = connection.recv()
        except (EOFError, OSError):
            return
        if message is None:
            return
        if message[0] == "epoch":
            start(message[1])
            try:
                fetcher = Fetcher(dataset, auto_collation, collate_fn, drop_last)
            except Exception as problem:
                error = RemoteError(problem, where)
            continue
        _, number, index = message
        try:
            if error is not None:
                raise _Known
            packed = pack(fetcher.fetch(index), prefix, sent)
            sent += 1
            answer: Any = (number, "batch", packed)
        except _Known:
            answer, error = (number, "error", error), None
        except StopIteration:
            answer = (number, "end", None)
        except Exception as problem:
            answer = (number, "error", RemoteError(problem, where))
        try:
            connection.send(answer)
        except (BrokenPipeError, OSError):
            return
        except Exception as problem:  # an exception type that cannot be pickled, say
            connection.send((number, "error", RemoteError(RuntimeError(f"{type(problem).__name__}: {problem}"), where)))


class _Known(Exception):
    """The worker could not start; the reason is at hand."""


def _seed_numpy(base_seed: int, worker_id: int) -> None:
    try:
        import numpy
    except ImportError:
        return
    numpy.random.seed((base_seed + worker_id) % 2**32)
