"""Level 4: first and second derivatives of every differentiable op, against the reference's."""

from __future__ import annotations

from typing import Any

import numpy as np

import corelib
from corelib_conformance.checks import check, check_of_ops
from corelib_conformance.checks.forward import both, form_of, samples_of, worst_of
from corelib_conformance.compare import error_over_bound, is_tensor
from corelib_conformance.result import Case, Failure
from corelib_conformance.samples.declare import OPS, Op, flatten, invoke
from corelib_conformance.target import Target

STEPS = frozenset(
    "isnan isinf isfinite isposinf isneginf bitwise_not bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift "
    "eq ne lt le gt ge where_one".split()
)
"""They give truth values, integers and indices, which have no derivative."""
FLAT = frozenset("sign floor ceil round trunc round_decimals".split())
"""Their derivative is 0 wherever there is one, of no operand a function."""


def weights(place: Any, tensors: list[Any], salt: int) -> list[Any]:
    """A random direction for each tensor, the same numbers on every device."""
    made = []
    for n, t in enumerate(tensors):
        array = np.random.default_rng([salt, n]).integers(-4, 5, tuple(t.shape)).astype(np.float32) / 4
        made.append(place.from_numpy(np.array(array)).to(t.dtype))
    return made


def derivatives(op: Op, number: int, order: int) -> Any:
    """A function of (T, tensors) that returns the derivatives of a sample along a random direction."""
    sample = op.samples[number]
    form = form_of(op, sample)

    def run(place: Any, tensors: list[Any]) -> Any:
        specs = [t for t in tensors if t.is_floating_point()]
        leaves = [t.detach().requires_grad_() for t in specs]
        feed = iter(leaves)
        given = [next(feed) if t.is_floating_point() else t for t in tensors]
        result = invoke(op, sample, form, place, given)
        outputs = [t for t in flatten(result) if is_tensor(t) and t.requires_grad]
        if not outputs or not leaves:
            return []
        along = weights(place, outputs, 1)
        if order == 2:  # a linear op's second derivative is with respect to the direction alone
            leaves += [w.requires_grad_() for w in along]
        first = corelib.autograd.grad(outputs, leaves[:len(specs)], along, create_graph=order == 2, allow_unused=True)
        found = [t for t in first if t is not None]
        if order == 1:
            return found
        again = [t for t in found if t.requires_grad]
        if not again:
            return []
        second = corelib.autograd.grad(again, leaves, weights(place, again, 2), allow_unused=True)
        return [t for t in second if t is not None]

    return run


def _derived(target: Target, name: str, dtype: str, order: int) -> float:
    op = OPS[name]
    compared: list[Any] = []

    def derived(number: int) -> float:
        got, want, text = both(target, op, number, dtype, derivatives(op, number, order))
        compared.extend(want or [])
        mine, exact = ([t.detach() for t in tensors or []] for tensors in (got, want))
        return error_over_bound(mine, exact, target.tier, f"derivative {order} of {text}")

    worst = worst_of(samples_of(op, dtype, False, differentiable=True), derived)
    if not compared:  # a check that compared nothing has not passed
        raise Failure(f"no sample of {op.name} has a derivative of order {order} to compare")
    return worst


@check_of_ops(4)
def gradient(target: Target, name: str, dtype: str) -> float:
    """First derivatives along a random direction, within the reference's bounds."""
    return _derived(target, name, dtype, 1)


@check_of_ops(4)
def second(target: Target, name: str, dtype: str) -> float:
    """Second derivatives along two random directions, with respect to the operands and the first direction, within the reference's bounds."""
    return _derived(target, name, dtype, 2)


@check(4)
def accumulation(target: Target, case: Case) -> None:
    """Gradients add up in leaves, are summed where an operand was broadcast, and a used tensor gets both its shares."""
    x = corelib.ones(3, 4, device=target.name, requires_grad=True)
    b = corelib.ones(4, device=target.name, requires_grad=True)
    for _ in range(2):
        (x * b + x).sum().backward()
    found = [None if t.grad is None else t.grad.cpu().tolist() for t in (x, b)]
    if found[0] != [[4.0] * 4] * 3:
        raise Failure(f"x.grad is {found[0]}, expected 4 everywhere")
    if found[1] != [6.0] * 4:
        raise Failure(f"b.grad is {found[1]}, expected 6 everywhere: a broadcast operand's gradient is a sum")
