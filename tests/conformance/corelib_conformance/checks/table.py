"""Level 3: what holds for every op beyond its values: kernel against body, the same bits again, the same random numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import corelib
from corelib.dispatcher.op import TABLE
from corelib_conformance.checks import check, check_of_ops
from corelib_conformance.checks.forward import RANDOM, bits, both, form_of, one, present, samples_of, worst_of
from corelib_conformance.compare import error_over_bound, is_tensor
from corelib_conformance.result import Case, Failure
from corelib_conformance.samples.declare import OPS, Inputs, flatten, invoke
from corelib_conformance.target import Placed, Target


@check_of_ops(3)
def whole_table(target: Target, name: str, dtype: str) -> float:
    """As `forward`, for the ops beyond the core ones."""
    return worst_of(samples_of(OPS[name], dtype, False), lambda n: one(target, OPS[name], n, dtype))


@check_of_ops(3)
def body(target: Target, name: str, dtype: str) -> float:
    """With all kernels but the primitives' taken away, the op's body gives results within the same bounds on the device."""
    op, key = OPS[name], target.runtime.key
    others = [op for op in TABLE.values() if not op.primitive and op.kind != "extension" and key in op.kernels]
    taken = [(op.kernels, op.kernels.pop(key)) for op in others]
    try:
        return worst_of(samples_of(op, dtype, False), lambda n: _sample(target, op, n, dtype))
    finally:
        for kernels, own in taken:
            kernels[key] = own


def _sample(target: Target, op: Any, number: int, dtype: str) -> float:
    sample = op.samples[number]
    form = form_of(op, sample)
    got, want, text = both(target, op, number, dtype, lambda place, tensors: invoke(op, sample, form, place, tensors))
    return 0.0 if op.name in RANDOM else error_over_bound(got, want, target.tier, f"the body of {text}")


OFTEN = ("matmul", "sum", "softmax", "index_put", "conv2d", "mul")
"""Called many times: the paths where an unordered sum or a lost wait shows, and then only now and again."""


def calls_of(place: Placed, seed: int = 0) -> Iterator[tuple[str, Callable[[], Any], Callable[[Any], Any]]]:
    """Every op that takes float32: its name, what makes the operands of its first such sample on the device, and the call of them."""
    for op in OPS.values():
        number = next((n for n, s in enumerate(op.samples) if s.dtypes is None or "float32" in s.dtypes), None)
        if number is None or "float32" not in op.dtypes or not present(op):
            continue
        sample = op.samples[number]
        inputs = Inputs(op, number, sample, "float32", seed)
        yield op.name, partial(inputs.build, place), partial(invoke, op, sample, form_of(op, sample), place)


@check(3)
def determinism(target: Target, case: Case) -> None:
    """The same calls give the same bits, run after run: each op a few times, and some so often that 1 wrong result in hundreds is found."""
    if not target.backend.deterministic:
        return
    place = Placed(target.name)
    for name, build, call in calls_of(place, target.seed):
        if name in RANDOM:
            continue
        first = None
        for again in range(60 if name in OFTEN else 3):
            operands = build()  # anew, for ops that change them
            result, error = place.attempt(partial(call, operands))
            if error is not None:  # what a device does not have, or a sample that shows an error, is for the checks of values
                break
            found = [bits(t) for t in flatten(result) if is_tensor(t)]
            if first is not None and found != first:
                raise Failure(f"{name} gave other bits in run {again + 1} of the same call")
            first = found


@check(3)
def random_numbers(target: Target, case: Case) -> None:
    """Philox gives the same numbers on every device, others after each call, and the same again under the same seed."""
    made: dict[str, list[Any]] = {}
    for device in (target.name, "cpu"):
        generator = corelib.Generator(device, algorithm="philox")
        generator.manual_seed(target.seed + 7)
        made[device] = [
            corelib.rand(301, generator=generator, device=device).cpu().tolist(), corelib.randn(301, generator=generator, device=device).cpu().tolist(),
            corelib.randint(0, 1000, (301,), generator=generator, device=device).cpu().tolist(),
            corelib.rand(301, generator=generator, device=device).cpu().tolist(),
        ]
    mine, host = made[target.name], made["cpu"]
    if mine != host:
        raise Failure("the numbers of Philox are not those of the host")
    if mine[0] == mine[3]:
        raise Failure("two calls in a row gave the same random numbers")
    numbers = mine[0]
    if not all(0 <= x < 1 for x in numbers) or abs(sum(numbers) / 301 - 0.5) > 0.1 or len(set(numbers)) < 290:
        raise Failure(f"rand gave numbers that are not uniform: mean {sum(numbers) / 301}")
    corelib.manual_seed(3)
    first = corelib.rand(5, device=target.name).cpu().tolist()
    corelib.manual_seed(3)
    if first != corelib.rand(5, device=target.name).cpu().tolist():
        raise Failure("the same seed gave other numbers")


@check(3)
def nothing_on_the_host(target: Target, case: Case) -> None:
    """Ops on the device call none of another device: nothing goes to the host in silence, by a fallback or inside a kernel."""
    if target.device.type == "cpu":
        return
    place = Placed(target.name)
    before = corelib.backends.set_report(True)
    elsewhere = []
    try:
        for name, build, call in calls_of(place):
            operands = build()
            corelib.backends.reset_report()
            place.attempt(partial(call, operands))
            rows = [row for row in corelib.backends.report() if row.path == "host" or row.device.split(":")[0] not in (target.device.type, "meta")]
            elsewhere += [f"{name} ran {row.op} on {row.device} ({row.path}) {row.calls} times" for row in rows]
    finally:
        corelib.backends.set_report(before)
    if elsewhere:
        raise Failure(f"{len(elsewhere)} ops of those called on {target.name} ran elsewhere: " + "; ".join(elsewhere[:10]))
