"""Tensors from and to NumPy, DLPack, buffers, pickles and copies: what shares memory, what is refused, who keeps whom."""

from __future__ import annotations

import copy
import io
import pickle
import warnings

import corelib as torch
import numpy as np
import pytest
from corelib.tensor.device import cpu
from corelib_cpu_numpy.backend import NumpyBackend

BIG = NumpyBackend.small_limit + 1
DTYPES = [
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64,
]  # fmt: skip


def held():
    return cpu.runtime.allocator.allocated


# From NumPy


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_an_array_and_its_tensor_see_each_others_writes(dtype):
    array = np.zeros((2, 3), dtype.np)
    t = torch.from_numpy(array)
    assert t.dtype is dtype and t.data_ptr() == array.ctypes.data and t.shape == (2, 3)
    array[1, 2] = 1
    assert t[1, 2].item() == 1
    t[0, 1] = 1
    assert array[0, 1] == 1
    t.zero_()
    assert not array.any()
    back = t.numpy()
    assert back.dtype == array.dtype and np.shares_memory(back, array)


@pytest.mark.parametrize(
    ("take", "strides"),
    [
        (lambda a: a.T, (1, 6)), (lambda a: a[1:, 2:], (6, 1)), (lambda a: a[:, ::2], (6, 2)), (lambda a: a[::3, 1], (18,)),
        (lambda a: np.asfortranarray(a), (1, 4)), (lambda a: a.diagonal(), (7,)), (lambda a: a[None], (24, 6, 1)),
        (lambda a: a[2, 3], None), (lambda a: a[4:], (6, 1)), (lambda a: a[:1].T, None),
    ],
)  # fmt: skip
def test_arrays_of_any_positive_strides_are_shared(take, strides):
    array = take(np.arange(24.0).reshape(4, 6))
    if not isinstance(array, np.ndarray):
        array = np.array(array)
    if not array.flags.writeable:
        array.flags.writeable = True
    t = torch.from_numpy(array)
    assert t.shape == array.shape and (strides is None or t.stride() == strides)
    assert t.storage_offset() == 0, "as in PyTorch: the storage begins at the array's first element"
    assert np.array_equal(t.numpy(), array) and (not t.numel() or np.shares_memory(t.numpy(), array))
    t.mul_(2)
    assert np.array_equal(t.numpy(), array)
    assert (t + 1).tolist() == (array + 1).tolist()


def test_negative_strides_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match=r"At least one stride .* is negative.*copy"):
        torch.from_numpy(np.zeros(3)[::-1])
    with pytest.raises(ValueError, match="negative"):
        torch.as_tensor(np.zeros((2, 3))[:, ::-1])
    assert torch.tensor(np.arange(3)[::-1]).tolist() == [2, 1, 0], "a copy is no problem"
    assert torch.from_numpy(np.zeros(0)[::-1]).shape == (0,)


def test_strides_that_are_no_multiple_of_the_element_are_refused():
    records = np.zeros(3, dtype=[("a", "f4"), ("b", "f8")])
    with pytest.raises(ValueError, match="not a multiple of the element byte size 8"):
        torch.from_numpy(records["b"])
    even = np.zeros(3, dtype=[("a", "f4"), ("b", "f4")])
    t = torch.from_numpy(even["b"])
    t.fill_(3)
    assert t.stride() == (2,) and even["b"].tolist() == [3, 3, 3] and even["a"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "array",
    [
        np.array(["a"]), np.array([b"a"]), np.array([object()]), np.zeros(2, "M8[s]"), np.zeros(2, "m8[s]"), np.zeros(2, np.longdouble),
        np.zeros(2, dtype=[("a", "f4")]),
    ],
    ids=lambda a: str(a.dtype),
)  # fmt: skip
def test_dtypes_without_a_counterpart_are_refused_by_name(array):
    for take in (torch.from_numpy, torch.as_tensor):
        with pytest.raises(TypeError, match=r"can't convert np.ndarray of type .* The only supported types are: float64"):
            take(array)


def test_swapped_bytes_are_refused():
    with pytest.raises(ValueError, match="byte order different from the native byte order"):
        torch.from_numpy(np.zeros(2, ">f4" if np.dtype("f4").newbyteorder("=").str[0] == "<" else "<f4"))


@pytest.mark.parametrize("other", [[1, 2], 3, np.float32(1), None, "text"])
def test_only_arrays_come_from_numpy(other):
    with pytest.raises(TypeError, match=r"expected np.ndarray \(got"):
        torch.from_numpy(other)


def test_an_array_that_cannot_be_written_warns():
    array = np.zeros(3)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        t = torch.from_numpy(array)
    assert t.tolist() == [0, 0, 0]
    with pytest.warns(UserWarning, match="not writable"):
        torch.from_numpy(np.broadcast_to(np.zeros(3), (2, 3)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        torch.tensor(array)


def test_a_tensor_keeps_the_array_and_an_array_the_tensor():
    t = torch.from_numpy(np.arange(5.0))
    assert t.tolist() == [0, 1, 2, 3, 4]
    before = held()
    array = torch.full((BIG,), 7.0).numpy()
    part = array[10:20]
    del array
    others = [torch.zeros(BIG) for _ in range(3)]
    assert (part == 7).all() and held() > before
    del others
    assert held() > before
    del part
    assert held() == before


# as_tensor, tensor, asarray


def test_as_tensor_shares_and_tensor_copies():
    array = np.zeros(3)
    assert torch.as_tensor(array).data_ptr() == torch.asarray(array).data_ptr() == array.ctypes.data
    assert torch.tensor(array).data_ptr() != array.ctypes.data
    t = torch.as_tensor(array, dtype=torch.float32)
    t.fill_(1)
    assert not array.any(), "another dtype is another memory"
    x = torch.zeros(3)
    assert torch.as_tensor(x) is x and torch.as_tensor(x, dtype=torch.float64) is not x
    with pytest.warns(UserWarning, match="clone"):
        assert torch.tensor(x).data_ptr() != x.data_ptr()
    assert torch.as_tensor([1, 2.5]).dtype is torch.float32 and torch.as_tensor(3).dtype is torch.int64
    assert torch.as_tensor(np.float64(2)).dtype is torch.float64


def test_asarray_says_whether_it_may_share():
    x, array = torch.zeros(2), np.zeros(2)
    assert torch.asarray(x) is x and torch.asarray(x, copy=False) is x
    assert torch.asarray(x, copy=True).data_ptr() != x.data_ptr()
    assert torch.asarray(array, copy=True).data_ptr() != array.ctypes.data
    assert torch.asarray(array, requires_grad=True).requires_grad
    for data, dtype in (([1.0, 2.0], None), (array, torch.float32), (x, torch.float64)):
        with pytest.raises(ValueError, match="can't alias"):
            torch.asarray(data, dtype=dtype, copy=False)


def test_a_tensor_that_a_gradient_comes_through_is_not_cut_off():
    x = torch.ones(2, requires_grad=True)
    torch.as_tensor(x * 2, dtype=torch.float64).sum().backward()
    assert x.grad.tolist() == [2, 2]


# To NumPy


def test_numpy_has_the_tensors_strides_and_may_be_written():
    t = torch.zeros(2, 3)
    array = t.t().numpy()
    assert array.strides == (4, 12) and array.flags.writeable
    array[2, 1] = 5
    assert t[1, 2] == 5
    assert t[1:, ::2].numpy().strides == (12, 8) and t[:1].expand(4, 3).numpy().strides == (0, 4)
    assert torch.tensor(2.5).numpy().shape == () and torch.zeros(0, 3).numpy().shape == (0, 3)


def test_reshaping_the_array_leaves_the_tensor_alone():
    t = torch.arange(6)
    array = t.numpy()
    array.shape = (2, 3)
    assert t.shape == (6,) and t.numpy().shape == (6,) and (t + 1).tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("make", [lambda: torch.zeros(2, requires_grad=True), lambda: torch.zeros(2, requires_grad=True) * 2])
def test_a_tensor_that_requires_grad_is_not_given_to_numpy(make):
    for take in (lambda t: t.numpy(), np.asarray, np.array):
        with pytest.raises(RuntimeError, match=r"Can't call numpy\(\) on Tensor that requires grad"):
            take(make())
    assert make().detach().numpy().tolist() == make().numpy(force=True).tolist() == [0, 0]


@pytest.mark.parametrize("n", [4, BIG])
def test_bfloat16_is_shared_too(n):
    t = torch.zeros(n, dtype=torch.bfloat16)
    array = t.numpy()
    array[1] = 2.5
    assert t[1].item() == 2.5 and array.dtype.name == "bfloat16"
    assert torch.from_numpy(array).data_ptr() == t.data_ptr()


def test_numpy_functions_take_tensors():
    t = torch.tensor([1.0, 2.0])
    assert np.asarray(t).ctypes.data == t.data_ptr() and np.asarray(t, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match=r"without a copy"):
        t.__array__(np.dtype("float64"), copy=False)
    assert np.array(t, copy=True).ctypes.data != t.data_ptr()
    assert np.array([t, t + 1]).tolist() == [[1, 2], [2, 3]]
    assert np.add(t, np.ones(2)).tolist() == [2, 3]
    assert (t + np.float32(1)).tolist() == [2, 3]


# Buffers


def test_frombuffer_shares_and_counts_from_an_offset():
    data = bytearray(12)
    t = torch.frombuffer(data, dtype=torch.float32, count=2, offset=4)
    t.fill_(1)
    assert data == b"\0\0\0\0" + b"\0\0\x80\x3f" * 2
    data[4:8] = b"\0\0\0\x40"
    assert t.tolist() == [2, 1]
    assert torch.frombuffer(data, dtype=torch.uint8, requires_grad=False).shape == (12,)
    assert torch.frombuffer(bytearray(4), dtype=torch.bfloat16).tolist() == [0, 0]
    assert torch.frombuffer(bytearray(4), dtype=torch.float32, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("length", "arguments"), [(8, {"count": 3}), (8, {"offset": 9}), (7, {}), (8, {"offset": -1})]
)
def test_frombuffer_refuses_what_does_not_fit(length, arguments):
    with pytest.raises(ValueError):
        torch.frombuffer(bytearray(length), dtype=torch.float32, **arguments)
    with pytest.raises(TypeError):
        torch.frombuffer(bytearray(8))


def test_the_buffer_protocol_goes_by_numpy():
    t = torch.tensor([1.5, 2.5])
    view = memoryview(t.numpy())
    assert view.format == "f" and view.tolist() == [1.5, 2.5]
    view[0] = 9.0
    assert t[0] == 9
    assert bytes(torch.tensor([1, 2], dtype=torch.uint8).numpy()) == b"\1\2"
    before = held()
    view = memoryview(torch.zeros(BIG).numpy())
    assert held() > before and view[3] == 0
    del view
    assert held() == before


# DLPack


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dlpack_shares_both_ways(dtype):
    t = torch.zeros(2, 3, dtype=dtype)
    array = np.from_dlpack(t)
    assert array.ctypes.data == t.data_ptr() and array.dtype == dtype.np and array.shape == (2, 3)
    back = torch.from_dlpack(array)
    assert back.data_ptr() == t.data_ptr() and back.dtype is dtype
    back[1, 1] = 1
    assert t[1, 1].item() == 1 and array[1, 1]


def test_dlpack_keeps_strides_and_offsets():
    t = torch.arange(12.0).view(3, 4)[1:, ::2].t()
    array = np.from_dlpack(t)
    assert array.strides == (8, 16) and array.tolist() == t.tolist()
    back = torch.from_dlpack(np.arange(12.0).reshape(3, 4).T)
    assert back.stride() == (1, 4) and back[3].tolist() == [3, 7, 11]


def test_dlpack_says_where_it_is():
    assert tuple(torch.zeros(2).__dlpack_device__()) == (1, 0) == tuple(np.zeros(2).__dlpack_device__())
    assert type(torch.zeros(2).__dlpack__()).__name__ == "PyCapsule"
    assert type(torch.zeros(2).__dlpack__(max_version=(1, 0), dl_device=(1, 0), copy=None)).__name__ == "PyCapsule"


def test_dlpack_refuses_what_it_cannot_pass_on():
    with pytest.raises(BufferError, match="require gradient"):
        np.from_dlpack(torch.zeros(2, requires_grad=True))
    with pytest.raises((BufferError, ValueError)):
        np.from_dlpack(torch.zeros(2, device="meta"))
    with pytest.raises((TypeError, RuntimeError)):
        torch.from_dlpack(3)
    with pytest.raises(BufferError):
        torch.from_dlpack(np.array(["a"]))
    with pytest.raises(ValueError, match="negative"):
        torch.from_dlpack(np.arange(4.0)[::-1])


def test_dlpack_copies_where_it_is_asked():
    array = np.zeros(3)
    t = torch.from_dlpack(array, copy=True)
    t.fill_(1)
    assert not array.any()
    assert torch.from_dlpack(array, device="cpu").data_ptr() == array.ctypes.data


def test_dlpack_keeps_the_memory_alive_both_ways():
    before = held()
    array = np.from_dlpack(torch.full((BIG,), 3.0))
    capsule = torch.full((BIG,), 4.0).__dlpack__()
    t = torch.from_dlpack(torch.full((BIG,), 5.0))
    others = [torch.zeros(BIG) for _ in range(4)]
    assert (array == 3).all() and bool((t == 5).all()) and held() > before
    del others, array, capsule, t
    assert held() == before
    assert torch.from_dlpack(np.full(5, 2.0)).tolist() == [2] * 5


# Pickles and copies


@pytest.mark.parametrize("dtype", [*DTYPES, torch.bfloat16], ids=str)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t)), copy.copy], ids=["deep", "pickle", "copy"])
def test_a_copy_has_values_dtype_and_shape(copied, dtype):
    t = torch.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype)
    made = copied(t)
    assert torch.equal(made, t) and made.dtype is dtype and made.shape == t.shape and made is not t
    assert made.stride() == t.stride() and not made.requires_grad


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_of_pickle_works(protocol):
    t = torch.arange(6.0).view(2, 3).t()
    made = pickle.loads(pickle.dumps(t, protocol))
    assert torch.equal(made, t) and made.stride() == (1, 3)
    buffer = io.BytesIO()
    pickle.Pickler(buffer, protocol).dump({"a": t, "b": [t]})
    loaded = pickle.loads(buffer.getvalue())
    assert loaded["a"] is loaded["b"][0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t)), copy.copy], ids=["deep", "pickle", "copy"])
def test_copies_are_leaves_with_their_class_and_attributes(copied):
    leaf = torch.ones(2, requires_grad=True)
    leaf.note = "kept"
    made = copied(leaf)
    assert made.requires_grad and made.is_leaf and made.note == "kept"
    parameter = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    made = copied(parameter)
    assert type(made) is torch.nn.Parameter and not made.requires_grad
    (copied(torch.nn.Parameter(torch.ones(2))) * 3).sum().backward()
    assert leaf.grad is None


def test_deepcopy_takes_the_gradient_along_and_not_the_hooks():
    leaf = torch.ones(2, requires_grad=True)
    leaf.register_hook(lambda g: g * 100)
    leaf.grad = torch.tensor([3.0, 4.0])
    made = copy.deepcopy(leaf)
    assert made.grad.tolist() == [3, 4] and made.grad is not leaf.grad
    (made * 2).sum().backward()
    assert made.grad.tolist() == [5, 6] and leaf.grad.tolist() == [3, 4]


def test_deepcopy_knows_again_what_it_has_copied():
    t = torch.zeros(3)
    a, (b, c) = copy.deepcopy((t, [t, t]))
    assert a is b is c and a is not t
    layer = torch.nn.Linear(2, 2)
    layer.tied = layer.weight
    twin = copy.deepcopy(layer)
    assert twin.tied is twin.weight and twin.weight is not layer.weight


def test_deepcopy_of_a_result_is_refused():
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(torch.ones(2, requires_grad=True) * 2)
    assert copy.deepcopy((torch.ones(2, requires_grad=True) * 2).detach()).tolist() == [2, 2]


@pytest.mark.parametrize(
    "thing",
    [torch.float32, torch.bfloat16, torch.device("cpu"), torch.device("meta"), torch.strided, torch.channels_last, torch.preserve_format],
    ids=str,
)
def test_dtypes_devices_and_layouts_stay_themselves(thing):
    assert pickle.loads(pickle.dumps(thing)) is thing and copy.deepcopy(thing) is thing and copy.copy(thing) is thing


def test_sizes_and_generators_can_be_pickled():
    size = pickle.loads(pickle.dumps(torch.Size([2, 3])))
    assert type(size) is torch.Size and size.numel() == 6
    g = torch.Generator().manual_seed(5)
    torch.rand(3, generator=g)
    assert torch.equal(torch.rand(3, generator=pickle.loads(pickle.dumps(g))), torch.rand(3, generator=g))


def test_what_shares_memory_still_does_in_a_copy_of_both():
    t = torch.arange(16.0).view(4, 4)
    for copied in (copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))):
        base, view, again = copied([t, t[1:, 1:].t(), t])
        assert base is again and view.untyped_storage() is base.untyped_storage() is not t.untyped_storage()
        assert (view.stride(), view.storage_offset()) == ((1, 4), 5)
        base[1, 1] = 100
        assert view[0, 0] == 100 and t[1, 1] == 5
    spread = copy.deepcopy(t[0].expand(3, 4))
    assert spread.stride() == (0, 1) and torch.equal(pickle.loads(pickle.dumps(spread)), spread)


def test_copy_is_shallow_and_pickle_takes_results_and_meta_tensors():
    t = torch.zeros(2, requires_grad=True)
    twin = copy.copy(t)
    assert twin is not t and twin.data_ptr() == t.data_ptr() and twin.requires_grad
    loaded = pickle.loads(pickle.dumps(t * 2))
    assert loaded.is_leaf and loaded.requires_grad and loaded.tolist() == [0, 0]
    meta = pickle.loads(pickle.dumps(torch.zeros(2, 3, device="meta").t()))
    assert meta.is_meta and meta.stride() == (1, 3)


def test_frombuffer_refuses_what_is_empty_or_no_buffer_and_warns_of_what_cannot_be_written():
    for buffer, arguments in ((bytearray(0), {}), (bytearray(8), {"count": 0}), (3, {}), ("text", {})):
        with pytest.raises(ValueError, match="both buffer length|buffer protocol"):
            torch.frombuffer(buffer, dtype=torch.float32, **arguments)
    with pytest.warns(UserWarning, match="not writable"):
        assert torch.frombuffer(b"ab", dtype=torch.uint8).tolist() == [97, 98]


def test_asarray_takes_the_bytes_of_a_buffer():
    data = bytearray(8)
    torch.asarray(memoryview(data), dtype=torch.uint8).fill_(1)
    assert data == b"\1" * 8 and torch.asarray(data).shape == (2,) and torch.asarray(data).dtype is torch.float32
    torch.asarray(data, dtype=torch.uint8, copy=True).zero_()
    assert data == b"\1" * 8


def test_dlpack_between_tensors_and_by_capsule():
    t = torch.zeros(2, dtype=torch.bfloat16)
    assert torch.from_dlpack(t).data_ptr() == t.data_ptr() and torch.from_dlpack(t, copy=True).data_ptr() != t.data_ptr()
    x = torch.arange(3.0)
    assert torch.from_dlpack(x.__dlpack__()).data_ptr() == x.data_ptr()
    with pytest.raises(BufferError, match="require gradient"):
        torch.from_dlpack(torch.zeros(2, requires_grad=True))
    with pytest.raises(ValueError, match="meta"):
        torch.zeros(2, device="meta").__dlpack_device__()
    with pytest.raises(AssertionError, match="stream should be None on cpu"):
        x.__dlpack__(stream=1)
    with pytest.raises(TypeError, match="stream must be int or None"):
        x.__dlpack__(stream="1")


def test_a_meta_tensor_is_not_given_to_numpy():
    with pytest.raises(TypeError, match="can't convert meta device type tensor to numpy"):
        torch.zeros(2, device="meta").numpy()


def test_text_among_numbers_is_a_type_error_and_a_list_of_text_a_value_error():
    for data in ([1, "a"], [[1], ["a"]], [b"a"]):
        with pytest.raises(TypeError, match="invalid data type '(str|bytes)'"):
            torch.tensor(data)
    with pytest.raises(ValueError, match="too many dimensions 'str'"):
        torch.tensor(["a", 1])


def test_dlpack_capsules_by_their_old_names() -> None:
    x = torch.arange(3)
    y = torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(x))
    y[0] = 7
    assert x.tolist() == [7, 1, 2]
    assert torch.utils.dlpack.DLDeviceType.kDLCPU == x.__dlpack_device__()[0]
    assert torch.utils.dlpack.DLDeviceType.kDLOpenCL == 4
    with pytest.raises(BufferError, match="require gradient"):
        torch.utils.dlpack.to_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        torch.utils.dlpack.to_dlpack([1])
