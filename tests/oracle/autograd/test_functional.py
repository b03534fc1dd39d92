"""gradcheck, and the functional API: jacobians, hessians, products with vectors."""

from __future__ import annotations

from typing import Any


from .programs import collection, leaf

program, test_a_program_does_as_in_pytorch = collection()


# gradcheck.


@program
def gradcheck_of_right_derivatives(T: Any) -> Any:
    x = T.tensor([[0.3, -0.7], [1.2, 0.4]], dtype=T.float64, requires_grad=True)
    return T.autograd.gradcheck(lambda t: (t * t).exp().sum(0), x), T.autograd.gradgradcheck(lambda t: t.sin() * t, x)


def wrong(T: Any) -> Any:
    class Wrong(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3

    return Wrong.apply


@program
def gradcheck_of_wrong_derivatives_is_refused(T: Any) -> Any:
    T.autograd.gradcheck(wrong(T), T.ones(2, dtype=T.float64, requires_grad=True))


@program
def gradcheck_of_wrong_derivatives_without_exceptions(T: Any) -> Any:
    return T.autograd.gradcheck(wrong(T), T.ones(2, dtype=T.float64, requires_grad=True), raise_exception=False)


@program
def gradcheck_without_inputs_that_need_grad_is_refused(T: Any) -> Any:
    T.autograd.gradcheck(lambda t: t * 2, T.ones(2, dtype=T.float64))


# The functional API.


@program
def jacobians(T: Any) -> Any:
    f = T.autograd.functional
    x, y = T.tensor([1.0, 2.0]), T.tensor([[1.0, 0.5], [2.0, -1.0]])
    return f.jacobian(lambda t: t.exp(), x), f.jacobian(lambda a, b: b @ a, (x, y)), f.jacobian(lambda t: (t * 2, t.sum()), x)


@program
def hessians(T: Any) -> Any:
    f = T.autograd.functional
    x, y = T.tensor([1.0, 2.0]), T.tensor([3.0, -1.0])
    return f.hessian(lambda t: (t**3).sum(), x), f.hessian(lambda a, b: (a * a * b).sum(), (x, y))


@program
def products_with_vectors(T: Any) -> Any:
    f = T.autograd.functional
    x, v = T.tensor([1.0, 2.0]), T.tensor([1.0, -2.0])
    return (
        f.vjp(lambda t: t.exp(), x, v), f.jvp(lambda t: t.exp() * 2, x, v), f.hvp(lambda t: (t**3).sum(), x, v),
        f.vhp(lambda t: (t**3).sum(), x, v),
    )


@program
def hessian_of_several_values_is_refused(T: Any) -> Any:
    T.autograd.functional.hessian(lambda t: t * 2, T.ones(2))


@program
def jacobian_that_stays_in_the_graph(T: Any) -> Any:
    x = leaf(T)
    j = T.autograd.functional.jacobian(lambda t: (t**3).sum(), x, create_graph=True)
    j.sum().backward()
    return j, x.grad
