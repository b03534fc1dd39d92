"""autograd.functional: every form of inputs and outputs, what strict mode refuses, and both strategies."""

from __future__ import annotations

from typing import Any

from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


def functions(T: Any) -> list[Any]:
    return [
        lambda x: x**3, lambda x: (x**2).sum(), lambda x: (x**2, x.sum()), lambda x: x.exp().reshape(3, 1) * x, lambda x: (x.sin() * x.cos()).sum().exp(),
    ]  # fmt: skip


@program
def one_input(T: Any) -> Any:
    F, x, v = T.autograd.functional, T.tensor([1.0, 2.0, 3.0]), T.tensor([1.0, 0.5, 0.0])
    made = []
    for f in functions(T):
        made.append([F.jacobian(f, x), F.jacobian(f, x, vectorize=True), F.jacobian(f, x, vectorize=True, strategy="forward-mode"), F.jvp(f, x, v)])
        out = f(x)
        made.append(F.vjp(f, x, tuple(T.ones_like(o) for o in out) if isinstance(out, tuple) else T.ones_like(out)))
    for f in (functions(T)[1], functions(T)[4]):
        made.append([F.hessian(f, x), F.hessian(f, x, vectorize=True), F.hessian(f, x, vectorize=True, outer_jacobian_strategy="forward-mode"), F.hvp(f, x, v), F.vhp(f, x, v), F.vjp(f, x)])
    return made


@program
def several_inputs(T: Any) -> Any:
    F, x, y = T.autograd.functional, T.tensor([1.0, 2.0]), T.tensor([[3.0], [4.0]])
    f, g = (lambda x, y: (x * y, x.sum() + y.exp())), (lambda x, y: (x * x * y * y).sum())
    v = (T.ones(2), T.ones(2, 1))
    return [
        F.jacobian(f, (x, y)), F.jacobian(f, (x, y), vectorize=True, strategy="forward-mode"), F.hessian(g, (x, y)), F.jvp(f, (x, y), v), F.vjp(g, (x, y)), F.hvp(g, (x, y), v),
        F.vhp(g, (x, y), v), F.hessian(g, (x, y), vectorize=True, outer_jacobian_strategy="forward-mode"),
    ]  # fmt: skip


@program
def results_stay_in_the_graph(T: Any) -> Any:
    F, made = T.autograd.functional, []
    f = lambda x: (x**3).sum()  # noqa: E731
    for run in (
        lambda x: F.jacobian(lambda x: x**3, x, create_graph=True), lambda x: F.hessian(f, x, create_graph=True), lambda x: F.vjp(f, x, create_graph=True)[1],
        lambda x: F.jvp(lambda x: x**3, x, T.ones(3), create_graph=True)[1], lambda x: F.hvp(f, x, T.ones(3), create_graph=True)[1], lambda x: F.vhp(f, x, T.ones(3), create_graph=True)[1],
    ):  # fmt: skip
        x = leaf(T)
        got = run(x)
        got.sum().backward()
        made.append([got, x.grad])
    return made


@program
def strict_mode_refuses(T: Any) -> Any:
    F, x, y = T.autograd.functional, T.tensor([1.0, 2.0]), T.tensor([3.0, 4.0])
    one, constant, linear = (lambda x, y: (x * x).sum()), (lambda x, y: T.ones(())), (lambda x, y: (2 * x + 3 * y).sum())
    v = (T.ones(2), T.ones(2))
    seen = []
    for f in (one, constant, linear, lambda x, y: (x * x * y * y).sum()):
        for run in (
            lambda: F.jacobian(f, (x, y), strict=True), lambda: F.hessian(f, (x, y), strict=True), lambda: F.vjp(f, (x, y), strict=True),  # noqa: B023
            lambda: F.jvp(f, (x, y), v, strict=True), lambda: F.hvp(f, (x, y), v, strict=True), lambda: F.vhp(f, (x, y), v, strict=True),  # noqa: B023
            lambda: F.jacobian(f, (x, y), strict=True, create_graph=True), lambda: F.vhp(f, (x, y), v, strict=True, create_graph=True),  # noqa: B023
            lambda: F.vjp(f, (x, y), strict=True, create_graph=True),  # noqa: B023
        ):  # fmt: skip
            seen.append(raises(run))
        seen.append(F.jacobian(f, (x, y)))
        seen.append(F.vhp(f, (x, y), v))
    return seen


@program
def ill_formed_calls_are_refused(T: Any) -> Any:
    F, x = T.autograd.functional, T.tensor([1.0, 2.0])
    f = lambda x: (x * x).sum()  # noqa: E731
    return [
        raises(run) for run in (
            lambda: F.vjp(lambda x: x, x), lambda: F.jvp(f, x), lambda: F.hvp(f, x), lambda: F.vhp(f, x), lambda: F.vjp(f, 3), lambda: F.vjp(f, (x, 3)), lambda: F.vjp(lambda x: 3, x),
            lambda: F.jvp(f, x, T.ones(3)), lambda: F.jvp(f, x, (T.ones(2), T.ones(2))), lambda: F.hessian(lambda x: x, x), lambda: F.hessian(lambda x: (x.sum(), x.sum()), x),
            lambda: F.jacobian(f, x, strategy="sideways"), lambda: F.jacobian(f, x, strategy="forward-mode"), lambda: F.jacobian(f, x, strategy="forward-mode", vectorize=True, create_graph=True),
            lambda: F.jacobian(f, x, strategy="forward-mode", vectorize=True, strict=True), lambda: F.jacobian(f, x, vectorize=True, strict=True), lambda: F.hessian(f, x, outer_jacobian_strategy="x"),
            lambda: F.vhp(lambda x: x, x, T.ones(2)), lambda: F.jacobian(f, [x]),
        )
    ]  # fmt: skip


@program
def without_recording_outside(T: Any) -> Any:
    F, x = T.autograd.functional, T.tensor([1.0, 2.0])
    with T.no_grad():
        return F.jacobian(lambda x: x * x, x), F.vjp(lambda x: (x * x).sum(), x), F.hessian(lambda x: (x**3).sum(), x)
