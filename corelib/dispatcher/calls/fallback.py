"""What happens where a backend has no kernel: the body, which is recorded in the report, or the host, under the policy.

`corelib.backends.set_fallback` sets the policy and `corelib.backends.report` shows what ran where.
"""

from __future__ import annotations

from typing import Any

from corelib.dispatcher import report
from corelib.dispatcher.op import Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.recording import record
from corelib.graph.rule import Args, Outs
from corelib.tensor.device import cpu, device as Device
from corelib.tensor.dtype import dtype as DType, held, kind_name
from corelib.tensor.tensor import Tensor


def ran_body(op: Op, device: Device) -> None:
    """Note that an op ran its body."""
    if report.enabled and not op.pure:
        report.record(op.name, str(device), "body", 0)


def missing(op: Op, device: Device, dtype: Any, args: Args) -> Outs:
    """An op without kernel and body for this device and dtype: the host where that can help, else an error."""
    host = cpu.runtime
    by_result = op.kind != "creation"  # those write into a tensor that is there already
    if by_result and device is not host.device and (op.kind == "extension" or dtype.is_complex) and op.kernel_for(host.key, dtype) is not None:
        return on_host(op, device, args)
    table = op.kernels.get(device.runtime.key)
    capability = held(dtype, device.runtime.backend.dtypes)
    if table and dtype in table:
        detail = (
            f"the {device.type} backend's kernel passed these arguments on (it returned NotImplemented), and the op has no body that would compute them"
        )
    elif table:
        works = ", ".join(sorted(str(d) for d in table))
        detail = f"dtypes that work here: {works}"
        if capability == "absent":
            detail = f"the {device.type} backend has no {dtype.name} at all; " + detail
    else:
        detail = f"the {device.type} backend has no kernel {op.name!r}, which every backend must have"
        if op.kind == "extension":
            detail = f"the {device.type} backend has no kernel {op.name!r} and neither has the host"
    raise NotImplementedError(
        f'{op.name}(): "{op.name}_{device.type}" not implemented for \'{kind_name(dtype)}\' (device {device}): {detail}'
    )


def passed(op: Op, device: Device, dtype: DType, args: Args) -> Outs:
    """Every kernel passed."""
    if op.body is None:
        return missing(op, device, dtype, args)
    ran_body(op, device)
    if op.rule.vjps is None or not grad_mode.enabled:
        return op.body(*args)
    grad_mode.enabled = False
    try:
        made = op.body(*args)
    finally:
        grad_mode.enabled = True
    if any(getattr(x, "_requires_grad", False) for x in args):
        record(op.rule, args, made)
    return made


def on_host(op: Op, device: Device, args: Args) -> Outs:
    """Run an op on the host and bring its result back, if the policy lets it."""
    moved = 0

    def to_host(x: Any) -> Any:
        nonlocal moved
        if isinstance(x, Tensor):
            moved += x.nbytes
            return x.detach().to(cpu)
        return [to_host(t) for t in x] if isinstance(x, (list, tuple)) and x and isinstance(x[0], Tensor) else x

    tensors = [t for x in args for t in (x if isinstance(x, (list, tuple)) else (x,)) if isinstance(t, Tensor)]
    nbytes = sum(t.nbytes for t in tensors)
    report.on_fallback(op.name, str(device), nbytes)
    result = op.entry(*[to_host(x) for x in args])

    def back(x: Tensor) -> Tensor:
        nonlocal moved
        moved += x.nbytes
        return x.to(device)

    returned = tuple(back(r) for r in result) if isinstance(result, tuple) else back(result)
    report.record(op.name, str(device), "host", moved)
    return returned
