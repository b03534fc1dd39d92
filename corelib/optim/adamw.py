"""AdamW: Adam whose weight decay shrinks the parameters directly and stays out of the averages."""

from __future__ import annotations

from corelib.optim.adam import Adam
from corelib.optim.optimizer import Params, StateDict
from corelib.tensor.tensor import Tensor

__all__ = ["AdamW"]


class AdamW(Adam):
    """Adam with decoupled weight decay (default 1e-2): each step first multiplies p by 1 - lr * weight_decay.

    The other options, and what is raised, are `Adam`'s.

    >>> import corelib as torch
    >>> w = torch.ones(2, requires_grad=True)
    >>> optimizer = torch.optim.AdamW([w], lr=0.5, weight_decay=0.2)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.4000, 0.4000], requires_grad=True)

    Source: Loshchilov and Hutter, Decoupled weight decay regularization, 2017.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: StateDict) -> None:
        super().__setstate__(state)
        # A state dict of Adam's, or of an AdamW from before the option existed, must not turn AdamW into Adam.
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
