"""What the tests share: files that no honest writer makes, and a device whose memory is not the host's."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import corelib
from corelib.serialization.archive import ArchiveWriter
from corelib.serialization.pickling import DataPickler, _TorchName
from corelib.tensor.device import device


class Call:
    """Pickled as a call of any function by its name."""

    def __init__(self, module: str, name: str, *args: Any) -> None:
        self.named = _TorchName(module, name)
        self.args = args

    def __reduce__(self) -> Any:
        return self.named, self.args


@pytest.fixture
def call() -> type[Call]:
    """Makes objects that are pickled as a call of `module.name(*args)`."""
    return Call


@pytest.fixture
def archive_of() -> Callable[..., io.BytesIO]:
    """Makes an archive of a pickle and records; a record given as None is left out."""

    def make(data: bytes, **records: bytes | None) -> io.BytesIO:
        file = io.BytesIO()
        writer = ArchiveWriter(file)
        every: dict[str, bytes | None] = {"data.pkl": data, "byteorder": b"little", "version": b"3\n"}
        every.update({name.replace("data_", "data/"): record for name, record in records.items()})
        for name, record in every.items():
            if record is not None:
                writer.record(name, record)
        writer.finish()
        file.seek(0)
        return file

    return make


@pytest.fixture
def file_of(archive_of: Callable[..., io.BytesIO]) -> Callable[[Any], io.BytesIO]:
    """Makes a file of an object as `save` does, but lets the object choose what its pickle calls."""

    def make(obj: Any, protocol: int = 2) -> io.BytesIO:
        structure = io.BytesIO()
        pickler = DataPickler(structure, protocol)
        pickler.dump(obj)
        records = {
            f"data_{key}": storage.to_host_bytes()[:size].tobytes()
            for key, (storage, size, _) in enumerate(pickler.storages)
        }
        return archive_of(structure.getvalue(), **records)

    return make


@pytest.fixture
def saved() -> Callable[[Any], io.BytesIO]:
    """Saves an object to memory."""

    def make(obj: Any, **options: Any) -> io.BytesIO:
        file = io.BytesIO()
        corelib.save(obj, file, **options)
        file.seek(0)
        return file

    return make


class FarMemory:
    """A buffer that NumPy cannot see into."""

    def __init__(self, size: int) -> None:
        self.held = np.zeros(size, np.uint8)


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[device]:
    """A device with memory of its own: the second of two of type "xpu"."""
    from corelib_cpu_numpy.backend import NumpyBackend

    from corelib.dispatcher.plugins.loaded import AT_WORK

    class FarBackend(NumpyBackend):
        device_type = "xpu"
        indexed = True
        host_memory = False
        small_limit = 0

        def device_count(self) -> int:
            return 2

        def allocate(self, nbytes: int, index: int) -> Any:
            return FarMemory(nbytes)

        def host_to_device(self, buffer: Any, offset: int, data: Any, index: int) -> None:
            buffer.held[offset : offset + data.nbytes] = data.reshape(-1).view(np.uint8)

        def device_to_host(self, buffer: Any, offset: int, nbytes: int, index: int) -> Any:
            return buffer.held[offset : offset + nbytes].copy()

        def address(self, buffer: Any) -> int:
            return id(buffer.held)

    monkeypatch.setitem(AT_WORK, "xpu", FarBackend())
    devices = [device("xpu"), device("xpu", 0), device("xpu", 1)]
    yield devices[2].runtime.device
    for each in devices:
        each._runtime = None
