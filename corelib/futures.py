"""torch.futures: results that are not there yet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

__all__ = ["Future", "collect_all", "wait_all"]

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A result that some thread will set once; others wait for it, or are called with the future when it is there.

    devices: accepted for PyTorch's sake.

    >>> import corelib as torch
    >>> future = torch.futures.Future()
    >>> doubled = future.then(lambda f: 2 * f.value())
    >>> future.set_result(3)
    >>> doubled.wait()
    6
    """

    def __init__(self, *, devices: Sequence[Any] | None = None) -> None:
        self._there = threading.Condition()
        self._done = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], object]] = []

    def done(self) -> bool:
        """Whether a result or an error has been set."""
        return self._done

    def wait(self) -> T:
        """The result, once it is there; the error where one was set."""
        with self._there:
            while not self._done:
                self._there.wait()
        return self.value()

    def value(self) -> T:
        """The result. RuntimeError where it is not there yet; the error where one was set."""
        if not self._done:
            raise RuntimeError("Future.value(): the future is not completed; wait() for it")
        if self._error is not None:
            raise self._error
        result: T = self._result
        return result

    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """A future of what `callback` returns for this one, once it is there."""
        made: Future[S] = Future()

        def run(future: Future[T]) -> None:
            try:
                made.set_result(callback(future))
            except Exception as error:
                made.set_exception(error)

        self.add_done_callback(run)
        return made

    def add_done_callback(self, callback: Callable[[Future[T]], object]) -> None:
        """Call `callback` with this future once it is there, at once if it is."""
        with self._there:
            if not self._done:
                self._callbacks.append(callback)
                return
        self._call(callback)

    def set_result(self, result: T) -> None:
        """Set the result. RuntimeError where there is one."""
        self._complete(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Set an error. RuntimeError where there is a result, TypeError for what is no error."""
        if not isinstance(result, BaseException):
            raise TypeError(f"Future.set_exception(): {result} is of type {type(result)}, not an Exception.")
        self._complete(None, result)

    def _complete(self, result: Any, error: BaseException | None) -> None:
        with self._there:
            if self._done:
                raise RuntimeError("Future.set_result(): Future can only be marked completed once.")
            self._result, self._error, self._done = result, error, True
            self._there.notify_all()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            self._call(callback)

    def _call(self, callback: Callable[[Future[T]], object]) -> None:
        try:
            callback(self)
        except Exception:  # the result is there, whatever those who wait make of it
            logging.getLogger(__name__).exception("an error in a callback of a future")


def collect_all(futures: Sequence[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of all these futures, once each is there.

    >>> import corelib as torch
    >>> one, two = torch.futures.Future(), torch.futures.Future()
    >>> both = torch.futures.collect_all([one, two])
    >>> one.set_result(1)
    >>> two.set_result(2)
    >>> [f.value() for f in both.wait()]
    [1, 2]
    """
    made: Future[list[Future[Any]]] = Future()
    left, lock = [len(futures)], threading.Lock()

    def one_is_there(future: Future[Any]) -> None:
        with lock:
            left[0] -= 1
            last = not left[0]
        if last:
            made.set_result(list(futures))

    if not futures:
        made.set_result([])
    for future in futures:
        future.add_done_callback(one_is_there)
    return made


def wait_all(futures: Sequence[Future[Any]]) -> list[Any]:
    """The results of all these futures, once they are there; the first error."""
    return [future.wait() for future in collect_all(futures).wait()]


def fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
    """A future of what a function returns: torch.jit.fork, which runs it at once."""
    made: Future[T] = Future()
    try:
        made.set_result(func(*args, **kwargs))
    except Exception as error:
        made.set_exception(error)
    return made


def wait(future: Future[T]) -> T:
    """A future's result: torch.jit.wait."""
    return future.wait()
