"""Whole derivatives of functions: jacobian, hessian, vjp, jvp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from corelib.autograd.engine import Tensors, grad
from corelib.ops.construction.creation import ones_like, zeros_like
from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor

Func: TypeAlias = Callable[..., Any]
"""A function of tensors that returns one tensor or several."""


def _prepared(inputs: Tensors, create_graph: bool) -> tuple[tuple[Tensor, ...], bool]:
    one = isinstance(inputs, Tensor)
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    made = tuple(t.view_as(t) if create_graph and t._requires_grad else t.detach().clone().requires_grad_() for t in given)
    return made, one


def jacobian(
    func: Func, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False, strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All partial derivatives of `func`: for an output of shape o and an input of shape i, a tensor of shape (*o, *i).

    >>> import corelib as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    args, one = _prepared(inputs, create_graph)
    outputs = func(*args)
    single = isinstance(outputs, Tensor)
    made = []
    for out in (outputs,) if single else outputs:
        rows: list[list[Tensor]] = [[] for _ in args]
        flat = out.reshape((-1,))
        for k in range(out._numel):
            found: tuple[Tensor | None, ...] = (None,) * len(args)
            if out._requires_grad:
                found = grad(flat[k], args, retain_graph=True, create_graph=create_graph, allow_unused=True)
            for row, g, t in zip(rows, found, args, strict=True):
                if g is None and strict:
                    raise RuntimeError(
                        "jacobian(): Output of the user-provided function is independent of an input, which is not allowed in strict mode."
                    )
                row.append(zeros_like(t) if g is None else g)
        made.append(tuple(
            stack(row).reshape((*out._shape, *t._shape)) if row else t.new_zeros((*out._shape, *t._shape))
            for row, t in zip(rows, args, strict=True)
        ))
    result = [m[0] if one else m for m in made]
    return result[0] if single else tuple(result)


def hessian(
    func: Func, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All second derivatives of a function with one number as its result.

    >>> import corelib as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def gradient(*args: Tensor) -> Any:
        out = func(*args)
        if not isinstance(out, Tensor) or out._numel != 1:
            raise RuntimeError("hessian(): The Tensor returned by the function given to hessian should contain a single element")
        found = jacobian(lambda *a: func(*a).reshape(()), args, create_graph=True)
        return found[0] if one else found

    one = isinstance(inputs, Tensor)
    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict)


def vjp(func: Func, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and `v` times its Jacobian."""
    args, one = _prepared(inputs, create_graph)
    outputs = func(*args)
    found = grad(outputs, args, v, create_graph=create_graph, allow_unused=True)
    made = tuple(zeros_like(t) if g is None else g for g, t in zip(found, args, strict=True))
    shown = outputs if create_graph else (outputs.detach() if isinstance(outputs, Tensor) else tuple(o.detach() for o in outputs))
    return shown, made[0] if one else made


def jvp(func: Func, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and its Jacobian times `v`, by differentiating the gradient twice."""
    args, one = _prepared(inputs, create_graph)
    tangents = (v,) if isinstance(v, Tensor) else tuple(v)
    outputs = func(*args)
    outs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    dummies = tuple(zeros_like(o.detach()).requires_grad_() for o in outs)
    first = grad(outs, args, dummies, create_graph=True, allow_unused=True)
    pairs = [(g, t) for g, t in zip(first, tangents, strict=True) if g is not None]
    found: tuple[Tensor | None, ...] = (None,) * len(outs)
    if pairs:
        found = grad([g for g, _ in pairs], dummies, [t for _, t in pairs], create_graph=create_graph, allow_unused=True)
    made = tuple(zeros_like(o.detach()) if g is None else g for g, o in zip(found, outs, strict=True))
    shown = outs if create_graph else tuple(o.detach() for o in outs)
    return (shown[0], made[0]) if isinstance(outputs, Tensor) else (shown, made)


def hvp(func: Func, inputs: Tensors, v: Tensors | None = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of `func`, which is one number, and its Hessian times `v`.

    >>> import corelib as torch
    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    args, one = _prepared(inputs, create_graph)
    vectors = tuple(ones_like(t) for t in args) if v is None else (v,) if isinstance(v, Tensor) else tuple(v)
    value = func(*args)
    if not isinstance(value, Tensor) or value._numel != 1:
        raise RuntimeError("hvp(): The Tensor returned by the function given to hvp should contain a single element")
    first = grad(value, args, create_graph=True, allow_unused=True)
    pairs = [(g, t) for g, t in zip(first, vectors, strict=True) if g is not None and g._requires_grad]
    found: tuple[Tensor | None, ...] = (None,) * len(args)
    if pairs:
        found = grad([g for g, _ in pairs], args, [t for _, t in pairs], create_graph=create_graph, allow_unused=True)
    made = tuple(zeros_like(t) if g is None else g for g, t in zip(found, args, strict=True))
    return value if create_graph else value.detach(), made[0] if one else made


# The Hessian is symmetric, and what is computed is its product from the left already.
vhp = hvp
