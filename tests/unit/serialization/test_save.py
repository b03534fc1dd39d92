"""What `save` writes, and that it writes all of it or nothing."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import pytest

import corelib

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def again(obj: Any, **options: Any) -> Any:
    file = io.BytesIO()
    corelib.save(obj, file, **options)
    file.seek(0)
    return corelib.load(file)


def test_the_archive_has_the_records_of_pytorch_in_its_order() -> None:
    file = io.BytesIO()
    corelib.save([corelib.ones(2), corelib.zeros(3)], file)
    assert zipfile.ZipFile(file).namelist() == [
        "archive/data.pkl", "archive/.format_version", "archive/.storage_alignment", "archive/byteorder",
        "archive/data/0", "archive/data/1", "archive/version", "archive/.data/serialization_id",
    ]  # fmt: skip


def test_every_record_is_stored_and_begins_at_a_multiple_of_64_bytes() -> None:
    file = io.BytesIO()
    corelib.save({str(i): corelib.ones(i) for i in range(20)}, file)
    raw = file.getvalue()
    archive = zipfile.ZipFile(file)
    assert archive.testzip() is None
    for entry in archive.infolist():
        assert entry.compress_type == zipfile.ZIP_STORED
        names = int.from_bytes(raw[entry.header_offset + 26 : entry.header_offset + 28], "little")
        extra = int.from_bytes(raw[entry.header_offset + 28 : entry.header_offset + 30], "little")
        assert (entry.header_offset + 30 + names + extra) % 64 == 0


def test_equal_objects_give_equal_files_and_another_identity_for_other_contents() -> None:
    def identity(value: float) -> tuple[bytes, bytes]:
        file = io.BytesIO()
        corelib.save(corelib.tensor([value] * 3), file)
        return file.getvalue(), zipfile.ZipFile(file).read("archive/.data/serialization_id")

    assert identity(1.0) == identity(1.0)
    assert identity(1.0)[1] != identity(2.0)[1]
    assert len(identity(1.0)[1]) == 40


@pytest.mark.parametrize("name", DTYPES)
def test_every_dtype_comes_back_with_its_elements(name: str) -> None:
    x = corelib.arange(6).reshape(2, 3).to(getattr(corelib, name))
    y = again(x)
    assert y.dtype is x.dtype and tuple(y.shape) == (2, 3)
    assert y.tolist() == x.tolist()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_python_data_comes_back_with_every_protocol(protocol: int) -> None:
    data = {
        "numbers": [0, 1, -1, 255, 256, 65536, -(2**31), 2**31, 2**80, -(2**80), 1.5, float("inf"), 2j],
        "flags": (True, False, None),
        "texts": ["", "a", "\N{SNOWMAN}", "x" * 300],
        "bytes": [b"", b"abc", b"\xff" * 300, bytearray(b"x")],
        "containers": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}, set(), {1, 2}, frozenset({3})],
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "counter": Counter("abca"),
        (1, "key"): {"nested": {"deeper": [{}]}},
        "torch": [corelib.Size([2, 3]), corelib.float16, corelib.device("cpu"), corelib.device("cuda", 1)],
        "layout": corelib.strided,
        "many": list(range(3000)),
    }
    back = again(data, pickle_protocol=protocol)
    assert back == data
    assert type(back["torch"][0]) is corelib.Size and type(back["ordered"]) is OrderedDict
    assert back["torch"][1] is corelib.float16


@pytest.mark.parametrize("protocol", [2, 4])
def test_objects_that_occur_twice_are_one_object_again(protocol: int) -> None:
    x, inner = corelib.ones(2), [1]
    loop: list[Any] = [x, x, inner, inner]
    loop.append(loop)
    pair = (loop,)
    loop.append(pair)
    back = again(loop, pickle_protocol=protocol)
    assert back[0] is back[1] and back[2] is back[3] and back[4] is back and back[5][0] is back


def test_views_keep_size_stride_and_offset_and_share_their_memory() -> None:
    base = corelib.arange(24).reshape(4, 6)
    views = [base, base.t(), base[1], base[:, 2], base[1:3, ::2], corelib.ones(3).expand(2, 3)]
    back = again(views)
    for before, after in zip(views, back, strict=True):
        assert tuple(after.shape) == tuple(before.shape) and after.stride() == before.stride()
        assert after.storage_offset() == before.storage_offset() and after.tolist() == before.tolist()
    back[0].fill_(7)
    assert back[1].tolist() == [[7] * 4] * 6 and back[4].tolist() == [[7] * 3] * 2
    assert back[1].untyped_storage() is back[0].untyped_storage()


def test_tensors_without_elements_come_back() -> None:
    views = [corelib.empty(0), corelib.empty(0, 3), corelib.empty(0, 3)[:, 2:], corelib.arange(5)[5:]]
    for before, after in zip(views, again(views), strict=True):
        assert tuple(after.shape) == tuple(before.shape) and after.storage_offset() == before.storage_offset()
        assert after.numel() == 0 and after.stride() == before.stride()


def test_requires_grad_parameters_buffers_and_attributes_are_kept() -> None:
    leaf = corelib.ones(2, requires_grad=True)
    parameter = corelib.nn.Parameter(corelib.ones(2))
    frozen = corelib.nn.Parameter(corelib.ones(2), requires_grad=False)
    buffer = corelib.nn.Buffer(corelib.ones(2), persistent=False)
    parameter.tag, leaf.note = "mine", [1, 2]
    back = again([leaf, leaf * 2, parameter, frozen, buffer])
    assert [t.requires_grad for t in back] == [True, True, True, False, False]
    assert [type(t) for t in back] == [
        corelib.Tensor, corelib.Tensor, corelib.nn.Parameter, corelib.nn.Parameter, corelib.nn.Buffer,
    ]  # fmt: skip
    assert back[2].tag == "mine" and back[0].note == [1, 2] and back[4].persistent is False
    assert all(t.is_leaf for t in back)


def test_gradients_are_not_saved_and_hooks_are_warned_about() -> None:
    x = corelib.ones(2, requires_grad=True)
    (x * x).sum().backward()
    assert again(x).grad is None
    x.register_hook(lambda grad: grad)
    with pytest.warns(UserWarning, match="backward hooks on a tensor are not saved"):
        again(x)


def test_a_state_dict_keeps_its_order_and_its_metadata() -> None:
    state = corelib.nn.Linear(3, 2).state_dict()
    back = again(state)
    assert type(back) is OrderedDict and list(back) == ["weight", "bias"]
    assert back._metadata == state._metadata
    fresh = corelib.nn.Linear(3, 2)
    fresh.load_state_dict(back)
    assert fresh.weight.tolist() == state["weight"].tolist()


def test_an_optimizers_state_continues_where_it_was() -> None:
    def trained(steps: int, state: Any = None, start: Any = None) -> Any:
        x = corelib.nn.Parameter(corelib.tensor([1.0, -2.0]) if start is None else start)
        optimizer = corelib.optim.AdamW([x], lr=0.1)
        if state is not None:
            optimizer.load_state_dict(state)
        for _ in range(steps):
            optimizer.zero_grad()
            (x * x).sum().backward()
            optimizer.step()
        return x, optimizer

    straight, _ = trained(4)
    half, optimizer = trained(2)
    saved = again({"x": half.detach(), "optimizer": optimizer.state_dict()})
    continued, _ = trained(2, saved["optimizer"], saved["x"])
    assert continued.tolist() == straight.tolist()


def test_storages_and_meta_tensors_come_back() -> None:
    assert list(again(corelib.ones(2).untyped_storage()).tolist()) == [0, 0, 128, 63] * 2
    assert again(corelib.ones(2).storage()).tolist() == [1.0, 1.0]
    meta = again(corelib.empty(2, 3, device="meta").t())
    assert meta.device.type == "meta" and tuple(meta.shape) == (3, 2) and meta.stride() == (1, 3)


def test_one_memory_as_two_dtypes_is_an_error_that_names_both() -> None:
    x = corelib.ones(2)
    with pytest.raises(RuntimeError, match=r"view the same data as different types.*float32.*uint8"):
        corelib.save([x, x.untyped_storage()], io.BytesIO())


def test_a_path_is_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    corelib.save(corelib.ones(2), tmp_path / "a.pt")
    corelib.save(corelib.zeros(2), str(tmp_path / "a.pt"))
    assert os.listdir(tmp_path) == ["a.pt"]
    assert corelib.load(tmp_path / "a.pt").tolist() == [0, 0]


class Unpicklable:
    def __reduce__(self) -> Any:
        raise ValueError("not me")


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    for before in ([], ["a.pt"]):
        with pytest.raises(ValueError, match="not me"):
            corelib.save([corelib.ones(2), Unpicklable()], path)
        assert os.listdir(tmp_path) == before
        corelib.save(corelib.ones(2), path)
    assert corelib.load(path).tolist() == [1, 1]


def test_a_save_that_fails_while_tensors_are_written_leaves_the_old_file(
    tmp_path: Path, far: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pt"
    corelib.save(corelib.ones(2), path)
    x = corelib.ones(2).to(far)

    def lost(*args: Any) -> None:
        raise OSError("the device is gone")

    monkeypatch.setattr(far.runtime.backend, "device_to_host", lost)
    with pytest.raises(OSError, match="the device is gone"):
        corelib.save([corelib.ones(1000), x], path)
    assert os.listdir(tmp_path) == ["a.pt"] and corelib.load(path).tolist() == [1, 1]


@pytest.mark.skipif(os.name != "posix", reason="permission bits and links are POSIX's")
def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "a.pt", tmp_path / "link.pt"
    corelib.save(1, path)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o640)
    link.symlink_to(path)
    corelib.save(2, link)
    assert link.is_symlink() and corelib.load(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs a device file")
def test_a_device_file_is_written_to_and_not_replaced() -> None:
    corelib.save(corelib.ones(2), "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_folders_that_cannot_be_written_to_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"save\(\): Parent directory .* does not exist"):
        corelib.save(1, tmp_path / "missing" / "a.pt")
    with pytest.raises(RuntimeError, match=r"save\(\): .* is a directory"):
        corelib.save(1, tmp_path)
    assert os.listdir(tmp_path) == []


class OnlyWrites:
    """Not seekable, and takes a few bytes at a time."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: Any) -> int:
        taken = bytes(data[:100])
        self.data += taken
        return len(taken)


def test_a_file_that_cannot_seek_and_writes_little_at_a_time_gets_every_byte() -> None:
    file, whole = OnlyWrites(), io.BytesIO()
    corelib.save(corelib.arange(300), file)  # type: ignore[arg-type]
    corelib.save(corelib.arange(300), whole)
    assert file.data == whole.getvalue()


def test_archives_behind_one_another_are_read_from_where_the_file_stands() -> None:
    file = io.BytesIO()
    file.write(b"before")
    corelib.save([corelib.ones(2)], file)
    file.seek(6)
    assert corelib.load(file)[0].tolist() == [1, 1]


def test_arguments_that_cannot_be_are_errors() -> None:
    with pytest.raises(AttributeError, match=r"file-like object with a 'write' attribute, got int"):
        corelib.save(1, 3)  # type: ignore[arg-type]
    for protocol in (0, 1, 6, "2", True):
        with pytest.raises(ValueError, match="'pickle_protocol' must be an integer from 2 to"):
            corelib.save(1, io.BytesIO(), pickle_protocol=protocol)  # type: ignore[arg-type]


def test_sizes_and_positions_that_need_64_bits_are_written_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from corelib.serialization import archive

    # As if 32 bits ended here: neither the first record's size nor the later ones' positions fit.
    monkeypatch.setattr(archive, "_MAX32", 1000)
    file = io.BytesIO()
    writer = archive.ArchiveWriter(file)
    contents = {"data/0": b"x" * 5000, "data/1": b"after", "data/2": b"", "data/3": b"y" * 1001}
    for name, data in contents.items():
        writer.record(name, data)
    writer.finish()
    reader = archive.ArchiveReader(file, "wide")
    for name, data in contents.items():
        assert reader.read(name) == data and reader.position(name) % 64 == 0


def test_the_legacy_format_is_written_and_read_again(tmp_path):
    path = tmp_path / "weights.pt"
    base = corelib.arange(6).reshape(2, 3)
    corelib.save([base, base[1], corelib.ones(2, dtype=corelib.bfloat16)], path, _use_new_zipfile_serialization=False)
    back = corelib.load(path)
    assert back[0].tolist() == base.tolist() and back[2].dtype is corelib.bfloat16
    back[1].zero_()
    assert back[0].tolist() == [[0, 1, 2], [0, 0, 0]]
    assert [x.device.type for x in corelib.load(path, map_location="meta")] == ["meta"] * 3
