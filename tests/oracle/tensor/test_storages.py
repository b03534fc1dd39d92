"""Storages: resized under their tensors, as elements of a dtype, and by the names of their classes."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
import weakref
from pathlib import Path
from typing import Any

import pytest

import corelib

from ..told import same, told

RESIZED = [
    "s = T.UntypedStorage(4); s.resize_(8); s.nbytes()", "s = T.UntypedStorage(4); s.resize_(0); s.nbytes()", "s = T.UntypedStorage([1, 2, 3]); s.resize_(2); s.tolist()", "s = T.UntypedStorage([1, 2, 3]); s.resize_(6); s.tolist()[:3]",
    "s = T.UntypedStorage(4); s.resize_(8) is s", "s = x.untyped_storage(); s.resize_(16); s.nbytes()", "x.untyped_storage().resize_(16); x.resize_(4)[:2]", "x.untyped_storage().resize_(0); x.untyped_storage().nbytes()", "x.untyped_storage().resize_(0); x.shape",
    "t = T.ones(4); u = t[1:]; t.untyped_storage().resize_(64); u.fill_(3); t", "t = T.ones(4); d = t.data; t.untyped_storage().resize_(64); d.fill_(3); t", "t = T.ones(4); s = t.untyped_storage(); s.resize_(0); s.resize_(16); t.fill_(2); t",
    "T.UntypedStorage(4).resize_(-1)", "T.UntypedStorage(4).resize_(1.5)", "T.UntypedStorage(4).resize_('a')", "T.UntypedStorage(4).resizable()", "T.UntypedStorage(4, device='meta').resize_(10).nbytes()",
    "T.from_numpy(np.ones(3)).untyped_storage().resizable()", "T.from_numpy(np.ones(3)).untyped_storage().resize_(100)", "T.from_numpy(np.ones(3)).untyped_storage().resize_(24)", "T.from_numpy(np.ones(3)).resize_(100)", "T.from_numpy(np.ones(3)).resize_(2)",
    "T.as_tensor(np.ones(3)).resize_(4)", "T.frombuffer(bytearray(8), dtype=T.uint8).resize_(9)", "a = x.numpy(); x.resize_(100)", "t = T.ones(3000); a = np.asarray(t); t.resize_(10000)", "t = T.ones(3000); a = np.asarray(t); t.resize_(10).shape",
    "a = np.ones(3); t = T.from_dlpack(a); t.resize_(9)", "t = T.ones(3); t[1:].resize_(100).shape", "t = T.ones(3); u = t[1:]; u.resize_(5); (u[:2], t, t.untyped_storage().nbytes())", "t = T.ones(3); u = t.view(3); u.resize_(5); u.fill_(7); t",
    "t = T.ones(3); w = t[:2]; t.resize_(100); t.fill_(7); w", "t = T.ones(3000); w = t[:2]; t.resize_(10000); t.fill_(7); w", "t = T.ones(3000); d = t.detach(); t.resize_(10000); t.fill_(7); d[:3]", "t = T.ones(3000); t.resize_(10000); t[:3]",
    "o = T.empty(0); T.add(x, x, out=o); o", "o = T.from_numpy(np.ones(1, np.float32)); T.add(x, x, out=o); o", "o = T.from_numpy(np.ones(0, np.float32)); T.add(x, x, out=o); o", "o = T.ones(5)[:0]; T.add(x, x, out=o); o",
]  # fmt: skip
TYPED = [
    "s = T.FloatStorage([1, 2]); s.resize_(8); s.size()", *[f"T.FloatStorage([1, 2]).{name}()" for name in (
        "double", "float", "int", "long", "half", "bfloat16", "bool", "byte", "char", "short", "complex_float", "complex_double", "type", "resizable", "is_shared", "pickle_storage_type", "element_size", "nbytes", "untyped",
    )],
    "T.FloatStorage([1, 2]).is_sparse", "T.FloatStorage(2).size()", "T.DoubleStorage([1, 2]).dtype", "T.LongStorage([1, 2])[1]", "T.IntStorage([1, 2]).tolist()", "T.ByteStorage([1, 2]).untyped()", "T.BoolStorage([True, False]).tolist()", "T.HalfStorage([1.5]).tolist()",
    "T.BFloat16Storage([1.5]).tolist()", "T.ShortStorage([1]).element_size()", "T.CharStorage([1]).nbytes()", "T.ComplexFloatStorage([1j]).tolist()", "T.ComplexDoubleStorage([1j]).tolist()", "isinstance(T.FloatStorage(2), T.FloatStorage)", "isinstance(T.FloatStorage(2), T.TypedStorage)",
    "isinstance(T.FloatStorage(2), T.DoubleStorage)", "T.FloatStorage.dtype", "T.FloatStorage(wrap_storage=T.UntypedStorage(8)).size()", "T.FloatStorage(T.UntypedStorage(8)).size()", "T.FloatStorage(2, dtype=T.float64)", "T.FloatStorage('a')", "T.FloatStorage(-1)", "T.FloatStorage(1, 2)",
    r"T.FloatStorage.from_buffer(b'\x00\x00\x80\x3f', 'little')", r"T.FloatStorage.from_buffer(b'\x3f\x80\x00\x00', byte_order='big')", "T.tensor(T.FloatStorage([1, 2]))", "T.Tensor(T.FloatStorage([1, 2]))", "T.FloatTensor(T.FloatStorage([1, 2]))", "T.DoubleTensor(T.FloatStorage([1, 2]))",
    "x.set_(T.FloatStorage([1, 2]))", "x.set_(T.FloatStorage([1, 2]), 1, (1,), (1,))", "x.set_(T.DoubleStorage([1, 2]))", "T.FloatStorage([1, 2])['a']", "T.FloatStorage([1, 2])[5]", "T.FloatStorage([1, 2])[0:1]", "s = T.FloatStorage([1, 2, 3]); s[0:2] = 5; s", "T.FloatStorage([1, 2]).to(device='cpu')",
    "x.untyped_storage().type()", "s = T.UntypedStorage([1, 2, 3, 4]); s.byteswap(T.int16); s", "s = T.UntypedStorage([1, 2, 3, 4]); s.byteswap(T.int32); s", "T.UntypedStorage([300])", "T.UntypedStorage([-1])", "T.UntypedStorage([1.5])", "T.UntypedStorage(1, 2)", "T.is_storage(T.FloatStorage(1))",
    "T.TypedStorage([1, 2], dtype=T.int8).tolist()", "T.TypedStorage(3, dtype=T.int16).size()", "T.storage.TypedStorage is T.TypedStorage", "T.storage.UntypedStorage is T.UntypedStorage", "x.double().storage_type() is T.DoubleStorage", "T.TypedStorage(wrap_storage=T.UntypedStorage(8))", "T.TypedStorage(wrap_storage=3, dtype=T.int8)", "T.UntypedStorage([1, 2, 3, 4]).short()",
    "pickle.loads(pickle.dumps(T.FloatStorage([1, 2])))", "copy.deepcopy(T.FloatStorage([1, 2]))",
]  # fmt: skip


@pytest.mark.parametrize("piece", RESIZED)
def test_resized(piece: str) -> None:
    same(piece)


@pytest.mark.parametrize("piece", TYPED)
def test_typed(piece: str) -> None:
    mine, theirs = (told(T, piece)[0] for T in (corelib, __import__("torch")))
    assert mine == theirs


def test_a_tensor_beyond_the_end_of_its_storage_is_not_read() -> None:
    t = corelib.ones(8)
    u = t[3:]
    t.untyped_storage().resize_(16)
    assert t[:3].tolist() == [1, 1, 1]
    for lost in (t, u):
        with pytest.raises(RuntimeError, match="beyond the end of its storage"):
            lost + 1


SOURCES = [
    "T.UntypedStorage.from_file(p, False, 8)", "T.UntypedStorage.from_file(p, False, 8).filename", "s = T.UntypedStorage.from_file(p, False, 8); s[0] = 9; read()", "T.UntypedStorage.from_file(p, True, 8).filename == p",
    "s = T.UntypedStorage.from_file(p, shared=True, nbytes=20); s[0] = 9; read()", "T.UntypedStorage.from_file(p, False, 40)", "T.UntypedStorage.from_file(p)", "T.UntypedStorage.from_file(p + 'x', False, 3)",
    "T.UntypedStorage.from_file(p + 'y', True, 3)", "T.UntypedStorage.from_file(p, True, 8).resizable()", "T.FloatStorage.from_file(p, False, 2)", "T.TypedStorage.from_file(p, False, 2)", "T.FloatStorage.from_file(p, True, 2).filename == p",
    "T.FloatStorage.from_file(p, False, 2).filename", "t = T.empty(0).set_(T.UntypedStorage.from_file(p, False, 16)[4:12]); t.shape", "T.asarray(T.UntypedStorage.from_file(p, False, 16)[4:12], dtype=T.uint8)",
    r"T.UntypedStorage.from_buffer(b'\1\2\3\4', dtype=T.int16)", r"T.UntypedStorage.from_buffer(b'\1\2\3\4')", r"T.UntypedStorage.from_buffer(b'\1\2\3\4', dtype=T.uint8)", r"T.UntypedStorage.from_buffer(b'\1\2\3\4', dtype=T.int16, byte_order='big')",
    r"T.UntypedStorage.from_buffer(b'\1\2\3\4', byte_order='big', count=1, offset=2, dtype=T.int16)", r"T.UntypedStorage.from_buffer(b'\1\2\3', byte_order='big', dtype=T.int16)", r"T.UntypedStorage.from_buffer(b'\1\2', byte_order='big', dtype=T.int16, count=2)",
    r"T.UntypedStorage.from_buffer(b'\1\2', byte_order='mixed', dtype=T.int16)", r"T.UntypedStorage.from_buffer(b'\1\2', byte_order='big', dtype=T.uint8, offset=2)", r"T.FloatStorage.from_buffer(b'\1\2\3\4')",
    r"T.TypedStorage.from_buffer(b'\1\2\3\4', dtype=T.float32, byte_order='native')", r"T.TypedStorage.from_buffer(b'\1\2\3\4', dtype=T.float32, byte_order='native', device='meta')",
    *[f"T.{made}.{name}" for made in ("UntypedStorage([1, 2])", "FloatStorage([1, 2])") for name in (
        "get_device()", "is_hpu", "is_cuda", "is_sparse", "filename", "cuda(99)", "hpu()", "pin_memory()", "is_pinned()", "is_shared()", "to(device='cpu')", "cpu()", "clone()", "tolist()", "resizable()",
    )],
    "T.UntypedStorage([1, 2]).new()", "T.UntypedStorage([1, 2]).untyped()", "T.UntypedStorage([1, 2]).mps()", "T.UntypedStorage([1, 2]).is_sparse_csr", "T.UntypedStorage([1, 2]).byteswap(T.int32)", "T.FloatStorage([1, 2])._untyped_storage",
    "T.FloatStorage([1, 2])._size()", "T.FloatStorage([1, 2])._nbytes()", "T.FloatStorage([1, 2])._element_size()", "T.FloatStorage([1, 2])._data_ptr() != 0", "bytes(T.UntypedStorage([1, 2]))", "list(T.UntypedStorage([1, 2]))", "T.UntypedStorage([1, 2])[0:1]",
    "s = T.UntypedStorage([1, 2, 3]); s[1:][0] = 7; s", "copy.deepcopy(T.UntypedStorage([1, 2]))", "copy.copy(T.FloatStorage([1, 2]))", "weakref.ref(s := T.UntypedStorage(1))() is s",
    "T.storage._load_from_bytes(saved(T, T.ones(2)))", "t = T.ones(2); a, b = copy.deepcopy([t, t.view(1, 2)]); b.zero_(); a",
]  # fmt: skip


def saved(m: Any, obj: Any) -> bytes:
    file = io.BytesIO()
    m.save(obj, file)
    return file.getvalue()


@pytest.mark.parametrize("piece", SOURCES)
def test_sources(piece: str, tmp_path: Path) -> None:
    found = []
    for i, m in enumerate((corelib, __import__("torch"))):
        path = tmp_path / str(i)
        path.write_bytes(bytes(range(16)))
        *before, last = piece.split("; ")
        scope = {"T": m, "p": str(path), "read": path.read_bytes, "pickle": pickle, "copy": copy, "weakref": weakref, "saved": saved}
        try:
            exec("; ".join(before), scope)
            found.append(repr(eval(last, scope)))
        except Exception as error:
            found.append(next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"))
    if found[1] in ("AssertionError", "TypeError", "RuntimeError") and any(device in piece for device in ("cuda", "hpu", "mps")):
        assert found[0] in ("AssertionError", "RuntimeError")  # no device: both kinds here, one or the other in PyTorch
        return
    assert found[0] == found[1]


@pytest.mark.usefixtures("unwatched")  # a stand-in would be the caller that the warning names
def test_typed_storages_are_deprecated_once() -> None:
    import torch
    from corelib.tensor import storage

    said = []
    for m, reset in ((torch, torch.storage._reset_warn_typed_storage_removal), (corelib, storage._TOLD.clear)):
        for i, make in enumerate((lambda: m.ones(2).storage(), lambda: m.FloatStorage(2), lambda: m.TypedStorage([1], dtype=m.int8), lambda: m.ones(2).untyped_storage())):  # noqa: B023
            reset()
            with warnings.catch_warnings(record=True) as record:
                warnings.simplefilter("always")
                make()
                make()
            said.append([(str(w.message), w.category, i == 1 or w.filename == __file__) for w in record])  # calls of a metaclass stay watched
    assert said[:4] == said[4:]
