"""The worker process of a DataLoader: waits for indices, sends batches, and reports its exceptions."""

from __future__ import annotations

import os
import pickle
import random
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any, NoReturn

from corelib.as_torch.tracebacks import shorten
from corelib.data.dataset import IterableDataset
from corelib.data.shared_memory import pack, send
from corelib.ops.random.generator import manual_seed
from corelib.tensor.device import set_default_device
from corelib.tensor.host import np

__all__ = ["Fetcher", "Job", "RemoteError", "WorkerInfo", "get_worker_info", "work"]

_info: WorkerInfo | None = None
_SECONDS_TO_END = 5.0
_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker knows of itself: `id` from 0, `num_workers`, its `seed`, and its own copy of the `dataset`.

    `rng` and `worker_method` are PyTorch's: workers here are processes, with the usual generators.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: Any = None
    worker_method: str | None = "multiprocessing"


def get_worker_info() -> WorkerInfo | None:
    """In a worker process, what it knows of itself (`id`, `num_workers`, `seed`, `dataset`); None in the main process.

    >>> get_worker_info() is None
    True
    """
    return _info


class RemoteError:
    """An exception of a worker, with its traceback as text, to be raised in the parent as the same type."""

    def __init__(self, error: BaseException, where: str) -> None:
        shorten(error)
        self.message = f"Caught {type(error).__name__} {where}.\nOriginal {''.join(traceback.format_exception(error))}"
        try:
            self.type: bytes | None = pickle.dumps(type(error))
        except Exception:  # a class inside a function, say: its text is what can travel
            self.type = None

    def reraise(self) -> NoReturn:
        """Raise the exception here; RuntimeError where its type is unknown here or takes more than a message."""
        try:
            kind: Any = RuntimeError if self.type is None else pickle.loads(self.type)
            if kind is not KeyError and getattr(kind, "message", None):
                error = kind(message=self.message)
            else:
                error = kind(_Verbatim(self.message) if kind is KeyError else self.message)
        except Exception:
            raise RuntimeError(self.message) from None
        raise error


class _Verbatim(str):
    """Text that KeyError, which shows the repr of its argument, shows with its line breaks."""

    def __repr__(self) -> str:
        return str(self)


class Fetcher:
    """Turns indices into a batch, for both kinds of dataset."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self._dataset = dataset
        self._auto = auto_collation
        self._collate = collate_fn
        self._drop_last = drop_last
        self._stream = iter(dataset) if isinstance(dataset, IterableDataset) else None
        self._ended = False

    def fetch(self, index: Any) -> Any:
        """The batch of these indices; StopIteration where a stream has ended."""
        if self._stream is not None:
            return self._collate(self._next(index))
        if not self._auto:
            return self._collate(self._dataset[index])
        many = getattr(self._dataset, "__getitems__", None)
        return self._collate(many(index) if many else [self._dataset[i] for i in index])

    def _next(self, index: Any) -> Any:
        assert self._stream is not None
        if self._ended:
            raise StopIteration
        if not self._auto:
            return next(self._stream)
        data = []
        for _ in index:
            try:
                data.append(next(self._stream))
            except StopIteration:
                self._ended = True
                break
        if not data or (self._drop_last and len(data) < len(index)):
            raise StopIteration
        return data


@dataclass(frozen=True)
class Job:
    """What all the workers of a loader are told."""

    dataset: Any
    auto_collation: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    num_workers: int
    init_fn: Callable[[int], None] | None

    def fetcher(self) -> Fetcher:
        """For one pass over the dataset."""
        return Fetcher(self.dataset, self.auto_collation, self.collate_fn, self.drop_last)


class _Inbox:
    """The tasks, read by a thread, so that a parent that sends never waits for a worker that computes."""

    def __init__(self, tasks: Connection) -> None:
        self._tasks = tasks
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.newest_pass = 0
        threading.Thread(target=self._listen, name="corelib tasks", daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                message = self._tasks.recv()
                self.newest_pass = message[0]
                self.queue.put(message)
        except (EOFError, OSError):  # the parent is done with us, or gone
            self.newest_pass = _NEVER
            self.queue.put(None)
        time.sleep(_SECONDS_TO_END)
        os.kill(os.getpid(), signal.SIGTERM)


def work(tasks: Connection, answers: Connection, worker_id: int, job: Job) -> None:
    """The worker's main function.

    Tasks are (pass, number, pickled indices); answers are headers (pass, number, kind) with a batch, an error or, at the
    end of a stream, nothing. It ends when the pipe of tasks is closed.
    """
    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business: it ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not a handler that a fork brought along
    inbox = _Inbox(tasks)
    _seed(job.base_seed, worker_id)
    set_default_device("cpu")  # another device's driver does not survive a fork
    _info = WorkerInfo(worker_id, job.num_workers, job.base_seed + worker_id, job.dataset)
    where = f"in DataLoader worker process {worker_id}"
    streams = isinstance(job.dataset, IterableDataset)
    fetcher: Fetcher | None = None
    current_pass = 0
    refusal: RemoteError | None = None
    try:
        if job.init_fn is not None:
            job.init_fn(worker_id)
        fetcher = job.fetcher()
    except Exception as problem:
        refusal = RemoteError(problem, where)
    while (task := inbox.queue.get()) is not None:
        this_pass, number, index = task
        if this_pass < inbox.newest_pass:  # of a loop that was left early
            continue
        kind, value = ("batch", None) if refusal is None else ("error", refusal)
        try:
            if refusal is None and (this_pass != current_pass or fetcher is None):
                fetcher, current_pass = job.fetcher(), this_pass
            if fetcher is not None and refusal is None:
                try:
                    value = fetcher.fetch(pickle.loads(index))
                except StopIteration:
                    if not streams:
                        raise
                    kind = "end"
            blobs = pack(value)
        except Exception as problem:
            kind, blobs = "error", pack(RemoteError(problem, where))
        try:
            send(answers, (this_pass, number, kind), blobs)
        except (BrokenPipeError, ConnectionResetError):
            return
        except OSError as problem:  # no memory or descriptor for the batch
            send(answers, (this_pass, number, "error"), pack(RemoteError(problem, where)))
        del value, blobs, task, index  # not while it waits for the next


def _seed(base_seed: int, worker_id: int) -> None:
    """As PyTorch: Python and corelib with the sum, NumPy with a hash of both, so that their streams differ."""
    random.seed(base_seed + worker_id)
    manual_seed(base_seed + worker_id)
    entropy = [worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))
