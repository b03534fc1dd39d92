"""Several processes that run one function: started together, waited for together, and ended together where one fails."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from time import monotonic
from typing import Any

from corelib.as_torch.tracebacks import shorten
from corelib.as_torch.warned import warn
from corelib.multiprocessing.processes import set_pdeathsig

ENV_VAR_PARALLEL_START = "TORCH_MP_PARALLEL_START"
_SECONDS_TO_END = 30.0
log = logging.getLogger(__name__)

__all__ = ["ProcessContext", "ProcessException", "ProcessExitedException", "ProcessRaisedException", "SpawnContext", "spawn", "start_processes"]


class ProcessException(Exception):
    """A process of `spawn` failed: which (`error_index`, `error_pid`) and how (`msg`)."""

    __slots__ = ("error_index", "error_pid")

    def __init__(self, msg: str, error_index: int, error_pid: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.error_index = error_index
        self.error_pid = error_pid

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.error_pid)


class ProcessRaisedException(ProcessException):
    """The function raised; `msg` has the traceback."""


class ProcessExitedException(ProcessException):
    """The process ended by itself with `exit_code`, or by a signal, whose name is `signal_name`."""

    __slots__ = ("exit_code",)

    def __init__(self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code = exit_code
        self.signal_name = signal_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.msg, self.error_index, self.error_pid, self.exit_code, self.signal_name)


def _run(fn: Callable[..., Any], index: int, args: tuple[Any, ...], error_file: str) -> None:
    set_pdeathsig(signal.SIGINT)  # a process that is no daemon ends with its parent too
    try:
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the parent ends us
    except Exception as error:
        shorten(error)
        with open(error_file, "wb") as file:
            pickle.dump(traceback.format_exc(), file)
        sys.exit(1)


class ProcessContext:
    """The processes that `spawn` has started with join=False."""

    def __init__(self, processes: Sequence[Any], error_files: Sequence[str]) -> None:
        self.error_files = list(error_files)
        self.processes = list(processes)
        self.sentinels = {process.sentinel: index for index, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """Their process ids."""
        return [int(process.pid) for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait until a process has ended or `timeout` seconds have passed; True once all have.

        Where one fails, the others may end by themselves for `grace_period` seconds, are then terminated and at last killed, and
        ProcessRaisedException or ProcessExitedException says which failed and how.
        """
        if not self.sentinels:
            return True
        failed = None
        for ready in wait(list(self.sentinels), timeout):
            index = self.sentinels.pop(ready)
            self.processes[index].join()
            if self.processes[index].exitcode != 0:
                failed = index
                break
        if failed is None:
            return not self.sentinels
        if grace_period is not None:
            self._join_all(grace_period)
        self._signal("terminate")
        self._join_all(_SECONDS_TO_END if grace_period is None else grace_period)
        self._signal("kill")
        for process in self.processes:
            process.join()
        raise self._failure(failed)

    def _join_all(self, seconds: float) -> None:
        end = monotonic() + seconds
        for process in self.processes:
            process.join(max(0.0, end - monotonic()))

    def _signal(self, how: str) -> None:
        for process in self.processes:
            if process.is_alive():
                log.warning("%s process %s", how, process.pid)
                getattr(process, how)()

    def _failure(self, index: int) -> ProcessException:
        process = self.processes[index]
        try:
            with open(self.error_files[index], "rb") as file:
                told = pickle.load(file)
        except (FileNotFoundError, EOFError):
            told = None
        for path in self.error_files:
            if os.path.exists(path):
                os.unlink(path)
        if told is not None:
            return ProcessRaisedException(f"\n\n-- Process {index} terminated with the following error:\n{told}", index, process.pid)
        code = process.exitcode
        if code >= 0:
            return ProcessExitedException(f"process {index} terminated with exit code {code}", index, process.pid, code)
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"<Unknown signal {-code}>"
        return ProcessExitedException(f"process {index} terminated with signal {name}", index, process.pid, code, name)


class SpawnContext(ProcessContext):
    """The former name of ProcessContext; it warns."""

    def __init__(self, processes: Sequence[Any], error_files: Sequence[str]) -> None:
        warn("SpawnContext is renamed to ProcessContext since 1.4 release.")
        super().__init__(processes, error_files)


def start_processes(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False, start_method: str = "spawn",
) -> ProcessContext | None:
    """As `spawn`, under any start method: "spawn", "fork" or "forkserver".

    With the environment variable TORCH_MP_PARALLEL_START=1 and "forkserver", the processes are started side by side.
    """
    chosen: Any = multiprocessing.get_context(start_method)

    def start(index: int) -> tuple[Any, str]:
        descriptor, path = tempfile.mkstemp(prefix="corelib-errorfile-", suffix=".pickle")
        os.close(descriptor)
        os.unlink(path)  # only a process that fails makes it again
        process = chosen.Process(target=_run, args=(fn, index, args, path), daemon=daemon)
        process.start()
        return process, path

    if start_method == "forkserver" and os.environ.get(ENV_VAR_PARALLEL_START, "0") == "1":
        with ThreadPoolExecutor(max_workers=nprocs) as executor:
            started = list(executor.map(start, range(nprocs)))
    else:
        started = [start(index) for index in range(nprocs)]
    context = ProcessContext([process for process, _ in started], [path for _, path in started])
    if not join:
        return context
    while not context.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False, start_method: str = "spawn",
) -> ProcessContext | None:
    """Run `fn(i, *args)` in `nprocs` new processes, i from 0; wait for all, or with join=False give a ProcessContext at once.

    `fn` must be picklable: at the top of a module. Where a process fails the others are ended, and ProcessRaisedException (with the
    traceback) or ProcessExitedException is raised. Another start_method than "spawn" warns and is not used; `start_processes` does.
    """
    if start_method != "spawn":
        warn(
            f"This method only supports start_method=spawn (got: {start_method}).\nTo use a different start_method use:\n\t\t"
            " torch.multiprocessing.start_processes(...)",
            FutureWarning,
        )
    return start_processes(fn, args, nprocs, join, daemon, start_method="spawn")
