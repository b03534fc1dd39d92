"""What is set for a whole process, and the device modules: set, read and put back in both libraries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import corelib

from .expressions import assert_same


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    yield
    for T in (corelib, torch):
        T.set_default_dtype(T.float32)
        T.set_default_device(None)
        T.set_float32_matmul_precision("highest")
        T.set_printoptions(profile="default")
        T.set_deterministic_debug_mode(0)


SETTINGS = """
(T.get_default_dtype(), T.set_default_dtype(T.float64), T.get_default_dtype(), T.tensor(1.5))
(T.get_default_device(), T.set_default_device("meta"), T.get_default_device(), T.empty(2).device)
(T.get_float32_matmul_precision(), T.set_float32_matmul_precision("high"), T.get_float32_matmul_precision(), T.backends.cuda.matmul.allow_tf32)
(T.set_printoptions(precision=2), repr(T.tensor(1.23456)), T.set_printoptions(sci_mode=True), repr(T.tensor(1.23456)))
[T.manual_seed(3), [T.rand(1) for _ in [0] for _ in [T.random.fork_rng().__enter__()]]][1]
(T.backends.cudnn.is_available(), T.backends.cudnn.version())
T.cpu.device_count(), T.cpu.is_available(), T.cpu.set_device("cpu"), T.cpu.synchronize()
T.cpu.Event().query()
type(T.cpu.current_stream()).__name__
T.cuda.is_available() in (True, False), type(T.cuda.device_count())
T.cuda.manual_seed_all(3)
T.serialization.clear_safe_globals(), T.serialization.get_safe_globals()
(T.serialization.clear_safe_globals(), T.serialization.add_safe_globals([complex]), T.serialization.get_safe_globals(), T.serialization.clear_safe_globals())
""".strip().splitlines()


@pytest.mark.parametrize("expression", SETTINGS)
def test_setting_is_as_in_pytorch(expression: str) -> None:
    assert_same(expression)


def test_random_numbers_go_on_after_a_fork() -> None:
    drawn = []
    for T in (corelib, torch):
        T.manual_seed(4)
        with T.random.fork_rng():
            inside = T.rand(2)
        drawn.append((inside.tolist(), T.rand(2).tolist()))
    assert drawn[0] == drawn[1]
    assert drawn[0][0] == drawn[0][1]


def test_safe_globals_of_a_block() -> None:
    def inside(T: Any) -> Any:
        with T.serialization.safe_globals([complex]):
            return complex in T.serialization.get_safe_globals()

    for T in (corelib, torch):
        assert inside(T)
        assert complex not in T.serialization.get_safe_globals()
