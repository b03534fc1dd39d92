"""Hooks for saved tensors, what nodes tell of what they saved, and edges of the graph."""

from __future__ import annotations

from typing import Any

from .programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()


def hooked(T: Any, run: Any) -> Any:
    """A program under hooks that count, and what they saw."""
    seen: list[Any] = []

    def pack(t: Any) -> Any:
        seen.append(["pack", t.tolist(), t.requires_grad, t.grad_fn is None])
        return t.clone()

    def unpack(t: Any) -> Any:
        seen.append(["unpack", t.tolist()])
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = run()
    return y, seen


@program
def what_was_saved_is_listed(T: Any) -> Any:
    """Programs that draw graphs look through `dir(node)`; every name there can be asked for."""
    x = leaf(T)
    seen = []
    for y in (x * x, x.exp(), x.sum(), x.pow(2), x.abs(), x.sin(), x.clamp(0, 2), x.relu(), x.log(), x / x):
        node = y.grad_fn
        listed = [name for name in dir(node) if name.startswith("_saved")]
        for name in listed:
            getattr(node, name)
        seen.append([name for name in listed if isinstance(getattr(node, name), T.Tensor) and not name.endswith("result1")])
        seen.append([{"metadata", "name", "next_functions", "register_hook", "register_prehook", *(f"_raw{name}" for name in seen[-1])} <= set(dir(node)), "edges" in dir(node)])
    return seen


@program
def every_kind_of_node(T: Any) -> Any:
    made = []
    for run in (
        lambda x: x * x, lambda x: x.exp(), lambda x: x.sin(), lambda x: x / 3, lambda x: x + 1, lambda x: x.pow(3), lambda x: x.sigmoid(),
        lambda x: T.cat([x, x * 2]), lambda x: x.reshape(1, 3) @ x.reshape(3, 1), lambda x: x.prod(), lambda x: x.sum(), lambda x: x[:2] * x[1:],
        lambda x: T.nn.functional.softmax(x, 0), lambda x: x.max(), lambda x: T.where(x > 1, x, x * x), lambda x: x.clamp(0, 2), lambda x: x.abs(),
    ):  # fmt: skip
        x = leaf(T)
        y, seen = hooked(T, lambda run=run, x=x: run(x))
        packs = len(seen)
        y.sum().backward()
        made.append([x.grad, packs == len(seen) - packs])
    return made


@program
def what_a_product_packs(T: Any) -> Any:
    x, w = leaf(T), leaf(T, 4.0, 5.0, 6.0)
    y, seen = hooked(T, lambda: x * w)
    y.sum().backward()
    return seen, x.grad, w.grad


@program
def what_is_not_needed_is_not_packed(T: Any) -> Any:
    x, w = leaf(T), leaf(T, 4.0, 5.0, 6.0).detach()
    y, seen = hooked(T, lambda: x * w)
    y.sum().backward()
    return len(seen), x.grad


@program
def second_derivatives_go_through(T: Any) -> Any:
    x = leaf(T)
    y, _ = hooked(T, lambda: (x**3).exp().log())
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    return g, x.grad


@program
def innermost_hooks_win(T: Any) -> Any:
    x, seen = leaf(T), []
    with T.autograd.graph.saved_tensors_hooks(lambda t: seen.append("outer") or t, lambda t: t):
        with T.autograd.graph.saved_tensors_hooks(lambda t: seen.append("inner") or t, lambda t: t):
            y = x.exp()
        z = y.exp()
    z.exp().sum().backward()
    return seen


@program
def contents_are_what_comes_back(T: Any) -> Any:
    x = leaf(T)
    with T.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t * 2):
        y = x * x
    y.sum().backward()
    return x.grad


@program
def hooks_must_behave(T: Any) -> Any:
    x = leaf(T)

    def changes(t: Any) -> Any:
        return t.add_(1)

    def wrong_kind() -> None:
        with T.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
            y = x * x
        y.sum().backward()

    def in_place() -> None:
        with T.autograd.graph.saved_tensors_hooks(changes, lambda t: t):
            (x * 1).exp() * x

    return raises(wrong_kind), raises(in_place)


@program
def a_freed_graph_says_so(T: Any) -> Any:
    x = leaf(T)
    y, _ = hooked(T, lambda: x * x)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return raises(lambda: y.sum().backward()), x.grad


@program
def a_change_in_place_is_not_noticed_with_hooks(T: Any) -> Any:
    x = leaf(T)
    a = x * 1
    y, _ = hooked(T, lambda: a * a)
    a.add_(5)
    y.sum().backward()
    return x.grad


@program
def functions_save_through_hooks(T: Any) -> Any:
    class Square(T.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            y = x * x
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * 2 * x + y * 0

    x = leaf(T)
    y, seen = hooked(T, lambda: Square.apply(x))
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    return [s[0] for s in seen], g, x.grad, len(Square.apply(leaf(T)).grad_fn._raw_saved_tensors)


@program
def hooks_on_one_saved_tensor(T: Any) -> Any:
    x = leaf(T)
    y = x * x * 1
    y = y.exp()
    seen: list[Any] = []
    node = y.grad_fn
    node._raw_saved_result.register_hooks(lambda t: seen.append(t.tolist()) or 3, lambda n: seen.append(n) or T.tensor([1.0, 2.0, 3.0]))
    again = raises(lambda: node._raw_saved_result.register_hooks(lambda t: t, lambda t: t))
    y.sum().backward()
    return [str(s)[:2] for s in seen], again, x.grad, raises(lambda: node._raw_saved_result)


@program
def what_nodes_saved_is_named(T: Any) -> Any:
    x, w = leaf(T), leaf(T, 4.0, 5.0, 6.0)
    y = x * w
    e = y.exp()
    p = e.pow(3)
    m = x.reshape(1, 3) @ w.reshape(3, 1)
    seen = [y.grad_fn._saved_self, y.grad_fn._saved_other, e.grad_fn._saved_result, p.grad_fn._saved_self, p.grad_fn._saved_exponent]
    seen += [m.grad_fn._saved_self, m.grad_fn._saved_mat2, e.grad_fn._saved_result.grad_fn is e.grad_fn, y.grad_fn._saved_self is x]
    seen += [(x * 2).grad_fn._saved_self is None, raises(lambda: y.grad_fn._saved_nothing), raises(lambda: (x + 1).grad_fn._saved_result)]
    y.sum().backward()
    return seen, raises(lambda: y.grad_fn._saved_self)


@program
def saved_tensors_are_kept_on_the_cpu(T: Any) -> Any:
    x = leaf(T)
    with T.autograd.graph.save_on_cpu():
        y = (x * x).exp()
    with T.autograd.graph.save_on_cpu(pin_memory=True):
        y = y.log()
    y.sum().backward()
    return x.grad


@program
def hooks_are_disabled(T: Any) -> Any:
    def use() -> None:
        with T.autograd.graph.save_on_cpu():
            pass

    def inside() -> None:
        with T.autograd.graph.save_on_cpu(), T.autograd.graph.disable_saved_tensors_hooks("no"):
            pass

    seen = []
    with T.autograd.graph.disable_saved_tensors_hooks("not here"):
        seen.append(raises(use))
        with T.autograd.graph.disable_saved_tensors_hooks("nor here"):
            seen.append(raises(use))
        seen.append(raises(use))
    return seen, raises(use), raises(inside)


@program
def saved_tensors_may_change(T: Any) -> Any:
    seen = []
    with T.autograd.graph.allow_mutation_on_saved_tensors() as context:
        x = leaf(T)
        a = x * 1
        b = a.sin()
        z = b**2 + a.cos() * b
        b.mul_(3)
        a[:2].fill_(7)
        b.add_(a)
        z.sum().backward()
        seen += [x.grad, type(context).__name__]
        y = (x * 1).exp()
        v = y[:1] * y[:1]
        y.zero_()
        v.sum().backward()
        seen.append(x.grad)
        late = (x * 1).exp()
    return seen, raises(lambda: late.sum().backward())


@program
def edges_take_the_place_of_tensors(T: Any) -> Any:
    G = T.autograd.graph
    x = leaf(T)
    y = x * x
    z = (y * 2).sum()
    edge = G.get_gradient_edge(y)
    seen = [T.autograd.grad(z, edge, retain_graph=True), T.autograd.grad(z, [x, G.get_gradient_edge(x)], retain_graph=True), edge.output_nr, edge.node is y.grad_fn]
    seen.append(T.autograd.grad(G.get_gradient_edge(y), x, grad_outputs=T.ones(3), retain_graph=True))
    seen.append(T.autograd.grad(G.get_gradient_edge(z), x, retain_graph=True))
    seen.append(raises(lambda: G.get_gradient_edge(T.ones(1))))
    seen.append(raises(lambda: T.autograd.grad(G.get_gradient_edge(y), x, retain_graph=True)))
    T.autograd.backward(z, inputs=[G.get_gradient_edge(x)])
    return seen, x.grad, isinstance(edge, G.GradientEdge), isinstance(edge.node, G.Node), isinstance(y.grad_fn, T.autograd.Node if hasattr(T.autograd, "Node") else G.Node)


@program
def one_hook_for_several_tensors(T: Any) -> Any:
    G, seen = T.autograd.graph, []
    a, b, c, d = (T.tensor([v], requires_grad=True) for v in (1.0, 2.0, 3.0, 4.0))
    e = a * b
    handle = G.register_multi_grad_hook((a, b, e, d), lambda gs: seen.append([None if g is None else g.item() for g in gs]))
    (e * c).sum().backward(retain_graph=True)
    (b * c).sum().backward()
    (a + d).sum().backward()
    handle.remove()
    (a * b).sum().backward()
    return seen


@program
def one_hook_for_the_first_of_several(T: Any) -> Any:
    G, seen = T.autograd.graph, []
    a, b = (T.tensor([v], requires_grad=True) for v in (1.0, 2.0))
    handle = G.register_multi_grad_hook((a, b), lambda g: seen.append(g.item()), mode="any")
    (a * b).sum().backward()
    (a * 3).sum().backward()
    handle.remove()
    (a * b).sum().backward()
    return len(seen), seen[-1], raises(lambda: G.register_multi_grad_hook((a, b), print, mode="some"))


@program
def versions_are_counted_by_hand(T: Any) -> Any:
    x, y = leaf(T), T.ones(3)
    z = x * y
    T.autograd.graph.increment_version(y)
    T.autograd.graph.increment_version([T.ones(1), T.zeros(1)])
    return y._version, raises(lambda: z.sum().backward())


@program
def nodes_tell_of_themselves(T: Any) -> Any:
    x = leaf(T)
    y = (x * 2).exp().sum()
    node = y.grad_fn
    node.metadata["mine"] = 3
    seen: list[Any] = []
    a = node.register_hook(lambda gi, go: seen.append(["after", gi[0].tolist(), go[0].tolist()]))
    b = node.register_prehook(lambda go: seen.append(["before", go[0].tolist()]))
    y.backward(retain_graph=True)
    a.remove()
    b.remove()
    y.backward()
    leaf_node = node.next_functions[0][0].next_functions[0][0].next_functions[0][0]
    return node.name(), y.grad_fn.metadata, seen, [n[0].name() for n in node.next_functions], leaf_node.name(), leaf_node.variable is x


@program
def gradients_in_batches(T: Any) -> Any:
    x = leaf(T)
    y = x * x
    z = x.sin()
    seen = T.autograd.grad(y, x, T.eye(3), is_grads_batched=True, retain_graph=True)
    both = T.autograd.grad((y, z), x, (T.eye(3), T.ones(3, 3)), is_grads_batched=True, retain_graph=True)
    unused = T.autograd.grad(y, (x, leaf(T)), T.eye(3), is_grads_batched=True, allow_unused=True, create_graph=True)
    return seen, both, unused[0], unused[1] is None


@program
def settings_without_effect_are_checked(T: Any) -> Any:
    G = T.autograd.graph
    G.set_warn_on_accumulate_grad_stream_mismatch(True)
    G.set_warn_on_accumulate_grad_stream_mismatch(False)
    return raises(lambda: G.region_activation_memory_budget(0.5)), raises(lambda: G.region_activation_memory_budget(2.0)), raises(lambda: G.region_activation_memory_budget("a"))
