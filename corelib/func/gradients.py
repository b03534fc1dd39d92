"""Gradients of functions: grad, grad_and_value, vjp."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from corelib.func.levels import ArgNums, Func, Level, entered, flat_outputs, gradients, unflattened, with_aux
from corelib.graph.grad_mode import grad_mode
from corelib.ops.construction.creation import ones_like
from corelib.pytree import tree_flatten, treespec_pprint
from corelib.tensor.tensor import Tensor


def grad_and_value(func: Func, argnums: ArgNums = 0, has_aux: bool = False) -> Func:
    """A function that returns the gradient of `func` and its value: (gradient, value), or (gradient, (value, aux)) where `func` returns (value, aux).

    argnums: by which arguments, tensors or trees of them; a tuple gives a tuple of gradients. RuntimeError where `func` returns anything but
    one scalar tensor. Where arguments are part of a graph, so are the results; transforms nest.

    >>> import corelib as torch
    >>> torch.func.grad_and_value(lambda x: x ** 3)(torch.tensor(2.))
    (tensor(12.), tensor(8.))
    """

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        level = Level()
        with level.inside():
            whole, by = entered(level, args, argnums)
            output, aux = with_aux(func(*whole, **kwargs), has_aux, "grad_and_value(f)(*args)")
            if not isinstance(output, Tensor):
                raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
            if output.dim() != 0:
                raise RuntimeError(
                    f"grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with {output.dim()} dims. "
                    "Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            inputs, spec = tree_flatten(by)
            goes_on = level.goes_on([output])
            found = gradients([output], inputs, [ones_like(output)], goes_on, goes_on)
            made = unflattened(found, spec)
        if has_aux:
            return level.leave(made), (level.leave(output), level.leave(aux))
        return level.leave(made), level.leave(output)

    return wrapper


def grad(func: Func, argnums: ArgNums = 0, has_aux: bool = False) -> Func:
    """A function that returns the gradient of `func`, or (gradient, aux) where `func` returns (value, aux); see `grad_and_value`.

    >>> import corelib as torch
    >>> torch.func.grad(torch.func.grad(torch.sin))(torch.tensor(1.))
    tensor(-0.8415)
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


class Pullback:
    """A function's outputs at one point, and how cotangents come back from them."""

    def __init__(self, func: Func, args: tuple[Any, ...], argnums: ArgNums | None, has_aux: bool, name: str = "vjp(f, *primals)") -> None:
        self.level = level = Level()
        with level.inside():
            whole, self.by = entered(level, args, argnums)
            made, self.aux = with_aux(func(*whole), has_aux, name)
            self.outs, self.spec = flat_outputs(made, name)
        self.inputs, self.inputs_spec = tree_flatten(self.by)
        self.goes_on = level.goes_on(self.outs)
        self.output = level.leave(made)
        self.aux = level.leave(self.aux)

    def pull(self, cotangents: list[Any], create_graph: bool, retain: bool = True) -> list[Tensor]:
        """The gradients of the inputs for gradients of the outputs."""
        with self.level.inside():
            return gradients(self.outs, self.inputs, cotangents, create_graph, retain)


def vjp(func: Func, *primals: Any, has_aux: bool = False) -> Any:
    """`func(*primals)`, and the function that multiplies a cotangent from the left with its Jacobian there: (output, vjp_fn), or (output, vjp_fn, aux).

    `vjp_fn(cotangents, retain_graph=True, create_graph=None)` takes gradients in the structure of the output, and returns a tuple of those of
    the primals. RuntimeError where an output is no tensor of floating-point or complex numbers.

    >>> import corelib as torch
    >>> y, back = torch.func.vjp(torch.sin, torch.zeros(2))
    >>> back(torch.tensor([1., 2.]))
    (tensor([1., 2.]),)
    """
    at = Pullback(func, primals, None, has_aux)
    for out in at.outs:
        if not (out.is_floating_point() or out.is_complex()):
            raise RuntimeError(f"vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype {out.dtype}")

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given, spec = tree_flatten(cotangents)
        if spec != at.spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. "
                f"cotangents: {treespec_pprint(spec)}, primal output: {treespec_pprint(at.spec)}"
            )
        create = grad_mode.enabled if create_graph is None else create_graph
        goes_on = create and (any(v.requires_grad for v in given) or at.level.reaches_out(at.outs))
        found = at.pull(given, goes_on, retain_graph)
        return unflattened([g if goes_on and at.level.reaches_out([g]) else g.detach() for g in found], at.inputs_spec)

    return (at.output, vjp_fn, at.aux) if has_aux else (at.output, vjp_fn)


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """A function with the results of `func`. In PyTorch what a trace of it records has no changes in place; here nothing traces by rules of its
    own, so that the function runs as it is.

    remove: "mutations" or "mutations_and_views"; RuntimeError for anything else.

    >>> import corelib as torch
    >>> torch.func.functionalize(lambda x: x.clone().add_(1))(torch.zeros(2))
    tensor([1., 1.])
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid options are:\n"
            "     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their out-of-place equivalents.\n"
            "     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with their non-aliasing counterparts, {view}_copy.\n"
        )

    @wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return wrapper


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor: in transforms, too, tensors are what they are outside."""
    return tensor
