"""torch.serialization's settings, its places of storages and its small functions, beside PyTorch's."""

from __future__ import annotations

import io
import mmap
import pickle
import types
import warnings
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch

import corelib

from ..coverage.calls import compared


def dumped(m: Any, obj: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    m.save(obj, file, **options)
    file.seek(0)
    return file


def without_byteorder(file: io.BytesIO) -> io.BytesIO:
    """A file as an older writer's, with the elements the other way round."""
    made = io.BytesIO()
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            if not name.endswith("byteorder"):
                after.writestr(name, before.read(name)[:: -1 if "/data/" in name else 1])
    made.seek(0)
    return made


def outcome(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins" or kind in (pickle.PickleError, pickle.UnpicklingError))


def crc(m: Any) -> Any:
    found = [m.serialization.get_crc32_options()]
    m.serialization.set_crc32_options(False)
    try:
        file = dumped(m, m.ones(3))
        found += [m.serialization.get_crc32_options(), [i.CRC for i in zipfile.ZipFile(file).infolist()]]
        file.seek(0)
        return [*found, m.load(file).tolist(), (torch if m is corelib else corelib).load(dumped(m, m.ones(3))).tolist()]
    finally:
        m.serialization.set_crc32_options(True)


def endianness(m: Any) -> Any:
    s = m.serialization
    found = [s.get_default_load_endianness(), [(e.name, e.value) for e in s.LoadEndianness], outcome(lambda: s.set_default_load_endianness("big"))]
    file = without_byteorder(dumped(m, m.tensor([2.0])))
    for order in (s.LoadEndianness.BIG, s.LoadEndianness.LITTLE, s.LoadEndianness.NATIVE, None):
        s.set_default_load_endianness(order)
        file.seek(0)
        found.append((m.load(file).tolist(), str(s.get_default_load_endianness())))
    return found


def mapping(m: Any, path: Path) -> Any:
    s, file = m.serialization, path / f"{m.__name__}.pt"
    m.save(m.ones(3), file)
    found = [s.get_default_mmap_options() == mmap.MAP_PRIVATE, outcome(lambda: s.set_default_mmap_options(3))]
    m.load(file, mmap=True).zero_()
    found.append(m.load(file).tolist())
    with s.set_default_mmap_options(mmap.MAP_SHARED):
        found.append(s.get_default_mmap_options() == mmap.MAP_SHARED)
        m.load(file, mmap=True).fill_(2)
    s.set_default_mmap_options(mmap.MAP_PRIVATE)
    found.append(m.load(file, mmap=True).tolist())
    m.save(m.ones(1), file, _use_new_zipfile_serialization=False)
    return [*found, s.get_default_mmap_options() == mmap.MAP_PRIVATE, outcome(lambda: m.load(file, mmap=True))]


def skipped(m: Any, path: Path) -> Any:
    s, file = m.serialization, path / "skipped.pt"
    with s.skip_data():
        m.save({"a": m.ones(3), "n": 4}, file)
    found = [m.load(file)["a"].tolist(), m.load(file)["n"], (torch if m is corelib else corelib).load(file)["a"].tolist()]
    with zipfile.ZipFile(file) as z:
        found.append([(i.filename, i.file_size, i.CRC == 0) for i in z.infolist()])
    m.save(m.ones(3), file)
    with s.skip_data(materialize_fake_tensors=False):
        return [*found, m.load(file).shape]


def unsafe(m: Any) -> Any:
    s = m.serialization
    obj = [m.ones(2), Fraction(1, 2), m.float32, m.nn.Linear(1, 1), {1}]
    found = [sorted(s.get_unsafe_globals_in_checkpoint(dumped(m, obj, pickle_protocol=p))) for p in (2, 3)]
    with s.safe_globals([Fraction, m.nn.Linear]):
        found.append(sorted(s.get_unsafe_globals_in_checkpoint(dumped(m, obj))))
    old = dumped(m, obj, _use_new_zipfile_serialization=False)
    return [*found, s.get_unsafe_globals_in_checkpoint(dumped(m, {"a": m.ones(1)})), outcome(lambda: s.get_unsafe_globals_in_checkpoint(old))]


def packages(m: Any) -> Any:
    s, seen = m.serialization, []

    def tag(storage: Any) -> str | None:
        return "toy:1" if storage.nbytes() == 20 else None

    def place(storage: Any, location: str) -> Any:
        seen.append(location)
        return storage if location.startswith("toy") else None

    s.register_package(5, tag, place)
    file = dumped(m, {"toy": m.ones(5), "usual": m.ones(2)})
    back = m.load(file)
    found = [back["toy"].tolist(), back["usual"].tolist(), seen[:2], s.location_tag(m.ones(5).untyped_storage())]
    file.seek(0)
    found += [outcome(lambda: m.load(file, map_location={"toy:1": "cpu", "cpu": "toy:0"})["toy"].tolist()), seen[2:]]
    return found


def places(m: Any) -> Any:
    s, storage = m.serialization, m.UntypedStorage([1, 2])
    return [
        s.location_tag(storage), s.location_tag(m.UntypedStorage(1, device="meta")), s.location_tag(m.FloatStorage(1)), s.default_restore_location(storage, "cpu") is storage,
        s.default_restore_location(storage, "meta").device.type, outcome(lambda: s.default_restore_location(storage, "nowhere")), outcome(lambda: s.default_restore_location(storage, "cuda:7")),
        outcome(lambda: s.validate_hpu_device("hpu")), outcome(lambda: s.validate_cuda_device("cuda:99")), s.normalize_storage_type(m.FloatStorage) is m.FloatStorage,
        s.normalize_storage_type(m.UntypedStorage) is m.UntypedStorage, str(s.StorageType("HalfStorage").dtype), outcome(lambda: s.StorageType("Half")), str(s.StorageType("FloatStorage")),
        issubclass(s.SourceChangeWarning, Warning), outcome(lambda: s.storage_to_tensor_type(storage)),
    ]  # fmt: skip


def versions(m: Any) -> Any:
    check, module = m.serialization.check_module_version_greater_or_equal, types.SimpleNamespace(__name__="x", __version__="1.20.3")
    wrong = types.SimpleNamespace(__name__="x", __version__="b.c")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = [check(module, (1, 20)), check(module, (1, 21)), check(module, (1, 20, 4)), outcome(lambda: check(wrong, (1,))), check(wrong, (1,), error_if_malformed=False)]
    with m.serialization.mkdtemp() as path:
        found.append(Path(path).is_dir())
    return [*found, Path(path).exists(), [w.category.__name__ for w in said]]


def map_locations(m: Any) -> Any:
    calls: list[Any] = []

    def function(storage: Any, location: str) -> Any:
        calls.append((type(storage).__name__, storage.nbytes(), location))
        return storage if storage.nbytes() > 8 else None

    found = []
    for where in ("cpu", "meta", m.device("cpu"), m.device("meta"), {"cpu": "meta"}, {"cuda:0": "cpu"}, function, lambda s, _: s, None, "cuda:9", {"cpu": "nowhere"}, 3):
        for old in (False, True):
            file = dumped(m, [m.ones(2), m.ones(4, dtype=m.float64)], _use_new_zipfile_serialization=not old)
            found.append(outcome(lambda file=file, where=where: [(t.device.type, str(t.dtype)) for t in m.load(file, map_location=where)]))
    with m.device("meta"):
        return [*found, calls, m.load(dumped(m, m.ones(1, device="cpu"))).device.type]


def pickling(m: Any) -> Any:
    found = [outcome(lambda: m.load(dumped(m, Fraction(1, 2)), None, pickle)), outcome(lambda: m.load(dumped(m, [1]), pickle_module=pickle, weights_only=True))]
    found += [outcome(lambda: m.load(dumped(m, [1], pickle_module=pickle, pickle_protocol=2))), m.load(dumped(m, [2]), weights_only=False, encoding="latin1")]
    file = io.BytesIO()
    m.save([3], file, pickle, 2)
    return [*found, m.load(io.BytesIO(file.getvalue()))]


@pytest.mark.parametrize("table", [crc, endianness, unsafe, places, versions, map_locations, pickling])
def test_settings_and_small_functions(table: Callable[[Any], Any]) -> None:
    assert table(corelib) == table(torch)


@pytest.mark.parametrize("table", [mapping, skipped])
def test_settings_of_files(table: Callable[[Any, Path], Any], tmp_path: Path) -> None:
    assert table(corelib, tmp_path) == table(torch, tmp_path)


def test_packages_name_places_and_find_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.serialization, "_package_registry", [*torch.serialization._package_registry])
    monkeypatch.setattr("corelib.serialization.packages._registry", [*corelib.serialization.packages._registry])
    assert packages(corelib) == packages(torch)


def test_the_settings_are_pytorchs_module() -> None:
    from torch.utils.serialization import config as theirs

    from corelib.utils.serialization import config as mine

    for group in ("load", "save"):
        names = [n for n in vars(getattr(theirs, group)) if n[0] != "_"]
        assert {n: getattr(getattr(mine, group), n) for n in names} == {n: getattr(getattr(theirs, group), n) for n in names}
    with mine.patch({"save.compute_crc32": False}):
        assert not corelib.serialization.get_crc32_options()
    with mine.patch({"load.mmap": True}), pytest.raises(ValueError, match="must be a file path"):
        corelib.load(io.BytesIO(b"x"))
    compared("torch.serialization.SourceChangeWarning")


def test_the_source_of_a_users_module_is_compared(tmp_path: Path) -> None:
    text = "import {} as t\nclass Net(t.nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.n = {}\n"
    for m in (torch, corelib):
        import importlib
        import linecache
        import sys

        name = f"users_{m.__name__}"
        sys.path.insert(0, str(tmp_path))
        try:
            (tmp_path / f"{name}.py").write_text(text.format(m.__name__, 1))
            user = importlib.import_module(name)
            file = dumped(m, user.Net(), _use_new_zipfile_serialization=False)
            assert m.load(file, weights_only=False).n == 1
            (tmp_path / f"{name}.py").write_text(text.format(m.__name__, "1 + 0"))
            linecache.clearcache()
            file.seek(0)
            with pytest.warns(m.serialization.SourceChangeWarning, match="source code of class .*Net' has changed"):
                m.load(file, weights_only=False)
        finally:
            sys.path.remove(str(tmp_path))
            del sys.modules[name]
