"""torch.futures: each sequence of calls ends as PyTorch's does."""

from __future__ import annotations

import threading
import time

import corelib
import pytest
import torch


@pytest.mark.parametrize("T", [corelib, torch], ids=["corelib", "pytorch"])
class TestFuture:
    def test_results_and_callbacks(self, T) -> None:
        future, told = T.futures.Future(), []
        future.add_done_callback(lambda f: told.append(f.value()))
        then = future.then(lambda f: f.wait() + 1).then(lambda f: f.value() * 10)
        assert not future.done() and not then.done()
        future.set_result(1)
        assert future.done() and future.wait() == future.value() == 1 and told == [1] and then.wait() == 20
        future.add_done_callback(lambda f: told.append("late"))
        assert told == [1, "late"] and future.then(lambda f: 5).wait() == 5

    def test_errors(self, T) -> None:
        future = T.futures.Future()
        bad = future.then(lambda f: 1 / 0)
        future.set_exception(ValueError("mine"))
        for get in (future.wait, future.value):
            with pytest.raises(ValueError, match="mine"):
                get()
        with pytest.raises((ZeroDivisionError, RuntimeError)):
            bad.wait()
        with pytest.raises(RuntimeError):
            T.futures.Future().value()
        done = T.futures.Future()
        done.set_result(1)
        with pytest.raises(RuntimeError):
            done.set_result(2)

    def test_collections(self, T) -> None:
        futures = [T.futures.Future() for _ in range(3)]
        every = T.futures.collect_all(futures)
        for i, future in enumerate(futures):
            assert not every.done()
            future.set_result(i)
        assert [f.value() for f in every.wait()] == [0, 1, 2] == T.futures.wait_all(futures)

    def test_threads_wait(self, T) -> None:
        future = T.futures.Future()
        thread = threading.Thread(target=lambda: (time.sleep(0.05), future.set_result("there")))
        thread.start()
        assert future.wait() == "there"
        thread.join()
