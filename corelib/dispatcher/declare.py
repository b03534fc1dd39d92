"""The declaration of an op: once, as one block.

`@op(...)` above a function makes an Op of it. The function's signature is the schema (`corelib.dispatcher.operands` says how a
parameter's type tells whether it is an operand), its docstring the manual page, and its body the default for every backend; a
body that is only `raise KernelOnly` makes the op a primitive, whose kernel every backend must have.

`vjp` says how gradients flow: a function for the first operand, or a dict from parameter name to function (or from a
tuple of names to one function that returns a tuple and may take `needs`, a tuple of bools). Each function takes `g`,
the gradient of the output (`gs`, a tuple, where there are several outputs), and names what else it uses: `out` (`out0`, `out1`, ...),
parameters, or `NAME_shape` where only a parameter's shape matters. Just those are saved. They call ops, so second derivatives need
no rule of their own.

`infer`, for ops that backends may have kernels for, takes the op's arguments and returns (spec, args): spec is the
(shape, dtype) of the output, or a list of them, and args the checked and normalized arguments that the kernel, the body
and the vjp see (trailing parameters that were consumed, such as `dtype`, may be left off). It raises the op's errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from corelib.dispatcher.calls.entries import build
from corelib.dispatcher.namespaces import ENTRIES, show
from corelib.dispatcher.op import TABLE, Facts, Infer, KernelOnly as KernelOnly, Op, Vjps
from corelib.graph.rule import Naming
from corelib.tensor.dtype import dtype as DType

F = TypeVar("F", bound=Callable[..., Any])


def op(
    *,
    kind: str = "composite",
    vjp: Vjps | None = None,
    infer: Infer | None = None,
    promote: str = "same",
    result: DType | None = None,
    on: tuple[str, ...] = ("torch", "Tensor"),
    inplace: bool = False,
    out: bool | str = False,
    ref: object = None,
    grad_name: Naming = None,
    several: bool = False,
    check: Callable[..., None] | None = None,
    by_result: bool = False,
    numbers: bool = True,
    complex_body: bool = False,
    overlap: str | None = None,
    repeats: str = "",
    aliases: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare an op; returns the function that users call. See the head of this file.

    kind: "unary", "binary", "elementwise" (three and more operands), "reduction", "view", "composite", "creation" or
        "extension".
    promote: how elementwise operands find their common dtype: "same" (promotion), "float" (integers become the default
        float), "number" (bool becomes int64), or "keep" (operands are given as they are).
    result: the output's dtype where it is not the common one, such as bool for comparisons.
    on: where the name appears besides `corelib.ops`: "torch" (a function of the package), "Tensor" (a method).
    inplace, out: whether there is a variant `name_` and an argument `out`. One of a dtype that the result can be cast to will do, but
        with out="exact" only the result's own, with out="bool" bool or uint8; out="own" computes in the dtype of `out`,
        and with out="type" one that will not do is a TypeError.
    numbers: whether an elementwise op takes a Python number for an operand.
    complex_body: whether the body of an elementwise op is right for complex numbers as well, which it mostly is not.
    ref: the reference for tests, a NumPy or SciPy name.
    grad_name: the node's name where PyTorch's is not derived from the op's; or, where PyTorch numbers the op's forms (a
        number or a tensor for an argument), a function of the arguments that returns (name, the operands that node has).
    several: whether the op returns several outputs.
    check: for elementwise ops, called with the common dtype and the operands; raises for what the op refuses.
    by_result: whether the result's dtype, not the first operand's, chooses the kernel.
    overlap: which operands may not share memory with what the in-place form or `out=` writes: "partial", those that share some but
        not all elements (the default); "apart", all that share any, but for the first of an op with an in-place form; "first", some of the first; "itself", none, but what is written must not repeat itself;
        "unchecked", nothing is refused (the default of reductions).
    repeats: whether the in-place form takes tensors whose elements repeat themselves: "accepted", or "deprecated", with a warning.
    aliases: further names of the same op.
    """
    facts = Facts(
        infer=infer, promote=promote, result=result, on=on, inplace=inplace, out=out, numbers=numbers, ref=ref, several=several,
        by_result=by_result, check=check, complex_body=complex_body,
        overlap="others" if overlap == "apart" and inplace else overlap or ("unchecked" if kind == "reduction" else "partial"), repeats=repeats,
    )  # fmt: skip

    def declare(function: Any) -> Any:
        made = Op(function, kind, facts, vjp, grad_name)
        if made.name in TABLE:
            raise ValueError(f"op {made.name} is declared twice")
        TABLE[made.name] = made
        entry = build(made)
        names = (made.name, *aliases)
        bare = [name for name in names if "." not in name]
        ENTRIES.update(dict.fromkeys(bare, entry))
        show(entry, names, on)
        if inplace:
            show(made.inplace_entry, [name + "_" for name in bare], ["Tensor"])
        return entry

    return declare
