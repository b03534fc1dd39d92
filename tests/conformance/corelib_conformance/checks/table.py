"""Level 3: what holds for every op beyond its values: kernel against body, the same bits again, the same random numbers."""

from __future__ import annotations

from typing import Any

import corelib
from corelib.dispatcher.op import TABLE
from corelib_conformance.checks import check
from corelib_conformance.checks.forward import RANDOM, bits, both, form_of, one, samples_of, worst_of
from corelib_conformance.compare import compare, is_tensor
from corelib_conformance.result import Case, Failure
from corelib_conformance.samples.declare import OPS, Inputs, flatten, invoke
from corelib_conformance.target import Placed, Target


@check(3)
def whole_table(target: Target, case: Case) -> float:
    """As `forward`, for the ops beyond the core ones."""
    op = OPS[case.op]

    def run() -> float:
        return worst_of(samples_of(op, case.dtype, False), lambda n: one(target, op, n, case.dtype))

    return target.settle(case.op, case.dtype, "forward", run)  # type: ignore[no-any-return]


@check(3)
def body(target: Target, case: Case) -> float:
    """With all kernels but the primitives' taken away, the op's body gives results within the same bounds on the device."""
    op = OPS[case.op]

    def run() -> float:
        key = target.runtime.key
        taken = {name: TABLE[name].kernels.pop(key) for name in list(TABLE) if not TABLE[name].primitive and key in TABLE[name].kernels}
        try:
            return worst_of(samples_of(op, case.dtype, False), lambda n: _sample(target, op, n, case.dtype))
        finally:
            for name, kernels in taken.items():
                TABLE[name].kernels[key] = kernels

    return target.settle(case.op, case.dtype, "forward", run)  # type: ignore[no-any-return]


def _sample(target: Target, op: Any, number: int, dtype: str) -> float:
    sample = op.samples[number]
    form = form_of(op, sample)
    got, want, text = both(target, op, number, dtype, lambda place, tensors: invoke(op, sample, form, place, tensors))
    if op.name in RANDOM:
        return 0.0
    verdict = compare(got, want, target.tier)
    if verdict.message:
        raise Failure(f"the body of {text}: {verdict.message}", verdict.over)
    return verdict.over


@check(3)
def determinism(target: Target, case: Case) -> None:
    """The same calls give the same bits, run after run: 1 wrong result in hundreds is found."""
    if not target.backend.deterministic:
        return
    place = Placed(target.name)
    for name, number in (("matmul", 0), ("sum", 0), ("softmax", 0), ("index_put", 0), ("conv2d", 0), ("mul", 0)):
        op = OPS[name]
        sample = op.samples[number]
        inputs = Inputs(op, number, sample, "float32", target.seed)
        tensors = inputs.build(place)
        first = None
        for again in range(60):
            result = [bits(t) for t in flatten(invoke(op, sample, form_of(op, sample), place, tensors)) if is_tensor(t)]
            if first is not None and result != first:
                raise Failure(f"{name} gave other bits in run {again + 1} of the same call")
            first = result


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


HOST_WATCHED = ("tanh", "exp", "add", "matmul", "softmax", "layer_norm", "sum", "index_select", "conv2d", "cross_entropy", "sort", "gelu")


@check(3)
def nothing_on_the_host(target: Target, case: Case) -> None:
    """Ops on the device call none of another device: nothing goes to the host in silence, by a fallback or inside a kernel."""
    if target.device.type == "cpu":
        return
    place = Placed(target.name)
    calls = []
    for name in HOST_WATCHED:
        op = OPS[name]
        inputs = Inputs(op, 0, op.samples[0], "float32").build(place)
        calls.append((name, lambda op=op, inputs=inputs: invoke(op, op.samples[0], form_of(op, op.samples[0]), place, inputs)))
    before = corelib.backends.set_report(True)
    try:
        for name, call in calls:
            corelib.backends.reset_report()
            place.attempt(call)
            rows = [row for row in corelib.backends.report() if row.path == "host" or row.device.split(":")[0] not in (target.device.type, "meta")]
            if rows:
                said = "; ".join(f"{row.op} on {row.device} ({row.path}) {row.calls} times" for row in rows)
                raise Failure(f"{name} on {target.name} ran ops elsewhere: {said}")
    finally:
        corelib.backends.set_report(before)
