"""How many floating-point operations an op takes, by the formulas of PyTorch's profiler: products, convolutions, and `add` and `mul`."""

from __future__ import annotations

from math import prod
from typing import Any

from corelib.graph.rule import Args


def operations(name: str, args: Args) -> int:
    """The operations of a call under PyTorch's name of the op; 0 for ops that have no formula, and for arguments that fit none."""
    formula = _FORMULAS.get(name)
    if formula is None:
        return 0
    try:
        return int(formula(*args))
    except (AttributeError, TypeError, IndexError, ValueError):
        return 0


def _product(a: Any, b: Any, *rest: Any) -> int:
    return 2 * int(prod(a.shape)) * int(b.shape[-1])


def _convolution(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> int:
    size = 2 * input.shape[0] * prod(weight.shape[2:]) * weight.shape[1] * groups * weight.shape[0] // groups
    for i in (0, 1):
        step, pad, spread = (x[i] if isinstance(x, (tuple, list)) else x for x in (stride, padding, dilation))
        size *= (input.shape[2 + i] + 2 * pad - (spread * (weight.shape[2 + i] - 1) + 1)) // step + 1
    return int(size)


def _linear_backward(g: Any, input: Any, weight: Any, needs: tuple[bool, ...]) -> int:
    return 2 * int(prod(g.shape)) * int(weight.shape[1]) * (needs[0] + needs[1])


_FORMULAS: dict[str, Any] = {
    "mm": lambda a, b, *rest: _linear_backward(a, b, *rest) if rest else _product(a, b),
    "bmm": lambda a, b, *rest: _product(a, b),
    "addmm": lambda a, b, c, *rest: _product(b, c),
    "baddbmm": lambda a, b, c, *rest: _product(b, c),
    "conv2d": _convolution,
    "add": lambda a, *rest: prod(a.shape),
    "mul": lambda a, *rest: prod(a.shape),
}
