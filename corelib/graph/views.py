"""Views and the graph: how a view was made, and views that require grad because their base does.

A view that was made where nothing was recorded, or beside others by one op, or by a user's Function, has a history that an in-place
change would make wrong. It keeps how it was made in `_creation`, and such a change is refused, in PyTorch's words.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from sys import getrefcount
from threading import get_ident
from typing import Any, NoReturn, ParamSpec, TypeVar

from corelib.graph.grad_mode import grad_mode, off
from corelib.tensor.tensor import Tensor

P = ParamSpec("P")
R = TypeVar("R")

MULTI_OUTPUT, NO_GRAD, INFERENCE, IN_FUNCTION = 1, 2, 3, 4
"""What `_creation` is for a view that may not be changed in place while the change is recorded; 0 for all others."""


def mark_unrecorded(made: object) -> None:
    """Mark a view, or several, made while the user has recording off: it requires grad where its base does, and no gradient flows."""
    if get_ident() not in off or grad_mode.enabled:
        return
    for t in made if type(made) is tuple else (made,):
        if isinstance(t, Tensor) and t._base is not None:
            t._creation = INFERENCE if grad_mode.inference else NO_GRAD
            if t._storage is not None and t._storage._version:
                t._view_version = t._storage._version
            if t._base._requires_grad and (t._dtype.is_floating_point or t._dtype.is_complex):
                t._requires_grad = True
                t._borrows_grad = True


def own_memory(made: Any, operands: tuple[Any, ...]) -> Any:
    """What an op made, one or several: no view, where the memory is not that of one of its operands but was new in its body."""
    if isinstance(made, tuple):
        for t in made:
            own_memory(t, operands)
        return made
    base = getattr(made, "_base", None)
    if base is None:
        return made
    for a in operands:
        for x in a if type(a) in (tuple, list) else (a,):
            if x is base or getattr(x, "_base", None) is base:
                return made
    made._base = None
    made._creation = 0
    return made


def owning(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function of tensors that is no op itself: as `own_memory`."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        made: R = own_memory(function(*args, **kwargs), args)
        return made

    return wrapped


def spread_requires_grad(base: Tensor, holders: int = 1) -> list[Tensor]:
    """Let the views of a tensor that has begun to require grad require it too; those that did not before are returned.

    A base does not know its views: they are looked for among all objects, which takes milliseconds, so only where its memory has
    more than the `holders` that the caller knows of.
    """
    if base._storage is None or getrefcount(base._storage) <= holders + 1:
        return []
    found = [
        t for t in gc.get_referrers(base)
        if isinstance(t, Tensor) and t._base is base and not t._requires_grad and (t._dtype.is_floating_point or t._dtype.is_complex)
    ]
    for t in found:
        t._requires_grad = True
        t._borrows_grad = True
    return found


def refuse_view(t: Tensor, indirect: bool, name: str = "") -> NoReturn:
    """RuntimeError for a recorded in-place change of a view, or of its base (`indirect`), that was made in another way than most."""
    made = None if t._edge is None else t._edge[0]
    if made is not None and not made.edges and not hasattr(made, "saved_tensors"):
        made = None  # a leaf
    creation = t._creation
    mode = "inference" if creation == INFERENCE else "no_grad"
    changed = "its base or another view of its base has been" if indirect else "is being"
    output = "" if made is None else f"Output {t._edge[1]} of {made.name()} is a view"
    if creation in (INFERENCE, NO_GRAD) or made is None:
        start = f"{output} of a view which was created in" if output else "A view was created in"
        message = f"{start} {mode} mode and {changed} modified inplace " + (
            "in normal mode." if creation == INFERENCE else "with grad mode enabled."
        )
    else:
        message = f"{output} and {changed} modified inplace."
    raise RuntimeError(f"{name}(): {message}{_REASONS[creation]}" if name else message + _REASONS[creation])


_AMBIGUOUS = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and "
    "the inplace either both inside the {} block (if you don't want the inplace to be tracked) or both outside (if you want the "
    "inplace to be tracked)."
)
_REASONS = {
    MULTI_OUTPUT: " This view is the output of a function that returns multiple views. Such functions do not allow the output views "
    "to be modified inplace. You should replace the inplace operation by an out-of-place one.",
    NO_GRAD: _AMBIGUOUS.format("no_grad"),
    INFERENCE: _AMBIGUOUS.format("inference_mode"),
    IN_FUNCTION: " This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to "
    "handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect gradients. "
    "This behavior is forbidden. You can fix this by cloning the output of the custom Function.",
}
