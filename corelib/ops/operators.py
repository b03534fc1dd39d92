"""Python's operators on Tensor, reflected and in-place forms included."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.op import TABLE
from corelib.ops.elementwise.unary import bitwise_not
from corelib.ops.products.products import matmul
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor

Operator: TypeAlias = Callable[[Tensor, object], Tensor]
"""What Python calls with a tensor and whatever stands beside it."""
_NUMBERS = (int, float, bool, complex)


def _operand(other: object) -> bool:
    return isinstance(other, (Tensor, *_NUMBERS)) or getattr(other, "shape", None) == ()


def _reflected(function: Callable[..., Tensor], name: str) -> Operator:
    def operator(self: Tensor, other: object) -> Tensor:
        return function(other, self) if _operand(other) else NotImplemented

    operator.__name__ = operator.__qualname__ = name
    return operator


def _commuted(function: Callable[..., Tensor], name: str) -> Operator:
    def operator(self: Tensor, other: object) -> Tensor:
        return function(self, other) if _operand(other) else NotImplemented

    operator.__name__ = operator.__qualname__ = name
    return operator


def _comparison(function: Callable[..., Tensor], name: str) -> Operator:
    def operator(self: Tensor, other: object) -> Tensor:
        return NotImplemented if other is None or isinstance(other, (str, list, tuple, dict)) else function(self, other)

    operator.__name__ = operator.__qualname__ = name
    return operator


def _rtruediv(self: Tensor, other: object) -> Tensor:
    # as PyTorch does it, so that the same is saved and the graph has the same nodes
    return self.reciprocal() * other if _operand(other) else NotImplemented


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
        attach(f"__{operator}__", TABLE[name].compute)  # which takes whatever Python hands it
        attach(f"__i{operator}__", TABLE[name].inplace_entry)
    for operator, name in (("add", "add"), ("mul", "mul"), ("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor")):
        attach(f"__r{operator}__", _commuted(TABLE[name].compute, f"__r{operator}__"))
    attach("__rsub__", _reflected(TABLE["sub"].compute, "__rsub__"))
    attach("__rtruediv__", _rtruediv)
    attach("__rdiv__", _rtruediv)
    for operator, name in (
        ("floordiv", "floor_divide"), ("mod", "remainder"), ("pow", "pow"), ("lshift", "bitwise_left_shift"),
        ("rshift", "bitwise_right_shift"),
    ):
        attach(f"__r{operator}__", _reflected(TABLE[name].entry, f"__r{operator}__"))
    attach("__matmul__", matmul)
    attach("__rmatmul__", _reflected(matmul, "__rmatmul__"))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        attach(f"__{name}__", _comparison(TABLE[name].compute, f"__{name}__"))
    attach("__neg__", TABLE["neg"].entry)
    attach("__pos__", _positive)
    attach("__abs__", TABLE["abs"].entry)
    attach("__invert__", _invert)
    attach("rsub", _rsub)
