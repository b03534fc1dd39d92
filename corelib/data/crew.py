"""The worker processes of one loader and the pipes to them, seen from the parent.

Each worker has pipes of its own and no lock is shared, so one that dies in any state blocks nobody. A worker ends when
its pipe of tasks is closed, which the kernel also does when the parent dies.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import weakref
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import Any, NoReturn

from corelib.data.shared_memory import Blob, receive
from corelib.data.worker import Job, work

Context = Any  # of multiprocessing: the stub of BaseContext has no Process

_SECONDS_TO_END = 3.0

# The parent's ends of all pipes in this process. A forked child closes its copies: a pipe has ended only when every copy
# is closed, and that is what tells a worker that its parent is gone.
_our_ends: weakref.WeakSet[Connection] = weakref.WeakSet()


def _close_copies_in_child() -> None:
    for connection in list(_our_ends):
        connection.close()
    _our_ends.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_copies_in_child)


def default_context() -> Context:
    """The start method the program has chosen, else fork on Linux, else the platform's default."""
    method = multiprocessing.get_start_method(allow_none=True)
    if method is None and sys.platform == "linux":
        method = "fork"
    return multiprocessing.get_context(method)


class Crew:
    """Starts workers, sends them tasks, receives their answers, notices when one dies, and ends them."""

    def __init__(self, context: Context, job: Job) -> None:
        self._parent = os.getpid()
        self._tasks: list[Connection] = []
        self._answers: list[Connection] = []
        self._retired: set[int] = set()
        self.processes: list[BaseProcess] = []
        self.ended: str | None = None
        self.failed = False
        try:
            for worker in range(job.num_workers):
                self._start(context, worker, job)
        except BaseException:
            self.end()
            raise

    def _start(self, context: Context, worker: int, job: Job) -> None:
        their_tasks, tasks = context.Pipe(duplex=False)
        answers, their_answers = context.Pipe()
        _our_ends.update((tasks, answers))
        self._tasks.append(tasks)
        self._answers.append(answers)
        process = context.Process(target=work, args=(their_tasks, their_answers, worker, job), daemon=True)
        try:
            process.start()
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            error.add_note(
                f"DataLoader: with the start method {process._start_method!r} the dataset, collate_fn and worker_init_fn must "
                "be picklable: define them at the top of a module, or use multiprocessing_context='fork'."
            )
            raise
        finally:
            their_tasks.close()
            their_answers.close()
        self.processes.append(process)

    def send(self, worker: int, this_pass: int, number: int, index: Any) -> None:
        """Give a worker the indices of a batch; RuntimeError if it has died."""
        # A pickle in the pickle: the worker's reading thread must not fail on what it carries.
        message = (this_pass, number, pickle.dumps(index))
        try:
            self._tasks[worker].send(message)
        except OSError:
            self._fail([worker])

    def receive(self, timeout: float | None) -> tuple[tuple[int, int, str], list[Blob]] | None:
        """The next answer of any worker, None after `timeout` seconds; RuntimeError if one has died."""
        workers = [w for w in range(len(self.processes)) if w not in self._retired]
        pipes = {self._answers[w]: w for w in workers}
        ends = {self.processes[w].sentinel: w for w in workers}
        try:
            ready: list[Any] = wait([*pipes, *ends], timeout)
            for item in ready:  # answers first: the last one of a worker that has died is still good
                if item in pipes:
                    try:
                        return receive(item)
                    except (EOFError, ConnectionResetError):
                        self._fail([pipes[item]])
        except (KeyboardInterrupt, SystemExit):
            self.end("interrupted")  # perhaps within an answer, so that what follows could not be read
            raise
        if ready:
            self._fail([ends[item] for item in ready])
        return None

    def retire(self, worker: int) -> None:
        """Let a worker go whose stream has ended."""
        self._retired.add(worker)
        self._tasks[worker].close()

    def _fail(self, workers: list[int]) -> NoReturn:
        for worker in workers:
            self.processes[worker].join(1)
        how = ", ".join(f"worker {w} (pid {self.processes[w].pid}) {_how(self.processes[w].exitcode)}" for w in workers)
        pids = ", ".join(str(self.processes[w].pid) for w in workers)
        message = f"DataLoader worker (pid(s) {pids}) exited unexpectedly: {how}{_advice(self.processes[workers[0]])}"
        self.failed = True
        self.end(message)
        raise RuntimeError(message)

    def end(self, why: str = "shut down") -> None:
        """End all workers: they may finish the sample they are at, for a few seconds."""
        if self.ended is not None or os.getpid() != self._parent:
            return
        self.ended = why
        for connection in (*self._tasks, *self._answers):
            connection.close()
        try:
            deadline = monotonic() + _SECONDS_TO_END
            for process in self.processes:
                process.join(max(0.0, deadline - monotonic()))
        finally:
            for how in ("terminate", "kill"):
                alive = [process for process in self.processes if process.is_alive()]
                for process in alive:
                    getattr(process, how)()
                for process in alive:
                    process.join(1)


def _how(exitcode: int | None) -> str:
    if exitcode is None:
        return "closed its pipe"
    if exitcode >= 0:
        return f"ended with exit code {exitcode}"
    try:
        return f"was killed by signal {signal.Signals(-exitcode).name}"
    except ValueError:
        return f"was killed by signal {-exitcode}"


def _advice(process: BaseProcess) -> str:
    """What most often is the reason for such an end."""
    code = process.exitcode
    if code == -9:
        return ". A system that has no memory left ends processes so; fewer workers, or smaller batches, need less"
    if code == 1 and getattr(process, "_start_method", "fork") != "fork":
        return (
            ". Its own error is above. With another start method than 'fork' a worker runs the program's file again: what starts the "
            "DataLoader must stand under `if __name__ == '__main__':`"
        )
    return ""
