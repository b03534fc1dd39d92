"""Checkpoints beside PyTorch: gradients, random numbers, autocast, how often parts run, and what is refused."""

from __future__ import annotations

import contextlib
import functools
import warnings
from typing import Any

import pytest

from ..autograd.programs import collection, leaf, raises

program, test_a_program_does_as_in_pytorch = collection()
FORMS = (True, False)


def both_forms(run: Any) -> list[Any]:
    return [run(reentrant) for reentrant in FORMS]


def told(f: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f()
    return [w.category.__name__ + str(w.message)[:60] for w in seen]


@program
def gradients_are_the_same(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        x, w, count = leaf(T), leaf(T, 0.2, 0.3, 0.4), []
        y = C.checkpoint(lambda a: count.append(1) or (a * w).exp().sin() * a, x, use_reentrant=reentrant)
        y.sum().backward()
        return y, x.grad, w.grad, len(count)

    return both_forms(run)


@program
def several_inputs_and_outputs(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        x, y = leaf(T), leaf(T, 2.0, 3.0, 4.0)
        a, n, b = C.checkpoint(lambda x, k, y: (x * y * k, 7, (x + y).exp()), x, 3, y, use_reentrant=reentrant)
        (a.sum() + b.sum()).backward()
        return a, n, b, x.grad, y.grad

    return both_forms(run)


@program
def nested_checkpoints(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        x, count = leaf(T), []

        def inner(a: Any) -> Any:
            count.append("inner")
            return a.sin().exp()

        def outer(a: Any) -> Any:
            count.append("outer")
            return C.checkpoint(inner, a * a, use_reentrant=reentrant).cos()

        C.checkpoint(outer, x, use_reentrant=reentrant).sum().backward()
        return x.grad, count

    return both_forms(run)


@program
def random_numbers_are_drawn_again(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool, **settings: Any) -> Any:
        T.manual_seed(3)
        x = T.ones(20, requires_grad=True)
        y = C.checkpoint(lambda a: T.nn.functional.dropout(a * a, 0.5), x, use_reentrant=reentrant, **settings)
        before = T.get_rng_state()
        y.sum().backward()
        return bool((x.grad == y.detach() * 2).all()), bool((T.get_rng_state() == before).all())

    return both_forms(run), [run(reentrant, preserve_rng_state=False)[1] for reentrant in FORMS]


@program
def autocast_is_as_it_was(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        seen, x = [], T.ones(2, 2, requires_grad=True)
        with T.autocast("cpu"):
            y = C.checkpoint(lambda a: seen.append(str((a @ a).dtype)) or (a @ a).sin(), x, use_reentrant=reentrant)
        y.float().sum().backward()
        return seen, x.grad

    return both_forms(run)


@program
def grad_and_inputs(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        x = leaf(T)
        y = C.checkpoint(lambda a: a.exp(), x, use_reentrant=reentrant).sum()
        found = raises(lambda: T.autograd.grad(y, x, retain_graph=True))
        return found, raises(lambda: y.backward(inputs=[x]))

    return both_forms(run)


@program
def second_derivatives_without_reentrance(T: Any) -> Any:
    x = leaf(T)
    y = T.utils.checkpoint.checkpoint(lambda a: a**3, x, use_reentrant=False)
    (g,) = T.autograd.grad(y.sum(), x, create_graph=True)
    g.sum().backward()
    return g, x.grad


@program
def a_graph_is_kept_for_two_backwards(T: Any) -> Any:
    x, count = leaf(T), []
    y = T.utils.checkpoint.checkpoint(lambda a: count.append(1) or a.exp().sin(), x, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return x.grad, len(count)


@program
def it_stops_early(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(**settings: Any) -> Any:
        x, seen = leaf(T), []

        def part(a: Any) -> Any:
            b = a.exp()
            seen.append("first")
            c = b + 1
            seen.append("second")
            return c

        C.checkpoint(part, x, use_reentrant=False, **settings).sum().backward()
        return seen, x.grad

    seen = [run(), run(early_stop=False)]
    with C.set_checkpoint_early_stop(False):
        seen.append(run())
    with C.set_checkpoint_early_stop(True):
        seen.append(run(early_stop=False))
    return seen


@program
def keywords_are_given_on(T: Any) -> Any:
    C, x = T.utils.checkpoint, leaf(T)
    y = C.checkpoint(lambda a, scale=1: a.exp() * scale, x, scale=3, use_reentrant=False)
    y.sum().backward()
    return x.grad, raises(lambda: C.checkpoint(lambda a, scale=1: a, x, scale=3, use_reentrant=True))


@program
def contexts_of_forward_and_recomputation(T: Any) -> Any:
    C, x, seen = T.utils.checkpoint, leaf(T), []

    @contextlib.contextmanager
    def noted(what: str) -> Any:
        seen.append(what)
        yield
        seen.append(f"end of {what}")

    y = C.checkpoint(lambda a: a.exp() * 2, x, use_reentrant=False, context_fn=lambda: (noted("forward"), noted("again")))
    seen.append("between")
    y.sum().backward()
    return seen[:4], raises(lambda: C.checkpoint(lambda a: a, x, use_reentrant=True, context_fn=lambda: (noted("a"), noted("b")))), len(C.noop_context_fn())


@program
def a_recomputation_that_differs_is_refused(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(again: Any, **settings: Any) -> Any:
        x, count = T.ones(3, requires_grad=True), []

        def part(a: Any) -> Any:
            count.append(1)
            return a.exp().sin() if len(count) == 1 else again(a)

        y = C.checkpoint(part, x, use_reentrant=False, **settings)
        return raises(lambda: y.sum().backward())

    fewer, other = (lambda a: a.exp()), (lambda a: a.double().exp().sin())
    seen = [run(fewer), run(other), run(lambda a: a.exp().sin().exp(), early_stop=False), run(other, determinism_check="none")]
    seen.append(raises(lambda: C.checkpoint(lambda a: a, T.ones(1), use_reentrant=False, determinism_check="other")))
    with C.set_checkpoint_debug_enabled(True):
        seen.append(run(fewer))
    seen.append(run(fewer, debug=True))
    return seen, issubclass(C.CheckpointError, RuntimeError)


@program
def an_input_that_changes_is_noticed(T: Any) -> Any:
    x, a = leaf(T), T.ones(3)
    y = T.utils.checkpoint.checkpoint(lambda x, a: x * a.exp(), x, a, use_reentrant=False)
    a.add_(1)
    return raises(lambda: y.sum().backward())


@program
def warnings_are_pytorchs(T: Any) -> Any:
    C, x = T.utils.checkpoint, leaf(T)
    seen = [told(lambda: C.checkpoint(lambda a: a * 2, x)), told(lambda: C.checkpoint(lambda a: a * 2, x, use_reentrant=False))]
    seen.append(told(lambda: C.checkpoint(lambda a: a * 2, T.ones(2), use_reentrant=True)))
    seen.append(told(lambda: C.checkpoint_sequential([T.exp, T.sin], 2, x)))
    seen.append(told(lambda: C.check_backward_validity([T.ones(1)])))
    return seen


@program
def nothing_is_kept_without_recording(T: Any) -> Any:
    x = leaf(T)
    with T.no_grad():
        y = [T.utils.checkpoint.checkpoint(lambda a: a.exp(), x, use_reentrant=form) for form in FORMS]
    return y


@program
def sequences_in_segments(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(reentrant: bool) -> Any:
        found = []
        for segments in (1, 2, 3):
            x, count = leaf(T), []
            layers = [lambda a, f=f: count.append(1) or f(a) for f in (T.exp, T.sin, T.cos, T.tanh, T.sigmoid)]
            C.checkpoint_sequential(layers, segments, x, use_reentrant=reentrant).sum().backward()
            found.append((x.grad, len(count) if reentrant else 0))
        return found

    T.manual_seed(0)
    net = T.nn.Sequential(T.nn.Linear(3, 4), T.nn.Tanh(), T.nn.Linear(4, 2))
    with T.no_grad():
        for p in net.parameters():
            p.fill_(0.3)
    C.checkpoint_sequential(net, 2, leaf(T), use_reentrant=False).sum().backward()
    return both_forms(run), [p.grad for p in net.parameters()], raises(lambda: C.checkpoint_sequential(net, 2, leaf(T), use_reentrant=False, other=3))


@program
def modules_train(T: Any) -> Any:
    class Net(T.nn.Module):
        def __init__(self, form: Any) -> None:
            super().__init__()
            self.a, self.b, self.form = T.nn.Linear(3, 8), T.nn.Linear(8, 2), form
            with T.no_grad():
                for i, p in enumerate(self.parameters()):
                    p.copy_(T.arange(p.numel(), dtype=T.float32).reshape(p.shape).sin() * 0.3 + i * 0.01)

        def forward(self, x: Any) -> Any:
            h = self.a(x)
            return T.utils.checkpoint.checkpoint(lambda h: self.b(h.relu()), h, use_reentrant=self.form)

    losses = []
    for form in FORMS:
        net = Net(form)
        sgd = T.optim.SGD(net.parameters(), lr=0.01)
        for step in range(5):
            sgd.zero_grad()
            loss = ((net(T.arange(6.0).reshape(2, 3) / 6 + step) - 1) ** 2).mean()
            loss.backward()
            sgd.step()
            losses.append(loss)
    return losses


@program
def one_recomputation_for_a_group_of_backwards(T: Any) -> Any:
    C, x, count = T.utils.checkpoint, leaf(T), []
    a, b = C.checkpoint(lambda x: count.append(1) or (x.exp(), x.sin()), x, use_reentrant=False)
    with C.GraphExecGroup():
        a.sum().backward(retain_graph=True)
        b.sum().backward(retain_graph=True)
        nested = raises(lambda: C.GraphExecGroup().__enter__())
    return x.grad, len(count), nested


def ops_of(T: Any, name: str) -> Any:
    return getattr(T.ops.aten, name).default if T.__name__ == "torch" else getattr(T, name)


@program
def what_a_list_names_is_kept(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(*names: str) -> Any:
        x = T.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
        w = T.tensor([[0.5, 0.6], [0.7, 0.8]], requires_grad=True)
        contexts = functools.partial(C.create_selective_checkpoint_contexts, [ops_of(T, name) for name in names])
        y = C.checkpoint(lambda x, w: T.sigmoid(T.matmul(T.matmul(x, w), w)) * T.nn.functional.linear(x, w), x, w, use_reentrant=False, context_fn=contexts)
        y.sum().backward()
        return y, x.grad, w.grad

    return run("mm"), run("mm", "sigmoid"), run("exp"), run()


@program
def a_policy_is_asked(T: Any) -> Any:
    C, x = T.utils.checkpoint, T.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
    asked: list[Any] = []

    def policy(ctx: Any, op: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append([ctx.is_recompute, ctx.op_output.shape == args[0].shape])
        return C.CheckpointPolicy.MUST_SAVE if len(asked) % 2 else C.CheckpointPolicy.PREFER_RECOMPUTE

    y = C.checkpoint(lambda x: x.exp().sin().cos(), x, use_reentrant=False, context_fn=functools.partial(C.create_selective_checkpoint_contexts, policy))
    y.sum().backward()
    by_bool = C.checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False, context_fn=functools.partial(C.create_selective_checkpoint_contexts, lambda *a, **k: True))
    by_bool.sum().backward()
    return asked, x.grad, [p.name for p in C.CheckpointPolicy], raises(lambda: C.create_selective_checkpoint_contexts(3)), raises(lambda: C.create_selective_checkpoint_contexts(["mm"])), C.SelectiveCheckpointContext(is_recompute=True).is_recompute


@program
def what_is_kept_is_not_to_change(T: Any) -> Any:
    C = T.utils.checkpoint

    def run(**settings: Any) -> Any:
        x = leaf(T)
        contexts = functools.partial(C.create_selective_checkpoint_contexts, [ops_of(T, "exp")], **settings)
        y = C.checkpoint(lambda x: x.exp(), x, use_reentrant=False, context_fn=contexts)
        twice = y.sum()
        with T.no_grad():
            y.add_(1)
        return raises(lambda: twice.backward())

    return run(), run(allow_cache_entry_mutation=True)


@program
def devices_and_their_states(T: Any) -> Any:
    C = T.utils.checkpoint
    before = C.DefaultDeviceType.get_device_type()
    C.DefaultDeviceType.set_device_type("cpu")
    states = C.get_device_states(T.ones(1), 3)
    C.set_device_states(*states)
    detached = C.detach_variable((leaf(T) * 2, 3))
    return before, C.DefaultDeviceType.get_device_type(), states, detached[0].requires_grad, detached[0].grad_fn is None, detached[1], raises(lambda: C.detach_variable([1]))


@pytest.mark.parametrize("name", ["SAC_IGNORED_OPS", "CheckpointFunction"])
def test_names_are_there(name: str) -> None:
    import corelib

    assert hasattr(corelib.utils.checkpoint, name)
