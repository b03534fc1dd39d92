"""Entry functions of in-place forms, and of Python's operators."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.calls.elementwise import elementwise, is_operand
from corelib.dispatcher.calls.foreign import answer, foreign
from corelib.dispatcher.calls.inplace import inplace, inplace_binary
from corelib.dispatcher.calls.old_orders import in_todays_order
from corelib.dispatcher.op import Op
from corelib.graph.rule import Args
from corelib.tensor.dtype import Number
from corelib.tensor.tensor import Tensor


def for_operator(op: Op, args: Args) -> Tensor:
    """An operator's slow path: NotImplemented where the other operand is nothing that the op knows, so that Python asks that one."""
    made: Tensor = NotImplemented
    try:
        made = elementwise(op, args)
    except TypeError:
        if is_operand(args[1]):
            raise
        if foreign(args):
            return answer(op.entry, args, {}, 3)  # type: ignore[no-any-return]
    return made


def inplace_operator(op: Op) -> Any:
    """Python's `op=`, for the same operands."""

    def operator(self: Tensor, other: Any) -> Any:
        try:
            return inplace_binary(op, self, other)
        except (TypeError, RuntimeError):
            if is_operand(other):
                raise
            return answer(op.inplace_entry, (self, other), {}) if foreign((other,)) else NotImplemented

    return operator


def rename(entry: Any, op: Op) -> None:
    """Give the entry of a binary op the name of its second operand, where it is not `other`."""
    code = entry.__code__
    entry.__code__ = code.replace(co_varnames=(code.co_varnames[0], op.params[1], *code.co_varnames[2:]))


def _in_old_order(op: Op, args: Args, kwargs: dict[str, Any]) -> Tensor:
    """An in-place call with more arguments by position than there are parameters."""
    found = in_todays_order(op.name + "_", op.params, args)
    if found is None:
        raise TypeError(f"{op.name}_() takes {op.positional} positional arguments but {len(args)} were given")
    return inplace(op, tuple(found[0]), {**found[1], **kwargs})


def inplace_entry(op: Op) -> Any:
    entry: Any
    if op.kind != "binary":

        def any_form(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            if len(args) >= op.positional:
                return _in_old_order(op, (self, *args), kwargs)
            try:
                return inplace(op, (self, *args), kwargs)
            except Exception:
                if foreign((*args, *kwargs.values())):
                    return answer(any_form, (self, *args), kwargs)  # type: ignore[no-any-return]
                raise

        entry = any_form
    elif "alpha" in op.params:

        def with_alpha(self: Tensor, other: Any, *old: Any, alpha: Number = 1) -> Tensor:
            if old:
                return _in_old_order(op, (self, other, *old), {} if type(alpha) is int and alpha == 1 else {"alpha": alpha})
            try:
                return inplace_binary(op, self, other) if type(alpha) is int and alpha == 1 else inplace(op, (self, other, alpha))
            except Exception:
                if foreign((other,)):
                    return answer(with_alpha, (self, other), {"alpha": alpha})  # type: ignore[no-any-return]
                raise

        def shown(self: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
            return self

        vars(with_alpha)["__wrapped__"] = shown
        entry = with_alpha
    else:

        def plain(self: Tensor, other: Any) -> Tensor:
            try:
                return inplace_binary(op, self, other)
            except Exception:
                if foreign((other,)):
                    return answer(plain, (self, other), {})  # type: ignore[no-any-return]
                raise

        entry = plain
    if op.kind == "binary":
        rename(entry, op)
    entry.__name__ = entry.__qualname__ = op.name + "_"
    entry.__doc__ = f"The in-place form of `{op.name}`: writes its result into this tensor and returns it."
    return entry
