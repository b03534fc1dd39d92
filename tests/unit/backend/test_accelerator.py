"""torch.accelerator: whichever backend beside the cpu there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import corelib as torch
import pytest
from corelib import accelerator
from corelib_cpu_numpy.backend import NumpyBackend


class Pair(NumpyBackend):
    """Two devices."""

    device_type = "a_pair"
    indexed = True
    host_memory = False

    def __init__(self) -> None:
        super().__init__()
        self.small_allocation = None

    def device_count(self) -> int:
        return 2


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which nothing but this backend is installed."""
    monkeypatch.setattr(accelerator.DEVICE_TYPES, "value", lambda: ["cpu", "meta", "a_pair"])
    with torch.backends.register(Pair()):
        yield


def test_it_is_the_type_that_is_there(alone: None) -> None:
    assert torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator() == torch.device("a_pair")
    assert torch.accelerator.current_accelerator(check_available=True).index is None
    assert torch.accelerator.device_count() == 2
    assert torch.float32 in torch.accelerator.get_device_capability()["supported_dtypes"]
    torch.accelerator.synchronize()
    torch.accelerator.synchronize("a_pair:1")
    torch.accelerator.empty_cache()


def test_the_current_device_is_chosen_by_index(alone: None) -> None:
    assert torch.accelerator.current_device_index() == 0
    try:
        torch.accelerator.set_device_index(1)
        assert torch.ones(1, device="a_pair").device.index == torch.accelerator.current_device_index() == 1
        torch.accelerator.set_device_index(-1)
        assert torch.accelerator.current_device_index() == 1
        with torch.accelerator.device_index(0):
            assert torch.accelerator.current_device_index() == 0
        assert torch.accelerator.current_device_index() == 1
        with torch.accelerator.device_index(None):
            assert torch.accelerator.current_device_index() == 1
        assert torch.accelerator.current_stream().device.index == 1
        assert torch.accelerator.current_stream("a_pair:0").device.index == 0
        with pytest.warns(FutureWarning, match="set_device_index"):
            torch.accelerator.set_device_idx("a_pair:0")
        with pytest.warns(FutureWarning, match="current_device_index"):
            assert torch.accelerator.current_device_idx() == 0
    finally:
        torch.accelerator.set_device_index(0)


def test_memory_is_that_of_the_device(alone: None) -> None:
    x = torch.ones(1 << 16, device="a_pair:1")
    assert torch.accelerator.memory_allocated(1) >= x.nbytes
    assert torch.accelerator.max_memory_allocated("a_pair:1") >= torch.accelerator.memory_allocated(1)
    assert torch.accelerator.memory_reserved(1) >= x.nbytes
    assert torch.accelerator.max_memory_reserved(1) >= x.nbytes
    assert torch.accelerator.memory_stats(1)["allocated_bytes.all.current"] >= x.nbytes
    torch.accelerator.reset_peak_memory_stats(1)


def test_a_device_of_another_type_is_refused(alone: None) -> None:
    for call in (torch.accelerator.set_device_index, torch.accelerator.synchronize, torch.accelerator.memory_allocated):
        with pytest.raises(RuntimeError, match="expected as the accelerator's device, but got: cpu"):
            call("cpu")


def test_the_default_device_comes_first(alone: None) -> None:
    torch.set_default_device("meta")
    try:
        assert torch.accelerator.current_accelerator() == torch.device("a_pair")
        torch.set_default_device("a_pair:1")
        assert torch.accelerator.current_accelerator() == torch.device("a_pair")
    finally:
        torch.set_default_device(None)


def test_without_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator.DEVICE_TYPES, "value", lambda: ["cpu", "meta"])
    assert not torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator() is None
    assert torch.accelerator.device_count() == 0
    calls: list[Any] = [
        torch.accelerator.current_device_index, torch.accelerator.synchronize, torch.accelerator.current_stream, torch.accelerator.empty_cache,
        torch.accelerator.memory_allocated, torch.accelerator.memory_stats, torch.accelerator.get_device_capability, torch.accelerator.get_memory_info,
        lambda: torch.accelerator.set_device_index(0), torch.accelerator.device_index(0).__enter__,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is available"):
            call()
