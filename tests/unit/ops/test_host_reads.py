"""How often an op reads a device: each read waits for all that was queued. One tells whether the indices are in range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import corelib as torch
import pytest
from corelib_cpu_numpy.backend import NumpyBackend

F = torch.nn.functional


class Counted(NumpyBackend):
    """A device whose reads are counted."""

    device_type = "counted"
    indexed = True
    host_memory = False
    reads = 0

    def __init__(self) -> None:
        super().__init__()
        self.small_allocation = None

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        self.reads += 1
        return super().device_to_host(buffer, offset, nbytes, index).copy()


@pytest.fixture
def device() -> Iterator[Counted]:
    backend = Counted()
    with torch.backends.register(backend):
        yield backend


def on(values: Any) -> torch.Tensor:
    return torch.tensor(values, device="counted")


def x() -> torch.Tensor:
    return torch.linspace(-1.0, 1.0, 20, device="counted").reshape(5, 4)


def index(bad: int = 0) -> torch.Tensor:
    return on([0, 3, 1 + bad])


def labels(bad: int = 0) -> torch.Tensor:
    return on([0, 1, 2, 3, 1 + bad])


def ones(*shape: int) -> torch.Tensor:
    return torch.ones(*shape, device="counted")


CALLS = {
    "gather": lambda bad: x().gather(0, index(bad)[:, None]),
    "index_select": lambda bad: x().index_select(0, index(bad)),
    "index": lambda bad: x()[index(bad)],
    "index twice": lambda bad: x()[index(bad), index()],
    "index_put": lambda bad: x().index_put_((index(bad),), x()[:3]),
    "scatter_add": lambda bad: x().scatter_add(0, index(bad)[:, None], x()),
    "index_reduce": lambda bad: x().index_reduce(0, index(bad), x()[:3], "amax"),
    "take_along_dim": lambda bad: torch.take_along_dim(x(), index(bad)[:, None], 0),
    "embedding": lambda bad: F.embedding(index(bad), ones(5, 3)),
    "embedding_bag": lambda bad: F.embedding_bag(index(bad), ones(5, 3), on([0, 2])),
    "embedding_bag max": lambda bad: F.embedding_bag(index(bad), ones(5, 3), on([0, 2]), mode="max"),
    "embedding_bag of rows": lambda bad: F.embedding_bag(index(bad)[None], ones(5, 3)),
    "nll_loss": lambda bad: F.nll_loss(x(), labels(bad)),
    "nll_loss weighed": lambda bad: F.nll_loss(x(), labels(bad), weight=ones(4)),
    "nll_loss ignoring": lambda bad: F.nll_loss(x(), on([0, 1, -100, 3, 1 + bad])),
    "cross_entropy smoothed": lambda bad: F.cross_entropy(x(), labels(bad), weight=ones(4), label_smoothing=0.1),
    "multi_margin_loss": lambda bad: F.multi_margin_loss(x(), labels(bad)),
    "one_hot": lambda bad: F.one_hot(labels(bad), 5),
}
FREE = {
    "bincount": lambda: torch.bincount(index()),
    "one_hot": lambda: F.one_hot(index()),
    "mask": lambda: x()[x() > 0],
    "masked_select": lambda: torch.masked_select(x(), x() > 0),
    "repeat_interleave": lambda: x().repeat_interleave(on([1, 2, 0, 1, 1]), 0),
}
MADE = {
    "interpolate": lambda: F.interpolate(x()[None, None], size=7),
    "grid_sample": lambda: F.grid_sample(x()[None, None], torch.zeros(1, 2, 2, 2, device="counted"), align_corners=False),
    "pad": lambda: F.pad(x()[None, None], (1, 1, 1, 1), mode="reflect"),
    "unfold": lambda: F.unfold(x()[None, None], 2),
}


def reads(device: Counted, call: Any) -> int:
    before = device.reads
    call()
    return device.reads - before


@pytest.mark.parametrize("name", CALLS)
def test_one_read_says_whether_indices_are_in_range(device: Counted, name: str) -> None:
    assert reads(device, lambda: CALLS[name](0)) <= 1
    with pytest.raises((IndexError, RuntimeError), match=r"out of bounds|smaller than num_classes|out of range"):
        CALLS[name](9)


@pytest.mark.parametrize("name", FREE)
def test_one_read_says_how_much_there_is(device: Counted, name: str) -> None:
    assert reads(device, FREE[name]) == 1


@pytest.mark.parametrize("name", MADE)
def test_indices_that_are_made_in_range_are_not_read(device: Counted, name: str) -> None:
    assert reads(device, MADE[name]) == 0


def test_an_index_is_checked_before_rows_are_renormed(device: Counted) -> None:
    for weight in (torch.ones(5, 3), ones(5, 3)):
        with pytest.raises(IndexError, match="index 10 is out of bounds"):
            F.embedding(torch.tensor([0, 10], device=weight.device), weight, max_norm=1.0)
        assert weight.sum().item() == 15


def test_offsets_of_bags_are_checked_on_a_device(device: Counted) -> None:
    for offsets, said in (([1, 2], "has to be 0"), ([0, 4], "can not be greater")):
        with pytest.raises(RuntimeError, match=said):
            F.embedding_bag(index(), ones(5, 3), on(offsets))


def test_ignored_targets_may_lie_anywhere_and_others_not(device: Counted) -> None:
    for place in ("cpu", "counted"):
        log = torch.log_softmax(x().to(place), 1)
        for ignored in (-100, 9, 2):
            target = torch.tensor([0, ignored, 2, 3, ignored], device=place)
            assert torch.isfinite(F.nll_loss(log, target, ignore_index=ignored))
            with pytest.raises(IndexError, match="Target -7 is out of bounds"):
                F.nll_loss(log, torch.tensor([0, ignored, -7, 3, 1], device=place), ignore_index=ignored)
