"""The general path of ops that are not elementwise: infer, kernel or body, record; and the `out=` form of any op."""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.dispatcher.calls import fallback
from corelib.dispatcher.calls.elementwise import laid_out, scalar_tensor, unseen
from corelib.dispatcher.calls.outcome import after, next_computed
from corelib.dispatcher.calls.outs import rule_of, write
from corelib.dispatcher.op import Op
from corelib.graph.grad_mode import grad_mode
from corelib.graph.recording import record
from corelib.graph.rule import Args, Outs
from corelib.graph.views import own_memory
from corelib.tensor.device import Native, Runtime, device as Device
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.size import NATIVE_DIMS
from corelib.tensor.tensor import Tensor


def call(op: Op, args: Args) -> Outs:
    """Run an op on arguments in the order of its parameters."""
    infer = op.facts.infer
    if infer is None:
        return _call_body(op, args)
    try:
        spec, args = infer(*args)
        return run_inferred(op, spec, args)
    except (AttributeError, TypeError, IndexError):
        check_operands(op, args)
        raise


def run_inferred(op: Op, spec: Any, args: Args, use_kernel: bool = True) -> Outs:
    """Run an op on what its `infer` returned: by its kernel, or without one by its body."""
    first = args[op.first]
    if op.lists and type(first) is not Tensor and op.first in op.lists:
        first = first[0]
    if op.facts.by_result:
        first = next(x for x in args if isinstance(x, Tensor))
        dtype = spec[1]
    else:
        dtype = first._dtype
    device = first._device
    kernels = op.kernels.get(first._key.plain)
    kernel = None if kernels is None or not use_kernel else kernels.get(dtype)
    runtime = device._runtime
    strided_any = runtime.strided_any
    inputs = list(args)
    held: list[Tensor] = []  # what is made for the kernel, until it has run: the allocator would give its memory away
    needs = False
    n = len(args)
    for i in op.operands:
        if i >= n:
            break
        x = args[i]
        if isinstance(x, Tensor):
            if x._requires_grad:
                needs = True
            if kernel is not None:
                native = x._native
                if native is None or x._device is not device or not strided_any:
                    native = _native(op, x, runtime, device, held)
                inputs[i] = native
        elif x is None:
            continue
        elif i in op.lists:
            for t in x:
                if t is not None and t._requires_grad:
                    needs = True
            if kernel is not None:
                inputs[i] = [t if t is None else _native(op, t, runtime, device, held) for t in x]
        elif kernel is not None and not runtime.scalars:
            held.append(scalar_tensor(x, dtype, device))
            inputs[i] = held[-1]._array()
    if needs:
        needs = grad_mode.enabled
        if needs and op.rule.vjps is None and op.body is not None:
            # no rule of its own: differentiated through its body, kernel or not
            return _run_body(op, args, device, dtype, spec)
    if kernel is None:
        result = _fitted(op, _run_body(op, args, device, dtype, spec), spec)
    else:
        if type(spec) is list:
            result = tuple([Tensor._empty(device, s[1], s[0], s[2] if len(s) > 2 and strided_any else None) for s in spec])
            natives: Any = tuple([r._array() for r in result])
        else:
            result = Tensor._empty(device, spec[1], spec[0], spec[2] if len(spec) > 2 and strided_any else None)
            natives = result._native
            if natives is None:
                natives = result._array()
        try:
            got = kernel(natives, *inputs)
        except Exception as error:
            got = after(error, op, device, args, partial(kernel, natives, *inputs))
        if got is not None and got is not natives and not next_computed(op, device, dtype, got, natives, *inputs):
            result = _fitted(op, _run_body(op, args, device, dtype, spec), spec)
    if needs and op.rule.vjps is not None:
        record(op.rule, args, result)
    return result


def _fitted(op: Op, made: Outs, spec: Any) -> Outs:
    """What a body made, with the strides that its op says of it."""
    if type(spec) is tuple:
        return laid_out(made, spec[2]) if len(spec) > 2 and isinstance(made, Tensor) else made
    if type(spec) is list and any(len(s) > 2 for s in spec):
        return tuple([laid_out(m, s[2] if len(s) > 2 else m._strides) for m, s in zip(made, spec, strict=True)])
    return made


def _call_body(op: Op, args: Args) -> Outs:
    """An op without `infer`: elementwise, or a body with a rule for its gradient."""
    if op.kind == "elementwise":
        return unseen(op, args)
    first = args[op.first]
    if not isinstance(first, Tensor) and op.first not in op.lists:
        check_operands(op, args)
    needs = op.rule.vjps is not None and _requires_grad(op, args) and grad_mode.enabled
    try:
        device = first._device if isinstance(first, Tensor) else first[0]._device
        result = _run_body(op, args, device, None, None)
    except (AttributeError, TypeError, IndexError):
        check_operands(op, args)
        raise
    if needs:
        record(op.rule, args, result)
    return result


def _native(op: Op, x: Tensor, runtime: Runtime, device: Device, held: list[Tensor]) -> Native:
    if x._device is not device:
        raise RuntimeError(
            f"{op.name}(): Expected all tensors to be on the same device, but found at least two devices, {device} "
            f"and {x._device}!"
        )
    if not runtime.strided_any and x._strides is not None and not x.is_contiguous():
        x = x.contiguous()
        held.append(x)
    native = x._native
    if native is None:
        native = native_of(op, x)
    return native


def native_of(op: Op, x: Tensor) -> Native:
    """The native array for a kernel that counts dimensions. RuntimeError for more of them than native arrays have."""
    if len(x._shape) > NATIVE_DIMS:
        raise RuntimeError(f"{op.name}(): only tensors with up to {NATIVE_DIMS} dims are supported, got {len(x._shape)} dims")
    return x._array()


def _run_body(op: Op, args: Args, device: Device, dtype: DType | None, spec: object) -> Outs:
    if op.body is None:
        return fallback.missing(op, device, dtype, args)
    fallback.ran_body(op, device)
    if op.rule.vjps is None or not grad_mode.enabled:
        made = op.body(*args)
    else:
        grad_mode.enabled = False
        try:
            made = op.body(*args)
        finally:
            grad_mode.enabled = True
    if op.kind != "view" and getattr(made, "_base", made) is not None:
        own_memory(made, args)
    return made


def _requires_grad(op: Op, args: Args) -> bool:
    n = len(args)
    for i in op.operands:
        if i >= n:
            continue
        x = args[i]
        if i in op.lists:
            if x is not None and any(t is not None and t._requires_grad for t in x):
                return True
        elif x is not None and getattr(x, "_requires_grad", False):
            return True
    return False


def check_operands(op: Op, args: Args) -> None:
    """TypeError for an operand that is no Tensor, named by argument and position."""
    for i in op.operands:
        x = args[i] if i < len(args) else None
        if i in op.lists:
            if x is None and op.defaults[i] is None and i >= 1:
                continue
            if not isinstance(x, (tuple, list)):
                raise TypeError(
                    f"{op.name}(): argument '{op.params[i]}' (position {i + 1}) must be tuple of Tensors, not "
                    f"{type(x).__name__}"
                ) from None
            for n, t in enumerate(x):
                if t is not None and not isinstance(t, Tensor):
                    raise TypeError(
                        f"{op.name}(): expected Tensor as element {n} in argument '{op.params[i]}', but got "
                        f"{type(t).__name__}"
                    ) from None
        elif not isinstance(x, Tensor):
            role = op.roles[i]
            if (x is None and role in ("optional", "anything")) or (isinstance(x, (int, float, complex)) and role in ("mixed", "anything")):
                continue
            raise TypeError(
                f"{op.name}(): argument '{op.params[i]}' (position {i + 1}) must be Tensor, not {type(x).__name__}"
            ) from None


def write_out(op: Op, args: Args, out: Any) -> Outs:
    """The `out=` form: compute, then store; RuntimeError where a gradient would be lost."""
    if op.kind == "elementwise":
        return unseen(op, args, out)
    if grad_mode.enabled and _requires_grad(op, args):
        raise RuntimeError(
            f"{op.name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    if "dtype" in op.params and isinstance(out, Tensor):
        at = op.params.index("dtype")
        if args[at] is None:
            if op.facts.out == "own":
                args = (*args[:at], out._dtype, *args[at + 1 :])
        elif args[at] is not out._dtype:
            raise RuntimeError(f"{op.name}(): Expected out tensor to have dtype {args[at]}, but got {out._dtype} instead")
    result = op.entry(*args[: op.positional], **dict(zip(op.params[op.positional :], args[op.positional :], strict=False)))
    written: Outs = write(op.name, result, out, args, rule_of(op), op.facts.overlap)
    return written
