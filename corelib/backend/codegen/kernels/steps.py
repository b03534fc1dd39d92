"""The optimizers' updates: each a single kernel that reads and writes a parameter's tensors once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from corelib.backend.codegen.elementwise import Elementwise
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType


class Steps:
    """SGD and Adam of one backend."""

    def __init__(self, elementwise: Elementwise) -> None:
        self._elementwise = elementwise

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        floats = tuple([d for d in dtypes if d.is_floating_point])
        table.register("_sgd_step_", floats, self.sgd)
        table.register("_adam_step_", floats, self.adam)

    def _run(
        self, key: tuple[str, *tuple[Hashable, ...]], lines: list[str], arrays: Sequence[StridedArray], numbers: Sequence[float],
        outputs: int,
    ) -> Outcome:
        """The arrays are a0 (the parameter), the states, and last the gradient; the numbers follow as v's."""
        dtype = arrays[0].dtype
        wide = D.float64 if C[dtype].compute == "f64" else D.float32
        text = "{{ " + " ".join(lines) + " }}"
        full = (key[0], tuple([x.dtype for x in arrays]), key[1:], wide)
        return self._elementwise.run(full, text, arrays[0], [*arrays[1:], *numbers], wide, outputs)

    def sgd(
        self, param: StridedArray, grad: StridedArray, buffer: StridedArray | None, lr: float, momentum: float, dampening: float,
        weight_decay: float,
        nesterov: bool, maximize: bool, first: bool,
    ) -> Outcome:
        kind, tag = C[param.dtype].compute, C[param.dtype].tag
        arrays = [param, grad] if buffer is None else [param, buffer, grad]
        g, x = len(arrays) - 1, len(arrays) - 1  # operand n is v{n}, counted without the parameter
        lr_, momentum_, dampening_, decay_ = [f"v{x + n}" for n in range(4)]
        lines = [f"const {kind} p = load_{tag}(a0, {{0}});", f"{kind} g = {'-' if maximize else ''}load_{tag}(a{g}, {{{g}}});"]
        if weight_decay:
            lines.append(f"g = g + {decay_} * p;")
        if buffer is not None:
            kept = "g" if first else f"{momentum_} * load_{tag}(a1, {{1}}) + ({kind})(1 - {dampening_}) * g"
            lines += [f"const {kind} b = {kept};", f"store_{tag}(a1, {{1}}, b);", f"g = g + {momentum_} * b;" if nesterov else "g = b;"]
        lines.append(f"store_{tag}(a0, {{0}}, p - {lr_} * g);")
        key = ("sgd", buffer is None, bool(weight_decay), nesterov, maximize, first)
        return self._run(key, lines, arrays, [lr, momentum, dampening, weight_decay], 1 if buffer is None else 2)

    def adam(
        self, param: StridedArray, grad: StridedArray, mean: StridedArray, square: StridedArray, largest: StridedArray | None,
        step: int, lr: float, beta1: float, beta2: float,
        eps: float, weight_decay: float, amsgrad: bool, maximize: bool, decoupled: bool,
    ) -> Outcome:
        kind, tag = C[param.dtype].compute, C[param.dtype].tag
        arrays = [param, mean, square]
        if amsgrad:
            assert largest is not None
            arrays.append(largest)
        arrays.append(grad)
        g = len(arrays) - 1
        names = [f"v{g + n}" for n in range(7)]
        part1, part2, beta2_, root, eps_, rate, decay_ = names
        numbers = [
            1 - beta1, 1 - beta2, beta2, (1 - beta2**step) ** 0.5, eps, lr / (1 - beta1**step),
            1 - lr * weight_decay if decoupled else weight_decay,
        ]
        lines = [f"{kind} p = load_{tag}(a0, {{0}});", f"{kind} g = {'-' if maximize else ''}load_{tag}(a{g}, {{{g}}});"]
        if weight_decay:
            lines.append(f"p = p * {decay_};" if decoupled else f"g = g + {decay_} * p;")
        lines += [
            f"{kind} m = load_{tag}(a1, {{1}}); m = m + {part1} * (g - m); store_{tag}(a1, {{1}}, m);",
            f"{kind} s = {beta2_} * load_{tag}(a2, {{2}}) + {part2} * g * g; store_{tag}(a2, {{2}}, s);",
        ]
        if amsgrad:
            lines.append(f"const {kind} most = load_{tag}(a3, {{3}}); s = most > s || most != most ? most : s; store_{tag}(a3, {{3}}, s);")
        lines.append(f"store_{tag}(a0, {{0}}, p - {rate} * m / (sqrt(s) / {root} + {eps_}));")
        key = ("adam", bool(weight_decay), amsgrad, maximize, decoupled)
        return self._run(key, lines, arrays, numbers, len(arrays) - 1)
