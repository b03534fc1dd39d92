"""THE TABLE: what can be computed, one block an op, one family a file. Importing this declares every op.

Every op is a name of this module; `corelib`, `Tensor` and `corelib.nn.functional` show the same functions.
"""

from __future__ import annotations

from typing import Any

from corelib.dispatcher.entries import ENTRIES
from corelib.dispatcher.op import TABLE as TABLE
from corelib.ops import (
    activation, arithmetic, attention, closeness, convolution, copying, creation, drawing, dropout, einsum, embedding, exponential,
    gathering, indexing, interpolation, joining, linear, losses, normalization, operators, optim_steps, padding, permutation, pinning,
    pooling, predicates, products, random, reductions, rounding, rows, scans, scattering, selection, shapes, slicing, sorting,
    trigonometric, unary, views, where,
)

# Functions that are ops by name but have no kernel of their own.
_FUNCTIONS: dict[str, Any] = {
    name: getattr(module, name)
    for module, names in (
        (creation, "arange empty empty_like empty_strided eye full_like linspace ones ones_like scalar_tensor zeros zeros_like"),
        (arithmetic, "div"), (where, "where"), (products, "tensordot"), (einsum, "einsum"),
        (random, random.__all__), (sorting, sorting.__all__), (shapes, shapes.__all__), (joining, joining.__all__),
        (closeness, closeness.__all__), (indexing, indexing.__all__),
    )
    for name in (names.split() if isinstance(names, str) else names)
}
# Functions of nn.functional that are no functions of the package itself.
_NEURAL: dict[str, Any] = {
    name: getattr(module, name)
    for module, names in (
        (activation, "celu elu hardsigmoid hardswish hardtanh leaky_relu mish relu6 selu silu threshold"),
        (linear, "linear"), (dropout, "dropout1d dropout2d dropout3d"), (pooling, "adaptive_max_pool1d adaptive_max_pool2d max_pool2d max_pool3d"),
    )
    for name in names.split()
}
for _module, _names in ((activation, "relu relu_"), (pooling, "max_pool1d")):
    _FUNCTIONS.update({name: getattr(_module, name) for name in _names.split()})
_FUNCTIONS["divide"] = _FUNCTIONS["true_divide"] = arithmetic.div
globals().update(ENTRIES)
globals().update(_FUNCTIONS)
globals().update(_NEURAL)
operators.install()

from corelib.tensor import indexing as _tensor_indexing  # noqa: E402  (puts x[...] on Tensor)


def torch_names() -> dict[str, Any]:
    """The functions that stand in the package `corelib` itself."""
    found = {name: entry for name, entry in ENTRIES.items() if "torch" in entry.op.on}
    found.update(_FUNCTIONS)
    return found


def __getattr__(name: str) -> Any:
    raise AttributeError(f"corelib.ops has no op {name!r}")
