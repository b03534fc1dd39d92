"""Elementwise kernels in C: one loop for each way in which an op's operands may lie, made from the op table as for other devices."""

from __future__ import annotations

import re
from collections.abc import Sequence

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


def kernel_text(op: Op, args: tuple[object, ...], dtypes: dict[int, DType], out: DType) -> str:
    """The text of an op's kernel, for operands of these dtypes, by place, one of which may be a number. `args` has its attributes in their places.

    RuntimeError where the op's body does more than compute element by element.
    """
    operands = [dtypes[place] for place in sorted(dtypes)]
    n = len(operands)
    forms: list[str] = []
    loops: list[str] = []
    try:
        code = trace(op, args, dtypes, _known)
    except Untraceable as error:
        raise RuntimeError(str(error)) from error
    dear = bool(re.search(rf"\b(exp|expm1|log|log1p|tanh_f32|erf|sqrt|{_MORE})\b", " ".join(_EMIT.lines(code))))
    for numbers in range((1 << n) - 1 if n > 1 else 1):
        if bin(numbers).count("1") > 1:
            continue
        name = f"loop_{op.name}_{numbers}"
        loops.append(_loop(name, code, (out, *operands), numbers))
        forms.append(f"{{{numbers}, {name}}}")
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
    """A loop over neighbours: where all lie in a row, where one of several arrays is the same everywhere, and where anything may be."""
    arrays = [0] + [k for k in range(1, len(dtypes)) if not numbers >> (k - 1) & 1]
    lines = [f"static void {name}(char *const *at, const i64 *step, i64 n) {{"]
    for k in range(1, len(dtypes)):
        if k not in arrays:
            kind = C[dtypes[k]].compute
            lines.append(f"    const {kind} v{k - 1} = *(const {kind} *)at[{k}];")
    lines += [f"    {'const ' if k else ''}{C[dtypes[k]].memory} *a{k} = ({C[dtypes[k]].memory} *)at[{k}];" for k in arrays]
    row = {k: f"step[{k}] == {dtypes[k].itemsize}" for k in arrays}
    lines += [f"    if ({' && '.join(row.values())}) {{", *_body(code, dtypes, arrays, ()), "        return;", "    }"]
    if len(arrays) > 2:
        for same in arrays[1:]:
            others = " && ".join([f"step[{same}] == 0", *[row[k] for k in arrays if k != same]])
            lines += [f"    if ({others}) {{", *_body(code, dtypes, arrays, (same,)), "        return;", "    }"]
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
