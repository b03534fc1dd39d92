"""Cases run in processes of their own: one that crashes or hangs is a result, and the next one goes on in a new process."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from corelib_conformance.result import Case, Result

GRACE = 30.0
"""Seconds beyond a case's limit that a process is given before it is ended."""


class Worker:
    """One process, made anew when it has ended."""

    def __init__(self, device: str, seed: int, limit: float) -> None:
        self._command = [
            sys.executable, "-m", "corelib_conformance.worker", "--device", device, "--seed", str(seed), "--limit", str(limit),
        ]
        self._limit = limit
        self._process: Any = None

    def run(self, case: Case) -> Result:
        """A case's result, whatever becomes of the process."""
        first = self._attempt(case)
        if first.status not in ("crash", "timeout"):
            return first
        again = self._attempt(case)
        if again.status in ("crash", "timeout"):
            return first
        return first._replace(status="flaky", message=f"{first.message}; another time: {again.status}")

    def _attempt(self, case: Case) -> Result:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self._said: list[str] = []
            self._listener = threading.Thread(target=self._listen, args=(self._process, self._said), daemon=True)
            self._listener.start()
        process = self._process
        late = threading.Timer(self._limit + GRACE, process.kill)
        late.start()
        try:
            process.stdin.write(case.id + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            fired = not late.is_alive()
            late.cancel()
        if line:
            row = json.loads(line)
            return Result(case, row["status"], row["message"], row["over"], row["ms"])
        code = process.wait()
        self._listener.join(5)
        self._let_go()
        if fired:
            return Result(case, "timeout", f"not done after {self._limit + GRACE:g} s; its process was ended")
        name = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return Result(case, "crash", f"the process ended with {name}: {''.join(self._said[-12:])[-900:]}")

    @staticmethod
    def _listen(process: Any, said: list[str]) -> None:
        for line in process.stderr:
            said.append(line)
            del said[:-40]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._listener.join(5)
            self._let_go()

    def _let_go(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._process = None


def run_in_workers(device: str, cases: Iterable[Case], processes: int, seed: int, limit: float) -> Iterator[Result]:
    """Results as they come, from several processes."""
    waiting: queue.SimpleQueue[Case] = queue.SimpleQueue()
    count = 0
    for case in cases:
        waiting.put(case)
        count += 1
    done: queue.SimpleQueue[Result] = queue.SimpleQueue()
    stop = threading.Event()

    def serve() -> None:
        worker = Worker(device, seed, limit)
        try:
            while not stop.is_set():
                try:
                    case = waiting.get_nowait()
                except queue.Empty:
                    return
                done.put(worker.run(case))
        finally:
            worker.close()

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(max(1, min(processes, count)))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(count):
            yield done.get()
    finally:
        stop.set()
        for thread in threads:
            thread.join(15)


def processes_for(wanted: str) -> int:
    """A number of processes from the text of an option: "auto" means one for each processor."""
    return len(os.sched_getaffinity(0)) if wanted == "auto" and hasattr(os, "sched_getaffinity") else os.cpu_count() or 1 if wanted == "auto" else int(wanted)
