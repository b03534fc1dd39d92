"""Where loaded tensors go: map_location in all its forms, devices that are not there, and mmap."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import corelib
from corelib.serialization import packages


@pytest.fixture(autouse=True, params=[False, True], ids=["own", "registered"])
def registered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test also with a package that somebody registered and that knows none of the places."""
    monkeypatch.setattr(packages, "_registry", packages._registry[:])
    if request.param:
        packages.register_package(50, lambda storage: None, lambda storage, location: None)


def test_a_tensor_returns_to_the_device_it_was_saved_from(far: Any, saved: Any) -> None:
    x = corelib.arange(6).reshape(2, 3).to(far)
    back = corelib.load(saved({"far": x, "view": x.t(), "near": corelib.ones(2)}))
    assert str(back["far"].device) == "xpu:1" and back["near"].device.type == "cpu"
    assert back["view"].untyped_storage() is back["far"].untyped_storage()
    assert back["view"].stride() == (1, 3) and back["far"].cpu().tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("wanted", ["cpu", b"cpu", corelib.device("cpu"), {"xpu:1": "cpu"}, lambda s, _: s])
def test_map_location_brings_tensors_to_the_cpu(wanted: Any, far: Any, saved: Any) -> None:
    back = corelib.load(saved(corelib.arange(3).to(far)), map_location=wanted)
    assert back.device.type == "cpu" and back.tolist() == [0, 1, 2]


@pytest.mark.parametrize("wanted", ["xpu:1", corelib.device("xpu", 1), {"cpu": "xpu:1"}])
def test_map_location_brings_tensors_from_the_cpu(wanted: Any, far: Any, saved: Any, tmp_path: Path) -> None:
    back = corelib.load(saved(corelib.arange(3)), map_location=wanted)
    assert back.device is far and back.cpu().tolist() == [0, 1, 2]
    corelib.save(corelib.arange(3), tmp_path / "a.pt")
    back = corelib.load(tmp_path / "a.pt", map_location=wanted, mmap=True)
    assert back.device is far and back.cpu().tolist() == [0, 1, 2]


def test_a_dict_leaves_other_locations_where_they_were(far: Any, saved: Any) -> None:
    back = corelib.load(saved([corelib.ones(2).to(far), corelib.ones(2)]), map_location={"cuda:0": "cpu"})
    assert back[0].device is far and back[1].device.type == "cpu"


def test_a_function_sees_the_storage_and_its_location_and_may_say_neither(far: Any, saved: Any) -> None:
    seen: list[Any] = []

    def note(storage: Any, location: str) -> None:
        seen.append((storage.nbytes(), storage.device.type, location))

    x = corelib.ones(2).to(far)
    back = corelib.load(saved([x, x[:1], corelib.ones(3)]), map_location=note)
    assert seen == [(8, "cpu", "xpu:1"), (12, "cpu", "cpu")]
    assert back[0].device is far and back[1].device is far and back[2].device.type == "cpu"

    def broken(storage: Any, location: str) -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError, match=r"^mine$"):
        corelib.load(saved(x), map_location=broken)
    with pytest.raises(TypeError, match=r"must return a storage, or None .* got str"):
        corelib.load(saved(x), map_location=lambda storage, location: "cpu")
    small = corelib.ones(1).untyped_storage()
    with pytest.raises(RuntimeError, match=r"out of bounds for a storage of 1 elements"):
        corelib.load(saved(corelib.ones(3)), map_location=lambda storage, location: small)


def test_meta_keeps_shapes_and_reads_no_data(saved: Any) -> None:
    back = corelib.load(saved({"a": corelib.ones(2, 3).t(), "p": corelib.nn.Parameter(corelib.ones(2))}), "meta")
    assert back["a"].device.type == "meta" and tuple(back["a"].shape) == (3, 2) and back["a"].stride() == (1, 3)
    assert type(back["p"]) is corelib.nn.Parameter and back["p"].requires_grad


def test_a_device_that_is_not_there_says_how_to_load_elsewhere(far: Any, saved: Any, archive_of: Any) -> None:
    whole = saved(corelib.ones(2).to(far)).getvalue()
    for location in (b"xpu:7", b"odd:1"):
        import zipfile

        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            data = archive.read("archive/data.pkl").replace(b"xpu:1", location)
            record = archive.read("archive/data/0")
        with pytest.raises(RuntimeError, match=r"Attempting to deserialize object on device .*map_location='cpu'"):
            corelib.load(archive_of(data, data_0=record))
        assert corelib.load(archive_of(data, data_0=record), map_location="cpu").tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="odd"):
        corelib.load(saved(corelib.ones(2)), map_location="odd:1")


@pytest.mark.parametrize("wanted", [3, ["cpu"], corelib.float32])
def test_a_map_location_of_another_kind_is_an_error(wanted: Any, saved: Any) -> None:
    with pytest.raises(TypeError, match="argument 'map_location' must be None, a str"):
        corelib.load(saved(corelib.ones(2)), map_location=wanted)


def test_mmap_shares_the_files_pages_and_never_changes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    x = corelib.arange(100_000)
    corelib.save({"x": x, "view": x[10:20], "empty": corelib.empty(0)}, path)
    before = path.read_bytes()
    back = corelib.load(path, mmap=True)
    assert back["x"].data_ptr() % 64 == 0
    assert np.array_equal(back["x"].numpy(), np.arange(100_000)) and back["empty"].numel() == 0
    back["x"].fill_(1)
    assert back["view"].tolist() == [1] * 10 and path.read_bytes() == before
    path.unlink()
    assert int(back["x"].sum()) == 100_000


def test_mmap_needs_a_path(saved: Any) -> None:
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        corelib.load(saved(corelib.ones(2)), mmap=True)


def test_mmap_of_data_that_is_not_aligned_copies_it(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "a.pt"
    file = io.BytesIO()
    corelib.save([corelib.ones(i, dtype=corelib.float64) for i in range(1, 9)], file)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    back = corelib.load(path, mmap=True)
    assert all(t.data_ptr() % 8 == 0 and t.tolist() == [1.0] * (i + 1) for i, t in enumerate(back))


@pytest.mark.parametrize("wanted", ["cpu:" + "1" * 5000, "1" * 5000, "cpu:１", "cpu:-1", "cpu:", ":"])
def test_a_location_that_is_no_device_is_an_error(wanted: str, saved: Any) -> None:
    for location in (wanted, {"cpu": wanted}):
        with pytest.raises(RuntimeError, match="device"):
            corelib.load(saved(corelib.ones(2)), map_location=location)
