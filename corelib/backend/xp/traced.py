"""Kernels made of op bodies: what an elementwise op without a kernel computes, as one run over the module's own functions.

A body is followed once (as for generated code), and what it does at each element becomes a Python function whose steps write into
a few arrays that are used again and again. So a long body costs neither a call of an op nor fresh memory for each step, and what it
works on stays in cache. A body that does more than compute element by element runs as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from corelib.backend.codegen.trace import Code, Untraceable, Value, trace
from corelib.backend.signatures import Argument, Outcome
from corelib.backend.xp.choice import choose, each_piece
from corelib.backend.xp.guard import Guard, Module
from corelib.backend.xp.special import error_functions, gamma_functions
from corelib.contract.kernels import Kernel, KernelTable, Native
from corelib.dispatcher.op import TABLE, Op
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

Program = Callable[..., None]
"""`program(out, *operands)`."""

_OF_NUMBERS = {
    "neg": "negative", "add": "add", "sub": "subtract", "mul": "multiply", "true_div": "true_divide", "maximum": "maximum", "minimum": "minimum",
    "sqrt": "sqrt", "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "_round": "rint",
    "abs": "absolute", "square": "square", "reciprocal": "reciprocal", "copysign": "copysign", "tan": "tan", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan", "atan2": "arctan2", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "log1p": "log1p", "expm1": "expm1", "log2": "log2",
    "exp2": "exp2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "hypot": "hypot", "fmod": "fmod", "pow": "power",
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal", "isnan": "isnan", "isinf": "isinf",
    "isfinite": "isfinite", "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor", "logical_not": "logical_not",
    "select_where": "", "copy": "", "erf": "", "erfinv": "", "lgamma": "", "digamma": "",
}  # fmt: skip
_OF_TRUTH = {
    "bitwise_not": "logical_not", "bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor", "add": "logical_or",
    "mul": "logical_and", "maximum": "logical_or", "minimum": "logical_and", "eq": "equal", "ne": "not_equal", "logical_and": "logical_and",
    "logical_or": "logical_or", "logical_xor": "logical_xor", "logical_not": "logical_not", "select_where": "", "copy": "",
}  # fmt: skip
_WRITTEN_OUT: dict[tuple[str, DType], Callable[[Module, Native, Native], None]] = {
    ("erf", D.float32): error_functions.erf32, ("erf", D.float64): error_functions.erf64,
    ("erfinv", D.float32): error_functions.erfinv32, ("erfinv", D.float64): error_functions.erfinv64,
    ("lgamma", D.float32): gamma_functions.lgamma32,
    ("digamma", D.float32): gamma_functions.digamma, ("digamma", D.float64): gamma_functions.digamma,
}  # fmt: skip
_COMPOSITES = (
    "polygamma", "logit", "elu_of", "selu_of", "celu_of", "mish_of", "softplus", "cross_entropy_of_logits", "hardshrink", "softshrink", "threshold_of",
)  # fmt: skip
_MOST_PROGRAMS = 64  # of one op
_PASSED_ON = ("polygamma", "erfc", "lgamma", "special_ndtr")  # whose kernels are for some calls only
_FLOATS = (D.float16, D.bfloat16, D.float32, D.float64)


def register(table: KernelTable, xp: Module, guard: Guard) -> None:
    """A kernel for each elementwise op that has none yet for a floating dtype."""
    for op in TABLE.values():
        if op.body is not None and not op.facts.several and (op.kind in ("unary", "binary", "elementwise") or op.name in _COMPOSITES):
            made, known = _kernel(op, xp, guard), table.table.get(op.name, {})
            for dtype in _FLOATS:
                if _refused(op, dtype):
                    continue
                if dtype not in known:
                    table.register(op.name, dtype, made)
                elif op.name in _PASSED_ON:
                    table.register(op.name, dtype, _or_else(known[dtype], made))


def _or_else(first: Kernel, second: Kernel) -> Kernel:
    def kernel(out: Native, *args: Argument) -> Outcome:
        passed = first(out, *args)
        return second(out, *args) if passed is NotImplemented else passed

    return kernel


def _kernel(op: Op, xp: Module, guard: Guard) -> Kernel:
    """`kernel(out, *args)`; it returns NotImplemented where the body is to run."""
    places, run, width = op.operands, guard.run, len(op.params)
    known: dict[Hashable, Program | None] = {}

    def kernel(out: Native, *args: Argument) -> Outcome:
        operands: list[Any] = []
        key: tuple[Any, ...] = ()
        for i, x in enumerate(args):
            if i not in places:
                key += (_exactly(x),)
            elif x is None:  # in its place, or a call without another optional operand would have the same key
                key += (None,)
            else:
                operands.append(x)
                key += (x.dtype if hasattr(x, "dtype") else type(x),)
        try:
            program = known[key]
        except KeyError:
            if len(known) > _MOST_PROGRAMS:  # an attribute that is another in each call
                return NotImplemented
            program = known[key] = _program(op, args, width, xp)
        except TypeError:  # an attribute that cannot be a key
            return NotImplemented
        if program is None:
            return NotImplemented
        run(_in_pieces, program, guard, xp, out, operands)
        return None

    return kernel


def _exactly(x: Argument) -> Hashable:
    """An attribute as a key: 0.0 and -0.0 are two, and so are 1, 1.0 and True."""
    return repr(x) if isinstance(x, float) else (type(x), x)


def _refused(op: Op, dtype: DType) -> bool:
    """Whether the op's own check, which calls that find a kernel do not make, refuses a dtype, whatever the operands."""
    try:
        if op.facts.check is not None:
            op.facts.check(dtype)
    except TypeError:  # it looks at the operands too
        return False
    except (NotImplementedError, RuntimeError):
        return True
    return False


def _in_pieces(program: Program, guard: Guard, xp: Module, out: Native, operands: list[Any]) -> None:
    for part, *some in each_piece(xp, guard, out, operands):
        program(part, *some)


def _program(op: Op, args: tuple[Argument, ...], width: int, xp: Module) -> Program | None:
    """What the body does, or None where it cannot be followed or does what is not known here."""
    full: list[Any] = [args[i] if i < len(args) else None for i in range(width)]
    if op.defaults:
        for i in range(len(args), width):
            full[i] = op.defaults[i]
    dtypes: dict[int, DType] = {}
    by_name = {d.np: d for d in (D.bool, *_FLOATS)}
    found = next((x.dtype for i, x in enumerate(args) if i in op.operands and hasattr(x, "dtype") and x.dtype.kind != "b"), None)
    for i in op.operands:
        x = args[i] if i < len(args) else None
        if x is not None:
            dtype = getattr(x, "dtype", found)
            kind = None if dtype is None else by_name.get(dtype)
            if kind is None:
                return None
            dtypes[i] = kind
    try:
        return written(trace(op, tuple(full), dtypes, _accepted), xp, len(dtypes))
    except (Untraceable, NotImplementedError, RuntimeError, TypeError, IndexError, ValueError, AttributeError):
        return None


def _accepted(op_name: str, family: str) -> str | None:
    """The function for an op on a family of dtypes; None where the body is to be followed."""
    return (_OF_TRUTH if family == "bool" else _OF_NUMBERS if family == "float" else {}).get(op_name)


class _Room:
    """Which arrays hold what, and which are free."""

    def __init__(self, code: Code) -> None:
        self.last: dict[str, int] = {}
        for n, statement in enumerate(code.statements):
            for value in statement.operands:
                self.last[value.name] = n
        self.last[code.result.name] = len(code.statements)
        self.arrays: list[DType] = []
        self.free: dict[DType, list[int]] = {}
        self.place: dict[str, int] = {}

    def name(self, value: Value, dtype: DType) -> str:
        """A value in the text."""
        if value.number is None:
            return value.name if value.name.startswith("v") else f"b{self.place[value.name]}"
        if dtype is D.bool:
            return str(bool(value.number))
        number = float(value.number)
        return "nan" if number != number else repr(number) if abs(number) != float("inf") else "inf" if number > 0 else "-inf"

    def taken(self, dtype: DType) -> int:
        """A free array of a dtype."""
        if self.free.get(dtype):
            return self.free[dtype].pop()
        self.arrays.append(dtype)
        return len(self.arrays) - 1

    def leave(self, operands: tuple[Value, ...], n: int) -> None:
        """After step n: what no later step reads makes room."""
        for name in {v.name for v in operands if v.name in self.place and self.last[v.name] == n}:
            at = self.place.pop(name)
            self.free.setdefault(self.arrays[at], []).append(at)


def written(code: Code, xp: Module, operands: int) -> Program:
    """Traced code as a Python function over the functions of `xp`."""
    room, lines = _Room(code), []
    names: dict[str, Any] = {"xp": xp, "nan": float("nan"), "inf": float("inf"), "copyto": xp.copyto, "choose": choose}
    for n, s in enumerate(code.statements):
        if any(v.dtype not in (D.bool, *_FLOATS) for v in (*s.operands, Value("", s.dtype), Value("", s.result))):
            raise Untraceable(f"{s.op_name} of {s.dtype}")
        if s.op_name == "select_where":
            condition, chosen, other = s.operands
            if condition.dtype is not D.bool or condition.number is not None:
                raise Untraceable("a condition that is not bool")
            held = room.place.get(other.name)
            over = other.number is None and held is not None and room.last[other.name] == n and other.name not in (condition.name, chosen.name)
            at = held if over and held is not None and room.arrays[held] is s.result else room.taken(s.result)
            lines.append(f"choose(xp, b{at}, {room.name(condition, D.bool)}, {room.name(chosen, s.dtype)}, {room.name(other, s.dtype)})")
            if at == held:
                del room.place[other.name]
        elif s.op_name == "copy":
            at = room.taken(s.result)
            lines.append(f"copyto(b{at}, {room.name(s.operands[0], s.dtype)}, 'unsafe')")
        elif (s.op_name, s.dtype) in _WRITTEN_OUT:
            if s.operands[0].number is not None or s.operands[0].dtype is not s.dtype:
                raise Untraceable(f"{s.op_name} of a number")
            at = room.taken(s.result)
            names[s.op_name] = _WRITTEN_OUT[s.op_name, s.dtype]
            lines.append(f"{s.op_name}(xp, {room.name(s.operands[0], s.dtype)}, b{at})")
        else:
            function = _accepted(s.op_name, "bool" if s.dtype is D.bool else "float")
            if not function:
                raise Untraceable(f"{s.op_name} of {s.dtype}")
            names[function] = getattr(xp, function)
            given = ", ".join(room.name(v, s.dtype) for v in s.operands)
            # in place where an operand is read for the last time: elementwise functions allow it
            room.leave(s.operands, n)
            at = room.taken(s.result)
            lines.append(f"{function}({given}, out=b{at})")
        room.leave(s.operands, n)
        room.place[s.name] = at
    lines.append(f"copyto(out, {room.name(code.result, code.result.dtype)}, 'unsafe')")
    made = []
    for i, dtype in enumerate(room.arrays):
        names[f"d{i}"] = dtype.np
        made.append(f"b{i} = empty(out.shape, d{i})")
    names["empty"] = xp.empty
    given = "".join(f", v{i}" for i in range(operands))
    text = f"def program(out{given}):\n    " + "\n    ".join(made + lines)
    exec(text, names)
    program: Program = names["program"]
    return program
