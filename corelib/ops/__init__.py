"""THE TABLE: what can be computed, one block an op, a file a family, a folder a kind. Importing this declares every op.

Every op is a name of this module; `corelib`, `Tensor` and `corelib.nn.functional` show the same functions.
"""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.namespaces import ENTRIES, NAMESPACES
from corelib.dispatcher.op import TABLE as TABLE
from corelib.ops import aten as aten, operators
from corelib.ops.elementwise import (
    arithmetic, bessel, error_functions, exponential, floating_point, gamma, integers, predicates, rounding,
    trigonometric, unary, where,
)
from corelib.ops.reduction import closeness, differences, reductions, scans, statistics
from corelib.ops.ordering import distinct, order_statistics, searching, sorting
from corelib.ops.shape import combinations, diagonals, joining, permutation, shapes, slicing, view_copies, views
from corelib.ops.indexing import (
    gathering, indexing, placing, rows, scatter_reduction, scattering, segments, selection,
    subscript,
)
from corelib.ops.products import distances, einsum, linear, more_products, products
from corelib.ops.linalg import decompositions, factorizations, linear_systems, lobpcg, matrix_norms
from corelib.ops.neural import (
    activation, attention, dropout, embedding, embedding_bags, multihead, normalization, optim_steps, rectified,
    native_forms, recurrent, softmax, torch_forms,
)
from corelib.ops.spatial import convolution, folding, grids, interpolation, padding, pixels, pooling, resampling, unpooling
from corelib.ops.losses import classes, ctc, losses, margins, numbered
from corelib.ops.random import choosing, counts, drawing, gammas, random
from corelib.ops.complex import complex_numbers
from corelib.ops.special import airy, cylinder, incomplete_gamma, modified, orthogonal
from corelib.ops.spectral import fourier, spectrograms, windows
from corelib.ops.construction import construct, creation, legacy, storage_sources, storages, strided
from corelib.ops.conversion import copying, html, interchange, pinning, printing, resizing, tensor_names

view_copies.show_in_place()
globals().update(ENTRIES)
for _shown in NAMESPACES.values():  # functions that are ops by name but have no kernel of their own
    globals().update({name: function for name, function in _shown.items() if not hasattr(function, "op")})
operators.install()


def namespace(name: str) -> dict[str, Any]:
    """The functions of a public namespace: "torch" for those of the package `corelib` itself, "nn.functional", "linalg", ..."""
    return NAMESPACES.setdefault(name, {})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"corelib.ops has no op {name!r}")
