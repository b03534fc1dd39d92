"""corelib.nn's losses and initial values against torch.nn's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import corelib
from ..pairs import as_array, assert_close, both, both_seeded, tensors
from .modules import evaluate

INITIAL = [
    ("uniform_(x)", (5, 7)),
    ("uniform_(x, -2.0, 3.0)", (5, 7)),
    ("normal_(x, 1.0, 2.0)", (5, 7)),
    ("constant_(x, 0.3)", (5, 7)),
    ("ones_(x)", (3,)),
    ("zeros_(x)", (3,)),
    ("eye_(x)", (3, 5)),
    ("dirac_(x)", (4, 3, 5)),
    ("dirac_(x, 2)", (6, 3, 3, 3)),
    ("dirac_(x)", (2, 2, 3, 3, 3)),
    ("xavier_uniform_(x)", (5, 7)),
    ("xavier_uniform_(x, gain=2.0)", (5, 7, 3, 3)),
    ("xavier_normal_(x)", (5, 7)),
    ("kaiming_uniform_(x)", (5, 7)),
    ("kaiming_uniform_(x, a=0.1, mode='fan_out', nonlinearity='relu')", (5, 7, 2)),
    ("kaiming_normal_(x)", (5, 7)),
    ("kaiming_normal_(x, mode='fan_out', nonlinearity='tanh')", (5, 7)),
    ("trunc_normal_(x)", (50, 7)),
    ("trunc_normal_(x, std=0.02)", (50, 7)),
    ("trunc_normal_(x, 0.0, 1.0, 1.0, 2.0)", (50, 7)),
    ("orthogonal_(x)", (6, 6)),
    ("orthogonal_(x, gain=2.0)", (4, 9)),
    ("orthogonal_(x)", (9, 2, 2)),
    ("sparse_(x, 0.4)", (10, 6)),
]
LOSSES = [
    ("nn.L1Loss({r})", "float"),
    ("nn.MSELoss({r})", "float"),
    ("nn.SmoothL1Loss({r})", "float"),
    ("nn.SmoothL1Loss(beta=0.3, {r})", "float"),
    ("nn.HuberLoss(delta=0.3, {r})", "float"),
    ("nn.NLLLoss({r})", "class"),
    ("nn.NLLLoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), ignore_index=1, {r})", "class"),
    ("nn.CrossEntropyLoss({r})", "class"),
    ("nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), ignore_index=1, {r})", "class"),
    ("nn.CrossEntropyLoss(label_smoothing=0.2, {r})", "class"),
    ("nn.CrossEntropyLoss({r})", "probability"),
    ("nn.BCELoss({r})", "probability"),
    ("nn.BCELoss(weight=torch.tensor([1.0, 2.0, 0.5, 3.0]), {r})", "probability"),
    ("nn.BCEWithLogitsLoss({r})", "probability"),
    ("nn.BCEWithLogitsLoss(torch.tensor([1.0, 2.0, 0.5, 3.0]), pos_weight=torch.tensor([3.0, 1, 1, 2]), {r})",
     "probability"),
    ("nn.KLDivLoss({r})", "probability"),
    ("nn.KLDivLoss(log_target=True, {r})", "float"),
]


@pytest.mark.parametrize(("expression", "shape"), INITIAL, ids=[f"{e} {s}" for e, s in INITIAL])
def test_init_gives_torchs_values(expression, shape):
    def filled(library):
        x = library.empty(shape)
        assert evaluate(f"nn.init.{expression}", library, x=x) is x
        return x

    loose = "orthogonal" in expression
    assert_close(*both_seeded(11, filled), expression, rtol=1e-3 if loose else 1e-5, atol=1e-4 if loose else 1e-6)


def test_init_does_not_record_on_a_parameter():
    p = corelib.nn.Parameter(corelib.empty(3, 4))
    for fill in ("uniform_", "normal_", "zeros_", "ones_", "eye_", "xavier_uniform_", "trunc_normal_", "orthogonal_"):
        assert getattr(corelib.nn.init, fill)(p) is p
        assert p.grad_fn is None and p.requires_grad


@pytest.mark.parametrize("shape", [(3, 4), (8, 8), (40, 12), (64, 64)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape):
    corelib.manual_seed(0)
    q = as_array(corelib.nn.init.orthogonal_(corelib.empty(shape))).astype(np.float64)
    product = q @ q.T if shape[0] < shape[1] else q.T @ q
    np.testing.assert_allclose(product, np.eye(min(shape)), atol=2e-6)


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_calculate_gain_is_torchs(name):
    assert corelib.nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert corelib.nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


REDUCED = [
    (expression.format(r=f"reduction={reduction!r}"), target)
    for expression, target in LOSSES
    for reduction in ("mean", "sum", "none", "batchmean")
    # batchmean is a reduction of KLDivLoss only.
    if reduction != "batchmean" or "KLDiv" in expression
]


@pytest.mark.parametrize(("expression", "target"), REDUCED, ids=[f"{e} {t}" for e, t in REDUCED])
def test_loss_and_its_gradient_are_torchs(expression, target):
    (x,), (y,) = both(lambda T: tensors(T, (5, 4)))
    rng = np.random.default_rng(5)
    if target == "class":
        goal = rng.integers(0, 4, 5)
    elif target == "probability":
        goal = rng.dirichlet(np.ones(4), 5).astype(np.float32)
    else:
        goal = rng.standard_normal((5, 4)).astype(np.float32)
    with warnings.catch_warnings():
        # PyTorch advises batchmean instead of KLDivLoss's mean.
        warnings.simplefilter("ignore")
        results = []
        for library, given in ((corelib, x), (torch, y)):
            loss = evaluate(expression, library)
            if "BCELoss" in expression:
                given = given.sigmoid()
            elif "NLL" in expression or "KLDiv" in expression:
                given = given.log_softmax(1)
            value = loss(given, library.from_numpy(goal.copy()))
            value.sum().backward()
            results.append(value)
    assert_close(*results, "loss", rtol=1e-4, atol=1e-5)
    assert_close(x.grad, y.grad, "gradient", rtol=1e-4, atol=1e-5)


def test_legacy_reduction_arguments_warn_and_choose_as_in_torch():
    for given in ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}):
        texts = []
        for library in (corelib, torch):
            with pytest.warns(UserWarning, match="will be deprecated") as caught:
                texts.append(library.nn.MSELoss(**given).reduction + str(caught[0].message))
        assert texts[0] == texts[1]
