"""autograd.Function: both styles of forward, contexts, what is refused."""

from __future__ import annotations

import warnings
from typing import Any

from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


def square(T: Any, **extra: Any) -> Any:
    class Square(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: float = 1.0) -> Any:
            ctx.save_for_backward(x)
            ctx.factor = factor
            return x * x * factor

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 2 * x * ctx.factor, None

    return Square


@program
def functions_as_pytorch_had_them_first(T: Any) -> Any:
    class Old(T.autograd.function.InplaceFunction):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.saved_variables[0]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = Old(True)
        called = raises(lambda: made(leaf(T)))
        x = leaf(T)
        y = Old.apply(x)
        y.sum().backward()
    node = y.grad_fn
    said = [(w.category.__name__, str(w.message).replace(repr(Old), "Old")) for w in caught]
    return made.inplace, called, x.grad, said, isinstance(node, T.autograd.function.BackwardCFunction), isinstance(node, T.autograd.function.FunctionCtx), repr(node).split(" at ")[0]


@program
def function_forward_and_backward(T: Any) -> Any:
    x = leaf(T)
    y = square(T).apply(x, 3.0)
    name = type(y.grad_fn).__name__
    y.sum().backward()
    return name, y.requires_grad, x.grad


@program
def function_twice_differentiable(T: Any) -> Any:
    x = leaf(T)
    (g,) = T.autograd.grad(square(T).apply(x).sum(), x, create_graph=True)
    return T.autograd.grad(g.sum(), x)


@program
def function_without_grad_mode(T: Any) -> Any:
    x = leaf(T)
    with T.no_grad():
        y = square(T).apply(x)
    return y.requires_grad, square(T).apply(T.ones(2)).requires_grad


@program
def function_in_the_style_of_setup_context(T: Any) -> Any:
    class Scale(T.autograd.Function):
        @staticmethod
        def forward(x: Any, k: Any) -> Any:
            return x * k

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, ctx.k = inputs
            ctx.save_for_backward(x, output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, out = ctx.saved_tensors
            return g * out / x, None

    x = leaf(T)
    Scale.apply(x, 4.0).sum().backward()
    return x.grad


@program
def function_knows_which_inputs_need_a_gradient(T: Any) -> Any:
    seen = []

    class Two(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any, c: Any) -> Any:
            return a + b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(ctx.needs_input_grad)
            return g, None, None

    a = leaf(T)
    Two.apply(a, T.ones(3), "text").sum().backward()
    return seen, a.grad


def gives(T: Any, gradients: Any) -> Any:
    class Gives(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return gradients(g)

    return Gives


@program
def function_with_too_few_gradients_is_refused(T: Any) -> Any:
    gives(T, lambda g: g).apply(leaf(T), leaf(T)).sum().backward()


@program
def function_with_too_many_gradients_is_refused(T: Any) -> Any:
    gives(T, lambda g: (g, g, g)).apply(leaf(T), leaf(T)).sum().backward()


@program
def function_with_trailing_none(T: Any) -> Any:
    x = leaf(T)
    gives(T, lambda g: (g, None, None)).apply(x, leaf(T)).sum().backward()
    return x.grad


@program
def function_with_a_gradient_of_another_shape_is_refused(T: Any) -> Any:
    gives(T, lambda g: (T.ones(2), None)).apply(leaf(T), leaf(T)).sum().backward()


@program
def function_with_a_gradient_that_is_no_tensor_is_refused(T: Any) -> Any:
    gives(T, lambda g: ("no", None)).apply(leaf(T), leaf(T)).sum().backward()


@program
def function_sums_a_broadcast_gradient(T: Any) -> Any:
    x = T.ones(1, requires_grad=True)
    gives(T, lambda g: (g, None)).apply(x, T.ones(3)).sum().backward()
    return x.grad


@program
def function_with_several_outputs(T: Any) -> Any:
    seen = []

    class Both(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            seen.append((g.tolist(), h.tolist()))
            return g * 2 + h * 3

    x = leaf(T)
    a, _ = Both.apply(x)
    a.sum().backward()
    return seen, x.grad, a.output_nr, _.output_nr


@program
def function_without_materialized_gradients(T: Any) -> Any:
    seen = []

    class Both(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            seen.append((g is None, h is None))
            return h * 3

    x = leaf(T)
    Both.apply(x)[1].sum().backward()
    return seen, x.grad


@program
def function_with_an_output_that_is_not_differentiable(T: Any) -> Any:
    class Sort(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y, mask = x * 2, x * 0 + 1
            ctx.mark_non_differentiable(mask)
            return y, mask

        @staticmethod
        def backward(ctx: Any, g: Any, _: Any) -> Any:
            return g * 2

    y, mask = Sort.apply(leaf(T))
    return y.requires_grad, mask.requires_grad


@program
def function_that_changes_its_input(T: Any) -> Any:
    class AddOne(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 5

    x = leaf(T)
    y = x * 1
    z = AddOne.apply(y)
    same = z is y
    z.sum().backward()
    return same, type(y.grad_fn).__name__, x.grad


@program
def function_differentiable_once_is_refused(T: Any) -> Any:
    from importlib import import_module

    once = import_module(f"{T.__name__}.autograd.function").once_differentiable

    class Once(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(T)
    (g,) = T.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    g.sum().backward()


@program
def function_with_a_saved_tensor_changed_is_refused(T: Any) -> Any:
    x = leaf(T)
    h = x * 1
    y = square(T).apply(h)
    h.add_(1)
    y.sum().backward()


@program
def function_backward_twice_is_refused(T: Any) -> Any:
    y = square(T).apply(leaf(T)).sum()
    y.backward()
    y.backward()


@program
def function_without_backward_is_refused(T: Any) -> Any:
    class Half(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 2

    Half.apply(leaf(T)).sum().backward()


@program
def function_made_an_object_of_and_called_is_refused(T: Any) -> Any:
    square(T)()(leaf(T))


@program
def function_that_returns_its_input(T: Any) -> Any:
    class Same(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 7

    x = leaf(T)
    y = Same.apply(x)
    y.sum().backward()
    return y is x, y.requires_grad, y.is_leaf, x.grad
