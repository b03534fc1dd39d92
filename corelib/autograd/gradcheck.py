"""gradcheck and gradgradcheck: derivatives against differences, in float64 and complex128."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from corelib.as_torch.warned import warn
from corelib.autograd.engine import Tensors, grad
from corelib.autograd.forward_ad import dual_level, make_dual, unpack_dual
from corelib.autograd.functional import Func
from corelib.graph.edges import edge_of
from corelib.graph.node import Gradient, Grads, Node, next_number
from corelib.graph.rule import Args
from corelib.ops.construction.creation import zeros_like
from corelib.ops.random.random import rand_like, randn
from corelib.tensor import dtype as D
from corelib.tensor.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Inputs: TypeAlias = Tensor | Sequence[Any]
"""A tensor, or the arguments of a function, of which some are tensors."""


class GradcheckError(RuntimeError):
    """A derivative that differs from the difference quotient."""


def gradcheck(
    func: Func, inputs: Inputs, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True,
    nondet_tol: float = 0.0, check_undefined_grad: bool = True, check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False, check_forward_ad: bool = False, check_backward_ad: bool = True, fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradient of `func` with respect to each float or complex input with central differences of step `eps`.

    inputs: a tensor or several; those that require grad are checked and should be float64 or complex128. Their elements are moved in
    place, so `func` may know them otherwise too, as a module does its parameters. Complex results are checked in their real and in
    their imaginary parts.
    nondet_tol: by how much two backwards may differ.
    check_undefined_grad: also let outputs have no gradient, and expect zeros or None of the inputs.
    check_grad_dtypes: gradients must have their inputs' dtypes.
    fast_mode: check one random direction and not every element.
    check_forward_ad: also compare with forward mode, in the direction of every element. check_batched_grad: gradients of several outputs'
    gradients in one call are those of one after the other. (Forward mode has no batched form, so that check_batched_forward_grad has
    nothing of its own to check.)
    True if all agree within atol + rtol * |difference|; else GradcheckError, or False with `raise_exception=False`. ValueError where no
    input requires grad.

    >>> import corelib as torch
    >>> x = torch.tensor([0.5, 2.], dtype=torch.float64, requires_grad=True)
    >>> torch.autograd.gradcheck(torch.exp, x)
    True
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_undefined_grad and not check_backward_ad:
        raise AssertionError("Setting check_undefined_grad=True requires check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    given, bounds = _tuple(inputs), (eps, atol, rtol)
    try:
        if check_forward_ad:
            _check_forward(func, given, bounds)
        if check_backward_ad:
            _check(func, given, bounds, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
        if check_batched_grad:
            _check_batched(func, given, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Func, inputs: Inputs, grad_outputs: Tensors | None = None, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False, check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True,
    fast_mode: bool = False, masked: bool = False,
) -> bool:
    """As `gradcheck`, for the derivative of the gradient; `grad_outputs` are random unless given.

    gen_non_contig_grad_outputs: random ones that are not contiguous.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = _tuple(inputs)
    if grad_outputs is None:
        outs = [o for o in _tuple(func(*given)) if isinstance(o, Tensor) and o._requires_grad]
        grads = tuple([_random_like(o, gen_non_contig_grad_outputs) for o in outs])
    else:
        grads = _tuple(grad_outputs)
    n = len(grads)

    def gradient(*args: Any) -> Args:
        outputs = [o for o in _tuple(func(*args[:-n])) if isinstance(o, Tensor) and o._requires_grad]
        wanted = [a for a in args[:-n] if isinstance(a, Tensor) and a._requires_grad]
        found = grad(outputs, wanted, args[-n:], create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None])

    return gradcheck(
        gradient, (*given, *grads), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, masked=masked,
    )


def _random_like(o: Tensor, spread: bool) -> Tensor:
    dtype = o._dtype if o._dtype in (D.float32, D.float64, D.complex64, D.complex128) else D.float64
    made = randn(o._shape, dtype=dtype, device=o._device) if dtype.is_complex else rand_like(o.detach(), dtype=dtype) * 2 - 1
    if spread and made._shape:
        made = made.unsqueeze(-1).expand((*made._shape, 2)).clone()[..., 0]
    return made.detach().requires_grad_()


def _tuple(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def _check(
    func: Func, inputs: Args, bounds: tuple[float, float, float], nondet_tol: float, undefined: bool, dtypes: bool, fast: bool
) -> None:
    checked = _checked_inputs(inputs)
    results = _tuple(func(*inputs))
    numbers = [i for i, o in enumerate(results) if isinstance(o, Tensor) and o._requires_grad]
    parts: list[tuple[str, Func]] = [("", func)]
    if any(results[i]._dtype.is_complex for i in numbers):
        parts = [(" in its imaginary part", _part(func, Tensor.imag)), (" in its real part", _part(func, Tensor.real))]
    for what, f in parts:
        if not numbers:
            _expect_no_slope(f, inputs, checked, results, bounds[0])
        for j in numbers:
            if not (what.endswith("imaginary part") and not results[j]._dtype.is_complex):
                (_check_direction if fast else _check_all)(f, inputs, checked, j, what, bounds, nondet_tol, dtypes)
    outs = [results[i] for i in numbers]
    if not outs:
        return
    tensors = [inputs[i] for i in checked]
    for g, t in zip(grad(outs, tensors, [zeros_like(o) for o in outs], retain_graph=True, allow_unused=True), tensors, strict=True):
        if g is None:
            continue
        if not bool((g == 0).all()):
            raise GradcheckError("gradcheck(): backward not multiplied by grad_output")
        if g._dtype is not t._dtype or g._device is not t._device or g._shape != t._shape:
            raise GradcheckError(f"gradcheck(): grad is of {g._dtype} and {list(g._shape)} on {g._device}, its input of {t._dtype} and {list(t._shape)}")
    if undefined:
        _check_undefined(func, inputs, tensors)


def _check_forward(func: Func, inputs: Args, bounds: tuple[float, float, float]) -> None:
    """Every direction of every input, in forward mode and by differences."""
    eps, atol, rtol = bounds
    for i in _checked_inputs(inputs):
        t = inputs[i]
        for m in range(t._numel):
            for unit in (1.0, 1j) if t._dtype.is_complex else (1.0,):
                step = zeros_like(t.detach()).reshape((-1,))
                step[m] = unit
                step = step.reshape(t._shape)
                numeric = _quotient(func, inputs, t, step, eps)
                with dual_level():
                    outs = _tuple(func(*inputs[:i], make_dual(t, step), *inputs[i + 1 :]))
                    tangents = [unpack_dual(o).tangent if isinstance(o, Tensor) else None for o in outs]
                for j, (expected, got) in enumerate(zip(numeric, tangents, strict=True)):
                    if expected is None or not outs[j]._dtype.order > 5:
                        continue
                    found = (zeros_like(expected) if got is None else got.detach()).reshape((-1,)).tolist()
                    if not _close(found, expected.reshape((-1,)).tolist(), atol, rtol):
                        raise GradcheckError(
                            f"gradcheck(): Jacobian computed with forward mode mismatch for output {j} with respect to input {i}, element {m}:\n"
                            f"numerical:{expected.tolist()}\nanalytical:{found}"
                        )


def _check_batched(func: Func, inputs: Args, atol: float, rtol: float) -> None:
    """Gradients of two random gradients of each output at once, and one after the other."""
    tensors = [inputs[i] for i in _checked_inputs(inputs)]
    for out in _tuple(func(*inputs)):
        if isinstance(out, Tensor) and out._requires_grad:
            seeds = randn((2, *out._shape), dtype=out._dtype, device=out._device)
            at_once = grad(out, tensors, seeds, retain_graph=True, allow_unused=True, is_grads_batched=True)
            for k in range(2):
                for a, b in zip(at_once, grad(out, tensors, seeds[k], retain_graph=True, allow_unused=True), strict=True):
                    if a is not None and b is not None and not _close(a[k].reshape((-1,)).tolist(), b.reshape((-1,)).tolist(), atol, rtol):
                        raise GradcheckError("gradcheck(): While computing batched gradients, got different values than without batching")


def _checked_inputs(inputs: Args) -> list[int]:
    """The positions of the inputs that are checked."""
    checked = [i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t._requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck(): expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i in checked:
        t = inputs[i]
        if t._dtype not in (D.float64, D.complex128):
            warn(
                f"gradcheck(): Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex.",
                UserWarning,
            )
        if any(s == 0 and n > 1 for n, s in zip(t._shape, t.stride(), strict=True)):
            raise RuntimeError(
                f"gradcheck(): The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to "
                "be able to compute the numerical gradients correctly. You should call .contiguous on the input before passing it to "
                "gradcheck."
            )
    return checked


def _part(func: Func, part: Any) -> Callable[..., tuple[Any, ...]]:
    """A function that returns one part of complex outputs, and the others as they are."""

    def function(*args: Any) -> tuple[Any, ...]:
        return tuple([part.fget(o) if isinstance(o, Tensor) and o._dtype.is_complex else o for o in _tuple(func(*args))])

    return function


def _quotient(func: Func, inputs: Args, t: Tensor, step: Tensor, eps: float) -> list[Any]:
    """(f(x + step eps) - f(x - step eps)) / 2 eps, for every output that is a tensor, with the very tensor moved."""
    sides = []
    before, memory = t.detach().clone(), t.data
    try:
        for sign in (1, -1):
            memory.copy_(before + step * (sign * eps))
            sides.append([o.detach().clone() if isinstance(o, Tensor) else None for o in _tuple(func(*inputs))])
    finally:
        memory.copy_(before)
    return [None if a is None or not a._dtype.order > 5 else (a - b) / (2 * eps) for a, b in zip(*sides, strict=True)]


def _column(func: Func, inputs: Args, t: Tensor, step: Tensor, eps: float, j: int) -> Tensor:
    """The difference quotient of output `j`, for a complex input with its second direction as the imaginary part."""
    real: Tensor = _quotient(func, inputs, t, step, eps)[j]
    return real + 1j * _quotient(func, inputs, t, step * 1j, eps)[j] if t._dtype.is_complex else real


def _expect_no_slope(func: Func, inputs: Args, checked: list[int], results: Args, eps: float) -> None:
    """An output without gradient must not change with an input."""
    for i in checked:
        step = zeros_like(inputs[i].detach()).fill_(1)
        for j, o in enumerate(results):
            if isinstance(o, Tensor) and o._dtype.order > 5:
                got = _column(func, inputs, inputs[i], step, eps, j)
                if bool((got != 0).any()):
                    raise GradcheckError(f"gradcheck(): Numerical gradient for function expected to be zero, got {got.tolist()}")


def _gradients(func: Func, inputs: Args, checked: list[int], j: int, seeds: list[Tensor], nondet_tol: float, dtypes: bool) -> list[list[Tensor]]:
    """For each seed the gradients of output `j`, computed twice, which must be the same."""
    out = _tuple(func(*inputs))[j]
    tensors = [inputs[i] for i in checked]
    found = []
    for seed in seeds:
        both = [grad(out, tensors, seed, retain_graph=True, allow_unused=True) for _ in range(2)]
        row = []
        for t, first, second in zip(tensors, *both, strict=True):
            if first is not None and dtypes and first._dtype is not t._dtype:
                raise GradcheckError(f"gradcheck(): Gradient has dtype mismatch: {first._dtype} for an input of {t._dtype}")
            if first is not None and first._shape != t._shape:
                raise GradcheckError(f"gradcheck(): Analytical gradient has incorrect size {list(first._shape)} for an input of {list(t._shape)}")
            a, b = (zeros_like(t) if g is None else g.detach() for g in (first, second))
            if not bool(((a - b).abs() <= nondet_tol).all() | (a.isnan() & b.isnan()).any()):
                raise GradcheckError(
                    "gradcheck(): Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                    "different values, although analytical gradient matches numerical gradient. The tolerance for nondeterminism was "
                    f"{nondet_tol}."
                )
            row.append(a)
        found.append(row)
    return found


def _check_all(
    func: Func, inputs: Args, checked: list[int], j: int, what: str, bounds: tuple[float, float, float], nondet_tol: float, dtypes: bool
) -> None:
    eps, atol, rtol = bounds
    out = _tuple(func(*inputs))[j].detach()
    seeds = []
    for k in range(out._numel):
        seed = zeros_like(out).reshape((-1,))
        seed[k] = 1.0
        seeds.append(seed.reshape(out._shape))
    rows = _gradients(func, inputs, checked, j, seeds, nondet_tol, dtypes)
    for n, i in enumerate(checked):
        t = inputs[i]
        flat = [row[n].reshape((-1,)) for row in rows]
        for m in range(t._numel):
            step = zeros_like(t.detach()).reshape((-1,))
            step[m] = 1.0
            numeric = _column(func, inputs, t, step.reshape(t._shape), eps, j).reshape((-1,)).tolist()
            analytic = [row[m].item() for row in flat]
            if not _close(analytic, numeric, atol, rtol):
                raise GradcheckError(
                    f"gradcheck(): Jacobian mismatch for output {j}{what} with respect to input {i}, element {m}:\nnumerical:{numeric}\n"
                    f"analytical:{analytic}"
                )


def _check_direction(
    func: Func, inputs: Args, checked: list[int], j: int, what: str, bounds: tuple[float, float, float], nondet_tol: float, dtypes: bool
) -> None:
    eps, atol, rtol = bounds
    out = _tuple(func(*inputs))[j].detach()
    seed = randn(out._shape, dtype=out._dtype, device=out._device)
    seed = seed / (seed.norm() + 1e-300)
    row = _gradients(func, inputs, checked, j, [seed], nondet_tol, dtypes)[0]
    for i, g in zip(checked, row, strict=True):
        t = inputs[i]
        step = randn(t._shape, dtype=t._dtype, device=t._device)
        step = step / (step.norm() + 1e-300)
        numeric = (_quotient(func, inputs, t, step, eps)[j] * seed).sum().item()
        analytic = (g.conj() * step).real.sum().item() if t._dtype.is_complex else (g * step).sum().item()
        if not _close([analytic], [numeric], atol, rtol):
            raise GradcheckError(
                f"gradcheck(): directional derivative mismatch for output {j}{what} with respect to input {i}: numerical {numeric}, "
                f"analytical {analytic}"
            )


class _Undefined(Node):
    """Between an output and its history: no gradient gets past it."""

    __slots__ = ()

    def apply(self, g: Gradient) -> Grads:
        """None."""
        return [None]


def _without_gradient(o: Tensor) -> Tensor:
    node = _Undefined()
    node.edges, node.saved, node.versions, node.seq = (edge_of(o),), (), None, next_number()
    node.shape, node.dtype = o._shape, o._dtype
    made = o.detach()
    made._edge, made._requires_grad = (node, 0), True
    return made


def _check_undefined(func: Func, inputs: Args, tensors: list[Tensor]) -> None:
    """A backward must do with outputs that have no gradient: all of them, and one at a time."""
    count = sum(isinstance(o, Tensor) and o._requires_grad for o in _tuple(func(*inputs)))
    for missing in (None, *range(count)) if count > 1 else (None,):
        outs = [o for o in _tuple(func(*inputs)) if isinstance(o, Tensor) and o._requires_grad]
        outs = [_without_gradient(o) if missing in (None, i) else o for i, o in enumerate(outs)]
        try:
            found = grad(outs, tensors, [zeros_like(o) for o in outs], allow_unused=True)
        except RuntimeError as error:
            raise GradcheckError("gradcheck(): Expected backward function to handle undefined output grads.") from error
        if any(g is not None and not bool((g == 0).all()) for g in found):
            raise GradcheckError(
                "gradcheck(): Expected all input grads to be undefined or zero when all output grads are undefined or zero."
            )


def _close(a: list[Any], b: list[Any], atol: float, rtol: float) -> bool:
    return all(x == y or (x != x and y != y) or abs(x - y) <= atol + rtol * abs(y) for x, y in zip(a, b, strict=True))
