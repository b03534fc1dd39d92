"""Operands that are no tensors and yet answer: objects whose type has a `__torch_function__`.

They are found where a call has ended in an error, so that other calls do not look for them. Once a program has had one, its functions ask
before they compute (corelib.overrides).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

from corelib.graph.rule import Args
from corelib.tensor.overrides import OVERRIDES
from corelib.tensor.tensor import Tensor

_INSIDE = ("corelib.ops", "corelib.dispatcher", "corelib.graph", "corelib.autograd", "corelib.tensor")


def foreign(args: Iterable[object]) -> bool:
    """Whether one of these, or something in a list of them, stands for a tensor and is none."""
    return any(_answers(x) or (isinstance(x, (list, tuple)) and any(map(_answers, x))) for x in args)


def _answers(x: object) -> bool:
    return hasattr(type(x), "__torch_function__") and not isinstance(x, Tensor)


def answer(function: Callable[..., Any], args: Args, kwargs: dict[str, Any], up: int = 2) -> Any:
    """What a foreign operand gives for a call of a function that has just failed; `up`: how many frames above this one it was called.

    A function inside of another leaves it to that one: the error goes on.
    """
    frame = sys._getframe(up)
    while frame.f_back is not None and ("__name__" not in frame.f_globals or frame.f_code.co_name in ("afresh", "compute")):  # text of our own, and the way to the slow path
        frame = frame.f_back
    if frame.f_globals.get("__name__", "").startswith(_INSIDE):
        raise  # noqa: PLE0704  # what the caller handles
    return OVERRIDES.value(None, function, args, kwargs)


def answer_by_position(function: Callable[..., Any], params: Iterable[str], args: Args) -> Any:
    """The same for a call whose arguments stand in the order of `params`, with all defaults; those are left out again."""
    values = dict(zip(params, args))
    given: list[Any] = []
    named: dict[str, Any] = {}
    last = 0
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in values:
            continue
        value, usual = values[name], parameter.default
        is_usual = value is usual or (type(value) is type(usual) and isinstance(value, (int, float, str, tuple)) and value == usual)
        if parameter.kind is parameter.KEYWORD_ONLY:
            if not is_usual:
                named[name] = value
        else:
            given.append(value)
            last = last if is_usual else len(given)
    return answer(function, tuple(given[:last]), named, 3)
