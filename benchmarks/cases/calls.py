"""What a call costs: tensors so small that nearly all the time is the library's own."""

from __future__ import annotations

from typing import Any

from benchmarks.registry import case, data


@case("calls", "small add", goal=1.0)
def small_add(T: Any) -> Any:
    a, b = data(T, 16), data(T, 16, seed=1)
    return lambda: a + b


@case("calls", "small add with grad", goal=1.0)
def small_add_with_grad(T: Any) -> Any:
    a, b = data(T, 16).requires_grad_(), data(T, 16, seed=1)
    return lambda: a + b


@case("calls", "chain of views", goal=1.0)
def chain_of_views(T: Any) -> Any:
    x = data(T, 4, 6)
    return lambda: x.view(2, 2, 6).transpose(0, 2).unsqueeze(1).squeeze(1)[1:].permute(2, 0, 1).expand(2, 5, 2)


@case("calls", "(a*b).sum().backward(), 16 elements", goal=2.0)
def tiny_backward(T: Any) -> Any:
    a, b = data(T, 16).requires_grad_(), data(T, 16, seed=1).requires_grad_()

    def run() -> Any:
        a.grad = b.grad = None
        (a * b).sum().backward()
        return a.grad

    return run
