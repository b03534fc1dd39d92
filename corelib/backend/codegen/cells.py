"""Kernels that are given as text for one cell of a grid of coordinates: what neither broadcasts nor goes over whole rows.

In the text `i0`, `i1`, ... are the cell's coordinates, `a0`, `a1`, ... pointers to the arrays, `o0`, `o1`, ... where their elements
begin, `x0`, `x1`, ... numbers; load_TAG and store_TAG read and write (see types.py).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Sequence
from math import prod

from corelib.backend.codegen.launch import Kernel, Launcher
from corelib.backend.codegen.prelude import Target
from corelib.backend.codegen.types import C
from corelib.backend.signatures import Ints
from corelib.contract.backend import StridedArray
from corelib.tensor.dtype import dtype as DType


def source(name: str, text: str, dims: int, dtypes: tuple[DType, ...], numbers: int, target: Target) -> str:
    """The kernel's text. An item does `chunk` cells that follow each other."""
    count = len(dtypes)
    fields = [f"o{n}" for n in range(count)] + ["cells", "chunk"] + [f"n{d}" for d in range(dims)] + [f"x{n}" for n in range(numbers)]
    pointers = ", ".join(f"{target.pointer} {C[d].memory}* a{n}" for n, d in enumerate(dtypes))
    lines = [f"typedef struct {{ {' '.join(f'i64 {x};' for x in fields)} }} Params;", f"{target.kernel} {name}({pointers}, const Params p) {{"]
    lines += [f"  const i64 {x} = p.{x};" for x in fields if x[0] in "ox"]
    lines += [f"  const i64 item = {target.item};", "  i64 rest = item * p.chunk;"]
    lines.append("  const i64 stop = rest + p.chunk < p.cells ? rest + p.chunk : p.cells;")
    lines += ["  i64 left = stop - rest;", f"  i64 {', '.join(f'i{d}' for d in range(dims))};"]
    lines += [f"  i{d} = rest % p.n{d}; rest /= p.n{d};" for d in range(dims - 1, 0, -1)]
    lines += ["  i0 = rest;", "  for (; left > 0; --left) {", text]
    # to the next cell
    for d in range(dims - 1, 0, -1):
        lines.append(f"  if (++i{d} == p.n{d}) {{ i{d} = 0;")
    lines += ["  ++i0;" + "}" * (dims - 1), "  }", "}", ""]
    return "\n".join(lines)


class Cells:
    """The cell kernels of one backend."""

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self._kernels: dict[Hashable, Kernel] = {}

    def run(
        self, key: tuple[str, *tuple[Hashable, ...]], text: Callable[[], str], sizes: Ints, arrays: Sequence[StridedArray],
        numbers: Ints = (), work: int = 1,
    ) -> None:
        """Do `text()` for every cell of `sizes`. `key`, the op's name first, says with the arrays' dtypes which text it is.

        work: about how many elements a cell reads, which says how many cells an item should do at least.
        """
        cells = prod(sizes)
        if not cells:
            return
        dtypes = tuple([x.dtype for x in arrays])
        whole = (key, dtypes, len(sizes))
        kernel = self._kernels.get(whole)
        if kernel is None:
            kernel = self._kernels[whole] = self._launcher.kernel(
                key[0], lambda name, target: source(name, text(), len(sizes), dtypes, len(numbers), target)
            )
        chunk = 1
        if self._launcher.style == "loop":
            chunk = max(1, cells // (self._launcher.units * 8), min(cells, 1024 // max(work, 1)))
        given = (*[x.offset for x in arrays], cells, chunk, *sizes, *numbers)
        kernel.launch(arrays[0].device_index, -(-cells // chunk), [x.buffer for x in arrays], struct.pack(f"{len(given)}q", *given))
