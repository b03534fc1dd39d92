"""The safetensors format: bytes as the format says, and no belief in what a file says."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

import corelib
from corelib.serialization.safetensors import load_file, save_file


def written(path: Path, header: Any, data: bytes, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(dtype: str, shape: Any, *offsets: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": list(offsets)}


def test_a_file_has_the_bytes_that_the_format_says(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"b": corelib.tensor([1, 2], dtype=corelib.int16), "a": corelib.ones(1)}, path, {"format": "pt"})
    header = (
        b'{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]}}'
    )
    header += b" " * (-len(header) % 8)
    assert path.read_bytes() == len(header).to_bytes(8, "little") + header + b"\0\0\x80\x3f\x01\0\x02\0"


def test_tensors_of_every_dtype_and_shape_come_back(tmp_path: Path) -> None:
    names = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")
    tensors = {name: corelib.arange(6).reshape(2, 3).to(getattr(corelib, name)) for name in names}
    tensors |= {"scalar": corelib.tensor(3), "empty": corelib.empty(0, 2), "view": corelib.arange(9)[2:5]}
    save_file(tensors, tmp_path / "a.safetensors")
    for back in (load_file(tmp_path / "a.safetensors"), corelib.load(tmp_path / "a.safetensors", "cpu")):
        assert set(back) == set(tensors)
        for name, x in tensors.items():
            assert back[name].dtype is x.dtype and tuple(back[name].shape) == tuple(x.shape)
            assert back[name].tolist() == x.tolist()
    assert os.listdir(tmp_path) == ["a.safetensors"]


def test_tensors_go_to_the_device_asked_for(far: Any, tmp_path: Path) -> None:
    save_file({"a": corelib.arange(3).to(far)}, tmp_path / "a.safetensors")
    assert load_file(tmp_path / "a.safetensors")["a"].device.type == "cpu"
    back = load_file(tmp_path / "a.safetensors", device="xpu:1")["a"]
    assert back.device is far and back.cpu().tolist() == [0, 1, 2]
    with pytest.raises(RuntimeError, match="safetensors file with dict map_location is not supported"):
        corelib.load(tmp_path / "a.safetensors", {"cpu": "xpu:1"})


def test_tensors_and_metadata_that_the_format_cannot_hold_are_errors(tmp_path: Path) -> None:
    path, x = tmp_path / "a.safetensors", corelib.ones(2, 3)
    save_file({"kept": x}, path)
    with pytest.raises(ValueError, match=r"non contiguous tensor: 'a' .*Save its \.contiguous\(\)"):
        save_file({"a": x.t()}, path)
    with pytest.raises(RuntimeError, match=r"share memory.*'a' and 'b'"):
        save_file({"a": x, "b": x[0]}, path)
    with pytest.raises(ValueError, match="cannot be named '__metadata__'"):
        save_file({"__metadata__": x}, path)
    with pytest.raises(TypeError, match="from name to tensor"):
        save_file({"a": 3}, path)  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="from name to tensor, got list"):
        save_file([x], path)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metadata must be from str to str"):
        save_file({"a": x}, path, {"epoch": 3})  # type: ignore[dict-item]
    assert list(load_file(path)) == ["kept"]


BAD: dict[str, tuple[Any, bytes]] = {
    "begins at byte 4, but the one before ends at 0": ({"a": entry("U8", [4], 4, 8)}, bytes(8)),
    "begins at byte 2, but the one before ends at 4": (
        {"a": entry("U8", [4], 0, 4), "b": entry("U8", [4], 2, 6)}, bytes(6)
    ),
    "its tensors end at byte 4, but 8 bytes follow": ({"a": entry("U8", [4], 0, 4)}, bytes(8)),
    "cannot be bytes 0 to 8 of 4": ({"a": entry("U8", [8], 0, 8)}, bytes(4)),
    "cannot be bytes 0 to 4 of 4": ({"a": entry("F32", [2], 0, 4)}, bytes(4)),
    "cannot be bytes 4 to 0 of 4": ({"a": entry("U8", [0], 4, 0)}, bytes(4)),
    "has dtype 'F7'": ({"a": entry("F7", [4], 0, 4)}, bytes(4)),
    "has dtype 'U16'": ({"a": entry("U16", [2], 0, 4)}, bytes(4)),
    r"has dtype \['F32'\]": ({"a": entry(["F32"], [1], 0, 4)}, bytes(4)),  # type: ignore[arg-type]
    "a malformed shape": ({"a": entry("U8", [-4], 0, 4)}, bytes(4)),
    "a malformed shape or": ({"a": entry("U8", [True, 4], 0, 4)}, bytes(4)),
    "a malformed shape or data_offsets": ({"a": entry("U8", [4], 0)}, bytes(4)),
    "cannot be bytes": ({"a": entry("U8", [2**62, 2**62], 0, 0)}, b""),
    "needs just dtype, shape, data_offsets": ({"a": {**entry("U8", [4], 0, 4), "more": 1}}, bytes(4)),
    "needs just dtype, shape, data_offsets; got 3": ({"a": 3}, b""),
    "must be from str to str": ({"__metadata__": {"a": 1}}, b""),
    "a key is there twice": (b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":3}', b""),
    "its header is no JSON object": (b"[]", b""),
    "its header is no JSON": (b' {"a": 1}', b""),
    "invalid header": (b"{", b""),
    "invalid header: .*utf-8": (b'{"\xff": 1}', b""),
    "invalid header: maximum recursion": (b'{"a":' + b"[" * 100_000, b""),
}


@pytest.mark.parametrize("why", BAD)
def test_files_that_are_not_as_the_format_says_are_errors(why: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=rf"is not a valid safetensors file: .*{why}"):
        load_file(written(tmp_path / "a.safetensors", *BAD[why]))


def test_header_lengths_that_cannot_be_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for length, why in ((10**6, "invalid header length"), (2**63, "header too large"), (0, "invalid header")):
        with pytest.raises(RuntimeError, match=why):
            load_file(written(path, {}, b"", length))
    path.write_bytes(b"\0\0")
    with pytest.raises(RuntimeError, match="header too small"):
        load_file(path)
    with pytest.raises(FileNotFoundError):
        load_file(tmp_path / "missing.safetensors")


def test_load_takes_a_safetensors_file_only_by_its_path(tmp_path: Path) -> None:
    save_file({"a": corelib.ones(2)}, tmp_path / "a.safetensors")
    assert corelib.load(str(tmp_path / "a.safetensors"))["a"].tolist() == [1, 1]
    import pickle

    with pytest.raises(pickle.UnpicklingError, match="is not a zip archive"):
        corelib.load(io.BytesIO((tmp_path / "a.safetensors").read_bytes()))
