"""Floating-point numbers taken apart and put together, and the numbers beside them: frexp, ldexp, nextafter."""

from __future__ import annotations

from corelib.dispatcher.declare import op
from corelib.dispatcher.namespaces import public
from corelib.ops.elementwise.exponential import _LN2, halving_steps, power_of_two
from corelib.ops.elementwise.unary import refuse_integers
from corelib.ops.elementwise.where import select_where
from corelib.ops.return_types import Frexp
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor


def _frexp_vjp(gs: tuple[Tensor | None, ...], out1: Tensor) -> Tensor | None:
    g = gs[0]
    return None if g is None else g / power_of_two(out1.to(g._dtype))


@op(on=(), several=True, grad_name="FrexpBackward0", vjp=_frexp_vjp)
def frexp_parts(input: Tensor) -> tuple[Tensor, Tensor]:
    """The mantissa, of size from 1/2 to 1, and the exponent."""
    ends = (input == 0) | (input - input != 0)
    x = select_where(ends, 0.5, input)
    # one power of two at a time, from the largest down: first what is above 1, then what is below 1/2
    exponent = (x * 0).to(D.int32)
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


@public("torch", "Tensor", outs=True)
def frexp(input: Tensor) -> Frexp:
    """(mantissa, exponent) with input = mantissa * 2**exponent and a mantissa of size from 1/2 to 1; floating dtypes only.

    >>> import corelib as torch
    >>> torch.frexp(torch.tensor([6.])).exponent
    tensor([3], dtype=torch.int32)
    """
    if not input._dtype.is_floating_point:
        raise RuntimeError(f"frexp(): torch.frexp() only supports floating-point dtypes, got {input._dtype}")
    return Frexp(*frexp_parts(input))


@op(
    kind="binary", promote="float", numbers=False, inplace=True, overlap="first", out=True, complex_body=True,
    vjp={"input": lambda g, other: g * 2.0**other, "other": lambda g, out: g * out * _LN2},
)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """`input * 2**other`, elementwise.

    >>> import corelib as torch
    >>> torch.ldexp(torch.tensor([1.]), torch.tensor([3]))
    tensor([8.])
    """
    return input * 2.0**other


@op(
    kind="binary", ref="nextafter", numbers=False, inplace=True, out=True, check=refuse_integers("nextafter"),
    vjp={"input": lambda g, input, other: select_where(input == other, 0.0, g), "other": lambda g: g.new_zeros(g.shape)},
)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The next floating-point number after `input` towards `other`, elementwise.

    >>> import corelib as torch
    >>> torch.nextafter(torch.tensor([1.]), torch.tensor([2.])) > 1
    tensor([True])
    """
    whole = {2: D.int16, 4: D.int32, 8: D.int64}[input._dtype.itemsize]
    x, y = input, other
    # in the order of their bits, the numbers away from 0 are the integers upwards
    bits = x.view(dtype=whole)
    away = (y > x) == (x > 0)
    step = select_where(away, bits + 1, bits - 1)
    tiny = select_where(y > 0, bits * 0 + 1, (bits * 0 + 1) | (bits * 0 + _SIGN[whole.itemsize]))
    made = select_where(x == 0, tiny, step).view(dtype=input._dtype)
    return select_where((x != x) | (y != y), x + y, select_where(x == y, y, made))


_SIGN = {2: -(2**15), 4: -(2**31), 8: -(2**63)}
