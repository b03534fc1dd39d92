"""How often an op reads a device: each read waits for all that was queued. One tells whether the indices are in range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import corelib as torch
import pytest
from corelib.ops.indexing.reads import read_together
from corelib_cpu_numpy.backend import NumpyBackend

F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore:index_reduce")


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


def paths() -> torch.Tensor:
    return torch.linspace(-1.0, 1.0, 40, device="counted").reshape(5, 2, 4).log_softmax(2)


def adaptive() -> torch.nn.Module:
    return torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 4, 7], div_value=2.0, device="counted")


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
    "ctc_loss": lambda bad: F.ctc_loss(paths(), on([[1, 2], [3, 1 + bad]]), on([5, 5]), on([2, 2])),
    "ctc_loss of joined targets": lambda bad: F.ctc_loss(paths(), on([1, 2, 3 + bad]), on([5, 4]), on([2, 1])),
    "adaptive_log_softmax_with_loss": lambda bad: adaptive()(ones(5, 8), on([0, 3, 5, 9 + bad, 1])).loss,
    "lu_unpack": lambda bad: torch.lu_unpack(x()[:4], on([1, 2, 3, 4 + bad]).int()).U,
    "scatter multiplied": lambda bad: x().scatter(0, index(bad)[:, None].expand(3, 4), 2.0, reduce="multiply"),
}
FREE = {
    "bincount": lambda: torch.bincount(index()),
    "one_hot": lambda: F.one_hot(index()),
    "mask": lambda: x()[x() > 0],
    "masked_select": lambda: torch.masked_select(x(), x() > 0),
    "repeat_interleave": lambda: x().repeat_interleave(on([1, 2, 0, 1, 1]), 0),
    "unique": lambda: torch.unique(index(), return_inverse=True, return_counts=True),
    "unique rows": lambda: torch.unique(x(), dim=0, return_inverse=True, return_counts=True),
    "histc": lambda: torch.histc(x(), 4),
    "histogram": lambda: torch.histogram(x(), 4),
    "histogramdd": lambda: torch.histogramdd(x(), [2, 2, 2, 2]),
    "poisson": lambda: torch.poisson(x() * 20 + 21),
    "binomial": lambda: torch.binomial(x() * 20 + 21, x() / 2 + 0.5),
    "bernoulli": lambda: torch.bernoulli(x() / 2 + 0.5),
    "quantile": lambda: torch.quantile(x(), on([0.25, 0.5]), 0),
    "nanquantile": lambda: torch.nanquantile(x(), on([0.25, 0.5]), 0, interpolation="lower"),
    "segment_reduce": lambda: torch.segment_reduce(x(), "max", lengths=on([2, 3])),
    "binary_cross_entropy": lambda: F.binary_cross_entropy(x() / 2 + 0.5, ones(5, 4)),
    "cov": lambda: torch.cov(x(), fweights=on([1, 2, 1, 1]), aweights=ones(4)),
    "rrelu": lambda: F.rrelu(x(), training=True),
    "adaptive_max_pool2d": lambda: F.adaptive_max_pool2d(x()[None], 3),
    "fractional_max_pool2d": lambda: F.fractional_max_pool2d(ones(1, 1, 5, 5), 2, 3, _random_samples=on([[[0.5, 0.5]]])),
    "linalg.solve": lambda: torch.linalg.solve(x()[:4] + torch.eye(4, device="counted"), x()[:4]),
}
MADE = {
    "interpolate": lambda: F.interpolate(x()[None, None], size=7),
    "grid_sample": lambda: F.grid_sample(x()[None, None], torch.zeros(1, 2, 2, 2, device="counted"), align_corners=False),
    "pad": lambda: F.pad(x()[None, None], (1, 1, 1, 1), mode="reflect"),
    "unfold": lambda: F.unfold(x()[None, None], 2),
    "fold": lambda: F.fold(ones(1, 4, 4), 3, 2),
    "adaptive_avg_pool2d": lambda: F.adaptive_avg_pool2d(x()[None], 3),
    "flip": lambda: x().flip(0),
    "combinations": lambda: torch.combinations(x()[0]),
    "pdist": lambda: F.pdist(x()),
    "triu_indices": lambda: torch.triu_indices(4, 3, 1, device="counted"),
    "quantile of a number": lambda: torch.quantile(x(), 0.25, 0),
    "histc of a range": lambda: torch.histc(x(), 4, -1, 1),
    "median": lambda: torch.median(x(), 0),
}
# What a backward reads: nothing, for its indices were checked in the forward or were made by it.
SLOPES = {
    "gather": lambda t: t.gather(0, index()[:, None]),
    "index_select": lambda t: t.index_select(0, index()),
    "index": lambda t: t[index()],
    "mask": lambda t: t[x() > 0],
    "index_put": lambda t: x().index_put((index(),), t[:3]),
    "index_copy": lambda t: x().index_copy(0, index(), t[:3]),
    "index_fill": lambda t: t.index_fill(0, index(), t[0, 0]),
    "index_add": lambda t: x().index_add(0, index(), t[:3]),
    "index_reduce": lambda t: t.index_reduce(0, index(), t[:3], "amax"),
    "scatter": lambda t: x().scatter(0, index()[:, None], t[:3]),
    "scatter_add": lambda t: x().scatter_add(0, index()[:, None], t),
    "scatter_reduce": lambda t: t.scatter_reduce(0, index()[:, None], t, "prod"),
    "put": lambda t: t.put(index(), t[0, :3]),
    "take": lambda t: t.take(index()),
    "take_along_dim": lambda t: torch.take_along_dim(t, index()[:, None], 0),
    "embedding": lambda t: F.embedding(index(), t),
    "embedding_bag": lambda t: F.embedding_bag(index(), t, on([0, 2])),
    "sort": lambda t: t.sort(0).values,
    "topk": lambda t: t.topk(2, 0).values,
    "kthvalue": lambda t: t.kthvalue(2, 0).values,
    "median": lambda t: t.median(0).values,
    "mode": lambda t: t.mode(0).values,
    "max": lambda t: t.max(0).values,
    "cummax": lambda t: t.cummax(0).values,
    "quantile": lambda t: torch.quantile(t, 0.3, 0),
    "unfold": lambda t: t.unfold(0, 2, 1),
    "as_strided": lambda t: t.as_strided((3, 2), (1, 2)),
    "max_pool2d": lambda t: F.max_pool2d(t[None], 2),
    "adaptive_max_pool2d": lambda t: F.adaptive_max_pool2d(t[None], 3),
    "fold": lambda t: F.fold(t[:4].reshape(1, 4, 4), 3, 2),
    "grid_sample": lambda t: F.grid_sample(t[None, None], torch.zeros(1, 2, 2, 2, device="counted"), align_corners=False),
    "pad": lambda t: F.pad(t[None, None], (1, 1, 1, 1), mode="reflect"),
    "nll_loss": lambda t: F.nll_loss(t, labels()),
    "cross_entropy": lambda t: F.cross_entropy(t, labels(), weight=ones(4)),
    "multi_margin_loss": lambda t: F.multi_margin_loss(t, labels()),
    "ctc_loss": lambda t: F.ctc_loss(t[:, None].log_softmax(2), on([[1, 2]]), on([5]), on([2])),
}


def reads(device: Counted, call: Any) -> int:
    before = device.reads
    call()
    return device.reads - before


@pytest.mark.parametrize("name", CALLS)
def test_one_read_says_whether_indices_are_in_range(device: Counted, name: str) -> None:
    assert reads(device, lambda: CALLS[name](0)) <= 1
    with pytest.raises((IndexError, RuntimeError), match=r"out of bounds|smaller than num_classes|out of range|to have values from 0|should be in|must be between"):
        CALLS[name](9)


@pytest.mark.parametrize("name", FREE)
def test_one_read_says_how_much_there_is(device: Counted, name: str) -> None:
    assert reads(device, FREE[name]) == 1


@pytest.mark.parametrize("name", MADE)
def test_indices_that_are_made_in_range_are_not_read(device: Counted, name: str) -> None:
    assert reads(device, MADE[name]) == 0


@pytest.mark.parametrize("name", SLOPES)
def test_a_backward_reads_nothing(device: Counted, name: str) -> None:
    for create_graph in (False, True):
        t = x().requires_grad_()
        made = SLOPES[name](t).sum()
        found = []
        assert reads(device, lambda: found.append(torch.autograd.grad(made, t, create_graph=create_graph)[0])) == 0  # noqa: B023
        assert found[0].shape == t.shape


def test_a_hook_that_indexes_is_checked_as_ever(device: Counted) -> None:
    t = x().requires_grad_()
    made = t.index_select(0, index())
    made.register_hook(lambda g: g.index_select(0, on([0, 1, 7])))
    with pytest.raises(IndexError, match="index 7 is out of bounds"):
        made.sum().backward()
    layer = adaptive()
    layer.tail[0].register_forward_pre_hook(lambda module, args: (args[0].index_select(0, on([9])),))
    with pytest.raises(IndexError, match="index 9 is out of bounds"):
        layer(ones(1, 8), on([2]))


def test_what_is_read_together_keeps_its_dtype_and_shape(device: Counted) -> None:
    kinds = (torch.bool, torch.uint8, torch.int16, torch.int64, torch.bfloat16, torch.float32, torch.float64, torch.complex64)
    given = [torch.arange(3 + i, device="counted").to(kind)[::2] for i, kind in enumerate(kinds)] + [ones(2, 0), on(2**62 + 1)]
    before = device.reads
    found = read_together(*given)
    assert device.reads == before + 1
    for t, array in zip(given, found, strict=True):
        assert array.shape == tuple(t.shape)
        assert array.tolist() == t.tolist()


def test_values_are_those_of_the_host(device: Counted) -> None:
    torch.manual_seed(3)
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2, 4, 7], div_value=2.0)
    rows, target = torch.randn(6, 8), torch.tensor([0, 3, 5, 9, 1, 2])
    here = layer(rows, target)
    assert torch.allclose(here.output, layer.log_prob(rows).gather(1, target[:, None]).squeeze(1))
    there = layer.to("counted")(rows.to("counted"), target.to("counted"))
    assert torch.allclose(there.output.cpu(), here.output)
    log = torch.randn(6, 2, 4).log_softmax(2)
    for targets, lengths in (([[1, 2, 3], [3, 3, 0]], [3, 2]), ([1, 2, 3, 3], [3, 1])):
        losses = []
        for place in ("cpu", "counted"):
            t = log.clone().to(place).requires_grad_()
            loss = F.ctc_loss(t, torch.tensor(targets, device=place), torch.tensor([6, 5], device=place), torch.tensor(lengths, device=place), reduction="none")
            loss.sum().backward()
            losses.append((loss.cpu(), t.grad.cpu()))
        assert torch.equal(losses[0][0], losses[1][0])
        assert torch.equal(losses[0][1], losses[1][1])
    data = torch.randn(40, 2)
    for of in (lambda t: torch.histc(t, 5), lambda t: torch.histogram(t, 5).hist, lambda t: torch.histogramdd(t, [3, 2]).hist):
        assert torch.equal(of(data.to("counted")).cpu(), of(data))
    assert torch.triu_indices(4, 3, -1, device="counted").cpu().tolist() == torch.triu_indices(4, 3, -1).tolist()
    assert torch.tril_indices(3, 4, 1, device="counted").cpu().tolist() == torch.tril_indices(3, 4, 1).tolist()


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
