"""LBFGS: a quasi-Newton method that keeps the last few steps, with or without a line search for the strong Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from corelib.graph.grad_mode import enable_grad, no_grad
from corelib.ops.shape.joining import cat
from corelib.optim.optimizer import Number, Optimizer, Params, as_number, as_real, check_not_negative, check_one_element
from corelib.tensor.tensor import Tensor

__all__ = ["LBFGS"]


class Point(NamedTuple):
    """Where a line search has been: the step's length, the loss there, its gradient, and the slope along the direction."""

    t: Number
    loss: float
    gradient: Tensor
    slope: Tensor


Look = Callable[[Number], Point]
History = tuple[list[Tensor], list[Tensor], list[Tensor]]  # changes of the gradient, steps, and 1 / their products


class LBFGS(Optimizer):
    """L-BFGS. A step calls the closure several times and moves all parameters together; there is one parameter group.

    max_iter: iterations a step; max_eval: calls of the closure a step (default 1.25 * max_iter); tolerance_grad, tolerance_change: where to
    stop, by the largest gradient and by the change of loss or parameters; history_size: steps that are kept; line_search_fn:
    None, or "strong_wolfe". ValueError for a negative lr and for several parameter groups.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w])
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (w * w).sum()
    ...     loss.backward()
    ...     return loss
    >>> float(optimizer.step(closure))
    2.0
    >>> bool((w.abs() < 1e-3).all())
    True

    Source: Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989; Nocedal and Wright, Numerical
    optimization, 2006, algorithms 3.5 and 3.6 (the line search, with cubic interpolation as in Schmidt's minFunc).
    """

    def __init__(
        self, params: Params, lr: float | Tensor = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9, history_size: int = 100, line_search_fn: str | None = None,
    ) -> None:
        check_one_element("lr", lr)
        check_not_negative("LBFGS", "learning rate", "lr", lr)
        if max_eval is None:
            max_eval = max_iter * 5 // 4
        super().__init__(params, {
            "lr": lr, "max_iter": max_iter, "max_eval": max_eval, "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change, "history_size": history_size, "line_search_fn": line_search_fn,
        })
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def _flat_gradient(self) -> Tensor:
        return cat([
            as_real(p.new_zeros(p.numel()) if p.grad is None else p.grad).reshape(-1) for p in self.param_groups[0]["params"]
        ])

    def _move(self, t: Number, direction: Tensor) -> None:
        start = 0
        for p in map(as_real, self.param_groups[0]["params"]):
            p.add_(direction.narrow(0, start, p.numel()).view_as(p), alpha=as_number(t))
            start += p.numel()

    def _along(self, closure: Callable[[], Any], direction: Tensor) -> Look:
        """A function of a step's length that looks at the loss there and comes back."""
        params = self.param_groups[0]["params"]
        start = [p.clone() for p in params]

        def look(t: Number) -> Point:
            self._move(t, direction)
            loss, gradient = float(closure()), self._flat_gradient()
            for p, value in zip(params, start, strict=True):
                p.copy_(value)
            return Point(t, loss, gradient, gradient.dot(direction))

        return look

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]  # it computes the loss several times, so it needs the closure
        """One step, up to `max_iter` iterations. `closure` recomputes the loss and its gradients; the first loss is returned."""
        call = enable_grad()(closure)
        group = self.param_groups[0]
        lr, most_calls = group["lr"], group["max_eval"]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(f"LBFGS: only 'strong_wolfe' is supported, got line_search_fn={group['line_search_fn']!r}")
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = call()
        loss, calls = float(first_loss), 1
        state["func_evals"] += 1
        gradient = self._flat_gradient()
        flat = bool(gradient.abs().max() <= group["tolerance_grad"])
        if flat:
            return first_loss
        direction, t = state.get("d"), state.get("t")
        history = (state.get("old_dirs"), state.get("old_stps"), state.get("ro"))
        scale, before, loss_before = state.get("H_diag"), state.get("prev_flat_grad"), state.get("prev_loss")
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                direction, history, scale = gradient.neg(), ([], [], []), 1
            else:
                scale = _remember(history, gradient.sub(before), direction.mul(as_number(t)), scale, group["history_size"])
                state.setdefault("al", [None] * group["history_size"])
                direction = _two_loops(gradient, history, scale, state["al"])
            before, loss_before = gradient.clone(), loss
            t = min(1.0, 1.0 / float(gradient.abs().sum())) * lr if state["n_iter"] == 1 else lr
            slope = gradient.dot(direction)
            if slope > -group["tolerance_change"]:
                break
            used = 0
            if group["line_search_fn"] is not None:
                here = Point(0, loss, gradient, slope)
                found, used = _strong_wolfe(self._along(call, direction), here, as_number(t), direction, group["tolerance_change"], most_calls - calls)
                loss, gradient, t = found.loss, found.gradient, found.t
                self._move(t, direction)
                flat = bool(gradient.abs().max() <= group["tolerance_grad"])
            else:
                self._move(as_number(t), direction)
                if iteration != group["max_iter"]:
                    loss, used = float(call()), 1
                    gradient = self._flat_gradient()
                    flat = bool(gradient.abs().max() <= group["tolerance_grad"])
            calls += used
            state["func_evals"] += used
            still = bool(direction.mul(as_number(t)).abs().max() <= group["tolerance_change"])
            if calls >= most_calls or flat or still or abs(loss - loss_before) < group["tolerance_change"]:
                break
        state["d"], state["t"] = direction, t
        state["old_dirs"], state["old_stps"], state["ro"] = history
        state["H_diag"], state["prev_flat_grad"], state["prev_loss"] = scale, before, loss_before
        return first_loss


def _remember(history: History, change: Tensor, step: Tensor, scale: Number, size: int) -> Number:
    """Keep a step and the change of gradient over it, where they tell of positive curvature; the new scale of the inverse Hessian."""
    changes, steps, weights = history
    curvature = change.dot(step)
    if curvature <= 1e-10:
        return scale
    if len(changes) == size:
        for kept in history:
            kept.pop(0)
    changes.append(change)
    steps.append(step)
    weights.append(1.0 / curvature)
    return curvature / change.dot(change)


def _two_loops(gradient: Tensor, history: History, scale: Number, shares: list[Tensor | None]) -> Tensor:
    """Minus the inverse Hessian's estimate times the gradient: the two-loop recursion over the kept steps."""
    changes, steps, weights = history
    q = gradient.neg()
    for i in range(len(changes) - 1, -1, -1):
        shares[i] = steps[i].dot(q) * weights[i]
        q = q - changes[i] * shares[i]
    r = q * scale
    for i in range(len(changes)):
        r = r + steps[i] * (shares[i] - changes[i].dot(r) * weights[i])
    return r


def _cubic_minimum(a: Point, b: Point, bounds: tuple[Number, Number] | None = None) -> Number:
    """The minimum of the cubic with both points' losses and slopes, within bounds; their middle where it has none."""
    low, high = bounds if bounds is not None else (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if square < 0:
        return (low + high) / 2.0
    d2 = square.sqrt()
    left, right = (a, b) if a.t <= b.t else (b, a)
    at = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(at, low), high)


def _strong_wolfe(
    look: Look, start: Point, t: Number, direction: Tensor, tolerance: float, most: int, c1: float = 1e-4, c2: float = 0.9
) -> tuple[Point, int]:
    """A point along the direction that satisfies the strong Wolfe conditions, or the best found, and how often the loss was looked at."""

    def too_high(p: Point) -> bool:
        return bool(p.loss > start.loss + c1 * p.t * start.slope)

    size = direction.abs().max()
    here, before = look(t), start
    looks, tries = 1, 0
    bracket: list[Point] = []
    done = False
    while tries < most:  # go out until a minimum is bracketed
        if too_high(here) or (tries > 1 and here.loss >= before.loss):
            bracket = [before, here]
            break
        if abs(here.slope) <= -c2 * start.slope:
            bracket, done = [here], True
            break
        if here.slope >= 0:
            bracket = [before, here]
            break
        bounds = (here.t + 0.01 * (here.t - before.t), here.t * 10)
        t = _cubic_minimum(before, here, bounds)
        before, here = here, look(t)
        looks += 1
        tries += 1
    if tries == most:
        bracket = [start, here]
    stuck = False
    low = 0 if bracket[0].loss <= bracket[-1].loss else 1
    while not done and tries < most:  # and then narrow the bracket
        if abs(bracket[1].t - bracket[0].t) * size < tolerance:
            break
        t = _cubic_minimum(bracket[0], bracket[1])
        left, right = min(p.t for p in bracket), max(p.t for p in bracket)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:  # too near an end: once is allowed
            if stuck or t >= right or t <= left:
                t = right - margin if abs(float(t - right)) < abs(float(t - left)) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        here = look(t)
        looks += 1
        tries += 1
        high = 1 - low
        if too_high(here) or here.loss >= bracket[low].loss:
            bracket[high] = here
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
        else:
            if abs(here.slope) <= -c2 * start.slope:
                done = True
            elif here.slope * (bracket[high].t - bracket[low].t) >= 0:
                bracket[high] = bracket[low]
            bracket[low] = here
    return bracket[low], looks
