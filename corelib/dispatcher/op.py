"""Op: what can be computed, as the table holds it. `corelib.dispatcher.declare` has the decorator that makes one.

Of a function only: its signature is the schema, its body the default for every backend, its docstring the manual page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from corelib.contract.kernels import Chain, Kernel
from corelib.dispatcher.operands import checked_kinds, roles
from corelib.graph.rule import Args, Naming, Rule, Vjp
from corelib.tensor.dtype import Number, dtype as DType
from corelib.tensor.keys import DispatchKey
from corelib.tensor.size import Shape, Strides
from corelib.tensor.tensor import Tensor

Entry: TypeAlias = Callable[..., Any]
"""What runs an op: the function that users call, or one of those that it calls in turn."""
Kwargs: TypeAlias = dict[str, Any]
"""The arguments of a call that were given by name."""
Operand: TypeAlias = Tensor | Number
"""What an elementwise op computes on: a tensor, or a Python number in the place of one."""
Spec: TypeAlias = tuple[Shape, DType] | tuple[Shape, DType, Strides | None]
"""What an output is: shape, dtype, and strides where they are not row-major."""
Inferred: TypeAlias = tuple[Spec | list[Spec], Args]
"""(The `Spec` of an op's output, or a list of them; the arguments as its kernel, body and vjp take them.)"""
Infer: TypeAlias = Callable[..., Inferred]
"""What an op's arguments come to."""
Vjps: TypeAlias = Vjp | Mapping[Any, Vjp]
"""The derivative of an op's first operand; or by parameter, or by a tuple of them."""

KINDS = ("unary", "binary", "elementwise", "reduction", "view", "composite", "creation", "extension")

TABLE: dict[str, Op] = {}
"""Every op by its name."""


class KernelOnly(NotImplementedError):
    """`raise KernelOnly` is the body of an op that only kernels compute."""


def _kernel_only() -> None:
    raise KernelOnly


def _nothing() -> None: ...


def _described() -> None:
    """A docstring moves the place of the None that is returned."""


_EMPTY = {_nothing.__code__.co_code, _described.__code__.co_code}


def _has_body(code: CodeType) -> bool:
    """Whether a function does anything; `...` says as little as `raise KernelOnly`."""
    only = code.co_code == _kernel_only.__code__.co_code and code.co_names == _kernel_only.__code__.co_names
    return not only and not (code.co_code in _EMPTY and code.co_consts[-1] is None)


class Facts:
    """What an op's declaration says of it; `op` describes each."""

    __slots__ = ("by_result", "check", "complex_body", "infer", "inplace", "numbers", "on", "out", "overlap", "promote", "ref", "repeats", "result", "several")

    def __init__(
        self, *, infer: Infer | None, promote: str, result: DType | None, on: tuple[str, ...], inplace: bool, out: bool | str, numbers: bool,
        ref: object, several: bool, by_result: bool, check: Callable[..., None] | None, complex_body: bool, overlap: str,
        repeats: str,
    ) -> None:  # fmt: skip
        self.infer = infer
        self.promote = promote
        self.result = result
        self.on = on
        self.inplace = inplace
        self.out = out
        self.numbers = numbers
        self.ref = ref
        self.several = several
        self.by_result = by_result
        self.check = check
        self.complex_body = complex_body
        self.overlap = overlap
        self.repeats = repeats


class Op:
    """One op of the table.

    `facts` is what its declaration says, `rule` how gradients flow through it, `kernels` what backends brought, by device type and
    layout and then by dtype; `entry` is what users call, and `path` what that calls where the straight way does not serve.
    """

    def __init__(self, function: FunctionType, kind: str, facts: Facts, vjp: Vjps | None, naming: Naming) -> None:
        if kind not in KINDS:
            raise ValueError(f"op {function.__name__}: kind must be one of {KINDS}, got {kind!r}")
        code = function.__code__
        has_body = _has_body(code)
        self.name: str = function.__name__
        self.kind = kind
        self.facts = facts
        self.function = function
        self.primitive = not has_body and kind != "extension"
        self.body: Any = positional(function) if has_body else None
        self.pure = facts.infer is None and kind in ("composite", "view", "creation")
        """Whether nothing but other ops is behind the name, so that running the body is no news for the report."""

        self.params: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.positional: int = code.co_argcount
        self.defaults: Args = _defaults(function, self.params)
        known = roles(function, self.params)
        self.roles = found = tuple([role for role, _ in known])
        self.checked: dict[int, str] = checked_kinds(known, self.params, facts.on, kind in ("composite", "elementwise"))
        """The kinds of the parameters whose arguments are looked at, where users call the op; see operands.py."""
        self.operands = tuple(i for i, role in enumerate(found) if role)
        self.lists = tuple(i for i in self.operands if found[i] == "list")
        self.first = self.operands[0] if self.operands else 0
        certain = kind not in ("binary", "elementwise")  # their operands may be Python numbers, whatever their type says
        self.rule = Rule(
            self.name, self.params, self.operands, self.lists, several=facts.several, naming=naming, defaults=self.defaults, vjp=vjp,
            tensors=frozenset(i for i, role in enumerate(found) if role == "tensor" and certain),
            optional=frozenset(i for i, role in enumerate(found) if role == "optional" and certain),
            numbers=frozenset(i for i, (_, kind) in enumerate(known) if kind and "t" not in kind),
        )  # fmt: skip

        self.kernels: dict[DispatchKey, dict[DType, Kernel]] = {}
        self.chains: dict[tuple[str, DType], Chain] = {}
        """By device type and dtype, where kernel packs take part: the kernel that stands in `kernels`, and those that are asked when it passes."""
        self.entry: Any = None
        self.inplace_entry: Any = None
        self.compute: Any = None
        """The straight way of a binary op."""
        self.operator: Any = None
        """The same for Python's operator: NotImplemented for an operand that it does not know."""
        self.path: Any = None
        """What runs its arguments, by position; see calls/paths.py."""
        self.complex_as: Callable[..., Any] | None = None
        """What computes it for complex numbers, where its result is of another dtype; see ops/complex/complex_numbers.py."""

    def kernel_for(self, key: DispatchKey, dtype: DType) -> Kernel | None:
        """The kernel of a device type and dtype, or None."""
        found = self.kernels.get(key)
        return None if found is None else found.get(dtype)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self.entry(*args, **kwargs)

    def __repr__(self) -> str:
        kind = "primitive" if self.primitive else self.kind
        return f"<op {self.name}({', '.join(self.params)}): {kind}>"


def plain_of(function: Any) -> Any:
    """The function that computes: another one where users' function asks for `__torch_function__` first (corelib.overrides)."""
    return vars(function).get("_plain", function)


def positional(function: FunctionType) -> FunctionType:
    """The same function with its keyword-only parameters taken by position, as core passes all arguments."""
    code = function.__code__
    if not code.co_kwonlyargcount:
        return function
    total = code.co_argcount + code.co_kwonlyargcount
    keyword = function.__kwdefaults__ or {}
    defaults = (*(function.__defaults__ or ()), *[keyword.get(n) for n in code.co_varnames[code.co_argcount : total]])
    code = code.replace(co_argcount=total, co_kwonlyargcount=0)
    return FunctionType(code, function.__globals__, function.__name__, defaults, function.__closure__)


def with_parameters(made: FunctionType, of: FunctionType, out: bool) -> FunctionType:
    """A function made of a template, whose parameters stand for those of `of` and, where it takes one, `out`, with their names and defaults."""
    like, code = of.__code__, made.__code__
    n = like.co_argcount + like.co_kwonlyargcount
    code = code.replace(
        co_argcount=like.co_argcount,
        co_posonlyargcount=like.co_posonlyargcount,
        co_kwonlyargcount=like.co_kwonlyargcount + out,
        co_varnames=(*like.co_varnames[:n], *(("out",) if out else ()), *code.co_varnames[n + out :]),
    )
    function = FunctionType(code, made.__globals__, of.__name__, of.__defaults__, made.__closure__)
    if code.co_kwonlyargcount:
        function.__kwdefaults__ = {**(of.__kwdefaults__ or {}), **({"out": None} if out else {})}
    return function


def _defaults(function: FunctionType, params: tuple[str, ...]) -> Args:
    """For each parameter its default, or None."""
    found = dict(function.__kwdefaults__ or {})
    given = function.__defaults__ or ()
    positional = params[: function.__code__.co_argcount]
    found.update(zip(positional[len(positional) - len(given) :], given, strict=True))
    return tuple(found.get(p) for p in params)
