"""Backward and grad: roots, inputs, what is kept and what is refused, gradients that are not finite, and that the graph is freed."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any


from ..harness import quiet
from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


# Roots, graphs and what is kept.


@program
def backward_twice_is_refused(T: Any) -> Any:
    x = leaf(T)
    y = (x * x).sum()
    y.backward()
    y.backward()


@program
def grad_of_no_inputs_is_refused(T: Any) -> Any:
    T.autograd.grad(leaf(T).sum(), [])


@program
def the_old_name_of_grad_tensors(T: Any) -> Any:
    x = leaf(T)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        T.autograd.backward([(x * 2).sum()], grad_variables=[T.tensor(3.0)])
    with quiet():
        both = raises(lambda: T.autograd.backward([(x * 2).sum()], T.tensor(1.0), grad_variables=[T.tensor(3.0)]))
    return x.grad, [(w.category.__name__, str(w.message)) for w in caught], both


@program
def backward_twice_where_nothing_was_saved(T: Any) -> Any:
    x = leaf(T)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


@program
def retain_graph_accumulates(T: Any) -> Any:
    x = leaf(T)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


@program
def create_graph_gives_second_and_third_derivatives(T: Any) -> Any:
    x = leaf(T)
    y = (x**4).sum()
    (g,) = T.autograd.grad(y, x, create_graph=True)
    (h,) = T.autograd.grad(g.sum(), x, create_graph=True)
    (i,) = T.autograd.grad(h.sum(), x)
    return g, h, i, x.grad is None


@program
def backward_with_create_graph_gives_a_grad_with_a_graph(T: Any) -> Any:
    x = leaf(T)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.sum().backward()
    return g, x.grad


@program
def gradient_penalty(T: Any) -> Any:
    w, x = leaf(T, 0.5, -1.0), T.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    out = T.tanh(x @ w).sum()
    (g,) = T.autograd.grad(out, x, create_graph=True)
    ((g * g).sum() + out).backward()
    return w.grad, x.grad


@program
def backward_of_many_elements_needs_a_gradient_or_is_refused(T: Any) -> Any:
    (leaf(T) * 2).backward()


@program
def backward_takes_a_gradient(T: Any) -> Any:
    x = leaf(T)
    (x * x).backward(T.tensor([1.0, 10.0, 100.0]))
    return x.grad


@program
def backward_with_a_gradient_of_another_shape_is_refused(T: Any) -> Any:
    (leaf(T) * 2).backward(T.ones(2))


@program
def backward_of_what_needs_no_grad_is_refused(T: Any) -> Any:
    T.ones(()).backward()


@program
def backward_of_a_leaf(T: Any) -> Any:
    x = T.tensor(3.0, requires_grad=True)
    x.backward()
    x.backward()
    return x.grad


@program
def backward_into_given_inputs_only(T: Any) -> Any:
    x, w = leaf(T), leaf(T, 4.0, 5.0, 6.0)
    h = x * w
    (h * h).sum().backward(inputs=[w])
    return x.grad is None, w.grad


@program
def backward_into_an_inner_tensor(T: Any) -> Any:
    x = leaf(T)
    h = x * 2
    (h * h).sum().backward(inputs=[h])
    return x.grad is None, h.grad


@program
def backward_with_no_inputs_is_refused(T: Any) -> Any:
    leaf(T).sum().backward(inputs=[])


@program
def several_roots(T: Any) -> Any:
    x = leaf(T)
    a, b = (x * 2).sum(), x * 3
    T.autograd.backward([a, b], [None, T.ones(3)])
    return x.grad


@program
def roots_and_gradients_of_other_numbers_are_refused(T: Any) -> Any:
    x = leaf(T)
    return raises(lambda: T.autograd.backward([x.sum(), x.sum()], [T.ones(())]))


@program
def grad_of_several_inputs(T: Any) -> Any:
    x, w = leaf(T), leaf(T, 4.0, 5.0, 6.0)
    h = x * w
    return T.autograd.grad((h * h).sum(), [x, w, h]), x.grad is None


@program
def grad_of_an_unused_input_is_refused(T: Any) -> Any:
    return T.autograd.grad(leaf(T).sum(), leaf(T))


@program
def grad_allows_unused_inputs(T: Any) -> Any:
    x, unused = leaf(T), leaf(T)
    first = T.autograd.grad(x.sum(), [x, unused], allow_unused=True)
    second = T.autograd.grad(x.sum(), [x, unused], allow_unused=True, materialize_grads=True)
    return first, second


@program
def grad_with_grad_outputs(T: Any) -> Any:
    x = leaf(T)
    return T.autograd.grad([x * 2, x.sum()], x, grad_outputs=[T.tensor([1.0, 2.0, 3.0]), None])


@program
def grad_of_an_input_without_grad_is_refused(T: Any) -> Any:
    return T.autograd.grad(leaf(T).sum(), T.ones(3))


@program
def a_diamond_sums_its_ways(T: Any) -> Any:
    x = leaf(T)
    a = x * 2
    b, c = a.sin(), a.exp()
    (b * c + a).sum().backward()
    return x.grad


@program
def a_long_chain_needs_no_recursion(T: Any) -> Any:
    x = leaf(T)
    y = x
    for _ in range(5000):
        y = y + 1
    y.sum().backward()
    return x.grad


@program
def nodes_that_no_one_needs_are_not_run(T: Any) -> Any:
    x, seen = leaf(T), []
    a, b = x * 2, x * 3
    b.register_hook(lambda g: seen.append("b"))
    (a + b).sum()
    a.sum().backward()
    return seen, x.grad


# Gradients that are not finite.


@program
def relu_masks_its_gradient(T: Any) -> Any:
    """Infinite times 0 would be NaN; PyTorch masks, and lets NaN's gradient pass."""
    every = []
    for dtype in (T.float16, T.bfloat16, T.float32, T.float64):
        x = T.tensor([float("nan"), 0.0, -1.0, 2.0, -float("inf"), float("inf")], dtype=dtype, requires_grad=True)
        g = T.tensor([float("nan"), float("inf"), float("nan"), float("inf"), -float("inf"), 3.0], dtype=dtype, requires_grad=True)
        (first,) = T.autograd.grad(T.relu(x), x, g, create_graph=True)
        every += [first, *T.autograd.grad(first.sum(), g)]
        (first,) = T.autograd.grad(T.relu(x), x, g.detach())
        every += [first]
    return every


# Memory.


@program
def the_graph_goes_with_its_last_tensor(T: Any) -> Any:
    gc.disable()
    try:
        x = leaf(T)
        h = x * 2
        gone = weakref.ref(h)
        y = (h * h).sum()
        del h
        held = gone() is not None
        y.backward()
        del y
        return held, gone() is None
    finally:
        gc.enable()


@program
def leaves_go_without_a_collection(T: Any) -> Any:
    gc.disable()
    try:
        x = leaf(T)
        (x.tanh() * 2).sum().backward()
        gone = weakref.ref(x)
        del x
        return gone() is None
    finally:
        gc.enable()
