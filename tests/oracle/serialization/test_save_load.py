"""`save` and `load` against PyTorch's: the same bytes, each reads what the other wrote, the same kind of error."""

from __future__ import annotations

import io
import pickle
import warnings
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def dumped(m: Any, obj: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    m.save(obj, file, **options)
    file.seek(0)
    return file


def trained(m: Any, make: Callable[..., Any]) -> tuple[Any, Any]:
    """A small model and its optimizer after one step, with the same values in both libraries."""
    model = m.nn.Linear(3, 2)
    with m.no_grad():
        for p in model.parameters():
            p.copy_(m.arange(p.numel()).reshape(p.shape))
    optimizer = make(model.parameters())
    ((model.weight * 2).sum() + model.bias.sum()).backward()
    optimizer.step()
    return model, optimizer


def checkpoint(m: Any) -> dict[str, Any]:
    """Everything that a checkpoint may hold, made by the same code in both libraries."""
    base = m.arange(24).reshape(4, 6).to(m.float32)
    noted, parameter = m.zeros(2), m.nn.Parameter(m.ones(3))
    noted.note, parameter.tag = [1], "x"
    model, adam = trained(m, lambda ps: m.optim.AdamW(ps, lr=0.1))
    _, sgd = trained(m, lambda ps: m.optim.SGD(ps, lr=0.1, momentum=0.9))
    return {
        "views": [base, base.t(), base[1], base[:, 2], base[1:3, ::2], m.ones(3).expand(2, 3)],
        "dtypes": [m.arange(3).to(getattr(m, name)) for name in DTYPES],
        "named": [getattr(m, name) for name in (*DTYPES, "float32")],
        "model": model.state_dict(),
        "optimizers": [adam.state_dict(), sgd.state_dict()],
        "parameters": [parameter, m.nn.Parameter(m.ones(1), requires_grad=False), model.weight],
        "buffers": [m.nn.Buffer(m.ones(2)), m.nn.Buffer(m.ones(2), persistent=False)],
        "twice": [noted, noted, base[0]],
        "leaf": m.ones(1, requires_grad=True),
        "sizes": [m.Size([1, 2]), base.shape, m.Size([])],
        "device": m.device("cuda", 1),
        "layout": m.strided,
        "empty": [m.empty(0), m.empty(0, 3), m.arange(5)[5:]],
        "scalar": m.tensor(3.5),
        "meta": m.empty(2, 3, device="meta").t(),
        "python": [None, True, 1, -1, 2**80, 1.5, float("-inf"), 1j, "h\N{LATIN SMALL LETTER E WITH ACUTE}", b"ab"],
        "containers": [(1, (2, [3])), {"a": {1: 2}}, {1}, OrderedDict(b=1), Counter("aab"), bytearray(b"q")],
    }


def described(obj: Any) -> Any:
    """What a checkpoint holds, in words that are the same for both libraries."""
    if isinstance(obj, (torch.Tensor, corelib.Tensor)):
        values = None if obj.device.type == "meta" else obj.tolist()
        kind = type(obj).__name__
        place = (tuple(obj.shape), tuple(obj.stride()), 0 if values is None else obj.storage_offset())
        return kind, str(obj.dtype), str(obj.device), place, obj.requires_grad, values, getattr(obj, "note", None)
    if isinstance(obj, dict):
        items = [(key, described(value)) for key, value in obj.items()]
        return [type(obj).__name__, items, getattr(obj, "_metadata", None)]
    if isinstance(obj, (list, tuple)):
        return [type(obj).__name__, *map(described, obj)]
    return repr(obj)


def without_buffers(checkpoint: dict[str, Any]) -> dict[str, Any]:
    # A Buffer is a class of its own in corelib only.
    return {key: value for key, value in checkpoint.items() if key != "buffers"}


def test_the_file_is_pytorchs_byte_for_byte() -> None:
    theirs, ours = dumped(torch, checkpoint(torch)).getvalue(), dumped(corelib, checkpoint(corelib)).getvalue()
    with zipfile.ZipFile(io.BytesIO(theirs)) as a, zipfile.ZipFile(io.BytesIO(ours)) as b:
        assert a.namelist() == b.namelist()
        for name in a.namelist():
            # Each library hashes in its own way what it has written.
            assert a.read(name) == b.read(name) or name.endswith("serialization_id"), name
        identity = a.getinfo("archive/.data/serialization_id")
    assert len(theirs) == len(ours)
    start = theirs.index(b"FB", identity.header_offset)
    assert theirs[:start] == ours[:start]
    different = {i for i in range(len(theirs)) if theirs[i] != ours[i]}
    # The 40 digits, and their checksum behind them and in the directory.
    assert len(different) <= 40 + 4 + 4


def test_pytorch_reads_what_corelib_writes() -> None:
    ours = checkpoint(corelib)
    back = torch.load(dumped(corelib, ours), weights_only=True)
    assert described(without_buffers(back)) == described(without_buffers(ours))
    assert all(isinstance(t, torch.nn.Buffer) for t in back["buffers"])
    assert [t.persistent for t in back["buffers"]] == [True, False]
    assert back["views"][1].untyped_storage().data_ptr() == back["views"][0].untyped_storage().data_ptr()
    assert back["twice"][0] is back["twice"][1] and back["parameters"][0].tag == "x"


def test_corelib_reads_what_pytorch_writes() -> None:
    theirs = checkpoint(torch)
    back = corelib.load(dumped(torch, theirs))
    assert described(without_buffers(back)) == described(without_buffers(theirs))
    assert all(isinstance(t, corelib.nn.Buffer) for t in back["buffers"])
    assert [t.persistent for t in back["buffers"]] == [True, False]
    assert back["views"][1].untyped_storage() is back["views"][0].untyped_storage()
    assert back["twice"][0] is back["twice"][1] and back["parameters"][0].tag == "x"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol_is_read_by_the_other(protocol: int) -> None:
    ours, theirs = checkpoint(corelib), checkpoint(torch)
    back = torch.load(dumped(corelib, ours, pickle_protocol=protocol), weights_only=False)
    assert described(without_buffers(back)) == described(without_buffers(ours))
    for weights_only in (True, False):
        back = corelib.load(dumped(torch, theirs, pickle_protocol=protocol), weights_only=weights_only)
        assert described(without_buffers(back)) == described(without_buffers(theirs))


def test_checkpoints_cross_over_into_the_other_librarys_model_and_optimizer() -> None:
    theirs, ours = (trained(m, m.optim.AdamW) for m in (torch, corelib))
    for m, into, source in ((corelib, ours, dumped(torch, [x.state_dict() for x in theirs])),
                            (torch, theirs, dumped(corelib, [x.state_dict() for x in ours]))):  # fmt: skip
        model, optimizer = m.load(source)
        into[0].load_state_dict(model)
        into[1].load_state_dict(optimizer)
        assert described(into[1].state_dict()) == described(optimizer)


def test_files_on_disk_and_mapped_into_memory_are_read_by_the_other(tmp_path: Path) -> None:
    from torch.utils.serialization import config

    corelib.save(checkpoint(corelib), tmp_path / "ours.pt")
    torch.save(checkpoint(torch), tmp_path / "theirs.pt")
    expected = described(without_buffers(checkpoint(corelib)))
    assert described(without_buffers(torch.load(tmp_path / "ours.pt"))) == expected
    assert described(without_buffers(corelib.load(tmp_path / "theirs.pt"))) == expected
    assert described(without_buffers(corelib.load(tmp_path / "theirs.pt", mmap=True))) == expected
    for calculated in (False, True):
        # PyTorch then computes where each record lies from how its own writer would have laid them out.
        with config.patch("load.calculate_storage_offsets", calculated):
            assert described(without_buffers(torch.load(tmp_path / "ours.pt", mmap=True))) == expected


def test_files_without_checksums_and_with_unaligned_records_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        file = dumped(torch, checkpoint(torch))
    finally:
        torch.serialization.set_crc32_options(True)
    assert described(without_buffers(corelib.load(file))) == described(without_buffers(checkpoint(torch)))
    from torch.utils.serialization import config

    with config.patch("save.storage_alignment", 1):
        file = dumped(torch, checkpoint(torch))
    assert described(without_buffers(corelib.load(file))) == described(without_buffers(checkpoint(torch)))


def test_empty_bytes_are_written_so_that_pytorch_accepts_them() -> None:
    assert torch.load(dumped(corelib, {"a": b""}), weights_only=True) == {"a": b""}


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_storages_cross_over() -> None:
    back = torch.load(dumped(corelib, [corelib.ones(2).untyped_storage(), corelib.arange(2).storage()]))
    assert back[0].untyped().tolist() == [0, 0, 128, 63] * 2 and back[1].untyped().nbytes() == 16
    theirs = corelib.load(dumped(torch, torch.ones(2).untyped_storage()))
    assert theirs.tolist() == [0, 0, 128, 63] * 2


def test_map_location_means_the_same() -> None:
    ours, theirs = dumped(corelib, checkpoint(corelib)), dumped(torch, checkpoint(torch))
    for wanted in (None, "cpu", {"cpu": "cpu"}, {"cuda:0": "cpu"}, lambda storage, _: None, lambda storage, _: storage):
        ours.seek(0)
        theirs.seek(0)
        assert described(without_buffers(torch.load(ours, map_location=wanted))) == described(
            without_buffers(corelib.load(theirs, map_location=wanted))
        )
    for m, file in ((torch, ours), (corelib, theirs)):
        file.seek(0)
        assert m.load(file, map_location="meta")["views"][0].device.type == "meta"


def test_pytorchs_other_dtypes_and_tensors_are_refused_by_name() -> None:
    for x, name in (
        (torch.ones(2, dtype=torch.uint16), "torch.uint16"),
        (torch.ones(2).to(torch.float8_e5m2), "torch.float8_e5m2"),
        (torch.ones(2).to_sparse(), "torch._utils._rebuild_sparse_tensor"),
    ):
        with pytest.raises(pickle.UnpicklingError, match=rf"GLOBAL {name} was not an allowed global"):
            corelib.load(dumped(torch, x))


def test_conjugate_and_negative_views_go_both_ways() -> None:
    for here, there in ((torch, corelib), (corelib, torch)):
        z = here.tensor([1 + 2j, 3 - 4j])
        conjugate, memory = there.load(dumped(here, [z.conj(), z]))
        part = there.load(dumped(here, z.conj().imag))
        assert conjugate.is_conj() and part.is_neg() and not memory.is_conj()
        assert conjugate.tolist() == [1 - 2j, 3 + 4j] and part.tolist() == [-2.0, 4.0]
        assert conjugate.data_ptr() == memory.data_ptr()


def test_a_module_of_pytorchs_becomes_one_of_corelibs_when_the_file_is_trusted() -> None:
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Dropout(0.25))
    file = dumped(torch, theirs)
    with pytest.raises(pickle.UnpicklingError, match=r"torch\.nn\.modules\.container\.Sequential"):
        corelib.load(file)
    file.seek(0)
    back = corelib.load(file, weights_only=False)
    assert [type(layer) for layer in back] == [corelib.nn.Linear, corelib.nn.ReLU, corelib.nn.Dropout]
    assert described(back.state_dict()) == described(theirs.state_dict())
    assert back[2].p == 0.25 and back.training and isinstance(back[0].weight, corelib.nn.Parameter)


def rezipped(file: io.BytesIO, change: Callable[[str, bytes], bytes | None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = change(name.partition("/")[2], old.read(name))
            if data is not None:
                new.writestr(name, data)
    return out.getvalue()


def bad_files() -> dict[str, bytes]:
    def example() -> io.BytesIO:
        return dumped(torch, {"a": torch.arange(4.0)})

    whole = example().getvalue()
    files = {"cut off": whole[:-30], "cut off early": whole[:200], "empty": b""}
    for record in ("data.pkl", "data/0", "version"):
        files["without " + record] = rezipped(example(), lambda name, data, r=record: None if name == r else data)
    for record, value in (("data/0", b"short"), ("data/0", bytes(99)), ("version", b"99"), ("byteorder", b"middle")):
        changed = rezipped(example(), lambda name, data, r=record, v=value: v if name == r else data)
        files[f"{record} is {value!r}"] = changed
    bounds = dumped(torch, torch.arange(4.0).as_strided((2,), (1,)))
    files["out of bounds"] = rezipped(bounds, lambda name, data: data.replace(b"K\x00K\x02\x85", b"K\x09K\x02\x85"))
    files["refused"] = dumped(torch, {"a": print}).getvalue()
    return files


@pytest.mark.parametrize("what", bad_files())
def test_a_bad_file_is_the_same_kind_of_error(what: str) -> None:
    data = bad_files()[what]
    with pytest.raises(Exception) as theirs:
        torch.load(io.BytesIO(data), weights_only=True)
    with pytest.raises(Exception) as ours:
        corelib.load(io.BytesIO(data))
    assert type(ours.value) is type(theirs.value)


def test_a_bad_path_or_file_is_the_same_kind_of_error(tmp_path: Path) -> None:
    attempts: list[Callable[[Any], Any]] = [
        lambda m: m.load(tmp_path / "missing.pt"),
        lambda m: m.load(tmp_path),
        lambda m: m.load(3),
        lambda m: m.save(1, tmp_path / "missing" / "a.pt"),
        lambda m: m.save(1, tmp_path),
        lambda m: m.save(1, 3),
        lambda m: m.load(dumped(m, 1), mmap=True),
        lambda m: m.save([x := m.ones(2), x.untyped_storage()], io.BytesIO()),
        lambda m: m.load(dumped(m, m.ones(2)), map_location=3),
    ]
    for attempt in attempts:
        with pytest.raises(Exception) as theirs:
            attempt(torch)
        with pytest.raises(Exception) as ours:
            attempt(corelib)
        assert isinstance(ours.value, type(theirs.value)), (theirs.value, ours.value)


def test_torchscript_is_refused_by_name() -> None:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), file)
    for weights_only in (True, False):
        file.seek(0)
        with pytest.raises(RuntimeError, match="TorchScript archive"):
            corelib.load(file, weights_only=weights_only)
