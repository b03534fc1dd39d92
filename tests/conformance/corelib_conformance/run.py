"""Cases run on a device: each with a time limit, a failure tried again, what was skipped told as a failure.

`check_device` does it in this process. `Workers` does it in processes of their own, which a crash or a hang may end: that is then
the case's result, and the rest goes on in a new one.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import corelib
from corelib_conformance.checks import CHECKS
from corelib_conformance.plan import selected
from corelib_conformance.result import Case, Failure, Result, Unsupported
from corelib_conformance.samples.declare import OPS
from corelib_conformance.target import Target

LIMIT = 120.0
"""Seconds for one case."""
AGAIN = 2
"""How often a case that failed is tried again; a mixed outcome is "flaky"."""


class TooLong(BaseException):
    """The time limit of a case; no check catches it."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """TooLong after some seconds, where this is the main thread of a system with alarms."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: Any) -> None:
        raise TooLong(f"not done after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def run_case(target: Target, case: Case, limit: float = LIMIT) -> Result:
    """One case, and again where it failed."""
    first = _once(target, case, limit)
    if first.status not in ("fail", "error"):
        return first
    again = [_once(target, case, limit) for _ in range(AGAIN)]
    if any(r.status not in ("fail", "error", "timeout") for r in again):
        return first._replace(status="flaky", message=f"passes and fails: {first.message}")
    return first


def _once(target: Target, case: Case, limit: float) -> Result:
    start = time.perf_counter()
    status, message, over = "pass", "", None
    # Nothing may go to the host but what the op table has no body for; the report says what did.
    before = corelib.backends.set_fallback("allow" if case.op in OPS and OPS[case.op].extension else "error")
    try:
        with limited(limit):
            over = CHECKS[case.check](target, case)
    except Unsupported as reason:
        status, message = "unsupported", str(reason)
    except Failure as failure:
        status, message, over = "fail", str(failure), failure.over
    except TooLong as error:
        status, message = "timeout", str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if type(error).__name__ in ("Skipped", "SkipTest"):
            status, message = "fail", f"something in it wanted to be skipped ({error}); nothing is skipped here"
        elif isinstance(error, SystemExit | GeneratorExit):
            status, message = "error", f"{type(error).__name__}: {error}"
        else:
            status, message = "error", f"{type(error).__name__}: {error}"
    finally:
        corelib.backends.set_fallback(before)
    return Result(case, status, message[:2000], over, (time.perf_counter() - start) * 1000)


def run(target: Target, cases: Iterable[Case], limit: float = LIMIT) -> Iterator[Result]:
    """Each case in turn, in this process."""
    for case in cases:
        yield run_case(target, case, limit)


def check_device(
    device: str, level: int = 5, op: str | None = None, seed: int = 0, limit: float = LIMIT
) -> list[Result]:
    """Run the suite against a device in this process and return every case's result.

    level: 0 (runtime) to 5 (training); op: a regular expression for names of ops; seed: of the samples' numbers.
    RuntimeError where nothing can be made on the device.

    >>> from corelib_conformance import check_device
    >>> {result.status for result in check_device("cpu", level=1, op="neg")}
    {'pass'}
    """
    return list(run(Target(device, seed), selected(level, op), limit))
