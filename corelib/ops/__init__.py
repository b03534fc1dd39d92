"""THE TABLE: what can be computed, one block an op, one family a file. Importing this declares every op.

Every op is a name of this module; `corelib`, `Tensor` and `corelib.nn.functional` show the same functions.
"""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.entries import ENTRIES, NAMESPACES
from corelib.dispatcher.op import TABLE as TABLE
from corelib.ops import (
    activation, arithmetic, attention, bessel, closeness, combinations, complex_numbers, convolution, copying, creation,
    ctc, decompositions, diagonals, differences, distances, drawing, dropout, einsum, embedding, embedding_bags,
    error_functions, exponential, factorizations, floating_point, folding, fourier, gamma, gathering, grids, indexing,
    integers, interpolation, joining, linear, linear_losses, linear_systems, losses, margins, matrix_norms,
    more_products, multihead, normalization, operators, optim_steps, order_statistics, padding, permutation, pinning,
    pixels, placing, pooling, predicates, products, random, rectified, recurrent, reductions, rounding, rows, scans,
    scatter_reduction, scattering, searching, selection, shapes, slicing, sorting, spectrograms, statistics,
    torch_forms, trigonometric, unary, unpooling, view_copies, views, where, windows,
)

view_copies.show_in_place()
globals().update(ENTRIES)
for _shown in NAMESPACES.values():  # functions that are ops by name but have no kernel of their own
    globals().update({name: function for name, function in _shown.items() if not hasattr(function, "op")})
operators.install()

from corelib.tensor import indexing as _tensor_indexing  # noqa: E402  (puts x[...] on Tensor)


def namespace(name: str) -> dict[str, Any]:
    """The functions of a public namespace: "torch" for those of the package `corelib` itself, "nn.functional", "linalg", ..."""
    return NAMESPACES.setdefault(name, {})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"corelib.ops has no op {name!r}")
