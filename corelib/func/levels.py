"""What the transforms share: arguments that a transform differentiates by, and results that leave it.

An argument is a new leaf inside its transform, or, where it is part of a graph already, a view of itself, so that the transform's result can be
differentiated further out. A result that depends on nothing but the transform's own leaves leaves it as a tensor outside of any graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from corelib.autograd.engine import grad
from corelib.dispatcher.inference import inference_mode
from corelib.graph.grad_mode import enable_grad, grad_mode
from corelib.graph.node import AccumulateGrad, Node
from corelib.ops.construction.creation import zeros_like
from corelib.pytree import tree_flatten, tree_map, tree_unflatten
from corelib.tensor.tensor import Tensor

ArgNums: TypeAlias = int | tuple[int, ...]
Func: TypeAlias = Callable[..., Any]


class Level:
    """One call of a transform: its leaves, and whether what is outside of it is recorded."""

    def __init__(self) -> None:
        self.outside = grad_mode.enabled
        self.leaves: list[Tensor] = []

    @contextmanager
    def inside(self) -> Iterator[None]:
        """A context that records, whatever is outside of it: a transform's result does not depend on a `no_grad` around it."""
        if grad_mode.inference:
            with inference_mode(False), enable_grad():
                yield
        else:
            with enable_grad():
                yield

    def enter(self, tree: Any) -> Any:
        """Arguments to differentiate by, in place of those given."""
        return tree_map(self._enter, tree)

    def _enter(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if x.is_inference():
            x = x.clone()
        if self.outside and x._requires_grad:
            made: Tensor = x.view_as(x)
        else:
            made = x.detach().requires_grad_()
            self.leaves.append(made)
        return made

    def goes_on(self, tensors: Sequence[Tensor]) -> bool:
        """Whether tensors depend on something that is recorded outside of this transform."""
        return self.outside and self.reaches_out(tensors)

    def reaches_out(self, tensors: Sequence[Tensor]) -> bool:
        """Whether the graph of tensors has other leaves than this transform's own."""
        own, seen = {id(leaf) for leaf in self.leaves}, set()
        left: list[Node] = []
        for t in tensors:
            if t._requires_grad and t._edge is None and id(t) not in own:
                return True
            if t._edge is not None:
                left.append(t._edge[0])
        while left:
            node = left.pop()
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, AccumulateGrad):
                if id(node.variable) not in own:
                    return True
                continue
            if not node.edges and hasattr(node, "variable"):
                return True
            left.extend(edge[0] for edge in node.edges if edge is not None)
        return False

    def leave(self, tree: Any) -> Any:
        """Results as they are outside."""
        return tree_map(lambda t: t.detach() if isinstance(t, Tensor) and t._requires_grad and not self.goes_on([t]) else t, tree)


def gradients(outs: Sequence[Tensor], inputs: Sequence[Tensor], cotangents: Sequence[Tensor | None], create_graph: bool, retain: bool = True) -> list[Tensor]:
    """The gradients of outputs by inputs; zeros for an input on which nothing depends."""
    live = [(out, v) for out, v in zip(outs, cotangents, strict=True) if out._requires_grad]
    if not live or not inputs:
        return [zeros_like(x) for x in inputs]
    found = grad([out for out, _ in live], list(inputs), [v for _, v in live], retain_graph=retain, create_graph=create_graph, allow_unused=True)
    return [zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


def chosen(args: tuple[Any, ...], argnums: Any) -> tuple[int, ...]:
    """The places of the arguments to differentiate by. RuntimeError for a place where there is none, for the same twice, and for no place."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    found = []
    for place in (argnums,) if isinstance(argnums, int) else argnums:
        if not isinstance(place, int):
            raise RuntimeError(f"argnum must be int, got: {type(place)}")
        if not -len(args) <= place < len(args):
            raise RuntimeError(f"Got argnum={place}, but only {len(args)} positional inputs")
        found.append(place % len(args))
    if not found:
        raise RuntimeError("argnums must be non-empty")
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {tuple(found)}")
    return tuple(found)


def entered(level: Level, args: tuple[Any, ...], argnums: ArgNums | None) -> tuple[tuple[Any, ...], Any]:
    """All arguments, those to differentiate by entered, and these alone: one, or a tuple."""
    if argnums is None:
        made = level.enter(args)
        return made, made
    places = chosen(args, argnums)
    given = {i: level.enter(args[i]) for i in places}
    whole = tuple(given.get(i, x) for i, x in enumerate(args))
    return whole, given[places[0]] if isinstance(argnums, int) else tuple(given[i] for i in places)


def with_aux(made: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """A function's output, and what it returns beside it."""
    if not has_aux:
        return made, None
    if not (isinstance(made, tuple) and len(made) == 2):
        raise RuntimeError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return made


def flat_outputs(made: Any, name: str) -> tuple[list[Tensor], Any]:
    """The tensors of an output and its structure. RuntimeError for what is no tensor, and for none."""
    outs, spec = tree_flatten(made)
    if not outs:
        raise RuntimeError(f"{name}: Expected f to be a function that has non-empty output (got output = {outs})")
    for out in outs:
        if not isinstance(out, Tensor):
            raise RuntimeError(f"{name}: expected f(*primals) to return only tensors, got unsupported type {type(out)}")
    return outs, spec


def unflattened(leaves: Sequence[Any], spec: Any) -> Any:
    """Leaves in a structure."""
    return tree_unflatten(list(leaves), spec)
