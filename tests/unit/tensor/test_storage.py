"""Storage: who shares memory with whom, how it lies, how long it lives, the meta device, and threads."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref

import corelib as torch
import pytest
from corelib.tensor.device import cpu
from corelib_cpu_numpy.backend import NumpyBackend

BIG = NumpyBackend.small_limit + 1  # elements: the allocator lends what holds so many


@pytest.fixture(scope="module", autouse=True)
def no_collector():
    """Everything here must be freed by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Sharing


VIEWS = {
    "index": lambda t: t[1], "slice": lambda t: t[1:, ::2], "t": lambda t: t.t(), "view": lambda t: t.view(-1),
    "reshape": lambda t: t.reshape(6, 2), "expand": lambda t: t[None].expand(3, -1, -1), "select": lambda t: t.select(1, 2),
    "narrow": lambda t: t.narrow(0, 1, 2), "permute": lambda t: t.permute(1, 0), "squeeze": lambda t: t.squeeze(),
    "unsqueeze": lambda t: t.unsqueeze(0), "diagonal": lambda t: t.diagonal(), "unbind": lambda t: t.unbind()[2],
    "split": lambda t: t.split(2)[1], "chunk": lambda t: t.chunk(2, 1)[1], "unfold": lambda t: t.unfold(1, 2, 1),
    "as_strided": lambda t: t.as_strided((2, 2), (1, 4), 3), "detach": lambda t: t.detach(), "data": lambda t: t.data,
    "flatten": lambda t: t.flatten(), "movedim": lambda t: t.movedim(0, 1), "view_as": lambda t: t.view_as(torch.empty(4, 3)),
    "dtype": lambda t: t.view(torch.int32), "numpy": lambda t: torch.from_numpy(t.numpy()),
}  # fmt: skip


@pytest.mark.parametrize("side", [4, 200])
@pytest.mark.parametrize("make", VIEWS.values(), ids=VIEWS)
def test_a_view_lies_in_its_bases_memory(make, side):
    base = torch.zeros(side - 1, side) if side > 4 else torch.zeros(3, 4)
    if make is VIEWS["view_as"] or make is VIEWS["reshape"]:
        base = torch.zeros(3, 4)
    view = make(base)
    offset = view.storage_offset() * view.element_size()
    assert view.untyped_storage().data_ptr() + offset == view.data_ptr()
    begin = base.data_ptr()
    assert begin <= view.data_ptr() < begin + base.nbytes
    view.as_strided((1,), (1,)).fill_(1)
    assert (base != 0).sum() == 1


@pytest.mark.parametrize("name", sorted(set(VIEWS) - {"numpy"}))
def test_views_share_storage_and_version(name):
    base = torch.zeros(3, 4)
    view = VIEWS[name](base)
    assert view.untyped_storage() is base.untyped_storage()
    before = base._version
    base.add_(1)
    assert base._version == before + 1
    assert view._version == (0 if name == "data" else base._version)  # what .data shows is not watched


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.clone(), lambda t: t.flip(0), lambda t: t + 0, lambda t: t[[0, 1, 2]], lambda t: t.t().contiguous(),
        lambda t: t.t().reshape(12), lambda t: t.double(), lambda t: t.repeat(1, 1), lambda t: torch.tensor(t.numpy()),
        lambda t: t.to(torch.float32, copy=True), lambda t: copy.deepcopy(t), lambda t: pickle.loads(pickle.dumps(t)),
    ],
)  # fmt: skip
def test_a_copy_has_memory_of_its_own(make):
    base = torch.zeros(3, 4)
    made = make(base)
    assert made.untyped_storage().data_ptr() != base.untyped_storage().data_ptr()
    made.fill_(1)
    assert not base.any() and base._version == 0


def test_what_changes_nothing_gives_the_same_tensor():
    t = torch.zeros(3)
    for same in (t.to(torch.float32), t.contiguous(), t.cpu(), t.float(), t.to("cpu"), torch.as_tensor(t), torch.asarray(t)):
        assert same is t


def test_a_view_knows_its_base_and_not_the_view_between():
    t = torch.zeros(2, 2)
    assert t._base is None and t[0]._base is t and t.view(4)[1:]._base is t
    assert t.detach()._base is None


def test_a_change_through_any_view_is_seen_by_all():
    t = torch.zeros(3, 4)
    column, flat, swapped = t[:, 1], t.view(-1), t.t()
    swapped[1] = torch.tensor([1.0, 2.0, 3.0])
    assert column.tolist() == [1, 2, 3] and flat[1::4].tolist() == [1, 2, 3] and t[2, 1] == 3


# Layout


def test_strides_offset_and_contiguity():
    t = torch.zeros(3, 4)
    assert (t.stride(), t.stride(-1), t.storage_offset(), t.is_contiguous()) == ((4, 1), 1, 0, True)
    assert (t.t().stride(), t.t().is_contiguous()) == ((1, 4), False)
    assert (t[1:, 1:].stride(), t[1:, 1:].storage_offset(), t[1:, 1:].is_contiguous()) == ((4, 1), 5, False)
    assert t[1].storage_offset() == 4 and t[1].is_contiguous()
    assert torch.zeros(3, 1)[:, 0].is_contiguous() and torch.zeros(0, 3).t().is_contiguous()
    assert torch.zeros(1, 5).t().is_contiguous(), "a stride along one element says nothing"
    with pytest.raises(IndexError):
        t.stride(2)


def test_channels_last_has_pytorchs_strides_and_stays():
    t = torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last)
    assert t.stride() == (60, 1, 15, 3)
    assert t.is_contiguous(memory_format=torch.channels_last) and not t.is_contiguous()
    for kept in (t.clone(), t + 1, torch.empty_like(t), t.double(), t.contiguous(memory_format=torch.channels_last)):
        assert kept.stride() == (60, 1, 15, 3)
    assert t.contiguous().stride() == (60, 20, 5, 1)
    assert torch.zeros(2, 3).is_contiguous(memory_format=torch.channels_last) is False
    with pytest.raises(RuntimeError, match="rank 4"):
        torch.zeros(2, 3, 4).to(memory_format=torch.channels_last)


# The storage itself


def test_untyped_storage_is_the_bytes():
    s = torch.tensor([1, 256]).untyped_storage()
    assert type(s).__name__ == "UntypedStorage" and torch.is_storage(s) and not torch.is_storage(3)
    assert s.nbytes() == s.size() == len(s) == 16 and s.element_size() == 1
    assert s.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] and s[9] == s[-7] == 1
    assert s.device == torch.device("cpu") and not s.is_cuda and not s.is_shared() and not s.is_pinned()
    with pytest.raises(IndexError, match="out of range for storage of size 16"):
        s[16]


def test_typed_storage_is_the_elements():
    t = torch.tensor([1.5, 2.5, 3.5])[1:]
    s = t.storage()
    assert (len(s), s.nbytes(), s.dtype, s.element_size()) == (3, 12, torch.float32, 4)
    assert s.tolist() == list(s) == [1.5, 2.5, 3.5] and s[0] == 1.5 and s.untyped() is t.untyped_storage()
    s[1] = 7
    assert t[0] == 7 and s.data_ptr() == t.data_ptr() - 4
    with pytest.raises(IndexError):
        s[3] = 0
    assert repr(s).endswith("[torch.storage.TypedStorage(dtype=torch.float32, device=cpu) of size 3]")
    copied = s.clone()
    copied[0] = 9
    assert s[0] == 1.5 and copied.dtype is torch.float32


def test_storages_can_be_made_and_written():
    s = torch.UntypedStorage([1, 2, 3])
    assert s.tolist() == [1, 2, 3] and torch.UntypedStorage().nbytes() == 0
    assert torch.UntypedStorage(8, device="cpu").fill_(7).tolist() == [7] * 8
    assert torch.UntypedStorage(3).copy_(s).tolist() == [1, 2, 3]
    assert s.cpu() is s and s.to(device="meta").nbytes() == 3
    with pytest.raises(RuntimeError, match="size does not match, self was 4 bytes but src was 3 bytes"):
        torch.UntypedStorage(4).copy_(s)
    with pytest.raises(TypeError, match="expected a size or a sequence of bytes"):
        torch.UntypedStorage("text")
    with pytest.raises(RuntimeError, match="negative"):
        torch.UntypedStorage(-1)


@pytest.mark.parametrize("n", [3, BIG])
def test_a_storage_is_resized_under_its_tensors_and_gives_the_old_block_back(n):
    held = cpu.runtime.allocator.allocated
    t = torch.arange(n)
    view, data, s = t[1:], t.data, t.untyped_storage()
    assert s.resize_(s.nbytes()) is s and s.resize_(2 * n * 8) is s and s.nbytes() == 2 * n * 8
    t.fill_(7)
    assert view[0] == 7 and data[0] == 7 and data.untyped_storage().nbytes() == 2 * n * 8
    del t, view, data, s
    assert cpu.runtime.allocator.allocated == held


def test_memory_that_numpy_holds_keeps_its_size():
    t = torch.zeros(3)
    t.numpy()
    for grow in (lambda: t.untyped_storage().resize_(24), lambda: t.resize_(9)):
        with pytest.raises(RuntimeError, match="storage that is not resizable"):
            grow()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s)), lambda s: s.clone()])
@pytest.mark.parametrize("n", [3, BIG])
def test_a_copied_storage_is_a_block_of_its_own_and_given_back_once(copied, n):
    held = cpu.runtime.allocator.allocated
    storage = torch.arange(n).untyped_storage()
    twin = copied(storage)
    assert twin.data_ptr() != storage.data_ptr() and twin[8] == 1 and twin.nbytes() == n * 8
    del storage, twin
    assert cpu.runtime.allocator.allocated == held
    assert torch.empty(BIG).data_ptr() != 0


def test_a_list_of_storages_still_shares_after_deepcopy():
    s = torch.zeros(3).untyped_storage()
    one, other = copy.deepcopy([s, s])
    assert one is other and one is not s


def test_tensors_without_elements_have_no_address():
    assert torch.zeros(0).data_ptr() == torch.zeros(0).untyped_storage().data_ptr() == 0
    assert torch.zeros(3)[3:].data_ptr() == 0 and torch.zeros(0, 3).untyped_storage().nbytes() == 0


def test_resizing_a_tensor_keeps_what_fits():
    t = torch.tensor([1.0, 2.0])
    assert t.resize_(1).tolist() == [1] and t.untyped_storage().nbytes() == 8
    assert t.resize_(2, 3).shape == (2, 3) and t.view(-1)[:1].tolist() == [1]
    with pytest.raises(RuntimeError, match="require grad"):
        torch.zeros(2, requires_grad=True).resize_(3)


def test_setting_data_takes_the_others_memory_and_keeps_the_leaf():
    t, other = torch.zeros(2, requires_grad=True), torch.ones(3)
    t.data = other
    assert t.data_ptr() == other.data_ptr() and t.requires_grad and t.is_leaf and t.shape == (3,)
    (t * 2).sum().backward()
    assert t.grad.tolist() == [2, 2, 2]
    with pytest.raises(RuntimeError, match="floating point"):
        t.data = torch.zeros(2, dtype=torch.int64)
    with pytest.raises(TypeError, match="has to be a tensor, but got int"):
        t.data = 3


def test_strided_views_stay_within_the_memory():
    t = torch.zeros(2, 2)
    for shape, strides, offset in (((4, 4), (4, 1), 0), ((2,), (-1,), 1), ((2,), (1,), -1), ((2,), (1,), 3)):
        with pytest.raises(RuntimeError):
            t.as_strided(shape, strides, offset)
    with pytest.raises(RuntimeError):
        torch.zeros(2, 3, dtype=torch.uint8).view(torch.float32)


# Lifetime


@pytest.mark.parametrize(
    "make",
    [
        lambda x: torch.zeros(3), lambda x: torch.zeros(BIG), lambda x: torch.zeros(3, 3)[1].t(), lambda x: (x * 2).sin(),
        lambda x: x.exp().add_(1), lambda x: torch.from_numpy(x.detach().numpy() + 1), lambda x: x.detach().clone().data,
    ],
)  # fmt: skip
def test_a_tensor_and_its_storage_go_with_their_last_reference(make):
    x = torch.ones(BIG, requires_grad=True)
    made = make(x)
    tensor, storage = weakref.ref(made), weakref.ref(made.untyped_storage())
    assert tensor() is not None and storage() is not None
    del made
    assert tensor() is None and storage() is None


def test_a_graph_goes_with_its_result_before_and_after_backward():
    x = torch.ones(BIG, requires_grad=True)
    held = cpu.runtime.allocator.allocated
    y = (x * 2).sin()
    y[1:].mul_(3)
    loss = y.exp().sum()
    assert cpu.runtime.allocator.allocated > held
    del y, loss
    assert cpu.runtime.allocator.allocated == held
    (x * 2).sin().exp().sum().backward()
    x.grad = None
    assert cpu.runtime.allocator.allocated == held


def test_a_view_keeps_the_memory_and_a_storage_outlives_its_tensor():
    t = torch.full((200, 200), 5.0)
    storage, row = weakref.ref(t.untyped_storage()), t[7]
    del t
    assert storage() is not None and row.sum() == 1000
    bytes_only = row.untyped_storage()
    del row
    assert bytes_only[3] == 64 and storage() is bytes_only
    del bytes_only
    assert storage() is None


def test_the_bytes_of_a_storage_keep_it():
    held = cpu.runtime.allocator.allocated
    array = torch.full((BIG,), 3, dtype=torch.uint8).untyped_storage().to_host_bytes()
    others = [torch.zeros(BIG, dtype=torch.uint8) for _ in range(3)]
    assert cpu.runtime.allocator.allocated > held and (array == 3).all()
    del array, others
    assert cpu.runtime.allocator.allocated == held


def test_a_tensor_can_be_referred_to_weakly_and_hashed():
    t = torch.zeros(2)
    assert weakref.ref(t)() is t and hash(t) == id(t) and {t: 1}[t] == 1
    assert len(weakref.WeakValueDictionary(a=t)) == 1


# The meta device


META_VIEWS = sorted(set(VIEWS) - {"numpy"})


@pytest.mark.parametrize("name", META_VIEWS)
def test_views_of_meta_tensors_have_the_shapes_of_others(name):
    real, meta = VIEWS[name](torch.zeros(3, 4)), VIEWS[name](torch.zeros(3, 4, device="meta"))
    assert meta.device.type == "meta" and meta.is_meta and meta.untyped_storage().data_ptr() == 0
    assert (meta.shape, meta.stride(), meta.storage_offset(), meta.dtype) == (
        real.shape, real.stride(), real.storage_offset(), real.dtype,
    )  # fmt: skip


@pytest.mark.parametrize(
    "make",
    [
        lambda d: torch.zeros(2, 3, device=d), lambda d: torch.ones(2, device=d), lambda d: torch.empty(2, 0, device=d),
        lambda d: torch.full((2,), 3.5, device=d), lambda d: torch.arange(5, device=d), lambda d: torch.eye(3, device=d),
        lambda d: torch.linspace(0, 1, 5, device=d), lambda d: torch.rand(3, device=d), lambda d: torch.randn(3, device=d),
        lambda d: torch.randint(0, 5, (2,), device=d), lambda d: torch.randperm(4, device=d),
        lambda d: torch.tensor([1, 2], device=d), lambda d: torch.zeros_like(torch.ones(2, device=d)),
        lambda d: torch.empty_strided((2, 3), (1, 2), device=d), lambda d: torch.zeros(3, dtype=torch.bool, device=d),
        lambda d: torch.ones(4, device=d).new_zeros(2, 2),
    ],
)  # fmt: skip
def test_factories_make_meta_tensors_of_the_same_kind(make):
    real, meta = make("cpu"), make("meta")
    assert meta.is_meta and (meta.shape, meta.dtype, meta.stride()) == (real.shape, real.dtype, real.stride())


@pytest.mark.parametrize(
    "compute",
    [
        lambda a, b: a @ b, lambda a, b: a.t().expand(5, 3, 2) @ b.new_zeros(2, 7), lambda a, b: a[0] @ b, lambda a, b: (a + 1).sum(0),
        lambda a, b: torch.cat([a, a]), lambda a, b: a.softmax(-1), lambda a, b: a.mean(dim=1, keepdim=True), lambda a, b: a.max(1).indices,
        lambda a, b: torch.nn.functional.linear(a, b.t()), lambda a, b: a.double() * 2, lambda a, b: a > 0, lambda a, b: a.sort(0).values,
        lambda a, b: torch.nn.functional.conv1d(a[None], b.new_zeros(5, 2, 2)), lambda a, b: a.cumsum(0), lambda a, b: torch.stack([a, a], 1),
        lambda a, b: torch.where(a > 0, a, 0), lambda a, b: a.argmax(0), lambda a, b: torch.einsum("ij,jk->ik", a, b),
        lambda a, b: a[b.new_zeros(4, dtype=torch.int64) % 2], lambda a, b: a.std(), lambda a, b: a.topk(2).values,
    ],
)  # fmt: skip
def test_results_on_the_meta_device_have_the_shapes_of_others(compute):
    real = compute(torch.zeros(2, 3), torch.zeros(3, 4))
    meta = compute(torch.zeros(2, 3, device="meta"), torch.zeros(3, 4, device="meta"))
    assert meta.is_meta and (meta.shape, meta.dtype) == (real.shape, real.dtype)


def test_a_meta_tensor_far_larger_than_memory_costs_nothing():
    big = torch.empty(1 << 24, 1 << 20, device="meta")
    assert (big @ big.t()).shape == (1 << 24, 1 << 24) and big.untyped_storage().nbytes() == 1 << 46


def test_gradients_on_the_meta_device_have_shapes():
    w = torch.zeros(3, 4, device="meta", requires_grad=True)
    (torch.zeros(2, 3, device="meta") @ w).relu().sum().backward()
    assert w.grad.is_meta and w.grad.shape == (3, 4)
    layer = torch.nn.Linear(5, 6, device="meta")
    assert layer(torch.zeros(2, 5, device="meta")).shape == (2, 6)


@pytest.mark.parametrize(
    "read",
    [
        lambda t: t.item(), lambda t: t.tolist(), lambda t: bool(t), lambda t: float(t), lambda t: t.cpu(), lambda t: t.to("cpu"),
        lambda t: torch.zeros(1).copy_(t), lambda t: t.nonzero(), lambda t: t[t > 0], lambda t: t.unique(), lambda t: t.equal(t),
    ],
)  # fmt: skip
def test_meta_tensors_have_no_values_to_read(read):
    with pytest.raises(RuntimeError, match="meta"):  # NotImplementedError is one
        read(torch.zeros(1, device="meta"))


def test_meta_and_host_do_not_mix_but_for_numbers():
    meta = torch.zeros(2, device="meta")
    assert (meta + torch.zeros(())).is_meta and meta.copy_(torch.zeros(2)).is_meta and torch.zeros(2).to("meta").is_meta
    with pytest.raises(RuntimeError, match="cpu"):
        meta + torch.zeros(2)
    with pytest.raises(RuntimeError, match="mat1 and mat2|matmul"):
        meta[None] @ torch.zeros(3, 3, device="meta")
    assert repr(meta) == "tensor(..., device='meta', size=(2,))"


# Threads


def in_threads(n, body):
    failures = []

    def guarded(i):
        try:
            body(i)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures


def test_threads_compute_and_differentiate_with_the_same_tensors():
    torch.manual_seed(0)
    x, w = torch.randn(40, 40), torch.randn(40, 40, requires_grad=True)
    expected = [torch.autograd.grad(((x * i) @ w).sin().sum(), w)[0] for i in range(8)]

    def body(i):
        for _ in range(10):
            assert torch.equal(torch.autograd.grad(((x * i) @ w).sin().sum(), w)[0], expected[i])
            assert torch.equal(x.t().contiguous().t(), x)

    in_threads(8, body)
    assert w.grad is None


def test_threads_accumulate_into_one_leaf_without_losing_any():
    w = torch.zeros(300, requires_grad=True)
    in_threads(8, lambda i: [(w * 2).sum().backward() for _ in range(50)])
    assert w.grad.unique().tolist() == [800]


def test_threads_backpropagate_through_one_graph():
    w = torch.ones(50, requires_grad=True)
    shared = (w * 3).exp()
    in_threads(8, lambda i: [(shared * i).sum().backward(retain_graph=True) for _ in range(10)])
    assert torch.allclose(w.grad, 10 * 28 * 3 * (w * 3).exp())


def test_grad_mode_belongs_to_a_thread():
    seen = {}

    def body(i):
        if i % 2:
            with torch.no_grad():
                seen[i] = [(torch.ones(2, requires_grad=True) * 2).requires_grad for _ in range(50)]
        else:
            seen[i] = [(torch.ones(2, requires_grad=True) * 2).requires_grad for _ in range(50)]

    with torch.no_grad():
        in_threads(8, body)
    assert all(set(found) == {i % 2 == 0} for i, found in seen.items()) and len(seen) == 8


# set_ and the factories' memory formats


def test_set_takes_anothers_memory_in_place():
    base, t = torch.arange(6.0), torch.empty(0)
    assert t.set_(base.untyped_storage(), 1, (2,), (2,)) is t and t.tolist() == [1, 3]
    t.fill_(9)
    assert base.tolist() == [0, 9, 2, 9, 4, 5] and t.untyped_storage() is base.untyped_storage()
    assert t.set_(base.storage()).shape == (6,) and t.set_(base.view(2, 3).t()).stride() == (1, 3)
    assert t.is_set_to(base.view(2, 3).t()) and not t.is_set_to(base)
    assert t.set_().shape == (0,) and base[1] == 9


@pytest.mark.parametrize(
    "arguments",
    [
        lambda s: (s, 5, (4,), (1,)), lambda s: (s, -1, (1,), (1,)), lambda s: (s, 0, (2,), (-1,)), lambda s: (s, 0, (2, 2), (1,)),
        lambda s: (torch.arange(3),), lambda s: (torch.zeros(2, device="meta"),),
    ],
)  # fmt: skip
def test_set_refuses_what_does_not_fit(arguments):
    with pytest.raises(RuntimeError, match="set_"):
        torch.empty(0).set_(*arguments(torch.arange(6.0).untyped_storage()))
    with pytest.raises(TypeError, match="Tensor or a storage"):
        torch.empty(0).set_(3)
    with pytest.raises(RuntimeError, match="requires grad"):
        torch.empty(0, requires_grad=True).set_(torch.zeros(2))


def test_factories_keep_to_the_memory_format():
    assert torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).stride() == (60, 1, 15, 3)
    assert torch.zeros_like(torch.zeros(2, 3, 4, 5), memory_format=torch.channels_last).stride() == (60, 1, 15, 3)
    assert torch.ones_like(torch.zeros(4, 5).t(), memory_format=torch.contiguous_format).stride() == (4, 1)
    with pytest.raises(RuntimeError, match="rank 4"):
        torch.empty(2, 3, memory_format=torch.channels_last)
    with pytest.raises(RuntimeError, match="unsupported memory format"):
        torch.empty(2, 3, memory_format=torch.preserve_format)
