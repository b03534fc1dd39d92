"""Every public op of the table has samples in the suite."""

import corelib
from corelib.dispatcher.namespaces import NAMESPACES
from corelib.dispatcher.op import TABLE
from corelib_conformance import samples
from corelib_conformance.samples.declare import OPS

BY_OTHERS = {
    "moveaxis": "movedim", "broadcast_to": "expand", "view_as_real": "complex_add", "view_as_complex": "complex_add", "alpha_dropout": "feature_alpha_dropout",
    "gumbel_softmax": "softmax", "conjugated": "complex_conj", "negated": "complex_conj",
}  # fmt: skip
"""Called by the samples of another op, or random."""
ONLY_BESIDE_PYTORCH = {
    "igamma", "igammac", "special_airy_ai", "special_spherical_bessel_j0", "special_hermite_polynomial_h", "special_hermite_polynomial_he",
    "special_laguerre_polynomial_l", "special_legendre_polynomial_p", "special_modified_bessel_k0", "special_modified_bessel_k1",
    "special_scaled_modified_bessel_k0", "special_scaled_modified_bessel_k1",
    *[f"special_bessel_{x}" for x in ("j0", "j1", "y0", "y1")],
    *[f"special_{x}chebyshev_polynomial_{y}" for x in ("", "shifted_") for y in "tuvw"],
}  # fmt: skip
"""The suite has no reference for their values yet; PyTorch's own tables (tests/oracle/opdb) are what holds them."""


def test_every_public_op_has_samples():
    assert samples.FAMILIES
    sampled = {name for op in OPS.values() for name in (op.name, op.path.rpartition(".")[2], op.path.replace(".", "_"))}
    shown = {}
    for names in (*NAMESPACES.values(), {n: getattr(corelib.Tensor, n) for n in dir(corelib.Tensor)}):
        for name, function in names.items():
            if getattr(function, "op", None) is not None:
                shown.setdefault(function.op.name, set()).add(name)
    lacking = {op for op, names in shown.items() if op in TABLE and not (names | {op}) & sampled}
    assert lacking == set(BY_OTHERS) | ONLY_BESIDE_PYTORCH
    assert set(BY_OTHERS.values()) <= set(OPS)
