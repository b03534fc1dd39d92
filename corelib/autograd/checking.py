"""gradcheck and gradgradcheck: derivatives against differences, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

from corelib.autograd.engine import Tensors, grad
from corelib.autograd.functional import Func
from corelib.graph.grad_mode import no_grad
from corelib.graph.node import Grads
from corelib.graph.rule import Args
from corelib.ops.construction.creation import zeros_like
from corelib.ops.random.random import rand_like, randn
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

Inputs: TypeAlias = Tensor | Sequence[Any]
"""A tensor, or the arguments of a function, of which some are tensors."""


class GradcheckError(RuntimeError):
    """A derivative that differs from the difference quotient."""


def gradcheck(
    func: Func, inputs: Inputs, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, fast_mode: bool = False, **unused: object,
) -> bool:
    """Compare the gradient of `func` with respect to each float input with central differences of step `eps`.

    inputs: a tensor or several; those that require grad are checked and should be float64. `fast_mode` checks one random
    direction and not every element. True if all agree within atol + rtol * |difference|; else GradcheckError, or False
    with `raise_exception=False`. ValueError where no input requires grad.

    >>> import corelib as torch
    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.exp, x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = [t for t in inputs if isinstance(t, Tensor) and t._requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck(): expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    for i, t in enumerate(inputs):
        if isinstance(t, Tensor) and t._requires_grad and t._dtype is not D.float64:
            warnings.warn(
                f"gradcheck(): Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex.",
                UserWarning,
                stacklevel=2,
            )
    try:
        outputs = _outputs(func(*inputs))
        for j, out in enumerate(outputs):
            if not out._dtype.is_floating_point or not out._requires_grad:
                continue
            for i, t in enumerate(inputs):
                if isinstance(t, Tensor) and t._requires_grad:
                    (_check_direction if fast_mode else _check_all)(func, inputs, i, j, eps, atol, rtol)
        if nondet_tol == 0.0:
            again = _outputs(func(*inputs))
            for j, (a, b) in enumerate(zip(outputs, again, strict=True)):
                if a._dtype.is_floating_point and not _close(a.detach().tolist(), b.detach().tolist(), 0.0, 0.0):
                    raise GradcheckError(f"gradcheck(): output {j} is not the same in two calls; pass nondet_tol")
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Func, inputs: Inputs, grad_outputs: Tensors | None = None, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, fast_mode: bool = False, **unused: object,
) -> bool:
    """As `gradcheck`, for the derivative of the gradient; `grad_outputs` are random unless given."""
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    outs = [o for o in _outputs(func(*inputs)) if o._requires_grad]
    if grad_outputs is None:
        given = tuple((rand_like(o.detach()) + 0.1).requires_grad_() for o in outs)
    else:
        given = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    n = len(inputs)

    def gradient(*args: Any) -> Grads:
        made = [o for o in _outputs(func(*args[:n])) if o._requires_grad]
        wanted = [a for a in args[:n] if isinstance(a, Tensor) and a._requires_grad]
        found = grad(made, wanted, args[n:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient, (*inputs, *given), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        fast_mode=fast_mode,
    )


def _outputs(found: Any) -> list[Tensor]:
    made = [found] if isinstance(found, Tensor) else list(found)
    return [o for o in made if isinstance(o, Tensor)]


def _difference(func: Func, inputs: Args, i: int, j: int, step: Tensor, eps: float) -> list[float]:
    """(f(x + step) - f(x - step)) / 2 eps, for input i and output j, as a flat list."""
    sides = []
    with no_grad():
        for sign in (1, -1):
            moved = list(inputs)
            moved[i] = (inputs[i].detach() + step * (sign * eps)).requires_grad_()
            sides.append(moved)
    found = []
    for moved in sides:
        found.append(_outputs(func(*moved))[j].detach().reshape((-1,)).double().tolist())
    return [(a - b) / (2 * eps) for a, b in zip(*found, strict=True)]


def _check_all(func: Func, inputs: Args, i: int, j: int, eps: float, atol: float, rtol: float) -> None:
    t = inputs[i]
    out = _outputs(func(*inputs))[j]
    rows = []
    for k in range(out._numel):
        seed = zeros_like(out.detach()).reshape((-1,))
        seed[k] = 1.0
        g = grad(out, t, seed.reshape(out._shape), retain_graph=True, allow_unused=True)[0]
        rows.append([0.0] * t._numel if g is None else g.detach().reshape((-1,)).double().tolist())
    for m in range(t._numel):
        step = zeros_like(t.detach()).reshape((-1,))
        step[m] = 1.0
        numeric = _difference(func, inputs, i, j, step.reshape(t._shape), eps)
        analytic = [row[m] for row in rows]
        if not _close(analytic, numeric, atol, rtol):
            raise GradcheckError(
                f"gradcheck(): Jacobian mismatch for output {j} with respect to input {i}, element {m}:\nnumerical:{numeric}\n"
                f"analytical:{analytic}"
            )


def _check_direction(func: Func, inputs: Args, i: int, j: int, eps: float, atol: float, rtol: float) -> None:
    t = inputs[i]
    out = _outputs(func(*inputs))[j]
    step = randn(t._shape, dtype=t._dtype, device=t._device)
    seed = randn(out._shape, dtype=out._dtype, device=out._device)
    g = grad(out, t, seed, retain_graph=True, allow_unused=True)[0]
    analytic = 0.0 if g is None else float((g.detach() * step).sum())
    numeric = sum(a * b for a, b in zip(_difference(func, inputs, i, j, step, eps), seed.reshape((-1,)).tolist(), strict=True))
    if not _close([analytic], [numeric], atol, rtol):
        raise GradcheckError(
            f"gradcheck(): directional derivative mismatch for output {j} with respect to input {i}: numerical {numeric}, analytical "
            f"{analytic}"
        )


def _close(a: Any, b: Any, atol: float, rtol: float) -> bool:
    if isinstance(a, list):
        return all(_close(x, y, atol, rtol) for x, y in zip(a, b, strict=True))
    return bool(a == b or (a != a and b != b) or abs(a - b) <= atol + rtol * abs(b))
