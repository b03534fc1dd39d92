"""The side of a tensor that the graph knows: whether it is recorded, where its gradient flows to, and its hooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from corelib.graph.handles import RemovableHandle
from corelib.graph.hooks import register_post_accumulate_hook, register_tensor_hook, retain_grad
from corelib.graph.leaf import grad_fn, is_leaf, set_grad, set_requires_grad, warn_non_leaf_grad
from corelib.graph.node import Node
from corelib.tensor.base import extend
from corelib.tensor.slot import Slot
from corelib.tensor.tensor import Tensor

BACKWARD: Slot[Callable[..., None]] = Slot("backward", "`corelib.autograd.backward`: the engine, loaded by the first backward.")


@extend
class Recorded(Tensor):
    """What every tensor gets from here."""

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded for differentiation."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(f"requires_grad must be a bool, got {type(value).__name__}")
        set_requires_grad(self, value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` in place; RuntimeError for dtypes without gradients."""
        if requires_grad is not True and requires_grad is not False:
            raise TypeError(f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type(requires_grad).__name__}")
        set_requires_grad(self, requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded operation."""
        return is_leaf(self)

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it; None for a leaf."""
        return grad_fn(self)

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has accumulated, or None."""
        found = self._grad
        if found is None and self._edge is not None and not self._retains_grad:
            warn_non_leaf_grad(self)
        return found

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is None:
            self._grad = None
            return
        set_grad(self, value)

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` it is."""
        return 0 if self._edge is None else int(self._edge[1])

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a non-leaf."""
        return self._retains_grad

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Accumulate the gradient of this tensor into the leaves it was computed from. See `corelib.autograd.backward`."""
        BACKWARD.value(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call `hook(grad)` when the gradient of this tensor has been computed; what it returns replaces it."""
        return register_tensor_hook(self, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(param)` after a gradient has been accumulated into this leaf's `.grad`."""
        return register_post_accumulate_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` after backward."""
        retain_grad(self)
