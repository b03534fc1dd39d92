"""Gradients of every differentiable op beside PyTorch's at special points: zeros of both signs, ties, whole and half numbers, ones, kinks, NaN.

The samples are those of the table, their floating operands replaced by numbers of a grid; to second order where that is finite.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from corelib_conformance import samples
from ..harness import COUNTS, OPS, Inputs, Op, Problems, Sample, attempt, error_difference, forms_of, is_empty, missing, root_of_size, samples_of, subject, to_numpy
from .derivatives import ULPS, Run, alike, not_in_pytorch

assert samples.FAMILIES

GRIDS: dict[str, tuple[float, ...]] = {
    "zeros": (0.0,), "signed zeros": (0.0, -0.0), "ones": (1.0,), "ties": (1.0, 0.5, 1.0, -1.0, 0.5, 2.0), "whole": (0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0),
    "halves": (0.5, -0.5, 1.5, -1.5, 2.5, 1.0, 0.0), "kinks": (6.0, -6.0, 3.0, -3.0, 1.0, -1.0, 20.0, 0.5, -0.5, 0.0),
    "nan": (float("nan"), 1.0, float("inf"), -float("inf"), 0.0, float("nan"), 2.0, -1.0),
}
NO_SLOPE_AT_NAN = "relu6 hardtanh hardshrink softshrink logit"  # PyTorch's answer depends on the element's place: its vectors have 0, the rest g
# What PyTorch computes by dividing, by elimination in LAPACK or in another order of operations, which infinity and NaN show.
NOT_AT_NAN = set(
    f"""{NO_SLOPE_AT_NAN} prod cumprod prod_dim layer_norm group_norm scaled_dot_product_attention cross_entropy nll_loss multi_margin_loss
    multilabel_margin_loss cdist_1 cdist_3 pdist_1 renorm norm grid_sample grid_sampler grid_sampler_2d grid_sampler_3d embedding_bag ctc_loss special_log_ndtr special_i1 special_i1e logaddexp logaddexp2
    mode digamma polygamma fractional_max_pool2d fractional_max_pool3d topk lp_pool1d lp_pool2d lp_pool3d""".split()
)
# The order of equal elements is not promised by sort without `stable`, nor by topk; digamma's poles are finite numbers in PyTorch;
# a branch cut has two sides; polar's magnitudes are not negative; log_gamma's sign of zero is lost in mvlgamma's sum; what cholesky_ex
# leaves where it failed, and lu of a singular block, are not defined; logit's vectors lose the sign of its poles; PyTorch's slope of
# ormqr divides by what is 0 where a reflector has no inverse.
NOT_COMPARED = set("sort topk digamma polygamma mvlgamma linalg_cholesky_ex linalg_lu_factor linalg_lu_factor_ex linalg_lu lu_unpack logit ormqr".split())
OF_ROUNDING = 1e12  # derivatives that are larger divide by what rounding has left of the difference of equal singular values
# PyTorch's second derivative of prelu takes 0 for positive, its first for negative; rounding where the scale is 1e11.
FIRST_ONLY = ("prelu", "cosine_embedding_loss")
CASES = [o.name for o in OPS.values() if o.grad and not missing(o) and "float64" in o.dtypes and o.name not in NOT_COMPARED and not o.name.startswith("complex_")]


def in_lapack(name: str) -> bool:
    """Whether LAPACK, which is not for NaN, takes part."""
    return any(word in name for word in ("linalg", "cholesky", "lu_", "solve", "svd", "inv", "det", "eig", "qr", "lstsq", "complex", "nuclear", "matrix"))


def special(op: Op, number: int, sample: Sample, grid: tuple[float, ...]) -> Inputs | None:
    """The sample's operands with numbers of the grid, or None where it has none to replace."""
    inputs, changed = Inputs(op, number, sample, "float64"), False
    for i, (spec, dtype) in enumerate(zip(inputs.specs, inputs.dtypes, strict=True)):
        if dtype == "float64" and spec.grad:
            places = np.random.default_rng(i + 7).integers(0, len(grid), inputs.numbers[i].size)
            inputs.numbers[i], changed = np.array(grid)[places], True
    return inputs if changed else None


def differences(op: Op, inputs: Inputs, sample: Sample, form: str, second: bool) -> list[str]:
    with np.errstate(all="ignore"):
        theirs, their_error = attempt(lambda: Run(torch, op, sample, form, inputs, "float64", second))
        if their_error is not None and second:
            return differences(op, inputs, sample, form, second=False)
        if not_in_pytorch(their_error):
            return []
        mine, my_error = attempt(lambda: Run(subject, op, sample, form, inputs, "float64", second))
    text = error_difference(my_error, their_error, "derivatives")
    if text or their_error is not None:
        return [text] if text else []
    if mine.flags != theirs.flags:
        return [f"requires_grad of the outputs {mine.flags}, PyTorch has {theirs.flags}"]
    COUNTS["gradients at special points compared"] += 1
    arrays = [to_numpy(t, torch) for t in (*theirs.first, *theirs.second) if t is not None]
    finite = [a[np.isfinite(a)] for a in (*inputs.numbers, *arrays)]
    scale = max((float(np.abs(a).max(initial=0.0)) for a in finite if a.dtype.kind == "f"), default=0.0)
    ulps = ULPS * root_of_size(inputs)
    found = alike("first", mine.first, theirs.first, scale, ulps)
    if found or not all(np.isfinite(a).all() for a in arrays):
        return found
    if in_lapack(op.name) and any(np.abs(a).max(initial=0.0) > OF_ROUNDING for a in arrays):
        return []
    return alike("second", mine.second, theirs.second, scale, 4 * ulps * op.second_slack)


def cases(op: Op) -> Iterator[tuple[int, Sample, str, str]]:
    """Every third sample of an op that has many: they differ in layouts and shapes, which other tests compare."""
    chosen = [(n, s) for n, s in samples_of(op, "float64") if s.grad]
    for number, sample in chosen if len(chosen) <= 12 else chosen[:: len(chosen) // 8]:
        for form in forms_of(op, sample):
            if form in ("function", "call"):
                for grid in GRIDS:
                    if grid != "nan" or not (op.name in NOT_AT_NAN or in_lapack(op.name)):
                        yield number, sample, form, grid


@pytest.mark.parametrize("name", CASES)
def test_gradients_at_special_points(name: str) -> None:
    op, problems = OPS[name], Problems()
    for number, sample, form, grid in cases(op):
        inputs = special(op, number, sample, GRIDS[grid])
        if inputs is not None:
            found = differences(op, inputs, sample, form, op.second and op.name not in FIRST_ONLY and not is_empty(sample))
            problems.add(op, number, form, "float64", [f"{grid}: {text}" for text in found])
    problems.check()
