"""In-place forms: checks, the kernel written straight into the tensor, and the tensor's new place in the graph."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.calls.elementwise import BROADCASTS, _cast, _operand, _scaled, common_device, common_dtype, natives_of, suited
from corelib.dispatcher.calls.outcome import afresh, next_computed, noted
from corelib.dispatcher.calls.primitive import COPY, apart, refuse_read_only, refuse_repeats, refuse_shared, repeats, write_repeated
from corelib.dispatcher.modes import active, top
from corelib.dispatcher.op import Kwargs, Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.inplace import adopt, before_change, check_inference, check_leaf, keep_in_graph
from corelib.dispatcher.regions import watched
from corelib.graph.rule import Args
from corelib.graph.tangents import FORWARD, keep_tangent, tangent_of
from corelib.tensor.dtype import kind_name
from corelib.tensor.promotion import can_cast
from corelib.tensor.size import LEAST, SMALL, broadcast_shapes
from corelib.tensor.tensor import Tensor

ELEMENTWISE = ("unary", "binary", "elementwise")


def inplace_binary(op: Op, self: Tensor, other: Any) -> Tensor:
    """`self op= other`: the straight path for matching operands outside the graph."""
    if active.count or self._strides is not None:
        return inplace(op, (self, other))
    try:
        dtype = self._dtype
        kernel = op.kernels[self._key][dtype]
        kind = type(other)
        if kind is not Tensor and (kind is float or (kind is int and LEAST < other < SMALL)):
            if not dtype.is_floating_point or self._requires_grad or not op.facts.numbers or not self._device.runtime.scalars:
                return inplace(op, (self, other))
            native = other
        else:
            if (
                other._dtype is not dtype
                or other._device is not self._device
                or other._strides is not None
                or (other._storage is not None and other is not self and other._shares(self))
                or self._requires_grad
                or other._requires_grad
            ):
                return inplace(op, (self, other))
            if other._shape != self._shape and BROADCASTS[self._shape, other._shape][0] != self._shape:
                return inplace(op, (self, other))
            native = other._native
            if native is None:
                native = other._array()
        if op.facts.result is not None or self.is_inference():
            return inplace(op, (self, other))
    except (KeyError, AttributeError):
        return afresh(inplace, op, (self, other))
    target = self._native
    if target is None:
        target = self._array()
    try:
        got = kernel(target, target, native)
    except Exception as error:
        refuse_read_only(op.name + "_", self)  # NumPy's words for an array that may not be written are others
        noted(error, op, self._device, (self, other))
        raise
    if got is not None and got is not target:
        refuse_read_only(op.name + "_", self)
        if not next_computed(op, self._device, dtype, got, target, target, native):
            return inplace(op, (self, other))
    storage = self._storage
    if storage is None:
        storage = self._own_storage()
    storage._version += 1
    return self


def inplace(op: Op, args: Args, kwargs: Kwargs | None = None) -> Tensor:
    """The in-place form of any op: the same checks as PyTorch, then the result is written into the first argument."""
    if active.count and watched.recorder is not None and watched.recorder.wants_inplace(op):
        with watched.recorder.inplace(op, args):
            return inplace(op, args, kwargs)
    self = args[0]
    if not isinstance(self, Tensor):
        raise TypeError(f"{op.name}_(): argument 'self' (position 1) must be Tensor, not {type(self).__name__}")
    check_writable(op.name + "_", self, op.facts.repeats)
    if len(args) > len(op.params):
        raise TypeError(f"{op.name}_() takes {len(op.params)} positional arguments but {len(args)} were given")
    if op.complex_as is not None and self._dtype.is_complex:
        raise RuntimeError(f"{op.name}_(): In-place {op.name} is not supported for complex tensors.")
    given = _flat(args, kwargs)
    if len(given) > 1 and op.facts.overlap != "first":
        refuse_shared(op.name + "_", self, given[1:], "apart" if op.facts.overlap == "others" else op.facts.overlap)
    grad = False
    if grad_mode.enabled:
        for x in given:
            if getattr(x, "_requires_grad", False):
                grad = True
                break
    if not grad and op.kind in ELEMENTWISE and not kwargs and not (active.count and top() is not None):
        if _straight(op, args):
            return self

    before = before_change(op.rule, self, args[1:]) if grad else self
    forward = FORWARD.mode
    if forward is not None and before is not self:
        tangent_of(self)  # that of a view is found by its base
        keep_tangent(self, before)
    if op.compute is not None and len(args) == 2 and not kwargs:
        result = op.compute(before, args[1])
    else:
        result = op.entry(before, *args[1 : op.positional], **_with_defaults(op, args, kwargs))
    if result._shape != self._shape or result._dtype is not self._dtype:
        check_result(op.name + "_", self, result)
    if self._native is None and before._storage is self._storage is not None:
        self._native = before._native
    write(self, result)
    self._bump()
    if forward is not None:
        forward.overwrite(self, tangent_of(result))
    if grad:
        if before._requires_grad and not result._requires_grad and op.rule.vjps is None:
            keep_in_graph(op.rule, before, result)
        adopt(op.rule, self, result, before)
    return self


def _with_defaults(op: Op, args: Args, kwargs: Kwargs | None) -> Kwargs:
    kwargs = dict(kwargs or {})
    extra = args[op.positional :]
    if extra:  # keyword-only parameters that an in-place entry passed by position
        kwargs.update(zip(op.params[op.positional :], extra, strict=False))
    return kwargs


def _flat(args: Args, kwargs: Kwargs | None) -> list[Any]:
    if not kwargs:
        for x in args:
            if isinstance(x, (tuple, list)):
                break
        else:
            return list(args)
    found: list[Any] = []
    for x in (*args, *(kwargs or {}).values()):
        if isinstance(x, (tuple, list)):
            found.extend(x)
        else:
            found.append(x)
    return found


def _straight(op: Op, args: Args) -> bool:
    """Run the kernel with the tensor as both input and out; False where something has to be converted first."""
    self = args[0]
    operands = [_operand(op, i, args[i]) for i in op.operands if i < len(args)]
    tensors = [x for x in operands if isinstance(x, Tensor)]
    dtype = common_dtype(op, operands)
    device = common_device(op, tensors)
    if device is not self._device or (op.facts.result or dtype) is not self._dtype or dtype is not self._dtype:
        return False
    kernel = op.kernel_for(self._key, dtype)
    if kernel is None:
        return False
    for t in tensors[1:]:
        if t._shape != self._shape:
            if broadcast_shapes(self._shape, t._shape) != self._shape:
                return False
            if len(BROADCASTS) < 4096:
                BROADCASTS[self._shape, t._shape] = (self._shape, self._numel)
    cast = [self, *[_cast(x, dtype, device) for x in operands[1:]]]
    rest = args[len(operands) :]
    if rest and "alpha" in op.params:
        cast[1] = _scaled(op, cast[1], rest[0], dtype)
        rest = ()
    cast = [self, *[apart(self, x) if isinstance(x, Tensor) else x for x in cast[1:]]]
    target, runtime = self._array(), device.runtime
    if not runtime.strided_any and self._strides is not None:
        return False
    given = (*cast, *rest) if runtime.plain else suited(op, runtime, (*cast, *rest), dtype, device)
    natives = natives_of(given)
    try:
        got = kernel(target, *natives)
    except Exception as error:
        noted(error, op, device, given)
        raise
    if got is not None and got is not target and not next_computed(op, device, dtype, got, target, *natives):
        return False
    self._bump()
    return True


class _Mutation:
    """Who is told before a tensor is changed, while saved tensors may be; `before(tensor)`."""

    __slots__ = ("context",)

    def __init__(self) -> None:
        self.context: Any = None


MUTATION = _Mutation()


def check_writable(name: str, self: Tensor, repeated: str = "") -> None:
    """RuntimeError for a leaf in the graph and for a tensor whose elements share memory with each other, unless that is "accepted" or "deprecated"."""
    if self._requires_grad and grad_mode.enabled:
        check_leaf(name, self)
    if self.is_inference():
        check_inference(name, self)
    refuse_read_only(name, self)
    refuse_repeats(name, self, repeated)
    if MUTATION.context is not None:
        MUTATION.context.before(self)


def check_result(name: str, self: Tensor, result: Tensor) -> None:
    """RuntimeError where a result does not fit the tensor it is to be written into."""
    if result._shape != self._shape:
        raise RuntimeError(
            f"{name}(): output with shape {list(self._shape)} doesn't match the broadcast shape {list(result._shape)}"
        )
    if result._dtype is not self._dtype and not can_cast(result._dtype, self._dtype):
        raise RuntimeError(
            f"{name}(): result type {kind_name(result._dtype)} can't be cast to the desired output type "
            f"{kind_name(self._dtype)}"
        )


def write(self: Tensor, value: Tensor) -> None:
    """Copy a value's elements into a tensor, casting; nothing is recorded and the version is the caller's business."""
    if self._strides is not None and repeats(self):
        write_repeated(self, value)
    else:
        COPY.value(self, value)
