"""How generated code adds up what is long: 64 values one by one, 64 such sums, and so on, so that no value goes through more than a
few hundred additions. Compares and integers lose nothing, and are combined one by one."""

from __future__ import annotations

from typing import NamedTuple

from corelib.backend.codegen.programs import Reduce

_BITS, _LEVELS = 6, 4  # 64 values on each of four levels; the last takes what there is


class Cascade(NamedTuple):
    """The accumulator of a reduction, a variable or an array of lanes, and behind it those that it is emptied into."""

    stage: Reduce
    name: str
    type: str
    """Of the variable, or of an array's elements."""
    init: str
    lanes: int = 0
    """How long the array is; 0 for a variable."""

    @property
    def long(self) -> bool:
        """Whether digits are lost by adding one by one."""
        return is_sum(self.stage.type, self.stage.combine)

    def _levels(self) -> list[str]:
        return [self.name, *[f"{self.name}{n}" for n in range(1, _LEVELS)]] if self.long else [self.name]

    def declared(self) -> str:
        """The accumulators, empty."""
        text = ""
        for name in self._levels():
            if self.lanes:
                text += f"{self.type} {name}[{self.lanes}]; for (i32 l = 0; l < {self.lanes}; ++l) {name}[l] = {self.init}; "
            else:
                text += f"{self.type} {name} = {self.init}; "
        return f"{text}i64 {self.name}n = 0;" if self.long else text

    def _each(self, text: str) -> str:
        return f"for (i32 l = 0; l < {self.lanes}; ++l) {{ {text} }}" if self.lanes else text

    def _join(self, to: str, of: str) -> str:
        at = "[l]" if self.lanes else ""
        return f"{to}{at} = {self.stage.combine.format(a=to + at, b=of + at)};"

    def step(self) -> str:
        """What follows each value that has been taken in: a full level is emptied into the next."""
        if not self.long:
            return ""
        levels, at, text, ends = self._levels(), "[l]" if self.lanes else "", "", ""
        for n in range(1, _LEVELS):
            test = f"(++{self.name}n & {(1 << _BITS) - 1})" if n == 1 else f"({self.name}n & {(1 << _BITS * n) - 1})"
            text += f"if ({test} == 0) {{ " + self._each(f"{self._join(levels[n], levels[n - 1])} {levels[n - 1]}{at} = {self.init};") + " "
            ends += "}"
        return text + ends

    def joined(self) -> str:
        """All levels into the first."""
        return " ".join([self._each(self._join(self.name, level)) for level in self._levels()[1:]])


def is_sum(kind: str, combine: str) -> bool:
    """Whether a way to combine values adds floating-point numbers up."""
    return kind in ("f32", "f64") and combine.replace(" ", "") == "{a}+{b}"
