"""The graph as users see it, Function, gradcheck and the functional API: one program in both libraries."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from ..harness import subject
from .test_autograd import leaf, outcome

PROGRAMS: list[Any] = []


def program(function: Any) -> Any:
    PROGRAMS.append(pytest.param(function, id=function.__name__))
    return function


@pytest.mark.parametrize("function", PROGRAMS)
def test_a_program_does_as_in_pytorch(function: Any) -> None:
    expected = outcome(function, torch)
    assert outcome(function, subject) == expected
    assert expected[0] == "gives" or function.__name__.endswith("_refused"), f"PyTorch {expected}"


# Names of nodes.

EXPRESSIONS = [
    "x + 1", "1 + x", "x + y", "x - y", "2 - x", "x * y", "x * 2", "x / y", "x / 2", "1 / x", "-x", "x ** 2", "x ** y", "2 ** x", "x ** 0.5",
    "x @ w", "w @ w", "b @ b", "x.t()", "w.T", "w.mT", "x.exp()", "x.log()", "x.sqrt()", "x.rsqrt()", "x.sin()", "x.cos()", "x.tan()", "x.tanh()",
    "x.sigmoid()", "x.relu()", "x.abs()", "x.reciprocal()", "x.erf()", "x.floor()", "x.round()", "x.sign()", "x.log1p()", "x.expm1()",
    "x.log2()", "x.asin()", "x.atan()", "T.atan2(x, y)", "x.clamp(0, 1)", "x.clamp(min=0)", "x.square()", "T.maximum(x, y)",
    "T.minimum(x, y)", "T.lerp(x, y, 0.5)", "T.addcmul(x, y, y)", "T.addcdiv(x, y, y)", "T.where(x > 0, x, y)", "x.masked_fill(x > 0, 1.0)",
    "x.sum()", "x.sum(0)", "x.mean()", "x.mean(1)", "x.prod()", "x.prod(1)", "x.var()", "x.std(0)", "x.max()", "x.min()", "x.max(1).values",
    "x.min(1)[0]", "x.amax(1)", "x.amin(1)", "x.norm()", "x.logsumexp(1)", "x.cumsum(0)", "x.cumprod(0)", "x.sort().values", "x.topk(1)[0]",
    "x.view(-1)", "x.reshape(-1)", "x.transpose(0, 1)", "x.permute(1, 0)", "x.squeeze()", "b.squeeze(0)", "x.unsqueeze(0)", "v.expand(2, 3)",
    "x.flatten()", "x.chunk(2)[0]", "x.split(1)[1]", "x.unbind()[0]", "x.narrow(0, 0, 1)", "x.select(0, 1)", "x.diagonal()", "x.tril()", "x.triu()",
    "x.flip(0)", "x.roll(1)", "x.repeat(2, 1)", "x.repeat_interleave(2)", "x.unfold(1, 2, 1)", "x.contiguous()", "x.t().contiguous()",
    "x.clone()", "x.double()", "x.to(T.float16)", "x[0]", "x[:, 1]", "x[..., None]", "x[1:]", "x[T.tensor([0])]", "x[x > 0]", "x.gather(1, i)",
    "x.index_select(0, T.tensor([0]))", "x.scatter(1, i, 0.0)", "x.scatter_add(1, i, y)", "T.take_along_dim(x, i, 1)",
    "T.cat([x, y])", "T.stack([x, y])", "T.mm(x, w)", "T.bmm(b, b)", "T.addmm(y, x, w)", "T.baddbmm(b, b, b)", "T.outer(v, v)", "T.dot(v, v)", "T.mv(w, v)",
    "T.einsum('ij,jk->ik', x, w)", "T.matmul(b, w)", "F.linear(x, w, v)", "F.linear(x, w)", "F.softmax(x, 1)", "F.log_softmax(x, 1)", "F.relu(x)",
    "F.gelu(x)", "F.silu(x)", "F.elu(x)", "F.leaky_relu(x)", "F.softplus(x)", "F.hardtanh(x)", "F.dropout(x, 0.5)", "F.layer_norm(x, (3,))",
    "F.batch_norm(x, None, None, training=True)", "F.group_norm(x, 1)", "F.conv1d(x.view(1, 2, 3), w.view(3, 1, 3)[:2].expand(2, 2, 3))",
    "F.conv2d(b.view(1, 1, 3, 3), w[:2, :2].reshape(1, 1, 2, 2))", "F.max_pool2d(b, 2)", "F.avg_pool2d(b, 2)", "F.adaptive_avg_pool2d(b, 1)", "F.embedding(T.tensor([0]), w)",
    "F.pad(x, (1, 1))", "F.pad(b, (1, 1), mode='reflect')", "F.cross_entropy(x, T.tensor([0, 1]))", "F.nll_loss(x, T.tensor([0, 1]))",
    "F.mse_loss(x, y)", "F.l1_loss(x, y)", "F.smooth_l1_loss(x, y)", "F.binary_cross_entropy_with_logits(x, y.sigmoid())", "F.kl_div(x, y)",
    "F.interpolate(b.view(1, 1, 3, 3), scale_factor=2)", "F.interpolate(b.view(1, 1, 3, 3), scale_factor=2, mode='bilinear')",
    "F.scaled_dot_product_attention(b, b, b)",
]  # fmt: skip

# Where the last node is another one: PyTorch has one function in C++ for what is written in terms of other ops here, or
# the other way round, and so reshapes at another point.
NAMED_OTHERWISE = {
    "b @ b": "BmmBackward0", "x.scatter(1, i, 0.0)": "ScatterBackward0", "T.einsum('ij,jk->ik', x, w)": "PermuteBackward0",
    "T.matmul(b, w)": "ViewBackward0", "F.group_norm(x, 1)": "ViewBackward0", "F.avg_pool2d(b, 2)": "DivBackward0",
    "F.adaptive_avg_pool2d(b, 1)": "DivBackward0", "F.pad(b, (1, 1), mode='reflect')": "IndexSelectBackward0",
    "F.interpolate(b.view(1, 1, 3, 3), scale_factor=2)": "IndexSelectBackward0",
    "F.interpolate(b.view(1, 1, 3, 3), scale_factor=2, mode='bilinear')": "AddBackward0",
    "F.scaled_dot_product_attention(b, b, b)": "BmmBackward0",
}  # fmt: skip


def node_name(T: Any, text: str) -> str:
    T.manual_seed(0)
    x = T.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], requires_grad=True)
    names = {
        "T": T, "F": T.nn.functional, "x": x, "y": T.ones(2, 3).requires_grad_(), "w": (T.ones(3, 3) * 0.5).requires_grad_(),
        "b": T.ones(1, 3, 3).requires_grad_(), "v": T.ones(3).requires_grad_(), "i": T.tensor([[0, 1, 2], [0, 0, 1]]),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kl_div says what its mean is
        made = eval(text, names)
    return type(made.grad_fn).__name__


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_node_of_an_expression_has_pytorchs_name(text: str) -> None:
    expected, got = node_name(torch, text), node_name(subject, text)
    if text in NAMED_OTHERWISE:
        assert got == NAMED_OTHERWISE[text] != expected
    else:
        assert got == expected


def tree(node: Any) -> Any:
    return None if node is None else [type(node).__name__, [(tree(n), k) for n, k in node.next_functions]]


@program
def a_graph_can_be_walked(T: Any) -> Any:
    x, w, b = T.ones(2, 3).requires_grad_(), T.ones(4, 3).requires_grad_(), T.ones(4).requires_grad_()
    h = (x @ w.t() + b).relu()
    first, second = h.chunk(2, 1)
    y = (first * second.exp() - x[:, :2] / 3).sum()
    return tree(y.grad_fn)


@program
def the_edges_of_simple_nodes(T: Any) -> Any:
    x, y = leaf(T), T.ones(3)
    return [tree(z.grad_fn) for z in (x + y, y * x, x * 2, x.sum(), x[1:], x.view(3, 1), x.clamp(0), x.exp().log(), T.stack([x, y]), x - 1)]


@program
def output_numbers(T: Any) -> Any:
    a, b = leaf(T, 1.0, 2.0, 3.0, 4.0).chunk(2)
    s = leaf(T).sort()
    return a.output_nr, b.output_nr, s.values.output_nr, (a + b).output_nr


@program
def the_leafs_node(T: Any) -> Any:
    x = leaf(T)
    node = (x + 1).grad_fn.next_functions[0][0]
    return type(node).__name__, node.variable is x, node.next_functions


# Function.


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
