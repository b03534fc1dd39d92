"""Every transform and every constraint is PyTorch's, and so are the transforms into constraints."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

import corelib

from ..coverage.calls import compared
from .both import DTYPES, Side, compare, gradients, outcome, same, sides

X = [[-1.5, 0.3], [0.0, 2.0]]
# transform: something in its domain
TRANSFORMS = {
    "ExpTransform()": X, "SigmoidTransform()": X, "SoftplusTransform()": [[-1.5, 30.0]], "TanhTransform()": X, "AbsTransform()": X, "identity_transform": X,
    "PowerTransform(t(2.0))": [[0.5, 3.0]], "PowerTransform(-0.5)": [[0.5, 3.0]], "PowerTransform(t([[1.0], [3.0]]))": [0.5, 3.0],
    "AffineTransform(1.0, 2.0)": X, "AffineTransform(t([1.0, 2.0]), t([-3.0, 0.5]))": X, "AffineTransform(0.0, t([2.0, 3.0]), event_dim=1)": X,
    "AffineTransform(1, -2.0, event_dim=2)": X, "AffineTransform(t([[1.0], [2.0], [3.0]]), 2.0)": [0.5, 3.0],
    "CorrCholeskyTransform()": [[0.3, -0.5, 2.0], [0.0, 0.1, -0.7]], "SoftmaxTransform()": X, "StickBreakingTransform()": X,
    "LowerCholeskyTransform()": X, "PositiveDefiniteTransform()": X, "ReshapeTransform((2, 2), (4,))": [X, X], "ReshapeTransform((), (1, 1))": X,
    "ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0), PowerTransform(0.5)])": X, "ComposeTransform([])": X,
    "ComposeTransform([StickBreakingTransform(), AffineTransform(0.0, 2.0)])": X, "ComposeTransform([ExpTransform(), StickBreakingTransform().inv])": [[0.1, 0.2]],
    "IndependentTransform(ExpTransform(), 1)": X, "IndependentTransform(AffineTransform(t(1.0), t(2.0)), 2)": X, "IndependentTransform(ExpTransform(), 3)": X,
    "CatTransform([ExpTransform(), AffineTransform(1.0, 2.0)], dim=-1)": X, "CatTransform([ExpTransform(), identity_transform], dim=0, lengths=[1, 1])": X,
    "CatTransform([ExpTransform(), IndependentTransform(ExpTransform(), 1)], dim=0, lengths=[1, 1])": X, "CatTransform([ExpTransform()], dim=5)": X,
    "StackTransform([ExpTransform(), TanhTransform()], dim=1)": X, "StackTransform([ExpTransform(), TanhTransform()], dim=-1)": X, "StackTransform([ExpTransform()])": X,
    "CumulativeDistributionTransform(Normal(t(0.0), t(2.0)))": X, "CumulativeDistributionTransform(Exponential(t(2.0)))": [[0.1, 2.0]],
    "ExpTransform().inv": [[0.5, 3.0]], "ExpTransform().inv.inv": X, "ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)]).inv": [[1.5, 3.0]],
    "AffineTransform(t(1.0), t(2.0)).inv": X, "CorrCholeskyTransform().inv": [[1.0, 0.0], [0.6, 0.8]], "TanhTransform().inv": [[-0.5, 0.9]],
    "ReshapeTransform((2, 3), (4,))": X, "PowerTransform('a')": X, "ExpTransform(cache_size=2)": X, "CatTransform([3])": X, "StackTransform([3])": X,
    "CatTransform([ExpTransform()], lengths=[1, 2])": X, "Transform()": X,
}  # fmt: skip
FACTS = ("bijective", "sign", "domain", "codomain", "event_dim", "domain.event_dim", "codomain.event_dim", "domain.is_discrete", "inv", "inv.domain", "inv.bijective")


def fact(x, name):
    for part in name.split("."):
        x = getattr(x, part)
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("made", TRANSFORMS)
def test_it_is_the_same_forward_backward_and_in_its_jacobian(made, dtype):
    def both_ways(side, transform):
        x = side.t(TRANSFORMS[made])
        y = transform(x)
        jacobian = outcome(lambda: transform.log_abs_det_jacobian(x, y))
        tail = [jacobian] if isinstance(jacobian, Exception) else [jacobian, gradients(side, jacobian)]
        return [y, gradients(side, y), outcome(lambda: transform.inv(y)), *tail]

    compare(dtype, made, both_ways, loose=20)
    compare(dtype, made, lambda side, transform: transform.inv.log_abs_det_jacobian(transform(side.t(TRANSFORMS[made])), side.t(TRANSFORMS[made])), "inv", 20)
    if made == "identity_transform":
        compared("torch.distributions.identity_transform")
        compared("torch.distributions.transforms.identity_transform")
    if dtype == "float64":
        return
    compare(dtype, made, lambda side, transform: repr(transform), "repr")
    for name in FACTS:
        compare(dtype, made, lambda side, transform: fact(transform, name), name)
    for shape in ((), (1,), (2,), (3,), (5, 3), (2, 2), (3, 3, 3), (4, 1)):
        for way in ("forward_shape", "inverse_shape"):
            compare(dtype, made, lambda side, transform: getattr(transform, way)(side.T.Size(shape)), f"{way}({shape})")


@pytest.mark.parametrize("made", [m for m in TRANSFORMS if "inv" not in m])
def test_a_cache_keeps_the_last_pair(made):
    def kept(side, transform):
        cached = transform.with_cache(1)
        x = side.t(TRANSFORMS[made])
        y = cached(x)
        again, back = cached(x) is y, cached.inv(y) is x
        return [again, back, cached.with_cache(1) is cached, repr(cached), cached == transform, y]

    compare("float32", made, kept, "cached", 20)


def test_transforms_are_equal_where_they_do_the_same():
    every = [m for m in TRANSFORMS if not isinstance(outcome(lambda: Side(torch, "float32").make(m)), Exception)]
    mine, theirs = ([outcome(lambda: side.make(a) == side.make(b)) for a in every for b in every] for side in sides("float32"))
    wrong = [(a, b) for (a, b), m, t in zip([(a, b) for a in every for b in every], mine, theirs) if m is not t and not isinstance(t, Exception)]
    assert not wrong


@pytest.mark.parametrize("made", ["ExpTransform()", "ComposeTransform([ExpTransform(), AffineTransform(1.0, 2.0)])", "StickBreakingTransform(cache_size=1)", "ExpTransform().inv"])
def test_pickled_it_does_the_same(made):
    side = Side(corelib, "float32", grad=False)
    transform, x = side.make(made), side.t([[0.5, 0.25]])
    transform.inv  # noqa: B018  # which is not pickled
    assert corelib.equal(pickle.loads(pickle.dumps(transform))(x), transform(x))


CONSTRAINTS = {
    "C.boolean": (0, [0.0, 1.0, 0.5]), "C.one_hot": (1, [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]), "C.nonnegative_integer": (0, [0.0, 3.0, -1.0, 0.5]),
    "C.positive_integer": (0, [0.0, 3.0, 1.0, 0.5]), "C.integer_interval(-2, 5)": (0, [-3.0, -2.0, 5.0, 0.5]), "C.integer_interval(t([0.0, 1.0]), t(2.0))": (0, [0.0, 0.0]),
    "C.real": (0, [0.0, float("nan"), float("inf")]), "C.real_vector": (1, [[0.0, float("nan")], [1.0, 2.0]]), "C.positive": (0, [0.0, 1.0, -1.0]),
    "C.nonnegative": (0, [0.0, 1.0, -1.0]), "C.greater_than(t([0.0, 2.0]))": (0, [1.0, 2.0]), "C.greater_than_eq(2)": (0, [1.0, 2.0]), "C.less_than(2.0)": (0, [1.0, 2.0]),
    "C.multinomial(3)": (1, [[1.0, 2.0], [2.0, 2.0], [-1.0, 1.0]]), "C.unit_interval": (0, [-0.1, 0.0, 1.0, 1.1]), "C.interval(t(-1.0), 2.0)": (0, [-1.0, 2.0, 3.0]),
    "C.half_open_interval(-1.0, 2.0)": (0, [-1.0, 2.0, 3.0]), "C.simplex": (1, [[0.5, 0.5], [0.5, 0.6], [-0.5, 1.5]]), "C.lower_triangular": (2, [[[1.0, 0.0], [2.0, 3.0]], [[1.0, 1.0], [0.0, 1.0]]]),
    "C.lower_cholesky": (2, [[[1.0, 0.0], [2.0, 3.0]], [[-1.0, 0.0], [2.0, 3.0]]]), "C.corr_cholesky": (2, [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.6, 0.7]]]),
    "C.square": (2, [[[1.0, 0.0]], [[2.0, 3.0]]]), "C.symmetric": (2, [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 2.0], [3.0, 1.0]]]),
    "C.positive_semidefinite": (2, [[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]), "C.positive_definite": (2, [[[2.0, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]]]),
    "C.positive_definite ": (2, [[[2.0, 1.0], [0.0, 2.0]]]), "C.independent(C.positive, 1)": (1, [[1.0, -1.0], [1.0, 1.0]]), "C.independent(C.simplex, 1)": (2, [[[0.5, 0.5], [0.3, 0.7]]]),
    "C.independent(C.positive, 0)": (0, [1.0, -1.0]), "C.independent(C.positive, 3)": (3, [1.0, -1.0]), "C.MixtureSameFamilyConstraint(C.positive)": (0, [1.0, -1.0]),
    "C.MixtureSameFamilyConstraint(C.simplex)": (1, [[0.5, 0.5], [0.5, 0.6]]), "C.cat([C.positive, C.real], 0, [1, 2])": (0, [1.0, -1.0, 2.0]), "C.cat([C.positive, C.boolean], -1)": (0, [[1.0, 0.5]]),
    "C.cat([C.positive], 4)": (0, [1.0]), "C.stack([C.positive, C.real], 0)": (0, [[1.0, -1.0], [2.0, -3.0]]), "C.stack([C.simplex, C.simplex], -1)": (1, [[0.5, 0.2], [0.5, 0.8]]),
    "C.dependent": (0, [1.0]), "C.dependent(is_discrete=True, event_dim=1)": (0, [1.0]), "C.independent(3, 1)": (0, [1.0]), "C.independent(C.real, -1)": (0, [1.0]),
    "C.independent(C.real, 1.5)": (0, [1.0]), "C.cat([3])": (0, [1.0]), "C.cat([C.real], 0, [1, 2])": (0, [1.0]), "C.stack([3])": (0, [1.0]), "C.MixtureSameFamilyConstraint(3)": (0, [1.0]),
    "C.Constraint()": (0, [1.0]), "C.dependent_property(lambda self: None)": (0, [1.0]),
}  # fmt: skip


@pytest.mark.parametrize("made", CONSTRAINTS)
def test_a_constraint_checks_the_same(made):
    for dtype in DTYPES:
        compare(dtype, made, lambda side, c: c.check(side.t(CONSTRAINTS[made][1])), "check")
    for name in ("is_discrete", "event_dim"):
        compare("float32", made, lambda side, c: getattr(c, name), name)
    if "property" not in made:
        compare("float32", made, lambda side, c: repr(c), "repr")
    compare("float32", made, lambda side, c: side.D.constraints.is_dependent(c), "is_dependent")
    if made == "C.dependent":
        compared("torch.distributions.constraints.dependent")


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("made", CONSTRAINTS)
def test_the_transform_into_a_constraint_is_the_same(made, registry):
    n = {"C.corr_cholesky": 3}.get(made, 2)
    x = np.linspace(-1, 1, n * n).reshape(n, n).tolist()

    def into(side, constraint):
        transform = getattr(side.D, registry)(constraint)
        y = transform(side.t(x))
        return [repr(transform), y, constraint.check(y), transform.domain, transform.bijective]

    compare("float64", made, into, registry, 20)
    compared(f"torch.distributions.{registry}")
    compared(f"torch.distributions.constraint_registry.{registry}")


def test_a_registry_takes_more_constraints():
    def run(T):
        D = T.distributions

        class Even(D.constraints.Constraint):
            pass

        registry = D.constraint_registry.ConstraintRegistry()
        registry.register(Even, lambda c: D.ExpTransform())
        told = [repr(registry(Even())), type(outcome(lambda: registry(D.constraints.real)))]

        @registry.register(D.constraints.real)
        def made(c):
            return D.identity_transform

        return [*told, registry(D.constraints.real) is D.identity_transform, type(outcome(lambda: registry.register(3, made)))]

    assert run(corelib) == run(torch)


UTILS = {
    "broadcast_all(t([1.0, 2.0]), 3)": None, "broadcast_all(1, 2.5, True)": None, "broadcast_all(t([[1.0], [2.0]]), t([1.0, 2.0]))": None, "broadcast_all('a')": None,
    "broadcast_all(t([1.0, 2.0]), t([1.0, 2.0, 3.0]))": None, "probs_to_logits(t([0.0, 0.3, 1.0]))": None, "probs_to_logits(t([0.0, 0.3, 1.0]), is_binary=True)": None,
    "logits_to_probs(t([0.0, 0.3, 1.0]))": None, "logits_to_probs(t([0.0, 0.3, -100.0]), is_binary=True)": None, "clamp_probs(t([0.0, 0.3, 1.0]))": None,
    "tril_matrix_to_vec(t([[1.0, 2.0], [3.0, 4.0]]))": None, "tril_matrix_to_vec(t([[[1.0, 2.0], [3.0, 4.0]]]), -1)": None, "tril_matrix_to_vec(t([[1.0, 2.0], [3.0, 4.0]]), 2)": None,
    "vec_to_tril_matrix(t([[1.0, 2.0, 3.0]]))": None, "vec_to_tril_matrix(t([1.0]), -1)": None, "vec_to_tril_matrix(t([1.0, 2.0]))": None, "vec_to_tril_matrix(t([1.0, 2.0, 3.0, 4.0]), 1)": None,
}  # fmt: skip


@pytest.mark.parametrize("call", UTILS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_families_are_made_with_is_the_same(call, dtype):
    for side in sides(dtype):
        side.T.distributions.utils  # noqa: B018  # is there
    compare(dtype, f"D.utils.{call}", lambda side, made: made)


def test_a_lazy_property_is_computed_once_and_with_gradients():
    def run(T):
        class Holder:
            calls = 0

            @T.distributions.utils.lazy_property
            def twice(self):
                """Docs."""
                self.calls += 1
                return T.ones(1, requires_grad=True) * 2

        holder = Holder()
        with T.no_grad():
            first = holder.twice
        return [first is holder.twice, holder.calls, first.requires_grad, isinstance(Holder.twice, T.distributions.utils.lazy_property), isinstance(Holder.twice, property)]

    assert run(corelib) == run(torch)


def test_same_says_what_differs():
    with pytest.raises(AssertionError):
        same(corelib.ones(2), torch.zeros(2), "it")
