"""The kernel contract as a page, written from the op table: `python -m tools.kernel_contract > docs/kernel_contract.md`.

A test says when the page is not what this would write.
"""

from __future__ import annotations

from corelib.dispatcher.op import TABLE, Op

HEAD = """# The kernel contract

Written from the op table by `python -m tools.kernel_contract`.

A kernel is a function `kernel(out, *inputs, *attributes)` under its op's name. It writes into `out` and returns nothing, or it returns
`NotImplemented` before it has written anything, and the next kernel or the op's body runs.

Whoever comes from JAX returns a result: `return a + b` is an error here, which names the kernel; `out[...] = a + b` is right. (`out` itself may be
returned, as NumPy's functions do.) What a kernel raises reaches the user as it is, with a note of the op, the backend, and the shapes and dtypes.

What core guarantees when it calls one:

- `out` is allocated, has the result's shape and dtype, and is dense; in the in-place form of an elementwise op it is an input.
- All arrays are of one device. The inputs of an elementwise op have one dtype, and broadcast to `out` by NumPy's rules: fewer dimensions,
  or sizes of 1. A stride may be 0, where a dimension is expanded; an offset may be anything.
- A backend that says `strided = "contiguous"` gets row-major arrays only (but `copy`, whose work is to make them so, gets any).
- An elementwise input may be a Python number, unless the backend says `scalars = False`.
- Indices are int64, not negative and within bounds. Dimensions are counted from the front.
- There may be no elements, and there may be no dimensions.

What a kernel does:

- It leaves its inputs as they are, and writes nothing beside `out`.
- Half types are computed in float32 and rounded once; sums and products of them accumulate in float32. Integers wrap.
- Infinities and NaN are results, and so is the sign of zero.

## Primitives

These have no body: every backend has a kernel for each, and with them every op of corelib runs.
"""
RULES = {
    "fill": "`value` is a Python number.",
    "copy": "Casts: to bool by comparison with 0; from floats to integers towards 0; between floats by rounding to nearest, ties to even.",
    "arange_": "`out` has one dimension; `start` and `step` are Python numbers.",
    "neg": "Of unsigned integers: modulo 2 to the width. Not for bool.",
    "bitwise_not": "Of bool: logical not.",
    "sqrt": "NaN below 0.",
    "log": "-inf at 0, NaN below.",
    "floor": "Integers as they are.",
    "add": "Of bool: or.",
    "sub": "Not for bool.",
    "mul": "Of bool: and.",
    "true_div": "Floats only; by zero as IEEE has it.",
    "floor_divide": "Rounded down, as Python's `//`. Of integers by zero: RuntimeError. Of floats: fmod taken off, divided, rounded.",
    "remainder": "With the divisor's sign, as Python's `%`: C's fmod moved to it. Of integers by zero: RuntimeError.",
    "maximum": "NaN if either is NaN. Of bool: or.",
    "lt": "`out` is bool; with NaN false.",
    "eq": "`out` is bool; with NaN false.",
    "bitwise_left_shift": "By less than 0, or by the width or more: 0.",
    "bitwise_right_shift": "Arithmetic. By less than 0, or by the width or more: 0, or -1 for a negative number.",
    "select_where": "`condition` is bool; the other two have out's dtype or are numbers.",
    "sum": "`kernel(out, input, dims, keepdim)`. Of bool: whether any. Of nothing: 0. Long sums in pairs or blocks, along any dimension.",
    "prod": "`kernel(out, input, dims, keepdim)`. Of bool: whether all. Of nothing: 1.",
    "amax": "`kernel(out, input, dims, keepdim)`. NaN if any is NaN. Never of nothing.",
    "amin": "`kernel(out, input, dims, keepdim)`. NaN if any is NaN. Never of nothing.",
    "batched_matmul": "The last two dimensions are matrices; those before broadcast. Not for bool. Of no terms: 0.",
    "take_rows": "`index` may have any number of dimensions, which come first in `out`.",
    "put_rows": "`out` begins as a copy of `input`. Accumulating, repeated rows add up (of bool: or); setting, the last one stays.",
}


def page() -> str:
    """The page's text."""
    from corelib import ops  # noqa: F401  (the ops declare themselves when imported)

    primitives = sorted((op for op in TABLE.values() if op.primitive), key=lambda op: (op.kind, op.name))
    missing = [op.name for op in primitives if op.name not in RULES and op.kind not in ("unary", "binary")]
    if missing:
        raise RuntimeError(f"tools.kernel_contract has no rule for the primitives {missing}")
    kernels = sorted(op.name for op in TABLE.values() if not op.primitive and _may_have_kernel(op))
    text = HEAD + "\n| kernel | what it computes | rules |\n|---|---|---|\n"
    text += "".join(_row(op) for op in primitives)
    text += (
        "\n## Everything else\n\nThese have bodies, and may have kernels for speed: a function of the op's name, called with the op's arguments in the order of "
        f"its parameters (`help(corelib.ops.TABLE[name].function)`).\n\n{', '.join(f'`{name}`' for name in kernels)}\n"
    )
    extensions = sorted((op for op in TABLE.values() if op.kind == "extension"), key=lambda op: op.name)
    text += (
        "\n## Extensions\n\nThese have no body. A backend may have a kernel; where it has none, the host's is used, under the fallback policy. Several "
        "outputs are given as a list.\n\n| kernel | what it computes |\n|---|---|\n"
    )
    for op in extensions:
        what = " ".join((op.function.__doc__ or "").split())
        text += f"| `{op.name}({'outs' if op.facts.several else 'out'}, {', '.join(op.params)})` | {what} |\n"
    return text


def _may_have_kernel(op: Op) -> bool:
    return op.kind in ("unary", "binary", "elementwise", "reduction") or (op.kind == "composite" and op.facts.infer is not None)


def _row(op: Op) -> str:
    inputs = ", ".join(p for p in op.params if p not in ("out", "alpha", "dtype", "dim", "keepdim"))
    if op.name in ("sum", "prod", "amax", "amin"):
        inputs += ", dims, keepdim"
    what = (op.function.__doc__ or "").strip().splitlines()[0].removeprefix("Primitive: ")
    return f"| `{op.name}(out, {inputs})` | {what} | {RULES.get(op.name, '')} |\n"


if __name__ == "__main__":
    print(page(), end="")
