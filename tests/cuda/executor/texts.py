"""What is seen in a text before it is compiled: its prelude, the functions in PTX, its kernels, and whether its threads meet."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from corelib.backend.codegen.prelude import CUDA

REPLACED = {
    "load_f16": ("return corelib_from_half({0}[{1}]);", "inline PTX (cvt.f32.f16); the executor's own rounds as it does"),
    "store_f16": ("{0}[{1}] = corelib_to_half({2});", "inline PTX (cvt.rn.f16.f32); the executor's own rounds as it does"),
    "pointer_of": ("return corelib_place{{corelib_pointer((uint64_t)({0}))}};", "a device's address that was read from memory, which the executor translates"),
}
"""Functions of the prelude that are not executed as they are written: the body that the executor gives them, and why."""
HALVES = ("load_f16", "store_f16")
"""Of these, those that are executed as they are written where that is not PTX."""

_MEET = re.compile(r"__sync\w+|__shfl\w*|__ballot\w*|__any\w*|__all\w*|__activemask")
_KERNEL = re.compile(r"__global__\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\(")
_BOUNDS = re.compile(r"__launch_bounds__\s*\(\s*(\d+)[^)]*\)\s*(?:void\s+)?(\w+)\s*\(")
_DYNAMIC = re.compile(r"extern\s+__shared__\s+(?:__align__\s*\(\d+\)\s*)?([\w ]+?)\s+(\w+)\s*\[\s*\]\s*;")


class Text(NamedTuple):
    """A text, as it will be compiled."""

    prelude: str
    source: str
    kernels: tuple[str, ...]
    meets: bool
    """Whether threads meet in it: at barriers, in shuffles or votes."""
    bounds: dict[str, int]
    """The most threads of a block by kernel, where __launch_bounds__ says that in digits."""
    replaced: tuple[str, ...]
    lines: int
    """Lines before `source` in the text that was handed over."""


@cache
def read(text: str) -> Text:
    """Take a complete text apart; RuntimeError where it has PTX outside of the functions that may."""
    whole = CUDA.text(True)
    prelude, source = (whole, text[len(whole) :]) if text.startswith(whole) else ("", text)
    given, replaced = {}, []
    for part, code in (("prelude", prelude), ("source", source)):
        for name in REPLACED:
            code, found = _with_own_body(code, name)
            replaced += [name] if found else []
        if re.search(r"\basm\b", code):
            raise RuntimeError(f"inline PTX outside of the functions that the executor brings of its own ({', '.join(REPLACED)})")
        given[part] = code
    source, found = _DYNAMIC.subn(r"\1* \2 = (\1*)corelib_dynamic;", given["source"])
    replaced += ["extern __shared__"] if found else []
    kernels = tuple(_KERNEL.findall(source))
    bounds = {kernel: int(most) for most, kernel in _BOUNDS.findall(source)}
    return Text(given["prelude"], source, kernels, _meets(given["prelude"], source), bounds, tuple(replaced), whole.count("\n") if prelude else 0)


def _meets(prelude: str, source: str) -> bool:
    """Whether a source has a barrier, a shuffle or a vote, or what the prelude defines with one."""
    names = {part[1] for part in re.finditer(r"^(?:FN [^\n(;]*?|#\s*define\s+)(\w+)\b(?:.*\\\n)*.*", prelude, flags=re.M) if _MEET.search(part[0])}
    bare = re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.S)
    return _MEET.search(bare) is not None or any(re.search(rf"\b{name}\b", bare) for name in names)


def _with_own_body(code: str, name: str) -> tuple[str, bool]:
    """Code in which a function of the prelude has the executor's body, its line ends kept; and whether it is there."""
    start = re.search(rf"^FN [^\n;{{]*\b{name}\s*\(([^\n{{;]*)\)\s*\{{", code, flags=re.M)
    if start is None:
        return code, False
    depth, end = 1, start.end()
    while depth:
        depth += {"{": 1, "}": -1}.get(code[end], 0)
        end += 1
    if name in HALVES and "asm" not in code[start.end() : end]:  # HIP's, which are C
        return code, False
    body = REPLACED[name][0].format(*[part.split()[-1].lstrip("*") for part in start[1].split(",")])
    return code[: start.end()] + f" {body} " + "\n" * code[start.end() : end].count("\n") + code[end - 1 :], True


def parameters(source: str, kernel: str) -> tuple[str, ...]:
    """The declarations of a kernel's parameters, in C."""
    start = re.search(rf"\b{kernel}\s*\(", source)
    assert start is not None
    depth, parts, begin = 1, [], start.end()
    for end in range(start.end(), len(source)):
        c = source[end]
        depth += {"(": 1, ")": -1}.get(c, 0)
        if not depth or (depth == 1 and c == ","):
            parts.append(" ".join(source[begin:end].split()))
            begin = end + 1
        if not depth:
            break
    return tuple(part for part in parts if part)
