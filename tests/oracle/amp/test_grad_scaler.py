"""Scaled training beside PyTorch: scale, growth and parameters after each step; states; and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from ..autograd.programs import collection, raises
from ..pairs import both

program, test_a_program_does_as_in_pytorch = collection()

OPTIMIZERS = {
    "SGD": lambda T, ps: T.optim.SGD(ps, lr=0.1, momentum=0.9),
    "Adam": lambda T, ps: T.optim.Adam(ps, lr=0.01),
    "AdamW": lambda T, ps: T.optim.AdamW(ps, lr=0.01),
    "RMSprop": lambda T, ps: T.optim.RMSprop(ps, lr=0.01),
}


def network(T: Any) -> Any:
    net = T.nn.Sequential(T.nn.Linear(4, 8), T.nn.Tanh(), T.nn.Linear(8, 2))
    rng = np.random.default_rng(0)
    with T.no_grad():
        for p in net.parameters():
            p.copy_(T.from_numpy(rng.standard_normal(tuple(p.shape)).astype(np.float32) * 0.4))
    return net


@pytest.mark.parametrize("lower", [None, "bfloat16"])
@pytest.mark.parametrize("unscales", [False, True])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_as_in_pytorch(name: str, unscales: bool, lower: str | None) -> None:
    def run(T: Any) -> Any:
        net, seen = network(T), []
        optimizer = OPTIMIZERS[name](T, list(net.parameters()))
        scaler = T.amp.GradScaler("cpu", init_scale=256.0, growth_interval=3, growth_factor=4.0)
        rng = np.random.default_rng(1)
        for step in range(12):
            x = T.from_numpy(rng.standard_normal((5, 4)).astype(np.float32))
            y = T.from_numpy(rng.standard_normal((5, 2)).astype(np.float32))
            optimizer.zero_grad()
            with T.autocast("cpu", dtype=getattr(T, lower or "bfloat16"), enabled=lower is not None):
                loss = T.nn.functional.mse_loss(net(x), y)
            scaler.scale(loss).backward()
            if step in (4, 5, 9):
                next(net.parameters()).grad.view(-1)[step] = float("inf") if step != 5 else float("nan")
            if unscales:
                scaler.unscale_(optimizer)
                T.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            scaler.step(optimizer)
            scaler.update()
            seen.append((scaler.get_scale(), scaler._get_growth_tracker(), [p.detach().numpy().copy() for p in net.parameters()]))
        return seen, scaler.state_dict()

    (mine, state), (theirs, their_state) = both(run)
    assert state == their_state
    for step, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        assert a[:2] == b[:2], step
        for p, q in zip(a[2], b[2], strict=True):
            np.testing.assert_allclose(p, q, rtol=2e-4 if lower is None else 3e-2, atol=2e-5 if lower is None else 2e-2)


def begun(T: Any, **settings: Any) -> Any:
    w = T.ones(2, requires_grad=True)
    scaler = T.amp.GradScaler("cpu", init_scale=8.0, **settings)
    return w, T.optim.SGD([w], lr=0.5), scaler


@program
def every_kind_of_output_is_scaled(T: Any) -> Any:
    _, _, scaler = begun(T)
    x = T.ones(2)
    return scaler.scale(x), scaler.scale([x, (x, x * 2)]), list(scaler.scale(iter([x]))), raises(lambda: scaler.scale(3))


@program
def two_optimizers_and_one_infinite(T: Any) -> Any:
    a, b = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    first, second = T.optim.SGD([a], lr=0.5), T.optim.SGD([b], lr=0.5)
    scaler = T.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(a.sum() + b.sum() * float("inf")).backward()
    scaler.step(first)
    scaler.step(second)
    scaler.update()
    return a, b, scaler.get_scale()


@program
def order_is_watched(T: Any) -> Any:
    w, sgd, scaler = begun(T)
    seen = [raises(lambda: scaler.step(sgd)), raises(lambda: scaler.update()), raises(lambda: scaler.unscale_(sgd))]
    scaler.scale(w.sum()).backward()
    seen.append(raises(lambda: scaler.update()))
    scaler.unscale_(sgd)
    seen.append(raises(lambda: scaler.unscale_(sgd)))
    scaler.step(sgd)
    seen += [raises(lambda: scaler.unscale_(sgd)), raises(lambda: scaler.step(sgd)), raises(lambda: scaler.step(sgd, closure=lambda: 1))]
    scaler.update()
    return seen, w


@program
def nothing_to_step_is_told(T: Any) -> Any:
    w, sgd, scaler = begun(T)
    scaler.scale(T.ones(1))
    return raises(lambda: scaler.step(sgd))


@program
def half_gradients_are_refused(T: Any) -> Any:
    w = T.ones(2, dtype=T.float16, requires_grad=True)
    sgd, scaler = T.optim.SGD([w], lr=0.5), T.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(w.float().sum()).backward()
    return raises(lambda: scaler.unscale_(sgd)), w.grad


@program
def bounds_of_factors(T: Any) -> Any:
    return raises(lambda: T.amp.GradScaler("cpu", growth_factor=1.0)), raises(lambda: T.amp.GradScaler("cpu", backoff_factor=1.0))


@program
def settings_are_read_and_set(T: Any) -> Any:
    _, _, s = begun(T)
    seen = [s.is_enabled(), s.get_scale(), s.get_growth_factor(), s.get_backoff_factor(), s.get_growth_interval()]
    s.set_growth_factor(3.0)
    s.set_backoff_factor(0.25)
    s.set_growth_interval(7)
    return seen, s.state_dict()


@program
def a_new_scale_is_given(T: Any) -> Any:
    w, sgd, scaler = begun(T)
    scaler.scale(w.sum())
    scaler.update(3.0)
    seen = [scaler.get_scale()]
    scaler.update(T.tensor(5.0))
    return seen, scaler.get_scale(), raises(lambda: scaler.update(T.tensor([5.0]))), raises(lambda: scaler.update(T.tensor([5.0], dtype=T.float64)))


@program
def a_state_comes_back(T: Any) -> Any:
    w, sgd, scaler = begun(T, growth_interval=2)
    for _ in range(3):
        scaler.scale(w.sum()).backward()
        scaler.step(sgd)
        scaler.update()
    state = scaler.state_dict()
    fresh = T.amp.GradScaler("cpu")
    fresh.load_state_dict(state)
    late = T.amp.GradScaler("cpu")
    late.scale(T.ones(1))
    late.load_state_dict(state)
    thawed = pickle.loads(pickle.dumps(scaler))
    return state, fresh.state_dict(), late.state_dict(), thawed.state_dict(), raises(lambda: fresh.load_state_dict({}))


@program
def one_that_is_off_does_nothing(T: Any) -> Any:
    w = T.ones(2, requires_grad=True)
    sgd, scaler = T.optim.SGD([w], lr=0.5), T.amp.GradScaler("cpu", enabled=False)
    scaler.scale(w.sum()).backward()
    scaler.unscale_(sgd)
    scaler.step(sgd)
    scaler.update()
    scaler.load_state_dict({})
    return w, scaler.state_dict(), scaler.get_scale(), scaler.is_enabled()


@program
def an_optimizer_that_unscales_itself(T: Any) -> Any:
    class Own(T.optim.SGD):
        _step_supports_amp_scaling = True

        def step(self, closure: Any = None) -> Any:
            seen.append([float(self.grad_scale) if self.grad_scale is not None else None, float(self.found_inf)])

    seen: list[Any] = []
    w = T.ones(2, requires_grad=True)
    own, scaler = Own([w], lr=0.5), T.amp.GradScaler("cpu", init_scale=8.0)
    for unscales in (False, True):
        scaler.scale(w.sum()).backward()
        if unscales:
            scaler.unscale_(own)
        scaler.step(own)
        scaler.update()
    return seen, hasattr(own, "grad_scale")


@program
def the_two_computations(T: Any) -> Any:
    found, grads = T.zeros(1), [T.tensor([1.0, 2.0]), T.tensor([4.0])]
    T._amp_foreach_non_finite_check_and_unscale_(grads, found, T.tensor(0.5))
    seen = [grads, found.clone()]
    T._amp_foreach_non_finite_check_and_unscale_([T.tensor([float("nan")])], found, T.tensor(0.5))
    seen.append(found.clone())
    scale, count = T.tensor(4.0), T.tensor(0, dtype=T.int32)
    for inf in (0.0, 0.0, 1.0, 0.0, 0.0, 0.0):
        T._amp_update_scale_(scale, count, T.tensor(inf), 2.0, 0.5, 2)
        seen.append([scale.item(), count.item()])
    huge = T.tensor(3e38)
    T._amp_update_scale_(huge, T.tensor(0, dtype=T.int32), T.tensor(0.0), 2.0, 0.5, 1)
    return seen, huge.item(), raises(lambda: T._amp_update_scale_(scale, scale, scale, 2.0, 0.5, 2))
