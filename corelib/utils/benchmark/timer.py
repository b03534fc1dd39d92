"""Timer: how long a statement takes, with the device waited for, and as often as it needs to be sure."""

from __future__ import annotations

import enum
import textwrap
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pkgutil import resolve_name
from statistics import median
from typing import Any, NoReturn

from corelib.dispatcher.plugins.loaded import AT_WORK
from corelib.dispatcher.warned import warn
from corelib.utils.benchmark.measurement import Measurement, TaskSpec

__all__ = ["CallgrindStats", "CopyIfCallgrind", "FunctionCount", "FunctionCounts", "Language", "Timer", "set_torch_threads", "timer"]


def timer() -> float:
    """The time in seconds, once every device that is in use has done what was asked of it."""
    for backend in AT_WORK.values():
        if backend.asynchronous:
            for index in range(backend.device_count()):
                backend.synchronize(index)
    return timeit.default_timer()


class Language(enum.Enum):
    """What a statement is written in; corelib times Python."""

    PYTHON = 0
    CPP = 1


@contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """A context in which the libraries that compute on the cpu use so many threads. They are told by threadpoolctl; where that is not
    installed they use as many as the environment says, and a warning says so once, for another number than 1."""
    if find_spec("threadpoolctl") is None:
        if n != 1:
            warn(f"set_torch_threads({n}): pip install threadpoolctl, which tells the libraries that compute how many threads to use; without it the environment does")
        yield
        return
    with resolve_name("threadpoolctl:threadpool_limits")(n):
        yield


def _plain(text: str) -> str:
    text = textwrap.dedent(text)
    return text.removeprefix("\n").rstrip()


class Timer:
    """Times a statement, as `timeit.Timer` does; it warms up first, waits for devices, and gives a Measurement.

    stmt, setup: Python text; `torch` is corelib in it. globals: names for it. label, sub_label, description, env: how tables of Compare call it.
    num_threads: how many threads the cpu computes with; 1 unless said otherwise, as PyTorch's.
    ValueError for a statement that is no text, and for `global_setup`, which is for C++; NotImplementedError for another language than Python.

    >>> import corelib as torch
    >>> from corelib.utils.benchmark import Timer
    >>> measured = Timer("x + x", setup="x = torch.ones(8)").timeit(100)
    >>> measured.number_per_run, measured.median > 0
    (100, True)
    """

    _timer_cls: Any = timeit.Timer

    def __init__(
        self, stmt: str = "pass", setup: str = "pass", global_setup: str = "", timer: Callable[[], float] = timer, globals: dict[str, Any] | None = None,
        label: str | None = None, sub_label: str | None = None, description: str | None = None, env: str | None = None, num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:  # fmt: skip
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language in (Language.CPP, "cpp", "c++"):
            raise NotImplementedError("Timer(): language='cpp' needs PyTorch's C++ library, which corelib does not have; write the statement in Python")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`.")
        self._globals = {"torch": resolve_name("corelib"), **(globals or {})}
        stmt, setup = _plain(stmt), _plain(setup)
        known = {name: value.value if isinstance(value, CopyIfCallgrind) else value for name, value in self._globals.items()}
        self._timer = self._timer_cls(stmt=stmt, setup=setup, timer=timer, globals=known)
        self._task_spec = TaskSpec(stmt, setup, global_setup, label, sub_label, description, env, num_threads)

    def _timeit(self, number: int) -> float:
        return max(float(self._timer.timeit(number)), 1e-9)

    def _measured(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self._task_spec)

    def timeit(self, number: int = 1000000) -> Measurement:
        """Run the statement `number` times, after a hundredth of that to warm up."""
        with set_torch_threads(self._task_spec.num_threads):
            self._timeit(max(number // 100, 2))
            return self._measured(number, [self._timeit(number)])

    def repeat(self, repeat: int = -1, number: int = -1) -> NoReturn:
        """NotImplementedError, as PyTorch's: `blocked_autorange` repeats."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable[[int, float], Any] | None = None) -> NoReturn:
        """NotImplementedError, as PyTorch's: `blocked_autorange` finds the number of runs."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def _repeated(
        self, number: int, enough: Callable[[list[float]], bool], least: float, most: float | None, callback: Callable[[int, float], Any] | None
    ) -> Measurement:
        times: list[float] = []
        with set_torch_threads(self._task_spec.num_threads):
            while sum(times) < least or not enough(times):
                times.append(self._timeit(number))
                if callback is not None:
                    callback(number, times[-1])
                if most is not None and sum(times) > most:
                    break
        return self._measured(number, times)

    def _block_size(self, least: float) -> int:
        """How many runs make a block in which reading the clock is as good as nothing."""
        with set_torch_threads(self._task_spec.num_threads):
            overhead = median(self._timeit(0) for _ in range(5))
            number = 1
            while True:
                taken = self._timeit(number)
                if (overhead / taken <= 1e-4 and taken >= least / 1000) or taken > least or number * 10 > 2147483647:
                    return number
                number *= 10

    def blocked_autorange(self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2) -> Measurement:
        """Time blocks of runs, for `min_run_time` seconds at least. callback: called with the runs of a block and its time."""
        return self._repeated(self._block_size(min_run_time), bool, min_run_time, None, callback)

    def adaptive_autorange(
        self, threshold: float = 0.1, *, min_run_time: float = 0.01, max_run_time: float = 10.0, callback: Callable[[int, float], Any] | None = None
    ) -> Measurement:
        """Time blocks until their middle half is narrower than `threshold` of the median, for `max_run_time` seconds at most."""
        number = self._block_size(0.05)

        def enough(times: list[float]) -> bool:
            return len(times) > 3 and self._measured(number, times).meets_confidence(threshold)

        return self._repeated(number, enough, min_run_time, max_run_time, callback)

    def collect_callgrind(
        self, number: int = 100, *, repeats: int | None = None, collect_baseline: bool = True, retain_out_file: bool = False
    ) -> NoReturn:
        """NotImplementedError: the instructions that Valgrind counts are the interpreter's here."""
        if repeats is not None and repeats < 1:
            raise ValueError("If specified, `repeats` must be >= 1")
        raise NotImplementedError(
            "Timer.collect_callgrind(): corelib is Python, of which Valgrind would count the interpreter's instructions; use blocked_autorange() for times, and "
            "corelib.profiler.profile() for what runs"
        )


class CopyIfCallgrind:
    """Marks a global of a Timer that PyTorch copies to Valgrind's process; here it is the value alone."""

    def __init__(self, value: Any, *, setup: str | None = None) -> None:
        self._value = value
        self._setup = setup

    @property
    def value(self) -> Any:
        """The value."""
        return self._value

    @property
    def setup(self) -> str | None:
        """What the other process would run before."""
        return self._setup


class _Counts:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError(
            f"{type(self).__name__}(): such counts come from Timer.collect_callgrind(), which corelib does not have; use Timer.blocked_autorange()"
        )


class CallgrindStats(_Counts):
    """In PyTorch the counts of a run under Valgrind. NotImplementedError."""


class FunctionCounts(_Counts):
    """In PyTorch the instructions by function. NotImplementedError."""


class FunctionCount(_Counts):
    """In PyTorch the instructions of one function. NotImplementedError."""
