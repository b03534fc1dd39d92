"""Storages: resized under their tensors, as elements of a dtype, and by the names of their classes."""

from __future__ import annotations

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
    "T.storage.TypedStorage is T.TypedStorage", "T.storage.UntypedStorage is T.UntypedStorage", "x.double().storage_type() is T.DoubleStorage", "T.TypedStorage(wrap_storage=T.UntypedStorage(8))", "T.TypedStorage(wrap_storage=3, dtype=T.int8)", "T.UntypedStorage([1, 2, 3, 4]).short()",
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
