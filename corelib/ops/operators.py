"""Python's operators on Tensor, reflected and in-place forms included."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.op import TABLE
from corelib.ops.elementwise.arithmetic import floor_divide, pow, remainder
from corelib.ops.elementwise.unary import bitwise_not
from corelib.ops.products.products import matmul
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.tensor import Tensor

_NUMBERS = (int, float, bool, complex)


def _operand(other: Any) -> bool:
    return isinstance(other, (Tensor, *_NUMBERS)) or getattr(other, "shape", None) == ()


def _plain(name: str) -> Any:
    """The operator of a binary op: the entry itself, which takes whatever Python hands it."""
    return TABLE[name].compute


def _reflected(function: Any, name: str) -> Any:
    def operator(self: Tensor, other: Any) -> Any:
        return function(other, self) if _operand(other) else NotImplemented

    operator.__name__ = operator.__qualname__ = name
    return operator


def _comparison(name: str) -> Any:
    compute = TABLE[name].compute

    def operator(self: Tensor, other: Any) -> Any:
        if other is None or isinstance(other, (str, list, tuple, dict)):
            return NotImplemented
        return compute(self, other)

    operator.__name__ = operator.__qualname__ = f"__{name}__"
    return operator


def _rtruediv(self: Tensor, other: Any) -> Any:
    # as PyTorch does it, so that the same is saved and the graph has the same nodes
    return self.reciprocal() * other if _operand(other) else NotImplemented


def _sub_reflected(self: Tensor, other: Any) -> Any:
    return TABLE["sub"].compute(other, self) if _operand(other) else NotImplemented


def _commuted(name: str) -> Any:
    compute = TABLE[name].compute

    def operator(self: Tensor, other: Any) -> Any:
        return compute(self, other) if _operand(other) else NotImplemented

    return operator


def _positive(self: Tensor) -> Tensor:
    if self._dtype is D.bool:
        raise RuntimeError("positive(): The `+` operator, on a bool tensor is not supported.")
    return self


def _invert(self: Tensor) -> Any:
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
        attach(f"__{operator}__", _plain(name))
        inplace = TABLE[name].inplace_entry
        attach(f"__i{operator}__", inplace)
    for name in ("add", "mul"):
        attach(f"__r{name}__", _commuted(name))
    for operator, name in (("and", "bitwise_and"), ("or", "bitwise_or"), ("xor", "bitwise_xor")):
        attach(f"__r{operator}__", _commuted(name))
    attach("__rsub__", _sub_reflected)
    attach("__rtruediv__", _rtruediv)
    attach("__rfloordiv__", _reflected(floor_divide, "__rfloordiv__"))
    attach("__rmod__", _reflected(remainder, "__rmod__"))
    attach("__rpow__", _reflected(pow, "__rpow__"))
    attach("__rlshift__", _reflected(TABLE["bitwise_left_shift"].entry, "__rlshift__"))
    attach("__rrshift__", _reflected(TABLE["bitwise_right_shift"].entry, "__rrshift__"))
    attach("__itruediv__", TABLE["true_div"].inplace_entry)
    attach("__matmul__", matmul)
    attach("__rmatmul__", _reflected(matmul, "__rmatmul__"))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        attach(f"__{name}__", _comparison(name))
    attach("__neg__", TABLE["neg"].entry)
    attach("__pos__", _positive)
    attach("__abs__", TABLE["abs"].entry)
    attach("__invert__", _invert)
    attach("rsub", lambda self, other, *, alpha=1: TABLE["sub"].entry(other, self, alpha=alpha))


