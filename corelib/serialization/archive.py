"""The zip container of a saved file: stored entries whose data begins at multiples of 64 bytes, as PyTorch lays it out.

The writer gives the same bytes as PyTorch's for the same records, so its readers that compute offsets agree with ours.
The reader believes nothing: every offset and size is checked against the file, entries must be stored and must not
overlap, so that what a file can make us allocate is never more than the file's own size.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from struct import Struct
from typing import IO, Any, NamedTuple

__all__ = ["ALIGNMENT", "ArchiveReader", "ArchiveWriter", "write_all"]

Data = Any  # bytes, or whatever contiguous has the buffer protocol, for which Python has a name from 3.12 on

ALIGNMENT = 64
LOCAL_MAGIC = b"PK\x03\x04"

_LOCAL = Struct("<4sHHHHHIIIHH")
_CENTRAL = Struct("<4sHHHHHHIIIHHHHHII")
_END = Struct("<4sHHHHIIH")
_END64 = Struct("<4sQHHIIQQQQ")
_LOCATOR64 = Struct("<4sIQI")
_PART = 1 << 20  # bytes that are copied at a time
_MAX16 = 0xFFFF
_MAX32 = 0xFFFFFFFF
_UTF8, _DESCRIPTOR, _ENCRYPTED = 0x800, 0x8, 0x1


def write_all(file: IO[bytes], data: Data) -> None:
    """Write every byte, also to unbuffered files, whose `write` may take less than it is given; OSError where it takes nothing."""
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while len(view):
        written = file.write(view)
        if not isinstance(written, int):  # as of many objects that only look like files
            return
        if not 0 < written <= len(view):
            raise OSError(f"write() of {type(file).__name__} returned {written} for {len(view)} bytes; expected how many it has taken")
        view = view[written:]


class ArchiveWriter:
    """Writes records one after the other; needs only `write`, never seeks."""

    def __init__(self, file: IO[bytes], folder: str = "archive", checksums: bool = True, alignment: int = ALIGNMENT) -> None:
        self._file = file
        self._sums = checksums
        self._alignment = alignment
        self._folder = folder
        self._position = 0
        self._central: list[bytes] = []
        self.checksums: list[tuple[str, int]] = []

    def _write(self, data: Data) -> None:
        write_all(self._file, data)
        self._position += len(data)

    def _write_parts(self, data: Data) -> int:
        """Write data, and return the checksum of what was written: another thread may change the memory meanwhile."""
        view, crc = memoryview(data), 0
        for start in range(0, len(data), _PART):
            part = bytes(view[start : start + _PART])
            crc = zlib.crc32(part, crc) if self._sums else 0
            self._write(part)
        return crc

    def _write_room(self, size: int) -> int:
        """Write so many zeros, which have no checksum."""
        for start in range(0, size, _PART):
            self._write(bytes(min(_PART, size - start)))
        return 0

    def record(self, name: str, data: Data) -> None:
        """Write one record; `data` is bytes or anything contiguous with the buffer protocol, or a number of bytes to leave room for."""
        start, size = self._position, data if isinstance(data, int) else len(data)
        path = f"{self._folder}/{name}".encode()
        flags = _UTF8 | _DESCRIPTOR if size else _UTF8
        zip64 = b""
        if size >= _MAX32 or start >= _MAX32:
            wide = ([size, size] if size >= _MAX32 else []) + ([start] if start >= _MAX32 else [])
            zip64 = Struct(f"<HH{len(wide)}Q").pack(1, 8 * len(wide), *wide)
        padding = -(start + _LOCAL.size + len(path) + len(zip64) + 4) % self._alignment
        extra = zip64 + b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
        self._write(_LOCAL.pack(LOCAL_MAGIC, 0, flags, 0, 0, 0, 0, 0, 0, len(path), len(extra)) + path + extra)
        crc = self._write_room(size) if isinstance(data, int) else self._write_parts(data)
        if size:
            self._write(Struct("<4sIQQ" if zip64 else "<4sIII").pack(b"PK\x07\x08", crc, size, size))
        short, at = min(size, _MAX32), min(start, _MAX32)
        self._central.append(
            _CENTRAL.pack(
                b"PK\x01\x02", 0, 0, flags, 0, 0, 0, crc, short, short, len(path), len(zip64), 0, 0, 0, 0, at
            )
            + path
            + zip64
        )
        self.checksums.append((name, crc))

    def finish(self) -> None:
        """Write the directory; nothing may follow."""
        start, count = self._position, len(self._central)
        directory = b"".join(self._central)
        size = len(directory)
        self._write(directory)
        end64 = self._position
        self._write(_END64.pack(b"PK\x06\x06", _END64.size - 12, 0x031E, 0x2D, 0, 0, count, count, size, start))
        self._write(_LOCATOR64.pack(b"PK\x06\x07", 0, end64, 1))
        short = min(count, _MAX16)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, short, short, min(size, _MAX32), min(start, _MAX32), 0))


class _Entry(NamedTuple):
    path: bytes
    start: int
    size: int
    crc: int
    # Where the next entry, or the directory, begins.
    limit: int


def torchscript(name: str) -> RuntimeError:
    """The error for a file that holds a program."""
    return RuntimeError(
        f"load(): {name} is a TorchScript archive, which holds a program. Accepted are files of save() or "
        "torch.save(); in PyTorch, torch.save(torch.jit.load(path).state_dict(), path) makes one."
    )


class ArchiveReader:
    """Reads records of a seekable file from `start` on. RuntimeError where it is not a whole, consistent archive."""

    def __init__(self, file: IO[bytes], name: str, start: int = 0) -> None:
        self._file = file
        self._name = name
        self._start = start
        self._size = file.seek(0, 2) - start
        try:
            entries, directory = self._directory()
        except UnicodeDecodeError:
            raise self._corrupt("the name of a record is not UTF-8") from None
        entries.sort(key=lambda entry: entry.start)
        limits = [entry.start for entry in entries[1:]] + [directory]
        self._entries: dict[str, _Entry] = {}
        folder = entries[0].path.decode().partition("/")[0] + "/" if entries else ""
        for entry, limit in zip(entries, limits, strict=True):
            path = entry.path.decode()
            if entry.start + _LOCAL.size + len(entry.path) + entry.size > limit:
                raise self._corrupt(f"record {path!r} of {entry.size} bytes overlaps what follows it at {limit}")
            if not path.startswith(folder):
                raise self._corrupt(f"record {path!r} is outside of the folder {folder!r}")
            if path[len(folder) :] in self._entries:
                raise self._corrupt(f"record {path!r} is there twice")
            self._entries[path[len(folder) :]] = entry._replace(limit=limit)

    def _corrupt(self, why: str) -> RuntimeError:
        return RuntimeError(
            f"load(): failed reading zip archive {self._name}: {why}. The file is corrupt or was not written to its "
            "end."
        )

    def _at(self, position: int, size: int) -> bytes:
        if position < 0 or position + size > self._size:
            raise self._corrupt(f"it points to bytes {position} to {position + size}, but holds {self._size}")
        self._file.seek(self._start + position)
        data = _exactly(self._file, size)
        if data is None:
            raise self._corrupt(f"it ended before byte {position + size}")
        return data

    def _directory(self) -> tuple[list[_Entry], int]:
        """The entries in the directory's order, and where the directory begins."""
        tail_size = min(self._size, _END.size + _MAX16)
        tail = self._at(self._size - tail_size, tail_size)
        found = tail.rfind(b"PK\x05\x06", 0, len(tail) - _END.size + 4)
        if found < 0:
            raise self._corrupt("failed finding central directory")
        end = self._size - tail_size + found
        _, _, _, _, count, size, start, _ = _END.unpack_from(tail, found)
        if end >= _LOCATOR64.size:
            magic, _, end64, _ = _LOCATOR64.unpack(self._at(end - _LOCATOR64.size, _LOCATOR64.size))
            if magic == b"PK\x06\x07":
                magic, _, _, _, _, _, _, count, size, start = _END64.unpack(self._at(end64, _END64.size))
                if magic != b"PK\x06\x06":
                    raise self._corrupt("the 64-bit end of its directory is missing")
                end = end64
        if start + size > end:
            raise self._corrupt(f"its directory ({size} bytes at {start}) does not end before byte {end}")
        directory = self._at(start, size)
        entries, position = [], 0
        for _ in range(count):
            entry, position = self._entry(directory, position)
            entries.append(entry)
        return entries, start

    def _entry(self, directory: bytes, position: int) -> tuple[_Entry, int]:
        if position + _CENTRAL.size > len(directory):
            raise self._corrupt("its directory is cut off")
        fields = _CENTRAL.unpack_from(directory, position)
        magic, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, note_size = fields[:13]
        start = fields[16]
        position += _CENTRAL.size
        after = position + name_size + extra_size + note_size
        if magic != b"PK\x01\x02" or after > len(directory):
            raise self._corrupt("its directory is damaged")
        path = directory[position : position + name_size]
        extra = directory[position + name_size : position + name_size + extra_size]
        if _MAX32 in (packed, size, start):
            size, packed, start = self._wide(extra, size, packed, start)
        name = path.decode()
        if method and name.partition("/")[2].startswith("code/"):  # PyTorch compresses the programs of its TorchScript archives
            raise torchscript(self._name)
        if method or flags & _ENCRYPTED or packed != size:
            how = "encrypted" if flags & _ENCRYPTED else f"compressed (method {method}, {packed} of {size} bytes)"
            raise RuntimeError(
                f"load(): record {name!r} of {self._name} is {how}; accepted are stored records only, as save() writes "
                "them"
            )
        return _Entry(path, start, size, crc, 0), after

    def _wide(self, extra: bytes, *fields: int) -> list[int]:
        """The values of `fields` with those that did not fit 32 bits taken from the zip64 extra field."""
        position = 0
        while position + 4 <= len(extra):
            kind, size = Struct("<HH").unpack_from(extra, position)
            if kind == 1:
                body = extra[position + 4 : position + 4 + size]
                wide = [int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8)]
                if len(wide) >= fields.count(_MAX32):
                    return [wide.pop(0) if value == _MAX32 else value for value in fields]
            position += 4 + size
        raise self._corrupt("a 64-bit size is missing in its directory")

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def _find(self, name: str) -> _Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise RuntimeError(
                f"load(): failed locating record {name!r} in {self._name}: file not found. The file is corrupt, or is "
                "a zip archive that save() did not write."
            ) from None

    def size(self, name: str) -> int:
        """The size of a record in bytes."""
        return self._find(name).size

    def position(self, name: str) -> int:
        """Where in the file the data of a record begins."""
        entry = self._find(name)
        fields = _LOCAL.unpack(self._at(entry.start, _LOCAL.size))
        magic, name_size, extra_size = bytes(fields[0]), int(fields[9]), int(fields[10])
        if magic != LOCAL_MAGIC or self._at(entry.start + _LOCAL.size, name_size) != entry.path:
            raise self._corrupt(f"record {name!r} does not begin where its directory says")
        position = entry.start + _LOCAL.size + name_size + extra_size
        if position + entry.size > entry.limit:
            raise self._corrupt(f"record {name!r} of {entry.size} bytes overlaps what follows it at {entry.limit}")
        return self._start + position

    def read(self, name: str) -> bytes:
        """The bytes of a record."""
        data = bytearray(self._find(name).size)
        self.read_into(name, memoryview(data))
        return bytes(data)

    def read_into(self, name: str, target: memoryview) -> None:
        """Read a record into memory of just its size."""
        entry = self._find(name)
        self._file.seek(self.position(name))
        if _fill(self._file, target) < len(target):
            raise self._corrupt(f"it ended within record {name!r}")
        # Writers may leave checksums out, and then write 0.
        if entry.crc and zlib.crc32(target) != entry.crc:
            raise self._corrupt(f"the checksum of record {name!r} does not match its {entry.size} bytes")


def _fill(file: IO[bytes], target: memoryview) -> int:
    """Read until `target` is full; how much was read, which is less where the file ends before. OSError for a count that cannot be."""
    read_into: Callable[[memoryview], object] | None = getattr(file, "readinto", None)
    size = len(target)
    while len(target):
        if read_into is not None:
            got = read_into(target) or 0
            if not isinstance(got, int) or not 0 <= got <= len(target):
                raise OSError(f"readinto() of {type(file).__name__} returned {got!r} for {len(target)} bytes; expected how many it has read")
        else:
            data = file.read(len(target))
            if not isinstance(data, (bytes, bytearray, memoryview)):
                raise TypeError(f"read({len(target)}) of {type(file).__name__} returned {type(data).__name__}; expected bytes")
            got = len(data)
            if got > len(target):
                raise OSError(f"read({len(target)}) of {type(file).__name__} returned {got} bytes")
            target[:got] = data
        if not got:
            break
        target = target[got:]
    return size - len(target)


def read_up_to(file: IO[bytes], size: int) -> bytes:
    """So many bytes, fewer where the file ends before, however few it gives at a time."""
    data = bytearray(size)
    return bytes(data[: _fill(file, memoryview(data))])


def _exactly(file: IO[bytes], size: int) -> bytes | None:
    data = read_up_to(file, size)
    return data if len(data) == size else None
