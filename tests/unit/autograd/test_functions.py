"""Functions of the user's own: what forward may return, change and mark, and what backward gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import corelib as T

F: Any = T.autograd.Function


class Alias(F):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 10


class Dirty(F):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: Any, w: Any) -> Any:
        ctx.mark_dirty(x)
        return x.mul_(2).add_(w)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2, g * 7


def test_an_input_returned_as_it_is_becomes_a_view_that_may_not_be_changed() -> None:
    x = T.ones(3, requires_grad=True) * 1
    y = Alias.apply(x)
    assert y is not x and y._is_view() and T.autograd.grad(y.sum(), x)[0].tolist() == [10, 10, 10]
    with pytest.raises(RuntimeError, match="created inside a custom Function"):
        y.mul_(2)


def test_a_view_returned_by_forward_is_refused_after_its_base_has_changed() -> None:
    class View(F):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view(-1)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g.view(2, 2) * 10

    b = T.ones(2, 2, requires_grad=True) * 1
    y = View.apply(b)
    b.mul_(2)
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        y.sum()


def test_a_view_changed_by_forward_keeps_the_gradients_of_all_operands() -> None:
    x, w = T.ones(1, 4, requires_grad=True), T.ones(1, 2, requires_grad=True)
    b = x * 1
    v = b.narrow(1, 1, 2)
    assert Dirty.apply(v, w) is v
    b.sum().backward()
    assert x.grad is not None and w.grad is not None and b.grad_fn is not None
    assert (x.grad.tolist(), w.grad.tolist(), b.grad_fn.name()) == ([[1, 2, 2, 1]], [[7, 7]], "CopySlices")


def test_a_tensor_changed_by_forward_keeps_its_place_and_its_kept_gradient() -> None:
    x, w = T.ones(3, requires_grad=True), T.ones(3, requires_grad=True)
    b = x * 1
    b.retain_grad()
    assert Dirty.apply(b, w) is b
    b.sum().backward()
    assert [t.grad.tolist() for t in (x, w, b)] == [[2] * 3, [7] * 3, [1] * 3]  # type: ignore[union-attr]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad has been used in an in-place operation"):
        Dirty.apply(x, w)


def test_what_is_marked_dirty_must_be_returned() -> None:
    class Lost(F):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x.mul_(2) * 1

    with pytest.raises(RuntimeError, match="marked as dirty during the forward method were not returned"):
        Lost.apply(T.ones(2, requires_grad=True) * 1)


@pytest.mark.parametrize(("materialize", "expected"), [(True, [[1, 1], None, [0, 0], None]), (False, [[1, 1], None, None, None])])
def test_outputs_that_are_no_tensors_have_no_gradients(materialize: bool, expected: list[Any]) -> None:
    seen = []

    class Several(F):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(materialize)
            return x * 2, 5, x * 3, None

        @staticmethod
        def backward(ctx: Any, *grads: Any) -> Any:
            seen.append([None if g is None else g.tolist() for g in grads])
            return grads[0]

    Several.apply(T.ones(2, requires_grad=True))[0].sum().backward()
    assert seen == [expected]


def test_a_gradient_of_none_reaches_the_functions_before_it_as_zeros() -> None:
    calls = []

    class Nothing(Alias):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    class Seen(Alias):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            calls.append(g.tolist())
            return g

    x = T.ones(2, requires_grad=True)
    Nothing.apply(Seen.apply(x) * 3).sum().backward()
    assert calls == [[0, 0]] and x.grad is not None and x.grad.tolist() == [0, 0]


def test_once_differentiable_is_refused_a_second_time_only_where_that_would_matter() -> None:
    class Square(F):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @T.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * g * ctx.saved_tensors[0]

    x, s = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    (g,) = T.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    assert not g.requires_grad
    (g,) = T.autograd.grad(Square.apply(x), x, s, create_graph=True)
    assert g.requires_grad
    with pytest.raises(RuntimeError, match="differentiate twice a function that was marked with @once_differentiable"):
        g.sum().backward()


def test_vjp_is_another_name_for_backward_and_jvp_alone_does_not_serve() -> None:
    def made(**methods: Callable[..., Any]) -> Any:
        return type("Made", (F,), {"forward": staticmethod(lambda ctx, x: x * 2), **{n: staticmethod(m) for n, m in methods.items()}})

    x = T.ones(2, requires_grad=True)
    made(vjp=lambda ctx, g: g * 3).apply(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [3, 3]
    with pytest.raises(RuntimeError, match="Implementing both 'backward' and 'vjp'"):
        made(vjp=lambda ctx, g: g, backward=lambda ctx, g: g).apply(x).sum().backward()
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        made(jvp=lambda ctx, t: t).apply(x).sum().backward()


@pytest.mark.parametrize(("hook", "error", "match"), [
    (lambda g: g.double(), RuntimeError, "changed the type of value"), (lambda g: g.to("meta"), RuntimeError, "changed the type of value"),
    (lambda g: g[:1], RuntimeError, "changed the size of value"), (lambda g: 3, TypeError, "but hook returned 'int'"),
])  # fmt: skip
def test_a_hook_may_not_change_what_kind_of_gradient_it_is(hook: Callable[[Any], Any], error: type[Exception], match: str) -> None:
    for at in ("leaf", "result", "node before", "node after"):
        x = T.ones(3, requires_grad=True)
        y = x * 2
        assert y.grad_fn is not None
        if at == "leaf":
            x.register_hook(hook)
        elif at == "result":
            y.register_hook(hook)
        elif at == "node before":
            y.grad_fn.register_prehook(lambda g: (hook(g[0]),))
        else:
            y.grad_fn.register_hook(lambda made, given: (hook(made[0]), *made[1:]))
        with pytest.raises(error, match=match):
            y.sum().backward()


D: Any = {"dtype": T.float64, "requires_grad": True}


def wrong(backward: Callable[[Any, Any], Any], materialize: bool = True) -> Any:
    """A Function whose value is z * 1, with any backward."""

    def forward(ctx: Any, z: Any) -> Any:
        ctx.set_materialize_grads(materialize)
        return z * 1

    return type("Wrong", (F,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}).apply  # type: ignore[attr-defined]


@pytest.mark.parametrize("fast", [False, True])
def test_gradcheck_moves_the_inputs_themselves(fast: bool) -> None:
    layer = T.nn.Linear(2, 2).double()
    x = T.tensor([[0.3, 0.4]], **D)
    given = (x, *layer.parameters())
    before = [t.tolist() for t in given]
    assert T.autograd.gradcheck(lambda x, *p: layer(x), given, fast_mode=fast)
    assert T.autograd.gradgradcheck(lambda x, *p: layer(x).tanh(), given, fast_mode=fast)
    assert [t.tolist() for t in given] == before and all(t.grad is None for t in given)


@pytest.mark.parametrize("fast", [False, True])
def test_gradcheck_finds_what_is_wrong(fast: bool) -> None:
    def check(f: Any, of: Any, **options: Any) -> None:
        assert T.autograd.gradcheck(f, of, fast_mode=fast, **options)

    x, z = T.tensor([0.5, 1.5], **D), T.tensor([1 + 2j, 0.5 - 1j], dtype=T.complex128, requires_grad=True)
    turns = iter(range(1000))
    check(wrong(lambda ctx, g: g), x)
    check(lambda z: z * z, z)
    check(wrong(lambda ctx, g: g * (1 + 1e-5 * (next(turns) % 2))), x, nondet_tol=1e-3)
    check(wrong(lambda ctx, g: g * 1, materialize=False), x, check_undefined_grad=False)
    for f, of, match in (
        (wrong(lambda ctx, g: g * 1.1), x, "mismatch"),
        (wrong(lambda ctx, g: T.complex(g.real, g.imag * 2)), z, "in its imaginary part"),
        (wrong(lambda ctx, g: g * (1 + 1e-5 * (next(turns) % 2))), x, "not reentrant"),
        (wrong(lambda ctx, g: g * 1, materialize=False), x, None),
        (lambda x: x.detach() * 2, x, "expected to be zero"),
    ):
        with pytest.raises((RuntimeError, TypeError), match=match):
            check(f, of)
    assert not T.autograd.gradcheck(wrong(lambda ctx, g: g * 1.1), x, fast_mode=fast, raise_exception=False)
    check(T.exp, x, check_forward_ad=True)
    with pytest.raises(NotImplementedError, match="jvp"):
        check(wrong(lambda ctx, g: g * 1), x, check_forward_ad=True)
