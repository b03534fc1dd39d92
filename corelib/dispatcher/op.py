"""Op: what can be computed, declared once.

`@op(...)` above a function makes an Op of it. The function's signature is the schema (a parameter whose annotation
names Tensor is an operand, one that says list is a list of them), its docstring the manual page, and its body the
default for every backend; a body that is only `...` makes the op a primitive, whose kernel every backend must have.

`vjp` says how gradients flow: a function for the first operand, or a dict from parameter name to function (or from a
tuple of names to one function that returns a tuple and may take `needs`, a tuple of bools). Each function takes `g`,
the gradient of the output (`gs`, a tuple, where there are several outputs), and names what else it uses: `out` (`out0`, `out1`, ...),
parameters, or `NAME_shape` where only a parameter's shape matters. Just those are saved. They call ops, so second derivatives need no rule of their own.

`infer`, for ops that backends may have kernels for, takes the op's arguments and returns (spec, args): spec is the
(shape, dtype) of the output, or a list of them, and args the checked and normalized arguments that the kernel, the body
and the vjp see (trailing parameters that were consumed, such as `dtype`, may be left off). It raises the op's errors.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from corelib.dispatcher.keys import DispatchKey
    from corelib.tensor.dtype import dtype as DType

Kernel = Callable[..., Any]
KINDS = ("unary", "binary", "elementwise", "reduction", "view", "composite", "creation", "extension")

TABLE: dict[str, Op] = {}


def _nothing() -> None:
    """What a primitive's body compiles to."""
    ...


_NO_BODY = _nothing.__code__.co_code


def _positional(function: Any) -> Any:
    """The same function with its keyword-only parameters taken by position, as core passes all arguments."""
    code = function.__code__
    if not code.co_kwonlyargcount:
        return function
    total = code.co_argcount + code.co_kwonlyargcount
    keyword = function.__kwdefaults__ or {}
    defaults = (*(function.__defaults__ or ()), *[keyword.get(n) for n in code.co_varnames[code.co_argcount : total]])
    code = code.replace(co_argcount=total, co_kwonlyargcount=0)
    return FunctionType(code, function.__globals__, function.__name__, defaults, function.__closure__)


class Op:
    """One op of the table. The attributes are what the decorator was given; `entry` is what users call."""

    def __init__(self, function: Any, kind: str, **facts: Any) -> None:
        if kind not in KINDS:
            raise ValueError(f"op {function.__name__}: kind must be one of {KINDS}, got {kind!r}")
        code = function.__code__
        self.name: str = function.__name__
        self.kind = kind
        self.params: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.positional: int = code.co_argcount
        self.function = function
        self.primitive: bool = code.co_code == _NO_BODY and kind != "extension"
        self.body: Any = None if code.co_code == _NO_BODY else _positional(function)
        self.infer: Any = facts.pop("infer", None)
        self.promote: str = facts.pop("promote", "same")
        self.result: DType | None = facts.pop("result", None)
        self.on: tuple[str, ...] = facts.pop("on", ("torch", "Tensor"))
        self.inplace: bool = facts.pop("inplace", False)
        out = facts.pop("out", False)
        self.out: bool = bool(out)
        self.exact_out: bool = out == "exact"
        self.numbers: bool = facts.pop("numbers", True)
        self.ref: Any = facts.pop("ref", None)
        self.grad_name: Any = facts.pop("grad_name", None)
        self.several: bool = facts.pop("several", False)
        self.by_result: bool = facts.pop("by_result", False)
        vjp = facts.pop("vjp", None)
        self.check: Any = facts.pop("check", None)
        # whether its body, where it is elementwise, is right for complex numbers too
        self.complex_body: bool = facts.pop("complex_body", False)
        if facts:
            raise TypeError(f"op {self.name}: unknown facts {sorted(facts)}")
        notes = function.__annotations__
        self.operands: tuple[int, ...] = tuple(i for i, p in enumerate(self.params) if "Tensor" in str(notes.get(p, "")))
        self.lists: tuple[int, ...] = tuple(
            i for i in self.operands if any(w in str(notes[self.params[i]]) for w in ("list", "Sequence", "tuple"))
        )
        self.first: int = self.operands[0] if self.operands else 0
        # Whether nothing but other ops is behind the name, so that running the body is no news for the report.
        self.pure: bool = self.infer is None and kind in ("composite", "view", "creation")
        self.kernels: dict[DispatchKey, dict[DType, Kernel]] = {}
        self.entry: Any = None
        self.inplace_entry: Any = None
        self._node: Any = None
        self._node_along: Any = None
        self.defaults: tuple[Any, ...] = ()
        self.compute: Any = None
        # what computes it for complex numbers, where its result is of another dtype; see ops/complex_numbers.py
        self.complex_as: Any = None
        # whether its vjp is right for complex numbers as it stands
        self.complex_rule = False
        # by number of arguments: what records a call in the graph, see autograd/compiled.py
        self.recorders: dict[int, Any] = {}
        # what runs its arguments, by position; see paths.py
        self.path: Any = None
        self.vjps: tuple[Any, ...] | None = None
        # (position, what its vjp takes) of each differentiable parameter
        self.differentiable: tuple[tuple[int, tuple[int, ...]], ...] = ()
        if vjp is not None:
            self._compile_vjp(vjp)

    def _compile_vjp(self, vjp: Any) -> None:
        """For each parameter: None or (function, what it takes), with positions in (out, *arguments)."""
        table = vjp if isinstance(vjp, dict) else {self.params[self.operands[0]]: vjp}
        by_param: list[Any] = [None] * len(self.params)
        for group, (names, fn) in enumerate(table.items()):
            wanted = fn.__code__.co_varnames[: fn.__code__.co_argcount]
            picks = tuple([self._pick(w) for w in wanted[1:]])
            for member, name in enumerate(names if isinstance(names, tuple) else (names,)):
                by_param[self.params.index(name)] = (fn, picks, (group, member) if isinstance(names, tuple) else None)
        self.vjps = tuple(by_param)
        self.differentiable = tuple((i, v[1]) for i, v in enumerate(by_param) if v is not None)

    def _pick(self, wanted: str) -> int:
        """Where a vjp finds what it names, in (out, *arguments, *shapes of arguments, *outputs); -1 for `needs`."""
        if wanted == "needs":
            return -1
        if wanted == "out":
            return 0
        if self.several and wanted[:3] == "out" and wanted[3:].isdigit():
            return 2 * len(self.params) + 1 + int(wanted[3:])
        if wanted not in self.params and wanted.endswith("_shape"):
            return len(self.params) + 1 + self.params.index(wanted[:-6])
        return self.params.index(wanted) + 1

    @property
    def node(self) -> Any:
        """The class of this op's nodes in the graph, named as PyTorch names them."""
        if self._node is None:
            from corelib.autograd.node import op_node

            self._node = op_node(self)
        return self._node

    @property
    def node_along(self) -> Any:
        """The class of a reduction's nodes where it was given dimensions."""
        if self._node_along is None:
            self._node_along = type(self.node.__name__[:-1] + "1", (self.node,), {"__slots__": (), "__module__": "corelib.autograd"})
        return self._node_along

    def kernel_for(self, key: DispatchKey, dtype: DType) -> Kernel | None:
        """The kernel of a device type and dtype, or None."""
        found = self.kernels.get(key)
        return None if found is None else found.get(dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.entry(*args, **kwargs)

    def __repr__(self) -> str:
        kind = "primitive" if self.primitive else self.kind
        return f"<op {self.name}({', '.join(self.params)}): {kind}>"


def op(
    *,
    kind: str = "composite",
    vjp: Any = None,
    infer: Any = None,
    promote: str = "same",
    result: DType | None = None,
    on: tuple[str, ...] = ("torch", "Tensor"),
    inplace: bool = False,
    out: bool | str = False,
    ref: Any = None,
    grad_name: Any = None,
    several: bool = False,
    check: Any = None,
    by_result: bool = False,
    numbers: bool = True,
    complex_body: bool = False,
    aliases: tuple[str, ...] = (),
) -> Callable[[Any], Any]:
    """Declare an op; returns the function that users call. See the head of this file.

    kind: "unary", "binary", "elementwise" (three and more operands), "reduction", "view", "composite", "creation" or
        "extension".
    promote: how elementwise operands find their common dtype: "same" (promotion), "float" (integers become the default
        float), "number" (bool becomes int64), or "keep" (operands are given as they are).
    result: the output's dtype where it is not the common one, such as bool for comparisons.
    on: where the name appears besides `corelib.ops`: "torch" (a function of the package), "Tensor" (a method).
    inplace, out: whether there is a variant `name_` and an argument `out`; out="exact" refuses one of another dtype.
    numbers: whether an elementwise op takes a Python number for an operand.
    complex_body: whether the body of an elementwise op is right for complex numbers as well, which it mostly is not.
    ref: the reference for tests, a NumPy or SciPy name.
    grad_name: the node's name where PyTorch's is not derived from the op's; or, where PyTorch numbers the op's forms (a
        number or a tensor for an argument), a function of the arguments that returns (name, the operands that node has).
    several: whether the op returns several outputs.
    check: for elementwise ops, called with the common dtype and the operands; raises for what the op refuses.
    by_result: whether the result's dtype, not the first operand's, chooses the kernel.
    aliases: further names of the same op.
    """
    facts = dict(
        vjp=vjp, infer=infer, promote=promote, result=result, on=on, inplace=inplace, out=out, ref=ref,
        grad_name=grad_name, several=several, check=check,
        by_result=by_result, numbers=numbers, complex_body=complex_body,
    )

    def declare(function: Any) -> Any:
        from corelib.dispatcher.entries import build

        made = Op(function, kind, **facts)
        if made.name in TABLE:
            raise ValueError(f"op {made.name} is declared twice")
        TABLE[made.name] = made
        return build(made, aliases)

    return declare
