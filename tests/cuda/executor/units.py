"""Texts to libraries: many kernels a translation unit, each compiled once and found again by its content."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from .runtime import build, fingerprint, folder, HERE, runtime_path
from .texts import read, Text

MANY = 64
"""Kernels of a translation unit: the prelude is compiled once for all of them."""
_PLAIN = ("-std=gnu++17", "-O1", "-w", "-fPIC", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing", "-fno-math-errno", "-fvisibility=hidden", "-U_FORTIFY_SOURCE")
"""As NVRTC is told (--fmad=false), and as CUDA's processors compute: signed integers wrap."""
_CHECKED = (
    "-DCORELIB_CHECKED", "-gdwarf-4", "-g1", "-fsanitize=thread", "--param=tsan-instrument-func-entry-exit=0",
    "-fsanitize=bounds,alignment,integer-divide-by-zero,shift-exponent,float-cast-overflow",
)

class Unit(NamedTuple):
    """A compiled translation unit: its file, the texts in it by hash, and for each of its numbered kernels the shared variables."""

    path: str
    numbers: dict[str, int]
    shared: dict[str, list[tuple[int, int]]]
    """(start in the file's shared section, size) by the kernel's own name in the unit."""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


_known: dict[bool, dict[str, Unit]] = {}


def _units(checked: bool) -> dict[str, Unit]:
    """What the folder has for this compiler and executor, by the hash of a text."""
    if checked not in _known:
        found: dict[str, Unit] = {}
        for path in folder().glob(f"unit-{fingerprint()}-{int(checked)}-*.json"):
            unit = Unit(**json.loads(path.read_text(encoding="utf-8")))
            if os.path.exists(unit.path):
                found |= dict.fromkeys(unit.numbers, unit)
        _known[checked] = found
    return _known[checked]


def prepare(texts: Iterable[str], checked: bool = True) -> None:
    """Compile many texts at once, those that have not been. A text that does not compile is told by Module."""
    known = _units(checked)
    wanted: dict[str, dict[str, str]] = {}
    for text in dict.fromkeys(texts):
        key = digest(text)
        if key not in known:
            wanted.setdefault(read(text).prelude, {})[key] = text
    for group in wanted.values():
        keys = list(group)
        for start in range(0, len(keys), MANY):
            _compile({key: group[key] for key in keys[start : start + MANY]}, checked)


def _compile(texts: dict[str, str], checked: bool) -> None:
    try:
        unit = _unit(texts, checked)
    except RuntimeError:
        if len(texts) == 1:
            return
        keys = list(texts)
        for part in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            _compile({key: texts[key] for key in part}, checked)
        return
    _units(checked).update(dict.fromkeys(unit.numbers, unit))


def unit_of(text: str, checked: bool) -> Unit:
    """The unit that has a text, compiled now if need be; RuntimeError with the compiler's words."""
    found = _units(checked).get(digest(text))
    if found is None:
        found = _unit({digest(text): text}, checked)
        _units(checked).update(dict.fromkeys(found.numbers, found))
    return found


def own_name(kernel: str, number: int) -> str:
    """A kernel's name in its unit."""
    return f"{kernel}__{number}"


def _source(parts: list[Text]) -> str:
    lines = ['#include "cuda.h"', "namespace {"]
    if parts[0].prelude:
        lines += ['#line 1 "prelude"', parts[0].prelude]
    lines.append("}")
    for number, part in enumerate(parts):
        macros = re.findall(r"^\s*#\s*define\s+(\w+)", part.source, flags=re.M)
        names = [f"#define {kernel} {own_name(kernel, number)}" for kernel in part.kernels]
        lines += [*names, f"namespace {{ namespace t{number} {{", f'#line {part.lines + 1} "text{number}"', part.source, "} }"]
        lines += [f"#undef {name}" for name in (*part.kernels, *macros)]
    for number, part in enumerate(parts):
        for kernel in part.kernels:
            name = own_name(kernel, number)
            lines.append(f'extern "C" __attribute__((visibility("default"))) const CorelibKernel entry_{name} = CorelibEntry<t{number}::{name}>::made;')
    ends = ", ".join(f"(const void*){side}_corelib_{what}" for what in ("shared", "constant") for side in ("__start", "__stop"))
    lines.append(f'extern "C" __attribute__((visibility("default"))) const void* const corelib_sections[] = {{{ends}}};')
    return "\n".join([*lines, ""])


def _unit(texts: dict[str, str], checked: bool) -> Unit:
    name = f"unit-{fingerprint()}-{int(checked)}-{hashlib.sha256(''.join(texts).encode()).hexdigest()[:16]}"
    path, source, compiled = folder() / f"{name}.so", folder() / f"{name}.{os.getpid()}.cpp", folder() / f"{name}.{os.getpid()}.o"
    parts = [read(text) for text in texts.values()]
    source.write_text(_source(parts), encoding="utf-8")
    flags = [*_PLAIN, *(_CHECKED if checked else ())]
    try:
        build(["-c", *flags, f"-I{HERE}", str(source)], compiled)
        build(["-shared", str(compiled), str(runtime_path()), "-lm"], path)  # without the sanitizers' own runtimes
    finally:
        source.unlink()
        compiled.unlink(missing_ok=True)
    unit = Unit(str(path), {key: n for n, key in enumerate(texts)}, _shared(str(path), parts))
    partly = folder() / f"{name}.{os.getpid()}.part"
    partly.write_text(json.dumps(unit._asdict()), encoding="utf-8")
    partly.rename(folder() / f"{name}.json")
    return unit


def _shared(path: str, parts: list[Text]) -> dict[str, list[tuple[int, int]]]:
    """The shared variables of each kernel of a library, from its symbols."""
    listed = subprocess.run(["nm", "-S", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    start, stop = (next((int(row[0], 16) for row in rows if row[-1] == f"__{side}_corelib_shared"), 0) for side in ("start", "stop"))
    inside = [(row[3], int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4 and start <= int(row[0], 16) < stop]
    found = {}
    for number, part in enumerate(parts):
        space = f"N_1{len(str(number)) + 1}t{number}"  # of functions of the text, which any of its kernels may call
        for name in [own_name(kernel, number) for kernel in part.kernels]:
            found[name] = [(at - start, size) for symbol, at, size in inside if f"{len(name)}{name}E" in symbol or space in symbol]
    return found


class Kernel(ctypes.Structure):
    """`CorelibKernel` of cuda.h."""

    _fields_ = [("call", ctypes.c_void_p), ("sizes", ctypes.POINTER(ctypes.c_uint32)), ("kinds", ctypes.POINTER(ctypes.c_uint32)), ("count", ctypes.c_uint32)]


@cache
def loaded(path: str) -> Any:
    """A unit's library, and where its sections begin and end: shared, and constant."""
    lib = ctypes.CDLL(path)
    return lib, [x or 0 for x in (ctypes.c_void_p * 4).in_dll(lib, "corelib_sections")]
