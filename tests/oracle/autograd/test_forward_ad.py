"""Forward mode beside PyTorch: the tangents of many ops, in-place changes, views, Functions, and derivatives of derivatives."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch

from ..amp.calls import CALLS
from ..harness import attempt, quiet
from ..pairs import LIBRARIES
from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()

WITHOUT = {"erfinv", "sum_as_half", "softmax_as_double", "matmul_out", "cummax", "embedding"}  # no float64 directions worth comparing, or index results


def forward_ad(T: Any) -> Any:
    return importlib.import_module(f"{T.__name__}.autograd.forward_ad")


def tangent(T: Any, x: Any) -> Any:
    return forward_ad(T).unpack_dual(x).tangent


@pytest.mark.parametrize("name", [name for name in CALLS if name not in WITHOUT])
def test_tangents_are_pytorchs(name: str) -> None:
    """Every operand moves; then the first alone, with the others beside it."""
    call, shapes = CALLS[name]
    rng = np.random.default_rng(7)
    numbers = [(rng.standard_normal(s), rng.standard_normal(s)) for s in shapes]
    for moved in (len(shapes), 1):
        outcomes = []
        for T in LIBRARIES:
            forward = forward_ad(T)
            with quiet(), forward.dual_level():
                given = [T.from_numpy(x.copy()) for x, _ in numbers]
                given = [forward.make_dual(x, T.from_numpy(t.copy())) if i < moved else x for i, (x, (_, t)) in enumerate(zip(given, numbers, strict=True))]
                made, error = attempt(lambda: call(T, *given))  # noqa: B023
                parts = made if isinstance(made, (tuple, list)) else (made,)
                pairs = [] if error is not None else [forward.unpack_dual(x) if hasattr(x, "dim") else (x, None) for x in parts]
                outcomes.append((error, [[None if x is None or not hasattr(x, "dim") else x.detach().numpy(force=True) for x in pair] for pair in pairs]))
        (mine, got), (theirs, expected) = outcomes
        if theirs is not None:  # what PyTorch has no forward derivative of
            continue
        assert mine is None, mine
        for (a, at), (b, bt) in zip(got, expected, strict=True):
            if b is not None:
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
            if b is not None and b.dtype.kind in "fc":
                at, bt = (np.zeros_like(b) if t is None else t for t in (at, bt))
                np.testing.assert_allclose(at, bt, rtol=1e-6, atol=1e-8)


def dual(T: Any) -> Any:
    return forward_ad(T).make_dual(T.tensor([1.0, 2.0, 3.0]), T.tensor([1.0, 0.0, 2.0]))


@program
def what_keeps_a_tangent(T: Any) -> Any:
    with forward_ad(T).dual_level():
        d = dual(T)
        made = (d.detach(), d.data, d.clone(), d.double(), d[1], d[1:], d > 1, d.argmax(), d.floor(), d.relu(), d.sum(), d.t(), d.expand(2, 3), T.stack([d, d]).unbind(0)[0], d.split(2)[0])
        with T.no_grad():
            made = (*made, d * 2)
        return [tangent(T, x) for x in made], d.requires_grad, d.is_leaf


@program
def changes_in_place(T: Any) -> Any:
    with forward_ad(T).dual_level():
        d, seen = dual(T), []
        y = d * 1
        y[0] = 5
        seen.append(tangent(T, y))
        y.zero_()
        seen.append(tangent(T, y))
        y = (d * 1).fill_(3.0)
        seen.append(tangent(T, y))
        z = T.zeros(3)
        z.copy_(d)
        seen.append(tangent(T, z))
        z = T.zeros(3)
        z[1:] = d[:2]
        seen.append(tangent(T, z))
        z = T.zeros(3)
        z.add_(d).mul_(d)
        seen.append(tangent(T, z))
        z = T.zeros(3)
        v = z[:2]
        v.mul_(0).add_(d[1:])
        seen += [tangent(T, z), tangent(T, v)]
        z = d * 1
        w = z[1:]
        z.mul_(2)
        w.exp_()
        seen += [tangent(T, w), tangent(T, z)]
        z = T.zeros(4)
        z[T.tensor([0, 2, 3])] = d
        seen.append(tangent(T, z))
        z = (d * 1).masked_fill_(d > 2, 0.0)
        seen.append(tangent(T, z))
        seen.append(tangent(T, (d * 1).uniform_()))
        m = (d * 1).reshape(3, 1).clone()
        m.t_()
        return seen


@program
def dual_tensors_are_made_and_opened(T: Any) -> Any:
    F = forward_ad(T)
    x, t = T.tensor([1.0, 2.0, 3.0]), T.tensor([1.0, 0.0, 2.0])
    seen = [raises(lambda: F.make_dual(x, t)), raises(lambda: F.make_dual(x, t, level=0)), F.unpack_dual(x).tangent, raises(lambda: F.exit_dual_level(level=3))]
    with F.dual_level() as level:
        d = F.make_dual(x, t)
        opened = F.unpack_dual(d)
        seen += [level, opened.primal, opened.tangent, opened.tangent is t, tangent(T, opened.primal), type(opened).__name__, tangent(T, x)]
        seen += [raises(lambda: F.make_dual(d, t)), raises(lambda: F.make_dual(x, t[:2])), raises(lambda: F.make_dual(x.int(), t)), raises(lambda: F.make_dual(x, t.int()))]
        seen += [raises(F.enter_dual_level), raises(lambda: F.exit_dual_level(level=3))]
    seen.append(F.unpack_dual(d).tangent)
    seen.append(F.enter_dual_level())
    F.exit_dual_level(level=0)
    return seen, isinstance(opened, F.UnpackedDualTensor)


@program
def a_function_is_decorated(T: Any) -> Any:
    @forward_ad(T).dual_level()
    def f() -> Any:
        return tangent(T, dual(T).exp())

    return f(), f()


@program
def backward_over_forward(T: Any) -> Any:
    F = forward_ad(T)
    x, t = leaf(T), T.tensor([1.0, 0.5, 2.0], requires_grad=True)
    with F.dual_level():
        d = F.make_dual(x, t)
        out = tangent(T, (d**3).exp().log() * d.sin())
        return out, T.autograd.grad(out.sum(), (x, t))


@program
def forward_over_backward(T: Any) -> Any:
    F = forward_ad(T)
    x = T.tensor([1.0, 2.0, 3.0], dtype=T.float64, requires_grad=True)
    with F.dual_level():
        d = F.make_dual(x, T.tensor([1.0, 0.0, 2.0], dtype=T.float64))
        made = []
        for f in (lambda d: d**3 * d.exp(), lambda d: d.sin().exp(), lambda d: T.nn.functional.softmax(d, 0)[0] * d.sigmoid(), lambda d: d.tanh() * d, lambda d: (d.reshape(3, 1) @ d.reshape(1, 3)).cos()):
            (g,) = T.autograd.grad(f(d).sum(), d, create_graph=True)
            made.append((g, tangent(T, g)))
        return made


@program
def modules_and_losses(T: Any) -> Any:
    F, N = forward_ad(T), T.nn
    net = N.Sequential(N.Linear(3, 4), N.Tanh(), N.LayerNorm(4), N.Linear(4, 2))
    with T.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(T.arange(p.numel(), dtype=T.float32).reshape(p.shape).sin() * 0.5 + 0.1 * i)
    with F.dual_level():
        d = dual(T).reshape(1, 3)
        seen = [tangent(T, N.functional.cross_entropy(net(d), T.tensor([1])))]
        parameters = {name: F.make_dual(p.detach(), T.ones_like(p)) for name, p in net.named_parameters()}
        seen.append(tangent(T, T.func.functional_call(net, parameters, (T.ones(1, 3),))))
        return seen


class Kinds:
    """Functions with derivatives in both directions."""

    @staticmethod
    def of(T: Any) -> Any:
        class Scale(T.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, k: float, y: Any) -> Any:
                ctx.save_for_backward(x, y)
                ctx.save_for_forward(x, y)
                ctx.k = k
                return x * y * k, x + y

            @staticmethod
            def backward(ctx: Any, g: Any, h: Any) -> Any:
                x, y = ctx.saved_tensors
                return g * y * ctx.k + h, None, g * x * ctx.k + h

            @staticmethod
            def jvp(ctx: Any, x_t: Any, k_t: Any, y_t: Any) -> Any:
                seen.append([x_t is None, k_t is None, y_t is None])
                x, y = ctx.saved_for_forward
                return (x_t * y + x * y_t) * ctx.k, x_t + y_t

        class Without(T.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * 2

        class InPlace(T.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.mark_dirty(x)
                return x.mul_(3)

            @staticmethod
            def jvp(ctx: Any, x_t: Any) -> Any:
                return x_t.mul_(3)

        seen: list[Any] = []
        return Scale, Without, InPlace, seen


@program
def functions_with_jvp(T: Any) -> Any:
    scale, without, in_place, seen = Kinds.of(T)
    F, y = forward_ad(T), T.tensor([4.0, 5.0, 6.0])
    with F.dual_level():
        a, b = scale.apply(dual(T), 2.0, y)
        c, _ = scale.apply(y, 2.0, dual(T))
        x = leaf(T)
        e, _ = scale.apply(F.make_dual(x, T.ones(3)), 2.0, y)
        back = T.autograd.grad(e.sum(), x, retain_graph=True)
        z = dual(T) * 1
        in_place.apply(z)
        return [tangent(T, t) for t in (a, b, c, e, z)], seen, back, raises(lambda: without.apply(dual(T))), without.apply(y)


@program
def forward_mode_is_checked(T: Any) -> Any:
    C = T.autograd.gradcheck
    x = T.tensor([0.5, 1.5], dtype=T.float64, requires_grad=True)
    z = T.tensor([0.5 + 1j, 1.5 - 2j], dtype=T.complex128, requires_grad=True)
    scale, _, _, _ = Kinds.of(T)

    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            return t * 3

    seen = [C(f, x, check_forward_ad=True) for f in (T.exp, lambda x: x.prod() * x, lambda x: T.linalg.norm(x))]
    seen.append(C(lambda z: (z * z).exp(), z, check_forward_ad=True))
    seen.append(C(lambda z: z.abs(), z, check_forward_ad=True, check_undefined_grad=False))
    seen.append(C(lambda x, y: scale.apply(x, 2.0, y), (x, x.detach().clone().requires_grad_()), check_forward_ad=True))
    seen.append(C(T.exp, x, check_batched_grad=True))
    seen.append(T.autograd.gradgradcheck(T.exp, x, check_fwd_over_rev=True))
    return seen, raises(lambda: C(Wrong.apply, x, check_forward_ad=True)), C(Wrong.apply, x, check_forward_ad=True, raise_exception=False), C(Wrong.apply, x)


@program
def tangents_may_be_switched_off(T: Any) -> Any:
    F = forward_ad(T)
    with F.dual_level():
        d = dual(T)
        with F._set_fwd_grad_enabled(False):
            off = d * 2
            state = F._is_fwd_grad_enabled()
        return tangent(T, off), tangent(T, d * 2), state, F._is_fwd_grad_enabled()


def test_pytorch_has_the_names() -> None:
    assert set(torch.autograd.forward_ad.__all__) <= set(dir(forward_ad(LIBRARIES[0])))
