"""The safetensors format: 8 bytes with the length of a JSON header, the header, and the tensors' bytes without gaps.

Elements are little-endian and row-major. Nothing in a file is believed: offsets must tile the file exactly and fit
dtype and shape. Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from io import BufferedReader
from math import prod
from typing import IO, TYPE_CHECKING, Any

from corelib.serialization.archive import write_all
from corelib.serialization.locations import filled_storage, swap_bytes
from corelib.serialization.rebuild import shown
from corelib.serialization.replace_file import replacing
from corelib.tensor import dtype as dtypes
from corelib.tensor.device import device as Device, resolve
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_file", "save_file"]

Path = str | os.PathLike[str]
# The format's own bound.
_HEADER_LIMIT = 100_000_000
_METADATA = "__metadata__"
_NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "uint32": "U32", "int32": "I32",
    "uint64": "U64", "int64": "I64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip
_DTYPES = {_NAMES[d.name]: d for d in dtypes.ALL if d.name in _NAMES}


def save_file(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors by name, and optional text; what was at `path` stays as it was where anything fails.

    Raises TypeError for what is no tensor or no text, ValueError for tensors that are not contiguous, for dtypes that
    the format lacks and for the name "__metadata__", RuntimeError for tensors that share memory.

    >>> import corelib as torch, os, tempfile
    >>> from corelib.serialization.safetensors import load_file, save_file
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_file({"a": torch.ones(2)}, path)
    >>> load_file(path)
    {'a': tensor([1., 1.])}
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"save_file(): expected a dict from name to tensor, got {type(tensors).__name__}")
    _check_tensors(tensors)
    for key, value in (metadata or {}).items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"save_file(): metadata must be from str to str, got {shown(key)}: {shown(value)}")
    # Wide elements first, so that every tensor is aligned; then by name, so that equal tensors give equal files.
    names = sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))
    header: dict[str, Any] = {} if metadata is None else {_METADATA: dict(metadata)}
    end = 0
    for name in names:
        t, start = tensors[name], end
        end += t.numel() * t.dtype.itemsize
        header[name] = {"dtype": _NAMES[t.dtype.name], "shape": list(t.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with replacing(path, "save_file") as file:
        write_all(file, len(text).to_bytes(8, "little") + text)
        for name in names:
            write_all(file, _bytes_of(tensors[name]))


def _check_tensors(tensors: Mapping[str, Tensor]) -> None:
    owners: dict[int, str] = {}
    for name, t in tensors.items():
        if not isinstance(name, str) or not isinstance(t, Tensor):
            raise TypeError(f"save_file(): expected a dict from name to tensor, got {shown(name)}: {type(t).__name__}")
        if name == _METADATA:
            raise ValueError(f"save_file(): a tensor cannot be named {_METADATA!r}, the format's own name")
        if t.dtype.name not in _NAMES:
            raise ValueError(
                f"save_file(): tensor {name!r} has dtype {t.dtype}, which the format lacks; it has {', '.join(_NAMES)}"
            )
        if not t.is_contiguous():
            raise ValueError(
                f"save_file(): You are trying to save a non contiguous tensor: {name!r} of shape {list(t.shape)} and "
                f"strides {list(t.stride())}. Save its .contiguous()."
            )
        if t.is_conj() or t.is_neg():
            raise RuntimeError(
                f"save_file(): tensor {name!r} shows its memory conjugated or negated, which the format cannot say. Save its "
                "resolve_conj().resolve_neg()."
            )
        address = t.untyped_storage().data_ptr() if t.numel() else 0
        if address and owners.setdefault(address, name) != name:
            raise RuntimeError(
                f"save_file(): Some tensors share memory, which the format cannot say: {owners[address]!r} and "
                f"{name!r}. Save a clone() of one of them, or use save()."
            )


def _bytes_of(t: Tensor) -> NDArray[Any]:
    width = t.dtype.itemsize
    start = t.storage_offset() * width
    data: NDArray[Any] = t.untyped_storage().to_host_bytes()[start : start + t.numel() * width]
    if sys.byteorder == "big":
        data = data.copy()
        swap_bytes(data, t.dtype)
    return data


def load_file(path: Path, device: Device | str = "cpu") -> dict[str, Tensor]:
    """The tensors of a file by name, in the file's order, each with memory of its own.

    Raises RuntimeError for a file that is not just what the format says: cut off, with gaps or overlaps, with sizes
    that do not fit, with unknown dtypes; the usual OSError for a path that cannot be opened.
    """
    where, name = resolve(device), repr(os.fspath(path))
    with open(path, "rb") as file:
        header, start = _read_header(file, name)
        size = file.seek(0, os.SEEK_END) - start
        entries = _check_header(header, size, name)
        made: dict[str, Tensor] = {}
        for key, (dtype, shape, begin) in entries.items():
            _ = dtype.np  # found now, so that a dtype whose package is missing says so here
            file.seek(start + begin)

            def fill(target: NDArray[Any], file: BufferedReader = file, key: str = key, dtype: dtypes.dtype = dtype) -> None:
                if target.nbytes and file.readinto(target.data) != target.nbytes:
                    raise _corrupt(name, f"it ended within tensor {key!r}")
                if sys.byteorder == "big":
                    swap_bytes(target, dtype)

            storage = filled_storage(where, prod(shape) * dtype.itemsize, fill)
            made[key] = Tensor._make(storage, dtype, shape, None, 0)
    return made


def _corrupt(name: str, why: str) -> RuntimeError:
    return RuntimeError(f"load_file(): {name} is not a valid safetensors file: {why}")


def _read_header(file: IO[bytes], name: str) -> tuple[dict[str, Any], int]:
    prefix = file.read(8)
    if len(prefix) < 8:
        raise _corrupt(name, f"header too small ({len(prefix)} of 8 bytes)")
    length = int.from_bytes(prefix, "little")
    if length > _HEADER_LIMIT:
        raise _corrupt(name, f"header too large ({length} bytes, at most {_HEADER_LIMIT})")
    text = file.read(length)
    if len(text) < length:
        raise _corrupt(name, f"invalid header length ({length} bytes, but {len(text)} are left)")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise _corrupt(name, "a key is there twice in its header")
        return found

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _corrupt(name, f"invalid header: {error}") from None
    if not text.startswith(b"{") or not isinstance(header, dict):
        raise _corrupt(name, "its header is no JSON object")
    return header, 8 + length


def _check_header(header: dict[str, Any], size: int, name: str) -> dict[str, tuple[dtypes.dtype, tuple[int, ...], int]]:
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _corrupt(name, f"{_METADATA} must be from str to str")
    entries: dict[str, tuple[dtypes.dtype, tuple[int, ...], int]] = {}
    spans = []
    for key, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _corrupt(name, f"tensor {shown(key)} needs just dtype, shape, data_offsets; got {shown(entry)}")
        dtype = _DTYPES.get(entry["dtype"]) if isinstance(entry["dtype"], str) else None
        if dtype is None:
            raise _corrupt(
                name, f"tensor {shown(key)} has dtype {shown(entry['dtype'])}; corelib has {', '.join(_DTYPES)}"
            )
        shape, offsets = _naturals(entry["shape"]), _naturals(entry["data_offsets"])
        if shape is None or offsets is None or len(offsets) != 2 or len(shape) > 64:
            raise _corrupt(name, f"tensor {shown(key)} has a malformed shape or data_offsets: {shown(entry)}")
        begin, end = offsets
        if not begin <= end <= size or end - begin != prod(shape) * dtype.itemsize:
            raise _corrupt(
                name,
                f"tensor {shown(key)} of {dtype} and shape {list(shape)} cannot be bytes {begin} to {end} of {size}",
            )
        spans.append((begin, end, key))
        entries[key] = dtype, shape, begin
    position = 0
    for begin, end, key in sorted(spans):
        if begin != position:
            raise _corrupt(name, f"tensor {shown(key)} begins at byte {begin}, but the one before ends at {position}")
        position = end
    if position != size:
        raise _corrupt(name, f"its tensors end at byte {position}, but {size} bytes follow the header")
    return entries


def _naturals(values: Any) -> tuple[int, ...] | None:
    if isinstance(values, list) and all(type(n) is int and 0 <= n < 2**63 for n in values):
        return tuple(values)
    return None
