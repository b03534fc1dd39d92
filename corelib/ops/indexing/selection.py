"""Choosing between elements by a condition or by their size: clamp, masked_fill, lerp and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from corelib.dispatcher.calls.elementwise import fitting_number, output_strides
from corelib.dispatcher.declare import op
from corelib.dispatcher.op import Inferred
from corelib.dispatcher.operands import Aside
from corelib.graph.rule import Vjp, without_derivative
from corelib.ops.elementwise.unary import in_float32, is_half, refuse
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.dtype import Number, dtype as DType, kind_name
from corelib.tensor.limits import finfo
from corelib.tensor.promotion import result_type
from corelib.tensor.size import Shape, broadcast_shapes
from corelib.tensor.tensor import Tensor


def masked_shape(name: str, input: Tensor, mask: Tensor) -> Shape:
    """The shape that a tensor and a mask broadcast to; RuntimeError where they do not."""
    shape = broadcast_shapes(input._shape, mask._shape)
    if shape is None:
        raise RuntimeError(
            f"{name}(): The size of tensor a {list(input._shape)} must match the size of tensor b {list(mask._shape)} (the mask) at "
            "non-singleton dimensions"
        )
    return shape


def _checked_value(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor | Number:
    """The value of masked_fill, when it and the mask have been checked."""
    if not isinstance(mask, Tensor):
        raise TypeError(f"masked_fill(): argument 'mask' (position 1) must be Tensor, not {type(mask).__name__}")
    if mask._dtype is not D.bool:
        raise RuntimeError(f"masked_fill(): only supports boolean masks, but got mask with dtype {mask._dtype}")
    if isinstance(value, Tensor) and value._shape:
        raise RuntimeError(
            f"masked_fill(): only supports a 0-dimensional value tensor, but got tensor with {len(value._shape)} dimension(s)."
        )
    masked_shape("masked_fill", input, mask)
    if isinstance(value, Tensor) and value._dtype.is_complex and not input._dtype.is_complex and value._device.type != "meta":
        value = value.item()
    return value if isinstance(value, Tensor) else fitting_number("masked_fill", value, input._dtype)


@op(
    inplace=True, overlap="itself", repeats="deprecated", on=("torch", "Tensor"),
    vjp={
        "input": lambda g, mask: select_where(mask, 0.0, g),
        "value": lambda g, mask: select_where(mask, g, 0.0).sum(),
    },
    grad_name=lambda input, mask, value: ("MaskedFillBackward1", (0, 1)) if isinstance(value, Tensor) else ("MaskedFillBackward0", (0,)),
)
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """`input` with `value` where the bool `mask`, broadcast, is True.

    >>> import corelib as torch
    >>> torch.zeros(2).masked_fill(torch.tensor([True, False]), 5)
    tensor([5., 0.])
    """
    value = _checked_value(input, mask, value)
    if isinstance(value, Tensor):
        value = value.to(device=input._device, dtype=input._dtype)
    else:
        value = input.new_full((), value)
    return select_where(mask, value, input).contiguous()


Bound: TypeAlias = Tensor | Number | None
"""What clamp takes for an end of the range."""


def _clamp_form(input: Tensor, min: Bound, max: Bound) -> tuple[str, tuple[int, ...]]:
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    return ("ClampBackward0", (0, 1, 2)) if tensors else ("ClampBackward1", (0,))


def _clamp_vjp(g: Tensor, input: Tensor, min: Bound, max: Bound) -> Tensor:
    if min is None:
        inside = input <= max
    elif max is None:
        inside = input >= min
    else:
        inside = (input >= min) & (input <= max)
    return select_where(inside, g, 0.0)


def _clamp_min_vjp(g: Tensor, input: Tensor, min: Tensor, max: Bound) -> Tensor:
    chosen = input < min
    return select_where(chosen if max is None else chosen & (min < max), g, 0.0)


def _clamp_max_vjp(g: Tensor, input: Tensor, min: Bound, max: Tensor) -> Tensor:
    chosen = input > max
    return select_where(chosen if min is None else chosen | (max < min), g, 0.0)


def _as_number(bound: Tensor | Number) -> Tensor | Number:
    """A tensor without dimensions, and without a gradient to take, is a number beside a number."""
    return bound.item() if isinstance(bound, Tensor) and not bound._shape and not bound.requires_grad else bound


def _infer_clamp(input: Tensor, min: Bound, max: Bound) -> Inferred:
    if (
        (min is None or type(min) is float or type(min) is int) and (max is None or type(max) is float or type(max) is int)
        and input._strides is None and input._dtype.is_floating_point
    ):  # fmt: skip
        if min is not None or max is not None:  # the frequent form, which needs no promotion
            dtype = input._dtype
            low, high = (None if x is None else fitting_number("clamp", x, dtype) for x in (min, max))
            return (input._shape, input._dtype), (input, low, high)
    if min is None and max is None:
        raise RuntimeError("clamp(): At least one of 'min' or 'max' must not be None")
    for what, x in (("min", min), ("max", max)):
        if x is not None and not isinstance(x, (Tensor, int, float)):
            raise TypeError(f"clamp(): argument '{what}' must be Number or Tensor, not {type(x).__name__}")
    if min is not None and max is not None and isinstance(min, Tensor) is not isinstance(max, Tensor):
        min, max = _as_number(min), _as_number(max)
    if min is not None and max is not None and isinstance(min, Tensor) is not isinstance(max, Tensor):
        raise TypeError(f"clamp(): 'min' and 'max' must both be Tensors or both Numbers, got {type(min).__name__} and {type(max).__name__}")
    given = [x for x in (input, min, max) if x is not None]
    dtype = result_type(*given) if len(given) < 3 else result_type(given[0], *given[1:])
    if dtype is D.bool and (len(given) > 2 or not isinstance(given[1], Tensor)):
        raise NotImplementedError("clamp(): \"clamp_cpu\" not implemented for 'Bool'")
    if input._dtype is not dtype:
        input = input.to(dtype)
    shape = broadcast_shapes(*[x._shape for x in given if isinstance(x, Tensor)])
    if shape is None:
        raise RuntimeError(
            f"clamp(): The size of tensor a {list(input._shape)} must match the size of tensor b at non-singleton dimensions "
            f"(bounds {[list(x._shape) for x in given[1:] if isinstance(x, Tensor)]})"
        )
    min, max = (
        None if x is None else x.to(dtype) if isinstance(x, Tensor) else fitting_number("clamp", x, dtype) for x in (min, max)
    )
    strides = output_strides((input, min, max), shape)
    return (shape, dtype) if strides is None else (shape, dtype, strides), (input, min, max)


def _bounded(x: Tensor, bound: Tensor | Number, beyond: Tensor) -> Tensor:
    """`x`, and where it is beyond it the bound, which is also the result where it is NaN."""
    if not x._dtype.is_floating_point:  # compilers warn of comparing an integer with itself
        return select_where(beyond, bound, x)
    if isinstance(bound, Tensor):
        return select_where(beyond | (bound != bound), bound, x)
    return select_where(beyond if bound == bound else x == x, bound, x)


@op(
    infer=_infer_clamp, inplace=True, out="exact", aliases=("clip",), ref="clip",
    vjp={"input": _clamp_vjp, "min": _clamp_min_vjp, "max": _clamp_max_vjp}, grad_name=_clamp_form,
)
def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """`input` with everything below `min` raised to it and everything above `max` lowered to it; NaN stays.

    The bounds are numbers or tensors; either may be None but not both.

    >>> import corelib as torch
    >>> torch.clamp(torch.tensor([-1., .5, 2.]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    made = input
    if min is not None:
        made = _bounded(made, min, made < min)
    if max is not None:
        made = _bounded(made, max, made > max)
    return input.clone() if made is input else made


@op(inplace=True, out="exact")
def clamp_min(input: Tensor, min: Aside[Tensor | Number]) -> Tensor:
    """`input` with everything below `min` raised to it.

    >>> import corelib as torch
    >>> torch.clamp_min(torch.tensor([-1., 1.]), 0)
    tensor([0., 1.])
    """
    return clamp(input, min, None)


@op(inplace=True, out="exact")
def clamp_max(input: Tensor, max: Aside[Tensor | Number]) -> Tensor:
    """`input` with everything above `max` lowered to it.

    >>> import corelib as torch
    >>> torch.clamp_max(torch.tensor([-1., 1.]), 0)
    tensor([-1.,  0.])
    """
    return clamp(input, None, max)


def _fmax_vjp(first_wins: Callable[[Tensor, Tensor], Tensor]) -> dict[str, Vjp]:
    # the first operand takes it all where it is chosen or ties, or the other is NaN
    return {
        "input": lambda g, input, other: select_where(first_wins(input, other) | (other != other), g, 0.0),
        "other": lambda g, input, other: select_where(first_wins(input, other) | (other != other), 0.0, g),
    }


@op(kind="binary", ref="fmax", numbers=False, out=True, vjp=_fmax_vjp(lambda a, b: a >= b))
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two, elementwise; where one is NaN, the other.

    >>> import corelib as torch
    >>> torch.fmax(torch.tensor([1., float("nan")]), torch.tensor([3., 2.]))
    tensor([3., 2.])
    """
    return select_where((input >= other) | (other != other), input, other)


@op(kind="binary", ref="fmin", numbers=False, out=True, vjp=_fmax_vjp(lambda a, b: a <= b))
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two, elementwise; where one is NaN, the other.

    >>> import corelib as torch
    >>> torch.fmin(torch.tensor([1., float("nan")]), torch.tensor([3., 2.]))
    tensor([1., 2.])
    """
    return select_where((input <= other) | (other != other), input, other)


def _one_dtype(dtype: DType, input: object, values: object) -> None:
    if isinstance(input, Tensor) and isinstance(values, Tensor) and input._dtype is not values._dtype:
        raise RuntimeError("heaviside(): heaviside is not yet implemented for tensors with different dtypes.")


@op(
    kind="binary", ref="heaviside", numbers=False, inplace=True, out="exact", check=_one_dtype,
    vjp=dict.fromkeys(("input", "values"), without_derivative("heaviside")), grad_name="NotImplemented",
)
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where `input` is negative, 1 where positive, and `values` where it is 0, elementwise; both of one dtype.

    >>> import corelib as torch
    >>> torch.heaviside(torch.tensor([-1., 0., 2.]), torch.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    step = (input > 0).to(input._dtype)
    return select_where(input == 0, values, step)


def _same_float(dtype: DType, input: Tensor, end: Tensor, *weight: Tensor | Number) -> None:
    for what, x in (("end", end), *(("weight", w) for w in weight)):
        if isinstance(x, Tensor) and x._dtype is not input._dtype:
            raise RuntimeError(f"lerp(): expected dtype {input._dtype} for `{what}`, but got dtype {x._dtype}")
    kind = input._dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise NotImplementedError(f"lerp(): \"lerp_kernel_scalar\" not implemented for '{kind_name(kind)}'; floats are accepted")


@op(
    kind="elementwise", complex_body=True, inplace=True, out=True, check=_same_float,
    vjp={
        "input": lambda g, weight: g * (1 - weight),
        "end": lambda g, weight: g * weight,
        "weight": lambda g, input, end: g * (end - input),
    },
    grad_name=lambda input, end, weight: ("LerpBackward1", (0, 1, 2)) if isinstance(weight, Tensor) else ("LerpBackward0", (0, 1)),
)
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """`input + weight * (end - input)`, elementwise.

    >>> import corelib as torch
    >>> torch.lerp(torch.tensor([0.]), torch.tensor([10.]), 0.5)
    tensor([5.])
    """
    if is_half(input):
        return in_float32(lambda a, b, w: lerp(a, b, w), input, end, weight)
    # from the nearer end, so that weight 1 gives `end` exactly, as in PyTorch
    step = end - input
    if isinstance(weight, (int, float, complex)):
        return input + weight * step if abs(weight) < 0.5 else end - step * (1 - weight)
    return select_where(weight.abs() < 0.5, input + weight * step, end - step * (1 - weight))


@op(
    kind="elementwise", complex_body=True, inplace=True, out=True, numbers=False, check=refuse("addcmul", D.bool),
    vjp={
        "input": lambda g: g,
        "tensor1": lambda g, tensor2, value: g * tensor2 * value,
        "tensor2": lambda g, tensor1, value: g * tensor1 * value,
    },
)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`input + value * tensor1 * tensor2`, elementwise.

    >>> import corelib as torch
    >>> torch.addcmul(torch.tensor([1.]), torch.tensor([2.]), torch.tensor([3.]))
    tensor([7.])
    """
    if is_half(input):
        return in_float32(lambda x, a, b: addcmul(x, a, b, value=value), input, tensor1, tensor2)
    product = tensor1 * tensor2 if isinstance(value, (int, float)) and value == 1 else value * tensor1 * tensor2
    return input + product


def _no_integer_division(dtype: DType, *operands: object) -> None:
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(
            f"addcdiv(): Integer division with addcdiv is no longer supported (dtype {dtype}); floating dtypes are accepted. "
            "Use input + value * torch.trunc(tensor1 / tensor2) or (input + value * tensor1 / tensor2)."
        )


@op(
    kind="elementwise", complex_body=True, inplace=True, out=True, numbers=False, check=_no_integer_division,
    vjp={
        "input": lambda g: g,
        "tensor1": lambda g, tensor2, value: g * (value / tensor2),
        "tensor2": lambda g, tensor1, tensor2, value: -g * (value * tensor1 / (tensor2 * tensor2)),
    },
)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`input + value * tensor1 / tensor2`, elementwise. RuntimeError for integers.

    >>> import corelib as torch
    >>> torch.addcdiv(torch.tensor([1.]), torch.tensor([6.]), torch.tensor([3.]))
    tensor([3.])
    """
    if is_half(input):
        return in_float32(lambda x, a, b: addcdiv(x, a, b, value=value), input, tensor1, tensor2)
    return input + (tensor1 * value) / tensor2


@op(
    inplace=True, out="exact",
    vjp=lambda g, input: select_where(input.isfinite(), g, 0.0),
)
def nan_to_num(input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """`input` with NaN, inf and -inf replaced, by 0 and the largest and smallest finite numbers unless given.

    >>> import corelib as torch
    >>> torch.nan_to_num(torch.tensor([float("nan"), 1.]))
    tensor([0., 1.])
    """
    if not input._dtype.is_floating_point:
        return input.clone()
    top = finfo(input._dtype).max
    made = select_where(input == float("-inf"), -top if neginf is None else neginf, input)
    made = select_where(input == float("inf"), top if posinf is None else posinf, made)
    return select_where(input != input, 0.0 if nan is None else nan, made)
