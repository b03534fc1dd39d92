"""Hooks of tensors, leaves and nodes."""

from __future__ import annotations

from typing import Any


from .programs import collection, leaf

program, test_a_program_does_as_in_pytorch = collection()


@program
def hooks_of_a_tensor_run_in_order_and_replace(T: Any) -> Any:
    x, seen = leaf(T), []
    y = x * 2
    y.register_hook(lambda g: seen.append(("first", g.tolist())))
    y.register_hook(lambda g: g * 10)
    handle = y.register_hook(lambda g: g * 1000)
    y.register_hook(lambda g: seen.append(("last", g.tolist())))
    handle.remove()
    y.sum().backward()
    return seen, x.grad


@program
def hooks_of_a_leaf_see_each_backward(T: Any) -> Any:
    x, seen = leaf(T), []
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g + 1)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    return seen, x.grad


@program
def hook_registered_before_an_inplace_change_belongs_to_the_old_value(T: Any) -> Any:
    x, seen = leaf(T), []
    y = x * 1
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(5)
    y.sum().backward()
    return seen, x.grad


@program
def hook_on_what_needs_no_grad_is_refused(T: Any) -> Any:
    T.ones(2).register_hook(lambda g: g)


@program
def hook_that_changes_the_shape_is_refused(T: Any) -> Any:
    y = leaf(T) * 1
    y.register_hook(lambda g: g.sum().reshape(1))
    y.sum().backward()


@program
def retain_grad_keeps_what_flows_through(T: Any) -> Any:
    x = leaf(T)
    y = x * 2
    y.retain_grad()
    flags = y.retains_grad, x.retains_grad
    y.register_hook(lambda g: g * 10)
    (y * y).sum().backward()
    return flags, y.grad, x.grad


@program
def retain_grad_on_what_needs_no_grad_is_refused(T: Any) -> Any:
    T.ones(2).retain_grad()


@program
def post_accumulate_hook_runs_after_the_grad_is_there(T: Any) -> Any:
    x, seen = leaf(T), []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    return seen, x.grad


@program
def post_accumulate_hook_on_a_non_leaf_is_refused(T: Any) -> Any:
    (leaf(T) * 2).register_post_accumulate_grad_hook(lambda p: None)


@program
def hooks_of_a_node(T: Any) -> Any:
    x, seen = leaf(T), []
    y = x.exp()
    z = (y * x).sum()
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 2,))
    y.grad_fn.register_hook(lambda gi, go: seen.append((len(gi), len(go), go[0].tolist())))
    y.grad_fn.register_hook(lambda gi, go: (gi[0] * 3,))
    z.backward()
    return seen, x.grad
