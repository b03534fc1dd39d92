"""What can be asked of each family, with its gradients, is what PyTorch gives."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import corelib

from .both import DTYPES, Side, compare, gradients, outcome, same, sides
from .families import CASES, SINGLE

EVERY = [pytest.param(case, dtype, id=f"{case.made}-{dtype}") for case in CASES for dtype in DTYPES]
EVERY += [pytest.param(case, "float32", id=f"{case.made}-float32") for case in SINGLE]
FACTS = (
    "batch_shape", "event_shape", "has_rsample", "has_enumerate_support", "arg_constraints", "support", "mean", "mode", "variance", "stddev",
    "probs", "logits", "param_shape", "covariance_matrix", "precision_matrix", "scale_tril", "temperature", "df", "loc", "scale", "rate",
    "concentration", "concentration1", "concentration0", "mixture_distribution", "component_distribution",
)  # fmt: skip


@pytest.mark.parametrize(("case", "dtype"), EVERY)
def test_its_facts_are_the_same(case, dtype):
    for fact in FACTS:
        if fact == "param_shape" and "Geometric" in case.made:
            continue  # which only corelib's has
        compare(dtype, case.made, lambda side, d: getattr(d, fact), fact, 10)
    compare(dtype, case.made, lambda side, d: repr(d), "repr")
    for call in ("entropy", "perplexity", "enumerate_support"):
        compare(dtype, case.made, lambda side, d: getattr(d, call)(), call, 10)
    compare(dtype, case.made, lambda side, d: d.enumerate_support(expand=False), "enumerate_support(expand=False)")


@pytest.mark.parametrize(("case", "dtype"), EVERY)
def test_its_functions_of_values_and_their_gradients_are_the_same(case, dtype):
    for call in ("log_prob", "cdf"):
        for value in (case.values, *case.values):
            def compute(side, d, value=value, call=call):
                x = side.t(value)
                found = getattr(d, call)(x)
                return found, gradients(side, found)

            compare(dtype, case.made, compute, f"{call}({value})", 50)


@pytest.mark.parametrize(("case", "dtype"), EVERY)
def test_its_quantiles_are_the_same(case, dtype):
    def compute(side, d):
        found = d.icdf(side.t([[0.0], [0.1], [0.5], [0.9], [0.999]]))
        return found, gradients(side, found[1:])

    compare(dtype, case.made, compute, "icdf", 100)


@pytest.mark.parametrize(("case", "dtype"), [p for p in EVERY if p.values[0].outside])
def test_values_outside_its_support_are_refused_or_improbable_alike(case, dtype):
    for value in case.outside:
        compare(dtype, case.made, lambda side, d: d.log_prob(side.t(value)), f"log_prob({value})")
        unchecked = f"{case.made[:-1]}, validate_args=False)"
        compare(dtype, unchecked, lambda side, d: d.log_prob(side.t(value)), f"log_prob({value})", 10)
    for value in (3.0, *([] if "Gamma" in case.made or "Chi2" in case.made else [None]), [[[[0.5] * 7] * 5]]):
        compare(dtype, case.made, lambda side, d: d.log_prob(value if not isinstance(value, list) else side.t(value)), f"log_prob({value})")


@pytest.mark.parametrize(("case", "dtype"), EVERY)
def test_expanded_it_is_the_same(case, dtype):
    def expanded(side, d):
        wide = d.expand((3, 2, *d.batch_shape))
        x = side.t(case.values[-1])
        facts = [outcome(lambda: getattr(wide, name)) for name in ("mean", "variance", "batch_shape", "event_shape")]
        return [repr(wide), wide.log_prob(x), outcome(wide.entropy), *facts]

    mine, theirs = (outcome(lambda: expanded(side, side.make(case.made))) for side in sides(dtype))
    if not isinstance(theirs, Exception):  # an expanded multinomial distribution has lost its entropy in PyTorch
        mine, theirs = (list(x) for x in zip(*((m, t) for m, t in zip(mine, theirs) if not isinstance(t, AttributeError))))
    same(mine, theirs, f"{case.made} expanded", 10 if "t(" in case.made else 1e4)


@pytest.mark.parametrize(("case", "dtype"), EVERY)
def test_copied_and_pickled_it_goes_on_being_the_same(case, dtype):
    side = Side(corelib, dtype, grad=False)
    d, x = side.make(case.made), side.t(case.values[-1])
    for twin in (copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
        assert repr(twin) == repr(d)
        assert corelib.equal(twin.log_prob(x).nan_to_num(7), side.make(case.made).log_prob(x).nan_to_num(7))


@pytest.mark.parametrize(("case", "dtype"), EVERY)
@pytest.mark.parametrize("shape", [(), (2,), (3, 2)], ids=str)
def test_seeded_samples_are_the_same(case, dtype, shape):
    if mkl(case.made):
        pytest.skip("this PyTorch draws exponential numbers from MKL")

    def sampled(side, d):
        side.T.manual_seed(11)
        return d.sample(shape)

    compare(dtype, case.made, sampled, "sample", 100)

    def moving(side, d):
        side.T.manual_seed(12)
        found = d.rsample(shape)
        return found, gradients(side, found)

    if "Wishart" not in case.made:  # whose gradients PyTorch's doubled drawing mixes up
        compare(dtype, case.made, moving, "rsample", 100)


def mkl(made: str) -> bool:
    """Whether samples are of exponential numbers, and PyTorch's own stream is not what they come from."""
    exponential = made.startswith(("Exponential", "Pareto", "Weibull", "Categorical", "OneHot", "Multinomial", "Mixture"))
    torch.manual_seed(0)
    torch.empty(50).exponential_()
    words = int.from_bytes(torch.get_rng_state().numpy().tobytes()[16:24], "little")
    return exponential and words != 100
