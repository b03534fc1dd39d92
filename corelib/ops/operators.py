"""Python's operators on Tensor, reflected and in-place forms included."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.calls.elementwise import is_operand
from corelib.dispatcher.calls.entries import straight
from corelib.dispatcher.calls.foreign import answer, foreign
from corelib.dispatcher.calls.operator_entries import for_operator, inplace_operator
from corelib.dispatcher.op import TABLE, Op
from corelib.graph.rule import Args
from corelib.ops.construction.construct import from_numpy, tensor
from corelib.ops.elementwise.unary import bitwise_not
from corelib.ops.products.products import matmul
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import Number
from corelib.tensor.host import HostArray, np
from corelib.tensor.tensor import Tensor

_any_matmul: Callable[..., Tensor] = matmul  # of whatever Python hands it

Operator: TypeAlias = Callable[[Tensor, object], Tensor]
"""What Python calls with a tensor and whatever stands beside it."""


def _reflected(function: Callable[..., Tensor], name: str) -> Operator:
    def operator(self: Tensor, other: object) -> Tensor:
        if is_operand(other):
            return function(other, self)
        return answer(operator, (self, other), {}) if foreign((other,)) else NotImplemented

    operator.__name__ = operator.__qualname__ = name
    return operator


def _equal(op: Op, args: Args) -> Tensor:
    """The slow path of `==`, which as in PyTorch takes arrays of numbers; the other comparisons do not."""
    self, other = args
    if isinstance(other, np.ndarray) and other.dtype.kind in "biufc":
        args = (self, tensor(other))
    elif not is_operand(other) and foreign((other,)):
        return answer(op.entry, args, {}, 3)  # type: ignore[no-any-return]
    return for_operator(op, args)


def _rtruediv(self: Tensor, other: object) -> Tensor:
    if not is_operand(other) and foreign((other,)):
        return answer(_rtruediv, (self, other), {})  # type: ignore[no-any-return]
    # as PyTorch does it, so that the same is saved and the graph has the same nodes
    made: Tensor = NotImplemented
    try:
        made = self.reciprocal() * other
    except TypeError:
        if is_operand(other):
            raise
    return made


_rtruediv.__name__ = "__rtruediv__"


def _matmul(self: Tensor, other: object) -> Tensor:
    made: Tensor = NotImplemented
    try:
        made = _any_matmul(self, other)
    except (TypeError, AttributeError):
        if isinstance(other, Tensor):
            raise
        if foreign((other,)):
            return answer(_any_matmul, (self, other), {})  # type: ignore[no-any-return]
    return made


def _rmatmul(self: Tensor, other: object) -> Tensor:
    if isinstance(other, Tensor):
        return _any_matmul(other, self)
    return answer(_any_matmul, (other, self), {}) if foreign((other,)) else NotImplemented


def _array_wrap(self: Tensor, array: HostArray, context: object = None, return_scalar: bool = False) -> Tensor:
    """What NumPy's functions of tensors give: tensors again, of uint8 for bool, as in PyTorch."""
    return from_numpy(array.astype("uint8") if array.dtype.kind == "b" else array)


def _rsub(self: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """`other - alpha * self`, elementwise with broadcasting and promotion."""
    made: Tensor = TABLE["sub"].entry(other, self, alpha=alpha)
    return made


def _positive(self: Tensor) -> Tensor:
    if self._dtype is D.bool:
        raise RuntimeError("positive(): The `+` operator, on a bool tensor is not supported.")
    return self


def _invert(self: Tensor) -> Tensor:
    if self._dtype.is_floating_point:
        raise TypeError(
            f"bitwise_not(): ~ (operator.invert) is only implemented on integer and Boolean-type tensors, got {self._dtype}"
        )
    return bitwise_not(self)


def install() -> None:
    """Put the operators on Tensor."""
    for operator, name in (
        ("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "true_div"), ("floordiv", "floor_divide"),
        ("mod", "remainder"), ("pow", "pow"), ("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor"),
        ("lshift", "bitwise_left_shift"), ("rshift", "bitwise_right_shift"),
    ):
        attach(f"__{operator}__", TABLE[name].operator)
        attach(f"__i{operator}__", inplace_operator(TABLE[name]))
    for operator, name in (("add", "add"), ("mul", "mul"), ("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor")):
        attach(f"__r{operator}__", TABLE[name].operator)
    attach("__rsub__", _reflected(TABLE["sub"].compute, "__rsub__"))
    attach("__rtruediv__", _rtruediv)
    attach("__rdiv__", _rtruediv)
    for operator, name in (
        ("floordiv", "floor_divide"), ("mod", "remainder"), ("pow", "pow"),
    ):
        attach(f"__r{operator}__", _reflected(TABLE[name].entry, f"__r{operator}__"))
    for operator, name in (("lshift", "bitwise_left_shift"), ("rshift", "bitwise_right_shift")):
        attach(f"__r{operator}__", _reflected(TABLE[name].compute, f"__r{operator}__"))
    attach("__matmul__", _matmul)
    attach("__rmatmul__", _rmatmul)
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        attach(f"__{name}__", TABLE[name].operator)
    attach("__eq__", straight(TABLE["eq"], _equal))
    attach("__neg__", TABLE["neg"].entry)
    attach("__pos__", _positive)
    attach("__abs__", TABLE["abs"].entry)
    attach("__invert__", _invert)
    attach("__array_wrap__", _array_wrap)
    attach("rsub", _rsub)
