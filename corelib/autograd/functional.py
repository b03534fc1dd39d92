"""Whole derivatives of functions: jacobian, hessian, and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from corelib.autograd.engine import Tensors, grad
from corelib.autograd.forward_ad import dual_level, make_dual, unpack_dual
from corelib.graph.grad_mode import enable_grad
from corelib.ops.construction.creation import zeros_like
from corelib.ops.shape.joining import stack
from corelib.tensor.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Func: TypeAlias = Callable[..., Any]
"""A function of tensors that returns one tensor or several."""
Several: TypeAlias = tuple[Tensor, ...]

NOT_STRICT = "This is not allowed in strict mode"


def _several(given: Any, what: str, name: str) -> tuple[bool, Several]:
    """Whether there was a tuple, and the tensors in it. TypeError for anything else."""
    if isinstance(given, tuple):
        for i, x in enumerate(given):
            if not isinstance(x, Tensor):
                raise TypeError(f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the value at index {i} has type {type(x)}.")
        return True, given
    if not isinstance(given, Tensor):
        raise TypeError(f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what} has type {type(given)}.")
    return False, (given,)


def _begun(given: Several, create_graph: bool, needed: bool = True) -> Several:
    """Tensors to differentiate by: parts of the graph where that is wanted, else leaves."""
    return tuple(t.view_as(t) if create_graph and t._requires_grad else t.detach().requires_grad_(needed) for t in given)


def _ended(made: Sequence[Tensor], create_graph: bool) -> Several:
    return tuple(made) if create_graph else tuple(t.detach() for t in made)


def _one(made: Several, several: bool) -> Any:
    return made if several else made[0]


def _outputs(func: Func, args: Several, name: str, strict: bool) -> tuple[bool, Several]:
    several, outs = _several(func(*args), "outputs of the user-provided function", name)
    if strict:
        for i, out in enumerate(outs):
            if not out._requires_grad:
                raise RuntimeError(
                    f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in a differentiable "
                    "manner from the input when running in strict mode."
                )
    return several, outs


def _scalar(func: Func, args: Several, name: str, strict: bool) -> Tensor:
    several, outs = _outputs(func, args, name, strict)
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outs[0]._numel != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outs[0]


def _vectors(v: Any, like: Several, several: bool, name: str, missing: str, create_graph: bool) -> Several | None:
    """The vectors of a product, each of the shape of its tensor; None where there are none and none are needed."""
    if v is None:
        if len(like) != 1 or like[0]._numel != 1:
            raise RuntimeError(f"The vector v can only be None if {missing}.")
        return None
    _, given = _several(v, "v", name)
    made = _begun(given, create_graph, False)
    if len(made) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(made)}." if several else "The given v should contain a single Tensor.")
    for i, (x, t) in enumerate(zip(made, like, strict=True)):
        if x._shape != t._shape:
            raise RuntimeError(f"{f'Entry {i} in ' if several else ''}v has invalid size: should be {t.size()} but got {x.size()}.")
    return made


def _grad(outs: Sequence[Tensor | None], args: Several, v: Sequence[Tensor | None] | None, create_graph: bool, retain: bool | None = None) -> tuple[Tensor | None, ...]:
    """Gradients of those outputs that have any."""
    pairs = [(o, g) for o, g in zip(outs, (None,) * len(outs) if v is None else v, strict=True) if o is not None and o._requires_grad]
    if not pairs:
        return (None,) * len(args)
    return grad([o for o, _ in pairs], args, [g for _, g in pairs], retain, create_graph, allow_unused=True)


def _filled(found: Sequence[Tensor | None], like: Sequence[Tensor], strict: bool, create_graph: bool, absent: str, constant: str) -> list[Tensor]:
    """Zeros in the place of what is not there; in strict mode RuntimeError, also for what does not depend on anything."""
    made = []
    for i, (g, t) in enumerate(zip(found, like, strict=True)):
        if g is None:
            if strict:
                raise RuntimeError(absent.format(i))
            g = zeros_like(t)
        elif strict and create_graph and not g._requires_grad:
            raise RuntimeError(constant.format(i))
        made.append(g)
    return made


_INDEPENDENT = f"The output of the user-provided function is independent of input {{}}. {NOT_STRICT}."
_JACOBIAN_CONSTANT = f"The jacobian of the user-provided function is independent of input {{}}. {NOT_STRICT} when create_graph=True."
_JACOBIAN_INDEPENDENT = f"The jacobian of the user-provided function is independent of input {{}}. {NOT_STRICT}."
_HESSIAN_CONSTANT = f"The hessian of the user-provided function is independent of input {{}}. {NOT_STRICT} when create_graph=True."
_TRICK_INDEPENDENT = (
    "The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double backward trick to compute "
    f"forward mode gradients. {NOT_STRICT}."
)
_DOUBLE_TRICK_INDEPENDENT = (
    "The hessian of the user-provided function is independent of entry {} in the grad_jacobian. "
    f"{NOT_STRICT} as it prevents from using the double backward trick to replace forward mode AD."
)


def vjp(func: Func, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and `v` times its Jacobian.

    v: of the outputs' shapes; not needed for one number. create_graph: let both be differentiated further. strict: RuntimeError where an
    output does not depend on an input, in place of zeros.

    >>> import corelib as torch
    >>> torch.autograd.functional.vjp(lambda x: x * x, torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        several, given = _several(inputs, "inputs", "vjp")
        args = _begun(given, create_graph)
        several_out, outs = _outputs(func, args, "vjp", strict)
        vectors = _vectors(v, outs, several_out, "vjp", "the user-provided function returns a single Tensor with a single element", create_graph)
        made = _filled(_grad(outs, args, vectors, create_graph), args, strict, create_graph, _INDEPENDENT, _JACOBIAN_CONSTANT)
    return _one(_ended(outs, create_graph), several_out), _one(_ended(made, create_graph), several)


def jvp(func: Func, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The outputs of `func`, and its Jacobian times `v`, by differentiating the gradient, which is linear, once more.

    v: of the inputs' shapes; not needed for one number. The rest is as for `vjp`.

    >>> import corelib as torch
    >>> torch.autograd.functional.jvp(lambda x: x * x, torch.tensor([1., 2.]), torch.tensor([1., 0.]))
    (tensor([1., 4.]), tensor([2., 0.]))
    """
    with enable_grad():
        several, given = _several(inputs, "inputs", "jvp")
        args = _begun(given, create_graph)
        vectors = _vectors(v, args, several, "jvp", "the input to the user-provided function is a single Tensor with a single element", create_graph)
        several_out, outs = _outputs(func, args, "jvp", strict)
        seeds = tuple(zeros_like(o.detach()).requires_grad_() for o in outs)
        first = _grad(outs, args, seeds, True)
        _strict_gradients(first, strict)
        found = _grad(first, seeds, vectors, create_graph)
        made = _filled(found, outs, strict, create_graph, _TRICK_INDEPENDENT, _JACOBIAN_CONSTANT)
    return _one(_ended(outs, create_graph), several_out), _one(_ended(made, create_graph), several_out)


def _strict_gradients(found: Sequence[Tensor | None], strict: bool) -> None:
    for i, g in enumerate(found if strict else ()):
        if g is None:
            raise RuntimeError(_INDEPENDENT.format(i))
        if not g._requires_grad:
            raise RuntimeError(f"The gradient with respect to input {i} is independent of the inputs of the user-provided function. {NOT_STRICT}.")


def _along_inputs(func: Func, args: Several, several: bool, strict: bool, vectorize: bool) -> Any:
    """The Jacobian in forward mode: a column for every element of the inputs."""
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). Please either '
            'set `strict=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for `vectorize=True`."
        )
    several_out, rows = False, []
    for i, t in enumerate(args):
        columns = []
        for m in range(t._numel):
            step = zeros_like(t.detach()).reshape((-1,))
            step[m] = 1.0
            with dual_level():
                several_out, outs = _several(func(*args[:i], make_dual(t, step.reshape(t._shape)), *args[i + 1 :]), "outputs of the user-provided function", "jacobian")
                pairs = [(o, unpack_dual(o).tangent) for o in outs]
            columns.append([zeros_like(o.detach()) if g is None else g for o, g in pairs])
        rows.append([stack(list(column), -1).reshape((*column[0]._shape, *t._shape)) for column in zip(*columns, strict=True)])
    made = tuple(_one(tuple(parts), several) for parts in zip(*rows, strict=True))
    return made if several_out else made[0]


def jacobian(
    func: Func, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False, strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All partial derivatives of `func`: for an output of shape o and an input of shape i, a tensor of shape (*o, *i).

    create_graph, strict: as for `vjp`. vectorize: accepted as PyTorch has it; rows are computed one after the other either way.
    strategy: "reverse-mode" goes row by row, "forward-mode" column by column; the latter needs vectorize=True, and neither `strict` nor
    `create_graph`.

    >>> import corelib as torch
    >>> torch.autograd.functional.jacobian(lambda x: x * x, torch.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than inputs, '
            '"forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    several, given = _several(inputs, "inputs", "jacobian")
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together (yet). '
                'Please either set `create_graph=False` or `strategy="reverse-mode"`.'
            )
        return _along_inputs(func, given, several, strict, vectorize)
    with enable_grad():
        args = _begun(given, create_graph)
        several_out, outs = _outputs(func, args, "jacobian", strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please either set "
                "`strict=False` or `vectorize=False`."
            )
        made = []
        for i, out in enumerate(outs):
            rows: list[list[Tensor]] = [[] for _ in args]
            flat = out.reshape((-1,))
            for k in range(out._numel):
                found = _grad((flat[k],), args, None, create_graph, True)
                absent = f"Output {i} of the user-provided function is independent of input {{}}. {NOT_STRICT}."
                for row, g in zip(rows, _filled(found, args, strict, create_graph, absent, _JACOBIAN_CONSTANT), strict=True):
                    row.append(g)
            parts = [
                stack(row).reshape((*out._shape, *t._shape)) if row else t.new_zeros((*out._shape, *t._shape)) for row, t in zip(rows, args, strict=True)
            ]
            made.append(_one(_ended(parts, create_graph), several))
    return tuple(made) if several_out else made[0]


def hessian(
    func: Func, inputs: Tensors, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """All second derivatives of a function with one number as its result. The arguments are as for `jacobian`.

    >>> import corelib as torch
    >>> torch.autograd.functional.hessian(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    several, given = _several(inputs, "inputs", "hessian")

    def gradient(*args: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            args = tuple(t.requires_grad_() for t in args)
        found = jacobian(lambda *a: _scalar(func, a, "hessian", strict).reshape(()), args, create_graph=True)
        for i, g in enumerate(found if strict else ()):
            if not g._requires_grad:
                raise RuntimeError(
                    "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                    f"{i} is independent of the input. {NOT_STRICT}. You should ensure that your function is twice differentiable and that the "
                    "jacobian depends on the inputs (this would be violated by a linear function for example)."
                )
        return found

    found = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0][0]


def _hessian_product(func: Func, inputs: Tensors, v: Any, create_graph: bool, strict: bool, name: str) -> tuple[bool, Several, Tensor, Several | None, tuple[Tensor | None, ...]]:
    several, given = _several(inputs, "inputs", name)
    args = _begun(given, create_graph)
    vectors = _vectors(v, args, several, name, "the input to the user-provided function is a single Tensor with a single element", create_graph)
    value = _scalar(func, args, name, strict)
    found = _grad((value,), args, None, True)
    for i, g in enumerate(found if strict else ()):
        if g is None:
            raise RuntimeError(_INDEPENDENT.format(i))
        if not g._requires_grad:
            raise RuntimeError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
                f"{i} is independent of the input. {NOT_STRICT}. You should ensure that your function is twice differentiable and that the "
                "jacobian depends on the inputs (this would be violated by a linear function for example)."
            )
    return several, args, value, vectors, found


def vhp(func: Func, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of `func`, which is one number, and `v` times its Hessian.

    >>> import corelib as torch
    >>> torch.autograd.functional.vhp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        several, args, value, vectors, first = _hessian_product(func, inputs, v, create_graph, strict, "vhp")
        found = _grad(first, args, vectors, create_graph)
        made = _filled(found, args, strict, create_graph, _JACOBIAN_INDEPENDENT, _HESSIAN_CONSTANT)
    return _ended((value,), create_graph)[0], _one(_ended(made, create_graph), several)


def hvp(func: Func, inputs: Tensors, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """The value of `func`, which is one number, and its Hessian times `v`; `vhp` is the same with one differentiation less.

    >>> import corelib as torch
    >>> torch.autograd.functional.hvp(lambda x: (x ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with enable_grad():
        several, args, value, vectors, first = _hessian_product(func, inputs, v, create_graph, strict, "hvp")
        seeds = tuple(zeros_like(t.detach()).requires_grad_() for t in args)
        second = _grad(first, args, seeds, True)
        if strict:
            _filled(second, args, strict, False, _JACOBIAN_INDEPENDENT, _HESSIAN_CONSTANT)
        found = _grad(second, seeds, vectors, create_graph)
        made = _filled(found, args, strict, create_graph, _DOUBLE_TRICK_INDEPENDENT, _HESSIAN_CONSTANT)
    return _ended((value,), create_graph)[0], _one(_ended(made, create_graph), several)
