"""Rule: how gradients flow through an op, as its declaration says, and what was compiled of it.

A vjp names what it uses; `Rule` turns the names into positions in (out, *arguments, *shapes of the arguments, *outputs), which are
also the places of what a node saves. What records a call and what runs its node are compiled from them, in `corelib.graph.compiled`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from corelib.tensor.named import NamedTuple

Vjp: TypeAlias = Callable[..., Any]
"""From an output's gradient, and what else it names, to the gradient of an operand."""
Args: TypeAlias = tuple[Any, ...]
"""The arguments of a call of an op, in the order of its parameters."""
Outs: TypeAlias = Any
"""What an op returned: a tensor, or a tuple of them where it has several outputs."""
Recorder: TypeAlias = Callable[[Args, Outs], None]
"""Called with a call's arguments and its output: makes the node, if an operand needs a gradient."""
Naming: TypeAlias = str | Callable[..., tuple[str, tuple[int, ...]]] | None
"""The name of an op's nodes; or a function of the arguments that returns (name, the operands which that form of the op has)."""


class Slope(NamedTuple):
    """The vjp of one operand: the function, the positions of what it takes, and its place where one function serves several operands."""

    function: Vjp
    picks: tuple[int, ...]
    group: tuple[int, int] | None


class Rule:
    """The derivatives of one op. `vjps` has for each parameter a `Slope` or None, and is None for an op without any."""

    def __init__(
        self, name: str, params: tuple[str, ...], operands: tuple[int, ...], lists: tuple[int, ...], tensors: frozenset[int],
        optional: frozenset[int], numbers: frozenset[int], *, several: bool, naming: Naming, defaults: Args, vjp: Any,
    ) -> None:  # fmt: skip
        self.name = name
        self.params = params
        self.operands = operands
        self.lists = lists
        self.tensors = tensors
        """The operands that are tensors for certain."""
        self.optional = optional
        """Those that are tensors or None."""
        self.numbers = numbers
        """The parameters that hold integers, or None, and no tensor in any case."""
        self.several = several
        """Whether there are several outputs."""
        self.naming = naming
        self.defaults = defaults
        """For each parameter its default, or None."""
        self.complex = False
        """Whether the vjps are right for complex numbers as they stand."""
        self.geometry_only = False
        """Whether the vjps look only at how the operands lie in memory, so that these may be changed in place."""
        self.recorders: dict[int, Recorder] = {}
        """By number of arguments: what records a call."""
        self.node_class: Any = None
        """The class of the op's nodes, once there was one."""
        self.vjps: tuple[Slope | None, ...] | None = None
        self.differentiable: tuple[tuple[int, tuple[int, ...]], ...] = ()
        """(position, what its vjp takes) of each differentiable parameter."""
        if vjp is not None:
            self._read(vjp if isinstance(vjp, dict) else {params[operands[0]]: vjp})

    def _read(self, table: dict[str | tuple[str, ...], Vjp]) -> None:
        found: list[Slope | None] = [None] * len(self.params)
        for group, (names, function) in enumerate(table.items()):
            code = getattr(function, "__wrapped__", function).__code__
            picks = tuple([self._pick(wanted) for wanted in code.co_varnames[1 : code.co_argcount]])
            for member, name in enumerate(names if isinstance(names, tuple) else (names,)):
                found[self.params.index(name)] = Slope(function, picks, (group, member) if isinstance(names, tuple) else None)
        self.vjps = tuple(found)
        self.differentiable = tuple((i, slope.picks) for i, slope in enumerate(found) if slope is not None)

    def _pick(self, wanted: str) -> int:
        """Where a vjp finds what it names; -1 for `needs`."""
        if wanted == "needs":
            return -1
        if wanted == "out":
            return 0
        if self.several and wanted[:3] == "out" and wanted[3:].isdigit():
            return 2 * len(self.params) + 1 + int(wanted[3:])
        if wanted not in self.params and wanted.endswith("_shape"):
            return len(self.params) + 1 + self.params.index(wanted[:-6])
        return self.params.index(wanted) + 1


def without_derivative(name: str) -> Vjp:
    """The vjp of an op that PyTorch records and cannot differentiate: RuntimeError that says so, when its gradient is asked for."""

    def refuse(g: Any) -> Any:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return refuse


def without_slope(name: str) -> Vjp:
    """As `without_derivative`, for one operand of an op that has derivatives otherwise: NotImplementedError, as in PyTorch."""

    def refuse(g: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return refuse
