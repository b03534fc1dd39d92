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
import time
from collections.abc import Iterable, Iterator
from typing import IO

from corelib_conformance.result import STATUSES, Case, Result

GRACE = 30.0
"""Seconds beyond a case's limit that a process is given before it is ended."""
KEPT = 4000
"""Bytes of what a process said that are kept for its crash."""
LONGEST = 1 << 20
"""Bytes of a line of answers: what is longer is none."""


class Worker:
    """One process, made anew when it has ended.

    Its answers are lines that name the case and a status. Whatever else comes by that pipe (a kernel can write to any descriptor)
    counts as something said, and neither it nor a child that keeps a pipe open lasts longer than the case's limit.
    """

    def __init__(self, device: str, seed: int, limit: float) -> None:
        self._command = [
            sys.executable, "-m", "corelib_conformance.worker", "--device", device, "--seed", str(seed), "--limit", str(limit),
        ]
        self._limit = limit
        self._process: subprocess.Popen[bytes] | None = None

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
        process = self._process
        if process is None or process.poll() is not None:
            self._let_go()
            process = self._start()
        deadline = time.monotonic() + self._limit + GRACE
        with contextlib.suppress(OSError):  # of a process that has ended, which shows below
            self._pipe(process.stdin).write(f"{case.id}\n".encode())
        result = self._answer(process, case, deadline)
        if result is not None:
            return result
        code = self._ended(process, deadline)
        self._let_go()
        if code is None:
            return Result(case, "timeout", f"not done after {self._limit + GRACE:g} s; its process was ended")
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit status {code}"
        said = bytes(self._said).decode(errors="replace")
        return Result(case, "crash", f"the process ended with {name}: {said[-900:]}")

    def _answer(self, process: subprocess.Popen[bytes], case: Case, deadline: float) -> Result | None:
        """What the process says of the case; None where it says nothing more, or has no time left."""
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=min(left, 1.0))
            except queue.Empty:
                if process.poll() is not None:  # and a child of it holds the pipe open
                    return None
                continue
            if line is None:
                return None
            result = _result(line, case)
            if result is not None:
                return result
            self._hear(line + b"\n")
        return None

    def _ended(self, process: subprocess.Popen[bytes], deadline: float) -> int | None:
        """The exit status; None where the process had to be ended."""
        try:
            code = process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        for listener in self._listeners:
            listener.join(1)
        return code

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        self._said = bytearray()
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._listeners = [
            threading.Thread(target=_read_answers, args=(process.stdout, self._lines), daemon=True),
            threading.Thread(target=_read_errors, args=(process.stderr, self._said), daemon=True),
        ]
        for listener in self._listeners:
            listener.start()
        return process

    def _hear(self, line: bytes) -> None:
        self._said += line[-KEPT:]
        del self._said[:-KEPT]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._pipe(self._process.stdin).close()
            self._ended(self._process, time.monotonic() + 10)
            self._let_go()

    def _let_go(self) -> None:
        """Forget a process that has ended. A listener closes its own pipe, however long a child of the process keeps that open."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._pipe(self._process.stdin).close()
        self._process = None

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None, "asked for by _start"
        return pipe


def _read_answers(source: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    begun = b""
    with source:
        while chunk := source.read(1 << 16):
            *whole, begun = (begun + chunk).split(b"\n")
            for line in filter(None, whole):
                lines.put(line)
            begun = begun if len(begun) <= LONGEST else begun[-KEPT:]
    if begun:
        lines.put(begun)
    lines.put(None)


def _read_errors(source: IO[bytes], said: bytearray) -> None:
    with source:
        while chunk := source.read(1 << 16):
            said += chunk
            del said[:-KEPT]


def _result(line: bytes, case: Case) -> Result | None:
    """The result that a line of answers holds; None where it is no answer, or one about another case."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or row.get("id") != case.id or row.get("status") not in STATUSES:
        return None
    over, taken = row.get("over"), row.get("ms")
    if not isinstance(over, int | float | None) or not isinstance(taken, int | float):
        return None
    return Result(case, row["status"], str(row.get("message", "")), over, taken)


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
                try:
                    result = worker.run(case)
                except Exception as error:  # no process could be started, say: each case has a result all the same
                    result = Result(case, "error", f"its process: {type(error).__name__}: {error}")
                done.put(result)
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
