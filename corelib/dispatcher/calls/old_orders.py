"""The deprecated signatures that PyTorch still takes, in which numbers stand among the tensors: `x.add_(2, y)`, `addmm(beta, M, alpha, a, b)`.

They have more arguments by position than today's, so only a call with too many looks here, and is put into today's order with
PyTorch's warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from corelib.as_torch.warned import warn
from corelib.tensor.tensor import Tensor

_SCALED = (("input", "alpha", "other"),)
_WEIGHED = (("input", "value", "tensor1", "tensor2"),)


def _products(first: str, second: str) -> tuple[tuple[str, ...], ...]:
    return ("beta", "input", "alpha", first, second), ("beta", "input", first, second)


ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "add": _SCALED, "sub": _SCALED, "addcmul": _WEIGHED, "addcdiv": _WEIGHED, "addmm": _products("mat1", "mat2"), "addmv": _products("mat", "vec"),
    "addr": _products("vec1", "vec2"), "addbmm": _products("batch1", "batch2"), "baddbmm": _products("batch1", "batch2"),
}  # fmt: skip
"""The orders of arguments that each op took once. A method's tensor stands in front of them all."""
_NUMBERS = ("alpha", "beta", "value")


def in_todays_order(name: str, params: Sequence[str], args: Sequence[Any]) -> tuple[list[Any], dict[str, Any]] | None:
    """Arguments in an order of `name`'s (an in-place form's too) as (those by position, those by name); None where they are in none."""
    for order in ORDERS.get(name.removesuffix("_"), ()):
        for at_front, old in ((order[0] == "input" and name[-1] == "_", order), (True, ("input", *[p for p in order if p != "input"]))):
            if len(args) == len(old) and all(map(_takes, old, args)):
                given = dict(zip(old, args, strict=True))
                _warn(name, old, params, at_front)
                return [given.pop(p) for p in params if p in given and p not in _NUMBERS], given
    return None


def _takes(parameter: str, x: Any) -> bool:
    if parameter in _NUMBERS:
        return isinstance(x, (int, float, complex)) or (isinstance(x, Tensor) and not x._shape and not x._requires_grad)
    return isinstance(x, Tensor) or (parameter == "other" and isinstance(x, (int, float, complex)))


def _warn(name: str, order: Sequence[str], params: Sequence[str], method: bool) -> None:
    out = "" if method else ", *, Tensor out = None"
    numbers = ", ".join([f"Number {p} = 1" for p in ("beta", "alpha", "value") if p in params])
    old = ", ".join([f"{'Number' if p in _NUMBERS else 'Tensor'} {p}" for p in order[method:]])
    new = ", ".join([f"Tensor {p}" for p in params[method:] if p not in _NUMBERS])
    warn(
        f"This overload of {name} is deprecated:\n\t{name}({old}{out})\nConsider using one of the following signatures instead:\n"
        f"\t{name}({new}, *, {numbers}{'' if method else ', Tensor out = None'})",
    )  # fmt: skip
