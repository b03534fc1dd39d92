"""Entry functions: what a call of an op runs first.

They are closures built once per op, with fixed positional arguments. A call whose operands share dtype, device and a
known broadcast goes straight from two dictionary look-ups to the kernel; anything rarer leaves by `elementwise` or
`call`. The unary and binary entries are written out in full because they are the hot path; every other op uses one of
the templates below, with its own parameter names and defaults put into the template's code object.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from corelib.dispatcher.calls import call as _call, fallback
from corelib.dispatcher.calls.elementwise import BROADCASTS, ROW_MAJOR, elementwise, large
from corelib.dispatcher.calls.foreign import answer, answer_by_position, foreign
from corelib.dispatcher.calls.operator_entries import for_operator, inplace_entry, rename
from corelib.dispatcher.calls.outcome import afresh, next_computed, noted
from corelib.dispatcher.calls.numpy_names import Layout, by_other_names, face, names_for
from corelib.dispatcher.calls.old_orders import ORDERS
from corelib.dispatcher.calls.paths import path_of
from corelib.dispatcher.modes import active, run, top
from corelib.dispatcher.op import Entry, Op, Operand, plain_of, with_parameters
from corelib.dispatcher.operands import MISSING, fit, fitting_lines
from corelib.graph.grad_mode import grad_mode, off
from corelib.graph.recording import node_along, record, recorder
from corelib.graph.rule import Args, Outs
from corelib.graph.views import mark_unrecorded, own_memory
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.layout import memory_format as MemoryFormat
from corelib.tensor.size import LEAST, NATIVE_DIMS, SMALL, Dims
from corelib.tensor.tensor import Tensor


def unary_entry(op: Op) -> Entry:
    """The entry of an op of one tensor."""
    kernels, recorders, new, T = op.kernels, op.rule.recorders, object.__new__, Tensor
    passed: Callable[..., Tensor] = fallback.passed
    body: Callable[..., Tensor] = op.body
    result = op.facts.result
    differentiable = op.rule.vjps is not None
    # An op without a rule of its own is differentiated through its body, kernel or not.
    through_body = op.body is not None and result is None

    def entry(
        input: Tensor = MISSING, too_many: Any = MISSING, out: Tensor | None = None, x1: Any = MISSING, x: Any = MISSING, a: Any = MISSING,
    ) -> Tensor:
        try:
            if too_many is not MISSING or input is MISSING or x1 is not MISSING or x is not MISSING or a is not MISSING:
                named: Tensor = by_other_names(op, (input, out), too_many, {"x1": x1, "x": x, "a": a})
                return named
            try:
                dtype = input._dtype
                kernel = kernels[input._key][dtype]
                device = input._device
                runtime: Any = device._runtime
                numel = input._numel
                if active.count or out is not None or input._strides is not None:
                    return elementwise(op, (input,), out)
            except (KeyError, AttributeError):
                return afresh(elementwise, op, (input,), out)
            shape = input._shape
            if numel >= runtime.small_limit:
                return large(op, kernel, (input,), dtype, device, shape) if runtime.small_limit else elementwise(op, (input,), out)
            try:
                native = runtime.small_empty(shape, dtype._np if result is None else result.np)
                got = kernel(native, input._native if input._native is not None else input._array())
            except Exception as error:
                if len(shape) > NATIVE_DIMS:
                    return elementwise(op, (input,), out)
                noted(error, op, device, (input,))
                raise
            if got is not None and got is not native:
                if not next_computed(op, device, dtype, got, native, input._array()):
                    return passed(op, device, dtype, (input,))
            t = new(T)
            t._native = native
            t._storage = None
            t._shape = shape
            t._strides = None
            t._offset = 0
            t._numel = numel
            t._dtype = dtype if result is None else result
            t._device = device
            t._key = input._key
            t._requires_grad = False
            t._edge = None
            t._base = None
            if input._requires_grad and grad_mode.enabled:
                if differentiable:
                    (recorders.get(1) or recorder(op.rule, 1))((input,), t)
                elif through_body:
                    return body(input)
            return t
        except Exception:
            if foreign((input,)):
                return answer(op.entry, (input,), {} if out is None else {"out": out})  # type: ignore[no-any-return]
            raise

    return entry


def straight(op: Op, slow: Callable[[Op, Args], Tensor]) -> Entry:
    """The straight way of an op of two operands, either of which may be a Python number; all else is `slow`'s."""
    kernels, recorders, new, T, broadcasts, row_major = op.kernels, op.rule.recorders, object.__new__, Tensor, BROADCASTS, ROW_MAJOR
    passed: Callable[..., Tensor] = fallback.passed
    body: Callable[..., Tensor] = op.body
    result = op.facts.result
    differentiable = op.rule.vjps is not None
    through_body = op.body is not None and result is None
    tensors_only = not op.facts.numbers

    def compute(input: Any, other: Any) -> Tensor:
        if active.count:
            return slow(op, (input, other))
        try:
            dtype = input._dtype
            device = input._device
            key = input._key
            kernel = kernels[key][dtype]
            kind = type(other)
            if kind is not T and (kind is float or (kind is int and LEAST < other < SMALL)):
                if not dtype.is_floating_point or input._strides is not None or tensors_only:
                    return slow(op, (input, other))
                shape, numel = input._shape, input._numel
                native_other = other
                need_other = False
            else:
                if other._dtype is not dtype or other._device is not device:
                    return slow(op, (input, other))
                shape = input._shape
                if input._strides is not None or other._strides is not None:
                    if not row_major[shape, input._strides, other._shape, other._strides]:
                        return slow(op, (input, other))
                if shape == other._shape:
                    numel = input._numel
                else:
                    shape, numel = broadcasts[shape, other._shape]
                native_other = other._native
                if native_other is None:
                    native_other = other._array()
                need_other = other._requires_grad
            runtime: Any = device._runtime
        except (KeyError, AttributeError):
            return afresh(slow, op, (input, other))
        if numel >= runtime.small_limit:
            return large(op, kernel, (input, other), dtype, device, shape) if runtime.small_limit else slow(op, (input, other))
        try:
            native = runtime.small_empty(shape, dtype._np if result is None else result.np)
            got = kernel(native, input._native if input._native is not None else input._array(), native_other)
        except Exception as error:
            if len(shape) > NATIVE_DIMS:
                return slow(op, (input, other))
            noted(error, op, device, (input, other))
            raise
        if got is not None and got is not native:
            if not next_computed(op, device, dtype, got, native, input._array(), native_other):
                return passed(op, device, dtype, (input, other))
        t = new(T)
        t._native = native
        t._storage = None
        t._shape = shape
        t._strides = None
        t._offset = 0
        t._numel = numel
        t._dtype = dtype if result is None else result
        t._device = device
        t._key = key
        t._requires_grad = False
        t._edge = None
        t._base = None
        if (need_other or input._requires_grad) and grad_mode.enabled:
            if differentiable:
                (recorders.get(2) or recorder(op.rule, 2))((input, other), t)
            elif through_body:
                return body(input, other)
        return t

    return compute


def binary_entry(op: Op) -> tuple[Entry, Entry]:
    """The straight way and the entry of an op of two operands."""
    compute: Callable[..., Tensor] = straight(op, elementwise)
    if "alpha" in op.params:

        def with_alpha(
            input: Operand = MISSING, other: Operand = MISSING, too_many: Any = MISSING, alpha: Operand = 1, out: Tensor | None = None,
            x1: Any = MISSING, x: Any = MISSING, a: Any = MISSING, x2: Any = MISSING,
        ) -> Tensor:
            try:
                if too_many is not MISSING or input is MISSING or other is MISSING or x1 is not MISSING or x2 is not MISSING:
                    named: Tensor = by_other_names(op, (input, other, alpha, out), too_many, {"x1": x1, "x": x, "a": a, "x2": x2})
                    return named
                if type(alpha) is int and alpha == 1 and out is None:
                    return compute(input, other)
                return elementwise(op, (input, other, alpha), out)
            except Exception:
                if foreign((input, other)):
                    return answer_by_position(op.entry, (*op.params, "out"), (input, other, alpha, out))  # type: ignore[no-any-return]
                raise

        return compute, with_alpha

    def entry(
        input: Operand = MISSING, other: Operand = MISSING, too_many: Any = MISSING, out: Tensor | None = None,
        x1: Any = MISSING, x: Any = MISSING, a: Any = MISSING, x2: Any = MISSING,
    ) -> Tensor:
        try:
            if too_many is not MISSING or input is MISSING or other is MISSING or x1 is not MISSING or x2 is not MISSING:
                named: Tensor = by_other_names(op, (input, other, out), too_many, {"x1": x1, "x": x, "a": a, "x2": x2})
                return named
            if out is None:
                return compute(input, other)
            return elementwise(op, (input, other), out)
        except Exception:
            if foreign((input, other)):
                return answer(op.entry, (input, other), {} if out is None else {"out": out})  # type: ignore[no-any-return]
            raise

    return compute, entry


def reduction_entry(op: Op) -> Entry:
    """The entry of a reduction with the signature (input, dim, keepdim, *, dtype): all elements of a float go straight."""
    kernels, recorders, new, T = op.kernels, op.rule.recorders, object.__new__, Tensor

    def entry(
        input: Tensor, dim: Dims = None, keepdim: bool = False, too_many: Any = MISSING, dtype: DType | None = None,
        out: Tensor | None = None, axis: Any = MISSING, keepdims: Any = MISSING,
    ) -> Outs:
        try:
            if too_many is not MISSING or axis is not MISSING or keepdims is not MISSING:
                return by_other_names(op, (input, dim, keepdim, dtype, out), too_many, {"axis": axis, "keepdims": keepdims})
            if dim is None and dtype is None and keepdim is False and out is None and not active.count:
                try:
                    kind = input._dtype
                    kernel = kernels[input._key][kind]
                    device = input._device
                    runtime: Any = device._runtime
                    dims = _ALL_DIMS[len(input._shape)]
                except (KeyError, AttributeError):
                    return afresh(op.path, input, dim, keepdim, dtype)
                except IndexError:  # more dimensions than native arrays have
                    return entry(input.reshape(-1))
                if kind.is_floating_point and runtime.small_limit and runtime.strided_any:
                    native = runtime.small_empty((), kind._np)
                    try:
                        got = kernel(native, input._native if input._native is not None else input._array(), dims, False)
                    except Exception as error:
                        noted(error, op, device, (input, dims, False))
                        raise
                    if got is not None and got is not native:
                        if not next_computed(op, device, kind, got, native, input._array(), dims, False):
                            return op.path(input, dim, keepdim, dtype)
                    t = new(T)
                    t._native = native
                    t._storage = None
                    t._shape = ()
                    t._strides = None
                    t._offset = 0
                    t._numel = 1
                    t._dtype = kind
                    t._device = device
                    t._key = input._key
                    t._requires_grad = False
                    t._edge = None
                    t._base = None
                    if input._requires_grad and grad_mode.enabled:
                        (recorders.get(3) or recorder(op.rule, 3))((input, dims, False), t)
                    return t
            if active.count and top() is not None:
                return run(op, (input, dim, keepdim), {"dtype": dtype, "out": out})
            if out is not None:
                return _call.write_out(op, (input, dim, keepdim, dtype), out)
            result: Tensor = op.path(input, dim, keepdim, dtype)
            if dim is not None and result._edge is not None and type(result._edge[0]) is op.rule.node_class:
                result._edge[0].__class__ = node_along(op.rule)
            return result
        except Exception:
            if foreign((input,)):
                return answer_by_position(op.entry, (*op.params, "out"), (input, dim, keepdim, dtype, out))
            raise

    return entry


_ALL_DIMS = tuple(tuple(range(n)) for n in range(NATIVE_DIMS + 1))


# The templates: `make` closes over the op, `{args}` are its parameters. Every entry closes over the same three, so that its code can
# be replaced: that of an op with integer arguments, which looks at their types, is compiled when the op is first called.
_TEMPLATE = """
def make(op, rule, body):
    def entry({args}):
        if 0: op, rule, body
{guarded}
    return entry
"""
_GUARDED = """
{others}{mode}
{out}
{fit}
{work}
"""
_FOREIGN = """
        except Exception:
            if foreign(({tuple})): return answer(op.entry, op.params{out}, ({tuple}))
            raise
"""
_MODE = "        if active.count and top() is not None: return run(op, ({tuple}), {kwargs})"
_OUT = "        if out is not None: return write(op, ({tuple}), out)"
_FIRST = "        return first_call(op, ({tuple}), {out})"  # the rest is compiled then, for importing corelib is to be quick
_WORK = {
    "call": "        return op.path({plain})",
    "body": (
        "        try: result = body({plain})\n"
        "        except (AttributeError, TypeError, IndexError):\n"
        "            check_operands(op, ({tuple}))\n"
        "            raise\n"
        "        if result is None: return None\n"
        "        try: base = result._base\n"
        "        except AttributeError: return own(result, ({tuple})) if isinstance(result, tuple) else result\n"
        "        return result if base is None or base is a0 else own(result, ({tuple}))"
    ),
    # A view's body makes the view; only its gradient is left to do.
    "view": (
        "        try: need = a0._requires_grad\n"
        "        except AttributeError: return afresh(call, op, ({tuple}))\n"
        "        try: result = body({plain})\n"
        "        except AttributeError:\n"
        "            check_operands(op, ({tuple}))\n"
        "            raise\n"
        "        if off: mark_unrecorded(result)\n"
        "        if need and grad_mode.enabled and result is not a0: record(rule, ({tuple}), result)\n"
        "        return result"
    ),
}
_MAKERS: dict[tuple[int, bool, str, str, str], Callable[..., FunctionType]] = {}


def template_entry(op: Op, work: str) -> FunctionType:
    """An entry with the op's own parameter names and defaults, made from a template of its arity."""
    takes_out = bool(op.facts.out)
    others = names_for(op.name, op.params, op.facts.on)
    layout = _layout(op, others)
    later = layout is not None or (op.checked and work != "call")  # one that only this op has, or few others
    return _of_template(op, takes_out, "first" if later else work, "", layout, others)


def _layout(op: Op, others: tuple[str, ...]) -> Layout | None:
    """How the entry's parameters lie, where it takes more than the op's own."""
    return Layout(op.function, bool(op.facts.out), others, op.checked) if others or op.name in ORDERS else None


def _of_template(op: Op, takes_out: bool, work: str, lines: str, layout: Layout | None, others: tuple[str, ...]) -> FunctionType:
    """An entry that does this work, its parameters laid out so."""
    n = len(op.params)
    args = "".join([f"a{i}, " for i in range(n)] + ["out, "] * takes_out)
    key = (n, takes_out, work, "" if layout is None else layout.order, "" if layout is None else layout.line("        ", args, others))
    maker = _MAKERS.get(key) if not lines else None
    if maker is None:
        maker = _maker(*key, lines)
        if not lines:
            _MAKERS[key] = maker
    made = maker(op, op.rule, op.body)
    return with_parameters(made, op.function, takes_out) if layout is None else layout.put(made, op.function)


def _maker(n: int, takes_out: bool, work: str, order: str, others: str, lines: str) -> Callable[..., FunctionType]:
    """The function that makes entries of `n` parameters."""
    names = [f"a{i}" for i in range(n)]
    plain, as_tuple = ", ".join(names), "".join(f"{a}, " for a in names)
    if work == "first":
        guarded = f"{others}\n{_FIRST.format(tuple=as_tuple, out='out' if takes_out else None)}"
    else:
        body = _GUARDED.format(
            others=others,
            mode=_MODE.format(tuple=as_tuple, kwargs="{} if out is None else {'out': out}" if takes_out else "{}"),
            out=_OUT.format(tuple=as_tuple) if takes_out else "",
            fit=lines,
            work=_WORK[work].format(tuple=as_tuple, plain=plain),
        )
        # what the operands answer is asked where a call fails: a `try` costs a call nothing
        body = "".join(f"    {line}\n" for line in body.splitlines())
        guarded = "        try:\n" + body + _FOREIGN.format(tuple=as_tuple + "out, " * takes_out, out=" + ('out',)" * takes_out)
    source = _TEMPLATE.format(args=order or ", ".join(names + ["out"] * takes_out), guarded=guarded)
    scope: dict[str, Any] = {
        "active": active, "top": top, "run": run, "record": record, "grad_mode": grad_mode, "call": _call.call, "write": _call.write_out,
        "fit": fit, "dtype": DType, "memory_format": MemoryFormat, "first_call": _first_call, "off": off, "mark_unrecorded": mark_unrecorded, "own": own_memory,
        "check_operands": _call.check_operands, "foreign": foreign, "answer": answer_by_position, "Tensor": Tensor, "afresh": afresh,
        "MISSING": MISSING, "by_other_names": by_other_names,
    }
    exec(source, scope)  # our own text: nothing of a user's reaches it
    maker: Callable[..., FunctionType] = scope["make"]
    return maker


def _first_call(op: Op, args: Args, out: Any) -> Any:
    """The first call of an op with integer arguments and no path: its entry gets the code that looks at them, and is called again."""
    takes_out = bool(op.facts.out)
    others = names_for(op.name, op.params, op.facts.on)
    work = work_of(op)
    made = _of_template(op, takes_out, work, "" if work == "call" else fitting_lines(op.checked, "        "), _layout(op, others), others)
    plain_of(op.entry).__code__ = made.__code__.replace(co_name=op.name)
    named = dict(zip(op.params[op.positional :], args[op.positional :], strict=True))
    return op.entry(*args[: op.positional], **named, **({} if out is None else {"out": out}))


def work_of(op: Op) -> str:
    """Which template's work an op's entry does."""
    if op.kind == "view":
        return "view" if op.rule.vjps is not None else "body"
    if op.facts.infer is None and op.rule.vjps is None and op.kind in ("composite", "creation"):
        return "body"
    return "call"


def build(op: Op) -> Any:
    """Make the op's entries; what users call is returned."""
    fn = op.function
    entry: Any
    path_of(op)
    if op.kind == "unary":
        entry = unary_entry(op)
    elif op.kind == "binary":
        op.compute, entry = binary_entry(op)
        op.operator = straight(op, for_operator)
    elif op.kind == "reduction":
        entry = reduction_entry(op)
    else:
        entry = template_entry(op, work_of(op))
    if op.kind == "binary":
        rename(entry, op)
    entry.__name__ = entry.__qualname__ = op.name
    entry.__doc__ = fn.__doc__
    entry.__module__ = fn.__module__
    entry.__annotations__ = fn.__annotations__
    entry.op = op
    op.entry = entry
    if op.kind in ("unary", "binary", "reduction") or names_for(op.name, op.params, op.facts.on) or op.name in ORDERS:
        entry.__wrapped__ = face(fn, bool(op.facts.out) or op.kind in ("unary", "binary", "reduction"))
    if op.facts.inplace:
        op.inplace_entry = inplace_entry(op)
    return entry
