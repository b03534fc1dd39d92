"""Adam: steps scaled by running averages of the gradient and of its square; with `decoupled_weight_decay`, AdamW."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from corelib.graph.grad_mode import enable_grad
from corelib.ops.complex.complex_numbers import view_as_complex
from corelib.ops.construction.creation import zeros_like
from corelib.ops.elementwise.arithmetic import maximum
from corelib.ops.neural.optim_steps import Together, update, updates
from corelib.optim.optimizer import (
    Group, Optimizer, Params, State, StateDict, as_number, as_real, check_capturable, check_fused, check_not_negative,
    check_one_element, check_switches, loss_of, step_count_for,
)
from corelib.tensor.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam, with PyTorch's options.

    Each step t: g = grad + weight_decay * p (decoupled: p *= 1 - lr * weight_decay instead); m = beta1 * m +
    (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g * g; then p -= lr * m' / (sqrt(v') + eps), where m' = m / (1 -
    beta1**t) and v' = v / (1 - beta2**t), or with `amsgrad` the largest v so far in place of v.

    `foreach` and `fused` choose between PyTorch's implementations; here there is one, and all that `fused` changes is
    that the step count lives beside its parameter, as in PyTorch's. ValueError for a negative lr, eps or weight_decay,
    and for a beta outside [0, 1).

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.Adam([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.5000, 0.5000], requires_grad=True)

    Source: Kingma and Ba, Adam: a method for stochastic optimization, 2014; Reddi et al., On the convergence of Adam
    and beyond, 2018 (amsgrad).
    """

    # (step count, its element in host memory) by the parameter's id: counting must not cost an op a parameter.
    _counts: dict[int, tuple[Tensor, NDArray[Any]]]

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        name = type(self).__name__
        check_one_element("lr", lr)
        check_not_negative(name, "learning rate", "lr", lr)
        check_not_negative(name, "epsilon value", "eps", eps)
        check_not_negative(name, "weight_decay value", "weight_decay", weight_decay)
        if len(betas) != 2:
            error = IndexError if len(betas) < 2 else ValueError
            raise error(f"{name}(): argument 'betas' must be two numbers, got {betas!r}")
        for i, beta in enumerate(betas):
            check_one_element(f"betas[{i}]", beta)
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta} ({name}: 'betas' must be in [0, 1))")
        if not (all(isinstance(b, float) for b in betas) or all(isinstance(b, Tensor) for b in betas)):
            raise ValueError(f"betas must be either both floats or both Tensors, got {betas!r}")
        if foreach and not capturable:
            for option, value in (("lr", lr), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
                if isinstance(value, Tensor):
                    raise ValueError(f"{option} as a Tensor is not supported for capturable=False and foreach=True")
        defaults = {
            "lr": lr,
            "betas": tuple(b.squeeze() if isinstance(b, Tensor) and b.dim() else b for b in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        self._counts = {}
        super().__init__(params, defaults)
        check_switches(name, foreach, fused, differentiable)

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        self._counts = {}
        self._complete_groups(
            amsgrad=False, maximize=False, foreach=None, capturable=False, differentiable=False, decoupled_weight_decay=False, fused=None
        )
        self._counts_as_tensors()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters once. `closure` recomputes the loss and its gradients, and its result is returned."""
        self._cuda_graph_capture_health_check()
        loss = loss_of(closure)
        advance = update("_adam_step_")
        for group in self.param_groups:
            if group["differentiable"]:
                with enable_grad():
                    for p in group["params"]:
                        if p.grad is None:
                            continue
                        state = self._state_of(group, p)
                        if not p.is_complex():
                            _differentiable_step(group, p, p.grad, state)
                            continue
                        pairs = {k: as_real(v) for k, v in state.items()}
                        _differentiable_step(group, as_real(p), as_real(p.grad), pairs)
                        state.update({k: v if k == "step" else view_as_complex(v) for k, v in pairs.items()})
                continue
            beta1, beta2 = map(as_number, group["betas"])
            lr, eps, decay = as_number(group["lr"]), group["eps"], as_number(group["weight_decay"])
            amsgrad, maximize, decoupled = group["amsgrad"], group["maximize"], group["decoupled_weight_decay"]
            beside = group["capturable"] or group["fused"]  # numbers of steps may be on the device
            counted: list[tuple[Tensor, Tensor, tuple[Tensor | None, ...]]] = []  # parameter, number of steps, and what the update is given
            together = Together.of("_adam_steps_", advance, 5, group["params"])
            each = advance if together is None else together.add
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                state = self._state_of(group, p)
                largest = state["max_exp_avg_sq"] if amsgrad else None
                owner, step, mean, square = p, state["step"], state["exp_avg"], state["exp_avg_sq"]
                if p.is_complex():
                    p, grad, mean, square, largest = map(as_real, (p, grad, mean, square, largest))
                if beside:
                    if step.device.type != "cpu":
                        counted.append((owner, step, (p, grad, mean, square, largest)))
                        continue
                    check_capturable(group)
                each(p, grad, mean, square, largest, self._advance(owner, step), lr, beta1, beta2, eps, decay, amsgrad, maximize, decoupled)
            if counted:
                options, rows = (lr, beta1, beta2, eps, decay, amsgrad, maximize, decoupled), [row for _, _, row in counted]
                if not updates("_adam_steps_", rows, options, [step for _, step, _ in counted]):
                    check_capturable(group)
                    for owner, step, row in counted:
                        advance(*row, self._advance(owner, step), *options)
            if together is not None:
                together.run()
        return loss

    def _state_of(self, group: Group, p: Tensor) -> State:
        state: State = self.state[p]
        if not state:
            if group["fused"]:
                check_fused(p)
            state["step"] = step_count_for(group, p)
            state["exp_avg"] = zeros_like(p)
            state["exp_avg_sq"] = zeros_like(p)
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = zeros_like(p)
        return state

    def _advance(self, p: Tensor, step: Tensor) -> int:
        """Add one to a step count, in its own memory where that is the host's, and return it."""
        known = self._counts.get(id(p))
        if known is None or known[0] is not step:
            if step.device.type != "cpu":
                step.add_(1)
                return int(step.item())
            known = self._counts[id(p)] = (step, step.detach().numpy())
        element = known[1]
        count = int(element) + 1
        element.fill(count)
        return count


def _differentiable_step(group: Group, p: Tensor, grad: Tensor, state: State) -> None:
    """The same update out of recorded ops, so that gradients flow through it to the options and the gradients."""
    lr, decay, eps = group["lr"], group["weight_decay"], group["eps"]
    if isinstance(lr, Tensor) and lr.dim():
        lr = lr.squeeze()
    beta1, beta2 = group["betas"]
    if state["step"].requires_grad:
        raise RuntimeError("`requires_grad` is not supported for `step` in differentiable mode")
    state["step"].add_(1)
    count = state["step"].item()
    if group["maximize"]:
        grad = -grad
    if isinstance(decay, Tensor) or decay != 0:
        if group["decoupled_weight_decay"]:
            p.mul_(1 - lr * decay)
        else:
            grad = grad + p.clone() * decay
    first = state["exp_avg"] = state["exp_avg"].lerp(grad, 1 - beta1)
    second = state["exp_avg_sq"] = state["exp_avg_sq"] * beta2 + grad * grad * (1 - beta2)
    if group["amsgrad"]:
        second = state["max_exp_avg_sq"] = maximum(state["max_exp_avg_sq"], second)
    denominator = second.sqrt() / (1 - beta2**count) ** 0.5 + eps
    p.sub_(lr / (1 - beta1**count) * (first / denominator))
