"""Floating-point numbers taken apart and put together, and the numbers beside them: frexp, ldexp, nextafter."""

from __future__ import annotations

from typing import Any, NamedTuple

from corelib.dispatcher.namespaces import public
from corelib.dispatcher.declare import op
from corelib.ops.elementwise.exponential import _LN2, halving_steps, power_of_two
from corelib.ops.elementwise.unary import refuse_integers
from corelib.ops.elementwise.where import select_where
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


class _Frexp(NamedTuple):
    mantissa: Any
    exponent: Any

    def __repr__(self) -> str:
        return f"torch.return_types.frexp(\nmantissa={self.mantissa!r},\nexponent={self.exponent!r})"


_Frexp.__name__ = _Frexp.__qualname__ = "frexp"
_Frexp.__module__ = "torch.return_types"


def _infer_frexp(input: Tensor) -> Any:
    if not input._dtype.is_floating_point:
        raise RuntimeError(f"frexp(): torch.frexp() only supports floating-point dtypes, got {input._dtype}")
    return [(input._shape, input._dtype), (input._shape, D.int32)], (input,)


@op(on=(), several=True, infer=_infer_frexp, grad_name="FrexpBackward0", vjp=lambda gs, input, out1: _frexp_vjp(gs, input, out1))
def frexp_parts(input: Tensor) -> Any:
    """The mantissa, of size from 1/2 to 1, and the exponent."""
    ends = (input == 0) | (input - input != 0)
    x = select_where(ends, 0.5, input)
    # one power of two at a time, from the largest down: first what is above 1, then what is below 1/2
    exponent: Any = (x * 0).to(D.int32)
    for step in halving_steps(x._dtype):
        factor = 2.0**step
        high, low = x.abs() >= factor, x.abs() < 1 / factor
        x = select_where(high, x / factor, select_where(low, x * factor, x))
        exponent = exponent + select_where(high, step, select_where(low, -step, 0)).to(D.int32)
    # now from 1/2 up to, not including, 2
    high, low = x.abs() >= 1, x.abs() < 0.5
    x = select_where(high, x * 0.5, select_where(low, x * 2, x))
    exponent = exponent + select_where(high, 1, select_where(low, -1, 0)).to(D.int32)
    return select_where(ends, input, x), select_where(ends, 0, exponent)


def _frexp_vjp(gs: Any, input: Tensor, exponent: Tensor) -> Any:
    return None if gs[0] is None else gs[0] / power_of_two(exponent.to(gs[0]._dtype))


@public("torch", "Tensor", outs=True)
def frexp(input: Tensor) -> Any:
    """(mantissa, exponent) with input = mantissa * 2**exponent and a mantissa of size from 1/2 to 1; floating dtypes only.

    >>> import corelib as torch
    >>> torch.frexp(torch.tensor([6.])).exponent
    tensor([3], dtype=torch.int32)
    """
    return _Frexp(*frexp_parts(input))


@op(
    kind="binary", promote="float", numbers=False, inplace=True, out=True,
    vjp={"input": lambda g, other: g * 2.0**other, "other": lambda g, out: g * out * _LN2},
)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """`input * 2**other`, elementwise.

    >>> import corelib as torch
    >>> torch.ldexp(torch.tensor([1.]), torch.tensor([3]))
    tensor([8.])
    """
    return input * 2.0**other


@op(kind="binary", ref="nextafter", numbers=False, inplace=True, out=True, check=refuse_integers("nextafter"))
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next floating-point number after `input` towards `other`, elementwise.

    >>> import corelib as torch
    >>> torch.nextafter(torch.tensor([1.]), torch.tensor([2.])) > 1
    tensor([True])
    """
    whole = {2: D.int16, 4: D.int32, 8: D.int64}[input._dtype.itemsize]
    x, y = input, other
    # in the order of their bits, the numbers away from 0 are the integers upwards
    bits: Any = x.view(whole)
    away = (y > x) == (x > 0)
    step = select_where(away, bits + 1, bits - 1)
    tiny = select_where(y > 0, bits * 0 + 1, (bits * 0 + 1) | (bits * 0 + _SIGN[whole.itemsize]))
    made = select_where(x == 0, tiny, step).view(input._dtype)
    return select_where((x != x) | (y != y), x + y, select_where(x == y, y, made))


_SIGN = {2: -(2**15), 4: -(2**31), 8: -(2**63)}
