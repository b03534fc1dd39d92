"""Sizes that a compiler leaves open: every size is known here, so these functions are those of plain numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NoReturn

from corelib.ops.construction.construct import tensor
from corelib.tensor.tensor import Tensor


class SymInt:
    """An int that is not known yet. There is none in corelib, so nothing is of this class."""

    def __init__(self, node: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__}: corelib has no numbers that are not known yet")


class SymFloat(SymInt):
    """A float that is not known yet; there is none."""


class SymBool(SymInt):
    """A bool that is not known yet; there is none."""


def _number(name: str, value: object) -> Any:
    if not isinstance(value, Real):
        raise TypeError(f"{name}(): expected an int, a float or a bool, got {type(value).__name__}")
    return value


def sym_int(a: float) -> int:
    """The number cut to an int.

    >>> import corelib as torch
    >>> torch.sym_int(-2.7), torch.sym_float(3), torch.sym_not(True), torch.sym_sqrt(4)
    (-2, 3.0, False, 2.0)
    """
    return int(_number("sym_int", a))


def sym_float(a: float) -> float:
    """The number as a float."""
    return float(_number("sym_float", a))


def sym_not(a: object) -> bool:
    """`not a`."""
    return not a


def sym_max(a: float, b: float) -> float:
    """The larger of two numbers; a float where one of them is.

    >>> import corelib as torch
    >>> torch.sym_max(1, 2.), torch.sym_min(1, 2), torch.sym_sum([1, 2, 3]), torch.sym_ite(True, 1, 2)
    (2.0, 1, 6, 1)
    """
    found = max(_number("sym_max", a), _number("sym_max", b))
    return float(found) if isinstance(a, float) or isinstance(b, float) else found


def sym_min(a: float, b: float) -> float:
    """The smaller of two numbers; a float where one of them is."""
    found = min(_number("sym_min", a), _number("sym_min", b))
    return float(found) if isinstance(a, float) or isinstance(b, float) else found


def sym_sqrt(a: float) -> float:
    """The square root."""
    return math.sqrt(_number("sym_sqrt", a))


def sym_sum(args: Sequence[float]) -> float:
    """The sum of numbers."""
    return sum(args)


def sym_fresh_size(expr: Any) -> Any:
    """The number itself, or that in a tensor of one element: no size here is other than known. RuntimeError for a tensor of several."""
    return tensor(expr).item()


def sym_ite(b: bool, t: Any, f: Any) -> Any:
    """`t if b else f`; TypeError for a `b` that is no bool."""
    if not isinstance(b, bool):
        raise TypeError(f"sym_ite(): argument 'b' must be bool, not {type(b).__name__}")
    return t if b else f


def sym_constrain_range(size: float, *, min: int | None = None, max: int | None = None) -> None:
    """RuntimeError for a number outside of a range.

    >>> import corelib as torch
    >>> torch.sym_constrain_range(3, min=2, max=4)
    """
    low, high = -(1 << 63) if min is None else min, (1 << 63) - 1 if max is None else max
    if low > high:
        raise RuntimeError(f"sym_constrain_range(): Max must be greater than min, got min={low} max={high}")
    if not low <= size <= high:
        raise RuntimeError(f"sym_constrain_range(): Invalid value range for {size} between [{low}, {high}].")


def sym_constrain_range_for_size(size: float, *, min: int | None = None, max: int | None = None) -> None:
    """RuntimeError for a size outside of a range, which begins at 0 unless `min` is given."""
    if max is not None and max <= 2:
        raise RuntimeError(f"sym_constrain_range_for_size(): Max value to constrain_range_for_size must be greater than 2. got: {max}")
    sym_constrain_range(size, min=0 if min is None else min, max=max)


def cond(pred: bool | float | Tensor, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Sequence[Any] = ()) -> Any:
    """What one of two functions gives for the operands, by a bool or a bool tensor of one element.

    RuntimeError for another predicate and for what cannot be called.

    >>> import corelib as torch
    >>> torch.cond(torch.tensor(True), lambda x: x + 1, lambda x: x - 1, (torch.ones(1),))
    tensor([2.])
    """
    if isinstance(pred, Tensor) and pred.numel() != 1:
        raise RuntimeError(f"cond(): Expected pred to be bool or single-element tensor, but got a tensor of shape {list(pred.shape)}.")
    if not isinstance(pred, (bool, int, float, Tensor)):
        raise RuntimeError(f"cond(): Expected pred to be bool or tensor, but got {pred}.")
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("cond(): Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)):
        raise RuntimeError(f"cond(): Expect operands to be a tuple of possibly nested dict/list/tuple that only consists of tensor leaves, but got {operands}.")
    return (true_fn if pred else false_fn)(*operands)


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Sequence[Any]) -> tuple[Any, ...]:
    """`carried_inputs`, put through `body_fn` as long as `cond_fn` says so (a bool, or a bool tensor of one element).

    >>> import corelib as torch
    >>> torch.while_loop(lambda x: x.sum() < 5, lambda x: (x + 1,), (torch.ones(2),))
    (tensor([3., 3.]),)
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("while_loop(): Expect cond_fn and body_fn to be callable.")
    if not isinstance(carried_inputs, (tuple, list)):
        raise RuntimeError(f"while_loop(): Expect carried_inputs to be a tuple, got {type(carried_inputs).__name__}.")
    carried = tuple(carried_inputs)
    while True:
        go_on = cond_fn(*carried)
        if not isinstance(go_on, (bool, Tensor)) or (isinstance(go_on, Tensor) and go_on.numel() != 1):
            raise RuntimeError(f"while_loop(): cond_fn must return a boolean scalar tensor or a boolean but got {go_on}")
        if not go_on:
            return carried
        made = body_fn(*carried)
        made = tuple(made) if isinstance(made, (tuple, list)) else (made,)
        if len(made) != len(carried):
            raise RuntimeError(f"while_loop(): body_fn should return the same number of elements as carried_inputs, {len(carried)}, got {len(made)}")
        carried = made
