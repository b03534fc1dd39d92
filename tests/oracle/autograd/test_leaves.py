"""Leaves, their flags, and .grad."""

from __future__ import annotations

from typing import Any


from .programs import collection, leaf

program, test_a_program_does_as_in_pytorch = collection()


@program
def flags_of_leaves_and_others(T: Any) -> Any:
    x, c = leaf(T), T.ones(3)
    y = x * c
    d = y.detach()
    return [(t.requires_grad, t.is_leaf, t.grad_fn is None) for t in (x, c, y, d, x.detach(), c * 2, y.data)]


@program
def requires_grad_of_integers_is_refused(T: Any) -> Any:
    T.ones(2, dtype=T.int64).requires_grad_()


@program
def tensor_of_integers_with_grad_is_refused(T: Any) -> Any:
    T.tensor([1, 2], requires_grad=True)


@program
def requires_grad_false_on_a_non_leaf_is_refused(T: Any) -> Any:
    y = leaf(T) * 2
    y.requires_grad = False


@program
def grad_of_another_shape_is_refused(T: Any) -> Any:
    x = leaf(T)
    x.grad = T.ones(2)


@program
def grad_of_another_dtype_is_refused(T: Any) -> Any:
    x = leaf(T)
    x.grad = T.ones(3, dtype=T.float64)


@program
def grad_that_is_no_tensor_is_refused(T: Any) -> Any:
    x = leaf(T)
    x.grad = 3


@program
def grad_is_accumulated_in_place(T: Any) -> Any:
    x = leaf(T)
    x.grad = T.ones(3)
    kept = x.grad
    (x * 2).sum().backward()
    return kept is x.grad, kept, x.grad.requires_grad


@program
def grads_do_not_share_memory(T: Any) -> Any:
    x, y = leaf(T), leaf(T)
    (x + y).sum().backward()
    x.grad.mul_(10)
    return x.grad, y.grad


@program
def grad_is_summed_over_what_was_broadcast(T: Any) -> Any:
    x, b, s = T.ones(2, 3).requires_grad_(), T.ones(1, 3).requires_grad_(), T.tensor(2.0, requires_grad=True)
    (x * b * s).sum().backward()
    return x.grad, b.grad, s.grad


@program
def grad_comes_back_in_the_leafs_dtype(T: Any) -> Any:
    x, h = leaf(T), T.ones(3, dtype=T.float16).requires_grad_()
    (x * h).sum().backward()
    (x.double() * 2).sum().backward()
    return x.grad, h.grad


@program
def deleting_grad(T: Any) -> Any:
    x = leaf(T)
    x.sum().backward()
    del x.grad
    return x.grad is None
