"""Elementwise kernels in C: one loop for each way in which an op's operands may lie, made from the op table as for other devices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

from corelib.backend.codegen.emit import Scalar
from corelib.backend.codegen.expressions import expression
from corelib.backend.codegen.trace import Code, trace, Untraceable
from corelib.backend.codegen.types import C
from corelib.dispatcher.op import Op
from corelib.tensor.dtype import dtype as DType
from corelib_cpu_native.api import KIND

_EMIT = Scalar()
_FUNCTION = re.compile(r"([a-z]\w*)(?:_\{T\})?\(")
_ABSENT = frozenset(["erfinv", "fmod", "floor_divide", "remainder"])
_MORE = "sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|asinh|acosh|atanh|log2|log10|exp2|erfc|hypot|pow"
"""The functions in functions.h."""
_CHEAP, _DEAR = 32768, 8192
"""Elements from which on several threads share the work: of what is bound by memory, and of functions."""


def _known(op_name: str, family: str) -> str | None:
    """The expression of an op, where math.h has its functions."""
    text = expression(op_name, family)
    if family != "float" or text is None or (_FUNCTION.findall(text) or [""])[0] not in _ABSENT:
        return text
    return None


def kernel_text(op: Op, args: tuple[object, ...], dtypes: dict[int, DType], out: DType, numbers: Sequence[int] | None = None) -> str:
    """The text of an op's kernel, for operands of these dtypes, by place; those in the places `numbers` are numbers, or, without that, any one may be.
    `args` has its attributes in their places, but for those that are such numbers.

    RuntimeError where the op's body does more than compute element by element.
    """
    places = sorted(dtypes)
    operands = [dtypes[place] for place in places]
    n = len(operands)
    forms: list[str] = []
    loops: list[str] = []
    try:
        code = trace(op, args, dtypes, _known)
    except Untraceable as error:
        raise RuntimeError(str(error)) from error
    dear = bool(re.search(rf"\b(exp|expm1|log|log1p|tanh_f32|erf|sqrt|{_MORE})\b", " ".join(_EMIT.lines(code))))
    every = [0, *[1 << i for i in range(n) if n > 1]] if numbers is None else [sum(1 << i for i, place in enumerate(places) if place in numbers)]
    for which in every:
        name = f"loop_{op.name}_{which}"
        loops.append(_loop(name, code, (out, *operands), which))
        forms.append(f"{{{which}, {name}}}")
    kinds = ", ".join(str(KIND[d]) for d in (out, *operands))
    return "\n".join([
        *loops, f"KERNEL({op.name}) {{", f"    static const u8 kinds[] = {{{kinds}}};", f"    static const Form forms[] = {{{', '.join(forms)}}};",
        f"    if (count != {n + 1}) PASS;",
        f"    return elementwise(args, {n + 1}, kinds, forms, {len(forms)}, {_DEAR if dear else _CHEAP}, 1);", "}", "",
    ])  # fmt: skip


def headers(text: str) -> tuple[str, ...]:
    """The texts of this package that a kernel's text needs before it."""
    return ("math.h", "functions.h") if re.search(rf"\b({_MORE})\(", text) else ("math.h",)


def _loop(name: str, code: Code, dtypes: Sequence[DType], numbers: int) -> str:
    """A loop over neighbours: where all lie in a row, where some of several arrays are the same everywhere, and where anything may be."""
    arrays = [0] + [k for k in range(1, len(dtypes)) if not numbers >> (k - 1) & 1]
    lines = [f"static void {name}(char *const *at, const i64 *step, i64 n) {{"]
    for k in range(1, len(dtypes)):
        if k not in arrays:
            kind = C[dtypes[k]].compute
            lines.append(f"    const {kind} v{k - 1} = *(const {kind} *)at[{k}];")
    lines += [f"    {'const ' if k else ''}{C[dtypes[k]].memory} *a{k} = ({C[dtypes[k]].memory} *)at[{k}];" for k in arrays]
    row = {k: f"step[{k}] == {dtypes[k].itemsize}" for k in arrays}
    lines += [f"    if ({' && '.join(row.values())}) {{", *_body(code, dtypes, arrays, ()), "        return;", "    }"]
    for size in range(1, len(arrays) - 1):
        for same in combinations(arrays[1:], size):
            others = " && ".join([*[f"step[{k}] == 0" for k in same], *[row[k] for k in arrays if k not in same]])
            lines += [f"    if ({others}) {{", *_body(code, dtypes, arrays, same), "        return;", "    }"]
    lines += ["    for (i64 i = 0; i < n; ++i) {"]
    lines += [f"        a{k} = ({C[dtypes[k]].memory} *)(at[{k}] + i * step[{k}]);" for k in arrays]
    lines += [f"        const {_EMIT.type(dtypes[k])} v{k - 1} = {_EMIT.load(dtypes[k], f'a{k}', '0')};" for k in arrays[1:]]
    lines += ["        " + line for line in _EMIT.lines(code)]
    lines += ["        " + _EMIT.store(dtypes[0], "a0", "0", _EMIT.taken(code.result, dtypes[0])), "    }", "}"]
    return "\n".join(lines)


def _body(code: Code, dtypes: Sequence[DType], arrays: Sequence[int], same: tuple[int, ...]) -> list[str]:
    lines = [f"        const {_EMIT.type(dtypes[k])} v{k - 1} = {_EMIT.load(dtypes[k], f'a{k}', '0')};" for k in same]
    lines += ["        SIMD for (i64 i = 0; i < n; ++i) {"]
    lines += [f"            const {_EMIT.type(dtypes[k])} v{k - 1} = {_EMIT.load(dtypes[k], f'a{k}', 'i')};" for k in arrays[1:] if k not in same]
    lines += ["            " + line for line in _EMIT.lines(code)]
    return [*lines, "            " + _EMIT.store(dtypes[0], "a0", "i", _EMIT.taken(code.result, dtypes[0])), "        }"]
