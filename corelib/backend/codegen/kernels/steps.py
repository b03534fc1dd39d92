"""The optimizers' updates: a single kernel that reads and writes a parameter's tensors once, of one parameter or of many.

Of many the kernel is given a table: so many pointers, and beside them where each tensor begins, how long it is, and which items do it. Where
the counts of steps are on the device (`capturable`), a kernel before it adds one to each and works out what Adam makes of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence
from math import prod
from typing import TypeAlias

from corelib.backend.codegen.elementwise import Elementwise
from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Outcome
from corelib.contract.backend import StridedArray
from corelib.contract.kernels import KernelTable
from corelib.tensor import dtype as D
from corelib.tensor.dtype import dtype as DType
from corelib.tensor.storage import Storage

Columns: TypeAlias = list[Sequence[StridedArray]]
"""The parameters, their states, and last their gradients."""


def _sgd_lines(kind: str, tag: str, buffer: bool, x: int, decay: bool, nesterov: bool, maximize: bool, first: bool) -> list[str]:
    """Arrays a0 (parameter), a1 (buffer) where there is one, and last the gradient; the numbers are v{x} and on: lr, momentum, dampening, decay."""
    g = 2 if buffer else 1
    lr_, momentum_, dampening_, decay_ = [f"v{x + n}" for n in range(4)]
    lines = [f"const {kind} p = load_{tag}(a0, {{0}});", f"{kind} g = {'-' if maximize else ''}load_{tag}(a{g}, {{{g}}});"]
    if decay:
        lines.append(f"g = g + {decay_} * p;")
    if buffer:
        kept = "g" if first else f"{momentum_} * load_{tag}(a1, {{1}}) + ({kind})(1 - {dampening_}) * g"
        lines += [f"const {kind} b = {kept};", f"store_{tag}(a1, {{1}}, b);", f"g = g + {momentum_} * b;" if nesterov else "g = b;"]
    lines.append(f"store_{tag}(a0, {{0}}, p - {lr_} * g);")
    return lines


def _adam_lines(kind: str, tag: str, x: int, decay: bool, amsgrad: bool, maximize: bool, decoupled: bool) -> list[str]:
    """Arrays a0 (parameter), a1 and a2 (averages), a3 with amsgrad, and last the gradient; the numbers are those of `_adam_numbers`."""
    part1, part2, beta2, eps, decay_, root, rate = [f"v{x + n}" for n in range(7)]
    g = 4 if amsgrad else 3
    lines = [f"{kind} p = load_{tag}(a0, {{0}});", f"{kind} g = {'-' if maximize else ''}load_{tag}(a{g}, {{{g}}});"]
    if decay:
        lines.append(f"p = p * {decay_};" if decoupled else f"g = g + {decay_} * p;")
    lines += [
        f"{kind} m = load_{tag}(a1, {{1}}); m = m + {part1} * (g - m); store_{tag}(a1, {{1}}, m);",
        f"{kind} s = {beta2} * load_{tag}(a2, {{2}}) + {part2} * g * g; store_{tag}(a2, {{2}}, s);",
    ]
    if amsgrad:
        lines.append(f"const {kind} most = load_{tag}(a3, {{3}}); s = most > s || most != most ? most : s; store_{tag}(a3, {{3}}, s);")
    return [*lines, f"store_{tag}(a0, {{0}}, p - {rate} * m / (sqrt(s) / {root} + {eps}));"]


def _adam_numbers(lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decoupled: bool) -> list[float]:
    """What every step has in common."""
    return [1 - beta1, 1 - beta2, beta2, eps, 1 - lr * weight_decay if decoupled else weight_decay]


def _of_count(step: int, lr: float, beta1: float, beta2: float) -> list[float]:
    """What Adam makes of the number of steps: the root of the second average's correction, and the rate with the first's in it."""
    return [(1 - beta2**step) ** 0.5, lr / (1 - beta1**step)]


class Steps:
    """SGD and Adam of one backend."""

    def __init__(self, launcher: Launcher, elementwise: Elementwise) -> None:
        self._launcher = launcher
        self._elementwise = elementwise
        self._tables: dict[Hashable, Kernel] = {}

    def register(self, table: KernelTable, dtypes: tuple[DType, ...]) -> None:
        """Put the kernels into a table."""
        floats = tuple([d for d in dtypes if d.is_floating_point])
        table.register("_sgd_step_", floats, self.sgd)
        table.register("_adam_step_", floats, self.adam)
        table.register("_sgd_steps_", floats, self.sgd_of_many)
        table.register("_adam_steps_", floats, self.adam_of_many)

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
        weight_decay: float, nesterov: bool, maximize: bool, first: bool,
    ) -> Outcome:
        arrays = [param, grad] if buffer is None else [param, buffer, grad]
        c, switches = C[param.dtype], (buffer is not None, bool(weight_decay), nesterov, maximize, first)
        lines = _sgd_lines(c.compute, c.tag, switches[0], len(arrays) - 1, *switches[1:])  # operand n is v{n}, counted without the parameter
        return self._run(("sgd", *switches), lines, arrays, [lr, momentum, dampening, weight_decay], len(arrays) - 1)

    def sgd_of_many(
        self, params: Sequence[StridedArray], grads: Sequence[StridedArray], buffers: Sequence[StridedArray | None], lr: float, momentum: float,
        dampening: float, weight_decay: float, nesterov: bool, maximize: bool, first: bool,
    ) -> Outcome:
        states = [b for b in buffers if b is not None]
        columns: Columns = [params, states, grads] if states else [params, grads]
        c, switches = C[params[0].dtype], (bool(states), bool(weight_decay), nesterov, maximize, first)
        self._of_many(("sgd", *switches), _sgd_lines(c.compute, c.tag, switches[0], 0, *switches[1:]), columns, [lr, momentum, dampening, weight_decay])
        return None

    def adam(
        self, param: StridedArray, grad: StridedArray, mean: StridedArray, square: StridedArray, largest: StridedArray | None,
        step: int, lr: float, beta1: float, beta2: float,
        eps: float, weight_decay: float, amsgrad: bool, maximize: bool, decoupled: bool,
    ) -> Outcome:
        arrays = [param, mean, square, *([] if largest is None else [largest]), grad]
        c, switches = C[param.dtype], (bool(weight_decay), amsgrad, maximize, decoupled)
        numbers = _adam_numbers(lr, beta1, beta2, eps, weight_decay, decoupled) + _of_count(step, lr, beta1, beta2)
        return self._run(("adam", *switches), _adam_lines(c.compute, c.tag, len(arrays) - 1, *switches), arrays, numbers, len(arrays) - 1)

    def adam_of_many(
        self, params: Sequence[StridedArray], grads: Sequence[StridedArray], means: Sequence[StridedArray], squares: Sequence[StridedArray],
        largest: Sequence[StridedArray | None], step: int | Sequence[StridedArray], lr: float, beta1: float, beta2: float, eps: float,
        weight_decay: float, amsgrad: bool, maximize: bool, decoupled: bool,
    ) -> Outcome:
        states = [x for x in largest if x is not None]
        columns: Columns = [params, means, squares, *([states] if states else []), grads]
        c, switches = C[params[0].dtype], (bool(weight_decay), amsgrad, maximize, decoupled)
        numbers, lines = _adam_numbers(lr, beta1, beta2, eps, weight_decay, decoupled), _adam_lines(c.compute, c.tag, 0, *switches)
        if isinstance(step, int):
            self._of_many(("adam", *switches), lines, columns, numbers + _of_count(step, lr, beta1, beta2))
            return None
        scratch, made = self._counted(step, C[params[0].dtype].compute, lr, beta1, beta2)
        own = [f"const {c.compute} v5 = a{len(columns)}[2 * (from + t)], v6 = a{len(columns)}[2 * (from + t) + 1];"]
        self._of_many(("adam_counted", *switches), own + lines, columns, numbers, made)
        del scratch  # whose readers are queued by now
        return None

    def _counted(self, steps: Sequence[StridedArray], kind: str, lr: float, beta1: float, beta2: float) -> tuple[Storage, StridedArray]:
        """Add one to each count, and write what Adam makes of it, two numbers a count, in `kind`."""
        wide = D.float64 if kind == "f64" else D.float32
        index = steps[0].device_index
        scratch = self._launcher.scratch(index, 2 * len(steps) * wide.itemsize)
        made = StridedArray(scratch._raw, wide, (2 * len(steps),), (1,), 0, index)
        real = "f64" if self._launcher.backend.dtypes.get("float64") == "native" else "f32"
        lines = [
            f"const f32 n = a0[{{0}}] + 1; a0[{{0}}] = n; const {real} count = n;",
            f"a1[2 * (from + t)] = ({kind})sqrt(1 - pow(({real})v2, count)); a1[2 * (from + t) + 1] = ({kind})(v0 / (1 - pow(({real})v1, count)));",
        ]
        self._of_many(("count", kind), lines, [steps], [lr, beta1, beta2], made, real)
        return scratch, made

    def _of_many(
        self, key: tuple[Hashable, ...], lines: list[str], columns: Columns, numbers: Sequence[float], extra: StridedArray | None = None,
        real: str = "",
    ) -> None:
        """The lines for every element of the tables' tensors, as many tables as are needed; `extra`, an array more, is the same in all."""
        dtype = columns[0][0].dtype
        real = real or ("f64" if C[dtype].compute == "f64" else "f32")
        room, chunk = self._launcher.tensors, 4 if self._launcher.style == "grid" else 4096
        for start in range(0, len(columns[0]), room):
            rows = [column[start : start + room] for column in columns]
            size = min(room, max(4, 1 << (len(rows[0]) - 1).bit_length()))
            known = (key, dtype, size, len(columns), None if extra is None else extra.dtype, real)
            kernel = self._tables.get(known)
            if kernel is None:
                write = _table(lines, [C[dtype].memory] * len(columns), None if extra is None else C[extra.dtype].memory, size, len(numbers), chunk, real)
                kernel = self._tables[known] = self._launcher.kernel(f"{key[0]}_of_many", write)
            counts = [prod(x.shape) for x in rows[0]]
            firsts = [0]
            for n in counts:
                firsts.append(firsts[-1] + -(-n // chunk))
            if not firsts[-1]:
                continue
            missing = size - len(counts)
            given = [*firsts, *[firsts[-1]] * missing, *counts, *[0] * missing]
            for row in rows:
                given += [x.offset for x in row] + [0] * missing
            text = struct.pack(f"{len(given)}q", *given) + struct.pack("q", start) + struct.pack(f"{len(numbers)}{'d' if real == 'f64' else 'f'}", *numbers)
            text += b"\0" * (-len(text) % 8)
            buffers = [x.buffer for row in rows for x in (*row, *[row[0]] * missing)] + ([] if extra is None else [extra.buffer])
            kernel.launch(rows[0][0].device_index, firsts[-1], buffers, text)


def _table(lines: list[str], memory: list[str], extra: str | None, size: int, numbers: int, chunk: int, real: str) -> Callable[[str, Target], str]:
    """How the kernel's text is written: arrays, in the lines a0, a1, ..., of `size` tensors each, and `extra` behind them."""
    columns = len(memory)

    def write(name: str, target: Target) -> str:
        fields = [f"i64 first[{size + 1}];", f"i64 count[{size}];", *[f"i64 o{a}[{size}];" for a in range(columns)], "i64 from;"]
        fields.append(f"{real} x[{numbers + numbers % 2}];")
        pointers = [f"{target.pointer} {kind}* t{a}_{n}" for a, kind in enumerate(memory) for n in range(size)]
        if extra is not None:
            pointers.append(f"{target.pointer} {extra}* a{columns}")
        cases = [f"case {n}: {' '.join(f'a{a} = t{a}_{n};' for a in range(columns))} break;" for n in range(1, size)]
        body = " ".join(lines).format(*[f"o{a} + i" for a in range(columns)])
        return f"""typedef struct {{ {' '.join(fields)} }} Params;
{target.kernel} {name}({', '.join(pointers)}, const Params p) {{
  const i64 item = {target.item};
  if (item >= p.first[{size}]) return;
  i32 t = 0;
  while (item >= p.first[t + 1]) ++t;
  {' '.join(f'{target.pointer} {kind}* a{a} = t{a}_0;' for a, kind in enumerate(memory))}
  switch (t) {{ {' '.join(cases)} default: break; }}
  const i64 from = p.from, begin = (item - p.first[t]) * {chunk}, end = begin + {chunk} < p.count[t] ? begin + {chunk} : p.count[t];
  {' '.join(f'const i64 o{a} = p.o{a}[t];' for a in range(columns))}
  {' '.join(f'const {real} v{n} = p.x[{n}];' for n in range(numbers))}
  for (i64 i = begin; i < end; ++i) {{ {body} }}
}}
"""

    return write
