"""The older ways to make and name tensors, and the switches for determinism, beside PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import corelib
from corelib.contract.meta import MetaBackend

from ..pairs import LIBRARIES, both, refusals_of

SAME = [
    "T.FloatTensor(2, 3).shape", "T.FloatTensor()", "T.FloatTensor([1, 2])", "T.LongTensor([1.7, 2])", "T.LongTensor(np.array([1, 2]))", "T.FloatTensor(np.array([1, 2.0]))", "T.FloatTensor(x)",
    "T.FloatTensor(T.Size([2, 2])).shape", "T.BoolTensor([1, 0, 2])", "isinstance(x, T.FloatTensor)", "isinstance(x, T.LongTensor)", "isinstance(2, T.LongTensor)", "T.FloatTensor.dtype", "issubclass(T.FloatTensor, T.Tensor)",
    "x.type(T.LongTensor)", "x.type('torch.LongTensor')", "x.type()", "x.type(T.float64)", "T.FloatTensor([1], device='cpu')", "T.FloatTensor(range(3))", "T.FloatTensor((1, 2))", "T.LongTensor(2, 3).dtype", "x.new(2, 3).shape",
    "x.new([1, 2])", "x.new()", "x.long().new([1.5])", "x.new(x)", "T.Tensor(x.long())", "T.FloatTensor.is_cuda", "T.FloatTensor.layout", "T.FloatTensor([[1, 2], [3, 4]])", "T.Tensor([1, 2])", "T.Tensor(2).shape", "T.HalfTensor([1.5])",
    "T.ByteTensor([3]).dtype", "T.CharTensor([3]).dtype", "T.ShortTensor([3]).dtype", "T.IntTensor([3]).dtype", "T.DoubleTensor([3]).dtype", "T.BFloat16Tensor([3]).dtype", "x.new([3, 4], device='cpu')",
    "T.are_deterministic_algorithms_enabled()", "T.is_deterministic_algorithms_warn_only_enabled()", "T.get_deterministic_debug_mode()",
]  # fmt: skip
REFUSED = [
    "T.LongTensor(x)", "T.FloatTensor(3.5)", "T.Tensor(3.5)", "x.type('torch.XTensor')", "T.FloatTensor('a')", "T.FloatTensor(-1)", "T.DoubleTensor(1, 2, 'a')", "T.set_default_tensor_type(T.LongTensor)", "T.ByteTensor([300])",
    "x.new(x.long())", "T.use_deterministic_algorithms(1)", "T.set_deterministic_debug_mode(3)", "T.set_deterministic_debug_mode('x')", "T.set_deterministic_debug_mode(1.5)",
]  # fmt: skip


@pytest.mark.parametrize("expression", SAME)
def test_the_same(expression: str) -> None:
    mine, theirs = both(lambda T: eval(expression, {"T": T, "np": np, "x": T.ones(2)}))
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("expression", REFUSED)
def test_the_same_refusals(expression: str) -> None:
    refusals_of(lambda T: eval(expression, {"T": T, "x": T.ones(2)}))


@pytest.mark.filterwarnings("ignore:torch.set_default_tensor_type")
def test_the_default_type() -> None:
    try:
        corelib.set_default_tensor_type(corelib.DoubleTensor)
        assert corelib.ones(1).dtype is corelib.float64
    finally:
        corelib.set_default_tensor_type("torch.FloatTensor")
    assert corelib.ones(1).dtype is corelib.float32


@pytest.fixture
def defaults() -> Iterator[None]:
    yield
    for T in LIBRARIES:
        T.use_deterministic_algorithms(False)


def test_the_switches_read_as_they_were_set(defaults: Any) -> None:
    for T in LIBRARIES:
        T.use_deterministic_algorithms(True, warn_only=True)
    assert corelib.get_deterministic_debug_mode() == torch.get_deterministic_debug_mode() == 1
    assert corelib.is_deterministic_algorithms_warn_only_enabled() and corelib.are_deterministic_algorithms_enabled()
    for mode in ("error", "warn", "default", 2, 1, 0):
        for T in LIBRARIES:
            T.set_deterministic_debug_mode(mode)
        assert corelib.get_deterministic_debug_mode() == torch.get_deterministic_debug_mode()


class Dice(MetaBackend):
    device_type = "dice"
    deterministic = False


def test_a_device_without_the_promise_is_refused(defaults: Any) -> None:
    corelib.use_deterministic_algorithms(True)
    corelib.ones(2)
    with corelib.backends.register(Dice()), pytest.raises(RuntimeError, match="'dice' has kernels that may give other numbers"):
        corelib.ones(2, device="dice")


def test_a_device_without_the_promise_is_warned_of(defaults: Any) -> None:
    corelib.use_deterministic_algorithms(True, warn_only=True)
    with corelib.backends.register(Dice()), pytest.warns(UserWarning, match="'dice' has kernels"):
        corelib.ones(2, device="dice")


def test_the_switch_is_refused_while_such_a_device_is_in_use(defaults: Any) -> None:
    with corelib.backends.register(Dice()):
        corelib.ones(2, device="dice")
        with pytest.raises(RuntimeError, match="dice"):
            corelib.use_deterministic_algorithms(True)
        assert not corelib.are_deterministic_algorithms_enabled()


def test_switches_of_cudnn() -> None:
    corelib.backends.cudnn.benchmark = True
    corelib.backends.cudnn.deterministic = True
    assert not corelib.backends.cudnn.is_available() and corelib.backends.cudnn.version() is None
    with pytest.raises(AttributeError):
        corelib.backends.cudnn.benhcmark = True
