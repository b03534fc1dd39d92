"""ModuleTracker: which modules a program is in, forward and backward."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from typing import Any, Self

from corelib.autograd.graph import register_multi_grad_hook
from corelib.graph.grad_mode import grad_mode
from corelib.graph.handles import RemovableHandle
from corelib.nn.hooks import register_module_forward_hook, register_module_forward_pre_hook
from corelib.nn.modules.module import Module
from corelib.pytree import tree_iter
from corelib.tensor.tensor import Tensor

__all__ = ["ModuleTracker"]

logger = logging.getLogger(__name__)


class ModuleTracker:
    """A context in which `parents` has the names of the modules whose forward, or whose backward, runs; "Global" is always among them.

    A module is called by its class, and one inside it by the names that lead there, as in `Sequential.0`. `is_bw`: whether a backward runs.

    >>> import corelib as torch
    >>> from corelib.utils.module_tracker import ModuleTracker
    >>> class Shows(torch.nn.Module):
    ...     def forward(self, x):
    ...         print(sorted(tracker.parents))
    ...         return x
    >>> with ModuleTracker() as tracker:
    ...     _ = torch.nn.Sequential(Shows())(torch.ones(1))
    ['Global', 'Sequential', 'Sequential.0']
    """

    parents: set[str]

    def __init__(self) -> None:
        self.parents = {"Global"}
        self._known_modules: weakref.WeakKeyDictionary[Module, str] = weakref.WeakKeyDictionary()
        self._seen_modules: weakref.WeakSet[Module] = weakref.WeakSet()
        self._task: Any = None
        self._hooks: list[RemovableHandle] = []

    @property
    def is_bw(self) -> bool:
        """Whether a backward runs."""
        return grad_mode.task is not None

    def _name_of(self, mod: Module) -> str:
        name = self._known_modules.setdefault(mod, type(mod).__name__)
        if mod not in self._seen_modules:
            self._seen_modules.add(mod)
            for child_name, child in mod.named_children():
                self._known_modules[child] = f"{name}.{child_name}"
                self._name_of(child)
        return name

    def now(self) -> set[str]:
        """`parents`, without what a backward that is over has left there."""
        if self._task is not None and grad_mode.task is not self._task:
            self._task = None
            self.parents = {"Global"}
        return self.parents

    def _enter(self, name: str) -> None:
        parents = self.now()
        if grad_mode.task is not None:
            self._task = grad_mode.task
        if name in parents:
            logger.info("The module hierarchy tracking seems to be broken as this Module was already entered. %s", name)
        parents.add(name)

    def _leave(self, name: str) -> None:
        parents = self.now()
        if name not in parents:
            logger.info("The Module hierarchy tracking is confused as we're exiting a Module that was never entered. %s", name)
        parents.discard(name)

    def _on_backward(self, value: Any, act: Callable[[str], None], name: str) -> None:
        """Act when a backward has the gradients of a value's tensors."""
        tensors = [x for x in tree_iter(value) if isinstance(x, Tensor) and x.requires_grad]
        if tensors:
            self._hooks.append(register_multi_grad_hook(tensors, lambda grads: act(name)))

    def _before(self, mod: Module, args: Any) -> None:
        name = self._name_of(mod)
        self._enter(name)
        self._on_backward(args, self._leave, name)

    def _after(self, mod: Module, args: Any, output: Any) -> None:
        name = self._name_of(mod)
        self._leave(name)
        self._on_backward(output, self._enter, name)

    def __enter__(self) -> Self:
        self._handles = register_module_forward_pre_hook(self._before), register_module_forward_hook(self._after)
        return self

    def __exit__(self, *exception: object) -> None:
        for handle in (*self._handles, *self._hooks):
            handle.remove()
        self._hooks.clear()
