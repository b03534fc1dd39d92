"""Traced code as C, for single values or for vectors of several.

In vectors a bool is a mask, -1 for true, as OpenCL's comparisons give it. Only code whose dtypes are all computed in one floating
type, with bool beside it, is written in vectors.
"""

from __future__ import annotations

from corelib.backend.codegen.expressions import expression, FUNCTIONS, SINGLE
from corelib.backend.codegen.trace import Code, Statement, Value
from corelib.backend.codegen.types import C, number
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType

VECTORS = {"f32": ("float8", "int8", 8), "f64": ("double4", "long4", 4)}
"""For a compute type: its vector type, the type of its masks, and the width."""


class Scalar:
    """Single values."""

    def type(self, dtype: DType) -> str:
        return C[dtype].compute

    def taken(self, value: Value, dtype: DType) -> str:
        """A value in a dtype, cast as `copy` does: to bool by comparison with 0, to integers towards 0."""
        if value.number is not None:
            return number(value.number, dtype)
        if value.dtype is dtype:
            return value.name
        to, of = C[dtype], C[value.dtype]
        if to.compute == of.compute and to.family != "bool":
            return value.name
        if "complex" in (to.family, of.family):
            x = f"{value.name}.x" if of.family == "complex" else value.name
            y = f"{value.name}.y" if of.family == "complex" else "0"
            if to.family == "bool":
                return f"({x} != 0 || {y} != 0)"
            return f"make_{to.compute}({x}, {y})" if to.family == "complex" else f"(({to.compute}){x})"
        if to.family == "bool":
            return f"({value.name} != 0)"
        if to.family == "int" and of.family == "float" and dtype is not D.int64:
            # what is out of range wraps, by way of the widest integer, as it does in PyTorch on the CPU
            return f"(({to.compute})(i64){value.name})"
        return f"(({to.compute}){value.name})"

    def load(self, dtype: DType, array: str, at: str) -> str:
        return f"load_{C[dtype].tag}({array}, {at})"

    def same(self, dtype: DType, array: str, at: str) -> str:
        """One element, for every lane."""
        return self.load(dtype, array, at)

    def store(self, dtype: DType, array: str, at: str, value: str) -> str:
        return f"store_{C[dtype].tag}({array}, {at}, {value});"

    def lines(self, code: Code) -> list[str]:
        """The statements of some code."""
        return [f"const {self.type(s.result)} {s.name} = {self.expression(s)};" for s in code.statements]

    def expression(self, s: Statement) -> str:
        c = C[s.dtype]
        template = expression(s.op_name, c.family)
        assert template is not None
        texts = [
            self.taken(v, D.bool if s.op_name == "select_where" and n == 0 else s.dtype) for n, v in enumerate(s.operands)
        ]
        return template.format(**dict(zip("abc", texts, strict=False)), T=self.type(s.dtype), U=c.unsigned, tag=c.tag)


class Vector(Scalar):
    """Vectors of one floating type."""

    def __init__(self, compute: str) -> None:
        self.vector, self.mask, self.width = VECTORS[compute]
        self.compute = compute

    def type(self, dtype: DType) -> str:
        return self.mask if dtype is D.bool else self.vector

    def taken(self, value: Value, dtype: DType) -> str:
        if value.number is not None:
            if dtype is D.bool:
                return f"(({self.mask})({-int(bool(value.number))}))"
            return f"(({self.vector})({number(value.number, dtype)}))"
        if (value.dtype is D.bool) == (dtype is D.bool):
            return value.name
        return f"({value.name} != 0)" if dtype is D.bool else f"convert_{self.vector}(-{value.name})"

    def expression(self, s: Statement) -> str:
        text = super().expression(s)
        return f"{s.op_name}_lanes{text.removeprefix(s.op_name)}" if s.op_name in ("sin", "cos", "tan") and self.compute == "f32" else text

    def load(self, dtype: DType, array: str, at: str) -> str:
        w = self.width
        if dtype is D.bool:
            return f"(convert_{self.mask}(vload{w}(0, {array} + ({at}))) != 0)"
        if dtype is D.float16:
            return f"load_f16_{w}({array} + ({at}))"
        if dtype is D.bfloat16:
            return f"as_float{w}(convert_uint{w}(vload{w}(0, {array} + ({at}))) << 16)"
        return f"vload{w}(0, {array} + ({at}))"

    def same(self, dtype: DType, array: str, at: str) -> str:
        return self.every(dtype, f"load_{C[dtype].tag}({array}, {at})")

    def every(self, dtype: DType, one: str) -> str:
        """A single value, for every lane."""
        return f"(({self.mask})(-{one}))" if dtype is D.bool else f"(({self.vector})({one}))"

    def store(self, dtype: DType, array: str, at: str, value: str) -> str:
        w = self.width
        if dtype is D.bool:
            return f"vstore{w}(convert_uchar{w}({value} & 1), 0, {array} + ({at}));"
        if dtype is D.float16:
            return f"store_f16_{w}({array} + ({at}), {value});"
        if dtype is D.bfloat16:
            return f"vstore{w}(round_bf16_{w}({value}), 0, {array} + ({at}));"
        return f"vstore{w}({value}, 0, {array} + ({at}));"


def vector_for(code: Code, dtypes: tuple[DType, ...]) -> Vector | None:
    """How to write code in vectors, where that is possible and quicker."""
    if not any(s.op_name in FUNCTIONS for s in code.statements) or any(s.op_name in SINGLE for s in code.statements):
        return None
    kinds = {C[d].compute for d in (*dtypes, *[s.dtype for s in code.statements], *[s.result for s in code.statements]) if d is not D.bool}
    return Vector(kinds.pop()) if len(kinds) == 1 and kinds <= VECTORS.keys() else None
