"""where: the choice between two by a condition. Its primitive `select_where` is what bodies use."""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.calls.elementwise import cast_number, fitting_number, number, output_strides
from corelib.dispatcher.calls.outs import store
from corelib.dispatcher.declare import KernelOnly, op
from corelib.dispatcher.namespaces import public
from corelib.dispatcher.op import TABLE, Inferred
from corelib.dispatcher.warned import warn
from corelib.tensor import dtype as D
from corelib.tensor.base import attach
from corelib.tensor.dtype import Number
from corelib.tensor.promotion import result_type
from corelib.tensor.size import broadcast_shapes
from corelib.tensor.tensor import Tensor


def _infer_where(condition: Tensor, input: Tensor | Number, other: Tensor | Number) -> Inferred:
    for what, x in (("input", input), ("other", other)):
        if not isinstance(x, (Tensor, int, float, complex)):
            raise TypeError(f"where(): argument '{what}' must be Tensor or Number, not {type(x).__name__}")
    if condition._dtype is not D.bool:
        if condition._dtype is not D.uint8:
            raise RuntimeError(f"where(): expected condition to be a boolean tensor, but got a tensor with dtype {condition._dtype}")
        warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of PyTorch. Use a "
            "boolean condition instead."
        )
        condition = condition != 0
    tensors = [x for x in (condition, input, other) if isinstance(x, Tensor)]
    shape = broadcast_shapes(*[t._shape for t in tensors])
    if shape is None:
        raise RuntimeError(
            f"where(): The size of tensors condition {list(condition._shape)}, input {list(getattr(input, '_shape', ()))} and "
            f"other {list(getattr(other, '_shape', ()))} must match at non-singleton dimensions"
        )
    dtype = result_type(input, other)
    device = condition._device
    for t in tensors:
        if t._shape or t._device.type != "cpu":
            device = t._device
            break
    for t in tensors:
        if t._device is not device and (t._shape or t._device.type != "cpu"):  # only the host's numbers go with any device
            raise RuntimeError(
                f"where(): Expected all tensors to be on the same device, but found at least two devices, {device} and {t._device}!"
            )
    made = [
        (x if x._dtype is dtype and x._device is device else x.to(device=device, dtype=dtype)) if isinstance(x, Tensor)
        else cast_number(x, dtype)
        for x in (input, other)
    ]
    if condition._device is not device:
        condition = condition.to(device)
    strides = output_strides((condition, *made), shape) if device.runtime.strided_any else None
    return (shape, dtype) if strides is None else (shape, dtype, strides), (condition, *made)


def _where_chosen(g: Tensor, condition: Tensor) -> Tensor:
    return select_where(condition, g, 0.0)


def _where_not(g: Tensor, condition: Tensor) -> Tensor:
    return select_where(condition, 0.0, g)


@op(
    infer=_infer_where, by_result=True, on=(), grad_name="WhereBackward0", ref="where", out="exact",
    vjp={"input": _where_chosen, "other": _where_not},
)
def select_where(condition: Tensor, input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Primitive: `input` where `condition` is True, else `other`; either may be a number."""
    raise KernelOnly


@public("torch")
def where(
    condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None, *, out: Tensor | None = None
) -> Any:
    """`input` where the bool `condition` is True, else `other`, with broadcasting and promotion.

    With `condition` alone: the indices of its True elements, as `nonzero(as_tuple=True)`.

    >>> import corelib as torch
    >>> torch.where(torch.tensor([True, False]), torch.tensor([1, 2]), 0)
    tensor([1, 0])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if not isinstance(condition, Tensor):
        raise TypeError(f"where(): argument 'condition' (position 1) must be Tensor, not {type(condition).__name__}")
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        input, other = _fitting(input, other)
    made: Tensor = TABLE["select_where"].entry(condition, input, other)
    if out is not None:
        return store(TABLE["select_where"], made, out, condition, input, other)
    return made


def _fitting(input: Any, other: Any) -> tuple[Any, Any]:
    """The choices of `where`, when the numbers among them have been found to fit the dtype of the result."""
    for what, x in (("input", input), ("other", other)):
        if not isinstance(x, (Tensor, int, float, complex)):
            raise TypeError(f"where(): argument '{what}' must be Tensor or Number, not {type(x).__name__}")
        if not isinstance(x, Tensor):
            number(x)
    dtype = result_type(input, other)
    for x in (input, other):
        if not isinstance(x, Tensor):
            fitting_number("where", x, dtype, D.float64)
    return input, other


def _where_method(self: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
    """This tensor where `condition` is True, else `other`."""
    made: Tensor = where(condition, self, other)
    return made


attach("where", _where_method)
