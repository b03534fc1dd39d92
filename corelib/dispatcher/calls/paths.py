"""The path of an op with `infer` from its arguments to its kernel, written out for the op's signature.

`call` does the same for every op by loops over its operands; here each operand has its lines. Whatever the lines do not
expect (another device, no kernel, a backend that wants contiguous arrays or no numbers, a kernel that passes) goes to
`call.run_inferred`, which has all the rules. A path is compiled when the op is first called.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from corelib.dispatcher.calls import call, fallback
from corelib.dispatcher.calls.outcome import after, afresh, next_computed
from corelib.dispatcher.op import Entry, Op
from corelib.dispatcher.operands import fit, fitting_lines
from corelib.graph.grad_mode import grad_mode
from corelib.graph.compiled import requires_grad
from corelib.graph.recording import record
from corelib.graph.views import own_memory
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.size import NATIVE_DIMS
from corelib.tensor.tensor import Tensor

_PATH = """
def path({given}):
{fit}
    spec = None
    try:
        spec, args = infer({given})
        if len(args) != {n}: return run_inferred(op, spec, args)
        {args}= args
        {leading}
        device = {first}._device
        runtime = device._runtime
        kernel = kernels[{first}._key][{first}._dtype]
    except KeyError:
        if spec is None: raise
        return afresh(run_inferred, op, spec, args)
    except (AttributeError, TypeError, IndexError):
        check_operands(op, ({given}))
        raise
    if not runtime.plain: return run_inferred(op, spec, args)
    need = False
    {operands}
    if need:
        need = grad_mode.enabled
        {undifferentiable}
    if type(spec) is list:
        made, natives = [], []
        for s in spec:
            t = empty(device, s[1], s[0], s[2] if len(s) > 2 else None)
            native = t._native
            made.append(t)
            natives.append(native if native is not None else t._array())
        result, natives = tuple(made), tuple(natives)
    else:
        result = empty(device, spec[1], spec[0], spec[2] if len(spec) > 2 else None)
        natives = result._native
        if natives is None: natives = result._array()
    try:
        got = kernel(natives, {natives})
    except Exception as error:
        got = after(error, op, device, args, partial(kernel, natives, {natives}))
    if got is not None and got is not natives:
        if not next_computed(op, device, {first}._dtype, got, natives, {natives}):
            return run_inferred(op, spec, args, False)
    if need: record(rule, args, result)
    return result
"""

_LOOPS = """
def path({given}):
{fit}
    return call(op, ({given}))
"""

_BODY = """
def path({given}):
{fit}
    try:
        device = {first}._device
        if {needs} and grad_mode.enabled: return call(op, ({given}))
    except AttributeError: return afresh(call, op, ({given}))
    ran_body(op, device)
    try: made = body({given})
    except (AttributeError, TypeError, IndexError):
        check_operands(op, ({given}))
        raise
    return made if getattr(made, "_base", made) is None else own(made, ({given}))
"""

_OPERAND = """
    n{i} = a{i}._native
    if n{i} is None: n{i} = a{i}._array() if len(a{i}._shape) <= NATIVE_DIMS else native_of(op, a{i})
    if a{i}._requires_grad: need = True
"""
_OTHER = """
    n{i} = a{i}
    if a{i} is not None and isinstance(a{i}, Tensor):
        if a{i}._device is not device: return run_inferred(op, spec, args)
        n{i} = a{i}._native
        if n{i} is None: n{i} = a{i}._array() if len(a{i}._shape) <= NATIVE_DIMS else native_of(op, a{i})
        if a{i}._requires_grad: need = True
"""
_LIST = """
    if type(a{i}) is not list and type(a{i}) is not tuple: return run_inferred(op, spec, args)
    n{i} = []
    for t in a{i}:
        if t is None:
            n{i}.append(t)
            continue
        if type(t) is not Tensor or t._device is not device: return run_inferred(op, spec, args)
        native = t._native
        if native is None: native = t._array() if len(t._shape) <= NATIVE_DIMS else native_of(op, t)
        n{i}.append(native)
        if t._requires_grad: need = True
"""


def compile_path(op: Op, n: int) -> Entry:
    """The path of an op whose `infer` returns `n` arguments."""
    operands = [i for i in op.operands if i < n]
    source = _PATH.format(
        given=_given(op),
        fit=fitting_lines(op.checked, "    "),
        n=n,
        args="".join(f"a{i}, " for i in range(n)),
        first="first" if op.first in op.lists else f"a{op.first}",
        leading=f"first = a{op.first}[0] if type(a{op.first}) is not Tensor else a{op.first}" if op.first in op.lists else "pass",
        operands="".join((_LIST if i in op.lists else _OPERAND if i == op.first else _OTHER).format(i=i) for i in operands).strip(),
        undifferentiable="if need: return run_inferred(op, spec, args)" if op.rule.vjps is None and op.body is not None else "pass",
        natives="".join(f"{'n' if i in operands else 'a'}{i}, " for i in range(n)),
    )
    scope: dict[str, Any] = {
        "op": op, "rule": op.rule, "infer": op.facts.infer, "kernels": op.kernels, "run_inferred": call.run_inferred,
        "check_operands": call.check_operands, "fit": fit, "dtype": DType, "memory_format": MemoryFormat, "empty": Tensor._empty, "record": record, "grad_mode": grad_mode, "Tensor": Tensor,
        "after": after, "afresh": afresh, "next_computed": next_computed, "partial": partial,
        "NATIVE_DIMS": NATIVE_DIMS, "native_of": call.native_of,
    }
    exec(source, scope)  # our own text: nothing of a user's reaches it
    path: Entry = scope["path"]
    return path


def _given(op: Op) -> str:
    return "".join(f"a{i}, " for i in range(len(op.params))).strip(" ")


def _loops_path(op: Op) -> Entry:
    """The path of an op whose operands `call` takes one by one; what only runs its body, and records nothing, goes straight there."""
    straight = op.facts.infer is None and op.kind != "elementwise" and op.body is not None and op.operands and not op.lists
    if not op.checked and not straight:
        return lambda *args: call.call(op, args)
    needs = [f"(a{i} is not None and {requires_grad(op.rule, i)})" if i not in op.rule.tensors else f"a{i}._requires_grad" for i in op.operands]
    source = (_BODY if straight else _LOOPS).format(
        given=_given(op), fit=fitting_lines(op.checked, "    "), first=f"a{op.first}",
        needs=f"({' or '.join(needs)})" if op.rule.vjps is not None else "False",
    )
    scope: dict[str, Any] = {
        "op": op, "call": call.call, "afresh": afresh, "fit": fit, "dtype": DType, "memory_format": MemoryFormat, "body": op.body, "own": own_memory, "ran_body": fallback.ran_body,
        "check_operands": call.check_operands, "grad_mode": grad_mode, "Tensor": Tensor,
    }
    exec(source, scope)  # our own text: nothing of a user's reaches it
    path: Entry = scope["path"]
    return path


def path_of(op: Op) -> Entry:
    """What runs an op's arguments, in the order of its parameters. It is made when the op is first called."""
    infer = op.facts.infer

    def first_call(*args: Any) -> Any:
        if infer is None or op.facts.by_result:
            op.path = _loops_path(op)
            return op.path(*args)
        given = [fit(op, i, x) if i in op.checked else x for i, x in enumerate(args)]
        try:
            spec, known = infer(*given)
        except (AttributeError, TypeError, IndexError):
            call.check_operands(op, args)
            raise
        op.path = compile_path(op, len(known))
        try:
            return call.run_inferred(op, spec, known)  # `infer` may read from the device: not twice
        except (AttributeError, TypeError, IndexError):
            call.check_operands(op, args)
            raise

    op.path = first_call
    return first_call
