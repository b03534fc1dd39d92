"""Files that are cut off, changed, inconsistent or of another kind: each is an error that says which."""

from __future__ import annotations

import io
import pickle
import tarfile
import random
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

import corelib

# What `load` may raise for a bad file.
REFUSALS = (RuntimeError, pickle.UnpicklingError, EOFError)


def example() -> dict[str, Any]:
    x = corelib.arange(12).reshape(3, 4).float()
    return {
        "x": x, "view": x[1:, ::2], "half": corelib.ones(3, dtype=corelib.float16), "n": 3, "text": "abc", "set": {1},
        "parameter": corelib.nn.Parameter(corelib.ones(2)), "state": OrderedDict(a=corelib.zeros(1)), "b": b"bytes",
    }  # fmt: skip


def rezipped(file: io.BytesIO, change: Any = None, method: int = zipfile.ZIP_STORED) -> io.BytesIO:
    """The same records, written by somebody else; `change(name, data)` gives the new data, or None to leave it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist():
            data = old.read(name)
            data = data if change is None else change(name.partition("/")[2], data)
            if data is not None:
                new.writestr(name, data)
    out.seek(0)
    return out


def test_a_file_cut_off_anywhere_is_an_error(saved: Any) -> None:
    whole = saved(example()).getvalue()
    for size in range(1, len(whole) - 22, 37):
        with pytest.raises(REFUSALS):
            corelib.load(io.BytesIO(whole[:size]))


def test_changed_bytes_are_an_error_or_change_no_more_than_values(saved: Any) -> None:
    whole = saved(example()).getvalue()
    choose = random.Random(0)
    refused = 0
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(choose.choice((1, 1, 3, 20))):
            damaged[choose.randrange(len(damaged))] = choose.randrange(256)
        try:
            corelib.load(io.BytesIO(damaged))
        except (*REFUSALS, ValueError):
            refused += 1
    # Three quarters of the file are padding between records.
    assert refused > 500


def test_a_changed_pickle_is_an_error_or_makes_tensors_that_can_be_read(saved: Any, archive_of: Any) -> None:
    file = saved(example())
    with zipfile.ZipFile(file) as archive:
        data = archive.read("archive/data.pkl")
        records = {f"data_{i}": archive.read(f"archive/data/{i}") for i in range(4)}
    choose = random.Random(1)
    loaded = 0
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(choose.choice((1, 1, 2, 4))):
            damaged[choose.randrange(len(damaged))] = choose.choice((choose.randrange(256), choose.choice(data)))
        try:
            back = corelib.load(archive_of(bytes(damaged), **records))
        except REFUSALS:
            continue
        loaded += 1
        for value in back.values() if isinstance(back, dict) else ():
            if isinstance(value, corelib.Tensor) and value.numel() < 1000 and value.device.type == "cpu":
                value.tolist()
    assert 0 < loaded < 1900


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((5,), (1,), 0), ((4,), (1,), 1), ((2, 2), (4, 1), 0), ((2,), (2**62,), 0), ((1,), (1,), 2**62),
        ((2**62, 4), (0, 0), 0), ((2**40,), (1,), 0), ((), (), 4), ((1,), (1,), 4), ((2**62,) * 60, (0,) * 60, 0),
    ],
)  # fmt: skip
def test_a_tensor_that_reaches_out_of_its_storage_is_an_error(
    size: Any, stride: Any, offset: int, call: Any, file_of: Any
) -> None:
    typed = corelib.ones(4).storage()
    for name in ("_rebuild_tensor", "_rebuild_tensor_v2"):
        rest = () if name == "_rebuild_tensor" else (False, OrderedDict())
        with pytest.raises(RuntimeError, match=r"out of bounds for a storage of 4 elements \(16 bytes\)"):
            corelib.load(file_of(call("torch._utils", name, typed, offset, size, stride, *rest)))


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((2,), (-1,), 1), ((-2,), (1,), 0), ((2,), (1,), -1), ((2,), (1, 1), 0), ((2.0,), (1,), 0), ("ab", (1, 1), 0),
        ((True,), (1,), 0), ((2,), (1,), None), ((2**63,), (0,), 0), ((1,) * 65, (1,) * 65, 0), (3, 3, 0),
    ],
)  # fmt: skip
def test_sizes_that_are_not_natural_numbers_are_an_error(
    size: Any, stride: Any, offset: Any, call: Any, file_of: Any
) -> None:
    typed = corelib.ones(4).storage()
    with pytest.raises(pickle.UnpicklingError, match="the file is corrupt: a tensor's"):
        corelib.load(file_of(call("torch._utils", "_rebuild_tensor", typed, offset, size, stride)))


def test_other_arguments_of_a_tensor_that_cannot_be_are_errors(call: Any, file_of: Any) -> None:
    x = corelib.ones(4)
    good = [x.storage(), 0, (4,), (1,), False, OrderedDict()]
    for position, bad in ((0, None), (0, x), (4, 1), (5, [1]), (5, {1: 2})):
        arguments = [*good[:position], bad, *good[position + 1 :]]
        with pytest.raises(pickle.UnpicklingError, match="the file is corrupt"):
            corelib.load(file_of(call("torch._utils", "_rebuild_tensor_v2", *arguments)))
    for metadata in ({"conj": True}, {"neg": 1}, {"other": True}):  # of a real tensor
        with pytest.raises(pickle.UnpicklingError, match="the file is corrupt"):
            corelib.load(file_of(call("torch._utils", "_rebuild_tensor_v2", *good, metadata)))
    with pytest.raises(RuntimeError, match="require gradients"):
        integers = [corelib.arange(4).storage(), 0, (4,), (1,), True, OrderedDict()]
        corelib.load(file_of(call("torch._utils", "_rebuild_tensor_v2", *integers)))
    for bad in (None, [1.0]):
        with pytest.raises(pickle.UnpicklingError, match="the data of a parameter"):
            corelib.load(file_of(call("torch._utils", "_rebuild_parameter", bad, True, OrderedDict())))
    with pytest.raises(pickle.UnpicklingError, match="the dtype of a tensor"):
        corelib.load(file_of(call("torch._utils", "_rebuild_meta_tensor_no_storage", 3, (2,), (1,), False)))


def test_a_newer_rebuild_function_gives_the_dtype_beside_untyped_memory(call: Any, file_of: Any) -> None:
    x = corelib.arange(3).int()
    arguments = (x.untyped_storage(), 1, (2,), (1,), False, OrderedDict())
    back = corelib.load(file_of(call("torch._utils", "_rebuild_tensor_v3", *arguments, corelib.int32)))
    assert back.dtype is corelib.int32 and back.tolist() == [1, 2]
    with pytest.raises(RuntimeError, match=r"out of bounds for a storage of 1 elements"):
        corelib.load(file_of(call("torch._utils", "_rebuild_tensor_v3", *arguments, corelib.int64)))


@pytest.mark.parametrize("size", [8, 20, 0])
def test_a_record_of_another_size_than_the_pickle_says_is_an_error(size: int, saved: Any) -> None:
    file = rezipped(saved(corelib.ones(4)), lambda name, data: bytes(size) if name == "data/0" else data)
    with pytest.raises(RuntimeError, match=rf"record size \({size} bytes\) of data/0 does not match expected size"):
        corelib.load(file)


@pytest.mark.parametrize("missing", ["data.pkl", "data/0", "version"])
def test_a_missing_record_is_named(missing: str, saved: Any) -> None:
    file = rezipped(saved(corelib.ones(4)), lambda name, data: None if name == missing else data)
    with pytest.raises(RuntimeError, match=f"failed locating record '{missing}'"):
        corelib.load(file)


@pytest.mark.parametrize("missing", ["byteorder", ".data/serialization_id", ".format_version", ".storage_alignment"])
def test_records_that_older_files_lack_may_be_missing(missing: str, saved: Any) -> None:
    file = rezipped(saved(corelib.ones(4)), lambda name, data: None if name == missing else data)
    assert corelib.load(file).tolist() == [1, 1, 1, 1]


def test_versions_and_byte_orders_that_are_unknown_are_errors(saved: Any) -> None:
    def with_record(record: str, value: bytes) -> io.BytesIO:
        return rezipped(saved(corelib.ones(4)), lambda name, data: value if name == record else data)

    with pytest.raises(RuntimeError, match="version 99, but the maximum supported version for reading is 10"):
        corelib.load(with_record("version", b"99\n"))
    with pytest.raises(RuntimeError, match="its version is b'x'"):
        corelib.load(with_record("version", b"x"))
    with pytest.raises(ValueError, match="Unknown endianness type: b'middle'"):
        corelib.load(with_record("byteorder", b"middle"))


def test_a_file_of_the_other_byte_order_has_the_same_values(archive_of: Any, saved: Any) -> None:
    values = {"int16": "h", "int32": "i", "int64": "q", "float32": "f", "float64": "d", "int8": "b", "float16": "e"}
    for name, code in values.items():
        x = corelib.tensor([1, 2, 100], dtype=getattr(corelib, name))
        with zipfile.ZipFile(saved(x)) as archive:
            data = archive.read("archive/data.pkl")
        file = archive_of(data, data_0=struct.pack(f">3{code}", 1, 2, 100), byteorder=b"big")
        assert corelib.load(file).tolist() == [1, 2, 100], name


def test_compressed_and_encrypted_records_are_refused(saved: Any) -> None:
    bomb = rezipped(saved(corelib.zeros(100_000)), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(RuntimeError, match=r"is compressed \(method 8, .*\); accepted are stored records only"):
        corelib.load(bomb)
    whole = bytearray(saved(corelib.ones(4)).getvalue())
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(RuntimeError, match="is encrypted; accepted are stored records only"):
        corelib.load(io.BytesIO(whole))


def test_records_that_overlap_or_are_there_twice_are_refused(saved: Any) -> None:
    whole = saved([corelib.ones(100), corelib.zeros(100)]).getvalue()
    entries = [i for i in range(len(whole)) if whole.startswith(b"PK\x01\x02", i)]
    first, second = entries[4], entries[5]
    assert whole[first + 46 :].startswith(b"archive/data/0") and whole[second + 46 :].startswith(b"archive/data/1")
    same_place, longer = bytearray(whole), bytearray(whole)
    same_place[second + 42 : second + 46] = whole[first + 42 : first + 46]
    longer[first + 20 : first + 28] = struct.pack("<II", 100_000, 100_000)
    for damaged in (same_place, longer):
        with pytest.raises(RuntimeError, match="overlaps what follows it"):
            corelib.load(io.BytesIO(damaged))
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = with_record(whole, "archive/version")
    with pytest.raises(RuntimeError, match="'archive/version' is there twice"):
        corelib.load(twice)
    with pytest.raises(RuntimeError, match="outside of the folder 'archive/'"):
        corelib.load(with_record(whole, "elsewhere/x"))


def with_record(whole: bytes, name: str) -> io.BytesIO:
    """A file with one more record."""
    file = io.BytesIO(whole)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, "3")
    file.seek(0)
    return file


def test_a_changed_element_is_found_by_its_checksum(saved: Any) -> None:
    whole = bytearray(saved(corelib.tensor([3.0] * 4)).getvalue())
    at = whole.index(struct.pack("<f", 3.0) * 4)
    whole[at] ^= 1
    with pytest.raises(RuntimeError, match="the checksum of record 'data/0' does not match"):
        corelib.load(io.BytesIO(whole))
    # Files written without checksums have 0 there.
    entry = whole.index(b"archive/data/0", whole.index(b"PK\x01\x02")) - 46
    whole[entry + 16 : entry + 20] = bytes(4)
    assert corelib.load(io.BytesIO(whole)).tolist() != [3.0] * 4


def test_files_of_other_kinds_say_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(EOFError, match="is empty"):
        corelib.load(io.BytesIO())
    with pytest.raises(pickle.UnpicklingError, match="is not a zip archive"):
        corelib.load(io.BytesIO(b"hello, this is no archive"))
    with pytest.raises(pickle.UnpicklingError, match="is not a zip archive"):
        corelib.load(io.BytesIO(pickle.dumps({"a": 1})), weights_only=False)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as writer:
        writer.addfile(tarfile.TarInfo("storages"))
    tar.seek(0)
    with pytest.raises(RuntimeError, match="is a tar archive"):
        corelib.load(tar)


def test_damaged_files_of_the_legacy_format_are_errors() -> None:
    file = io.BytesIO()
    corelib.save({"a": corelib.arange(4), "b": corelib.ones(2)}, file, _use_new_zipfile_serialization=False)
    whole = file.getvalue()
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
    with pytest.raises(RuntimeError, match="Invalid protocol version: 7; accepted is 1001"):
        corelib.load(io.BytesIO(magic + pickle.dumps(7, 2) + pickle.dumps({}, 2)))
    for end in range(len(magic), len(whole)):
        with pytest.raises((RuntimeError, pickle.UnpicklingError)):
            corelib.load(io.BytesIO(whole[:end]))
    elements = bytearray(whole)
    elements[whole.index((4).to_bytes(8, "little"))] = 3  # of the first storage
    with pytest.raises(RuntimeError, match="has 3 elements"):
        corelib.load(io.BytesIO(elements))


def test_empty_files_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.pt"
    path.touch()
    for mmap in (False, True):
        with pytest.raises(EOFError, match=r"empty\.pt' is empty"):
            corelib.load(path, mmap=mmap)


def test_a_torchscript_archive_is_refused(archive_of: Any) -> None:
    out = archive_of(b"\x80\x02N.")
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("archive/constants.pkl", b"")
    out.seek(0)
    with pytest.raises(RuntimeError, match="TorchScript"):
        corelib.load(out)


def test_paths_and_files_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        corelib.load(tmp_path / "missing.pt")
    with pytest.raises(IsADirectoryError):
        corelib.load(tmp_path)
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like object"):
        corelib.load(3)  # type: ignore[arg-type]

    class Stream(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(io.UnsupportedOperation, match=r"pre-load the data into a buffer like io.BytesIO"):
        corelib.load(Stream())  # type: ignore[arg-type]


class Answers:
    """A file whose reads give what they like."""

    def __init__(self, data: bytes, read: Any = None, read_into: Any = None) -> None:
        self.data, self.answer, self.answer_into = io.BytesIO(data), read, read_into
        self.seek, self.tell = self.data.seek, self.data.tell

    def read(self, size: int = -1) -> Any:
        return self.answer(self.data, size)


class IntoMemory(Answers):
    def readinto(self, target: memoryview) -> Any:
        return self.answer_into(self.data, target)


@pytest.mark.parametrize(("read", "kind", "said"), [
    (lambda f, n: None, TypeError, "returned NoneType; expected bytes"), (lambda f, n: "x", TypeError, "returned str; expected bytes"),
    (lambda f, n: f.read(n) + b"x", OSError, "returned 17 bytes"), (lambda f, n: b"", EOFError, "is empty"),
])  # fmt: skip
def test_reads_that_cannot_be_are_errors(read: Any, kind: type[Exception], said: str, saved: Any) -> None:
    with pytest.raises(kind, match=said):
        corelib.load(Answers(saved(corelib.ones(3)).getvalue(), read))


@pytest.mark.parametrize("count", [-1, 10**30, "x", 2.0])
def test_counts_of_readinto_that_cannot_be_are_errors(count: Any, saved: Any) -> None:
    with pytest.raises(OSError, match="expected how many it has read"):
        corelib.load(IntoMemory(saved(corelib.ones(3)).getvalue(), None, lambda f, target: count))


def test_a_file_may_give_a_byte_at_a_time(saved: Any) -> None:
    data = saved(corelib.arange(3)).getvalue()
    for file in (Answers(data, lambda f, n: f.read(1)), IntoMemory(data, None, lambda f, target: f.readinto(target[:1]))):
        assert corelib.load(file).tolist() == [0, 1, 2]
