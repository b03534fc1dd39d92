"""Muon: momentum made orthogonal, for the matrices of hidden layers."""

from __future__ import annotations

from corelib.ops.construction.creation import zeros_like
from corelib.ops.products.products import addmm
from corelib.optim.optimizer import Group, Params, State, as_number, check_one_element
from corelib.optim.per_parameter import PerParameter
from corelib.tensor.tensor import Tensor

__all__ = ["Muon"]


class Muon(PerParameter):
    """Momentum whose matrix is brought near an orthogonal one by Newton-Schulz iterations (in bfloat16) before the step; weight decay is
    decoupled. Only for matrices; adjust_lr_fn: "original" (the default) or "match_rms_adamw", how the rate depends on the shape.

    ValueError for options below zero and for parameters that are no matrices.

    >>> import corelib as torch
    >>> w = torch.eye(2).requires_grad_()
    >>> optimizer = torch.optim.Muon([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([[0.9988, 0.0000],
            [0.0000, 0.9988]], requires_grad=True)

    Source: Jordan, Muon: an optimizer for hidden layers in neural networks, 2024; Liu et al., Muon is scalable for LLM training, 2025.
    """

    _complex = False

    def __init__(
        self, params: Params, lr: float = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315), eps: float = 1e-7, ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_one_element("lr", lr)
        for what, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not value >= 0:
                raise ValueError(f"{what} should be >= 0 but is: {value}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov, "ns_coefficients": ns_coefficients,
            "eps": eps, "ns_steps": ns_steps, "adjust_lr_fn": adjust_lr_fn,
        })
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(f"Muon only supports 2D parameters whereas we found a parameter with size: {p.size()}")

    def _start(self, group: Group, p: Tensor, state: State) -> None:
        state["momentum_buffer"] = zeros_like(p)

    def _update(self, group: Group, p: Tensor, grad: Tensor, state: State) -> None:
        lr, momentum, buffer = as_number(group["lr"]), group["momentum"], state["momentum_buffer"]
        buffer.lerp_(grad, 1 - momentum)
        step = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        step = orthogonal(step, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        ratio = 0.2 * max(rows, columns) ** 0.5 if group["adjust_lr_fn"] == "match_rms_adamw" else max(1, rows / columns) ** 0.5
        p.mul_(1 - lr * group["weight_decay"])
        p.add_(step, alpha=-lr * ratio)


def orthogonal(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """A matrix with singular values near 1 and the same singular vectors, by a quintic Newton-Schulz iteration in bfloat16."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.bfloat16().T if tall else matrix.bfloat16()
    x = x.div(x.norm().clamp(min=eps))
    for _ in range(steps):
        gram = x @ x.T
        x = addmm(x, addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
