"""Divisors and multiples of integers, elementwise."""

from __future__ import annotations

from collections.abc import Callable

from corelib.dispatcher.declare import op
from corelib.ops.elementwise.where import select_where
from corelib.tensor.dtype import dtype as DType, kind_name
from corelib.tensor.tensor import Tensor


def _integers_only(name: str) -> Callable[..., None]:
    def check(dtype: DType, *operands: object) -> None:
        if dtype.is_floating_point or dtype.name == "bool":
            raise NotImplementedError(f"{name}(): \"{name}_cpu\" not implemented for '{kind_name(dtype)}'; integer dtypes are accepted")

    return check


@op(kind="binary", ref="gcd", numbers=False, inplace=True, out=True, check=_integers_only("gcd"))
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor, elementwise, never negative; gcd(0, 0) is 0.

    >>> import corelib as torch
    >>> torch.gcd(torch.tensor([12, 18]), torch.tensor([8, 27]))
    tensor([4, 9])
    """
    a, b = (x.abs() if x._dtype.is_signed else x for x in (input, other))
    # Euclid's algorithm takes most steps for two Fibonacci numbers in a row, 1.44 a bit
    for _ in range(input._dtype.itemsize * 12):
        done = b == 0
        divisor = select_where(done, 1, b)
        a, b = select_where(done, a, b), select_where(done, 0, a % divisor)
    return a.abs() if input._dtype.is_signed else a


@op(kind="binary", ref="lcm", numbers=False, inplace=True, out=True, check=_integers_only("lcm"))
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple, elementwise, never negative; 0 where either is 0.

    >>> import corelib as torch
    >>> torch.lcm(torch.tensor([4]), torch.tensor([6]))
    tensor([12])
    """
    common = gcd(input, other)
    a, b = (x.abs() if x._dtype.is_signed else x for x in (input, other))
    made = a // select_where(common == 0, 1, common) * b
    return made.abs() if input._dtype.is_signed and input._dtype.itemsize >= 4 else made  # narrow ones wrap
