"""Every public op of the table has samples in the suite."""

import corelib
from corelib.as_torch.naming import DECLARED
from corelib.dispatcher.namespaces import NAMESPACES
from corelib.dispatcher.op import TABLE
from corelib_conformance import samples
from corelib_conformance.samples.declare import OPS

BY_OTHERS = {
    "moveaxis": "movedim", "broadcast_to": "expand", "view_as_real": "complex_add", "view_as_complex": "complex_add", "alpha_dropout": "feature_alpha_dropout",
    "gumbel_softmax": "softmax", "conjugated": "complex_conj", "negated": "complex_conj",
}  # fmt: skip
"""Called by the samples of another op, or random."""


def test_every_public_op_has_samples():
    assert samples.FAMILIES
    sampled = {name for op in OPS.values() for name in (op.name, op.path.rpartition(".")[2], op.path.replace(".", "_"))}
    shown = {}
    for names in (*NAMESPACES.values(), {n: getattr(corelib.Tensor, n) for n in dir(corelib.Tensor)}):
        for name, function in names.items():
            if getattr(function, "op", None) is not None:
                shown.setdefault(function.op.name, set()).add(name)
    lacking = {op for op, names in shown.items() if op in TABLE and not (names | {op}) & sampled}
    assert lacking == set(BY_OTHERS)
    assert set(BY_OTHERS.values()) <= set(OPS)


def test_every_native_form_has_samples():
    """Functions that no op of the table is named after, because they return more than one, or stand for another."""
    sampled = {name for op in OPS.values() for name in (op.name, op.path.rpartition(".")[2])}
    forms = [n for names in NAMESPACES.values() for n, f in names.items() if (DECLARED.get(f) or ("",))[0].endswith(".native_forms")]
    assert len(forms) >= 20
    assert set(forms) <= sampled
