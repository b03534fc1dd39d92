"""What PyTorch keeps in the graph although it has no slope, or a slope that is refused: the same node, and the same answer from backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..pairs import both, quiet

Make = Callable[[Any, Any], Any]
CALLS: dict[str, Make] = {
    "unique": lambda T, x: T.unique(x),
    "unique unsorted": lambda T, x: T.unique(x, sorted=False, return_counts=True)[0],
    "unique_consecutive": lambda T, x: T.unique_consecutive(x),
    "nextafter": lambda T, x: T.nextafter(x, x + 1),
    "zeta": lambda T, x: T.special.zeta(x + 1, x),
    "zeta of a number": lambda T, x: T.special.zeta(3, x),
    "heaviside": lambda T, x: T.heaviside(x, x),
    "bincount": lambda T, x: T.bincount(T.tensor([0, 1, 1]), x),
    "histogram": lambda T, x: T.histogram(x, 3).hist,
    "floor_divide": lambda T, x: T.floor_divide(x, x),
    "// of a tensor": lambda T, x: x // 2,
    "// of a number": lambda T, x: 2 // x,
    "% of a number": lambda T, x: 2 % x,
    "div floor": lambda T, x: T.div(x, 2, rounding_mode="floor"),
    "div_ floor": lambda T, x: x.clone().div_(2, rounding_mode="floor"),
    "remainder": lambda T, x: T.remainder(x, x),
    "copysign": lambda T, x: T.copysign(x.detach(), x),
    "median": lambda T, x: T.median(x),
    "nanmedian": lambda T, x: T.nanmedian(x),
    "normal": lambda T, x: T.normal(x, x),
    "normal of a mean": lambda T, x: T.normal(x, 1.0),
    "normal of a std": lambda T, x: T.normal(0.0, x),
    "normal_": lambda T, x: x.clone().normal_(),
    "uniform_": lambda T, x: x.clone().uniform_(),
    "random_": lambda T, x: x.clone().random_(),
    "random_ to": lambda T, x: x.clone().random_(5),
    "random_ from to": lambda T, x: x.clone().random_(2, 5),
    "bernoulli_": lambda T, x: x.clone().bernoulli_(0.5),
    "bernoulli_ of a tensor": lambda T, x: x.clone().bernoulli_(x.detach() / 3),
    "exponential_": lambda T, x: x.clone().exponential_(),
    "cauchy_": lambda T, x: x.clone().cauchy_(),
    "geometric_": lambda T, x: x.clone().geometric_(0.5),
    "log_normal_": lambda T, x: x.clone().log_normal_(),
}


@pytest.mark.parametrize("name", CALLS)
def test_node_and_backward(name: str) -> None:
    def recorded(T: Any) -> list[Any]:
        x = T.tensor([1.0, 2.0, 1.0], requires_grad=True)
        with quiet():
            made = CALLS[name](T, x)
            facts: list[Any] = [made.requires_grad, type(made.grad_fn).__name__]
            try:
                made.sum().backward()
            except (RuntimeError, NotImplementedError) as error:
                return [*facts, type(error).__name__, str(error)]
        return [*facts, x.grad.tolist()]

    mine, theirs = both(recorded)
    assert mine[:2] == theirs[:2]
    assert mine[2:] == (theirs[2:] if isinstance(theirs[2], str) else [pytest.approx(theirs[2], rel=1e-5)])


def test_a_region_drawn_in_place_has_no_gradient() -> None:
    def gradient(T: Any) -> Any:
        x = T.ones(4, requires_grad=True)
        y = x * 3
        y[1:3].uniform_()
        y.sum().backward()
        return x.grad.tolist()

    mine, theirs = both(gradient)
    assert mine == theirs == [3.0, 0.0, 0.0, 3.0]
