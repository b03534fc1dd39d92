"""A backend with two devices: where memory lies, and how copies go from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import corelib as torch
import numpy as np
import pytest
from corelib.backends import BackendError
from corelib.devices import Accelerator
from corelib_cpu_numpy.backend import NumpyBackend


class Pair(NumpyBackend):
    """Two devices whose buffers know where they lie."""

    device_type = "pair"
    indexed = True
    host_memory = False

    def __init__(self) -> None:
        super().__init__()
        self.small_allocation = self.small
        self.made: list[tuple[str, int]] = []

    def small(self, shape: Any, dtype: Any, index: int) -> Any:
        self.made.append(("small", index))
        return np.empty(shape, dtype)

    def device_count(self) -> int:
        return 2

    def allocate(self, nbytes: int, index: int) -> Any:
        self.made.append(("buffer", index))
        return super().allocate(nbytes, index)

    def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
        self.made.append(("to host", index))
        return super().device_to_host(buffer, offset, nbytes, index).copy()


class Linked(Pair):
    """With a way from one device to the other."""

    def copy_between(
        self, target: Any, to: int, source: Any, start: int, nbytes: int, target_index: int, source_index: int
    ) -> None:
        self.made.append(("between", source_index * 10 + target_index))
        self._bytes(target)[to : to + nbytes] = self._bytes(source)[start : start + nbytes]


@pytest.fixture(params=[Pair, Linked])
def backend(request: Any) -> Iterator[Pair]:
    made = request.param()
    with torch.backends.register(made):
        torch.backends.reset_report()
        yield made
    torch.backends.reset_report()


def hops() -> list[tuple[str, str, str, int, int]]:
    return [tuple(r) for r in torch.backends.report() if r.device == "pair"]


def test_small_results_are_made_on_their_device(backend: Pair) -> None:
    x = torch.ones(3, device="pair:1")
    backend.made.clear()
    y = (x + x).exp().sum()
    z = x[1:].reshape(2, 1) @ x[:2].reshape(1, 2)
    assert {at for _, at in backend.made} == {1}
    assert y.device == z.device == torch.device("pair:1")
    backend.made.clear()
    torch.zeros(2, device="pair:0") * 2.0
    assert {at for _, at in backend.made} == {0}


@pytest.mark.parametrize("n", [4, 40_000])
def test_a_copy_between_two_devices(backend: Pair, n: int) -> None:
    x = torch.arange(float(n), device="pair:0")
    backend.made.clear()
    y = x.to("pair:1")
    odd = torch.empty(n, device="pair:1").copy_(x.flip(0))
    strided = x.view(2, -1).t().to("pair:1", torch.int64)
    assert not any(kind == "to host" for kind, _ in backend.made) or type(backend) is Pair
    assert y.tolist() == x.tolist()
    assert odd.tolist() == x.tolist()[::-1]
    assert strided.tolist() == x.view(2, -1).t().tolist()
    if type(backend) is Linked:
        assert ("between", 1) in backend.made
        assert hops() == []
    else:
        assert hops() == [("copy", "pair", "host", 3, 2 * (4 + 4 + 8) * n)]


def test_copies_of_storages_go_the_same_way(backend: Pair) -> None:
    x, y = torch.ones(40_000, device="pair:0"), torch.zeros(40_000, device="pair:1")
    y.untyped_storage().copy_(x.untyped_storage())
    assert y.sum().item() == 40_000
    assert len(hops()) == (type(backend) is Pair)


def test_copies_from_and_to_the_host_are_no_hops(backend: Pair) -> None:
    assert torch.ones(3).to("pair:1").cpu().tolist() == [1, 1, 1]
    assert hops() == []


def test_what_there_is_is_declared(backend: Pair) -> None:
    assert backend.capabilities()["copy_between"] is (type(backend) is Linked)


def test_small_results_that_are_not_told_the_device_are_refused() -> None:
    class Blind(Pair):
        def __init__(self) -> None:
            super().__init__()
            self.small_allocation = lambda shape, dtype: np.empty(shape, dtype)

    with pytest.raises(BackendError, match=r"small_allocation\(shape, numpy_dtype, index\)"):
        torch.backends.register(Blind())


def test_one_device_needs_not_be_told() -> None:
    class One(Pair):
        def __init__(self) -> None:
            super().__init__()
            self.small_allocation = np.empty

        def device_count(self) -> int:
            return 1

    with torch.backends.register(One()):
        assert (torch.ones(3, device="pair") + 1).tolist() == [2, 2, 2]


def test_memory_statistics_see_small_results(backend: Pair) -> None:
    module = Accelerator("pair")
    before = module.memory_allocated(1), module.memory_allocated(0), module.memory_stats(1)["allocated_bytes.all.current"]
    kept = [torch.ones(100, device="pair:1") for _ in range(10)]
    view = torch.ones(6, device="pair:1")[2:]
    held = 10 * 400 + 24
    assert module.memory_allocated(1) - before[0] == held
    assert module.memory_reserved(1) >= held
    assert module.max_memory_allocated(1) >= held
    assert module.memory_stats(1)["allocated_bytes.all.current"] - before[2] == held
    assert module.memory_allocated(0) == before[1]
    del kept, view
    assert module.memory_allocated(1) == before[0]


def test_an_asynchronous_backend_has_a_default_queue() -> None:
    class Late(Pair):
        asynchronous = True

        def default_queue(self, index: int) -> Any:
            return None

    with torch.backends.register(Late()), pytest.raises(BackendError, match="default_queue returned None"):
        torch.ones(1, device="pair:1")


def test_an_event_that_measures_is_refused_where_it_could_not_be_recorded(backend: Pair) -> None:
    module = Accelerator("pair")
    with pytest.raises(NotImplementedError, match="record_event"):
        module.Event(enable_timing=True)
    with pytest.raises(NotImplementedError, match="record_event"):
        torch.Event("pair:1", enable_timing=True)
    assert module.Event().query()


@pytest.mark.parametrize("given", [None, b"\0" * 24, "short", "square"])
def test_a_read_of_another_number_of_bytes_is_an_error(backend: Pair, given: Any, monkeypatch: Any) -> None:
    x = torch.arange(6.0, device="pair:1")
    made = {"short": np.zeros(3, np.uint8), "square": np.zeros((6, 4), np.uint8)}.get(given, given)
    monkeypatch.setattr(backend, "device_to_host", lambda buffer, offset, nbytes, index: made, raising=False)
    for read in (lambda: x.tolist(), lambda: x.cpu(), lambda: x.sum().item(), lambda: x.untyped_storage().tolist()):
        with pytest.raises(RuntimeError, match=r"device_to_host\(\) of the pair backend returned .*; expected an array of"):
            read()


def test_devices_without_indices_are_one_device() -> None:
    class Unindexed(Pair):
        indexed = False

    with pytest.raises(BackendError, match=r"has 2 devices, and says indexed \(=False\)"):
        torch.backends.register(Unindexed())


def test_kernels_are_functions() -> None:
    class Numbers(Pair):
        def kernels(self) -> Any:
            made = super().kernels()
            made.table["add"] = {d: 5 for d in made.table["add"]}
            return made

    with pytest.raises(BackendError, match=r"its kernel 'add' of torch\.\w+ must be a function, got 5"):
        torch.backends.register(Numbers())


OTHER_DEVICE = [
    lambda a, b: torch.where(a > 1, a, b), lambda a, b: torch.where(b > 1, a, a), lambda a, b: torch.where(b[0] > 1, a, 0.0),
    lambda a, b: torch.where(a > 1, b, 0.0), lambda a, b: a.masked_fill(b > 1, 0.0), lambda a, b: a[b.long()], lambda a, b: a[b > 1],
    lambda a, b: a.__setitem__(b > 1, 0.0), lambda a, b: a.__setitem__(a > 1, b), lambda a, b: a.index_put((b.long(),), a),
    lambda a, b: a.index_select(0, b.long()), lambda a, b: torch.cat([a, b]), lambda a, b: a + b[0], lambda a, b: a.gather(0, b.long()),
    lambda a, b: torch.nn.functional.embedding(b.long(), a.reshape(6, 1)), lambda a, b: torch.add(a, a, out=b), lambda a, b: a @ b,
]  # fmt: skip


@pytest.mark.parametrize("call", OTHER_DEVICE)
@pytest.mark.parametrize("others", ["pair:0", "cpu"])
def test_nothing_is_moved_from_another_device_in_silence(backend: Pair, call: Any, others: str) -> None:
    """The host's numbers and indices go with any device, as in PyTorch; nothing of another device goes with this one."""
    a, b = torch.arange(6.0, device=others), torch.arange(6.0, device="pair:1")
    with pytest.raises(RuntimeError, match="on the same device"):
        call(a, b)


def test_numbers_and_indices_of_the_host_go_with_any_device(backend: Pair) -> None:
    a, b = torch.arange(6.0, device="pair:1"), torch.arange(6.0)
    assert torch.where(a > 1, a, b[0]).tolist() == torch.where(a > 1, a, 0.0).tolist() == [0, 0, 2, 3, 4, 5]
    assert torch.where(b[0] > 1, a, -a).tolist() == (-a).tolist()
    assert a[b.long()].device == a[b > 1].device == a.device and a[b > 3].tolist() == [4, 5]
    a[b > 3] = b[0]
    a.index_put_((torch.tensor([1], device="pair:1"),), torch.tensor(7.0))
    a[2:4] = b[:2]
    assert a.tolist() == [0, 7, 0, 1, 0, 0]


@pytest.mark.parametrize(("made", "said"), [
    (lambda shape, dtype, index: np.empty((3, 3), dtype), r"an array of \w+, shape \[3, 3\]"),
    (lambda shape, dtype, index: np.empty(shape, np.uint16), "an array of uint16"),
    (lambda shape, dtype, index: None, "an object of type NoneType"), (lambda shape, dtype, index: [0] * 6, "an object of type list"),
])  # fmt: skip
def test_small_results_of_another_shape_or_dtype_are_refused(made: Any, said: str) -> None:
    backend = Pair()
    backend.small_allocation = made
    with torch.backends.register(backend), pytest.raises(BackendError, match=rf"small_allocation\(\(2, 3\), \w+\) returned {said}"):
        torch.ones(2, device="pair:1")


def test_whole_arrays_that_their_views_do_not_hold_are_refused():
    """NumPy's views of an array over an array hold the outer one only, so that memory in use would be lent again."""

    class Plain(NumpyBackend):
        device_type = "plain"

        def allocate(self, nbytes, index):
            return np.empty(nbytes, np.uint8)

    with torch.backends.register(Plain()), pytest.raises(BackendError, match="array_over gives arrays that go while a view of them is in use"):
        torch.empty(2, device="plain")
