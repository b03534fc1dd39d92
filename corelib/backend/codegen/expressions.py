"""C expressions of the elementwise ops: what stands for an op in generated code, by the family of the dtype computed in.

`{a}`, `{b}`, `{c}` are the operands, already of the compute type `{T}`; `{U}` is the unsigned integer of its width and `{tag}`
names the dtype's helpers in the prelude. An op that is not here is generated from its body. Those that are not primitives
are here because the target's own function is nearer to the exact value, or much quicker, than the body.
"""

from __future__ import annotations

_COMPARE = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}

_EVERY = {"copy": "{a}"}
_COUNTED = {"arange_": "{a} + ({T})index * {b}"}

FLOAT = _EVERY | _COUNTED | {
    "neg": "-{a}", "add": "{a} + {b}", "sub": "{a} - {b}", "mul": "{a} * {b}", "true_div": "{a} / {b}",
    "floor_divide": "floor_divide_{T}({a}, {b})", "remainder": "remainder_{T}({a}, {b})",
    "maximum": "({a} > {b} || {a} != {a} ? {a} : {b})", "minimum": "({a} < {b} || {a} != {a} ? {a} : {b})",
    "sqrt": "sqrt({a})", "exp": "exp({a})", "log": "log({a})", "sin": "sin({a})", "cos": "cos({a})", "floor": "floor({a})",
    "ceil": "ceil({a})", "trunc": "trunc({a})", "_round": "rint({a})", "abs": "fabs({a})", "square": "{a} * {a}",
    "reciprocal": "({T})1 / {a}", "rsqrt": "({T})1 / sqrt({a})", "copysign": "copysign({a}, {b})",
    "tan": "tan({a})", "asin": "asin({a})", "acos": "acos({a})", "atan": "atan({a})", "atan2": "atan2({a}, {b})",
    "sinh": "sinh({a})", "cosh": "cosh({a})", "tanh": "tanh_{T}({a})", "log1p": "log1p({a})", "expm1": "expm1({a})",
    "log2": "log2({a})", "log10": "log10({a})", "erf": "erf({a})", "erfc": "erfc({a})", "erfinv": "erfinv_{T}({a})",
    "exp2": "exp2({a})", "asinh": "asinh({a})", "acosh": "acosh({a})", "atanh": "atanh({a})", "hypot": "hypot({a}, {b})",
    "fmod": "fmod({a}, {b})", "pow": "pow({a}, {b})",
    "select_where": "({a} ? {b} : {c})", "rectify": "({a} > 0 || {a} != {a} ? {a} : ({T})0)",
}

INT = _EVERY | _COUNTED | {
    "neg": "({T})(({U})0 - ({U}){a})", "bitwise_not": "({T})~{a}",
    "add": "({T})(({U}){a} + ({U}){b})", "sub": "({T})(({U}){a} - ({U}){b})", "mul": "({T})(({U}){a} * ({U}){b})",
    "floor_divide": "floor_divide_{T}({a}, {b})", "remainder": "remainder_{T}({a}, {b})",
    "maximum": "({a} > {b} ? {a} : {b})", "minimum": "({a} < {b} ? {a} : {b})", "floor": "{a}", "ceil": "{a}", "trunc": "{a}",
    "abs": "({a} < 0 ? ({T})(({U})0 - ({U}){a}) : {a})", "square": "({T})(({U}){a} * ({U}){a})",
    "bitwise_and": "({T})({a} & {b})", "bitwise_or": "({T})({a} | {b})", "bitwise_xor": "({T})({a} ^ {b})",
    "bitwise_left_shift": "shift_left_{T}({a}, {b})", "bitwise_right_shift": "shift_right_{T}({a}, {b})",
    "select_where": "({a} ? {b} : {c})", "rectify": "({a} > 0 ? {a} : ({T})0)",
}

BOOL = _EVERY | {
    "bitwise_not": "!{a}", "add": "({a} | {b})", "mul": "({a} & {b})", "maximum": "({a} | {b})", "minimum": "({a} & {b})",
    "bitwise_and": "({a} & {b})", "bitwise_or": "({a} | {b})", "bitwise_xor": "({a} ^ {b})", "select_where": "({a} ? {b} : {c})",
}

_FUNCTIONS = (
    "sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "log1p", "expm1", "log2",
    "log10", "exp2",
)
COMPLEX = _EVERY | {name: f"{name}_{{T}}({{a}})" for name in _FUNCTIONS} | {
    "neg": "-{a}", "add": "{a} + {b}", "sub": "{a} - {b}", "mul": "mul_{T}({a}, {b})", "true_div": "div_{T}({a}, {b})",
    "pow": "pow_{T}({a}, {b})", "square": "mul_{T}({a}, {a})", "reciprocal": "div_{T}(make_{T}(1, 0), {a})",
    "conj_physical": "make_{T}({a}.x, -{a}.y)", "select_where": "({a} ? {b} : {c})",
}

# What gives a bool, whatever it is computed in.
TRUTH = {name: f"({{a}} {sign} {{b}})" for name, sign in _COMPARE.items()}
TRUTH |= {
    "logical_and": "({a} != 0 && {b} != 0)", "logical_or": "({a} != 0 || {b} != 0)",
    "logical_xor": "(({a} != 0) != ({b} != 0))", "logical_not": "({a} == 0)",
}
TRUTH_OF_FLOAT = {"isnan": "({a} != {a})", "isinf": "(fabs({a}) == ({T})INFINITY)", "isfinite": "(fabs({a}) < ({T})INFINITY)"}

_NOT_0 = "({%s}.x != 0 || {%s}.y != 0)"
TRUTH_OF_COMPLEX = {
    "eq": "({a}.x == {b}.x && {a}.y == {b}.y)", "ne": "({a}.x != {b}.x || {a}.y != {b}.y)",
    "logical_and": f"({_NOT_0 % ('a', 'a')} && {_NOT_0 % ('b', 'b')})", "logical_or": f"({_NOT_0 % ('a', 'a')} || {_NOT_0 % ('b', 'b')})",
    "logical_xor": f"({_NOT_0 % ('a', 'a')} != {_NOT_0 % ('b', 'b')})", "logical_not": "({a}.x == 0 && {a}.y == 0)",
    "isnan": "({a}.x != {a}.x || {a}.y != {a}.y)", "isinf": "(isinf({a}.x) || isinf({a}.y))",
    "isfinite": "(isfinite({a}.x) && isfinite({a}.y))",
}
COMPLEX |= TRUTH_OF_COMPLEX

# Much slower an element than in vectors, where the target computes these by calls.
FUNCTIONS = frozenset(
    ["sqrt", "rsqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "log1p", "expm1", "log2", "log10", "erf", "erfc", "exp2", "asinh", "acosh", "atanh", "hypot", "fmod", "pow", "floor", "ceil", "trunc", "_round"]
)
# Those whose expression calls a function of the prelude, which is written for single values.
SINGLE = frozenset(["erfinv", "floor_divide", "remainder", "bitwise_left_shift", "bitwise_right_shift"])

_FAMILIES = {"float": FLOAT | TRUTH | TRUTH_OF_FLOAT, "int": INT | TRUTH, "bool": BOOL | TRUTH, "complex": COMPLEX}


def expression(op_name: str, family: str) -> str | None:
    """The template of an op for a family of dtypes ("float", "int", "bool" or "complex"); None where the body is to be used."""
    return _FAMILIES[family].get(op_name)


def gives_bool(op_name: str) -> bool:
    """Whether an op's values are bool, whatever it is computed in."""
    return op_name in TRUTH or op_name in TRUTH_OF_FLOAT
