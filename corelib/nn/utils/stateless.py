"""A module called with other tensors in place of its own; ``corelib.func.functional_call`` is the public name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from corelib.as_torch.warned import warn
from corelib.nn.modules.module import Module
from corelib.tensor.tensor import Tensor

__all__ = ["functional_call"]


def _holder(module: Module, name: str) -> tuple[Module, str]:
    path, _, last = name.rpartition(".")
    return module.get_submodule(path), last


def _swap(module: Module, name: str, tensor: Any) -> Any:
    """Put a tensor in the place of a parameter, buffer or attribute, and give back what was there."""
    holder, last = _holder(module, name)
    for place in (holder._parameters, holder._buffers):
        if last in place:
            before = place[last]
            place[last] = tensor
            return before
    before = getattr(holder, last)
    setattr(holder, last, tensor)
    return before


def _tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """The given tensors under all the names by which the module has those that they replace."""
    names: dict[int, list[str]] = {}
    for name, tensor in (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)):
        names.setdefault(id(tensor), []).append(name)
    made = dict(given)
    for group in names.values():
        found = {id(given[name]): given[name] for name in group if name in given}
        if len(group) > 1 and len(found) > 1:
            raise ValueError(f"functional_call got multiple values for keys {sorted(group)}, which are tied. Consider using tie_weights=False")
        if len(group) > 1 and found:
            made.update(dict.fromkeys(group, next(iter(found.values()))))
    return made


@contextmanager
def swapped(module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Within it the module has the given tensors; afterwards its own again, and the dictionary what became of the given ones."""
    tensors = _tied(module, given) if tie_weights else given
    if strict:
        own = {name for name, _ in (*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False))}
        wrong = [("Unexpected", sorted(tensors.keys() - own)), ("Missing", sorted(own - tensors.keys()))]
        texts = [f"{kind} key(s): {', '.join(map(repr, names))}." for kind, names in wrong if names]
        if texts:
            joined = "\n\t".join(texts)
            raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t{joined}")
    before: dict[str, Any] = {}
    try:
        for name, tensor in tensors.items():
            before[name] = _swap(module, name, tensor)
        yield
    finally:
        after = {name: _swap(module, name, tensor) for name, tensor in before.items()}
        given.update({name: tensor for name, tensor in after.items() if name in given})


def call(module: Module, given: dict[str, Tensor], args: Any, kwargs: dict[str, Any] | None, tie_weights: bool, strict: bool) -> Any:
    """``module(*args, **kwargs)`` with the given tensors."""
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with swapped(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None, kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``corelib.func.functional_call`` by its old name, deprecated as in PyTorch."""
    warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future version of PyTorch. Please use "
        "`torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
    )
    return call(module, parameters_and_buffers, args, kwargs, tie_weights, strict)
