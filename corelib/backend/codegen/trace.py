"""An op's body, followed once with tensors of the meta device, as straight-line code over elements.

Elementwise ops are called in a mode that notes each op with an expression in C and follows the bodies of the others. What
comes out is one expression for the whole op: a fused kernel for every composite whose body does nothing but compute
element by element. A body that does something else (reduces, moves, asks for values) is not traceable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from corelib.backend.codegen.expressions import expression, gives_bool
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Argument
from corelib.dispatcher.calls.elementwise import common_dtype
from corelib.dispatcher.modes import Mode
from corelib.dispatcher.op import Op
from corelib.graph.grad_mode import no_grad
from corelib.tensor import dtype as D
from corelib.tensor.device import device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.tensor import Tensor

_SAME = ("alias", "detach", "expand", "broadcast_to", "clone", "contiguous", "copied")
_MADE = ("full", "zeros", "ones", "new_zeros", "new_ones", "new_full", "zeros_like", "ones_like", "full_like")


_SHAPE = (2, 3)  # of the operands; numbers in the body are 0-d


class Untraceable(Exception):
    """The body does more than compute element by element."""


class Value(NamedTuple):
    """A value in generated code: a variable of a dtype, or a Python number."""

    name: str
    dtype: DType
    number: float | None = None


class Statement(NamedTuple):
    """`name` is an op of operands that are taken in `dtype`; its own dtype is `result`."""

    name: str
    op_name: str
    dtype: DType
    result: DType
    operands: tuple[Value, ...]


class Code(NamedTuple):
    """Straight-line code that computes `result` from the variables `v0`, `v1`, ... of the operands."""

    statements: tuple[Statement, ...]
    result: Value


def trace(
    op: Op, args: tuple[Argument, ...], dtypes: dict[int, DType], known: Callable[[str, str], str | None] = expression
) -> Code:
    """An op as code. `args` has the call's attributes in their places; `dtypes` the operands' dtypes by place.

    The operands are `v0`, `v1`, ... in the order of their places. Untraceable where the body does more. `known` says which ops are
    statements, for a family of dtypes; the bodies of the others are followed.
    """
    meta = device("meta").runtime.device
    tracer = _Tracer(op.name, known)
    full = list(args)
    for n, (place, dtype) in enumerate(sorted(dtypes.items())):
        operand = Tensor._empty(meta, dtype, _SHAPE)
        full[place] = operand
        tracer.call(operand, Value(f"v{n}", dtype))
    with no_grad():
        result = tracer.run(op, tuple(full))
    if any(t._version for t in tracer.held):
        raise Untraceable(f"{op.name} writes into a tensor")
    if not isinstance(result, Tensor) or result._shape != _SHAPE:
        raise Untraceable(f"{op.name} returns {getattr(result, 'shape', type(result).__name__)}")
    return Code(tuple(tracer.statements), tracer.value(result, result._dtype))


class _Tracer(Mode):
    def __init__(self, top: str, known: Callable[[str, str], str | None]) -> None:
        self.top = top
        self.known = known
        self.statements: list[Statement] = []
        self._values: dict[int, Value] = {}
        self.held: list[Tensor] = []  # so that no id is used twice

    def call(self, tensor: Tensor, value: Value) -> Tensor:
        """Remember which value a tensor is."""
        self.held.append(tensor)
        self._values[id(tensor)] = value
        return tensor

    def value(self, x: Argument, dtype: DType) -> Value:
        """What a tensor or a number is in the code; a number is an element of `dtype`."""
        if isinstance(x, bool | int | float):
            return Value("", dtype, x)
        found = self._values.get(id(x))
        if found is None:
            raise Untraceable("a tensor that is made of no operand")
        return found

    def run(self, op: Op, args: tuple[Argument, ...]) -> Argument:
        """An op on traced operands: one expression, or its body."""
        if op.facts.infer is not None:
            with self:
                _, args = op.facts.infer(*args)
        operands = [args[i] for i in op.operands if i < len(args) and args[i] is not None]
        if op.name == "select_where":
            condition, *chosen = operands
            dtype = next((x._dtype for x in chosen if isinstance(x, Tensor)), D.float32)
            return self._note(op.name, dtype, dtype, operands)
        if op.kind in ("unary", "binary", "elementwise"):
            dtype = common_dtype(op, operands)
            alpha = args[2] if "alpha" in op.params and len(args) > 2 else 1
            if self.known(op.name, C[dtype].family) is not None and alpha == 1:
                return self._note(op.name, dtype, D.bool if gives_bool(op.name) else dtype, operands)
            # the body sees operands of the common dtype, as it does when it runs
            args = tuple([self._cast(x, dtype) if i in op.operands else x for i, x in enumerate(args)])
        if op.body is None or op.kind == "view":
            raise Untraceable(f"{op.name} is not computed element by element")
        with self:
            return op.body(*args)

    def _cast(self, x: Argument, dtype: DType) -> Argument:
        if not isinstance(x, Tensor) or x._dtype is dtype:
            return x
        return self._converted(x, dtype, Tensor._empty(x._device, dtype, x._shape))

    def _converted(self, x: Tensor, dtype: DType, made: Tensor) -> Tensor:
        value = self.value(x, x._dtype)
        if dtype is not value.dtype and value.number is None:
            name = f"t{len(self.statements)}"
            self.statements.append(Statement(name, "copy", dtype, dtype, (value,)))
            value = Value(name, dtype)
        return self.call(made, value)

    def _note(self, op_name: str, dtype: DType, result: DType, operands: Sequence[Argument]) -> Tensor:
        if op_name in ("floor_divide", "remainder") and not dtype.is_floating_point and op_name != self.top:
            raise Untraceable(f"{op_name} of integers refuses zero")
        if self.known(op_name, C[dtype].family) is None:
            raise Untraceable(f"{op_name} has no expression for {dtype}")
        made = f"t{len(self.statements)}"
        values = tuple([self.value(x, dtype) for x in operands])
        self.statements.append(Statement(made, op_name, dtype, result, values))
        shape = next((x._shape for x in operands if isinstance(x, Tensor) and x._shape), ())
        return self.call(Tensor._empty(device("meta"), result, shape), Value(made, result))

    def dispatch(self, op: Op, call: Callable[..., Tensor], args: tuple[Argument, ...], kwargs: dict[str, Argument]) -> Argument:
        full = list(args)
        for at, name in enumerate(op.params[len(args) :], len(args)):
            full.append(kwargs.get(name, op.defaults[at] if at < len(op.defaults) else None))
        if op.name in _SAME:
            return self.call(call(*args, **kwargs), self.value(args[0], args[0]._dtype))
        if op.name == "to_copy":
            return self._converted(args[0], full[1] or args[0]._dtype, call(*args, **kwargs))
        if op.name in _MADE:
            made = call(*args, **kwargs)
            filled = [x for x in full if isinstance(x, bool | int | float)]
            number = 0.0 if "zeros" in op.name else 1.0 if "ones" in op.name else filled[0]
            return self.call(made, Value("", made._dtype, number))
        return self.run(op, tuple(full))
